/** What was agreed: suites, groups, keys for others, and what proves it. */
import { once } from 'node:events'
import { authority } from '../face.ts'
import { attempt, ca, closed, dial, fault, meet, type Pair, type Scenario, serve, serverFiles, settled, type Tls, watch } from './stage.ts'

const pskOptions = { ciphers: 'TLS_AES_128_GCM_SHA256', cert: undefined, key: undefined }

/** How a client with the key fares at a server that knows `known`. */
async function byKey(pair: Pair, given: unknown, known: (identity: string) => unknown) {
  const asked: unknown[] = []
  const { server: listener, port } = await serve(pair.server, {
    ...pskOptions,
    pskCallback: ((socket: object, identity: string) => {
      asked.push([socket instanceof pair.server.TLSSocket, identity])
      return known(identity)
    }) as never,
  })
  const failed = once(listener, 'tlsClientError').then(([error]) => ({ failed: fault(error) !== null }))
  const came = once(listener, 'secureConnection').then(([peer]) => ({ authorized: peer.authorized, reused: peer.isSessionReused() }))
  const socket = dial(pair.client, port, {
    ...pskOptions,
    ca: undefined,
    pskCallback: (hint: unknown) => {
      asked.push(['hint', hint])
      return given as never
    },
    checkServerIdentity: () => undefined,
  })
  const mine = await once(socket, 'secureConnect').then(
    () => ({ authorized: socket.authorized, authorizationError: socket.authorizationError, certificate: socket.getPeerCertificate() }),
    () => 'refused',
  )
  const there = await Promise.race([came, failed])
  socket.destroy()
  return { mine, there, asked }
}

async function withDefaults<T>(tls: Tls, values: Readonly<Record<string, string>>, act: () => T | Promise<T>): Promise<T> {
  const module = tls as unknown as Record<string, unknown>
  const before = Object.keys(values).map(name => [name, module[name]] as const)
  Object.assign(module, values)
  try {
    return await act()
  } finally {
    Object.assign(module, Object.fromEntries(before))
  }
}

