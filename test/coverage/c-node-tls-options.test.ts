/** Table C of docs/coverage.md, the options of Node's `tls`: a test for each row, under the row's name. */
import { constants, createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { duplexPair } from 'node:stream'
import type { ConnectionOptions, TlsOptions } from 'node:tls'
import { describe, expect, it, vi } from 'vitest'
import * as node from '../../src/node/index.ts'
import { mintAuthority, mintSelfSigned } from '../../src/testing/certificates.ts'
import { loadIdentity } from '../../src/x509/index.ts'
import {
  authority,
  ca,
  clientError,
  clientFiles,
  codeOf,
  dial,
  failure,
  filesOf,
  meet,
  otherFiles,
  ours,
  pairs,
  pkcs12,
  serve,
  serverFiles,
  textOf,
  theirs,
} from '../node/tls/face.ts'

const tassels = { client: ours, server: ours }

describe("C. Options of Node's tls", () => {
  it('options ALPNProtocols ALPNCallback SNICallback ca cert key pfx passphrase checkServerIdentity ciphers crl ecdhCurve enableTrace handshakeTimeout honorCipherOrder isServer minVersion maxVersion secureProtocol pskCallback rejectUnauthorized requestCert requestOCSP servername session sessionIdContext sessionTimeout sigalgs ticketKeys secureContext socket', async () => {
    await protocols()
    await names()
    await credentials()
    await identityChecks()
    await algorithms()
    await revocation()
    await timeouts()
    versions()
    await preSharedKeys()
    await clientCertificates()
    await sessions()
    await contexts()
    await sockets()
  })

  it('options clientCertEngine privateKeyEngine privateKeyIdentifier', async () => {
    for (const name of ['clientCertEngine', 'privateKeyEngine', 'privateKeyIdentifier']) {
      expect(() => node.createSecureContext({ [name]: 'x' })).toThrow(/external signer/)
      expect(codeOf(() => node.createSecureContext({ [name]: 'x' }))).toBe('ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED')
    }
    const { key } = loadIdentity({ ...serverFiles, crypto: node.createNodeProvider() })
    const asked: string[] = []
    const signer = {
      schemes: ['ecdsa_secp256r1_sha256'],
      sign: async (scheme: string, message: Uint8Array) => {
        asked.push(scheme)
        await new Promise(setImmediate)
        return key.sign?.(0x0403, message) ?? new Uint8Array(0)
      },
    }
    const { client } = await meet({ client: theirs, server: ours }, { server: { cert: serverFiles.cert, key: signer as never } })
    expect(client.authorized).toBe(true)
    expect(asked).toEqual(['ecdsa_secp256r1_sha256'])
    expect(codeOf(() => node.createSecureContext({ ...serverFiles, key: { ...signer, schemes: ['no such'] } }))).toBe(
      'ERR_INVALID_ARG_VALUE',
    )
  })

  it('options dhparam minDHSize pskIdentityHint secureOptions', async () => {
    const server = { dhparam: 'auto', pskIdentityHint: 'hint', secureOptions: constants.SSL_OP_NO_TICKET } as TlsOptions
    for (const [, pair] of pairs) {
      const { client } = await meet(pair, { server, client: { minDHSize: 4096 } })
      expect(client.getProtocol()).toBe('TLSv1.3')
    }
    expect(codeOf(() => ours.connect({ socket: duplexPair()[0], minDHSize: 0 }))).toBe('ERR_INVALID_ARG_TYPE')
    expect(() => node.createSecureContext({ secureOptions: constants.SSL_OP_NO_TLSv1_3 })).toThrow(/TLS 1\.3 alone, which secureOptions/)
  })
})

async function protocols(): Promise<void> {
  for (const [, pair] of pairs) {
    const { client, peer } = await meet(pair, { client: { ALPNProtocols: ['a', 'b'] }, server: { ALPNProtocols: ['b', 'c'] } })
    expect([client.alpnProtocol, peer.alpnProtocol]).toEqual(['b', 'b'])
  }
  const offers: unknown[] = []
  const ALPNCallback = (offer: unknown) => {
    offers.push(offer)
    return 'b'
  }
  const { client } = await meet(
    { client: theirs, server: ours },
    { client: { ALPNProtocols: ['a', 'b'] }, server: { ALPNCallback } as TlsOptions },
  )
  expect(client.alpnProtocol).toBe('b')
  expect(offers).toEqual([{ servername: 'localhost', protocols: ['a', 'b'] }])
  for (const [result, code] of [
    [undefined, 'ERR_SSL_NO_APPLICATION_PROTOCOL'],
    ['none of these', 'ERR_TLS_ALPN_CALLBACK_INVALID_RESULT'],
  ]) {
    const { server, port } = await serve(ours, { ALPNCallback: () => result } as TlsOptions)
    const socket = dial(theirs, port, { ALPNProtocols: ['a'] })
    const [told] = await Promise.all([clientError(server), failure(socket)])
    expect(told.code).toBe(code)
  }
  const out: { ALPNProtocols?: Buffer } = {}
  node.convertALPNProtocols(['ab', 'c'], out)
  expect(out.ALPNProtocols).toEqual(Buffer.from('\x02ab\x01c'))
  expect(codeOf(() => node.convertALPNProtocols(['x'.repeat(256)], out))).toBe('ERR_OUT_OF_RANGE')
  expect(codeOf(() => ours.createServer({ ALPNCallback, ALPNProtocols: ['x'] } as TlsOptions))).toBe('ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS')
}

async function names(): Promise<void> {
  const asked: string[] = []
  const options: TlsOptions = {
    SNICallback: (name, done) => {
      asked.push(name)
      if (name === 'other.example') setImmediate(done, null, node.createSecureContext(otherFiles) as never)
      else if (name === 'bad.example') done(null, {} as never)
      else done(null)
    },
  }
  const { server, port } = await serve(ours, options)
  const subject = async (servername: string) => {
    const socket = dial(theirs, port, { servername, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().subject.CN
  }
  expect([await subject('other.example'), await subject('localhost'), await subject('')]).toEqual([
    'other.example',
    'localhost',
    'localhost',
  ])
  expect(asked).toEqual(['other.example', 'localhost'])
  const [told] = await Promise.all([clientError(server), failure(dial(theirs, port, { servername: 'bad.example' }))])
  expect(told.code).toBe('ERR_TLS_INVALID_CONTEXT')
}

async function credentials(): Promise<void> {
  const object = createPrivateKey(serverFiles.key)
  const encrypted = String(object.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }))
  const traditional = String(object.export({ type: 'sec1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'secret' }))
  const der = object.export({ type: 'pkcs8', format: 'der' })
  const ways: TlsOptions[] = [
    { cert: serverFiles.cert, key: encrypted, passphrase: 'secret' },
    { cert: serverFiles.cert, key: [{ pem: traditional, passphrase: 'secret' }] },
    { cert: Buffer.from(serverFiles.cert), key: der },
    { cert: [otherFiles.cert, serverFiles.cert], key: [serverFiles.key, otherFiles.key], sigalgs: 'ECDSA+SHA256' },
    { cert: undefined, key: undefined, pfx: pkcs12(), passphrase: 'secret' },
    { cert: undefined, key: undefined, pfx: [{ buf: pkcs12(), passphrase: 'secret' }] },
  ]
  for (const server of ways) {
    const { client } = await meet({ client: theirs, server: ours }, { server })
    expect(client.authorized).toBe(true)
  }
  expect(codeOf(() => node.createSecureContext({ cert: serverFiles.cert, key: otherFiles.key }))).toBe('ERR_OSSL_X509_KEY_VALUES_MISMATCH')
  for (const options of [
    { cert: serverFiles.cert, key: encrypted },
    { cert: serverFiles.cert, key: encrypted, passphrase: 'wrong' },
    { key: 'nope' },
    { key: 3 },
    { cert: 'nope' },
    { cert: 3, key: serverFiles.key },
    { ca: 'nope' },
    { crl: 'nope' },
  ]) {
    expect([options, codeOf(() => ours.createSecureContext(options as never))]).toEqual([
      options,
      codeOf(() => theirs.createSecureContext(options as never)),
    ])
  }
}

async function identityChecks(): Promise<void> {
  const seen: unknown[] = []
  const checkServerIdentity: ConnectionOptions['checkServerIdentity'] = (host, cert) => {
    seen.push([host, cert.subject.CN, (cert as node.DetailedPeerCertificate).issuerCertificate.subject.CN])
    return host === 'mine' ? undefined : Object.assign(new Error('not mine'), { code: 'NOT_MINE' })
  }
  const { client } = await meet({ client: ours, server: theirs }, { client: { servername: 'mine', checkServerIdentity } })
  expect(client.authorized).toBe(true)
  expect(seen).toEqual([['mine', 'localhost', 'Tassel Test CA']])
  const { port } = await serve(ours)
  expect(await failure(dial(ours, port, { servername: 'yours', checkServerIdentity }))).toMatchObject({ code: 'NOT_MINE' })
  const lenient = dial(ours, port, { servername: 'yours', checkServerIdentity, rejectUnauthorized: false })
  await once(lenient, 'secureConnect')
  expect([lenient.authorized, lenient.authorizationError]).toEqual([false, 'NOT_MINE'])
  expect(codeOf(() => ours.connect({ socket: duplexPair()[0], checkServerIdentity: 3 as never }))).toBe('ERR_INVALID_ARG_TYPE')
}

async function algorithms(): Promise<void> {
  const suite = async (client: ConnectionOptions, server: TlsOptions) => (await meet(tassels, { client, server })).client.getCipher().name
  const both = { ciphers: 'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256' }
  expect(await suite({ ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256' }, both)).toBe('TLS_CHACHA20_POLY1305_SHA256')
  expect(await suite({ ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256' }, { ...both, honorCipherOrder: false })).toBe(
    'TLS_AES_128_GCM_SHA256',
  )
  expect(await suite({ ciphers: 'DEFAULT:!aNULL' }, {})).toBe(node.DEFAULT_CIPHERS.split(':')[0])
  for (const ciphers of ['ECDHE-RSA-AES128-GCM-SHA256', 'TLS_NO_SUCH']) {
    expect(() => node.createSecureContext({ ciphers })).toThrow(/TLS_AES_128_GCM_SHA256/)
    expect(codeOf(() => node.createSecureContext({ ciphers }))).toBe('ERR_SSL_NO_CIPHER_MATCH')
  }
  for (const [, pair] of pairs) {
    const { client } = await meet(pair, { client: { ecdhCurve: 'P-384:X25519' }, server: { ecdhCurve: 'secp384r1' } })
    expect(client.getEphemeralKeyInfo()).toEqual({ type: 'ECDH', name: 'secp384r1', size: 384 })
  }
  const hybrid = await meet(tassels)
  expect(hybrid.client.getEphemeralKeyInfo()).toEqual({ type: 'KEM', name: 'X25519MLKEM768' })
  expect(codeOf(() => node.createSecureContext({ ecdhCurve: 'no such' }))).toBe('ERR_CRYPTO_OPERATION_FAILED')

  const { server, port } = await serve(ours, { sigalgs: 'ecdsa_secp256r1_sha256' })
  const [told] = await Promise.all([clientError(server), failure(dial(theirs, port, { sigalgs: 'RSA-PSS+SHA256' }))])
  expect(told.code).toBe('ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM')
  expect(codeOf(() => node.createSecureContext({ sigalgs: '' }))).toBe('ERR_INVALID_ARG_VALUE')
  for (const sigalgs of ['no such', 'RSA+SHA256'])
    expect(codeOf(() => node.createSecureContext({ sigalgs }))).toBe('ERR_CRYPTO_OPERATION_FAILED')
}

async function revocation(): Promise<void> {
  const good = await authority.issue({ names: ['localhost'] })
  const bad = await authority.issue({ names: ['localhost'] })
  const crl = (await authority.crl({ revoked: [{ revoked: bad }] })).crlPem
  for (const by of [theirs, ours]) {
    const [first, second] = [await serve(theirs, filesOf(good)), await serve(theirs, filesOf(bad))]
    const accepted = dial(by, first.port, { crl })
    await once(accepted, 'secureConnect')
    expect(accepted.authorized).toBe(true)
    expect((await failure(dial(by, second.port, { crl }))).code).toBe('CERT_REVOKED')
    const other = await (await mintAuthority({ name: 'Another' })).crl({})
    expect((await failure(dial(by, first.port, { crl: other.crlPem }))).code).toBe('UNABLE_TO_GET_CRL')
  }
}

async function timeouts(): Promise<void> {
  const { server, port } = await serve(ours, { handshakeTimeout: 20 })
  const silent = net.connect(port, '127.0.0.1').resume()
  const [told] = await Promise.all([clientError(server), once(silent, 'close')])
  expect(told).toMatchObject({ code: 'ERR_TLS_HANDSHAKE_TIMEOUT', message: 'TLS handshake timeout' })
  expect(codeOf(() => ours.createServer({ handshakeTimeout: 'x' as never }))).toBe('ERR_INVALID_ARG_TYPE')
  const spy = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const { client } = await meet({ client: theirs, server: ours }, { server: { enableTrace: true } })
  client.destroy()
  expect(spy.mock.calls.join('')).toMatch(/Received by the server: client_hello/)
  spy.mockRestore()
}

function versions(): void {
  expect(codeOf(() => node.createSecureContext({ minVersion: 'TLSv1', maxVersion: 'TLSv1.3' }))).toBeUndefined()
  expect(codeOf(() => node.createSecureContext({ secureProtocol: 'TLS_method' }))).toBeUndefined()
  for (const options of [
    { maxVersion: 'TLSv1.2' },
    { secureProtocol: 'TLSv1_2_method' },
    { secureProtocol: 'TLSv1_2_client_method' },
    { secureProtocol: 'SSLv23_method' },
  ]) {
    expect(() => node.createSecureContext(options)).toThrow(/this engine speaks TLS 1\.3 alone/)
  }
  for (const options of [
    { maxVersion: 'x' },
    { minVersion: 'x' },
    { secureProtocol: 'x' },
    { secureProtocol: 'TLSv1_2_method', minVersion: 'TLSv1.3' },
  ]) {
    expect(codeOf(() => ours.createSecureContext(options as never))).toBe(codeOf(() => theirs.createSecureContext(options as never)))
  }
}

async function preSharedKeys(): Promise<void> {
  const psk = Buffer.alloc(32, 7)
  for (const [, pair] of pairs) {
    const asked: unknown[] = []
    const { client, peer } = await meet(pair, {
      server: {
        ciphers: 'TLS_AES_128_GCM_SHA256:PSK',
        ...{ cert: undefined, key: undefined },
        pskCallback: (socket, identity) => {
          asked.push([socket.constructor.name, identity])
          return identity === 'me' ? psk : null
        },
      },
      client: { ciphers: 'TLS_AES_128_GCM_SHA256:PSK', pskCallback: hint => ({ psk, identity: hint === null ? 'me' : 'hinted' }) },
    })
    expect(asked).toEqual([['TLSSocket', 'me']])
    expect([client.authorized, client.isSessionReused(), client.getPeerCertificate(), peer.authorized]).toEqual([true, true, {}, false])
  }
  const { server, port } = await serve(ours, { cert: undefined, key: undefined, pskCallback: () => Buffer.alloc(32, 8) })
  const wrong = dial(ours, port, { pskCallback: () => ({ psk, identity: 'me' }) })
  const [told, error] = await Promise.all([clientError(server), failure(wrong)])
  expect([told.code, error.code]).toEqual(['ERR_SSL_BINDER_DOES_NOT_VERIFY', 'ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR'])
  expect(codeOf(() => ours.connect({ socket: duplexPair()[0], pskCallback: 3 as never }))).toBe('ERR_INVALID_ARG_TYPE')
  expect(codeOf(() => ours.connect({ socket: duplexPair()[0], pskCallback: () => ({ psk: Buffer.alloc(8), identity: 'me' }) }))).toBe(
    'ERR_INVALID_ARG_VALUE',
  )
}

async function clientCertificates(): Promise<void> {
  const options = { requestCert: true, ca }
  for (const [, pair] of pairs) {
    const { peer } = await meet(pair, { client: clientFiles, server: options })
    expect([peer.authorized, (peer.getPeerCertificate() as { subject: { CN: string } }).subject.CN]).toEqual([true, 'client.example'])
    const { peer: nobody } = await meet(pair, { server: { ...options, rejectUnauthorized: false } })
    expect([nobody.authorized, nobody.getPeerCertificate()]).toEqual([false, {}])
  }
  const stranger = filesOf(await mintSelfSigned({ names: ['x'], purposes: ['client'] }))
  const { server, port } = await serve(ours, options)
  const [told, error] = await Promise.all([clientError(server), failure(dial(theirs, port, stranger))])
  expect([told.code, error.code]).toEqual(['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'])
  const { peer } = await meet({ client: theirs, server: ours }, { client: stranger, server: { ...options, rejectUnauthorized: false } })
  expect([peer.authorized, peer.authorizationError]).toEqual([false, 'DEPTH_ZERO_SELF_SIGNED_CERT'])
}

async function sessions(): Promise<void> {
  const ticketKeys = Buffer.alloc(48, 3)
  const [a, b, c] = [
    await serve(ours, { ticketKeys, sessionIdContext: 'one' }),
    await serve(ours, { ticketKeys, sessionIdContext: 'one' }),
    await serve(ours, { ticketKeys, sessionIdContext: 'two' }),
  ]
  const reused = async (port: number, options: ConnectionOptions) => {
    const socket = dial(ours, port, options)
    await once(socket, 'secureConnect')
    return socket.isSessionReused()
  }
  const [session] = await once(dial(ours, a.port), 'session')
  expect([await reused(b.port, { session }), await reused(c.port, { session })]).toEqual([true, false])
  expect([await reused(b.port, { session: Buffer.from('none') }), await reused(b.port, { session, servername: '127.0.0.1' })]).toEqual([
    false,
    false,
  ])
  const brief = await serve(ours, { sessionTimeout: 7 })
  const [kept] = await once(dial(ours, brief.port), 'session')
  expect(Math.round((node.sessionFromBytes(kept).expires - Date.now()) / 1000)).toBeLessThanOrEqual(7)
  expect(codeOf(() => node.createSecureContext({ sessionTimeout: 'x' as never }))).toBe('ERR_INVALID_ARG_TYPE')
  expect(codeOf(() => node.createSecureContext({ sessionIdContext: 3 as never }))).toBe('ERR_INVALID_ARG_TYPE')
  expect(codeOf(() => node.createSecureContext({ ticketKeys: Buffer.alloc(47) }))).toBe('ERR_INVALID_ARG_VALUE')
}

async function contexts(): Promise<void> {
  const secureContext = node.createSecureContext({ ca }) as never
  const { client } = await meet({ client: ours, server: theirs }, { client: { ca: undefined, secureContext } })
  expect(client.authorized).toBe(true)
  expect(codeOf(() => ours.connect({ socket: duplexPair()[0], secureContext: theirs.createSecureContext() }))).toBe(
    'ERR_TLS_INVALID_CONTEXT',
  )
}

async function sockets(): Promise<void> {
  const { port, accepted } = await serve(theirs)
  const socket = net.connect(port, '127.0.0.1')
  const client = ours.connect({ socket, ca, servername: 'localhost' })
  const server = await accepted
  server.end('through a socket of its own')
  expect(await textOf(client)).toBe('through a socket of its own')
  const [near, far] = duplexPair()
  const end = new node.TLSSocket(far, { isServer: true, ...serverFiles })
  const start = new node.TLSSocket(near, { isServer: false, ca })
  await Promise.all([once(start, 'secureConnect'), once(end, 'secure')])
  expect([start.authorized, end.servername]).toEqual([true, false])
}
