/** @reclaimprotocol/tls, by `makeTLSClient` on a socket, with either of its two implementations of cryptography. */
import { EventEmitter, once } from 'node:events'
import { load } from './installed.ts'
import { Answer, closeSocket, kept, type Library, type Line, openSocket, settled, type Target } from './library.ts'

type Opaque = Readonly<Record<string, unknown>>

interface Reclaim {
  setCryptoImplementation(implementation: Opaque): void
  loadX509FromPem(pem: string): Opaque
  makeTLSClient(options: {
    host: string
    verifyServerCertificate: true
    rootCAs: readonly Opaque[]
    cipherSuites: readonly string[]
    namedCurves: readonly string[]
    supportedProtocolVersions: readonly string[]
    logger: Readonly<Record<'info' | 'debug' | 'trace' | 'warn' | 'error', () => void>>
    write(packet: { header: Uint8Array; content: Uint8Array }): void
    onHandshake(): void
    onApplicationData(data: Uint8Array): void
    onTlsEnd(error?: Error): void
  }): {
    startHandshake(): Promise<void>
    handleReceivedBytes(data: Uint8Array): Promise<void>
    write(data: Uint8Array): Promise<void>
  }
}

export async function reclaim(kind: 'WebCrypto' | 'pure'): Promise<Library> {
  const library = await load<Reclaim>('@reclaimprotocol/tls', 'lib/index.js')
  const implementation = await implementations[kind]()
  const rootOf = kept(pem => library.loadX509FromPem(pem))
  return {
    name: `@reclaimprotocol/tls (${kind})`,
    async connect(target) {
      // It is the whole module's; but one connection is open at a time.
      library.setCryptoImplementation(implementation)
      return open(library, target, rootOf(target.rootPem))
    },
  }
}

const implementations = {
  async WebCrypto() {
    return (await load<{ webcryptoCrypto: Opaque }>('@reclaimprotocol/tls', 'lib/crypto/webcrypto.js')).webcryptoCrypto
  },
  async pure() {
    return (await load<{ pureJsCrypto: Opaque }>('@reclaimprotocol/tls', 'lib/crypto/pure-js.js')).pureJsCrypto
  },
}

async function open({ makeTLSClient }: Reclaim, target: Target, root: Opaque): Promise<Line> {
  const socket = await openSocket(target)
  const answer = new Answer()
  const events = new EventEmitter().on('error', answer.fail)
  const fail = (error = new Error('the connection was ended')) => void events.emit('error', error)
  const tls = makeTLSClient({
    host: target.serverName,
    verifyServerCertificate: true,
    rootCAs: [root],
    cipherSuites: [target.cipherSuite],
    namedCurves: [curves[target.group] ?? target.group],
    supportedProtocolVersions: ['TLS1_3'],
    logger: silent,
    write({ header, content }) {
      // What belongs together is sent together, in one system call.
      socket.cork()
      socket.write(header)
      socket.write(content)
      process.nextTick(() => socket.uncork())
    },
    onHandshake: () => events.emit('handshake'),
    onApplicationData: answer.take,
    onTlsEnd: fail,
  })
  socket.on('data', data => void tls.handleReceivedBytes(data).catch(fail)).on('error', fail)
  tls.startHandshake().catch(fail)
  await settled(once(events, 'handshake'), socket)
  return {
    ask(request, size, see) {
      const answered = answer.expect(size, see)
      tls.write(request).catch(fail)
      return answered
    },
    close: () => closeSocket(socket),
  }
}

/** Its names for groups. */
const curves: Readonly<Record<string, string>> = { x25519: 'X25519', secp256r1: 'SECP256R1' }

const silence = () => {}
const silent = { info: silence, debug: silence, trace: silence, warn: silence, error: silence }
