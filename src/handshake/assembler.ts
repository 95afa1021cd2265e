import { TlsError } from '../error.ts'
import { headerSize } from '../wire/messages.ts'

/**
 * Handshake messages out of fragments: a fragment may hold several messages, a message may span several fragments (RFC 9846 §5.1).
 * What is held never exceeds twice what has arrived: a length that was only announced costs nothing.
 */
export class Assembler {
  readonly #limit: number
  #bytes: Uint8Array = none
  #from = 0
  #to = 0

  /** `limit`: the longest message, header included, in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Whether bytes are held: part of a message, or messages not yet taken. */
  get pending(): boolean {
    return this.#from < this.#to
  }

  push(fragment: Uint8Array): void {
    this.#makeRoom(fragment.length)
    this.#bytes.set(fragment, this.#to)
    this.#to += fragment.length
  }

  /** The next whole message with its header, a copy; `undefined` while it is not complete. Throws a `TlsError` where it would be too long. */
  next(): Uint8Array | undefined {
    if (this.#to - this.#from < headerSize) return undefined
    const [, a = 0, b = 0, c = 0] = this.#bytes.subarray(this.#from, this.#from + headerSize)
    const size = headerSize + a * 0x10000 + b * 0x100 + c
    if (size > this.#limit) throw new TlsError('message-too-long', `a handshake message of ${size} bytes, at most ${this.#limit} are read`)
    if (this.#to - this.#from < size) return undefined
    const message = this.#bytes.slice(this.#from, this.#from + size)
    this.#from += size
    if (!this.pending) this.#reset()
    return message
  }

  #makeRoom(size: number): void {
    if (this.#to + size <= this.#bytes.length) return
    const held = this.#bytes.subarray(this.#from, this.#to)
    const room = new Uint8Array(Math.max(held.length + size, 2 * held.length))
    room.set(held)
    this.#bytes = room
    this.#to = held.length
    this.#from = 0
  }

  /** Lets go of the buffer: handshakes are rare, connections are long. */
  #reset(): void {
    this.#bytes = none
    this.#from = 0
    this.#to = 0
  }
}

/** One for all: a typed array takes 200 bytes, be it empty. */
const none = new Uint8Array(0)
