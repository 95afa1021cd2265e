/** What must hold with every peer, in both roles. What only one peer can show is in its own file. */
import { describe } from 'vitest'
import { testAgreement } from './contract/agreement.ts'
import { testAuthentication } from './contract/authentication.ts'
import { testClosing } from './contract/closing.ts'
import { testData } from './contract/data.ts'
import type { Peer } from './peer.ts'

export function testContract(peer: Peer): void {
  for (const role of ['client', 'server'] as const) {
    describe(role === 'client' ? 'our client and its server' : 'our server and its client', () => {
      testAgreement(peer, role)
      testData(peer, role)
      testAuthentication(peer, role)
      testClosing(peer, role)
    })
  }
}
