/** Table A of docs/coverage.md, the consumer-driven interface: a test for each row, under the row's name. */
import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signatureSchemeNames } from '../../src/crypto/code-points.ts'
import { PrivateIdentity, TlsError } from '../../src/stream/index.ts'
import {
  authority,
  bytes,
  clientCertificate,
  clientIdentity,
  connected,
  crypto,
  identityOf,
  outcome,
  quiet,
  say,
  serverCertificate,
  serverIdentity,
  sides,
  stranger,
  textOf,
  trust,
} from '../stream/sides.ts'

describe('A. The consumer-driven interface', () => {
  it('ClientConnection(input, output); .connect(serverName) gives a ClientHandshake, once', async () => {
    const { client, pipe } = sides()
    const handshake = client.connect('localhost')
    expect(typeof handshake.finish).toBe('function')
    expect(() => client.connect('localhost')).toThrow(new TypeError('connect() was called before'))
    await quiet()
    expect(pipe.moved()).toEqual({ forth: 0, back: 0 })
  })

  it('ClientHandshake.configureAlpnIds', async () => {
    const { client, server } = sides({ server: { alpn: ['two'] } })
    const handshake = client.connect('localhost')
    expect(() => handshake.configureAlpnIds([''])).toThrow(TypeError)
    expect(() => handshake.configureAlpnIds([new Uint8Array(256)])).toThrow(TypeError)
    handshake.configureAlpnIds(['one', bytes('two')])
    await Promise.all([handshake.finish(), server.accept().finish()])
    expect([client.alpnId, server.alpnId]).toEqual(['two', 'two'])
    expect(() => handshake.configureAlpnIds(['late'])).toThrow(TypeError)
  })

  it('.verifyServerIdentity() → PublicIdentity', async () => {
    const { client, server, pipe } = sides()
    const accepted = outcome(server.accept().finish())
    const handshake = client.connect('localhost')
    const identity = await handshake.verifyServerIdentity()
    expect(identity.exportX509Chain()).toEqual([serverCertificate.certificateDer])
    const before = pipe.moved()
    await quiet()
    expect(pipe.moved()).toEqual(before)
    await handshake.abort('bad_certificate')
    expect(await accepted).toMatchObject({ code: 'peer-alert', alert: 'bad_certificate' })

    const refused = sides({ client: { trust: stranger } })
    const other = outcome(refused.server.accept().finish())
    expect(await outcome(refused.client.connect('localhost').verifyServerIdentity())).toMatchObject({ code: 'issuer-unknown' })
    expect(await other).toMatchObject({ code: 'peer-alert', alert: 'unknown_ca' })
  })

  it('.receiveClientIdentityRequest() → request or none; request.respond([identity]); dropping it offers none', async () => {
    const ask = async (respond: boolean) => {
      const { client, server } = sides()
      const accept = server.accept()
      const asked = outcome(accept.requestClientIdentity({ authorities: [subjectOf(authority.certificateDer)] }))
      const handshake = client.connect('localhost')
      const request = await handshake.receiveClientIdentityRequest()
      expect(request?.authorities).toEqual([subjectOf(authority.certificateDer)])
      expect(request?.signatureSchemes.map(scheme => signatureSchemeNames.get(scheme))).toContain('ed25519')
      expect(request?.oidFilters).toEqual([])
      if (respond) request?.respond([clientIdentity])
      await Promise.all([handshake.finish(), asked.then(() => accept.finish())])
      expect(() => request?.respond([clientIdentity])).toThrow(TypeError)
      return server.clientIdentity?.exportX509Chain()
    }
    expect(await ask(true)).toEqual([clientCertificate.certificateDer])
    expect(await ask(false)).toBeUndefined()

    const { client, server } = sides()
    const [none] = await Promise.all([client.connect('localhost').receiveClientIdentityRequest(), server.accept().finish()])
    expect(none).toBeUndefined()
  })

  it('.finish() → cleartext streams', async () => {
    const { near, far } = await connected()
    expect([near.readable, near.writable].map(String)).toEqual(['[object ReadableStream]', '[object WritableStream]'])
    const [, , fromClient, fromServer] = await Promise.all([say(near, 'hello'), say(far, 'well met'), textOf(far), textOf(near)])
    expect([fromClient, fromServer]).toEqual(['hello', 'well met'])
  })

  it('.abort(reason?) resolves when the alert has left', async () => {
    const { client, server } = sides()
    const accepted = outcome(server.accept().finish())
    const handshake = client.connect('localhost')
    await handshake.verifyServerIdentity()
    await handshake.abort('certificate_unknown')
    expect(await accepted).toMatchObject({ code: 'peer-alert', alert: 'certificate_unknown' })
    expect(() => handshake.finish()).toThrow(TypeError)

    const plain = sides()
    const heard = outcome(plain.server.accept().finish())
    const other = plain.client.connect('localhost')
    await other.verifyServerIdentity()
    await other.abort()
    expect(await heard).toMatchObject({ code: 'peer-alert', alert: 'close_notify' })
  })

  it('connection: serverName alpnId clientIdentity serverIdentity protocolVersion cipherSuite, filled as the handshake goes', async () => {
    const { client, server } = sides({ client: { alpn: ['x'] }, server: { alpn: ['x'] } })
    const tell = () => [client.alpnId, client.protocolVersion, client.cipherSuite, client.serverIdentity?.exportX509Chain().length]
    expect([client.serverName, ...tell(), client.clientIdentity]).toEqual(Array(6).fill(undefined))
    const [handshake, accept] = [client.connect('localhost'), server.accept()]
    expect(client.serverName).toBe('localhost')
    const hello = accept.receiveClientHello()
    const verified = handshake.verifyServerIdentity()
    await hello
    expect([server.serverName, server.alpnId, server.cipherSuite]).toEqual([undefined, undefined, undefined])
    const requested = outcome(accept.requestClientIdentity())
    await verified
    expect(tell()).toEqual(['x', 'TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256', 1])
    expect([server.serverName, server.alpnId, server.cipherSuite]).toEqual(['localhost', 'x', 'TLS_CHACHA20_POLY1305_SHA256'])
    const request = await handshake.receiveClientIdentityRequest()
    request?.respond([clientIdentity])
    await Promise.all([handshake.finish(), requested.then(() => accept.finish())])
    expect(client.clientIdentity?.exportX509Chain()).toEqual([clientCertificate.certificateDer])
    expect(server.clientIdentity?.exportX509Chain()).toEqual([clientCertificate.certificateDer])
    expect(server.serverIdentity?.exportX509Chain()).toEqual([serverCertificate.certificateDer])
  })

  it('ServerConnection(input, output), .accept() → ServerHandshake', async () => {
    const { server, pipe } = sides()
    expect(typeof server.accept().receiveClientHello).toBe('function')
    expect(() => server.accept()).toThrow(new TypeError('accept() was called before'))
    await quiet()
    expect(pipe.moved()).toEqual({ forth: 0, back: 0 })
  })

  it('ServerHandshake.receiveClientHello() → ClientHello{serverName, alpnIds, cipherSuites}', async () => {
    const { client, server } = sides({ client: { alpn: ['h2', 'http/1.1'] } })
    const finished = outcome(client.connect('localhost').finish())
    const handshake = server.accept()
    const hello = await handshake.receiveClientHello()
    expect(hello).toMatchObject({ serverName: 'localhost', alpnIds: ['h2', 'http/1.1'], cipherSuites: [0x1303, 0x1301, 0x1302] })
    expect(hello.supportedVersions).toEqual([0x0304])
    expect(hello.groups[0]).toBe(0x11ec)
    expect(hello.signatureSchemes).toContain(0x0403)
    expect(hello.fingerprint).toMatch(/^t13d03\d\dh2_[0-9a-f]{12}_[0-9a-f]{12}$/)
    expect(hello.raw[0]).toBe(1)
    await handshake.finish()
    expect(await finished).not.toBeInstanceOf(Error)
  })

  it('.configureServerIdentities([...]) in descending preference; .configureAlpnIds', async () => {
    const rsa = identityOf(await authority.issue({ names: ['localhost'], key: 'RSA-2048' }))
    const choose = async (signatureSchemes: readonly string[]) => {
      const { client, server } = sides({ client: { signatureSchemes, alpn: ['a', 'b'] }, server: {} })
      const handshake = server.accept()
      const finished = client.connect('localhost').finish()
      await handshake.receiveClientHello()
      handshake.configureServerIdentities([rsa, serverIdentity])
      handshake.configureAlpnIds(['b'])
      await Promise.all([finished, handshake.finish()])
      expect(() => handshake.configureServerIdentities([rsa])).toThrow(TypeError)
      return [client.serverIdentity?.exportX509Chain()[0], client.alpnId]
    }
    expect(await choose(['rsa_pss_rsae_sha256', 'ecdsa_secp256r1_sha256'])).toEqual([rsa.chain[0], 'b'])
    expect(await choose(['ecdsa_secp256r1_sha256'])).toEqual([serverCertificate.certificateDer, 'b'])
  })

  it('.requestClientIdentity({ required, trust, authorities, signatureSchemes, oidFilters }) → identity or none', async () => {
    const filter = { oid: Uint8Array.of(0x55, 0x1d, 0x25), values: new Uint8Array(0) }
    const { client, server } = sides()
    const accept = server.accept()
    const identified = accept.requestClientIdentity({
      required: true,
      trust,
      authorities: [subjectOf(authority.certificateDer)],
      signatureSchemes: ['ed25519'],
      oidFilters: [filter],
    })
    const handshake = client.connect('localhost')
    const request = await handshake.receiveClientIdentityRequest()
    expect(request).toMatchObject({ signatureSchemes: [0x0807], oidFilters: [filter] })
    request?.respond([serverIdentity, clientIdentity])
    const finished = outcome(handshake.finish())
    expect((await identified)?.exportX509Chain()).toEqual([clientCertificate.certificateDer])
    await accept.finish()
    expect(await finished).not.toBeInstanceOf(Error)

    const without = sides()
    const missing = outcome(without.server.accept().requestClientIdentity({ required: true }))
    const near = await without.client.connect('localhost').finish()
    expect(await missing).toMatchObject({ code: 'certificate-required' })
    expect(await outcome(textOf(near))).toMatchObject({ code: 'peer-alert', alert: 'certificate_required' })
  })

  it('post-handshake connection.requestClientIdentity()', async () => {
    const { client, server } = sides({ client: { identity: clientIdentity, postHandshakeAuth: true } })
    const [near, far] = await Promise.all([client.connect('localhost').finish(), server.accept().finish()])
    expect(server.clientIdentity).toBeUndefined()
    const heard = textOf(near)
    const toServer = near.writable.getWriter()
    const [identity] = await Promise.all([server.requestClientIdentity(), toServer.write(bytes('meanwhile'))])
    await toServer.close()
    expect(identity?.exportX509Chain()).toEqual([clientCertificate.certificateDer])
    expect(await textOf(far)).toBe('meanwhile')
    await say(far, 'done')
    expect(await heard).toBe('done')

    const unwilling = await connected()
    await expect(unwilling.server.requestClientIdentity()).rejects.toBeInstanceOf(TypeError)
  })

  it('client answering a post-handshake request (a TODO in the proposal)', async () => {
    const { client, server } = sides()
    client.onClientIdentityRequest = async request => {
      await quiet()
      request.respond([clientIdentity])
    }
    const [near, far] = await Promise.all([client.connect('localhost').finish(), server.accept().finish()])
    const heard = textOf(near)
    expect((await server.requestClientIdentity())?.exportX509Chain()).toEqual([clientCertificate.certificateDer])
    client.onClientIdentityRequest = () => {}
    expect(await server.requestClientIdentity()).toBeUndefined()
    await Promise.all([say(far, 'done'), say(near, '')])
    expect(await heard).toBe('done')
  })

  it('graceful shutdown (a TODO in the proposal)', async () => {
    const { near, far } = await connected()
    const toClient = far.writable.getWriter()
    await near.writable.close()
    expect(await textOf(far)).toBe('')
    const heard = textOf(near)
    await toClient.write(bytes('still here'))
    await toClient.close()
    expect(await heard).toBe('still here')

    const cut = await connected()
    const reader = cut.far.readable.getReader()
    const [read] = await Promise.all([outcome(reader.read()), Promise.resolve().then(() => cut.pipe.cut('second'))])
    expect(read).toMatchObject({ code: 'truncated' })
  })

  it('PrivateIdentity.parse(privateKey, x509Chain); .publicIdentity(); private key not exportable', async () => {
    const { privateKeyPkcs8, certificateDer } = serverCertificate
    const identity = PrivateIdentity.parse(privateKeyPkcs8, [certificateDer, authority.certificateDer], { crypto })
    expect(identity.publicIdentity().exportX509Chain()).toEqual([certificateDer, authority.certificateDer])
    expect(JSON.stringify(identity)).not.toContain(Buffer.from(privateKeyPkcs8).toString('base64').slice(60, 90))
    expect(Object.keys(identity.key).filter(name => !['schemes', 'spki', 'sign'].includes(name))).toEqual([])
    expect(() => PrivateIdentity.parse(privateKeyPkcs8, clientCertificate.certificateDer, { crypto })).toThrow(TypeError)
    const elsewhere = PrivateIdentity.parse({ schemes: identity.key.schemes }, certificateDer, { crypto })
    const signing = identity.key.sign
    const { client, server } = sides({
      server: {
        identity: elsewhere,
        onQuestion: async question => {
          if (question.type !== 'sign' || !signing) return
          await quiet()
          question.answer(signing(question.scheme, question.message))
        },
      },
    })
    const [near] = await Promise.all([client.connect('localhost').finish(), server.accept().finish()])
    expect(near.readable).toBeDefined()
  })

  it('PublicIdentity.exportX509Chain() → DER list', async () => {
    const { client } = await connected()
    const chain = client.serverIdentity?.exportX509Chain() ?? []
    expect(chain.map(der => new X509Certificate(der).subject)).toEqual([new X509Certificate(serverCertificate.certificateDer).subject])
    chain[0]?.fill(0)
    expect(client.serverIdentity?.exportX509Chain()[0]).toEqual(serverCertificate.certificateDer)
    expect(client.serverIdentity?.certificates[0]?.extensions.subjectAltName?.dnsNames).toEqual(['localhost', 'other.example'])
  })

  it('configure protocol versions and cipher suites (TODOs in the proposal)', async () => {
    const { client, server } = sides()
    const [handshake, accept] = [client.connect('localhost'), server.accept()]
    handshake.configureCipherSuites(['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256'])
    handshake.configureGroups(['secp256r1'])
    accept.configureCipherSuites(['TLS_AES_128_GCM_SHA256'])
    accept.configureGroups(['secp256r1', 'x25519'])
    await Promise.all([handshake.finish(), accept.finish()])
    expect(client.info).toMatchObject({ protocolVersion: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256', group: 'secp256r1' })
    const wrong = sides().client.connect('localhost')
    wrong.configureCipherSuites(['TLS_RSA_WITH_RC4_128_MD5'])
    expect(await outcome(wrong.finish())).toBeInstanceOf(TypeError)
    expect(TlsError.name).toBe('TlsError')
  })
})

function subjectOf(certificate: Uint8Array): Uint8Array {
  const identity = PrivateIdentity.parse({ schemes: [] }, certificate, { crypto })
  const [parsed] = identity.publicIdentity().certificates
  if (!parsed) throw new Error('no certificate')
  return parsed.subject.raw
}
