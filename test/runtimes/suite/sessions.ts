/** What sides know of each other before the handshake: sessions, early data, keys from elsewhere. */
import { sessionFromBytes, TicketKeyRing } from '../../../src/engine.ts'
import type { ExternalPsk } from '../../../src/types.ts'
import { assert, failure, pattern, type RuntimeTest, same, sameBytes, type World } from './kit.ts'
import { infoOf, pairOf, type Setup, sessionOf, talk } from './pairs.ts'

/** A session with a server that takes early data, and that server's options. */
function first(world: World) {
  const server: Setup['server'] = { tickets: new TicketKeyRing({ random: world.random }), maxEarlyData: 1000 }
  return { server, session: sessionOf(talk(world, { server }).pair.client) }
}

export const sessions: readonly RuntimeTest[] = [
  {
    name: 'a session is resumed after it was stored as bytes',
    run(world) {
      const { server, session } = first(world)
      const { client } = talk(world, { server, client: { session: sessionFromBytes(session.toBytes()) } })
      same([client.resumed, client.signatureScheme], [true, undefined], 'what was agreed')
      same(client.peer?.subjects, ['CN=localhost'], 'who the server is')
    },
  },
  {
    name: 'early data arrives with the ClientHello',
    run(world) {
      const { server, session } = first(world)
      const pair = pairOf(world, { server, client: { session, earlyData: true } })
      same(pair.client.connection.sendEarly(pattern(700)), 700, 'the bytes that were taken')
      pair.run()
      infoOf(pair.server, 'the server')
      sameBytes([pair.server.data], pattern(700), 'the early data')
      const result = pair.client.events.find(event => event.type === 'early-data-result')
      same(result?.type === 'early-data-result' && result.accepted, true, 'whether it was accepted')
    },
  },
  {
    name: 'early data that comes a second time is not taken',
    run(world) {
      const { server, session } = first(world)
      const hello = (from: Uint8Array) => {
        const pair = pairOf(world, { server, client: { session: sessionFromBytes(from), earlyData: true } })
        pair.client.connection.sendEarly(pattern(50))
        return pair
      }
      const original = hello(session.toBytes())
      const flight = original.client.output('joined')
      const [taken, replayed] = [hello(session.toBytes()).server, hello(session.toBytes()).server]
      for (const side of [taken, replayed]) {
        for (const chunk of flight) side.connection.receive(chunk.slice())
        side.drain()
      }
      same([taken.data.length, replayed.data.length], [50, 0], 'the early data that each server got')
    },
  },
  {
    name: 'a key from elsewhere proves both sides, and a wrong one neither',
    run(world) {
      const psk = (key: Uint8Array): readonly ExternalPsk[] => [{ identity: pattern(8), key }]
      const { client, server } = talk(world, { client: { psk: psk(pattern(32)) }, server: { psk: psk(pattern(32)) } })
      same([client.pskIdentity, server.pskIdentity], [pattern(8), pattern(8)], 'the identity')
      same([client.peer, client.group], [undefined, 'X25519MLKEM768'], 'what was agreed beside')
      const wrong = pairOf(world, { client: { psk: psk(pattern(32)) }, server: { psk: psk(pattern(33)) } }).run()
      failure(wrong.server.error, 'bad-binder', 'the server')
      same(wrong.client.error?.alert, 'decrypt_error', 'what the client is told')
    },
  },
  {
    name: 'a key from elsewhere may do without a key exchange',
    run(world) {
      const only = { psk: [{ identity: pattern(8), key: pattern(32) }], pskModes: ['psk_ke'] } as const
      const { client } = talk(world, { client: only, server: only })
      same(client.group, undefined, 'the group')
      assert(client.pskIdentity, 'the key should have been used')
    },
  },
]
