/** `tls.connect`: a client's connection in one call. */
import { isIP, Socket, type SocketConstructorOpts, type TcpNetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import { coded, invalidType } from './errors.ts'
import { TLSSocket, type TLSSocketOptions } from './socket.ts'

export interface ConnectionOptions
  extends Omit<TLSSocketOptions, 'isServer' | 'server' | 'SNICallback' | 'ALPNCallback' | 'requestCert' | 'pskCallback' | 'host'>,
    Partial<Omit<TcpNetConnectOpts, 'port' | 'host' | 'timeout' | 'onread'>>,
    Pick<SocketConstructorOpts, 'signal'> {
  host?: string | undefined
  port?: number | string | undefined
  /** A local socket, in the place of `host` and `port`. */
  path?: string | undefined
  /** What carries the connection, in the place of a new one: a stream that is open, or on its way. */
  socket?: Duplex | undefined
  /** Milliseconds of silence until `timeout`. */
  timeout?: number | undefined
  pskCallback?: TLSSocketOptions['pskCallback']
  /** Gone in TLS 1.3. */
  minDHSize?: number | undefined
}

type Listener = () => void

/** Connects; `secureConnect` follows, on which `connected` is called. Arguments as for `net.connect`, with the options last. */
export function connect(options: ConnectionOptions, connected?: Listener): TLSSocket
export function connect(port: number, host?: string, options?: ConnectionOptions, connected?: Listener): TLSSocket
export function connect(port: number, options?: ConnectionOptions, connected?: Listener): TLSSocket
export function connect(path: string, options?: ConnectionOptions, connected?: Listener): TLSSocket
export function connect(...args: unknown[]): TLSSocket {
  const { options, connected } = normalized(args)
  const socket = options.socket ? overStream(options, options.socket) : overTcp(options)
  if (connected) socket.once('secureConnect', connected)
  return socket
}

/** The stream first: a mistake in the options must not leave a connection behind. */
function overTcp(options: ConnectionOptions): TLSSocket {
  const { timeout, signal, path, port } = options
  if (port === undefined && path === undefined) {
    throw coded(new TypeError('The "options" or "port" or "path" argument must be specified'), 'ERR_MISSING_ARGS')
  }
  const transport = new Socket({ allowHalfOpen: true, ...(signal && { signal }) })
  const socket = new TLSSocket(transport, { ...clientOptions(options), allowHalfOpen: options.allowHalfOpen ?? false })
  try {
    if (timeout) socket.setTimeout(timeout)
    Reflect.apply(transport.connect, transport, [{ ...options, socket: undefined, timeout: undefined, onread: undefined }])
    return socket
  } catch (mistake) {
    // Nobody has the stream: nothing of it may go on.
    socket.destroy()
    throw mistake
  }
}

function overStream(options: ConnectionOptions, stream: Duplex): TLSSocket {
  return new TLSSocket(stream, { ...clientOptions(options), onread: undefined })
}

function clientOptions(options: ConnectionOptions): TLSSocketOptions {
  const { servername, host, port, path, localAddress, minDHSize = 1024 } = options
  if (typeof minDHSize !== 'number' || !(minDHSize > 0)) throw invalidType('options.minDHSize', 'a positive number', minDHSize)
  if (servername && isIP(servername)) warnOfAddress()
  return { ...options, isServer: false, host, destination: { path, host, port, localAddress } }
}

/** DEP0123: an IP address is no server name (RFC 6066 §3); it is not sent. */
function warnOfAddress(): void {
  if (warned) return
  warned = true
  process.emitWarning(
    'Setting the TLS ServerName to an IP address is not permitted by RFC 6066. It is not sent.',
    'DeprecationWarning',
    'DEP0123',
  )
}

let warned = false

function normalized(args: readonly unknown[]): { options: ConnectionOptions; connected: Listener | undefined } {
  const connected = args.find(each => typeof each === 'function') as Listener | undefined
  const [first, second] = args
  const named = args.filter(each => typeof each === 'object' && each !== null)
  const place =
    typeof first === 'object' ? {} : isPath(first) ? { path: first } : { port: first, ...(typeof second === 'string' && { host: second }) }
  return { options: Object.assign({}, place, ...named) as ConnectionOptions, connected }
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && !/^\d+$/.test(value)
}
