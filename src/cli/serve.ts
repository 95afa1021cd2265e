/** `tassel serve`: a TLS 1.3 server for trying things out. */
import { once } from 'node:events'
import { createServer as createTcpServer, type Server } from 'node:net'
import type { CryptoProvider } from '../crypto/provider.ts'
import { createServer } from '../index.ts'
import { TicketKeyRing, TlsStream, TransportError } from '../node/index.ts'
import type { Identity, ServerOptions } from '../types.ts'
import { loadIdentity, referenceName } from '../x509/index.ts'
import { parseExport } from './export.ts'
import { readBytes, writeText } from './files.ts'
import { createPageServer } from './http.ts'
import type { Io } from './io.ts'
import { certificateTypes, engineOptions, identityAs, identityOption, sharedHelp, sharedOptions } from './options.ts'
import { createReporter, formatAddress } from './report.ts'
import { follow, joinStandardStreams, type Plan } from './session.ts'
import { anyTrustFlag, trustOption } from './trust.ts'
import { type ExitCode, exitCodes, orUsageError, parseArguments, parseCount, parsePort, UsageError, type Values } from './usage.ts'

export const serveHelp = `tassel serve (--cert FILE --key FILE | --pfx FILE | --self-signed NAME | --psk IDENTITY:HEX) [options]

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
  --post-handshake-auth  ask for the client's certificate as soon as it is connected, where it offers that; --ca FILE as above
  --tickets N           sessions for each connection (default: 2), 0 to 255; their keys live as long as the command
  --max-early-data N    bytes of early data to take with a session (default: 0). They come first in the data, and may be replayed
  --ocsp FILE           staple this OCSP response, DER, where the client asks
${sharedHelp}
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
  'max-early-data': { type: 'string' },
  ocsp: { type: 'string' },
  once: { type: 'boolean' },
  port: { type: 'string' },
  'self-signed': { type: 'string' },
  tickets: { type: 'string' },
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
  const exported = parseExport(values.export)
  const engine = await serverOptions(values)
  const plan = { exported, updateKeys: values['key-update'], requestCertificate: values['post-handshake-auth'] }
  const server = createTcpServer({ allowHalfOpen: true, noDelay: true })
  const result = serveConnections(server, engine, { values, plan, io })
  try {
    server.listen(port, values.host ?? '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    throw transportError(error)
  }
  return result
}

/** Resolves when the command is over: after the one connection of `--once`, or when the user stops it. */
function serveConnections(
  server: Server,
  engine: ServerOptions,
  { values, plan, io }: { values: ServeValues; plan: Plan; io: Io },
): Promise<ExitCode> {
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
      const followed = follow(stream, reporter, { connection: ++count, remote }, plan)
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
  const types = certificateTypes(values)
  const identity = await serverIdentity(values, common.crypto)
  const engine: ServerOptions = {
    ...common,
    ...(values.http ? { alpn: ['http/1.1'] } : {}),
    ...clientAuthentication(values, common.crypto),
    ...sessions(values, common.crypto),
    serverCertificateTypes: types,
    clientCertificateTypes: types,
    // None at all where there are PSKs alone.
    identity: identity ? types.map(type => identityAs(type, identity)) : [],
    now: Date.now,
  }
  // A mistake in the options is told here, not to the first client.
  orUsageError(() => createServer(engine))
  return engine
}

/** `undefined` where the PSKs have to do. */
async function serverIdentity(values: ServeValues, crypto: CryptoProvider): Promise<Identity | undefined> {
  const { 'self-signed': name, 'cert-out': out, ocsp } = values
  const given = identityOption(values, crypto)
  const byPsk = values.psk !== undefined || values['psk-imported'] !== undefined
  const none = given === undefined && name === undefined
  if ((none && !byPsk) || (given !== undefined && name !== undefined))
    throw new UsageError('either --cert FILE --key FILE, or --pfx FILE, or --self-signed NAME; with --psk, none of them is needed')
  if (out !== undefined && name === undefined) throw new UsageError('--cert-out writes the certificate of --self-signed, which is missing')
  if (none && ocsp !== undefined) throw new UsageError('--ocsp is about a certificate: it needs --cert and --key, --pfx, or --self-signed')
  if (none) return undefined
  const staple = ocsp === undefined ? {} : { ocsp: readOcsp(ocsp) }
  return { ...(given ?? (await selfSigned(name ?? '', out, crypto))), ...staple }
}

function readOcsp(file: string): Uint8Array {
  const response = readBytes('ocsp', file)
  if (response[0] !== derSequence) throw new UsageError(`--ocsp ${file}: this is no OCSP response in DER`)
  if (response.length > longestOcsp) throw new UsageError(`--ocsp ${file}: ${response.length} bytes, at most ${longestOcsp} are stapled`)
  return response
}

/** The tag that every OCSPResponse begins with (RFC 6960 §4.2.1). */
const derSequence = 0x30
/** Bytes: well within the message that clients read. */
const longestOcsp = 65_536

/** Sessions are sealed into tickets; the keys are gone with the process, and with them the sessions. */
function sessions(
  values: ServeValues,
  { random }: CryptoProvider,
): Pick<ServerOptions, 'tickets' | 'ticketCount' | 'maxEarlyData' | 'limits'> {
  const ticketCount = parseCount('tickets', values.tickets ?? '2', 0, 255)
  const maxEarlyData = parseCount('max-early-data', values['max-early-data'] ?? '0', 0, 2 ** 32 - 1)
  // What an earlier process allowed may have to be passed over by this one, records and all.
  const limits = { skippedEarlyData: Math.max(2 ** 16, 2 * maxEarlyData) }
  if (ticketCount > 0) return { tickets: new TicketKeyRing({ random }), ticketCount, maxEarlyData, limits }
  if (maxEarlyData > 0) throw new UsageError('--max-early-data comes with sessions: it does not go with --tickets 0')
  return { tickets: 'none' }
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
  const { ca, 'client-auth': mode, 'post-handshake-auth': later } = values
  if (mode !== undefined && mode !== 'request' && mode !== 'require')
    throw new UsageError(`--client-auth: "${mode}" is unknown; known: request, require`)
  if (mode === undefined && !later) {
    const flag = anyTrustFlag(values)
    if (flag) throw new UsageError(`${flag} says which client certificates to believe: it needs --client-auth`)
    return {}
  }
  const asking = mode === undefined ? '--post-handshake-auth' : '--client-auth'
  if (ca === undefined) throw new UsageError(`${asking} needs --ca FILE: whose client certificates to believe`)
  return { ...(mode && { clientAuth: mode }), trust: trustOption(values, crypto) }
}
