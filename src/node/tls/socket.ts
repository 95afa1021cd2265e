/** `tls.TLSSocket`: TLS 1.3 over any Duplex, with the properties, methods and events of Node.js's. */
import { X509Certificate } from 'node:crypto'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TransportError } from '../../error.ts'
import type { ConnectionInfo, ExportOptions, Session, VerifiedPeer } from '../../types.ts'
import type { TlsStreamOptions } from '../stream-options.ts'
import {
  type DetailedPeerCertificate,
  detailedCertificate,
  legacyCertificate,
  lineOf,
  type PeerCertificate,
  sentLine,
  x509Certificate,
} from './certificates.ts'
import { ClientSide, type ClientSideOptions } from './client-side.ts'
import { asError, asNodeError, coded, type Destination, disconnected, type End, invalidType, opensslError } from './errors.ts'
import { type EphemeralKeyInfo, ephemeralKeyInfo, sharedName } from './names.ts'
import { type OnRead, ReadBuffer } from './on-read.ts'
import { checkContext, contextOf, createSecureContext, type SecureContext, type SecureContextOptions } from './secure-context.ts'
import { ServerSide, type ServerSideOptions } from './server-side.ts'
import type { Side } from './side.ts'
import { SocketFace } from './socket-face.ts'

export interface TLSSocketOptions
  extends SecureContextOptions,
    Omit<ClientSideOptions, 'pskCallback'>,
    Omit<ServerSideOptions, 'pskCallback'> {
  /** Default: false, a client. */
  isServer?: boolean | undefined
  /** Default: made of the other options. */
  secureContext?: SecureContext | undefined
  pskCallback?: ClientSideOptions['pskCallback'] | ServerSideOptions['pskCallback']
  /** Milliseconds until the handshake must be done; 0, the default: no limit. */
  handshakeTimeout?: number | undefined
  allowHalfOpen?: boolean | undefined
  /** Where what is read goes, in the place of `data`. */
  onread?: OnRead | undefined
  /** Told with the error where a client's transport ended before the handshake was done. */
  destination?: Destination | undefined
  /** Bytes that wait for the reader, and for the writer, before they are held back. Default: 65,536. */
  highWaterMark?: number | undefined
  /** Whether a transport that ends without the peer's close_notify is an error; to Node.js, and by default, it is the end. */
  rejectTruncation?: boolean | undefined
}

export interface CipherNameAndProtocol {
  /** IANA name. */
  readonly name: string
  readonly standardName: string
  readonly version: 'TLSv1.3'
}

/**
 * Events: `secureConnect` (of clients), `secure`, `session` (session: Buffer), `keylog` (line: Buffer), `OCSPResponse` (response: Buffer |
 * null), and those of a `net.Socket`. Unlike with Node.js, a peer that is not to be believed is refused by an alert, before the handshake is
 * done. Errors have Node.js's codes.
 */
export class TLSSocket extends SocketFace {
  /** Always true: what tells a secure socket from another. */
  readonly encrypted = true
  /** Whether the handshake is not done yet. */
  secureConnecting = true
  /** Whether the peer has proved itself. */
  authorized = false
  /** Why not: OpenSSL's code. `null`: nothing is wrong, or nobody asked. */
  authorizationError: string | null = null
  /** `false`: none was agreed; `null`: not yet. */
  alpnProtocol: string | false | null = null
  /** The name that the client has asked for; `false`: for none. `null`: not yet. */
  servername: string | false | null = null
  readonly #side: Side
  /** What `handled` gave to: the `Server` that hears of failures before `secureConnection`. */
  readonly #onFailure: ((error: Error) => void) | undefined
  readonly #destination: Destination | undefined
  readonly #readBuffer: ReadBuffer | undefined
  /** The first bytes of the peer's, each a character: what is no TLS is told apart by them. */
  #first = ''

  /** The handshake begins at once; without a socket, with `connect`. Throws coded errors for options that can't be. */
  constructor(socket?: Duplex | null, options: TLSSocketOptions = {}, onFailure?: (error: Error) => void) {
    const side = sideOf(options)
    const transport = socket ?? new Socket({ allowHalfOpen: true })
    super(transport, wake => side.open(wake), streamOptions(transport, side, options))
    this.#side = side
    this.#onFailure = onFailure
    this.#destination = options.destination
    this.#readBuffer = options.onread && new ReadBuffer(options.onread)
    transport.prependOnceListener('data', chunk => {
      if (chunk instanceof Uint8Array) this.#first = Buffer.from(chunk.subarray(0, 8)).toString('latin1')
    })
    side.socket = this
    this._relay()
  }

  // ── What was agreed ───────────────────────────────────────────────────────────────────────────────────────────────

  getProtocol(): 'TLSv1.3' | null {
    return this.destroyed ? null : 'TLSv1.3'
  }

