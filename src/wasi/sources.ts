/** WHATWG streams and promises as sources of `wasi:io`, for guests that are suspended while they wait. */
import type { InputSource, OutputSink, PollableLike, Source } from './io.ts'

/** Bytes that may wait for a writable stream. */
const mostWaiting = 65_536

const nothing = new Uint8Array(0)

/** Reads one chunk ahead, once somebody looks. */
export class ReadableSource implements InputSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #chunk: Uint8Array = nothing
  #isOver = false
  #failure: { readonly reason: unknown } | undefined
  #reading: Promise<void> | undefined

  constructor(readable: ReadableStream<Uint8Array>) {
    this.#reader = readable.getReader()
    this.#reader.closed.catch(() => {})
  }

  ready(): boolean {
    void this.#fill()
    return this.#hasSomething()
  }

  waits(): readonly PollableLike[] {
    return [{ ready: () => this.ready(), block: () => this.#fill() }]
  }

  take(length: number): Uint8Array | undefined {
    void this.#fill()
    const taken = this.#chunk.subarray(0, length)
    this.#chunk = this.#chunk.subarray(taken.length)
    if (taken.length > 0 || !this.#hasSomething()) return taken
    if (this.#failure) throw this.#failure.reason
    return this.#isOver ? undefined : nothing
  }

  drop(): void {
    this.#isOver = true
    this.#reader.cancel().catch(() => {})
  }

  /** One read at a time, whoever waits for it; none while there is something. */
  #fill(): Promise<void> {
    if (this.#hasSomething()) return Promise.resolve()
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(): Promise<void> {
    try {
      while (!this.#hasSomething()) {
        const { done, value } = await this.#reader.read()
        if (done) this.#isOver = true
        else this.#chunk = value
      }
    } catch (reason) {
      this.#failure = { reason }
    }
  }

  #hasSomething(): boolean {
    return this.#chunk.length > 0 || this.#isOver || this.#failure !== undefined
  }
}

/** Dropping it closes the stream, behind what was written. */
export class WritableSink implements OutputSink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #writes: Promise<void>[] = []
  #closing: Promise<void> | undefined
  #waiting = 0
  #isFlushing = false
  #isOver = false
  #failure: { readonly reason: unknown } | undefined

  constructor(writable: WritableStream<Uint8Array>) {
    this.#writer = writable.getWriter()
    this.#writer.closed.catch((reason: unknown) => this.#fail(reason))
  }

  ready(): boolean {
    return this.#isOver || this.#failure !== undefined || this.#space() > 0
  }

  waits(): readonly PollableLike[] {
    return [{ ready: () => this.ready(), block: () => this.#writes[0] ?? Promise.resolve() }]
  }

  room(): number | undefined {
    if (this.#failure) throw this.#failure.reason
    return this.#isOver ? undefined : this.#space()
  }

  put(contents: Uint8Array): void {
    this.#waiting += contents.length
    const written = this.#writer
      .write(contents.slice())
      .catch((reason: unknown) => this.#fail(reason))
      .then(() => {
        this.#waiting -= contents.length
        this.#writes.shift()
        if (this.#waiting === 0) this.#isFlushing = false
      })
    this.#writes.push(written)
  }

  flush(): void {
    this.#isFlushing = this.#waiting > 0
  }

  drop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#closing = this.#writer.close().catch(() => {})
  }

  /** Resolves when nothing waits any more, nor the end, if there is one. */
  async settled(): Promise<void> {
    await Promise.all([...this.#writes, this.#closing])
  }

  #fail(reason: unknown): void {
    this.#failure ??= { reason }
  }

  #space(): number {
    return this.#isFlushing ? 0 : Math.max(0, mostWaiting - this.#waiting)
  }
}

/** Ready when the promise has settled. */
export function settling(promise: Promise<unknown>): Source {
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  const settled = promise.then(settle, settle)
  const ready = () => isSettled
  return { ready, waits: () => [{ ready, block: () => settled }] }
}
