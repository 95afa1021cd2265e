/** Table B of docs/coverage.md, the members of .NET's `SslStream`: a test for each row, under the row's name. docs/sslstream.md is the mapping. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect as connectTcp, createServer as createTcpServer, type Server } from 'node:net'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { createClient, type VerifiedPeer } from '../../src/index.ts'
import { connectTls, serveTls, TlsStream } from '../../src/node/index.ts'
import { cipherSuites, namedGroups } from '../../src/primitives.ts'
import { acceptTls, startTls } from '../../src/stream/index.ts'
import { CertificateError, createTrustStore, parseCertificate, type RevocationOptions, verifiedChain } from '../../src/x509/index.ts'
import { received } from '../node/pair.ts'
import { meet, ours, theirs } from '../node/tls/face.ts'
import type { Pair } from '../pair.ts'
import { pipe } from '../stream/pipes.ts'
import {
  authority,
  bytes,
  clientCertificate,
  clientIdentity,
  connected,
  crypto,
  identityOf,
  outcome,
  say,
  serverCertificate,
  serverIdentity,
  sides,
  stranger,
  textOf,
  trust,
} from '../stream/sides.ts'
import { engines } from './engines.ts'

const listening: Server[] = []
const streams: { destroy(): void }[] = []
afterEach(() => {
  for (const server of listening.splice(0)) server.close()
  for (const stream of streams.splice(0)) stream.destroy()
})

async function listen(server: Server): Promise<number> {
  listening.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

/** Both ends of a connection over TCP. */
async function overTcp(): Promise<{ client: TlsStream; server: TlsStream }> {
  let accepted: (stream: TlsStream) => void = () => {}
  const server = new Promise<TlsStream>(resolve => (accepted = resolve))
  const port = await listen(serveTls({ crypto, identity: serverIdentity, allowHalfOpen: true }, stream => accepted(stream)))
  const client = connectTls({ host: '127.0.0.1', port, serverName: 'localhost', crypto, trust, identity: null, allowHalfOpen: true })
  await client.connected()
  streams.push(client, await server)
  return { client, server: await server }
}