  getCipher(): CipherNameAndProtocol | undefined | null {
    if (this.destroyed) return null
    return this.info && { name: this.info.cipherSuite, standardName: this.info.cipherSuite, version: 'TLSv1.3' }
  }

  /** Of a client; `null` at a server. */
  getEphemeralKeyInfo(): EphemeralKeyInfo | null {
    return this.destroyed || this.#side.isServer ? null : ephemeralKeyInfo(this.info?.group)
  }

  /** The signature algorithms of the peer that there are here; `null` once the socket is destroyed. */
  getSharedSigalgs(): string[] | null {
    return this.destroyed ? null : this.#side.sharedSigalgs.map(sharedName)
  }

  getFinished(): Buffer | undefined | null {
    return this.destroyed ? null : optionalBuffer(this.#side.finished.out)
  }

  getPeerFinished(): Buffer | undefined | null {
    return this.destroyed ? null : optionalBuffer(this.#side.finished.in)
  }

  /** Throws `ERR_TLS_INVALID_STATE` before the handshake is done. */
  override exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer
  /** As of a `TlsStream`. */
  override exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number, options?: ExportOptions): Uint8Array
  override exportKeyingMaterial(...given: unknown[]): Uint8Array {
    const [length, label, context] = given
    if (typeof length === 'string' && typeof context === 'number') {
      return super.exportKeyingMaterial(length, label as Uint8Array | undefined, context, given[3] as ExportOptions | undefined)
    }
    if (typeof length !== 'number') throw invalidType('length', 'a number', length)
    if (!(Number.isInteger(length) && length >= 1)) throw coded(new RangeError(`length is 1 or more, not ${length}`), 'ERR_OUT_OF_RANGE')
    if (typeof label !== 'string') throw invalidType('label', 'a string', label)
    if (context !== undefined && !(context instanceof Uint8Array)) throw invalidType('context', 'a Buffer', context)
    if (this.info === undefined || this.destroyed) {
      throw coded(new Error('TLS socket connection must be securely established'), 'ERR_TLS_INVALID_STATE')
    }
    return Buffer.from(super.exportKeyingMaterial(label, context, length))
  }

  // ── Certificates ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** The peer's certificate; with `detailed` its issuers too. `{}` where it has none, `null` once the socket is destroyed. */
  getPeerCertificate(detailed: true): DetailedPeerCertificate | Record<string, never> | null
  getPeerCertificate(detailed?: boolean): PeerCertificate | Record<string, never> | null
  getPeerCertificate(detailed = false): PeerCertificate | Record<string, never> | null {
    if (this.destroyed) return null
    const line = this.#peerLine()
    const [leaf] = line
    if (!leaf) return {}
    return detailed ? (detailedCertificate(line) ?? {}) : legacyCertificate(leaf)
  }

  /** With its issuers, as far as the peer has sent them. */
  getPeerX509Certificate(): X509Certificate | undefined {
    const peer = this.destroyed ? undefined : this.#peer
    return peer?.certificateType === 'X509' ? x509Certificate(sentLine(peer.chain)) : undefined
  }

  /** This side's own; `{}` where it has shown none. */
  getCertificate(): PeerCertificate | Record<string, never> | null {
    if (this.destroyed) return null
    const [leaf] = this.info?.localIdentity?.chain ?? []
    return leaf ? legacyCertificate(leaf) : {}
  }

  getX509Certificate(): X509Certificate | undefined {
    const [leaf] = this.destroyed ? [] : (this.info?.localIdentity?.chain ?? [])
    return leaf && new X509Certificate(leaf)
  }

  #peerLine(): readonly Uint8Array[] {
    const peer = this.#peer
    return peer ? lineOf(peer) : []
  }

