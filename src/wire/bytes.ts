/** Reading and building byte strings. */
import { DecodeError } from './error.ts'

/** Where a field of a message lies; `value` where it has no fields of its own. */
export interface Field {
  readonly path: string
  readonly from: number
  readonly to: number
  readonly value?: unknown
}

/** A cursor over bytes that refuses to run past their end. Slices are views. */
export class Reader {
  readonly bytes: Uint8Array
  /** Offset of the next byte. */
  position: number
  readonly end: number
  readonly #notes: Notes | undefined

  constructor(bytes: Uint8Array, options: { from?: number; to?: number; notes?: Notes | undefined } = {}) {
    this.bytes = bytes
    this.position = options.from ?? 0
    this.end = options.to ?? bytes.length
    this.#notes = options.notes
  }

  get remaining(): number {
    return this.end - this.position
  }

  /** An unsigned integer of `size` bytes (1 to 4), network order. */
  uint(size: number): number {
    const from = this.#advance(size)
    let value = 0
    for (let i = from; i < from + size; i++) value = value * 256 + (this.bytes[i] as number)
    return value
  }

  /** The next `size` bytes, a view. */
  take(size: number): Uint8Array {
    const from = this.#advance(size)
    return this.bytes.subarray(from, from + size)
  }

  /** A reader confined to the next `size` bytes. */
  sub(size: number): Reader {
    const from = this.#advance(size)
    return new Reader(this.bytes, { from, to: from + size, notes: this.#notes })
  }

  /** Reads what `name` names; where the fields are wanted, its place is noted, before those of the fields inside it. */
  named<T>(name: string | number, read: () => T): T {
    const notes = this.#notes
    if (!notes) return read()
    const from = this.position
    const path = notes.path
    notes.path = typeof name === 'number' ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`
    const at = notes.fields.push({ path: notes.path, from, to: from }) - 1
    const value = read()
    const leaf = notes.fields.length === at + 1
    notes.fields[at] = { path: notes.path, from, to: this.position, ...(leaf ? { value } : {}) }
    notes.path = path
    return value
  }

  /** Throws where bytes are left over. */
  finish(what: string): void {
    if (this.remaining > 0) throw new DecodeError(`${this.remaining} bytes trail ${what}`)
  }

  #advance(size: number): number {
    if (size > this.remaining) throw new DecodeError(`${size} bytes wanted at offset ${this.position}, ${this.remaining} left`)
    const from = this.position
    this.position += size
    return from
  }
}

/** Collects the fields of one message as they are read. */
export interface Notes {
  readonly fields: Field[]
  path: string
}

/** Builds a byte string. */
export class Writer {
  #bytes = new Uint8Array(256)
  #length = 0

  uint(size: number, value: number): void {
    const from = this.#grow(size)
    this.#put(from, size, value)
  }

  append(bytes: Uint8Array): void {
    const from = this.#grow(bytes.length)
    this.#bytes.set(bytes, from)
  }

  /** What `write` writes, preceded by its length in `size` bytes. Returns that length. */
  prefixed(size: number, write: () => void): number {
    const from = this.#grow(size)
    write()
    const length = this.#length - from - size
    this.#put(from, size, length)
    return length
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #put(from: number, size: number, value: number): void {
    for (let i = size - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) this.#bytes[from + i] = rest % 256
  }

  #grow(size: number): number {
    const from = this.#length
    this.#length += size
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    return from
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return join(parts)
}

/** As `concat`, for however many parts: more than arguments can be. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Whether two public byte strings are the same. Not for secrets: it stops at the first difference. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  // A loop: `every` takes ten times as long, and whole chains are compared.
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** A copy with a buffer of its own. `slice` would not do: that of a Node.js Buffer is a view. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

/** Lower case, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** One byte a character (ISO 8859-1, so that ASCII and ALPN names both pass). Throws `TypeError` for a wider character. */
export function fromText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 255) throw new TypeError(`not a character of one byte: ${String.fromCodePoint(text.codePointAt(i) ?? code)}`)
    bytes[i] = code
  }
  return bytes
}

export function toText(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
