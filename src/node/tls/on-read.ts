/** The option `onread`: what is read goes into a buffer of the caller's. */
import { coded } from './errors.ts'

export interface OnRead {
  /** The buffer, or what gives one for each piece. */
  buffer: Uint8Array | (() => Uint8Array)
  /** Gets the number of bytes, and the buffer that they are in. False pauses; `resume` goes on. */
  callback(bytes: number, buffer: Uint8Array): boolean
}

export class ReadBuffer {
  readonly #onRead: OnRead
  /** What came and was not handed on when the callback paused. */
  #rest: Uint8Array = new Uint8Array(0)

  constructor(onRead: OnRead) {
    this.#onRead = onRead
  }

  /** Hands on what waits and `more`, piece by piece; whether the callback takes more. */
  give(more: Uint8Array = new Uint8Array(0)): boolean {
    let rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, more]) : more
    let wanted = true
    while (wanted && rest.length > 0) {
      const target = this.#target()
      const piece = rest.subarray(0, target.length)
      target.set(piece)
      rest = rest.subarray(piece.length)
      wanted = this.#onRead.callback(piece.length, target) !== false
    }
    this.#rest = rest
    return wanted
  }

  #target(): Uint8Array {
    const { buffer } = this.#onRead
    const target = typeof buffer === 'function' ? buffer() : buffer
    if (target.length > 0) return target
    throw coded(new RangeError('onread.buffer has no room'), 'ERR_OUT_OF_RANGE')
  }
}