describe("B. .NET's SslStream", () => {
  it('CheckCertRevocationStatus, CertificateRevocationCheckMode (NoCheck, Offline, Online)', async () => {
    let downloads = 0
    const answer = () => {
      downloads += 1
      return crlDer
    }
    const port = await listen(createHttpServer((_request, response) => response.end(answer())))
    const crlDistributionPoints = [`http://127.0.0.1:${port}/crl`]
    const [good, revoked] = await Promise.all([1, 2].map(() => authority.issue({ names: ['localhost'], crlDistributionPoints })))
    if (!good || !revoked) throw new Error('two were minted')
    const { crlDer } = await authority.crl({ revoked: [revoked] })
    const ocsp = await authority.ocsp({ certificates: [good] })

    const storeOf = (revocation?: RevocationOptions) =>
      createTrustStore({ roots: [authority.certificateDer], crypto, ...(revocation && { revocation }) })
    const statuses = (peer: VerifiedPeer | undefined) =>
      peer && verifiedChain(peer)?.revocation.map(({ status, source }) => `${status} ${source}`)
    const check = (of: typeof good, revocation?: RevocationOptions, staple?: Uint8Array) => {
      const { chain, key } = identityOf(of)
      const identity = { chain, key, ...(staple && { ocsp: staple }) }
      const { client, server } = engines({ client: { trust: storeOf(revocation), requestOcsp: true }, server: { identity } })
      return client.error ? [client.error.code, server.error?.alert] : statuses(client.connection.info?.peer)
    }
    // NoCheck
    expect(check(revoked)).toEqual([])
    // Offline
    expect(check(revoked, { mode: 'soft' })).toEqual(['unknown undefined'])
    expect(check(good, { mode: 'hard' })).toEqual(['revocation-unknown', 'certificate_unknown'])
    expect(check(good, { mode: 'hard', crls: [crlDer] })).toEqual(['good crl'])
    expect(check(revoked, { mode: 'soft', crls: [crlDer] })).toEqual(['certificate-revoked', 'certificate_revoked'])
    expect(check(good, { mode: 'hard' }, ocsp)).toEqual(['good ocsp'])
    expect(downloads).toBe(0)

    // Online: the question waits for what is fetched.
    const store = storeOf({ mode: 'hard' })
    const fetching = (of: typeof good) =>
      sides({
        trusting: false,
        server: { identity: identityOf(of) },
        client: {
          onQuestion: async question => {
            if (question.type !== 'peer-certificate') return question.refuse()
            const request = { name: question.serverName, now: Date.now(), purpose: 'server' } as const
            const missing = await outcome((async () => store.verify(question.chain, request))())
            if (!(missing instanceof CertificateError) || !missing.needed) throw missing
            const answers = await Promise.all(missing.needed.crlDistributionPoints.map(url => fetch(url)))
            const crls = await Promise.all(answers.map(async answer => new Uint8Array(await answer.arrayBuffer())))
            question.answer(store.verify(question.chain, { ...request, crls }))
          },
        },
      })
    const believed = fetching(good)
    await Promise.all([believed.client.connect('localhost').finish(), believed.server.accept().finish()])
    expect(statuses(believed.client.info?.peer)).toEqual(['good crl'])
    const refused = fetching(revoked)
    const [theirs, own] = await Promise.all(
      [refused.server.accept(), refused.client.connect('localhost')].map(handshake => outcome(handshake.finish())),
    )
    expect([own, theirs]).toMatchObject([{ code: 'certificate-revoked' }, { code: 'peer-alert', alert: 'certificate_revoked' }])
    expect(downloads).toBe(2)
  })

  it('CipherAlgorithm, CipherStrength, HashAlgorithm, HashStrength', () => {
    const parts = {
      TLS_AES_128_GCM_SHA256: { algorithm: 'AES-GCM', keyBits: 128, tagBits: 128, hash: 'sha256', hashBits: 256 },
      TLS_AES_256_GCM_SHA384: { algorithm: 'AES-GCM', keyBits: 256, tagBits: 128, hash: 'sha384', hashBits: 384 },
      TLS_CHACHA20_POLY1305_SHA256: { algorithm: 'ChaCha20-Poly1305', keyBits: 256, tagBits: 128, hash: 'sha256', hashBits: 256 },
      TLS_AES_128_CCM_SHA256: { algorithm: 'AES-CCM', keyBits: 128, tagBits: 128, hash: 'sha256', hashBits: 256 },
      TLS_AES_128_CCM_8_SHA256: { algorithm: 'AES-CCM', keyBits: 128, tagBits: 64, hash: 'sha256', hashBits: 256 },
    }
    for (const [suite, expected] of Object.entries(parts)) {
      const secrets: string[] = []
      const cipherSuiteNames = { cipherSuites: [suite] }
      const { client } = engines({ client: { ...cipherSuiteNames, keyLog: line => secrets.push(line) }, server: cipherSuiteNames })
      const { info } = client.connection
      expect([info?.cipherSuite, cipherSuites.get(info?.cipherSuite ?? '')]).toEqual([suite, expected])
      // What the connection does is what the table says: a secret has the length of the hash, a record grows by the tag.
      expect(secrets.map(line => (line.split(' ')[2]?.length ?? 0) * 4)).toEqual(secrets.map(() => expected.hashBits))
      client.connection.send(bytes('ten bytes!'))
      const [header, type] = [5, 1]
      expect(client.connection.takeOutput().reduce((sum, { length }) => sum + length, 0)).toBe(header + 10 + type + expected.tagBits / 8)
    }
  })

  it('KeyExchangeAlgorithm, KeyExchangeStrength', async () => {
    const strengthOf = (name: string | undefined) => (name === undefined ? undefined : namedGroups.get(name))
    const strength = (group: string) => {
      const groups = { groups: [group] }
      const { info } = engines({ client: groups, server: groups }).client.connection
      return [info?.group, strengthOf(info?.group)]
    }
    expect(strength('x25519')).toEqual(['x25519', { algorithm: 'ECDHE', bits: 255, kem: undefined }])
    expect(strength('x448')).toEqual(['x448', { algorithm: 'ECDHE', bits: 448, kem: undefined }])
    expect(strength('X25519MLKEM768')).toEqual(['X25519MLKEM768', { algorithm: 'ECDHE', bits: 255, kem: 'ML-KEM-768' }])
    // A pre-shared key alone is no exchange.
    const psk = { psk: [{ identity: bytes('device'), key: new Uint8Array(32).fill(7) }], pskModes: ['psk_ke'] } as const
    const alone = engines({ client: psk, server: psk }).client.connection.info
    expect([alone?.group, strengthOf(alone?.group)]).toEqual([undefined, undefined])
    // And what another's TLS says of the same connection.
    for (const [curve, group] of [['P-256', 'secp256r1'] as const, ['P-384', 'secp384r1'] as const, ['P-521', 'secp521r1'] as const]) {
      const { client } = await meet({ client: theirs, server: ours }, { client: { ecdhCurve: curve } })
      expect(client.getEphemeralKeyInfo()).toMatchObject({ size: strengthOf(group)?.bits })
    }
  })

  it('IsAuthenticated, IsEncrypted, IsSigned, IsMutuallyAuthenticated, IsServer', async () => {
    const fresh = createClient({ crypto, serverName: 'localhost', trust })
    expect([fresh.role, fresh.info]).toEqual(['client', undefined])
    const wire: string[] = []
    let bend = false
    const tamper = (_from: string, chunk: Uint8Array) => {
      wire.push(Buffer.from(chunk).toString('latin1'))
      if (bend) chunk[chunk.length - 1] = (chunk.at(-1) ?? 0) ^ 1
      return chunk
    }
    const oneWay = engines({ tamper })
    expect([oneWay.client.connection.role, oneWay.server.connection.role]).toEqual(['client', 'server'])
    const mutual = ({ client, server }: Pair) =>
      [client, server].map(({ connection: { info } }) => [info?.peer, info?.localIdentity].map(Boolean))
    expect(mutual(oneWay)).toEqual([
      [true, false],
      [false, true],
    ])
    oneWay.send(oneWay.client, bytes('a secret'))
    expect(Buffer.from(oneWay.server.data).toString()).toBe('a secret')
    expect(wire.join('')).not.toContain('a secret')
    bend = true
    oneWay.send(oneWay.client, bytes('signed'))
    expect(oneWay.server.error).toMatchObject({ code: 'bad-record-mac' })
    expect(Buffer.from(oneWay.server.data).toString()).toBe('a secret')
    expect(mutual(engines({ client: { identity: clientIdentity }, server: { clientAuth: 'require' } }))).toEqual([
      [true, true],
      [true, true],
    ])
    const { client } = await meet({ client: ours, server: ours })
    expect([client.encrypted, client.authorized]).toEqual([true, true])
  })

  it('LocalCertificate, RemoteCertificate', async () => {
    const { client, server } = sides({ client: { identity: clientIdentity } })
    const accept = server.accept()
    await Promise.all([client.connect('localhost').finish(), accept.requestClientIdentity().then(() => accept.finish())])
    expect(client.info?.peer?.chain).toEqual([serverCertificate.certificateDer])
    expect(server.info?.peer?.chain).toEqual([clientCertificate.certificateDer])
    expect(client.info?.localIdentity?.chain).toEqual([clientCertificate.certificateDer])
    expect(server.info?.localIdentity?.chain).toEqual([serverCertificate.certificateDer])
    const [remote] = client.serverIdentity?.certificates ?? []
    expect(remote?.serial).toEqual(parseCertificate(serverCertificate.certificateDer).serial)
    const without = await connected()
    expect([without.client.info?.localIdentity, without.server.info?.peer]).toEqual([undefined, undefined])
  })

  it('NegotiatedApplicationProtocol, NegotiatedCipherSuite, SslProtocol, TargetHostName', () => {
    const options = { alpn: ['h2', 'http/1.1'], cipherSuites: ['TLS_AES_256_GCM_SHA384'] }
    const { client, server } = engines({ client: options, server: { alpn: ['http/1.1'] } })
    const agreed = {
      alpn: 'http/1.1',
      cipherSuite: 'TLS_AES_256_GCM_SHA384',
      protocolVersion: 'TLSv1.3',
      serverName: 'localhost',
    }
    expect([client.connection.info, server.connection.info]).toMatchObject([agreed, agreed])
    const plain = engines({
      client: { serverName: '127.0.0.1', trust: createTrustStore({ roots: [authority.certificateDer], anyName: true, crypto }) },
    })
    expect(plain.server.connection.info).toMatchObject({ alpn: undefined, serverName: undefined })
  })

  it('TransportContext (channel binding)', async () => {
    const [one, other] = [await connected(), await connected()]
    const certificateHash = createHash('sha256').update(serverCertificate.certificateDer).digest()
    for (const { client, server } of [one, other]) {
      expect(client.channelBinding('tls-exporter')).toEqual(server.channelBinding('tls-exporter'))
      for (const end of [client, server]) expect(Buffer.from(end.channelBinding('tls-server-end-point'))).toEqual(certificateHash)
    }
    expect(one.client.channelBinding('tls-exporter')).not.toEqual(other.client.channelBinding('tls-exporter'))
    expect(() => sides().client.channelBinding('tls-exporter')).toThrow(TypeError)
    // As another's TLS exports it.
    const { client, peer } = await meet({ client: theirs, server: ours })
    const binding = (peer as unknown as TlsStream).channelBinding('tls-exporter')
    expect(Buffer.from(binding)).toEqual(client.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)))
  })

  it('AuthenticateAsClient, AuthenticateAsServer', async () => {
    expect(engines().client.connected).toBe(true)
    const [near, far] = pipe().streams
    const [client, server] = await Promise.all([
      startTls(near, { serverName: 'localhost', crypto, trust }),
      acceptTls(far, { crypto, identity: serverIdentity }),
    ])
    const [, heard] = await Promise.all([say(client, 'over streams'), textOf(server)])
    expect(heard).toBe('over streams')
    const tcp = await overTcp()
    expect([tcp.client.info?.peer?.verified, tcp.server.info?.serverName]).toEqual([true, 'localhost'])

    // What .NET's AuthenticationException is, on both sides; and once is enough.
    const refused = sides({ client: { trust: stranger } })
    const handshake = refused.client.connect('localhost')
    const [own, theirs] = await Promise.all([handshake, refused.server.accept()].map(each => outcome(each.finish())))
    expect([own, theirs]).toMatchObject([
      { name: 'CertificateError', code: 'issuer-unknown' },
      { name: 'TlsError', code: 'peer-alert', alert: 'unknown_ca' },
    ])
    expect(() => refused.client.connect('localhost')).toThrow(TypeError)
  })

  it('NegotiateClientCertificateAsync', async () => {
    const { client, server, near, far } = await connected({ client: { identity: clientIdentity, postHandshakeAuth: true } })
    expect(server.clientIdentity).toBeUndefined()
    const [heard, writer] = [textOf(near), near.writable.getWriter()]
    const [identity] = await Promise.all([server.requestClientIdentity(), writer.write(bytes('meanwhile'))])
    await writer.close()
    expect(identity?.exportX509Chain()).toEqual([clientCertificate.certificateDer])
    expect(server.info?.peer?.chain).toEqual([clientCertificate.certificateDer])
    expect(client.info?.peer?.chain).toEqual([serverCertificate.certificateDer])
    await say(far, 'seen')
    expect([await textOf(far), await heard]).toEqual(['meanwhile', 'seen'])
    const unwilling = await connected({ client: { identity: clientIdentity } })
    await expect(unwilling.server.requestClientIdentity()).rejects.toThrow(TypeError)
  })

  it('Read*, Write*, CopyTo, Flush, timeouts, CanRead, CanWrite, InnerStream, LeaveInnerStreamOpen', async () => {
    await readsAndWrites()
    await copies()
    await timeouts()
    await innerStreams()
  })

  it('ShutdownAsync, Dispose (graceful shutdown)', async () => {
    const { client, server } = await overTcp()
    client.end()
    expect(String(await received(server))).toBe('')
    server.end('sent after the peer has ended')
    expect(String(await received(client))).toBe('sent after the peer has ended')

    // `await using` calls it: close_notify, and nothing hangs on the peer.
    const { client: disposed, far } = await connected()
    const [heard] = await Promise.all([textOf(far), disposed[Symbol.asyncDispose]()])
    expect(heard).toBe('')
    // Not in order: what the peer reads does not end as if it were.
    const cut = await overTcp()
    const failed = outcome(once(cut.server, 'end'))
    cut.client.destroy()
    expect(await failed).toMatchObject({ name: 'TlsError', code: 'peer-alert', alert: 'internal_error' })
  })
})

