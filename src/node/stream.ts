/** A TLS connection as a Node stream: plaintext on this side, any Duplex that carries bytes on the other. */
import { Duplex } from 'node:stream'
import type { CryptoProvider } from '../crypto/provider.ts'
import { createClient, createServer } from '../engine.ts'
import { TlsError, TransportError } from '../error.ts'
import type {
  ClientOptions,
  Connection,
  ConnectionInfo,
  ExportOptions,
  Question,
  ServerConnection,
  ServerOptions,
  Session,
} from '../types.ts'
import { forReader } from './chunks.ts'
import { withDefaults } from './defaults.ts'
import { type Done, Outgoing } from './outgoing.ts'
import { unanswered } from './questions.ts'
import type { TlsStreamOptions } from './stream-options.ts'
import { pieceSize, Transport } from './transport.ts'

/**
 * A connection over a transport. Events beside a Duplex's own:
 * - `secureConnect` (info: ConnectionInfo);
 * - `session` (session: Session), one to resume later;
 * - `earlyDataResult` (accepted: boolean, unsent: Uint8Array), at a client that sent some, before `secureConnect`;
 * - `peerAuthenticated` (peer: VerifiedPeer | undefined), after `requestClientCertificate`;
 * - `keysUpdated` (direction: 'in' | 'out').
 *
 * A server that takes early data reads it like any other, first and in order: a request may begin in it and end behind it. All of it, up
 * to `maxEarlyData`, may wait for its reader until the handshake is done. `earlyBytes` tells how far it reaches. It may be a replay; only `secureConnect` proves that the client is there.
 *
 * The readable side ends at the peer's close_notify alone; a transport that ends without is an `error` (`TlsError`, code
 * `truncated`). `end()` sends close_notify. Errors are a `TlsError` for what TLS found, a `TransportError` for what the transport did.
 * The transport belongs to the stream; give it `allowHalfOpen: true`, or a peer that closes its half takes the other away.
 */
export class TlsStream extends Duplex {
  /** What was given to carry the bytes: for its addresses. Reading or writing it breaks the connection. */
  readonly transport: Duplex
  /** Bytes of application data that were received. */
  bytesRead = 0
  /** How many of the first bytes that are read here came as early data: final at `secureConnect`. */
  earlyBytes = 0
  readonly #connection: Connection | ServerConnection
  readonly #wire: Transport
  readonly #options: TlsStreamOptions
  #timer: NodeJS.Timeout | undefined
  /** Whether the reader takes more; false from a `push` that filled its buffer until it reads again. */
  #wanted = true
  readonly #outgoing = new Outgoing()
  #finished: Done | undefined
  /** close_notify was sent; the peer's was read; the transport's end was told to the connection. */
  #ended = false
  #peerEnded = false
  #toldEnd = false
  #failure: Error | undefined
  /** Whether writes are held back until the end of the tick. */
  #gathering = false
  #turning = false
  #again = false

  /** The client's side over `transport`. The Node provider and the system's clock serve where none is given; `wake` is the stream's own. */
  static client(transport: Duplex, options: ClientOptions & TlsStreamOptions): TlsStream {
    const complete = withDefaults(options)
    return new TlsStream(transport, wake => createClient({ ...complete, wake }), withCopying(options, complete.crypto))
  }

  /** The server's side over `transport`, with the same defaults. */
  static server(transport: Duplex, options: ServerOptions & TlsStreamOptions): TlsStream {
    const complete = withDefaults(options)
    return new TlsStream(transport, wake => createServer({ ...complete, wake }), withCopying(options, complete.crypto))
  }

