/** close_notify from either side, half-open connections, and connections that are cut. */
import { describe, expect, it } from 'vitest'
import { pattern } from '../../node/pair.ts'
import type { Peer } from '../peer.ts'
import { connected, exchange, hash, type Role } from './pairs.ts'

const size = 100_000

export function testClosing(peer: Peer, role: Role): void {
  const habits = role === 'client' ? peer.server : peer.client
  describe('close', () => {
    it(habits.leavesSilently ? 'when we end, and say that the peer did not answer' : 'in order when we end', async () => {
      const pair = await connected(peer, { role })
      await exchange(pair, 1000)
      pair.ours.stream.end()
      if (habits.outlivesEnd) {
        await pair.theirs.inbox.rest()
        pair.theirs.end()
      }
      expect((await pair.ours.closed)?.code).toBe(habits.leavesSilently ? 'truncated' : undefined)
      expect(pair.ours.stream.readableEnded).toBe(!habits.leavesSilently)
      expect((await pair.theirs.closed) ?? true).toBe(true)
    })

    if (!habits.neverEnds) {
      it('in order when the peer ends', async () => {
        const { ours, theirs } = await connected(peer, { role, theirs: { verbose: true } })
        theirs.end()
        expect(await ours.closed).toBeUndefined()
        expect(ours.stream.readableEnded).toBe(true)
        expect((await theirs.closed) ?? true).toBe(true)
      })
    }

    it('with an error that says so when the peer is gone without close_notify', async () => {
      const pair = await connected(peer, { role })
      await exchange(pair, 1000)
      pair.theirs.kill()
      expect(await pair.ours.closed).toMatchObject({ code: 'truncated', origin: 'transport' })
      expect(pair.ours.stream.readableEnded).toBe(false)
    })

    if (habits.outlivesEnd) {
      it('our half only, while the peer goes on sending', async () => {
        const pair = await connected(peer, { role })
        pair.ours.stream.end('that is all')
        expect(String(await pair.theirs.inbox.rest())).toBe('that is all')
        pair.theirs.send(pattern(size))
        pair.theirs.end()
        expect(hash(await pair.ours.inbox.rest())).toBe(hash(pattern(size)))
        expect(await pair.ours.closed).toBeUndefined()
      })
    }

    if (habits.hearsAfterEnd) {
      it('their half only, while we go on sending', async () => {
        const pair = await connected(peer, { role, ours: { allowHalfOpen: true } })
        // Data first: Node sends no close_notify where it ends with data still on its way.
        await exchange(pair, 1000)
        pair.theirs.end()
        expect(await pair.ours.inbox.rest()).toHaveLength(0)
        pair.ours.stream.end(pattern(size))
        expect(hash(await pair.theirs.inbox.take(size))).toBe(hash(pattern(size)))
        expect(await pair.ours.closed).toBeUndefined()
      })
    }
  })
}
