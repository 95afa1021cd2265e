/** Table C of docs/coverage.md, Node's `tls`: a test for each row, under the row's name. Where it makes sense one side is Node's own TLS. */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { Duplex, duplexPair } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import { describe, expect, it, vi } from 'vitest'
import * as node from '../../src/node/index.ts'
import {
  authority,
  ca,
  clientFiles,
  codeOf,
  dial,
  failure,
  meet,
  otherFiles,
  ours,
  pairs,
  serve,
  serverFiles,
  textOf,
  theirs,
} from '../node/tls/face.ts'

describe("C. Node's tls", () => {
  it('connect createServer createSecureContext createSecurePair TLSSocket Server checkServerIdentity getCiphers rootCertificates getCACertificates', async () => {
    for (const [, pair] of pairs) {
      const { client, peer } = await meet(pair)
      client.end('from the client')
      peer.end('from the server')
      expect(await Promise.all([textOf(client), textOf(peer)])).toEqual(['from the server', 'from the client'])
    }
    const context = node.createSecureContext(serverFiles)
    expect(context).toBeInstanceOf(node.SecureContext)
    const server = node.createServer(serverFiles)
    expect(server).toBeInstanceOf(node.Server)
    expect(server).toBeInstanceOf(net.Server)

    const wires = duplexPair()
    const far = new node.TLSSocket(wires[1], { isServer: true, secureContext: context })
    const near = node.connect({ socket: wires[0], ca, servername: 'localhost' })
    expect(near).toBeInstanceOf(node.TLSSocket)
    expect(near).toBeInstanceOf(Duplex)
    far.end('over any Duplex')
    expect(await textOf(near as never)).toBe('over any Duplex')

    const pair = node.createSecurePair(context, true)
    const beyond = node.connect({ socket: pair.encrypted, ca, servername: 'localhost' })
    pair.cleartext.end('by a pair')
    const [text] = await Promise.all([textOf(beyond as never), once(pair, 'secure')])
    expect(text).toBe('by a pair')

    const cert = new X509Certificate(serverFiles.cert).toLegacyObject() as unknown as node.PeerCertificate
    expect(node.checkServerIdentity('localhost', cert)).toBeUndefined()
    expect(node.checkServerIdentity('other', cert)).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', host: 'other', cert })
    expect(node.getCiphers()).toContain('tls_aes_128_gcm_sha256')
    expect(node.getCiphers().every(name => /^tls_/.test(name))).toBe(true)
    expect(new Set(node.rootCertificates)).toEqual(new Set(theirs.rootCertificates.map(pem => pem.trim())))
    expect(node.getCACertificates('bundled')).toEqual(node.rootCertificates)
    expect(node.getCACertificates()).toEqual(expect.arrayContaining([...node.rootCertificates]))
    expect(codeOf(() => node.getCACertificates('no such' as 'bundled'))).toBe('ERR_INVALID_ARG_VALUE')
    expect(Object.keys(node.default).filter(name => !(name in node))).toEqual([])
  })

  it('DEFAULT_CIPHERS DEFAULT_ECDH_CURVE DEFAULT_MIN_VERSION DEFAULT_MAX_VERSION', async () => {
    const { client } = await meet({ client: ours, server: ours })
    expect(client.getCipher().name).toBe(node.DEFAULT_CIPHERS.split(':')[0])
    expect(
      node.DEFAULT_CIPHERS.split(':')
        .map(name => name.toLowerCase())
        .filter(name => !node.getCiphers().includes(name)),
    ).toEqual([])
    expect(node.createSecureContext({ ecdhCurve: node.DEFAULT_ECDH_CURVE, ciphers: node.DEFAULT_CIPHERS }).algorithms).toEqual(
      node.createSecureContext().algorithms,
    )
    expect([node.DEFAULT_MIN_VERSION, node.DEFAULT_MAX_VERSION]).toEqual([client.getProtocol(), client.getProtocol()])
  })

  it('CLIENT_RENEG_LIMIT CLIENT_RENEG_WINDOW, disableRenegotiation, renegotiate', async () => {
    expect([node.CLIENT_RENEG_LIMIT, node.CLIENT_RENEG_WINDOW]).toEqual([theirs.CLIENT_RENEG_LIMIT, theirs.CLIENT_RENEG_WINDOW])
    const outcomes = []
    for (const by of [theirs, ours]) {
      const { client } = await meet({ client: by, server: theirs })
      expect(client.disableRenegotiation()).toBeUndefined()
      const error = await new Promise<unknown>(resolve => expect(client.renegotiate({}, resolve)).toBe(false))
      const misuse = [codeOf(() => client.renegotiate(3 as never, () => {})), codeOf(() => client.renegotiate({}, 3 as never))]
      const { code, reason, library } = error as Record<string, unknown>
      outcomes.push({ code, reason, library, misuse })
    }
    expect(outcomes[1]).toEqual(outcomes[0])
    expect(outcomes[1]).toMatchObject({ code: 'ERR_SSL_WRONG_SSL_VERSION' })
  })

  it('events keylog OCSPResponse secureConnect session ; server connection keylog newSession OCSPRequest resumeSession secureConnection tlsClientError', async () => {
    const certificate = await authority.issue({ names: ['localhost'] })
    const staple = await authority.ocsp({ certificates: [{ certificate, status: 'good' }] })
    const { server, port } = await serve(ours)
    const told: string[] = []
    const store = new Map<string, Buffer>()
    server.on('connection', () => told.push('connection'))
    server.on('keylog', line => told.push(`keylog ${String(line).split(' ')[0]}`))
    server.on('OCSPRequest', (certificate, issuer, done) => {
      told.push('OCSPRequest')
      expect([certificate, issuer]).toEqual([new X509Certificate(serverFiles.cert).raw, null])
      setImmediate(done, null, Buffer.from(staple))
    })
    server.on('newSession', (id, data, done) => {
      if (!told.includes('newSession')) told.push('newSession')
      store.set(id.toString('hex'), data)
      done()
    })
    server.on('resumeSession', (id, done) => {
      told.push('resumeSession')
      setImmediate(done, null, store.get(id.toString('hex')) ?? null)
    })
    server.on('secureConnection', socket => {
      told.push('secureConnection')
      socket.end('done')
    })
    server.on('tlsClientError', (error: { code?: string }) => told.push(`tlsClientError ${error.code}`))

    const first = dial(ours, port, { requestOCSP: true } as ConnectionOptions)
    const heard: string[] = []
    let session: Buffer | undefined
    first.on('keylog', line => heard.push(`keylog ${String(line).split(' ')[0]}`))
    first.on('OCSPResponse', response => heard.push(`OCSPResponse ${Buffer.from(staple).equals(response)}`))
    first.on('secureConnect', () => heard.push('secureConnect'))
    first.on('session', given => {
      if (session === undefined) heard.push('session')
      session = given
    })
    expect(await textOf(first)).toBe('done')
    const secrets = [
      'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
      'SERVER_HANDSHAKE_TRAFFIC_SECRET',
      'CLIENT_TRAFFIC_SECRET_0',
      'SERVER_TRAFFIC_SECRET_0',
      'EXPORTER_SECRET',
    ]
    const logged = secrets.map(name => `keylog ${name}`)
    const sorted = (lines: readonly string[]) => [...lines].sort()
    expect(sorted(heard)).toEqual(sorted([...logged, 'OCSPResponse true', 'secureConnect', 'session']))
    expect(heard.indexOf('OCSPResponse true')).toBeLessThan(heard.indexOf('secureConnect'))
    expect(sorted(told)).toEqual(sorted(['connection', ...logged, 'OCSPRequest', 'newSession', 'secureConnection']))

    told.length = 0
    const second = dial(ours, port, { session: session as unknown as Buffer })
    const reused = once(second, 'secureConnect').then(() => second.isSessionReused())
    expect([await textOf(second), await reused]).toEqual(['done', true])
    expect(told).toContain('resumeSession')

    told.length = 0
    await failure(dial(theirs, port, { ca: [] }))
    await vi.waitFor(() => expect(told.some(each => each.startsWith('tlsClientError'))).toBe(true))
  })

  it('alpnProtocol authorizationError authorized encrypted servername', async () => {
    const facts = async (pair: (typeof pairs)[number][1], options: Parameters<typeof meet>[1]) => {
      const { client, peer } = await meet(pair, options)
      return [client, peer].map(({ alpnProtocol, authorizationError, authorized, encrypted, servername }: Facts) => ({
        ...{ alpnProtocol, authorizationError, authorized, encrypted, servername },
      }))
    }
    const cases: Parameters<typeof meet>[1][] = [
      {},
      { client: { ALPNProtocols: ['b', 'a'] }, server: { ALPNProtocols: ['a', 'b'] } },
      { client: { servername: '', host: 'localhost' } },
      { client: { ca: [], rejectUnauthorized: false } },
      { client: { servername: 'other.example', rejectUnauthorized: false } },
      { client: clientFiles, server: { requestCert: true, ca } },
      { server: { requestCert: true, rejectUnauthorized: false, ca } },
    ]
    for (const options of cases) {
      const expected = await facts({ client: theirs, server: theirs }, options)
      for (const [, pair] of pairs) expect(await facts(pair, options)).toEqual(expected)
    }
    const before = ours.connect({ socket: duplexPair()[0] })
    expect([before.alpnProtocol, before.authorizationError, before.authorized, before.encrypted, (before as Facts).servername]).toEqual([
      null,
      null,
      false,
      true,
      null,
    ])
    before.destroy()
  })

  it('address localAddress localPort remoteAddress remoteFamily remotePort', async () => {
    const { client, peer, port } = await meet({ client: ours, server: ours })
    expect(client).toMatchObject({ remoteAddress: '127.0.0.1', remoteFamily: 'IPv4', remotePort: port, localAddress: '127.0.0.1' })
    expect(peer).toMatchObject({ remoteAddress: '127.0.0.1', remoteFamily: 'IPv4', remotePort: client.localPort, localPort: port })
    expect(client.address()).toEqual({ address: '127.0.0.1', family: 'IPv4', port: client.localPort })
    const bare = ours.connect({ socket: duplexPair()[0] })
    expect([bare.address(), bare.remoteAddress, bare.remotePort]).toEqual([{}, undefined, undefined])
    bare.destroy()
  })

  it('enableTrace', async () => {
    const written: string[] = []
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation(text => written.push(String(text)) > 0)
    try {
      const traced = await meet({ client: ours, server: theirs }, { client: { enableTrace: true } })
      traced.client.destroy()
      const { client, peer } = await meet({ client: ours, server: ours })
      expect(written.join('')).not.toMatch(/by the server/)
      peer.enableTrace()
      client.end()
      peer.end()
      await Promise.all([textOf(client), textOf(peer)])
    } finally {
      spy.mockRestore()
    }
    const text = written.join('')
    expect(text).toMatch(/Sent by the client: client_hello, \d+ bytes\n( {2}.*\n)* {2}legacy_version: 771\n/)
    expect(text).toMatch(/Received by the client: finished/)
    expect(text).toMatch(/Received by the server: alert/)
    expect(codeOf(() => ours.connect({ socket: duplexPair()[0], enableTrace: 3 as never }))).toBe('ERR_INVALID_ARG_TYPE')
  })

  it('exportKeyingMaterial getCertificate getX509Certificate getCipher getEphemeralKeyInfo getFinished getPeerFinished getPeerCertificate getPeerX509Certificate getProtocol getSession getSharedSigalgs getTLSTicket isSessionReused', async () => {
    const options = {
      client: { ...clientFiles, ecdhCurve: 'P-256' },
      server: { ...serverFiles, requestCert: true, ca, ecdhCurve: 'P-256', ciphers: 'TLS_AES_128_GCM_SHA256' },
    }
    const facts = async (pair: (typeof pairs)[number][1]) => {
      const { client, peer } = await meet(pair, options)
      expect(client.exportKeyingMaterial(20, 'EXPORTER-test', Buffer.from('context'))).toEqual(
        peer.exportKeyingMaterial(20, 'EXPORTER-test', Buffer.from('context')),
      )
      expect([client.getFinished(), client.getPeerFinished()]).toEqual([peer.getPeerFinished(), peer.getFinished()])
      expect(client.getFinished()).toHaveLength(32)
      return [client, peer].map(socket => ({
        certificate: socket.getCertificate(),
        x509: socket.getX509Certificate()?.fingerprint256,
        cipher: socket.getCipher(),
        key: socket.getEphemeralKeyInfo(),
        peer: socket.getPeerCertificate(),
        detailed: socket.getPeerCertificate(true),
        peerX509: socket.getPeerX509Certificate()?.fingerprint256,
        protocol: socket.getProtocol(),
        reused: socket.isSessionReused(),
        misuse: [
          codeOf(() => socket.exportKeyingMaterial('x' as never, 'label', Buffer.alloc(0))),
          codeOf(() => socket.exportKeyingMaterial(0, 'label', Buffer.alloc(0))),
          codeOf(() => socket.exportKeyingMaterial(8, 3 as never, Buffer.alloc(0))),
          codeOf(() => socket.exportKeyingMaterial(8, 'label', 'text' as never)),
        ],
        serverTicket: socket === peer ? socket.getTLSTicket() : undefined,
      }))
    }
    const expected = await facts({ client: theirs, server: theirs })
    for (const [, pair] of pairs) expect(await facts(pair)).toEqual(expected)

    const whole = await meet({ client: ours, server: theirs }, { server: { ...serverFiles, cert: serverFiles.cert + ca } })
    expect(whole.client.getPeerX509Certificate()?.issuerCertificate?.fingerprint256).toBe(new X509Certificate(ca).fingerprint256)

    const { client, peer, port } = await meet({ client: ours, server: ours }, options)
    expect(peer.getSharedSigalgs()).toEqual(expect.arrayContaining(['ECDSA+SHA256', 'RSA-PSS+SHA256', 'Ed25519+UNDEF']))
    expect(client.getSharedSigalgs()).toContain('ECDSA+SHA256')
    const [session] = await once(client, 'session')
    await new Promise(setImmediate)
    const again = dial(ours, port, { ...options.client, session: client.getSession() })
    expect(Buffer.isBuffer(session)).toBe(true)
    expect(client.getTLSTicket()).toBeInstanceOf(Buffer)
    await once(again, 'secureConnect')
    expect(again.isSessionReused()).toBe(true)
    expect(again.getPeerCertificate().fingerprint256).toBe(client.getPeerCertificate().fingerprint256)

    const early = ours.connect({ socket: duplexPair()[0] })
    expect(codeOf(() => early.exportKeyingMaterial(8, 'label', Buffer.alloc(0)))).toBe('ERR_TLS_INVALID_STATE')
    expect([early.getPeerCertificate(), early.getFinished(), early.getSession(), early.getTLSTicket()]).toEqual([
      {},
      undefined,
      undefined,
      undefined,
    ])
    early.destroy()
    expect([early.getProtocol(), early.getCipher(), early.getPeerCertificate(), early.getSession()]).toEqual([null, null, null, null])
  })

  it('setKeyCert setMaxSendFragment', async () => {
    const contexts = [node.createSecureContext(otherFiles), otherFiles]
    for (const context of contexts) {
      const { server, port } = await serve(ours, {
        ALPNCallback(this: unknown, { protocols }: { protocols: string[] }) {
          ;(this as node.TLSSocket).setKeyCert(context)
          return protocols[0]
        },
      } as never)
      server.on('secureConnection', socket => socket.end())
      const client = dial(theirs, port, { ALPNProtocols: ['x'], servername: 'other.example' })
      await once(client, 'secureConnect')
      expect(client.getPeerCertificate().subject.CN).toBe('other.example')
    }
    const transport = duplexPair()
    const sizes: number[] = []
    transport[0].on('data', (chunk: Buffer) => sizes.push(...recordSizes(chunk)))
    const peer = new node.TLSSocket(transport[1], { isServer: true, ...serverFiles })
    const client = node.connect({ socket: transport[0], ca, servername: 'localhost' })
    await once(client, 'secureConnect')
    expect([511, 16_385, 1.5].map(size => peer.setMaxSendFragment(size))).toEqual([false, false, false])
    expect(peer.setMaxSendFragment(512)).toBe(true)
    sizes.length = 0
    peer.end(Buffer.alloc(2000))
    await textOf(client as never)
    // Content, its type and the tag of the AEAD.
    expect(sizes.filter(size => size > 100).slice(-4)).toEqual([512, 512, 512, 464].map(size => size + 17))
  })

  it('server addContext getTicketKeys setTicketKeys setSecureContext listen close address', async () => {
    const { server, port } = await serve(ours)
    server.on('secureConnection', socket => socket.end())
    expect(server.address()).toEqual({ address: '127.0.0.1', family: 'IPv4', port })
    server.addContext('*.example', otherFiles)
    expect(codeOf(() => server.addContext('', otherFiles))).toBe('ERR_TLS_REQUIRED_SERVER_NAME')
    const names = async (servername: string) => {
      const socket = dial(ours, port, { servername, rejectUnauthorized: false })
      await once(socket, 'secureConnect')
      return socket.getPeerCertificate().subject.CN
    }
    expect([await names('other.example'), await names('a.b.example'), await names('localhost')]).toEqual([
      'other.example',
      'localhost',
      'localhost',
    ])
    server.setSecureContext(otherFiles)
    expect(await names('localhost')).toBe('other.example')
    server.setSecureContext(serverFiles)

    const twin = await serve(ours)
    twin.server.on('secureConnection', socket => socket.end())
    expect(server.getTicketKeys()).toHaveLength(48)
    expect(codeOf(() => server.setTicketKeys(Buffer.alloc(47)))).toBe('ERR_INVALID_ARG_VALUE')
    const [[session]] = await Promise.all([once(dial(ours, port), 'session')])
    const resumes = async () => {
      const socket = dial(ours, twin.port, { session })
      await once(socket, 'secureConnect')
      return socket.isSessionReused()
    }
    expect(await resumes()).toBe(false)
    twin.server.setTicketKeys(server.getTicketKeys())
    expect(await resumes()).toBe(true)

    const closed = ours.createServer(serverFiles)
    closed.listen(0)
    await once(closed, 'listening')
    closed.close()
    await once(closed, 'close')
    expect(closed.address()).toBeNull()
  })
})

type Facts = ReturnType<typeof ours.connect> & { servername?: string | false | null }

/** The lengths of the records that begin in a chunk with whole records. */
function recordSizes(chunk: Buffer): number[] {
  const sizes: number[] = []
  for (let at = 0; at + 5 <= chunk.length; at += 5 + (sizes.at(-1) ?? 0)) sizes.push(chunk.readUInt16BE(at + 3))
  return sizes
}
