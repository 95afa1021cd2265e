/** The suites and groups that a provider has but does not offer unless they are named, with whoever else has them. Both roles. */
import { describe, expect, it } from 'vitest'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { describeWith, findProgram, inPeers } from './child.ts'
import { connected, exchange } from './contract/pairs.ts'
import { gnutls } from './gnutls.ts'
import { both, client, server } from './gnutls-programs.ts'
import { openssl } from './openssl.ts'
import type { Peer } from './peer.ts'
import { nobleProvider, nodeProvider } from './tassel.ts'

const system = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })
const newer = findProgram({
  name: 'openssl-3.5',
  command: [inPeers('openssl-3.5/run'), 'openssl'],
  probe: ['version'],
  hint: 'run scripts/peers',
})

const ccm = 'TLS_AES_128_CCM_SHA256'
const ccm8 = 'TLS_AES_128_CCM_8_SHA256'
const hybrids = ['SecP256r1MLKEM768', 'SecP384r1MLKEM1024']

describeWith(system, 'Named algorithms with OpenSSL', () => {
  testAlgorithms(openssl(system), { suites: [ccm, ccm8], groups: ['x448'] })
})

describeWith(newer, 'Named algorithms with OpenSSL 3.5', () => {
  // It has the suite with short tags at security level 0 only: its server sends handshake_failure at the default level.
  testAlgorithms(openssl(newer), { suites: [ccm], groups: ['x448', ...hybrids] })
})

describeWith(both, 'Named algorithms with GnuTLS', () => {
  testAlgorithms(gnutls({ server, client }), { suites: [ccm, ccm8], groups: ['x448'] })
})

function testAlgorithms(peer: Peer, { suites, groups }: { suites: readonly string[]; groups: readonly string[] }): void {
  for (const role of ['client', 'server'] as const) {
    describe(role === 'client' ? 'our client and its server agree on' : 'our server and its client agree on', () => {
      for (const crypto of [nodeProvider, nobleProvider]) {
        it.each(suites)(`%s with the provider ${crypto.name}`, suite => agree(suite, 'x25519', crypto))
        it.each(groups)(`%s with the provider ${crypto.name}`, group => agree('TLS_AES_128_GCM_SHA256', group, crypto))
      }
    })

    const agree = async (suite: string, group: string, crypto: CryptoProvider): Promise<void> => {
      const pair = await connected(peer, {
        role,
        ours: { crypto, cipherSuites: [suite], groups: [group] },
        theirs: { suites: [suite], groups: [group] },
      })
      expect(pair.info).toMatchObject({ cipherSuite: suite, group, retried: false })
      await exchange(pair, 20_000)
    }
  }
}
