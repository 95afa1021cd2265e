/** What users of a `net.Socket` expect of a socket beside its bytes: addresses, timeouts, keep-alive. The wrapped transport has them, or nobody. */
import { type AddressInfo, type NetConnectOpts, Socket } from 'node:net'
import type { Done } from '../outgoing.ts'
import { TlsStream } from '../stream.ts'
import { coded } from './errors.ts'

export abstract class SocketFace extends TlsStream {
  /** Milliseconds without a byte on the wire after which `timeout` is emitted; `undefined`: never. */
  timeout: number | undefined

  get #socket(): Socket | undefined {
    return this.transport instanceof Socket ? this.transport : undefined
  }

  /** Events of the transport that are this stream's too. */
  protected _relay(): void {
    for (const event of [
      'lookup',
      'connect',
      'ready',
      'timeout',
      'connectionAttempt',
      'connectionAttemptFailed',
      'connectionAttemptTimeout',
    ]) {
      this.transport.on(event, (...details) => void (this.destroyed || this.emit(event, ...details)))
    }
  }

  /** Connects the transport, where it is a socket that is not connected yet. Arguments as for `net.Socket`. */
  connect(options: NetConnectOpts, connected?: () => void): this
  connect(port: number | string, host?: string, connected?: () => void): this
  connect(...args: unknown[]): this {
    const last = args.at(-1)
    if (typeof last === 'function') this.once('connect', last as () => void)
    const rest = typeof last === 'function' ? args.slice(0, -1) : args
    Reflect.apply(Socket.prototype.connect, this.#socket ?? noSocket(), rest)
    return this
  }

  /** Whether the transport is a socket on its way to its peer. */
  get connecting(): boolean {
    return this.#socket?.connecting ?? false
  }

  get pending(): boolean {
    return this.#socket?.pending ?? false
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening'
    if (this.readable && this.writable) return 'open'
    if (this.readable) return 'readOnly'
    return this.writable ? 'writeOnly' : 'closed'
  }

  /** Bytes that were written, also those that still wait. */
  override get bytesWritten(): number {
    return super.bytesWritten + this._untaken
  }

  /** As to a `net.Socket`: behind the peer's end, where that was the end of both halves, what is written is `EPIPE`. */
  override write(chunk: unknown, done?: Done): boolean
  override write(chunk: unknown, encoding?: BufferEncoding, done?: Done): boolean
  override write(chunk: unknown, encoding?: BufferEncoding | Done, done?: Done): boolean {
    const told = typeof encoding === 'function' ? encoding : done
    if (!this.allowHalfOpen && this.readableEnded && this.writableEnded) return this.#refuse(told)
    return super.write(chunk, typeof encoding === 'function' ? undefined : encoding, told)
  }

  #refuse(done?: Done): false {
    const error = coded(new Error('This socket has been ended by the other party'), 'EPIPE')
    if (done) process.nextTick(done, error)
    this.destroy(error)
    return false
  }

  /** Characters that wait to be written. */
  get bufferSize(): number {
    return this.writableLength
  }

  address(): AddressInfo | Record<string, never> {
    return this.#socket?.address() ?? {}
  }

  get localAddress(): string | undefined {
    return this.#socket?.localAddress
  }

  get localPort(): number | undefined {
    return this.#socket?.localPort
  }

  get localFamily(): string | undefined {
    return this.#socket?.localFamily
  }

  get remoteAddress(): string | undefined {
    return this.#socket?.remoteAddress
  }

  get remoteFamily(): string | undefined {
    return this.#socket?.remoteFamily
  }

  get remotePort(): number | undefined {
    return this.#socket?.remotePort
  }

  setNoDelay(noDelay?: boolean): this {
    this.#socket?.setNoDelay(noDelay)
    return this
  }

  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#socket?.setKeepAlive(enable, initialDelay)
    return this
  }

  /** As of a `net.Socket`. A transport that is none has no clock: it never times out. */
  setTimeout(timeout: number, onTimeout?: () => void): this {
    this.timeout = timeout
    this.#socket?.setTimeout(timeout)
    if (onTimeout && timeout === 0) this.off('timeout', onTimeout)
    else if (onTimeout) this.once('timeout', onTimeout)
    return this
  }

  ref(): this {
    this.#socket?.ref()
    return this
  }

  unref(): this {
    this.#socket?.unref()
    return this
  }

  /** Ends, and destroys once all is written. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  resetAndDestroy(): this {
    this.#socket?.resetAndDestroy()
    return this.destroy()
  }
}

function noSocket(): never {
  throw new TypeError('this TLSSocket is over a stream that can not connect')
}
