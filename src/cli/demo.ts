/**
 * `npm start`: the whole of Tassel once. A certificate made on the spot, our server on a loopback port, our client that verifies it, the
 * handshake message by message, an HTTP exchange over it, and OpenSSL as the other side where it is installed. Ends with status 1 if
 * anything of it failed.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createNobleProvider } from '../crypto/noble.ts'
import { type ConnectOptions, connectTls, createNodeProvider, serveTls, type TlsStream } from '../node/index.ts'
import { mintAuthority } from '../testing/certificates.ts'
import type { ConnectionInfo, Identity, TrustStore } from '../types.ts'
import { createTrustStore, loadIdentity } from '../x509/index.ts'
import { diagram, recorder } from './demo/diagram.ts'
import { opensslClient, opensslServer, opensslVersion } from './demo/openssl.ts'
import { failure, heading, paint, print, success } from './demo/print.ts'
import { createPageServer } from './http.ts'

const name = 'demo.tassel.example'
const serverCrypto = createNodeProvider()
const clientCrypto = createNobleProvider({ random: serverCrypto.random })

async function main(): Promise<void> {
  print(`${paint('bold', 'Tassel')}: TLS 1.3 in TypeScript, on Node.js ${process.version}`)
  const folder = mkdtempSync(join(tmpdir(), 'tassel-demo-'))
  try {
    const certificates = await mint(folder)
    const { port, close } = await startServer(certificates)
    try {
      await ourselves(port, certificates.trust)
      await openssl(port, certificates)
    } finally {
      for (const stream of streams) stream.destroy()
      close()
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Certificates {
  readonly identity: Identity
  readonly trust: TrustStore
  /** The same as PEM files, for OpenSSL. */
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string }
}

async function mint(folder: string): Promise<Certificates> {
  heading('Certificates, made on the spot')
  const started = performance.now()
  const authority = await mintAuthority({ name: 'Tassel demo authority' })
  const server = await authority.issue({ names: [name] })
  const files = { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  writeFileSync(files.ca, authority.certificatePem)
  writeFileSync(files.cert, server.certificatePem)
  writeFileSync(files.key, server.privateKeyPem, { mode: 0o600 })
  success(`CN=${name}, issued by CN=Tassel demo authority`, performance.now() - started)
  return {
    identity: loadIdentity({ cert: server.certificatePem, key: server.privateKeyPem, crypto: serverCrypto }),
    trust: createTrustStore({ roots: [authority.certificateDer], crypto: clientCrypto }),
    files,
  }
}

async function startServer({ identity }: Certificates): Promise<{ port: number; close: () => void }> {
  const server = serveTls({ identity, alpn: ['http/1.1'], crypto: serverCrypto }, createPageServer()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() }
}

/** Our client against our server, each on its own provider. */
async function ourselves(port: number, trust: TrustStore): Promise<void> {
  heading(`Handshake over 127.0.0.1:${port}`)
  const client = `client, on the provider ${clientCrypto.name}`.padEnd(35)
  print(paint('dim', `${' '.repeat(14)}${client}server, on the provider ${serverCrypto.name}`))
  const { passages, trace } = recorder()
  const started = performance.now()
  const stream = connect(port, { trust, alpn: ['http/1.1'], trace })
  const info = await stream.connected()
  const after = performance.now() - started
  for (const line of diagram(passages)) print(line)
  success(agreed(info), after)
  check(info.peer?.verified === true && info.alpn === 'http/1.1', `verified against the authority: ${info.peer?.subjects.join(', ')}`)

  heading('HTTP over it')
  const asked = performance.now()
  const { response, page } = await get(stream, '/')
  const { httpVersion, statusCode, statusMessage, headers } = response
  check(
    statusCode === 200 && page.includes(info.cipherSuite),
    `GET / → HTTP/${httpVersion} ${statusCode} ${statusMessage}, ${page.length} bytes of ${headers['content-type']}`,
    performance.now() - asked,
  )
  if (!stream.closed) await once(stream, 'close')
  check(stream.errored === null, `closed in order by both sides: ${stream.bytesWritten} bytes sent, ${stream.bytesRead} received`)

  const again = performance.now()
  const second = connect(port, { trust })
  await second.connected()
  success('and once more, now that the code is warm', performance.now() - again)
  second.end().resume()
  await once(second, 'close')
}

async function openssl(port: number, { files, trust }: Certificates): Promise<void> {
  const version = await opensslVersion()
  heading(version ?? 'OpenSSL')
  if (version === undefined) {
    print(paint('dim', '  not on this machine: skipped'))
    return
  }
  const asked = performance.now()
  const { answer, summary } = await opensslClient({ port, name, ca: files.ca })
  const suite = /^Ciphersuite: (\S+)$/m.exec(summary)?.[1]
  check(
    answer.startsWith('HTTP/1.1 200 OK') && suite !== undefined,
    `openssl s_client → our server: ${suite}, ${firstLine(answer)}`,
    performance.now() - asked,
  )

  const other = await opensslServer(files)
  try {
    const started = performance.now()
    const stream = connect(other.port, { trust })
    const info = await stream.connected()
    stream.write('GET / HTTP/1.0\r\n\r\n')
    const page = await text(stream)
    check(
      page.includes('TLSv1.3') && page.includes(info.cipherSuite),
      `our client → openssl s_server: ${info.cipherSuite}, ${firstLine(page)}`,
      performance.now() - started,
    )
  } finally {
    other.stop()
  }
}

/** Whatever fails, `main` leaves none of them open. */
const streams: TlsStream[] = []

function connect(port: number, options: Pick<ConnectOptions, 'trust' | 'alpn' | 'trace'>): TlsStream {
  const stream = connectTls({ host: '127.0.0.1', port, serverName: name, identity: null, crypto: clientCrypto, ...options })
  streams.push(stream)
  return stream
}

async function get(stream: TlsStream, path: string): Promise<{ response: IncomingMessage; page: string }> {
  const [response]: IncomingMessage[] = await once(request({ createConnection: () => stream, host: name, path }).end(), 'response')
  if (response === undefined) throw new Error('there was no response')
  return { response, page: await text(response) }
}

function check(holds: boolean, what: string, milliseconds?: number): void {
  if (!holds) throw new Error(what)
  success(what, milliseconds)
}

function agreed(info: ConnectionInfo): string {
  return [info.protocolVersion, info.cipherSuite, info.group, info.signatureScheme, `alpn ${info.alpn}`].join(', ')
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf('\r\n'))
}

// Nothing here waits for long; whatever hangs must not hang for ever.
setTimeout(() => {
  failure('not done within 20 seconds')
  process.exit(1)
}, 20_000).unref()

try {
  await main()
} catch (error) {
  failure(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
