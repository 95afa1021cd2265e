/** HelloRetryRequest with a cookie: what a server would have to remember is in the client's keeping. */
import { beforeAll, describe, expect, it } from 'vitest'
import { TicketKeyRing } from '../../src/engine.ts'
import type { ClientOptions, ServerOptions } from '../../src/types.ts'
import { type Credentials, credentials } from '../credentials.ts'
import { cuts, type Pair } from '../pair.ts'
import { providers } from '../providers.ts'
import { pairOf, pattern } from './setup.ts'

let minted: Credentials
beforeAll(async () => {
  minted = await credentials('P-256')
})

const cookie = { key: pattern(32) }

describe.each(providers())('on the provider $name', provider => {
  const expectConnected = (pair: Pair, more: object = {}) => {
    expect(pair.client.error ?? pair.server.error).toBeUndefined()
    expect(pair.client.connection.info).toMatchObject({ retried: true, ...more })
    expect(pair.server.connection.info).toMatchObject({ retried: true, ...more })
    pair.send(pair.client, pattern(100))
    pair.send(pair.server, pattern(200))
    expect(pair.server.data).toEqual(pattern(100))
    expect(pair.client.data).toEqual(pattern(200))
  }

  describe.each(cuts)('with the transport %s', cut => {
    it('a retry that is needed carries one', () => {
      const pair = pairOf(provider, minted, { cut, client: { keyShares: [] }, server: { cookie } }).run()
      expect(pair.server.types).toEqual(['retry-requested', 'connected'])
      expectConnected(pair)
    })

    it('a retry may be demanded of everybody', () => {
      expectConnected(pairOf(provider, minted, { cut, server: { cookie: { ...cookie, always: true } } }).run())
    })
  })

  /** The first hello goes to one server, the second to another that shares nothing with it but the key. */
  const split = (client: Partial<ClientOptions>, one: Partial<ServerOptions>, other: Partial<ServerOptions>): Pair => {
    const first = pairOf(provider, minted, { client, server: one })
    for (const chunk of first.client.output('as written')) first.server.connection.receive(chunk)
    first.server.drain()
    expect(first.server.types).toEqual(['retry-requested'])
    for (const chunk of first.server.output('as written')) first.client.connection.receive(chunk)
    const second = pairOf(provider, minted, { server: other })
    return Object.assign(second, { client: first.client })
  }

  it.each([
    ['asked for a share', { keyShares: [] }, {}],
    ['asked for nothing but the cookie', {}, { always: true }],
    ['compatibility mode off', { keyShares: [], compatibilityMode: false }, {}],
  ])('no memory of the first hello is needed: %s', (_, client, more) => {
    const server = { cookie: { ...cookie, ...more } }
    expectConnected(split(client, server, server).run())
  })

  it('a session is resumed by a server that has not seen the first hello', () => {
    const tickets = new TicketKeyRing({ random: provider.random })
    const server = { cookie, tickets }
    const first = pairOf(provider, minted, { server }).run()
    const session = first.client.events.flatMap(event => (event.type === 'session' ? [event.session] : []))[0]
    if (!session) throw new Error('no session')
    expectConnected(split({ session, keyShares: [] }, server, server).run(), { resumed: true })
  })

  it.each([
    ['another key', { cookie: { key: pattern(33) } }],
    ['a clock that is a minute ahead', { cookie, now: () => minted.now + 60_000 }],
    ['no suite like that of the cookie', { cookie, cipherSuites: ['TLS_AES_256_GCM_SHA384'] }],
  ])('a server with %s refuses it', (_, other) => {
    const cipherSuites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384']
    const pair = split({ keyShares: [] }, { cookie, cipherSuites }, { now: () => minted.now, ...other }).run()
    expect(pair.server.error).toMatchObject({ code: 'illegal-hello', alert: 'illegal_parameter' })
  })

  it('a cookie that was changed anywhere is refused', () => {
    for (const at of [0, 5, 8, 20, -1]) {
      const shapeExtensions = (message: string, list: readonly { type: number; data: Uint8Array }[]) =>
        list.map(each => {
          if (message !== 'client_hello' || each.type !== 44) return each
          const data = each.data.slice()
          const index = at < 0 ? data.length + at : 2 + at
          data[index] = (data[index] ?? 0) ^ 1
          return { ...each, data }
        })
      const pair = split({ keyShares: [], shapeExtensions }, { cookie }, { cookie }).run()
      expect(pair.server.error).toMatchObject({ alert: 'illegal_parameter' })
    }
  })

  it('options that can not be are refused at once', () => {
    expect(() => pairOf(provider, minted, { server: { cookie: { key: pattern(31) } } })).toThrow(/32 bytes/)
    expect(() => pairOf(provider, minted, { server: { cookie, ...({ now: undefined } as object) } })).toThrow(/clock/)
  })
})
