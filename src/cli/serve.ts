/** `tassel serve`: a TLS 1.3 server for trying things out. */
import { once } from 'node:events'
import { createServer as createTcpServer, type Server } from 'node:net'
import type { CryptoProvider } from '../crypto/provider.ts'
import { createServer } from '../index.ts'
import { TlsStream, TransportError } from '../node/index.ts'
import type { Identity, ServerOptions } from '../types.ts'
import { loadIdentity, referenceName } from '../x509/index.ts'
import { createPageServer } from './http.ts'
import type { Io } from './io.ts'
import { engineOptions, identityOption, sharedOptions, trustOption, writeText } from './options.ts'
import { createReporter, formatAddress } from './report.ts'
import { follow, joinStandardStreams } from './session.ts'
import { type ExitCode, exitCodes, orUsageError, parseArguments, parsePort, UsageError, type Values } from './usage.ts'

export const serveHelp = `tassel serve (--cert FILE --key FILE | --self-signed NAME) [options]

Serves TLS 1.3 connections, many at once, until it is interrupted. Prints "listening on HOST:PORT" to standard output once it does, and what
becomes of each connection to standard error. A client that misbehaves costs its own connection alone; one that
is not done with its handshake in 30 seconds is cut off. Without --echo or --http the clients'
data goes to standard output; standard input goes to the client with --once, and is not read without.

  --host HOST           the address to listen on (default: 127.0.0.1)
  --port PORT           default: 4433; 0 picks a free one
  --cert FILE --key FILE  the certificate chain, the server's own first, and its private key, PEM
  --self-signed NAME    a fresh key and a certificate for this DNS name or IP address, made on the spot
  --cert-out FILE       write the self-signed certificate to this PEM file, for tassel connect --ca FILE
  --echo                send back what comes
  --http                answer every HTTP/1.1 request with a page about its connection
  --once                serve one connection, end with its exit status
  --client-auth MODE    request or require a certificate from the client; --ca FILE says whom to believe
  --alpn A,B            application protocols, preferred first (with --http: http/1.1)
  --groups A,B          key exchange groups, preferred first (x25519, P-256, ...)
  --ciphers A,B         cipher suites, preferred first
  --sigalgs A,B         signature schemes, preferred first
  --keylog FILE         append the secrets in the NSS key log format (for Wireshark)
  --provider NAME       node (default) or noble
  --json                everything it says as one JSON object a line
  -h, --help

Exit status: 0 interrupted, or with --once closed in order; 1 TLS failed (--once); 2 wrong usage; 3 the transport failed.
`

const options = {
  ...sharedOptions,
  'cert-out': { type: 'string' },
  'client-auth': { type: 'string' },
  echo: { type: 'boolean' },
  host: { type: 'string' },
  http: { type: 'boolean' },
  once: { type: 'boolean' },
  port: { type: 'string' },
  'self-signed': { type: 'string' },
} as const

type ServeValues = Values<typeof options>

