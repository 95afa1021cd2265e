import { beforeAll, describe, expect, it } from 'vitest'
import { sessionFromBytes, TicketKeyRing } from '../../src/engine.ts'
import type { ClientOptions, ExternalPsk, ServerOptions, Session } from '../../src/types.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { type Credentials, credentials } from '../credentials.ts'
import { cuts, type Pair, type Side } from '../pair.ts'
import { providers } from '../providers.ts'
import { pairOf, pattern, type Setup } from './setup.ts'

let minted: Credentials
beforeAll(async () => {
  minted = await credentials('P-256')
})

function sessionsOf(side: Side): readonly Session[] {
  return side.events.flatMap(event => (event.type === 'session' ? [event.session] : []))
}

describe.each(providers())('on the provider $name', provider => {
  const ring = () => new TicketKeyRing({ random: provider.random })
  /** A first connection; the sessions that its tickets gave the client. */
  const first = (setup: Setup): { pair: Pair; session: Session } => {
    const pair = pairOf(provider, minted, setup).run()
    const [session] = sessionsOf(pair.client)
    if (!session) throw new Error(`no session: ${pair.client.error?.message ?? pair.client.types.join()}`)
    return { pair, session }
  }
  const expectData = (pair: Pair) => {
    pair.send(pair.client, pattern(3000))
    pair.send(pair.server, pattern(4000))
    expect(pair.server.data).toEqual(pattern(3000))
    expect(pair.client.data).toEqual(pattern(4000))
  }

  describe.each(cuts)('with the transport %s', cut => {
    it('a session is resumed, and is what the first handshake proved', () => {
      const tickets = ring()
      const { session, pair } = first({ cut, server: { tickets }, client: { alpn: ['h2'] } })
      expect(sessionsOf(pair.client)).toHaveLength(2)
      expect(session).toMatchObject({ serverName: 'localhost', maxEarlyData: 0 })
      const again = pairOf(provider, minted, { cut, server: { tickets }, client: { session } }).run()
      expect(again.client.error ?? again.server.error).toBeUndefined()
      expect(again.client.connection.info).toMatchObject({ resumed: true, signatureScheme: undefined, serverName: 'localhost' })
      expect(again.client.connection.info?.peer).toMatchObject({ verified: true, chain: minted.identity(provider).chain })
      expect(again.server.connection.info).toMatchObject({ resumed: true, pskIdentity: undefined })
      expectData(again)
      // The second handshake leaves sessions too, and they hand on the proof.
      const [next] = sessionsOf(again.client)
      const third = pairOf(provider, minted, { cut, server: { tickets }, client: next ? { session: next } : {} }).run()
      expect(third.client.connection.info).toMatchObject({ resumed: true, peer: { verified: true } })
    })

    it('a session is resumed after a HelloRetryRequest', () => {
      const tickets = ring()
      const { session } = first({ cut, server: { tickets } })
      const again = pairOf(provider, minted, {
        cut,
        server: { tickets, groups: ['secp256r1'] },
        client: { session, keyShares: ['x25519'] },
      }).run()
      expect(again.client.connection.info).toMatchObject({ resumed: true, retried: true, group: 'secp256r1' })
      expectData(again)
    })

    it('a session is resumed without a key exchange where both allow it', () => {
      const tickets = ring()
      const pskModes = ['psk_ke'] as const
      const { session } = first({ cut, server: { tickets, pskModes }, client: { pskModes } })
      const again = pairOf(provider, minted, { cut, server: { tickets, pskModes }, client: { session, pskModes } }).run()
      expect(again.client.connection.info).toMatchObject({ resumed: true, group: undefined })
      expect(again.server.connection.info).toMatchObject({ resumed: true, group: undefined })
      expectData(again)
    })

    it.each([
      ['imported', {}],
      ['imported, with a context', { context: Uint8Array.of(1, 2, 3) }],
      ['for SHA-384', { hash: 'sha384' as const }],
      ['as it is', { imported: false }],
      ['as it is, for SHA-384', { imported: false, hash: 'sha384' as const }],
    ])('an external PSK proves both sides, %s', (_, more) => {
      const psk: ExternalPsk[] = [{ identity: pattern(20), key: pattern(32), ...more }]
      const pair = pairOf(provider, minted, { cut, client: { psk }, server: { psk, identity: [] } }).run()
      expect(pair.client.error ?? pair.server.error).toBeUndefined()
      for (const side of [pair.client, pair.server]) {
        expect(side.connection.info).toMatchObject({ resumed: false, peer: undefined, signatureScheme: undefined })
        expect(side.connection.info?.pskIdentity).toEqual(psk[0]?.identity)
      }
      expectData(pair)
    })
  })

  it("the client's certificate is still known after a resumption", () => {
    const tickets = ring()
    const trust = minted.trust(provider)
    const server: Partial<ServerOptions> = { tickets, clientAuth: 'require', trust }
    const client: Partial<ClientOptions> = { identity: minted.identity(provider) }
    const { session } = first({ server, client })
    const again = pairOf(provider, minted, { server, client: { ...client, session } }).run()
    expect(again.server.connection.info).toMatchObject({ resumed: true, peer: { verified: true, chain: minted.identity(provider).chain } })
  })

  it('a server that needs a client certificate does not resume a session without one', () => {
    const tickets = ring()
    const { session } = first({ server: { tickets } })
    const client = { session, identity: minted.identity(provider) }
    const again = pairOf(provider, minted, { server: { tickets, clientAuth: 'require', trust: minted.trust(provider) }, client }).run()
    expect(again.server.connection.info).toMatchObject({ resumed: false, peer: { verified: true } })
  })

  describe('a session that can not be resumed leads to a full handshake', () => {
    const day = 86_400_000
    const cases: readonly [string, (session: Session) => Setup][] = [
      ['the ticket has expired, and the client knows', session => ({ client: { session, now: () => minted.now + day + 1 } })],
      [
        "the ticket has expired, and only the server's clock knows",
        session => ({ client: { session }, server: { now: () => minted.now + day + 1 } }),
      ],
      ['the server has other keys', session => ({ client: { session }, server: { tickets: ring() } })],
      ['the server resumes nothing any more', session => ({ client: { session }, server: { tickets: 'none' } })],
      ['the suite of the session is not offered', session => ({ client: { session, cipherSuites: ['TLS_AES_256_GCM_SHA384'] } })],
      ['the server has no suite with the hash', session => ({ client: { session }, server: { cipherSuites: ['TLS_AES_256_GCM_SHA384'] } })],
      ['the modes do not meet', session => ({ client: { session, pskModes: ['psk_ke'] } })],
      [
        'the chain was never verified',
        session => {
          const bytes = session.toBytes()
          const state = sessionFromBytes(bytes)
          return { client: { session: unverified(state) } }
        },
      ],
    ]
    it.each(cases)('%s', (_, setup) => {
      const tickets = ring()
      const suites = { cipherSuites: ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384'] }
      const { session } = first({ server: { tickets, ...suites } })
      const { client, server } = setup(session)
      const pair = pairOf(provider, minted, { client: { ...client }, server: { tickets, ...suites, ...server } }).run()
      expect(pair.client.error ?? pair.server.error).toBeUndefined()
      expect(pair.client.connection.info).toMatchObject({ resumed: false, peer: { verified: true } })
      expect(pair.server.connection.info?.resumed).toBe(false)
    })

    it('a byte of the ticket was changed', () => {
      const tickets = ring()
      const { session } = first({ server: { tickets } })
      const ticket = toHex(session.ticket)
      const bytes = session.toBytes()
      const at = Buffer.from(bytes).toString('hex').indexOf(ticket) / 2
      for (const offset of [0, 16, 28, ticket.length / 2 - 1]) {
        const changed = bytes.slice()
        changed[at + offset] = (changed[at + offset] ?? 0) ^ 1
        const pair = pairOf(provider, minted, { server: { tickets }, client: { session: sessionFromBytes(changed) } }).run()
        expect(pair.client.connection.info?.resumed).toBe(false)
      }
    })
  })

  it('keys rotate: old tickets are honoured for as long as they overlap', () => {
    const tickets = new TicketKeyRing({ random: provider.random, rotateAfter: 10, overlap: 100 })
    const at = (seconds: number) => () => minted.now + seconds * 1000
    const { session } = first({ server: { tickets, now: at(0) } })
    const copy = () => sessionFromBytes(session.toBytes())
    const resumed = (seconds: number) =>
      pairOf(provider, minted, { client: { session: copy(), now: at(seconds) }, server: { tickets, now: at(seconds) } }).run().client
        .connection.info?.resumed
    expect(resumed(5)).toBe(true)
    expect(resumed(50)).toBe(true)
    expect(resumed(111)).toBe(false)
    expect(tickets.keys(minted.now + 111_000).length).toBeGreaterThan(0)
  })

  it('servers that share their keys resume each other’s sessions', () => {
    const [one, other] = [ring(), ring()]
    for (const key of one.keys(minted.now)) other.add(key)
    const { session } = first({ server: { tickets: one } })
    for (const crypto of providers()) {
      const copy = sessionFromBytes(session.toBytes())
      const pair = pairOf(provider, minted, {
        server: { tickets: other, crypto, identity: minted.identity(crypto) },
        client: { session: copy },
      }).run()
      expect(pair.client.connection.info?.resumed).toBe(true)
    }
    expect(() => other.add({ name: pattern(5), key: pattern(32), sealUntil: 0, notAfter: 0 })).toThrow(TypeError)
  })

  it('an application may keep the sessions itself, and look them up late', () => {
    const store = new Map<string, Uint8Array>()
    const { session, pair } = first({ server: { tickets: 'ask' } })
    for (const kept of sessionsOf(pair.server)) store.set(toHex(kept.ticket), kept.toBytes())
    expect(store.size).toBe(2)
    const again = pairOf(provider, minted, { server: { tickets: 'ask' }, client: { session } }).run()
    const question = again.server.events[0]
    if (question?.type !== 'session-lookup') throw new Error('the session was not asked for')
    expect(again.server.connection.waitingFor).toBe('answer')
    const wrong = [undefined, true, {}, { toBytes: () => pattern(1) }, { identity: pattern(1), key: pattern(1) }]
    for (const value of wrong) expect(() => question.answer(value as never)).toThrow(TypeError)
    question.answer(sessionFromBytes(store.get(toHex(question.identity)) ?? pattern(0)))
    again.run()
    expect(again.server.connection.info?.resumed).toBe(true)
    expect(again.client.connection.info?.resumed).toBe(true)
  })

  it('a lookup may find nothing, an external PSK, or end the connection', () => {
    const psk: ExternalPsk = { identity: pattern(9), key: pattern(32), imported: false }
    const run = (decide: (question: { answer(value: ExternalPsk | null): void; refuse(): void }) => void) =>
      pairOf(provider, minted, {
        client: { psk: [psk] },
        server: { tickets: 'ask' },
        decideServer: question => question.type === 'session-lookup' && decide(question),
      }).run()
    expect(run(question => question.answer(null)).server.connection.info).toMatchObject({
      pskIdentity: undefined,
      localIdentity: expect.anything(),
    })
    expect(run(question => question.answer(psk)).server.connection.info?.pskIdentity).toEqual(psk.identity)
    expect(run(question => question.refuse()).client.error).toMatchObject({ code: 'peer-alert', alert: 'access_denied' })
  })

  it('a PSK with another key is a decrypt_error, an unknown one a full handshake, and none at all a handshake_failure', () => {
    const psk = (key: number): ExternalPsk[] => [{ identity: pattern(5), key: pattern(32).fill(key) }]
    const wrong = pairOf(provider, minted, { client: { psk: psk(1) }, server: { psk: psk(2) } }).run()
    expect(wrong.server.error).toMatchObject({ code: 'bad-binder', alert: 'decrypt_error' })
    expect(wrong.client.error).toMatchObject({ code: 'peer-alert', alert: 'decrypt_error' })
    const unknown = pairOf(provider, minted, { client: { psk: psk(1) } }).run()
    expect(unknown.client.connection.info).toMatchObject({ pskIdentity: undefined, peer: { verified: true } })
    const nothing = pairOf(provider, minted, { client: { psk: psk(1) }, server: { identity: [] } }).run()
    expect(nothing.server.error).toMatchObject({ code: 'no-identity', alert: 'handshake_failure' })
  })

  it('an imported and a plain PSK of the same name are different keys', () => {
    const psk = (imported: boolean): ExternalPsk[] => [{ identity: pattern(5), key: pattern(32), imported }]
    const pair = pairOf(provider, minted, { client: { psk: psk(true) }, server: { psk: psk(false) } }).run()
    expect(pair.client.connection.info?.pskIdentity).toBeUndefined()
  })

  it('what can not be is refused at once', () => {
    const { session } = first({ server: { tickets: ring() } })
    const client = (options: Partial<ClientOptions>) => () => pairOf(provider, minted, { client: options })
    expect(client({ session, serverName: 'other.example' })).toThrow(/localhost/)
    expect(client({ session: { toBytes: () => pattern(3) } as never })).toThrow(TypeError)
    client({ session })()
    expect(client({ session })).toThrow(/already/)
    expect(() => sessionFromBytes(pattern(40))).toThrow(TypeError)
    expect(() => sessionFromBytes(session.toBytes().subarray(0, 60))).toThrow(TypeError)
    const short = { identity: pattern(1), key: pattern(5) }
    expect(client({ psk: [short] })).toThrow(/16 bytes/)
    expect(client({ psk: [{ identity: pattern(0), key: pattern(32) }] })).toThrow(/identity/)
    expect(client({ pskModes: ['dhe'] as never })).toThrow(/pskModes/)
    const server = (options: Partial<ServerOptions>) => () => pairOf(provider, minted, { server: options })
    expect(server({ tickets: 'yes' as never })).toThrow(/tickets/)
    expect(server({ ticketCount: -1 })).toThrow(/ticketCount/)
    expect(server({ ticketLifetime: 604_801 })).toThrow(/seven|604,800/)
  })
})

/** The same session, of a chain that was accepted without verification. */
function unverified(session: Session): Session {
  const bytes = session.toBytes()
  const chainSize = session.peerChain.reduce((size, each) => size + 3 + each.length, 0)
  const at = bytes.length - chainSize - 3 - 2
  expect(bytes[at]).toBe(1)
  bytes[at] = 0
  return sessionFromBytes(bytes)
}
