/** A guest's streams of `wasi:io` as the byte streams that a connection stands on, where waiting is a promise. */
import type { ByteStreams } from '../stream/index.ts'
import { asStreamFault, type InputStreamLike, type OutputStreamLike, type PollableLike, reasonOf } from './io.ts'

/** Bytes that are asked of the transport at a time: four records. */
const readSize = 65_536n

/** Owns both streams: lets go of each when its own end is reached, or of both by `release`. */
export class IoTransport implements ByteStreams {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
  readonly #incoming: Handle<InputStreamLike>
  readonly #outgoing: Handle<OutputStreamLike>

  constructor(input: InputStreamLike, output: OutputStreamLike) {
    const incoming = new Handle(input)
    const outgoing = new Handle(output)
    this.#incoming = incoming
    this.#outgoing = outgoing
    this.readable = new ReadableStream<Uint8Array>(
      {
        pull: controller => pull(incoming, controller),
        // The last that the connection does: the other stream has passed on what it was given, or whoever should take it takes nothing.
        cancel: () => this.release(),
      },
      { highWaterMark: 0 },
    )
    this.writable = new WritableStream<Uint8Array>({
      write: chunk => write(outgoing, chunk),
      close: () => close(outgoing),
      abort: () => outgoing.drop(),
    })
  }

  /** Resolves when the guest's stream has passed on what it took. */
  async settled(): Promise<void> {
    await passedOn(this.#outgoing).catch(() => {})
  }

  /** The guest's streams are gone; what is still written goes nowhere. */
  release(): void {
    this.#incoming.drop()
    this.#outgoing.drop()
  }
}

/** A stream and its one pollable, which tells of the stream's state and not of a change. */
class Handle<S extends InputStreamLike | OutputStreamLike> {
  readonly stream: S
  #pollable: PollableLike | undefined
  readonly #waiting = new Set<() => void>()
  isDropped = false

  constructor(stream: S) {
    this.stream = stream
  }

  /** Resolves when the stream may have something, or was dropped. */
  change(): Promise<void> {
    return new Promise((resolve, reject) => {
      const goOn = () => {
        this.#waiting.delete(goOn)
        resolve()
      }
      this.#waiting.add(goOn)
      this.#pollable ??= this.stream.subscribe()
      Promise.resolve(this.#pollable.block()).then(goOn, reject)
    })
  }

  drop(): void {
    if (this.isDropped) return
    this.isDropped = true
    for (const goOn of this.#waiting) goOn()
    this.#pollable?.[Symbol.dispose]?.()
    this.stream[Symbol.dispose]?.()
  }
}

/** Gives the next bytes, or the end. */
async function pull(handle: Handle<InputStreamLike>, controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
  while (!handle.isDropped) {
    try {
      const chunk = handle.stream.read(readSize)
      if (chunk.length > 0) return controller.enqueue(chunk)
    } catch (fault) {
      if (asStreamFault(fault)?.tag !== 'closed') throw reasonOf(fault)
      return controller.close()
    }
    await handle.change()
  }
}

/** Resolves when the stream has taken all of it, and was told to pass it on. */
async function write(handle: Handle<OutputStreamLike>, chunk: Uint8Array): Promise<void> {
  const { stream } = handle
  try {
    for (let rest = chunk; rest.length > 0 && !handle.isDropped; ) {
      const room = Math.min(rest.length, Number(stream.checkWrite()))
      if (room > 0) stream.write(rest.subarray(0, room))
      else await handle.change()
      rest = rest.subarray(room)
    }
    if (!handle.isDropped) stream.flush()
  } catch (fault) {
    throw reasonOf(fault)
  }
}

/** Lets go of the stream once it has passed on what it took, which it says by having room again. */
async function close(handle: Handle<OutputStreamLike>): Promise<void> {
  try {
    await passedOn(handle)
  } catch (fault) {
    throw reasonOf(fault)
  } finally {
    handle.drop()
  }
}

async function passedOn(handle: Handle<OutputStreamLike>): Promise<void> {
  while (!handle.isDropped && handle.stream.checkWrite() === 0n) await handle.change()
}
