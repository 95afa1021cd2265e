/** A guest's streams as a connection needs them where nothing can wait: it takes and gives what goes at once. */
import { asStreamFault, type InputStreamLike, type OutputStreamLike, type PollableLike } from './io.ts'

/** Bytes of output that may wait for the transport. */
const mostWaiting = 65_536
/** Bytes that are asked of the transport at a time: four records. */
const readSize = 65_536n

const nothing = new Uint8Array(0)

export class HeldTransport {
  readonly #input: InputStreamLike
  readonly #output: OutputStreamLike
  /** One for each stream is enough: they tell of its state, not of a change. */
  #arrival: PollableLike | undefined
  #departure: PollableLike | undefined
  #unsent: Uint8Array[] = []
  #waiting = 0
  #isFlushing = false
  #isGone = false

  constructor(input: InputStreamLike, output: OutputStreamLike) {
    this.#input = input
    this.#output = output
  }

  /** What is there, a copy that the connection may decrypt in; `undefined` at the end. */
  read(): Uint8Array | undefined {
    if (this.#isGone) return undefined
    try {
      return this.#input.read(readSize).slice()
    } catch (fault) {
      if (asStreamFault(fault)?.tag !== 'closed') throw fault
      return undefined
    }
  }

  /** Keeps what the stream does not take now, and goes on with what was kept. */
  write(chunks: readonly Uint8Array[]): void {
    if (this.#isGone) return
    for (const chunk of chunks) {
      this.#unsent.push(chunk)
      this.#waiting += chunk.length
    }
    if (this.#waiting > 0) {
      while (this.#waiting > 0 && this.#writeSome());
      if (this.#waiting === 0) this.#output.flush()
    }
    if (this.#isFlushing && this.#waiting === 0) this.#isFlushing = this.#output.checkWrite() === 0n
  }

  /** There is no room until all has left. */
  flush(): void {
    this.#isFlushing = true
    this.write([])
  }

  room(): number {
    return this.#isFlushing ? 0 : Math.max(0, mostWaiting - this.#waiting)
  }

  arrival(): PollableLike {
    return (this.#arrival ??= this.#input.subscribe())
  }

  waitsForOutput(): readonly PollableLike[] {
    return this.#waiting > 0 || this.#isFlushing ? [(this.#departure ??= this.#output.subscribe())] : []
  }

  /** Lets go of the streams. */
  release(): void {
    if (this.#isGone) return
    this.#isGone = true
    for (const resource of [this.#arrival, this.#departure, this.#input, this.#output]) resource?.[Symbol.dispose]?.()
  }

  #writeSome(): boolean {
    const first = this.#unsent[0] ?? nothing
    const room = Math.min(first.length, Number(this.#output.checkWrite()))
    if (room === 0) return false
    this.#output.write(first.subarray(0, room))
    this.#waiting -= room
    if (room === first.length) this.#unsent.shift()
    else this.#unsent[0] = first.subarray(room)
    return true
  }
}