async function readsAndWrites(): Promise<void> {
  const { near, far } = await connected()
  const [writer, reader] = [near.writable.getWriter(), far.readable.getReader()]
  // Resolved: it is on its way, nothing waits for a flush.
  const [, { value }] = await Promise.all([writer.write(bytes('one')), reader.read()])
  expect(Buffer.from(value ?? []).toString()).toBe('one')
  const [, end] = await Promise.all([writer.close(), reader.read()])
  expect(end).toEqual({ done: true, value: undefined })

  const { client, server } = await overTcp()
  expect([client.readable, client.writable]).toEqual([true, true])
  server.end('four')
  await once(client, 'readable')
  expect([String(client.read(1)), String(client.read(3))]).toEqual(['f', 'our'])
  expect(String(await received(client))).toBe('')
  expect([client.readable, client.writable]).toEqual([false, true])
  await new Promise<void>((resolve, reject) => client.write('written', error => (error ? reject(error) : resolve())))
  client.end()
  expect([client.writable, String(await received(server))]).toEqual([false, 'written'])
}

async function copies(): Promise<void> {
  const { near, far } = await connected()
  const chunks: Uint8Array[] = []
  const sink = new WritableStream<Uint8Array>({ write: chunk => void chunks.push(chunk) })
  await Promise.all([say(near, 'x'.repeat(100_000)), far.readable.pipeTo(sink)])
  expect(Buffer.concat(chunks).toString()).toBe('x'.repeat(100_000))

  const { client, server } = await overTcp()
  const copy = new PassThrough()
  const text = received(copy)
  client.end('y'.repeat(100_000))
  await pipeline(server, copy)
  expect(String(await text)).toBe('y'.repeat(100_000))
}

