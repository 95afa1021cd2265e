/** Data of all sizes, both ways, and what comes between: session tickets and new keys. */
import { describe, expect, it } from 'vitest'
import type { TraceEvent } from '../../../src/types.ts'
import type { Peer } from '../peer.ts'
import { nobleProvider, nodeProvider } from '../tassel.ts'
import { connected, exchange, type Role } from './pairs.ts'

const MiB = 2 ** 20

export function testData(peer: Peer, role: Role): void {
  const atMost = (role === 'server' ? peer.client.atMost : undefined) ?? 8 * MiB
  describe('carry data both ways', () => {
    for (const { crypto, largest } of [
      { crypto: nodeProvider, largest: Math.min(8 * MiB, atMost) },
      { crypto: nobleProvider, largest: Math.min(MiB, atMost) },
    ]) {
      it(`from 1 to ${largest} bytes with the provider ${crypto.name}`, async () => {
        const pair = await connected(peer, { role, ours: { crypto } })
        for (const size of [1, 1000, 16384, 16385, largest]) await exchange(pair, size)
      })
    }

    it('before and after new keys, which we ask the peer for too', async () => {
      const pair = await connected(peer, { role })
      for (let round = 0; round < 3; round++) {
        const updated = new Promise<void>(resolve => {
          pair.ours.stream.on('keysUpdated', direction => void (direction === 'in' && resolve()))
        })
        pair.ours.stream.updateKeys({ requestPeer: true })
        await exchange(pair, 16385)
        // The peer's own new keys may come as late as with what it sends after it has read all this.
        await exchange(pair, 1000)
        await updated
      }
    })

    if (role === 'client') {
      it('around the session tickets of the server', async () => {
        const messages: string[] = []
        const trace = ({ direction, kind }: TraceEvent) => void messages.push(`${direction} ${kind}`)
        const pair = await connected(peer, { role, ours: { trace } })
        await exchange(pair, 1000)
        expect(messages).toContain('in new_session_ticket')
      })
    }
  })
}