  /** `create` makes the connection; it must pass `wake` on. */
  constructor(transport: Duplex, create: (wake: () => void) => Connection | ServerConnection, options: TlsStreamOptions = {}) {
    super({
      allowHalfOpen: options.allowHalfOpen ?? false,
      emitClose: options.emitClose ?? true,
      highWaterMark: options.highWaterMark ?? highWaterMark,
    })
    this.#options = options
    this.transport = transport
    this.#connection = create(() => this.#turn())
    this.#wire = new Transport(transport, () => this.#turn(), options)
    const timeout = options.handshakeTimeout ?? 30_000
    if (timeout > 0) this.#timer = setTimeout(() => this.destroy(this._timedOut(timeout)), timeout).unref()
    process.nextTick(() => this.#turn())
  }

  /** What was agreed; `undefined` before `secureConnect`. */
  get info(): ConnectionInfo | undefined {
    return this.#connection.info
  }

  /** Bytes of application data that the connection has taken to send. */
  get bytesWritten(): number {
    return this.#outgoing.taken
  }

  /** Bytes that were written here and that the connection has not taken yet. */
  protected get _untaken(): number {
    return this.writableLength - this.#outgoing.takenOfWrite
  }

  /** Resolves at `secureConnect`; rejects with the error that came instead. */
  connected(): Promise<ConnectionInfo> {
    return new Promise((resolve, reject) => {
      const { info } = this
      if (info !== undefined) return resolve(info)
      const closed = () => reject(this.errored ?? new Error('the stream was closed before the handshake was done'))
      if (this.destroyed) return closed()
      this.once('error', reject)
        .once('close', closed)
        .once(this._connectedEvent, () => {
          this.off('error', reject).off('close', closed)
          resolve(this.#connection.info as ConnectionInfo)
        })
    })
  }

  /** New sending keys, and if asked the peer's too (RFC 9846 §4.7.3). `TypeError` before `secureConnect`. */
  updateKeys(options: { readonly requestPeer?: boolean } = {}): void {
    this.#connection.updateKeys(options)
    this.#turn()
  }

  /**
   * Early data, for a client with a session that takes it: from the start until `earlyDataResult`. Returns how many bytes were taken; what
   * the server then rejects comes back with `earlyDataResult`, and is not sent again by itself.
   */
  sendEarly(data: Uint8Array): number {
    const taken = this.#connection.sendEarly(data)
    this.#outgoing.taken += taken
    this.#turn()
    return taken
  }

  /** The most content, in bytes, of the records that leave from now on: 1 to 16,384. */
  limitFragments(size: number): void {
    this.#connection.limitFragments(size)
  }

  /** Asks the client for a certificate (RFC 9846 §4.7.2); `peerAuthenticated` follows. `TypeError` where the client does not offer that. */
  requestClientCertificate(): void {
    this.#asServer('requestClientCertificate').requestClientCertificate()
    this.#turn()
  }

  /** Sends one more ticket. `TypeError` before `secureConnect`, and without the option `tickets`. */
  issueTicket(): void {
    this.#asServer('issueTicket').issueTicket()
    this.#turn()
  }

  /** Keying material for the application (RFC 9846 §7.5). `TypeError` before `secureConnect`, and without early data for `early`. */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number, options: ExportOptions = {}): Uint8Array {
    return this.#connection.exportKeyingMaterial(label, context, length, options)
  }

  /** `tls-exporter` (RFC 9266) or `tls-server-end-point` (RFC 5929). `TypeError` where there is no such binding. */
  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array {
    return this.#connection.channelBinding(type)
  }

  /** Every way of reading comes through here: the last chunk taken is the moment to tell of a failure that waited behind it. */
  override read(size?: number): unknown {
    const chunk: unknown = super.read(size)
    if (this.#failure !== undefined && this.readableLength === 0) process.nextTick(() => this.destroy(this.#failure))
    return chunk
  }

  /** What is written within one tick leaves together: many small writes are one record, and one system call. */
  override write(chunk: unknown, done?: Done): boolean
  override write(chunk: unknown, encoding?: BufferEncoding, done?: Done): boolean
  override write(chunk: unknown, encoding?: BufferEncoding | Done, done?: Done): boolean {
    if (!this.#gathering) {
      this.#gathering = true
      this.cork()
      process.nextTick(() => {
        this.#gathering = false
        this.uncork()
      })
    }
    return typeof encoding === 'function' ? super.write(chunk, encoding) : super.write(chunk, encoding as BufferEncoding, done)
  }

  override _read(): void {
    this.#wanted = true
    this.#turn()
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.#write([chunk], done)
  }

  override _writev(chunks: { chunk: Uint8Array }[], done: Done): void {
    this.#write(
      chunks.map(({ chunk }) => chunk),
      done,
    )
  }

  override _final(done: Done): void {
    if (this.#failure === undefined) this.#finished = done
    else done(this.#failure)
    this.#turn()
  }

  /** The error is told at once; the transport follows when its last bytes are out, within `closeTimeout`. */
  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#timer)
    this.#flush()
    this.#leave()
    const reason = error ?? new Error('the stream was destroyed')
    this.#outgoing.fail(reason)
    this.#finished?.(reason)
    done(error)
  }

  /** Gives the reader what has come; false: no more for now, until `_read`. A face with ways of its own overrides this, and the next four. */
  protected _give(chunk: Buffer): boolean {
    return this.push(chunk)
  }

  /** The event that says that the handshake is done. */
  protected get _connectedEvent(): string {
    return 'secureConnect'
  }

  protected _connected(info: ConnectionInfo): void {
    this.emit('secureConnect', info)
  }

  protected _session(session: Session): void {
    this.emit('session', session)
  }

  /** What a handshake ends with that has taken longer than `timeout` milliseconds. */
  protected _timedOut(timeout: number): Error {
    return new TransportError('ETIMEDOUT', `the handshake was not done within ${timeout} ms`)
  }

  #leave(): void {
    const inOrder = this.#ended && this.#peerEnded && this.#failure === undefined
    // Within a callback of the connection's, such as `keyLog`, it can not be aborted: then as soon as that has returned.
    if (!inOrder && this.#failure === undefined && !this.#abort()) process.nextTick(() => this.#leave())
    else this.#wire.close(this.#options.closeTimeout ?? 2_000, inOrder)
  }

  /** A connection that was cut must not look like one that ended: user_canceled goes with a close_notify, so it is for handshakes only. */
  #abort(): boolean {
    try {
      this.#connection.abort(this.info === undefined ? 'user_canceled' : 'internal_error')
    } catch {
      return false
    }
    if (this.#options.cutOff === 'silence') this.#connection.takeOutput()
    else this.#flush()
    return true
  }

  #asServer(what: string): ServerConnection {
    const connection = this.#connection
    if ('issueTicket' in connection) return connection
    throw new TypeError(`${what} is for servers`)
  }

  #write(chunks: Uint8Array[], done: Done): void {
    if (this.#failure !== undefined) {
      done(this.#failure)
      return
    }
    this.#outgoing.write(chunks, done)
    this.#turn()
  }

  /**
   * The engine's loop: after anything has changed, do all that can be done, then write what came of it at once. Each step does one
   * thing and says whether it did. What a listener does meanwhile (it may write, read or destroy) is picked up by the running turn.
   */
  #turn(): void {
    this.#again = true
    if (this.#turning) return
    this.#turning = true
    try {
      while (this.#again && !this.destroyed) {
        this.#again = false
        while (this.#poll() || this.#receive() || this.#send() || this.#end());
        if (this.#flush() || this.#complete()) this.#again = true
      }
    } finally {
      this.#turning = false
    }
    if (this.destroyed) return
    this.#checkTransport()
    this.#wire.flow(this.#reads)
  }

  /** Reading stops with the reader, but not before the handshake is done: nobody can read before. */
  get #reads(): boolean {
    return (this.#wanted || this.info === undefined) && this.#connection.pendingInput < pieceSize
  }

  #poll(): boolean {
    if (this.destroyed || (!this.#wanted && this.info !== undefined)) return false
    const event = this.#connection.poll()
    if (event === undefined) return false
    switch (event.type) {
      case 'connected':
        clearTimeout(this.#timer)
        this.#timer = undefined
        this._connected(event.info)
        break
      case 'data':
        this.#wanted = false
        this.bytesRead += event.data.length
        if (event.early) this.earlyBytes += event.data.length
        if (this._give(forReader(event.data))) this.#wanted = true
        break
      case 'end':
        this.#peerEnds()
        break
      case 'keys-updated':
        this.emit('keysUpdated', event.direction)
        break
      case 'session':
        this._session(event.session)
        break
      case 'peer-authenticated':
        this.emit('peerAuthenticated', event.peer)
        break
      case 'retry-requested':
        break
      case 'early-data-result':
        this.#outgoing.taken -= event.unsent.length
        this.emit('earlyDataResult', event.accepted, event.unsent)
        break
      case 'failed':
        this.#fail(event.error)
        break
      default:
        this.#ask(event)
    }
    return true
  }

  #peerEnds(): void {
    if (this.#peerEnded) return
    this.#peerEnded = true
    this.push(null)
    // Where nothing waits to be read, the end is told to all, as a net.Socket does; nobody has to read for it.
    this.read(0)
  }

  #receive(): boolean {
    if (this.destroyed || !this.#reads) return false
    const input = this.#wire.read()
    if (input !== undefined) {
      this.#connection.receive(input)
      return true
    }
    if (!this.#wire.ended || this.#toldEnd) return false
    this.#toldEnd = true
    if (this.info !== undefined && this.#options.truncation === 'end' && this.#wire.fault === undefined) this.#tolerateEnd()
    else this.#connection.receiveEnd()
    return true
  }

  /** A transport that has said that it ends is believed; one that is gone without a word is not. */
  #tolerateEnd(): void {
    if (this.#wire.endedInOrder || this.#peerEnded) this.#peerEnds()
    else this.destroy(prematureClose())
  }

  #send(): boolean {
    if (this.destroyed || this.#outgoing.empty || this.info === undefined || this.#wire.blocked) return false
    return this.#outgoing.send(this.#connection)
  }

  #end(): boolean {
    if (this.destroyed || this.#finished === undefined || this.#ended || this.info === undefined) return false
    this.#ended = true
    this.#connection.end()
    return true
  }

  #flush(): boolean {
    const output = this.#connection.takeOutput()
    if (output.length > 0) this.#wire.write(output)
    return output.length > 0
  }

  /** Tells the writer that its bytes are on their way, once the transport wants more. */
  #complete(): boolean {
    if (this.destroyed || this.#wire.blocked || !this.#outgoing.empty) return false
    if (this.#outgoing.complete()) return true
    const finished = this.#ended ? this.#finished : undefined
    if (finished === undefined) return false
    this.#finished = undefined
    finished()
    return true
  }

  #ask(question: Question): void {
    const { onQuestion } = this.#options
    if (onQuestion === undefined) {
      this.destroy(unanswered(question))
      return
    }
    // The handler may throw now or reject later; either way the peer gets an alert and the stream the reason.
    new Promise<void>(resolve => resolve(onQuestion(question))).catch((reason: unknown) => {
      if (reason instanceof TlsError) this.#connection.abort(reason.alert)
      this.destroy(reason instanceof Error ? reason : new Error(String(reason)))
    })
  }

  /** What the peer sent before its fault is still the reader's: the error waits behind it, unless somebody is writing. */
  #fail(error: TlsError): void {
    const { fault } = this.#wire
    this.#failure = error.code === 'truncated' && fault !== undefined ? fault : error
    if (this.readableLength === 0 || this.#outgoing.pending || this.#finished !== undefined) this.destroy(this.#failure)
  }

  /** A transport that broke after the peer's close_notify matters only to a writer; an earlier break is a failure of the connection. */
  #checkTransport(): void {
    if (!this.#wire.gone || this.#failure !== undefined || this.#ended) return
    if (!this.#toldEnd && !this.#outgoing.pending) return
    // A peer that has said its last may close both halves, and take a transport with it that is not half-open: that is no fault.
    if (this.#peerEnded && this.#wire.fault === undefined && !this.#wire.lost && !this.#outgoing.pending) return
    this.destroy(this.#wire.fault ?? prematureClose())
  }
}

/** Bytes. More would make each connection heavier, less would make more turns of the event loop. */
const highWaterMark = 65_536

function prematureClose(): TransportError {
  return new TransportError('ERR_STREAM_PREMATURE_CLOSE', 'the transport was closed')
}

function withCopying(options: TlsStreamOptions, { leavesSealed }: CryptoProvider): TlsStreamOptions {
  return leavesSealed ? { copyInput: false, ...options } : options
}