/** For the handshake, for silence, and for anything that an `AbortSignal` says. None of them waits for a peer that never answers. */
async function timeouts(): Promise<void> {
  const port = await listen(createTcpServer(socket => void streams.push(socket)))
  const slow = connectTls({ host: '127.0.0.1', port, serverName: 'localhost', crypto, trust, handshakeTimeout: 1 })
  expect(await outcome(slow.connected())).toMatchObject({ name: 'TransportError', code: 'ETIMEDOUT' })

  const { client: silent } = await meet({ client: ours, server: ours })
  silent.setTimeout(1)
  await once(silent, 'timeout')
  expect(silent.destroyed).toBe(false)

  const { client } = sides({ client: { signal: AbortSignal.timeout(1) } })
  expect(await outcome(client.connect('localhost').finish())).toMatchObject({ name: 'TimeoutError' })
}

async function innerStreams(): Promise<void> {
  const port = await listen(serveTls({ crypto, identity: serverIdentity }, stream => stream.end()))
  const socket = connectTcp({ host: '127.0.0.1', port })
  const over = TlsStream.client(socket, { serverName: 'localhost', crypto, trust })
  streams.push(over)
  expect((await over.connected()).serverName).toBe('localhost')
  expect(over.transport).toBe(socket)

  const [near, far] = pipe().streams
  const options = { crypto, leaveOpen: true }
  const [inner, outer] = await Promise.all([
    startTls(near, { ...options, trust, serverName: 'localhost' }),
    acceptTls(far, { ...options, identity: serverIdentity }),
  ])
  await Promise.all([say(inner, ''), say(outer, ''), textOf(inner), textOf(outer)])
  // In the clear again, over the very streams.
  const [, { value }] = await Promise.all([near.writable.getWriter().write(bytes('plain')), far.readable.getReader().read()])
  expect(Buffer.from(value ?? []).toString()).toBe('plain')
  const closed = await connected()
  await Promise.all([say(closed.near, ''), say(closed.far, ''), textOf(closed.near), textOf(closed.far)])
  expect(closed.pipe.streams[0].writable.locked).toBe(true)
}
