/** What a caller does wrong is a TypeError, at once, that names it. */
import { beforeAll, describe, expect, it } from 'vitest'
import { createClient, createServer } from '../../src/engine.ts'
import type { ClientOptions, ServerOptions } from '../../src/types.ts'
import { type Credentials, credentials } from '../credentials.ts'
import { providers } from '../providers.ts'
import { pairOf, pattern } from './setup.ts'

let minted: Credentials
beforeAll(async () => {
  minted = await credentials('P-256')
})

describe.each(providers())('on the provider $name', provider => {
  const client = (options: object) => () =>
    createClient({ crypto: provider, serverName: 'localhost', ...options } as ClientOptions & { crypto: typeof provider })
  const server = (options: object) => () => createServer({ crypto: provider, ...options } as ServerOptions & { crypto: typeof provider })

  it.each([
    ['no server name', { serverName: undefined }, /serverName/],
    ['an empty server name', { serverName: '' }, /serverName/],
    ['a server name with a blank', { serverName: 'local host' }, /serverName/],
    ['an internationalised name that is not in A-labels', { serverName: 'bücher.example' }, /A-label/],
    ['no provider', { crypto: undefined }, /crypto/],
    ['an unknown cipher suite', { cipherSuites: ['TLS_RSA_WITH_RC4_128_MD5'] }, /TLS_RSA_WITH_RC4_128_MD5.*TLS_AES_128_GCM_SHA256/],
    ['no cipher suite', { cipherSuites: [] }, /cipherSuites is empty/],
    ['an unknown group', { groups: ['P-257'] }, /P-257.*x25519/],
    ['a group twice', { groups: ['x25519', 'x25519'] }, /twice/],
    ['a key share for a group that is not offered', { groups: ['x25519'], keyShares: ['secp256r1'] }, /keyShares.*secp256r1/],
    ['an unknown signature scheme', { signatureSchemes: ['dsa_sha1'] }, /dsa_sha1/],
    ['a signature scheme for certificates only', { signatureSchemes: ['rsa_pkcs1_sha256'] }, /certificates only/],
    ['an application protocol without a name', { alpn: [''] }, /alpn/],
    ['an application protocol of 256 bytes', { alpn: ['a'.repeat(256)] }, /256/],
    ['trust without a clock', { trust: { verify: () => undefined } }, /clock/],
    ['an identity without certificates', { identity: { chain: [], key: { schemes: [] } } }, /chain/],
    ['an identity without a key', { identity: { chain: [new Uint8Array(1)] } }, /key/],
    ['a limit that is no number', { limits: { inputBytes: Number.NaN } }, /inputBytes/],
    ['a limit that is negative', { limits: { outputBytes: -1 } }, /outputBytes/],
  ])('createClient refuses %s', (_, options, message) => {
    expect(client(options)).toThrow(TypeError)
    expect(client(options)).toThrow(message)
  })

  it.each([
    ['no provider', { crypto: undefined }, /crypto/],
    ['an unknown kind of client authentication', { clientAuth: 'maybe' }, /clientAuth/],
    ['an unknown group', { groups: ['x25518'] }, /x25518/],
    ['an identity without certificates', { identity: [{ chain: [], key: { schemes: [] } }] }, /chain/],
  ])('createServer refuses %s', (_, options, message) => {
    expect(server(options)).toThrow(TypeError)
    expect(server(options)).toThrow(message)
  })

  it('what needs a connection throws before there is one', () => {
    const connection = client({})()
    expect(() => connection.send(pattern(1))).toThrow(/before connected/)
    expect(() => connection.updateKeys()).toThrow(/before connected/)
    expect(() => connection.exportKeyingMaterial('label', undefined, 32)).toThrow(/before connected/)
    expect(connection.info).toBeUndefined()
  })

  it('what is not bytes is refused', () => {
    const { client } = pairOf(provider, minted).run()
    expect(() => client.connection.receive('bytes' as never)).toThrow(TypeError)
    expect(() => client.connection.send('text' as never)).toThrow(TypeError)
    expect(() => client.connection.send([pattern(1), 'text'] as never)).toThrow(TypeError)
    expect(() => client.connection.abort('no_such_alert' as never)).toThrow(TypeError)
    expect(() => client.connection.exportKeyingMaterial('label', undefined, 255 * 32 * 2)).toThrow(TypeError)
  })

  it('sending after end throws, ending twice does nothing', () => {
    const pair = pairOf(provider, minted).run()
    pair.client.connection.end()
    pair.client.connection.end()
    expect(() => pair.client.connection.send(pattern(1))).toThrow(/after end/)
    expect(() => pair.client.connection.updateKeys()).toThrow(/after end/)
    pair.run()
    expect(pair.server.types).toEqual(['connected', 'end'])
  })

  it('input after receiveEnd throws, unless the connection is over', () => {
    const pair = pairOf(provider, minted).run()
    pair.client.connection.end()
    pair.run()
    pair.server.connection.receiveEnd()
    pair.server.connection.receive(pattern(5))
    expect(pair.server.error).toBeUndefined()
    const { connection } = pairOf(provider, minted).client
    connection.receiveEnd()
    connection.receive(pattern(5))
    expect(connection.poll()).toMatchObject({ type: 'failed', error: { code: 'truncated', origin: 'transport' } })
  })

  it('after a failure nothing throws and nothing happens', () => {
    const pair = pairOf(provider, minted).run()
    pair.client.connection.abort('internal_error')
    pair.client.connection.abort('internal_error')
    expect(pair.client.connection.send(pattern(1))).toBe(0)
    pair.client.connection.end()
    pair.client.connection.updateKeys()
    pair.client.connection.receive(pattern(10))
    pair.client.connection.receiveEnd()
    pair.run()
    expect(pair.client.types).toEqual(['connected', 'failed'])
    expect(pair.client.connection.waitingFor).toBe('nothing')
    expect(pair.server.error).toMatchObject({ code: 'peer-alert', alert: 'internal_error', origin: 'peer' })
  })

  it('end during the handshake cancels it, and the peer hears user_canceled and close_notify', () => {
    const pair = pairOf(provider, minted)
    pair.client.connection.end()
    pair.run()
    expect(pair.client.error).toMatchObject({ code: 'aborted', alert: 'user_canceled' })
    expect(pair.server.error).toMatchObject({ code: 'peer-alert', alert: 'close_notify', origin: 'peer' })
  })

  it('send takes no more than the output has room for', () => {
    const pair = pairOf(provider, minted, { client: { limits: { outputBytes: 50_000 } } }).run()
    const { connection } = pair.client
    const taken = connection.send(pattern(200_000))
    expect(taken).toBe(50_000)
    expect(connection.send(pattern(10))).toBe(0)
    expect(connection.pendingOutput).toBeGreaterThanOrEqual(50_000)
    pair.run()
    expect(pair.server.data.length).toBe(50_000)
    expect(connection.send([pattern(10), pattern(20)])).toBe(30)
  })
})
