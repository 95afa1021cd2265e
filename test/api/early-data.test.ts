import { beforeAll, describe, expect, it } from 'vitest'
import { createReplayGuard, sessionFromBytes, TicketKeyRing } from '../../src/engine.ts'
import type { ClientOptions, ServerOptions, Session } from '../../src/types.ts'
import { concat } from '../../src/wire/bytes.ts'
import { type Credentials, credentials } from '../credentials.ts'
import { cuts, type Pair, type Side } from '../pair.ts'
import { recordProviders } from '../providers.ts'
import { pairOf, pattern, type Setup } from './setup.ts'

let minted: Credentials
beforeAll(async () => {
  minted = await credentials('P-256')
})

const early = pattern(500)

describe.each(recordProviders())('on the provider $name', provider => {
  const servers = (more: Partial<ServerOptions> = {}): Partial<ServerOptions> => ({
    tickets: new TicketKeyRing({ random: provider.random }),
    maxEarlyData: 2000,
    ...more,
  })
  const sessionWith = (setup: Setup): Session => {
    const pair = pairOf(provider, minted, setup).run()
    for (const event of pair.client.events) if (event.type === 'session') return event.session
    throw new Error(`no session: ${pair.client.error?.message}`)
  }
  /** A resumption whose client sends `early` before anything has come back. */
  const resume = (session: Session, setup: Setup, data: Uint8Array = early): Pair => {
    const pair = pairOf(provider, minted, { ...setup, client: { session, earlyData: true, ...setup.client } })
    expect(pair.client.connection.sendEarly(data)).toBe(data.length)
    return pair.run()
  }
  const result = (side: Side) => side.events.find(event => event.type === 'early-data-result')
  const expectRejected = (pair: Pair, resumed = true) => {
    expect(pair.client.error ?? pair.server.error).toBeUndefined()
    expect(result(pair.client)).toMatchObject({ accepted: false, unsent: early })
    expect(pair.server.data.length).toBe(0)
    expect(pair.client.connection.info?.resumed).toBe(resumed)
    pair.send(pair.client, pattern(70))
    pair.send(pair.server, pattern(80))
    expect(pair.server.data).toEqual(pattern(70))
    expect(pair.client.data).toEqual(pattern(80))
  }

  describe.each(cuts)('with the transport %s', cut => {
    it('early data is taken, and marked as such', () => {
      const server = servers()
      const session = sessionWith({ cut, server, client: { alpn: ['h2'] } })
      expect(session.maxEarlyData).toBe(2000)
      const pair = pairOf(provider, minted, { cut, server, client: { session, earlyData: true, alpn: ['h2'] } })
      // The server speaks no ALPN, so the session has none, and the client may offer any.
      expect(pair.client.connection.sendEarly(early)).toBe(500)
      const marks: boolean[] = []
      const { server: side } = pair
      const original = side.connection.poll.bind(side.connection)
      side.connection.poll = () => {
        const event = original()
        if (event?.type === 'data') marks.push(event.early)
        return event
      }
      pair.run()
      expect(pair.client.error ?? pair.server.error).toBeUndefined()
      expect(result(pair.client)).toMatchObject({ accepted: true, unsent: new Uint8Array(0) })
      expect(pair.server.data).toEqual(early)
      expect(marks).toEqual([true])
      expect(pair.client.types.slice(0, 2)).toEqual(['early-data-result', 'connected'])
      pair.send(pair.client, pattern(9))
      expect(pair.server.data).toEqual(concat(early, pattern(9)))
      expect(marks.at(-1)).toBe(false)
    })

    it('early data that a HelloRetryRequest ends is passed over, and given back', () => {
      const server = servers()
      const session = sessionWith({ cut, server })
      expectRejected(resume(session, { cut, server: { ...server, groups: ['secp384r1'] }, client: { keyShares: ['x25519'] } }))
    })

    it('early data that the server does not take is passed over, and given back', () => {
      const server = servers()
      const session = sessionWith({ cut, server })
      expectRejected(resume(session, { cut, server: { ...server, maxEarlyData: 0 } }))
    })

    it('early data for a session that the server does not know is passed over', () => {
      const session = sessionWith({ cut, server: servers() })
      expectRejected(resume(session, { cut, server: servers() }), false)
      expectRejected(resume(sessionFromBytes(session.toBytes()), { cut, server: {} }), false)
    })
  })

  it('without compatibility mode it works too', () => {
    const server = servers()
    const session = sessionWith({ server })
    const pair = resume(session, { server, client: { compatibilityMode: false } })
    expect(pair.server.data).toEqual(early)
  })

  it('no more is sent than the session allows, nor taken', () => {
    const server = servers()
    const session = sessionWith({ server })
    const pair = pairOf(provider, minted, { server, client: { session, earlyData: true } })
    expect(pair.client.connection.sendEarly(pattern(1500))).toBe(1500)
    expect(pair.client.connection.sendEarly(pattern(1500))).toBe(500)
    expect(pair.client.connection.sendEarly(pattern(1500))).toBe(0)
    pair.run()
    expect(pair.server.data.length).toBe(2000)
    expect(pair.client.connection.sendEarly(pattern(1))).toBe(0)
  })

  it.each([100, 3000])('a ticket from before the limit became %i bytes is resumed without early data', maxEarlyData => {
    const tickets = new TicketKeyRing({ random: provider.random })
    const session = sessionWith({ server: servers({ tickets, maxEarlyData: 2000 }) })
    expectRejected(resume(session, { server: servers({ tickets, maxEarlyData }) }))
  })

  it('as much as a ticket allows is passed over too', () => {
    const server = servers({ maxEarlyData: 200_000, earlyDataGuard: { claim: () => false } })
    const session = sessionWith({ server })
    const pair = resume(session, { server }, pattern(150_000))
    expect(pair.client.error ?? pair.server.error).toBeUndefined()
    expect(result(pair.client)).toMatchObject({ accepted: false, unsent: pattern(150_000) })
  })

  it('the budget is for all records, and used up to the last byte', () => {
    const server = servers({ maxEarlyData: 60_000 })
    const kept = sessionWith({ server }).toBytes()
    const record = 500 + 1 + 16
    const sendTwice = (skippedEarlyData: number) => {
      const client = { session: sessionFromBytes(kept), earlyData: true }
      const pair = pairOf(provider, minted, { client, server: { tickets: 'none', limits: { skippedEarlyData } } })
      for (let i = 0; i < 2; i++) pair.client.connection.sendEarly(early)
      return pair.run().server.error?.code
    }
    expect([2 * record, 2 * record - 1, record].map(sendTwice)).toEqual([undefined, 'early-data-overflow', 'early-data-overflow'])
  })

  it('only so much is passed over', () => {
    const server = servers({ maxEarlyData: 60_000 })
    const session = sessionWith({ server })
    const pair = resume(
      session,
      { server: { ...server, tickets: 'none', maxEarlyData: 0, limits: { skippedEarlyData: 1000 } } },
      pattern(4000),
    )
    expect(pair.server.error).toMatchObject({ code: 'early-data-overflow', alert: 'unexpected_message' })
  })

  it('other conditions than the first handshake’s mean a rejection', () => {
    const server = servers({ alpn: ['a', 'b'] })
    const session = () => sessionFromBytes(kept)
    const kept = sessionWith({ server, client: { alpn: ['a'] } }).toBytes()
    const accepted = resume(session(), { server, client: { alpn: ['a', 'b'] } })
    expect(result(accepted.client)).toMatchObject({ accepted: true })
    expectRejected(resume(session(), { server: { ...server, alpn: ['b', 'a'] }, client: { alpn: ['a', 'b'] } }))
    // The protocol is not offered any more: the client does not even try.
    const changed = pairOf(provider, minted, { server, client: { session: session(), earlyData: true, alpn: ['b'] } })
    expect(changed.client.connection.sendEarly(early)).toBe(0)
    expect(changed.run().client.connection.info?.resumed).toBe(true)
  })

  it('a ticket whose stated age is off by more than the window is resumed without early data', () => {
    const server = servers()
    const kept = sessionWith({ server }).toBytes()
    const later = (client: number, atServer: number) =>
      resume(sessionFromBytes(kept), {
        client: { now: () => minted.now + client },
        server: { ...server, now: () => minted.now + atServer },
      })
    expect(result(later(0, 9000).client)).toMatchObject({ accepted: true })
    expectRejected(later(0, 11_000))
    expectRejected(later(11_000, 0))
  })

  it('a replayed flight is taken once by servers that share a guard', () => {
    const server = servers()
    const session = sessionWith({ server })
    const recorded: Uint8Array[] = []
    const pair = pairOf(provider, minted, { server, client: { session, earlyData: true } })
    pair.client.connection.sendEarly(early)
    recorded.push(...pair.client.connection.takeOutput().map(chunk => chunk.slice()))
    let taken = 0
    for (let i = 0; i < 5; i++) {
      const replayed = pairOf(provider, minted, { server }).server
      for (const chunk of recorded) replayed.connection.receive(chunk.slice())
      replayed.drain()
      expect(replayed.error).toBeUndefined()
      if (replayed.data.length > 0) taken++
    }
    expect(taken).toBe(1)
  })

  it('an application may guard against replays itself, and answer late', () => {
    const server = servers({ earlyDataGuard: 'ask' })
    const kept = sessionWith({ server }).toBytes()
    const ask = (answer: (question: { answer(value: boolean): void; refuse(): void }) => void) => {
      const pair = resume(sessionFromBytes(kept), { server })
      const question = pair.server.events.find(event => event.type === 'early-data')
      if (question?.type !== 'early-data') throw new Error('it was not asked')
      expect(pair.server.connection.waitingFor).toBe('answer')
      expect(() => question.answer('yes' as never)).toThrow(TypeError)
      answer(question)
      expect(() => question.answer(true)).toThrow(TypeError)
      return pair.run()
    }
    expect(ask(question => question.answer(true)).server.data).toEqual(early)
    expectRejected(ask(question => question.answer(false)))
    expect(ask(question => question.refuse()).server.error).toMatchObject({ code: 'refused', alert: 'access_denied' })
  })

  it('the early exporter is the same on both sides, and only where there is early data', () => {
    const server = servers()
    const session = sessionWith({ server })
    const pair = resume(session, { server })
    const material = (side: Side) => side.connection.exportKeyingMaterial('label', undefined, 32, { early: true })
    expect(material(pair.client)).toEqual(material(pair.server))
    expect(material(pair.client)).not.toEqual(pair.client.connection.exportKeyingMaterial('label', undefined, 32))
    const plain = pairOf(provider, minted).run()
    expect(() => material(plain.client)).toThrow(TypeError)
  })

  it('the key log has the early secrets', () => {
    const server = servers()
    const session = sessionWith({ server })
    const logs: { client: string[]; server: string[] } = { client: [], server: [] }
    const log = (role: 'client' | 'server') => ({ keyLog: (line: string) => logs[role].push(line) })
    resume(session, { server: { ...server, ...log('server') }, client: log('client') })
    expect([...logs.client].sort()).toEqual([...logs.server].sort())
    expect(logs.client.map(line => line.split(' ')[0]).slice(0, 2)).toEqual(['CLIENT_EARLY_TRAFFIC_SECRET', 'EARLY_EXPORTER_SECRET'])
  })

  it('a connection without a session takes no early data, and says so', () => {
    const pair = pairOf(provider, minted, { client: { earlyData: true }, server: servers() })
    expect(pair.client.connection.sendEarly(early)).toBe(0)
    pair.run()
    expect(result(pair.client)).toBeUndefined()
    expect(() => pair.client.connection.sendEarly('text' as never)).toThrow(TypeError)
  })

  it('options that can not be are refused at once', () => {
    const client: Partial<ClientOptions> = {}
    const server = (options: Partial<ServerOptions>) => () => pairOf(provider, minted, { client, server: options })
    expect(server({ maxEarlyData: 5 })).toThrow(/tickets/)
    expect(server(servers({ maxEarlyData: -5 }))).toThrow(/maxEarlyData/)
    expect(server(servers({ tickets: 'ask' }))).toThrow(/earlyDataGuard/)
    expect(server(servers({ earlyDataGuard: 'none' as never }))).toThrow(/earlyDataGuard/)
  })
})

