/** What is thrown for arguments that can not be, by each function that takes some. */
import { constants } from 'node:crypto'
import net from 'node:net'
import { Duplex, duplexPair } from 'node:stream'
import { attempt, ca, type Scenario, serverFiles, type Tls } from './stage.ts'

/** The options that a context does not take, and some that it does. */
const contexts: readonly object[] = [
  { cert: 3 },
  { cert: 'no PEM' },
  { cert: {} },
  { key: 3, cert: serverFiles.cert },
  { key: 'no PEM', cert: serverFiles.cert },
  { key: serverFiles.key, cert: ca },
  { ca: 3 },
  { ca: 'no PEM' },
  { ca: [serverFiles.cert, 3] },
  { crl: 3 },
  { crl: 'no PEM' },
  { pfx: 3 },
  { ciphers: 3 },
  { ciphers: 'NO-SUCH-SUITE' },
  { ciphers: '' },
  { ecdhCurve: 3 },
  { ecdhCurve: 'no such curve' },
  { ecdhCurve: 'X25519:P-256' },
  { sigalgs: 3 },
  { sigalgs: '' },
  { sigalgs: 'no such algorithm' },
  { minVersion: 'TLSv9' },
  { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' },
  { maxVersion: 3 },
  { secureProtocol: 'no such method' },
  { secureProtocol: 3 },
  { secureProtocol: 'TLS_method', minVersion: 'TLSv1.3' },
  { secureProtocol: 'SSLv2_method' },
  { secureProtocol: 'SSLv3_method' },
  { sessionTimeout: 'soon' },
  { sessionTimeout: -1 },
  { sessionIdContext: 3 },
  { ticketKeys: 'text' },
  { ticketKeys: Buffer.alloc(47) },
  { passphrase: 3, key: serverFiles.key, cert: serverFiles.cert },
  { secureOptions: 'all' },
  { dhparam: 'auto' },
  { dhparam: 3 },
  { honorCipherOrder: 'yes' },
  { clientCertEngine: 3 },
  { privateKeyEngine: 3 },
  { privateKeyIdentifier: 3, privateKeyEngine: 'x' },
  {},
  { allowPartialTrustChain: 3 },
]

/** Whether it throws, and what. */
function trials(cases: readonly unknown[], act: (given: never) => unknown): unknown[] {
  return cases.map(given => [JSON.stringify(given)?.slice(0, 60), attempt(() => void act(given as never))])
}

function connecting(tls: Tls, options: unknown): void {
  const socket = tls.connect(options as never)
  socket.on('error', () => {})
  socket.destroy()
}

export const misuse: readonly Scenario[] = [
  {
    title: 'createSecureContext minds its options',
    subject: 'one',
    play: ({ server }) => trials(contexts, server.createSecureContext),
  },
  {
    title: 'createServer minds its options, those of a context too',
    subject: 'one',
    play: ({ server }) =>
      trials(
        [
          ...contexts.slice(0, 12),
          { handshakeTimeout: 'soon' },
          { handshakeTimeout: -1 },
          { SNICallback: 3 },
          { ALPNCallback: 3 },
          { ALPNCallback: 'x', ALPNProtocols: ['a'] },
          { pskCallback: 3 },
          { pskIdentityHint: 3 },
          { pskIdentityHint: 'x', pskCallback: null },
          { ALPNProtocols: 3 },
          { ALPNProtocols: ['x'.repeat(256)] },
          { requestCert: 'yes' },
          { rejectUnauthorized: 3 },
          { enableTrace: 3 },
          'text',
          3,
          null,
          undefined,
        ],
        given => server.createServer(given),
      ),
  },
  {
    title: 'connect minds its options',
    subject: 'one',
    play: ({ client }) =>
      trials(
        [
          {},
          { port: -1 },
          { port: 65_536 },
          { port: 'x' },
          { port: 1, host: 3 },
          { port: 1, checkServerIdentity: 3 },
          { port: 1, ALPNProtocols: ['x'.repeat(256)] },
          { port: 1, minDHSize: 0 },
          { port: 1, minDHSize: 'x' },
          { port: 1, pskCallback: 3 },
          { port: 1, enableTrace: 3 },
          { port: 1, timeout: 'x' },
          { port: 1, secureContext: {} },
          { port: 1, minVersion: 'TLSv9' },
          { path: 3 },
        ],
        given => connecting(client, given),
      ),
  },
  {
    title: 'TLSSocket minds its arguments',
    subject: 'one',
    play: ({ server }) =>
      trials(
        [
          { isServer: true },
          { isServer: true, secureContext: {} },
          { enableTrace: 3 },
          { isServer: true, SNICallback: 3 },
          { pskCallback: 3 },
        ],
        given => {
          const [, far] = duplexPair()
          new server.TLSSocket(far as never, given).on('error', () => {}).destroy()
        },
      ),
  },
  {
    title: 'The methods of a server mind their arguments',
    subject: 'one',
    play({ server }) {
      const listener = server.createServer(serverFiles)
      return [
        ...trials(['', undefined, null], given => listener.addContext(given, {})),
        ...trials([null, undefined, 3, 'x', {}], given => listener.addContext('a', given)),
        ...trials([null, undefined, 3, 'x', {}, { cert: 3 }], given => listener.setSecureContext(given)),
        ...trials([null, undefined, 3, 'x', Buffer.alloc(1), new DataView(new ArrayBuffer(48)), new Uint8Array(48)], given =>
          listener.setTicketKeys(given),
        ),
        attempt(() => Buffer.isBuffer(listener.getTicketKeys())),
      ]
    },
  },
  {
    title: 'The methods of a socket mind their arguments',
    subject: 'one',
    play({ client }) {
      const socket = client.connect({ socket: duplexPair()[0], ca })
      socket.on('error', () => {})
      const outcome = [
        ...trials([null, undefined, 3, 'x'], given => socket.renegotiate(given, () => {})),
        ...trials([3, 'x', {}], given => socket.renegotiate({}, given)),
        ...[0, 511, 512, 16_384, 16_385, 'x', undefined].map(given => attempt(() => socket.setMaxSendFragment(given as never))),
      ]
      socket.destroy()
      return outcome
    },
  },
  {
    title: 'convertALPNProtocols takes lists and views, and minds lengths',
    subject: 'one',
    play({ client }) {
      const cases = [
        ['a', 'bc'],
        [],
        Buffer.from('\x01a'),
        new Uint8Array([1, 97]),
        new DataView(new ArrayBuffer(2)),
        3,
        'text',
        undefined,
        {},
        ['x'.repeat(256)],
        [''],
      ]
      const convert = Reflect.get(client, 'convertALPNProtocols') as (given: unknown, out: { ALPNProtocols?: Buffer }) => void
      return cases.map(given => {
        const out: { ALPNProtocols?: Buffer } = {}
        return [attempt(() => convert(given, out)), out.ALPNProtocols && Buffer.from(out.ALPNProtocols).toString('hex')]
      })
    },
  },
  {
    title: 'Server is made with new and without, and the classes are what they say',
    subject: 'one',
    play({ server }) {
      const made = (server.Server as unknown as (options: object) => object)(serverFiles)
      return {
        server: made instanceof server.Server && made instanceof net.Server,
        created: server.createServer() instanceof net.Server,
        context: server.createSecureContext() instanceof (Reflect.get(server, 'SecureContext') as new () => object),
        names: [server.TLSSocket.name, server.Server.name, server.connect.name, server.createServer.name],
      }
    },
  },
  {
    title: 'A TLSSocket is what its documentation says that it extends',
    subject: 'one',
    play({ client }) {
      const socket = client.connect({ socket: duplexPair()[0], ca }).on('error', () => {})
      socket.destroy()
      return { stream: socket instanceof Duplex, socket: socket instanceof net.Socket, own: socket instanceof client.TLSSocket }
    },
  },
  {
    title: 'Options that leave out TLS 1.3',
    subject: 'one',
    play: ({ server }) =>
      trials(
        [{ maxVersion: 'TLSv1.2' }, { secureProtocol: 'TLSv1_2_method' }, { secureOptions: constants.SSL_OP_NO_TLSv1_3 }],
        server.createSecureContext,
      ),
  },
  {
    title: 'The constants of the module, and what is exported',
    subject: 'one',
    play: ({ client }) => ({
      // Newer than Node 20.
      names: Object.keys(client)
        .filter(name => name !== 'getCACertificates')
        .sort(),
      limits: [client.CLIENT_RENEG_LIMIT, client.CLIENT_RENEG_WINDOW],
      curve: client.DEFAULT_ECDH_CURVE,
      max: client.DEFAULT_MAX_VERSION,
      roots: [Array.isArray(client.rootCertificates), Object.isFrozen(client.rootCertificates), client.rootCertificates.length > 100],
      suites: client
        .getCiphers()
        .filter(name => name.startsWith('tls_'))
        .sort(),
    }),
  },
]