export const secrets: readonly Scenario[] = [
  {
    title: 'exportKeyingMaterial gives both ends the same, by label, context and length',
    async play(pair) {
      const { client, peer } = await meet(pair)
      const take = (length: number, label: string, context?: Buffer) =>
        [client, peer].map(each => (each.exportKeyingMaterial as (...given: unknown[]) => Buffer)(length, label, context).toString('hex'))
      const [plain, bound, other] = [take(32, 'EXPORTER-one'), take(32, 'EXPORTER-one', Buffer.from('a')), take(32, 'EXPORTER-two')]
      const same = [plain, bound, other].map(([mine, theirs]) => mine === theirs)
      return { same, distinct: new Set([plain[0], bound[0], other[0]]).size, length: take(48, 'x')[0]?.length }
    },
  },
  {
    title: 'exportKeyingMaterial before the handshake is done is ERR_TLS_INVALID_STATE, and minds its arguments',
    async play(pair) {
      const { port } = await serve(pair.server)
      const socket = dial(pair.client, port)
      const early = attempt(() => socket.exportKeyingMaterial(8, 'x', Buffer.alloc(0)))
      await once(socket, 'secureConnect')
      const misuse = [['8', 'x'], [8, 3], [8, 'x', 'context'], [0, 'x'], [-1, 'x'], [1.5, 'x'], []]
      return {
        early,
        misuse: misuse.map(given => attempt(() => (socket.exportKeyingMaterial as (...given: unknown[]) => unknown)(...given))),
      }
    },
  },
  {
    title: 'getFinished of one end is getPeerFinished of the other',
    async play(pair) {
      const { port, accepted } = await serve(pair.server)
      const client = dial(pair.client, port)
      const early = [client.getFinished(), client.getPeerFinished()]
      const [peer] = await Promise.all([accepted, once(client, 'secureConnect')])
      return {
        early,
        same: [
          client.getFinished()?.equals(peer.getPeerFinished() as Buffer),
          peer.getFinished()?.equals(client.getPeerFinished() as Buffer),
        ],
        lengths: [client.getFinished()?.length, peer.getFinished()?.length],
      }
    },
  },
  {
    title: 'getProtocol and getCipher, before the handshake and after it',
    async play(pair) {
      const { port, accepted } = await serve(pair.server)
      const client = dial(pair.client, port)
      const early = [client.getProtocol(), client.isSessionReused(), client.getPeerCertificate()]
      const [peer] = await Promise.all([accepted, once(client, 'secureConnect')])
      return { early, late: [client, peer].map(each => [each.getProtocol(), each.getCipher(), each.isSessionReused()]) }
    },
  },
  {
    title: 'The suite is the server to choose, or the client with honorCipherOrder false, among those that both have',
    async play(pair) {
      const [one, two] = ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256']
      const cases = [
        { client: { ciphers: `${one}:${two}` }, server: { ciphers: `${two}:${one}` } },
        { client: { ciphers: `${one}:${two}` }, server: { ciphers: `${two}:${one}`, honorCipherOrder: false } },
        { client: { ciphers: one } },
        { server: { ciphers: `${two}:ECDHE-RSA-AES128-GCM-SHA256:!RC4` } },
      ]
      const names = []
      for (const options of cases) names.push((await meet(pair, options)).client.getCipher())
      return names
    },
  },
  {
    title: 'What is assigned to DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE and DEFAULT_MAX_VERSION holds for the contexts to come',
    async play(pair) {
      const agreed = await withDefaults(
        pair.client,
        { DEFAULT_CIPHERS: 'TLS_CHACHA20_POLY1305_SHA256', DEFAULT_ECDH_CURVE: 'P-384' },
        async () => {
          const { client } = await meet(pair)
          return [client.getCipher().name, client.getEphemeralKeyInfo()]
        },
      )
      const refused = await withDefaults(pair.client, { DEFAULT_MAX_VERSION: 'x' }, () =>
        attempt(() => pair.client.createSecureContext({})),
      )
      return { agreed, refused, after: [pair.client.createSecureContext({}) !== undefined, (await meet(pair)).client.getProtocol()] }
    },
  },
  {
    title: 'Where no suite is common both ends hear of it',
    async play({ client, server }) {
      const { server: listener, port } = await serve(server, { ciphers: 'TLS_AES_256_GCM_SHA384' })
      const failed = once(listener, 'tlsClientError')
      const socket = dial(client, port, { ciphers: 'TLS_AES_128_GCM_SHA256' })
      const [error] = await once(socket, 'error').catch(given => [given])
      return { client: fault(error), server: fault((await failed)[0]) }
    },
  },
  {
    title: 'getEphemeralKeyInfo names the group at a client, and is null at a server',
    async play(pair) {
      const infos = []
      for (const ecdhCurve of ['X25519', 'P-256', 'P-384', 'P-521', 'prime256v1:X25519']) {
        const { client, peer } = await meet(pair, { server: { ecdhCurve }, client: { ecdhCurve } })
        infos.push([client.getEphemeralKeyInfo(), peer.getEphemeralKeyInfo()])
      }
      return infos
    },
  },
  {
    title: 'The group, where nobody chooses one',
    async play(pair) {
      const { client } = await meet(pair)
      return { info: client.getEphemeralKeyInfo() }
    },
  },
  {
    title: 'Where no group is common both ends hear of it',
    async play({ client, server }) {
      const { server: listener, port } = await serve(server, { ecdhCurve: 'P-256' })
      const failed = once(listener, 'tlsClientError')
      const socket = dial(client, port, { ecdhCurve: 'P-384' })
      const [error] = await once(socket, 'error').catch(given => [given])
      return { client: fault(error), server: fault((await failed)[0]) }
    },
  },
  {
    title: 'getSharedSigalgs lists names of algorithms at a server, and those that the server asks for at a client',
    async play(pair) {
      const { peer, client } = await meet(pair, { client: { sigalgs: 'ECDSA+SHA256:RSA-PSS+SHA384:ed25519' } })
      return [peer.getSharedSigalgs(), client.getSharedSigalgs()]
    },
  },
  {
    title: 'keylog gives the lines of NSS to both ends, the same ones',
    async play(pair) {
      const { server: listener, port } = await serve(pair.server)
      const lines: { client: string[]; server: string[] } = { client: [], server: [] }
      listener.on('keylog', (line, socket) => lines.server.push(`${line}${socket instanceof pair.server.TLSSocket}`))
      const socket = dial(pair.client, port)
      socket.on('keylog', line => lines.client.push(`${line}true`))
      await once(socket, 'session')
      const labels = (of: string[]) => of.map(line => line.replace(/[0-9a-f]{64,96}/g, given => `${given.length} digits`)).sort()
      return { client: labels(lines.client), server: labels(lines.server), same: `${lines.client.sort()}` === `${lines.server.sort()}` }
    },
  },
  {
    title: 'A pre-shared key that both ends know serves in the place of certificates',
    play: pair =>
      byKey(pair, { psk: Buffer.alloc(32, 7), identity: 'a device' }, identity => (identity === 'a device' ? Buffer.alloc(32, 7) : null)),
  },
  {
    title: 'pskCallback of a client is asked once for each connection',
    subject: 'client',
    async play({ client, server }) {
      const { port } = await serve(server, { ...pskOptions, pskCallback: () => Buffer.alloc(32, 7) })
      let asked = 0
      const pskCallback = () => ({ psk: Buffer.alloc(32, 7), identity: `${++asked}` })
      const socket = dial(client, port, { ...pskOptions, ca: undefined, pskCallback, checkServerIdentity: () => undefined })
      const within = asked
      await once(socket, 'secureConnect')
      return { within, asked }
    },
  },
  {
    title: 'A pre-shared key that the server does not know is refused',
    async play(pair) {
      const { mine, there } = await byKey(pair, { psk: Buffer.alloc(32, 7), identity: 'a stranger' }, () => null)
      return { mine, there }
    },
  },
  {
    title: 'A pre-shared key that is another one at the server is refused',
    async play(pair) {
      const { mine, there } = await byKey(pair, { psk: Buffer.alloc(32, 7), identity: 'a device' }, () => Buffer.alloc(32, 8))
      return { mine, there }
    },
  },
  {
    title: 'OCSPRequest gets certificate and issuer, its answer reaches OCSPResponse, and none is null',
    async play(pair) {
      const certificate = await authority.issue({ names: ['localhost'] })
      const staple = Buffer.from(await authority.ocsp({ certificates: [{ certificate, status: 'good' }] }))
      const outcomes = []
      for (const answer of [staple, null]) {
        const { server: listener, port } = await serve(pair.server, {
          cert: certificate.certificatePem,
          key: certificate.privateKeyPem,
          ca,
        })
        const asked: unknown[] = []
        listener.on('OCSPRequest', (leaf, issuer, done) => {
          asked.push(leaf.equals(Buffer.from(certificate.certificateDer)), issuer?.equals(Buffer.from(authority.certificateDer)) ?? null)
          setImmediate(done, null, answer)
        })
        const socket = dial(pair.client, port, { requestOCSP: true } as object)
        const log = watch(socket, ['OCSPResponse', 'secureConnect'])
        await once(socket, 'secureConnect')
        outcomes.push({ asked, log: log.map(([event, response]) => [event, response === `${staple.length} bytes`]) })
        const silent = dial(pair.client, port)
        await once(silent, 'secureConnect')
        outcomes.push(asked.length)
      }
      return outcomes
    },
  },
  {
    title: 'A client that asks for a response that the server has not gets null',
    async play(pair) {
      const { port } = await serve(pair.server)
      const socket = dial(pair.client, port, { requestOCSP: true } as object)
      const log: unknown[] = []
      socket.on('OCSPResponse', response => log.push(response))
      await once(socket, 'secureConnect')
      return log
    },
  },
  {
    title: 'OCSPRequest with an error ends the connection, and the server tells of it',
    async play(pair) {
      const { server: listener, port } = await serve(pair.server, serverFiles)
      listener.on('OCSPRequest', (_leaf, _issuer, done) =>
        done(Object.assign(new Error('no responder'), { code: 'E_OCSP' }), null as never),
      )
      const failed = once(listener, 'tlsClientError').then(([error]) => fault(error))
      const socket = dial(pair.client, port, { requestOCSP: true } as object)
      await closed(socket)
      return failed
    },
  },
  {
    title: 'renegotiate is false, and its callback gets the error of TLS 1.3; disableRenegotiation does nothing',
    async play(pair) {
      const { client } = await meet(pair)
      const told: unknown[] = [client.disableRenegotiation()]
      const error = await new Promise(resolve => told.push(client.renegotiate({}, resolve)))
      await settled()
      const { reason, library } = error as Record<string, unknown>
      return { told, error: fault(error), reason, library, destroyed: client.destroyed }
    },
  },
]
