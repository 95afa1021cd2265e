/** The resources of `wasi:io` 0.2 over sources of ours, as subclasses of another implementation's where there is one. */
import { debugString } from './failure.ts'
import type { InputSource, InputStreamLike, OutputSink, OutputStreamLike, PollableLike, Source, WasiIo } from './io.ts'
import type { Found, Waiting } from './waiting.ts'

/** What waits gives its result, or a promise of it: see `Waiting`. */
export interface InputStream extends InputStreamLike {
  blockingRead(length: bigint): Uint8Array | Promise<Uint8Array>
  skip(length: bigint): bigint
  blockingSkip(length: bigint): bigint | Promise<bigint>
  [Symbol.dispose](): void
}

export interface OutputStream extends OutputStreamLike {
  blockingWriteAndFlush(contents: Uint8Array): void | Promise<void>
  blockingFlush(): void | Promise<void>
  writeZeroes(length: bigint): void
  blockingWriteZeroesAndFlush(length: bigint): void | Promise<void>
  splice(source: InputStreamLike, length: bigint): bigint
  blockingSplice(source: InputStreamLike, length: bigint): bigint | Promise<bigint>
  [Symbol.dispose](): void
}

export interface Resources {
  readonly Pollable: new (source: Source) => PollableLike
  readonly IoError: new (cause: unknown) => { toDebugString(): string; readonly cause: unknown }
  readonly InputStream: new (source: InputSource) => InputStream
  readonly OutputStream: new (sink: OutputSink) => OutputStream
  /** The indexes of those that are ready, at least one. */
  poll(list: readonly PollableLike[]): Uint32Array | Promise<Uint32Array>
}

/** The most that is read at a time. */
const mostRead = 65_536
/** The most that may be written with a call that waits. */
const mostWritten = 4096