/** Runs the command; resolves with the exit status. `UsageError` before it listens. */
export async function serve(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options)
  if (values.help) {
    io.stdout.write(serveHelp)
    return exitCodes.ok
  }
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is too much: serve takes options only`)
  if (values.echo && values.http) throw new UsageError('either --echo or --http')
  const port = parsePort(values.port ?? '4433', 0)
  const engine = await serverOptions(values)
  const server = createTcpServer({ allowHalfOpen: true, noDelay: true })
  const result = serveConnections(server, engine, values, io)
  try {
    server.listen(port, values.host ?? '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    throw transportError(error)
  }
  return result
}

/** Resolves when the command is over: after the one connection of `--once`, or when the user stops it. */
function serveConnections(server: Server, engine: ServerOptions, values: ServeValues, io: Io): Promise<ExitCode> {
  const reporter = createReporter({ json: values.json ?? false, data: io.stdout, notes: io.stderr })
  const handle = handler(values, io)
  const open = new Set<TlsStream>()
  let count = 0
  server.once('listening', () => {
    // From here on an error is one of accepting (no more descriptors): it costs the connection that was not accepted.
    server.on('error', error => reporter.failed(transportError(error), { remote: 'a new connection' }))
    const address = server.address()
    if (address !== null && typeof address === 'object') reporter.listening({ host: address.address, port: address.port })
  })
  return new Promise(resolve => {
    server.on('connection', socket => {
      const stream = TlsStream.server(socket, { ...engine, allowHalfOpen: values.once ?? false })
      const remote = formatAddress(socket.remoteAddress ?? 'gone', socket.remotePort ?? 0)
      const followed = follow(stream, reporter, { connection: ++count, remote })
      open.add(stream)
      stream.once('secureConnect', () => handle(stream)).once('close', () => open.delete(stream))
      if (!values.once) return
      server.close()
      followed.then(code => resolve(io.stop.aborted ? exitCodes.interrupted : code))
    })
    const stop = () => {
      server.close()
      for (const stream of open) stream.destroy()
      if (!values.once || count === 0) resolve(values.once ? exitCodes.interrupted : exitCodes.ok)
    }
    io.stop.addEventListener('abort', stop)
    io.stdout.once('error', stop)
  })
}

function transportError(error: unknown): TransportError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'ERR_LISTEN'
  return new TransportError(code, error instanceof Error ? error.message : String(error), { cause: error })
}

function handler(values: ServeValues, io: Io): (stream: TlsStream) => void {
  if (values.http) return createPageServer()
  if (values.echo) return stream => void stream.pipe(stream)
  if (values.once) return stream => joinStandardStreams(stream, io)
  io.stdout.setMaxListeners(0)
  return stream => void stream.pipe(io.stdout, { end: false })
}

async function serverOptions(values: ServeValues): Promise<ServerOptions> {
  if (values.http && values.alpn !== undefined) throw new UsageError('--http speaks http/1.1 only: it does not go with --alpn')
  const common = engineOptions(values)
  const engine: ServerOptions = {
    ...common,
    ...(values.http ? { alpn: ['http/1.1'] } : {}),
    ...clientAuthentication(values, common.crypto),
    identity: await serverIdentity(values, common.crypto),
    now: Date.now,
  }
  // A mistake in the options is told here, not to the first client.
  orUsageError(() => createServer(engine))
  return engine
}

async function serverIdentity(values: ServeValues, crypto: CryptoProvider): Promise<Identity> {
  const { 'self-signed': name, 'cert-out': out } = values
  const given = identityOption(values, crypto)
  if ((given === undefined) === (name === undefined)) throw new UsageError('either --cert FILE --key FILE or --self-signed NAME')
  if (out !== undefined && name === undefined) throw new UsageError('--cert-out writes the certificate of --self-signed, which is missing')
  return given ?? selfSigned(name ?? '', out, crypto)
}

/** A fresh key and a certificate for `name`; the certificate goes to the file `out`, the key stays here. */
async function selfSigned(name: string, out: string | undefined, crypto: CryptoProvider): Promise<Identity> {
  orUsageError(() => referenceName(name), '--self-signed: ')
  // Loaded where it is wanted: minting needs a library that nothing else of the command does.
  const { mintSelfSigned } = await import('../testing/certificates.ts')
  const { certificatePem: cert, privateKeyPem: key } = await mintSelfSigned({ names: [name] })
  if (out !== undefined) writeText('cert-out', out, cert)
  return loadIdentity({ cert, key, crypto })
}

function clientAuthentication(values: ServeValues, crypto: CryptoProvider): Pick<ServerOptions, 'clientAuth' | 'trust'> {
  const mode = values['client-auth']
  if (mode === undefined) {
    if (values.ca !== undefined) throw new UsageError('--ca says whose client certificates to believe: it needs --client-auth')
    return {}
  }
  if (mode !== 'request' && mode !== 'require') throw new UsageError(`--client-auth: "${mode}" is unknown; known: request, require`)
  if (values.ca === undefined) throw new UsageError('--client-auth needs --ca FILE: whose client certificates to believe')
  return { clientAuth: mode, trust: trustOption(values.ca, crypto) }
}
