/** Table B of docs/coverage.md, the options of .NET's `SslStream`: a test for each row, under the row's name. docs/sslstream.md is the mapping. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import type { Engine } from '../../src/engine/connection.ts'
import { createClient, createServer, type Identity, type Question, type Session, TicketKeyRing } from '../../src/index.ts'
import { type ServeOptions, serveTls } from '../../src/node/index.ts'
import { cipherSuites } from '../../src/primitives.ts'
import { type Minted, mintAuthority } from '../../src/testing/index.ts'
import { acceptWithoutVerification, createTrustStore, parseCertificate, type TrustStoreOptions } from '../../src/x509/index.ts'
import { clientError, codeOf, dial, meet, ours, serve, theirs } from '../node/tls/face.ts'
import { Pair } from '../pair.ts'
import {
  authority,
  bytes,
  clientCertificate,
  clientIdentity,
  crypto,
  identityOf,
  serverCertificate,
  serverIdentity,
  sides,
  trust,
} from '../stream/sides.ts'
import { engines, type Setup } from './engines.ts'

/** A client that leaves out `trust` and `identity`, and so is asked. */
function asking(decideClient: (question: Question) => void, { server }: Pick<Setup, 'server'> = {}): Pair {
  const ends = [
    createClient({ crypto, serverName: 'localhost' }),
    createServer({ crypto, trust, identity: serverIdentity, ...server }),
  ] as const
  return new Pair(...ends, { decideClient }).run()
}

const codes = ({ client, server }: Pair) => [client, server].map(({ error }) => error?.code)
const peerOf = ({ server }: Pair) => server.connection.info?.peer?.chain
const sessionOf = ({ client }: Pair): Session | undefined =>
  client.events.flatMap(event => (event.type === 'session' ? [event.session] : []))[0]

