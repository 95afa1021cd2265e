/** The side of a `TlsStream` that faces the wire: reads with backpressure, writes a turn's output at once, closes so that it arrives. */
import { Socket } from 'node:net'
import { type Duplex, finished } from 'node:stream'
import { TransportError } from '../error.ts'

/** The most that is handed to the connection at a time, and the most that waits inside it before reading stops: four full records and a little. */
export const pieceSize = 66_560

/** A Duplex as the source and the sink of one connection. `changed` is called whenever something is worth a look. */
export class Transport {
  /** Nothing more will come in; and whether that was announced, and is not because it was closed. */
  ended = false
  endedInOrder = false
  /** Nothing more can go out. */
  gone = false
  /** Why, where it was not in order. */
  fault: TransportError | undefined
  /** Whether something was to go out when nothing could any more. */
  lost = false
  readonly #duplex: Duplex
  readonly #copies: boolean
  readonly #changed: () => void
  readonly #onData = (chunk: unknown) => this.#take(chunk)
  #backlog: Uint8Array[] = []

  /**
   * `copyInput`: whether chunks are copied before the connection gets them, which may decrypt in place. A socket's chunks are fresh
   * memory that nobody else holds, so there it may be left out; a stream in between (a PassThrough, a pair) hands on what somebody
   * wrote, and the writer may still want it.
   */
  constructor(duplex: Duplex, changed: () => void, options: { copyInput?: boolean | undefined } = {}) {
    this.#duplex = duplex
    this.#changed = changed
    this.#copies = options.copyInput ?? !(duplex instanceof Socket)
    this.endedInOrder = duplex.readableEnded
    this.ended = this.endedInOrder || duplex.destroyed
    this.gone = duplex.destroyed
    duplex.on('data', this.#onData)
    duplex.on('drain', changed)
    duplex.on('end', () => {
      this.endedInOrder = true
      this.#over({ ended: true })
    })
    duplex.on('error', error => this.#over({ ended: true, gone: true, fault: asFault(error) }))
    duplex.on('close', () => this.#over({ ended: true, gone: true }))
  }

  /** Whether writing more now would only fill memory. */
  get blocked(): boolean {
    return this.#duplex.writableNeedDrain && !this.gone
  }

  /** Whether there is input to `read()`. */
  get readable(): boolean {
    return this.#backlog.length > 0
  }

  /** The next input, at most `pieceSize` bytes. */
  read(): Uint8Array | undefined {
    const first = this.#backlog[0]
    if (first === undefined || first.length <= pieceSize) return this.#backlog.shift()
    this.#backlog[0] = first.subarray(pieceSize)
    return first.subarray(0, pieceSize)
  }

  /** Asks for more input, or for none for now. What was read and not yet taken holds the rest back. */
  flow(wanted: boolean): void {
    if (wanted && !this.readable) this.#duplex.resume()
    else this.#duplex.pause()
  }

  /** Writes the whole list at once: one chunk costs a stream, and whoever is at its other end, less than many. */
  write(output: readonly Uint8Array[]): void {
    if (this.gone || this.#duplex.writableEnded) {
      this.lost = true
      return
    }
    const [only] = output
    this.#duplex.write(output.length === 1 && only !== undefined ? only : Buffer.concat(output))
  }

  /**
   * Ends the transport behind what was written, and destroys it once the peer has ended too or after `timeout` milliseconds; of an end in order, they
   * begin when all has left, however slowly the peer takes it. Until then input is read and dropped: a TCP socket closed over unread input resets, and
   * the reset can overtake the alert.
   */
  close(timeout: number, inOrder: boolean): void {
    const duplex = this.#duplex
    if (duplex instanceof Socket && duplex.connecting) duplex.destroy()
    if (duplex.destroyed) return
    this.#backlog = []
    duplex.off('data', this.#onData)
    let timer: NodeJS.Timeout | undefined
    const giveUpLater = () => {
      timer = setTimeout(() => duplex.destroy(), timeout).unref()
    }
    finished(duplex, () => {
      clearTimeout(timer)
      duplex.destroy()
    })
    if (inOrder) duplex.once('finish', giveUpLater)
    else giveUpLater()
    duplex.end()
    duplex.resume()
  }

  #take(chunk: unknown): void {
    if (!(chunk instanceof Uint8Array)) {
      const fault = new TransportError(
        'ERR_INVALID_ARG_TYPE',
        'the transport gives strings: it must give bytes (no setEncoding, no object mode)',
      )
      this.#over({ ended: true, fault })
      return
    }
    this.#backlog.push(this.#copies ? new Uint8Array(chunk) : chunk)
    this.#changed()
  }

  #over(state: { ended?: true; gone?: true; fault?: TransportError }): void {
    this.ended ||= state.ended ?? false
    this.gone ||= state.gone ?? false
    this.fault ??= state.fault
    this.#changed()
  }
}

/** Where every address of a host failed, Node's AggregateError has a code but no message: the first address speaks for all. */
function asFault(error: Error & { code?: unknown }): TransportError {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  const code = typeof error.code === 'string' ? error.code : 'ERR_TRANSPORT'
  return new TransportError(code, `the transport failed: ${(first instanceof Error && first.message) || code}`, { cause: error })
}
