/** What carries the bytes: a pair of WHATWG streams, read and written only when the connection asks. */
import { TransportError } from '../error.ts'
import { copyOf, join } from '../wire/bytes.ts'

/** A pair of byte streams, such as a socket of Deno or Cloudflare Workers has: what the peer sent, and what it shall get. */
export interface ByteStreams {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

export interface TransportOptions {
  /** Bytes that were read from `readable` before, and belong to the connection. */
  readonly received?: readonly Uint8Array[]
  /** Whether the streams stay open, and unlocked, when the connection has ended in order. Default: false. */
  readonly leaveOpen?: boolean
}

/** The most that is handed to the connection at a time: four full records and a little. */
const pieceSize = 66_560

/** Milliseconds that a peer has to take the last bytes of what does not end in order. */
const closeTimeout = 2000

export class StreamTransport {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #leaveOpen: boolean
  /** What was read and not handed on. */
  #backlog: Uint8Array[]
  /** That the streams are ended or let go of. */
  #gone: Promise<void> | undefined

  /** Locks both streams. Throws `TypeError` where one of them is locked already, or is none. */
  constructor({ readable, writable }: ByteStreams, { received = [], leaveOpen = false }: TransportOptions) {
    this.#reader = readable.getReader()
    this.#writer = writable.getWriter()
    this.#leaveOpen = leaveOpen
    this.#backlog = [...received]
    // Whoever reads or writes next is told; nobody has to listen until then.
    this.#reader.closed.catch(() => {})
    this.#writer.closed.catch(() => {})
  }

  /** The next bytes, a copy; `undefined` at the end. Rejects with `TransportError`. */
  async read(): Promise<Uint8Array | undefined> {
    while (this.#backlog.length === 0) {
      const { done, value } = await carried(this.#reader.read())
      if (done) return undefined
      if (!(value instanceof Uint8Array))
        throw new TransportError('ERR_INVALID_ARG_TYPE', 'the transport gives something else than Uint8Array')
      if (value.length > 0) this.#backlog.push(value)
    }
    return this.#nextPiece()
  }

  /** Resolves when the transport takes more. Rejects with `TransportError`. */
  async write(output: readonly Uint8Array[]): Promise<void> {
    if (output.length === 0 || this.#gone) return
    const written = this.#writer.write(join(output))
    // Its failure is the next one's too, which is waited for.
    written.catch(() => {})
    await carried(this.#writer.ready)
  }

  /** Lets go of both streams, or ends them. Resolves when all has left, however slowly the peer takes it. Rejects with `TransportError`. */
  async close(): Promise<void> {
    this.#gone ??= this.#leaveOpen ? this.#release() : this.#end()
    await this.#gone
  }

  /**
   * Writes the last `output`, ends the sending side behind it and reads no more. Resolves when it has left, or was given up because the
   * peer took nothing for some time. Once is enough: a second call waits for the first, and one after `close` ends its patience.
   */
  async destroy(reason?: unknown, output: readonly Uint8Array[] = []): Promise<void> {
    this.#gone ??= this.#end(reason, output)
    if (await settledSoon(this.#gone)) return
    this.#writer.abort(reason).catch(() => {})
    void this.#stopReading(reason)
  }

  async #release(): Promise<void> {
    await carried(this.#writer.ready)
    this.#writer.releaseLock()
    this.#reader.releaseLock()
  }

  async #end(reason?: unknown, output: readonly Uint8Array[] = []): Promise<void> {
    if (output.length > 0) this.#writer.write(join(output)).catch(() => {})
    // One after the other: both are mostly one socket, which goes with its reader, and what was written would go with it.
    await carried(this.#writer.close()).finally(() => this.#stopReading(reason))
  }

  #stopReading(reason: unknown): Promise<void> {
    return this.#reader.cancel(reason).catch(() => {})
  }

  #nextPiece(): Uint8Array {
    const first = this.#backlog[0]
    if (first === undefined) throw new TypeError('nothing was read')
    if (first.length <= pieceSize) this.#backlog.shift()
    else this.#backlog[0] = first.subarray(pieceSize)
    // The connection may decrypt in place, and a chunk may still be somebody else's: a stream in between hands on what was written to it.
    return copyOf(first.subarray(0, pieceSize))
  }
}

/** Whether it has come to an end, good or bad, before the peer's time is over. */
export async function settledSoon(work: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<false>(resolve => {
    timer = setTimeout(() => resolve(false), closeTimeout)
  })
  const settled = () => true
  const isSettled = await Promise.race([work.then(settled, settled), late])
  clearTimeout(timer)
  return isSettled
}

/** What a stream fails with becomes a `TransportError`. */
async function carried<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new TransportError(typeof code === 'string' ? code : 'ERR_TRANSPORT', `the transport failed: ${message}`, { cause })
  }
}
