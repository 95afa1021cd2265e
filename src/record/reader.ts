/**
 * Records out of a stream of chunks (RFC 9846 §5).
 *
 * Who owns which buffer when: a chunk given to `push` is the reader's from then on, and a protected record that lies whole inside it is
 * decrypted in place there. A record that straddles chunks is assembled in a buffer of its exact length, and its part of each chunk
 * is let go at once. Small chunks that have to wait are gathered in buffers of the reader's own, so that a peer that sends single
 * bytes can't make their bookkeeping heavier than themselves. The `fragment` of a record is a view into one of these buffers: it is
 * the caller's until the next `push` or `next`, and may be kept no longer than its buffer should be.
 */
import { TlsError } from '../error.ts'
import { contentType, headerSize, maxCiphertext, maxPlaintext } from './content-type.ts'
import type { Protection } from './protection.ts'

export interface IncomingRecord {
  /** The content type, of the inner plaintext where the record was protected. */
  readonly type: number
  /** The plaintext without padding: a view, see above. */
  readonly fragment: Uint8Array
  readonly protected: boolean
}

export interface RecordReaderOptions {
  /** Records in a row without content, beyond which the peer is at fault. Default 32. */
  readonly emptyRecords?: number
}

/**
 * Opens one record a call and nothing ahead. A violation throws a `TlsError`; the reader is dead afterwards, and throws the same again.
 *
 * Without protection everything but application data passes. With it, two plaintext records still do, both with `protected: false`,
 * for the caller to judge: change_cipher_spec at any time, since only the handshake knows until when §5 allows it; and an alert of
 * two bytes as long as no record was opened. A client that can't go on after our ServerHello has no key yet, and §7.3 lets it say so
 * in plaintext; OpenSSL and rustls make the same exception. Such an alert proves nothing, but whoever can forge it can end the
 * connection anyway. From the first record that opens, the peer has keys, and the exception ends.
 */
export class RecordReader {
  /** The longest fragment with its padding, in bytes: `record_size_limit` less the content type (RFC 8449). For protected records. */
  plaintextLimit = maxPlaintext

  /** Bytes of records that may still be passed over: early data that is not taken; `undefined`: none is expected. */
  #skippable: number | undefined
  #protection: Protection | undefined
  /** Whether any record was opened, under whichever key. */
  #opened = false
  readonly #emptyLimit: number
  #empties = 0
  #failure: unknown

  readonly #input = new Input()
  readonly #header = new Uint8Array(headerSize)
  #headerFilled = 0
  #body: Uint8Array | undefined
  #bodyFilled = 0

  constructor(options: RecordReaderOptions = {}) {
    this.#emptyLimit = options.emptyRecords ?? 32
  }

  /** Bytes received and not yet given out. */
  get buffered(): number {
    return this.#input.length + this.#headerFilled + this.#bodyFilled
  }

  /** Whether `next` has begun a record that is not complete yet. */
  get midRecord(): boolean {
    return this.#headerFilled > 0
  }