export function defineResources(base: WasiIo, waiting: Waiting): Resources {
  class OwnPollable extends base.poll.Pollable {
    readonly #source: Source

    constructor(source: Source) {
      super()
      this.#source = source
      // jco finds a resource by this number, where it has one; the worker of preview2-shim numbers its own from 1 on.
      Object.defineProperty(this, Symbol.for('cabiRep'), { value: nextNumber() })
    }

    ready(): boolean {
      return this.#source.ready()
    }

    block(): void | Promise<void> {
      return waiting.until(
        () => (this.ready() ? done : undefined),
        () => this.waits(),
      )
    }

    waits(): readonly PollableLike[] {
      return this.#source.waits()
    }

    /** Nothing is held: a source is looked at only when somebody asks. */
    [Symbol.dispose](): void {}
  }

  class IoError extends base.error.Error {
    /** What it was on this side. */
    readonly cause: unknown

    constructor(cause: unknown) {
      super(debugString(cause))
      this.cause = cause
    }

    toDebugString(): string {
      return debugString(this.cause)
    }
  }

  /** What a stream throws: of a failure once, and that it is closed ever after. */
  class Faults {
    #told = false

    of<T>(work: () => T | undefined): T {
      const result = this.#attempt(work)
      if (result === undefined) throw { tag: 'closed' }
      return result
    }

    #attempt<T>(work: () => T | undefined): T | undefined {
      try {
        return work()
      } catch (failure) {
        if (this.#told) return undefined
        this.#told = true
        throw { tag: 'last-operation-failed', val: new IoError(failure) }
      }
    }
  }

  class OwnInputStream extends base.streams.InputStream implements InputStream {
    readonly #source: InputSource
    readonly #faults = new Faults()

    constructor(source: InputSource) {
      super()
      this.#source = source
    }

    read(length: bigint): Uint8Array {
      return this.#faults.of(() => this.#source.take(atMost(length)))
    }

    blockingRead(length: bigint): Uint8Array | Promise<Uint8Array> {
      return this.#whenReady(length, () => this.read(length))
    }

    skip(length: bigint): bigint {
      return BigInt(this.read(length).length)
    }

    blockingSkip(length: bigint): bigint | Promise<bigint> {
      return this.#whenReady(length, () => this.skip(length))
    }

    subscribe(): PollableLike {
      return new OwnPollable(this.#source)
    }

    [Symbol.dispose](): void {
      this.#source.drop()
    }

    #whenReady<T>(length: bigint, work: () => T): T | Promise<T> {
      return waiting.until(
        () => (length === 0n || this.#source.ready() ? { value: work() } : undefined),
        () => this.#source.waits(),
      )
    }
  }

  class OwnOutputStream extends base.streams.OutputStream implements OutputStream {
    readonly #sink: OutputSink
    readonly #faults = new Faults()
    /** What check-write has allowed, which holds although what TLS itself has to send since may have taken of the room. */
    #allowed = 0

    constructor(sink: OutputSink) {
      super()
      this.#sink = sink
    }

    checkWrite(): bigint {
      this.#allowed = this.#room()
      return BigInt(this.#allowed)
    }

    write(contents: Uint8Array): void {
      if (contents.length > Math.max(this.#room(), this.#allowed)) throw new TypeError('write() of more than check-write has allowed')
      this.#put(contents)
    }

    blockingWriteAndFlush(contents: Uint8Array): void | Promise<void> {
      if (contents.length > mostWritten) throw new TypeError(`blocking-write-and-flush() of more than ${mostWritten} bytes`)
      let rest = contents
      let isFlushing = false
      return this.#until(() => {
        for (let room = this.#room(); room > 0 && rest.length > 0; room = this.#room()) {
          this.#put(rest.subarray(0, room))
          rest = rest.subarray(room)
        }
        if (rest.length > 0) return undefined
        if (!isFlushing) this.flush()
        isFlushing = true
        return this.#room() > 0 ? done : undefined
      })
    }

    flush(): void {
      this.#room()
      this.#allowed = 0
      this.#sink.flush()
    }

    blockingFlush(): void | Promise<void> {
      this.flush()
      return this.#until(() => (this.#room() > 0 ? done : undefined))
    }

    writeZeroes(length: bigint): void {
      this.write(zeroes(length))
    }

    blockingWriteZeroesAndFlush(length: bigint): void | Promise<void> {
      return this.blockingWriteAndFlush(zeroes(length))
    }

    splice(source: InputStreamLike, length: bigint): bigint {
      const room = Math.min(this.#room(), atMost(length))
      const contents = room === 0 ? nothing : source.read(BigInt(room))
      this.#put(contents)
      return BigInt(contents.length)
    }

    blockingSplice(source: InputStreamLike, length: bigint): bigint | Promise<bigint> {
      let arrival: PollableLike | undefined
      return waiting.until(
        () => {
          arrival?.[Symbol.dispose]?.()
          arrival = undefined
          const moved = this.splice(source, length)
          return moved > 0n || length === 0n ? { value: moved } : undefined
        },
        () => (this.#room() > 0 ? waitsOf((arrival = source.subscribe())) : this.#sink.waits()),
      )
    }

    subscribe(): PollableLike {
      return new OwnPollable(this.#sink)
    }

    [Symbol.dispose](): void {
      this.#sink.drop()
    }

    /** Nothing, put often enough, would fill the memory without ever taking room. */
    #put(contents: Uint8Array): void {
      if (contents.length === 0) return
      this.#allowed = 0
      this.#sink.put(contents)
    }

    #room(): number {
      return this.#faults.of(() => this.#sink.room())
    }

    #until(look: () => Found<void> | undefined): void | Promise<void> {
      return waiting.until(look, () => this.#sink.waits())
    }
  }

  const waitsOf = (pollable: PollableLike): readonly PollableLike[] => (pollable instanceof OwnPollable ? pollable.waits() : [pollable])

  function poll(list: readonly PollableLike[]): Uint32Array | Promise<Uint32Array> {
    if (list.length === 0) throw new TypeError('poll() of nothing')
    return waiting.until(
      () => {
        const ready = list.flatMap((pollable, index) => (pollable.ready() ? [index] : []))
        return ready.length > 0 ? { value: Uint32Array.from(ready) } : undefined
      },
      () => list.flatMap(waitsOf),
    )
  }

  return { Pollable: OwnPollable, IoError, InputStream: OwnInputStream, OutputStream: OwnOutputStream, poll }
}

const done: Found<void> = { value: undefined }
const nothing = new Uint8Array(0)

/** Lengths are u64; nobody gets more than a piece. */
function atMost(length: bigint): number {
  return length > BigInt(mostRead) ? mostRead : Number(length)
}

function zeroes(length: bigint): Uint8Array {
  if (length > BigInt(mostRead)) throw new TypeError('write of more zeroes than check-write has allowed')
  return new Uint8Array(Number(length))
}

let last = 0

/** Below 2^30, which is jco's flag for what a guest owns. */
function nextNumber(): number {
  last = (last + 1) % 0x1fffffff
  return 0x20000000 + last
}