describe("B. The options of .NET's SslStream", () => {
  it('AllowRenegotiation', async () => {
    const hellos: Uint8Array[] = []
    const trace = ({ kind, bytes }: { kind: string; bytes: Uint8Array }) => void (kind === 'client_hello' && hellos.push(bytes.slice()))
    const pair = engines({ client: { trace } })
    // What an older client would do to negotiate anew.
    ;(pair.client.connection as Engine).sendHandshakeMessage(hellos[0] ?? new Uint8Array(0))
    pair.run()
    expect(pair.server.error).toMatchObject({ code: 'unexpected-message', alert: 'unexpected_message' })

    for (const by of [ours, theirs]) {
      const { client } = await meet({ client: by, server: ours })
      const told = vi.fn()
      expect(client.renegotiate({}, told)).toBe(false)
      await vi.waitFor(() => expect(told).toHaveBeenCalled())
      expect(told.mock.calls[0]?.[0]).toMatchObject({ code: 'ERR_SSL_WRONG_SSL_VERSION' })
    }
    // What is left of it: new keys, and a certificate that is asked for later (a row of its own).
    const { client, server } = engines()
    client.connection.updateKeys({ requestPeer: true })
    client.connection.send(bytes('under new keys'))
    const updated = new Pair(client.connection, server.connection).run()
    expect([updated.client, updated.server].map(({ types }) => types)).toEqual([
      ['keys-updated', 'keys-updated'],
      ['keys-updated', 'keys-updated'],
    ])
    expect(Buffer.from(updated.server.data).toString()).toBe('under new keys')
  })

  it('AllowTlsResume', () => {
    const tickets = new TicketKeyRing({ random: crypto.random })
    const resumes = (client: object, server: object) => {
      const session = sessionOf(engines({ server: { tickets } }))
      if (!session) throw new Error('there is no session')
      return engines({ client: { session, ...client }, server: { tickets, ...server } }).client.connection.info?.resumed
    }
    expect(resumes({}, {})).toBe(true)
    // Off at a server: it neither gives tickets nor takes them.
    expect(sessionOf(engines())).toBeUndefined()
    expect(resumes({}, { tickets: 'none' })).toBe(false)
    // Off at a client: it asks for no tickets, and offers none.
    const client = { pskModes: [] }
    expect(sessionOf(engines({ client, server: { tickets } }))).toBeUndefined()
    expect(engines({ client, server: { tickets } }).client.connection.info?.resumed).toBe(false)
  })

  it('ApplicationProtocols, TargetHost, ClientCertificates, ClientCertificateContext, LocalCertificateSelectionCallback, RemoteCertificateValidationCallback', () => {
    const { client } = engines({ client: { alpn: ['h2', 'x'] }, server: { alpn: ['x', 'h2'] } })
    expect(client.connection.info?.alpn).toBe('x')
    expect(codes(engines({ client: { alpn: ['h2'] }, server: { alpn: ['x'] } }))).toEqual(['peer-alert', 'no-common-application-protocol'])
    expect(codes(engines({ client: { serverName: 'third.example' } }))).toEqual(['certificate-name-mismatch', 'peer-alert'])
    const server = { clientAuth: 'require' } as const
    expect(peerOf(engines({ client: { identity: clientIdentity }, server }))).toEqual([clientCertificate.certificateDer])

    // The selection: by what the server asks for.
    const select = (question: Question) => {
      if (question.type === 'peer-certificate') return question.answer(acceptWithoutVerification(question.chain))
      if (question.type !== 'certificate-request') return
      const issuer = ({ chain: [leaf = new Uint8Array(0)] }: Identity) => Buffer.from(parseCertificate(leaf).issuer.raw)
      const wanted = [clientIdentity].find(identity => question.authorities.some(name => issuer(identity).equals(name)))
      question.answer(wanted ?? null)
    }
    expect(peerOf(asking(select, { server: { ...server, certificateAuthorities: [authority.subject] } }))).toEqual([
      clientCertificate.certificateDer,
    ])
    expect(codes(asking(select, { server: { ...server, certificateAuthorities: [serverCertificate.subject] } }))[1]).toBe(
      'certificate-required',
    )

    // The validation: nobody is believed unless it says so, and it may answer whenever it likes.
    let late: Question | undefined
    const pair = asking(question => (late = question))
    expect([late?.type, pair.client.connected]).toEqual(['peer-certificate', false])
    if (late?.type !== 'peer-certificate') throw new Error('another question')
    expect(late.chain).toEqual([serverCertificate.certificateDer])
    late.answer(trust.verify(late.chain, { name: late.serverName, now: Date.now(), purpose: 'server' }))
    expect([pair.run().client.connected, pair.client.connection.info?.peer?.verified]).toEqual([true, true])
    expect(asking(question => 'refuse' in question && question.refuse('bad_certificate')).server.error).toMatchObject({
      alert: 'bad_certificate',
    })
    // In addition to the trust store, as .NET calls it with the errors that it has found, which are none here: what has errors is refused before.
    const reviewed: boolean[] = []
    const review = (question: Question) => {
      if (question.type !== 'peer-certificate') return
      reviewed.push(question.verdict?.verified ?? false)
      question.refuse('certificate_unknown')
    }
    expect(codes(engines({ client: { reviewPeer: true }, decideClient: review }))).toEqual(['refused', 'peer-alert'])
    expect(reviewed).toEqual([true])
  })

  it('CertificateChainPolicy (custom trust, extra store, purposes, verification time)', async () => {
    const intermediate = await authority.issueAuthority()
    const then = { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') }
    const elder = await mintAuthority(then)
    const [below, forClients, old] = await Promise.all([
      intermediate.issue({ names: ['localhost'] }),
      authority.issue({ names: ['localhost'], purposes: ['client'] }),
      elder.issue({ names: ['localhost'], policies: ['1.3.6.1.4.1.55555.1'], ...then }),
    ])
    const judged = (minted: Minted, options: Partial<TrustStoreOptions> = {}) => {
      const store = createTrustStore({ roots: [authority.certificateDer], crypto, ...options })
      return engines({ client: { trust: store }, server: { identity: identityOf(minted) } }).client.error?.code ?? 'believed'
    }
    // CustomTrustStore: these roots and no others. ExtraStore: not believed, but of use.
    expect(judged(below)).toBe('issuer-unknown')
    expect(judged(below, { roots: [intermediate.certificatePem] })).toBe('believed')
    expect(judged(below, { intermediates: [intermediate.certificateDer] })).toBe('believed')
    // ApplicationPolicy
    expect(judged(forClients)).toBe('certificate-purpose')
    expect(judged(forClients, { purpose: '1.3.6.1.5.5.7.3.2' })).toBe('believed')
    expect(judged(forClients, { purpose: 'any' })).toBe('believed')
    // VerificationTime
    const [roots, time] = [[elder.certificateDer], Date.parse('2020-06-01')]
    expect(judged(old, { roots })).toBe('certificate-expired')
    expect(judged(old, { roots, time })).toBe('believed')
    // CertificatePolicy
    const explicit = (policy: string) => ({ roots, time, policies: { initial: [policy], requireExplicit: true } })
    expect(judged(old, explicit('1.3.6.1.4.1.55555.1'))).toBe('believed')
    expect(judged(old, explicit('1.3.6.1.4.1.55555.2'))).toBe('certificate-policy')
  })

  it('CipherSuitesPolicy, EnabledSslProtocols, EncryptionPolicy', async () => {
    const only = (...names: string[]) => ({ cipherSuites: names })
    const gcm256 = only('TLS_AES_256_GCM_SHA384')
    const { client } = engines({ client: only('TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256'), server: only('TLS_AES_128_GCM_SHA256') })
    expect(client.connection.info?.cipherSuite).toBe('TLS_AES_128_GCM_SHA256')
    expect(codes(engines({ client: gcm256, server: only('TLS_AES_128_GCM_SHA256') }))).toEqual(['peer-alert', 'no-common-cipher-suite'])

    // TLS 1.3 alone is spoken: older peers are told, and so is who asks for less.
    for (const [client, server] of [[theirs, ours] as const, [ours, theirs] as const]) {
      const older = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
      const served = await serve(server, server === theirs ? older : {})
      const failed = clientError(served.server)
      const socket = dial(client, served.port, client === theirs ? older : {})
      expect(await failed).toMatchObject({ code: 'ERR_SSL_UNSUPPORTED_PROTOCOL' })
      socket.destroy()
    }
    expect(codeOf(() => ours.connect({ port: 1, maxVersion: 'TLSv1.2' }))).toBe('ERR_TLS_INVALID_PROTOCOL_VERSION')

    // There is no suite without encryption, as RFC 9150's TLS_SHA256_SHA256 would be, and none with a short key.
    expect(() => createClient({ crypto, serverName: 'localhost', trust, ...only('TLS_SHA256_SHA256') })).toThrow(TypeError)
    expect(Math.min(...[...cipherSuites.values()].map(({ keyBits }) => keyBits))).toBe(128)
  })

  it('ClientCertificateRequired, ServerCertificate, ServerCertificateContext, ServerCertificateSelectionCallback', async () => {
    expect(codes(engines({ server: { clientAuth: 'require' } }))[1]).toBe('certificate-required')
    const requested = engines({ server: { clientAuth: 'request' } })
    expect([requested.server.connected, peerOf(requested)]).toEqual([true, undefined])

    // ServerCertificateContext: with the certificates in between, and a staple.
    const intermediate = await authority.issueAuthority()
    const issued = await intermediate.issue({ names: ['localhost'], key: 'P-256' })
    const ocsp = await intermediate.ocsp({ certificates: [issued] })
    const chain = [issued.certificateDer, intermediate.certificateDer]
    const context = { chain, key: identityOf(issued).key, ocsp }
    const revocation = { mode: 'hard', scope: 'leaf' } as const
    const strict = createTrustStore({ roots: [authority.certificateDer], crypto, revocation })
    const { client } = engines({ client: { trust: strict, requestOcsp: true }, server: { identity: context } })
    expect(client.connection.info?.peer?.chain).toEqual(chain)

    // The selection: by the name that is asked for, as late as it likes.
    const others = identityOf(await authority.issue({ names: ['second.example'] }))
    const select = (serverName: string) => {
      let asked: Question | undefined
      const pair = new Pair(createClient({ crypto, serverName, trust, identity: null }), createServer({ crypto }), {
        decideServer: question => void (asked = question),
      }).run()
      expect([asked?.type, pair.server.connected]).toEqual(['client-hello', false])
      if (asked?.type !== 'client-hello') throw new Error('another question')
      asked.answer({ identity: asked.hello.serverName === 'second.example' ? others : serverIdentity })
      return pair.run().client.connection.info?.peer?.chain
    }
    expect(select('second.example')).toEqual(others.chain)
    expect(select('localhost')).toEqual(serverIdentity.chain)
    // Or without a callback, by the names that each is for.
    const identity = [
      { ...others, serverNames: ['second.example'] },
      { ...serverIdentity, serverNames: ['localhost'] },
    ]
    const byName = (serverName: string) => engines({ client: { serverName }, server: { identity } }).client.connection.info?.peer?.chain
    expect([byName('localhost'), byName('second.example')]).toEqual([serverIdentity.chain, others.chain])
  })

  it('SslClientHelloInfo.ServerName, .SslProtocols', async () => {
    const { client, server } = sides()
    const finished = client.connect('other.example').finish()
    const accept = server.accept()
    const hello = await accept.receiveClientHello()
    expect([hello.serverName, hello.supportedVersions]).toEqual(['other.example', [0x0304]])
    await Promise.all([finished, accept.finish()])

    // As the question of the engine, of a client that speaks TLS 1.2 too.
    const hellos: unknown[] = []
    const answering: ServeOptions = {
      crypto,
      onQuestion: question => {
        if (question.type !== 'client-hello') return question.refuse()
        hellos.push([question.hello.serverName, question.hello.supportedVersions])
        question.answer({ identity: serverIdentity })
      },
    }
    const listening = serveTls(answering, stream => stream.end()).listen(0, '127.0.0.1')
    await once(listening, 'listening')
    const { port } = listening.address() as AddressInfo
    const socket = dial(theirs, port, { ca: authority.certificatePem, minVersion: 'TLSv1.2' })
    await once(socket, 'secureConnect')
    listening.close()
    expect(hellos).toEqual([['localhost', [0x0304, 0x0303]]])
  })
})
