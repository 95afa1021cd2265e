/** `tls.Server`: a TCP server whose connections speak TLS 1.3. */
import net, { type ServerOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import { coded, invalidType } from './errors.ts'
import { contextOf, createSecureContext, type SecureContext, type SecureContextOptions } from './secure-context.ts'
import { checkServerOptions, type ServerSideOptions } from './server-side.ts'
import { checkTicketKeys } from './session-tickets.ts'
import { TLSSocket } from './socket.ts'

export interface TlsOptions extends SecureContextOptions, Omit<ServerSideOptions, 'server'>, ServerOpts {
  /** Milliseconds until a handshake must be done. Default: 120,000. */
  handshakeTimeout?: number | undefined
  /** Whether a client that ends without close_notify is an error; to Node.js, and by default, it is the end. */
  rejectTruncation?: boolean | undefined
  /** Gone in TLS 1.3. */
  pskIdentityHint?: string | undefined
}

type SecureConnectionListener = (socket: TLSSocket) => void

/**
 * Events: `secureConnection` (socket), `tlsClientError` (error, socket), `newSession` (id, data, done), `resumeSession` (id, callback),
 * `OCSPRequest` (certificate, issuer, callback), `keylog` (line, socket), and those of a `net.Server`; `connection` may be emitted with any
 * Duplex. Whoever listens to `resumeSession` keeps the sessions; otherwise they are sealed into tickets.
 */
export class TlsServer extends net.Server {
  static override readonly name = 'Server'
  readonly #options: TlsOptions
  #context: SecureContext
  /** The names of `addContext`, the last one first. */
  readonly #contexts: { readonly pattern: RegExp; readonly context: SecureContext }[] = []

  constructor(listener?: SecureConnectionListener)
  constructor(options: TlsOptions, listener?: SecureConnectionListener)
  constructor(given: TlsOptions | SecureConnectionListener = {}, listener?: SecureConnectionListener) {
    const options = typeof given === 'function' ? {} : (given ?? {})
    if (typeof options !== 'object') throw invalidType('options', 'an object', options)
    const { handshakeTimeout = 120_000, pskIdentityHint: hint } = options
    if (hint !== undefined && hint !== null && typeof hint !== 'string') throw invalidType('options.pskIdentityHint', 'a string', hint)
    if (typeof handshakeTimeout !== 'number') throw invalidType('options.handshakeTimeout', 'a number', handshakeTimeout)
    // The stream above decides about half-open connections; the transport must not end before it does.
    super({ ...options, allowHalfOpen: true })
    this.#options = { ...options, handshakeTimeout: handshakeTimeout || 120_000 }
    this.#context = createSecureContext(options)
    // What is wrong with the rest is told here, and not to the first client.
    checkServerOptions(options)
    this.on('connection', (transport: Duplex) => this.#accept(transport))
    const onSecure = typeof given === 'function' ? given : listener
    if (onSecure) this.on('secureConnection', onSecure)
  }

  /** Certificates for clients that ask for `hostname`, in which `*` stands for one label. Of several that fit, the one added last serves. */
  addContext(hostname: string, context: SecureContext | SecureContextOptions): void {
    if (!hostname) throw coded(new Error('"servername" is required parameter for Server.addContext'), 'ERR_TLS_REQUIRED_SERVER_NAME')
    const escaped = hostname.replaceAll(/[.^$+?\\[\]{}()|/-]/g, '\\$&').replaceAll('*', '[^.]*')
    this.#contexts.unshift({ pattern: new RegExp(`^${escaped}$`, 'i'), context: contextOf(context) })
  }

  /** Other keys, certificates and so on for the connections to come. */
  setSecureContext(options: SecureContextOptions): void {
    if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
    this.#context = createSecureContext(options)
  }

  /** 48 bytes, secret: servers that have the same resume each other's sessions. */
  getTicketKeys(): Buffer {
    return this.#context.tickets.bytes
  }

  setTicketKeys(keys: Uint8Array): void {
    this.#context.tickets.bytes = checkTicketKeys(keys, 'keys')
  }

  #accept(transport: Duplex): void {
    const socket: TLSSocket = new TLSSocket(transport, this.#socketOptions(), error => this.emit('tlsClientError', error, socket))
    // As with Node.js, a connection that fails later must not take the process with it.
    socket.on('error', () => {})
    socket.once('secure', () => this.emit('secureConnection', socket))
  }

  #socketOptions() {
    const { ALPNCallback, ALPNProtocols, SNICallback, allowHalfOpen = false, enableTrace, handshakeTimeout, ...rest } = this.#options
    const { pskCallback, rejectTruncation, rejectUnauthorized, requestCert } = rest
    const own = (name: string, done: (error: null, context?: SecureContext) => void) => done(null, this.#contextFor(name))
    return {
      isServer: true,
      server: this,
      secureContext: this.#context,
      ALPNCallback,
      ALPNProtocols,
      SNICallback: SNICallback ?? own,
      allowHalfOpen,
      enableTrace,
      handshakeTimeout,
      pskCallback,
      rejectTruncation,
      rejectUnauthorized,
      requestCert,
    }
  }

  #contextFor(name: string): SecureContext | undefined {
    return this.#contexts.find(({ pattern }) => pattern.test(name))?.context
  }
}

/** As with Node.js's, `new` may be left out. */
export const Server: typeof TlsServer & ((...given: ConstructorParameters<typeof TlsServer>) => TlsServer) = new Proxy(TlsServer, {
  apply: (made, _this, given) => Reflect.construct(made, given),
}) as never
export type Server = TlsServer

/** As `new Server`. */
export function createServer(listener?: SecureConnectionListener): Server
export function createServer(options: TlsOptions, listener?: SecureConnectionListener): Server
export function createServer(options: TlsOptions | SecureConnectionListener = {}, listener?: SecureConnectionListener): Server {
  return typeof options === 'function' ? new Server(options) : new Server(options, listener)
}