describe('the replay guard', () => {
  it('lets each hello in once, for at least as long as it promises', () => {
    const guard = createReplayGuard({ memory: 10 })
    expect(guard.claim(pattern(32), 0)).toBe(true)
    for (const now of [0, 1, 9_999, 10_001, 19_999]) expect(guard.claim(pattern(32), now)).toBe(false)
    expect(guard.claim(pattern(31), 15_000)).toBe(true)
    expect(guard.claim(pattern(31), 24_000)).toBe(false)
    expect(guard.claim(pattern(32), 100_000)).toBe(true)
  })

  it('never holds more than its capacity, and turns away what is beyond', () => {
    const guard = createReplayGuard({ memory: 10, capacity: 100 })
    const claims = Array.from({ length: 200 }, (_, i) => guard.claim(Uint8Array.of(i >> 8, i), 5))
    expect(claims.filter(Boolean)).toHaveLength(100)
    expect(guard.claim(Uint8Array.of(9, 9), 10_006)).toBe(true)
  })

  it('lets none in after a restart until its memory reaches back', () => {
    const guard = createReplayGuard({ memory: 10, since: 1000 })
    expect(guard.claim(pattern(3), 5000)).toBe(false)
    expect(guard.claim(pattern(3), 11_000)).toBe(true)
  })
})