  /** Bytes from the peer. They belong to the reader from now on. */
  push(chunk: Uint8Array): void {
    if (this.#failure === undefined) this.#input.push(chunk)
  }

  /** The key for the records that follow. The reader owns it, and erases the one before. */
  setProtection(protection: Protection | undefined): void {
    this.#protection?.destroy()
    this.#protection = protection
  }

  /**
   * Passes over records of early data that was not taken, up to `budget` bytes (RFC 9846 §4.3.10): those that do not open, and without
   * a key those of application data. It ends with the first record that opens, or with a handshake record in plaintext.
   */
  skipEarlyData(budget: number): void {
    this.#skippable = budget
  }

  /** The next record; `undefined` while it is not complete. */
  next(): IncomingRecord | undefined {
    if (this.#failure !== undefined) throw this.#failure
    try {
      for (;;) {
        const record = this.#read()
        if (record !== skipped) return record
      }
    } catch (error) {
      this.#failure = error
      this.destroy()
      throw error
    }
  }

  /** Erases the key and drops what was not read. */
  destroy(): void {
    this.setProtection(undefined)
    this.#input.clear()
    this.#headerFilled = 0
    this.#body = undefined
    this.#bodyFilled = 0
  }

  #read(): IncomingRecord | typeof skipped | undefined {
    if (!this.#readHeader()) return undefined
    // Checked before the body is there, and again on every call: the key may have changed in between.
    const protection = this.#checkHeader()
    const body = this.#readBody(this.#bodyLength)
    if (body === undefined) return undefined
    this.#headerFilled = 0
    const record = protection === undefined ? this.#plain(body) : this.#open(protection, body)
    if (record !== skipped) this.#countEmpty(record)
    return record
  }

  get #type(): number {
    return this.#header[0] ?? 0
  }

  get #bodyLength(): number {
    return ((this.#header[3] ?? 0) << 8) | (this.#header[4] ?? 0)
  }

  /** The first byte is judged alone: what is not TLS is told apart at once. The version is ignored, as §5.1 demands. */
  #readHeader(): boolean {
    this.#headerFilled += this.#input.copyTo(this.#header, this.#headerFilled)
    if (this.#headerFilled > 0 && (this.#type < contentType.change_cipher_spec || this.#type > contentType.application_data)) {
      throw new TlsError('record-type', `A record of type ${this.#type}: this is not TLS`)
    }
    return this.#headerFilled === headerSize
  }

  /** What the record is to be opened with; `undefined` where it is a plaintext record that may stand here. */
  #checkHeader(): Protection | undefined {
    const type = this.#type
    const length = this.#bodyLength
    if (this.#protection !== undefined && type === contentType.application_data) {
      if (length > maxCiphertext) throw new TlsError('record-overflow', `A protected record of ${length} bytes`)
      return this.#protection
    }
    if (!this.#mayBePlain(type, length)) throw new TlsError('record-unprotected', `An unprotected record of type ${type}`)
    if (length > (type === contentType.application_data ? maxCiphertext : maxPlaintext))
      throw new TlsError('record-overflow', `A plaintext record of ${length} bytes`)
    if (length === 0) throw new TlsError('empty-record', `An empty record of type ${type}`)
    return undefined
  }

  #mayBePlain(type: number, length: number): boolean {
    if (type === contentType.application_data) return this.#protection === undefined && this.#skippable !== undefined
    if (this.#protection === undefined || type === contentType.change_cipher_spec) return true
    return type === contentType.alert && length === 2 && !this.#opened
  }

  #readBody(length: number): Uint8Array | undefined {
    if (this.#body === undefined) {
      const whole = this.#input.view(length)
      if (whole !== undefined) return whole
      this.#body = new Uint8Array(length)
    }
    this.#bodyFilled += this.#input.copyTo(this.#body, this.#bodyFilled)
    if (this.#bodyFilled < length) return undefined
    const body = this.#body
    this.#body = undefined
    this.#bodyFilled = 0
    return body
  }

  #plain(fragment: Uint8Array): IncomingRecord | typeof skipped {
    if (this.#type === contentType.application_data) return this.#skip(fragment)
    if (this.#type === contentType.handshake) this.#skippable = undefined
    return { type: this.#type, fragment, protected: false }
  }

  #skip(body: Uint8Array): typeof skipped {
    this.#skippable = (this.#skippable ?? 0) - body.length
    if (this.#skippable < 0) throw new TlsError('early-data-overflow', 'More early data than is passed over')
    return skipped
  }

  /** Opens a record and takes its TLSInnerPlaintext apart: content, type, zeros (§5.2, §5.4). */
  #open(protection: Protection, sealed: Uint8Array): IncomingRecord | typeof skipped {
    const inner = this.#skippable !== undefined ? protection.tryOpen(this.#header, sealed) : protection.open(this.#header, sealed)
    if (inner === undefined && this.#skippable !== undefined) return this.#skip(sealed)
    this.#skippable = undefined
    if (inner === undefined) throw new TlsError('bad-record-mac', 'A record is not authentic')
    this.#opened = true
    if (inner.length > this.plaintextLimit + 1) {
      throw new TlsError('record-overflow', `A record with ${inner.length - 1} bytes of content and padding, over ${this.plaintextLimit}`)
    }
    let end = inner.length - 1
    while (end >= 0 && inner[end] === 0) end--
    const type = inner[end]
    if (type === undefined) throw new TlsError('unexpected-message', 'A protected record of nothing but padding')
    if (type < contentType.alert || type > contentType.application_data) {
      throw new TlsError('unexpected-message', `A protected record with content of type ${type}`)
    }
    if (end === 0 && type !== contentType.application_data) throw new TlsError('empty-record', `An empty record of type ${type}`)
    return { type, fragment: inner.subarray(0, end), protected: true }
  }

  #countEmpty(record: IncomingRecord): void {
    if (record.fragment.length > 0) this.#empties = 0
    else if (++this.#empties > this.#emptyLimit) {
      throw new TlsError('too-many-empty-records', `${this.#empties} records in a row without content`)
    }
  }
}

/** A record that was passed over. */
const skipped = Symbol('skipped')

/** Chunks that wait to be read. */
class Input {
  length = 0
  #chunks: Uint8Array[] = []
  /** Where the first chunk is in the list: what is read is cut off now and then, not chunk by chunk. */
  #head = 0
  /** How much of the first chunk is read. */
  #offset = 0
  /** Where small chunks are gathered; filled up to `#gathered`, where the last chunk ends if it is a view of this. */
  #gather: Uint8Array = none
  #gathered = 0

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.length += chunk.length
    if (chunk.length < smallChunk && this.#chunks.length > this.#head) this.#pushSmall(chunk)
    else this.#chunks.push(chunk)
  }

  /** Moves bytes to `target` from `from` to its end, as far as there are any; returns how many. */
  copyTo(target: Uint8Array, from: number): number {
    let to = from
    for (let first = this.#first; first !== undefined && to < target.length; first = this.#first) {
      const count = Math.min(target.length - to, first.length - this.#offset)
      // A header is too short to be worth a view.
      if (count <= headerSize) for (let i = 0; i < count; i++) target[to + i] = first[this.#offset + i] ?? 0
      else target.set(first.subarray(this.#offset, this.#offset + count), to)
      this.#pass(first, count)
      to += count
    }
    return to - from
  }

  /** Takes the next `length` bytes out without a copy, where the first chunk has them all. */
  view(length: number): Uint8Array | undefined {
    const first = this.#first
    if (first === undefined || length > first.length - this.#offset) return undefined
    // Not `subarray`, which makes a Buffer of a Buffer; the copies and views of a Buffer are not those of a Uint8Array.
    const view = new Uint8Array(first.buffer, first.byteOffset + this.#offset, length)
    this.#pass(first, length)
    return view
  }

  get #first(): Uint8Array | undefined {
    return this.#chunks[this.#head]
  }

  #pass(first: Uint8Array, count: number): void {
    this.#offset += count
    this.length -= count
    if (this.#offset === first.length) this.#nextChunk()
  }

  #nextChunk(): void {
    this.#head++
    this.#offset = 0
    if (this.#head < manyChunks && this.#head < this.#chunks.length) return
    this.#chunks = this.#chunks.slice(this.#head)
    this.#head = 0
    if (this.#chunks.length === 0) this.#releaseGather()
  }

  clear(): void {
    this.#chunks = []
    this.#head = 0
    this.#offset = 0
    this.length = 0
    this.#releaseGather()
  }

  /** Once nothing waits: a connection is idle for longer than it is behind. */
  #releaseGather(): void {
    this.#gather = none
    this.#gathered = 0
  }

  #pushSmall(chunk: Uint8Array): void {
    if (this.#gathered + chunk.length > this.#gather.length) {
      this.#gather = new Uint8Array(gatherSize)
      this.#gathered = 0
    }
    const start = this.#gathered
    this.#gathered += chunk.length
    this.#gather.set(chunk, start)
    const last = this.#chunks.length - 1
    const tail = this.#chunks[last]
    if (tail?.buffer === this.#gather.buffer) {
      this.#chunks[last] = this.#gather.subarray(tail.byteOffset, this.#gathered)
    } else {
      this.#chunks.push(this.#gather.subarray(start, this.#gathered))
    }
  }
}

/** A chunk shorter than this is copied if it has to wait, instead of being kept with all its bookkeeping. */
const smallChunk = 256
const gatherSize = 4096
/** One for all: a typed array takes 200 bytes, be it empty. */
const none = new Uint8Array(0)
/** So many chunks that were read are cut off together. */
const manyChunks = 1024