  get #peer(): VerifiedPeer | undefined {
    return this.info?.peer ?? this.#side.peer
  }

  // ── Sessions ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The latest session; a client has one with the first event `session`. */
  getSession(): Buffer | undefined | null {
    return this.destroyed ? null : optionalBuffer(this.#side.session?.toBytes())
  }

  /** Of a client. */
  getTLSTicket(): Buffer | undefined | null {
    return this.destroyed ? null : optionalBuffer(this.#side.session?.ticket)
  }

  /** Also, as OpenSSL has it, with a key of `pskCallback`. `null` once the socket is destroyed. */
  isSessionReused(): boolean | null {
    if (this.destroyed) return null
    return this.info !== undefined && (this.info.resumed || this.info.pskIdentity !== undefined)
  }

  // ── What is changed ───────────────────────────────────────────────────────────────────────────────────────────────

  /** The most content of a record from now on, in bytes. False, and nothing is changed, unless it is 512 to 16,384. */
  setMaxSendFragment(size: number): boolean {
    if (typeof size !== 'number') throw invalidType('size', 'a number', size)
    if (this.destroyed || !(Number.isInteger(size) && size >= 512 && size <= 16_384)) return false
    this.limitFragments(size)
    return true
  }

  /** Of a server, before the handshake has chosen a certificate, which is in `ALPNCallback` and `SNICallback`: what to prove itself with. */
  setKeyCert(context: SecureContext | SecureContextOptions): void {
    if (!(this.#side instanceof ServerSide)) throw new TypeError('setKeyCert is for servers')
    this.#side.keyCert = contextOf(context)
  }

  /** Writes every message from now on to the standard error output, decoded. */
  enableTrace(): void {
    this.#side.tracing = true
  }

  /** TLS 1.3 has none to disable. */
  disableRenegotiation(): void {}

  /** There is none in TLS 1.3: `callback` gets `ERR_SSL_WRONG_SSL_VERSION`, as in Node.js. */
  renegotiate(
    options: { rejectUnauthorized?: boolean; requestCert?: boolean },
    callback?: (error: Error | null) => void,
  ): false | undefined {
    if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
    if (callback !== undefined && typeof callback !== 'function') throw invalidType('callback', 'a function', callback)
    if (this.destroyed) return undefined
    if (callback) process.nextTick(callback, opensslError('wrong ssl version'))
    return false
  }

  // ── How it goes on and ends ───────────────────────────────────────────────────────────────────────────────────────

  protected override get _connectedEvent(): string {
    return 'secure'
  }

  protected override _give(chunk: Buffer): boolean {
    return this.#readBuffer ? this.#readBuffer.give(chunk) : super._give(chunk)
  }

  override resume(): this {
    if (this.#readBuffer?.give()) this._read()
    return super.resume()
  }

  protected override _connected(info: ConnectionInfo): void {
    const problem = this.#conclude(info)
    if (problem) {
      this.destroy(problem)
      return
    }
    const { authorized, authorizationError, servername } = this.#side
    Object.assign(this, { authorized, authorizationError, servername, alpnProtocol: info.alpn ?? false })
    this.secureConnecting = false
    if (!this.#side.isServer) this.emit('secureConnect')
    this.emit('secure')
  }

  /** What was found against the peer, or what a function of the application's has thrown, as one that is asked earlier may. */
  #conclude(info: ConnectionInfo): Error | undefined {
    try {
      return this.#side.conclude(info)
    } catch (thrown) {
      return asError(thrown)
    }
  }

  protected override _session(session: Session): void {
    this.#side.session = session
    this.#side.tellSession(session)
  }

  protected override _timedOut(): Error {
    return coded(new Error('TLS handshake timeout'), 'ERR_TLS_HANDSHAKE_TIMEOUT')
  }

  override destroy(error?: Error | null): this {
    // To Node.js, a transport that is closed takes the socket with it, and that is all.
    if (error instanceof TransportError && error.code === 'ERR_STREAM_PREMATURE_CLOSE' && !this.secureConnecting) return super.destroy()
    return super.destroy(error ? this.#inNodesTerms(error) : undefined)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const early = this.secureConnecting ? this.#onFailure : undefined
    super._destroy(error, reason => {
      early?.(reason ?? disconnected(this.#end))
      done(early ? null : reason)
      process.nextTick(() => this.emit('close', Boolean(reason)))
    })
  }

  #inNodesTerms(error: Error): Error {
    if (this.#side.refusal && 'code' in error && error.code === 'refused') return this.#side.refusal
    return asNodeError(error, { ...this.#end, secured: this.info !== undefined, first: this.#first })
  }

  get #end(): End {
    return { isServer: this.#side.isServer, destination: this.#destination }
  }
}

function sideOf(options: TLSSocketOptions): Side {
  const { isServer = false, secureContext, enableTrace, pskCallback } = options
  if (enableTrace !== undefined && enableTrace !== null && typeof enableTrace !== 'boolean') {
    throw invalidType('options.enableTrace', 'a boolean', enableTrace)
  }
  const context = secureContext ? checkContext(secureContext) : createSecureContext(options)
  return isServer
    ? new ServerSide(context, { ...options, pskCallback: pskCallback as ServerSideOptions['pskCallback'] })
    : new ClientSide(context, { ...options, pskCallback: pskCallback as ClientSideOptions['pskCallback'] })
}

function streamOptions(transport: Duplex, side: Side, options: TLSSocketOptions): TlsStreamOptions {
  const { handshakeTimeout = 0, allowHalfOpen = transport.allowHalfOpen, highWaterMark, rejectTruncation = false } = options
  return {
    onQuestion: question => side.answer(question),
    handshakeTimeout,
    allowHalfOpen,
    truncation: rejectTruncation ? 'error' : 'end',
    cutOff: 'silence',
    ...(highWaterMark !== undefined && { highWaterMark }),
    emitClose: false,
  }
}

function optionalBuffer(bytes: Uint8Array | undefined): Buffer | undefined {
  return bytes && Buffer.from(bytes)
}
