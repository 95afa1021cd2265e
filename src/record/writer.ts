/**
 * Records for the wire (RFC 9846 §5). Everything is appended to one list, which `take` hands over. Only handshake messages wait: those
 * of a flight are fragmented together, as one byte string, so that a flight takes as few records as it can.
 */
import { contentType, headerSize, maxPlaintext } from './content-type.ts'
import type { Protection } from './protection.ts'

export interface RecordWriterOptions {
  /**
   * A client's writer: the records of its first handshake message, the initial ClientHello, carry the version 0x0301 for the sake of
   * old servers (§5.1). All others carry 0x0303. Default false.
   */
  readonly initialClientHello?: boolean
  /**
   * How many bytes of padding to add to a protected record with this many bytes of content. The answer is clamped to what fits into
   * the record. Default: none.
   */
  readonly padding?: ((plaintextLength: number) => number) | undefined
}

export class RecordWriter {
  readonly #padding: ((plaintextLength: number) => number) | undefined
  #protection: Protection | undefined
  #output: Uint8Array[] = []
  #outputSize = 0
  #flight: Uint8Array[] = []
  #flightSize = 0
  #initialClientHello: boolean
  #fragmentLimit = maxPlaintext

  constructor(options: RecordWriterOptions = {}) {
    this.#padding = options.padding
    this.#initialClientHello = options.initialClientHello ?? false
  }

  /**
   * The longest fragment of a protected record with its padding, in bytes: the peer's `record_size_limit` less the content type
   * (RFC 8449). 1 to 16384; anything else is a `TypeError`.
   */
  get fragmentLimit(): number {
    return this.#fragmentLimit
  }

  set fragmentLimit(limit: number) {
    if (!Number.isInteger(limit) || limit < 1 || limit > maxPlaintext) throw new TypeError(`Fragments of ${limit} bytes`)
    this.#fragmentLimit = limit
  }

  /** Bytes that `take` would give; messages that wait count without the overhead of their records. */
  get pending(): number {
    return this.#outputSize + this.#flightSize
  }

  /** How many records the present key may still protect; `Infinity` without one. */
  get remaining(): number {
    return this.#protection?.remaining ?? Number.POSITIVE_INFINITY
  }

  /** The key for the records that follow. The writer owns it, and erases the one before. */
  setProtection(protection: Protection | undefined): void {
    this.flushHandshake()
    this.#protection?.destroy()
    this.#protection = protection
  }

  /** Adds a handshake message to the flight. It must not be changed before the flight is flushed. */
  queueHandshake(message: Uint8Array): void {
    this.#flight.push(message)
    this.#flightSize += message.length
  }

  /** Writes the flight. Done before any other record, before the key changes, and before the output is taken. */
  flushHandshake(): void {
    if (this.#flightSize === 0) return
    const flight = this.#flight
    this.#flight = []
    this.#flightSize = 0
    this.#writeFragments(contentType.handshake, flight)
    this.#initialClientHello = false
  }

  /**
   * Writes `data`, or its pieces as if they were joined, in as many records as it takes; nothing of it is referenced afterwards.
   * Application data may be empty: one record without content. A `TypeError` for any other empty record, for application data without
   * a key, and for a change_cipher_spec, which has a method of its own.
   */
  write(type: number, data: Uint8Array | readonly Uint8Array[]): void {
    const pieces = data instanceof Uint8Array ? [data] : data
    if (type === contentType.change_cipher_spec) throw new TypeError('A change_cipher_spec is not written as a message')
    if (type === contentType.application_data) {
      if (this.#protection === undefined) throw new TypeError('Application data is never written unprotected')
    } else if (pieces.every(piece => piece.length === 0)) {
      throw new TypeError(`A record of type ${type} can't be empty`)
    }
    this.flushHandshake()
    this.#writeFragments(type, pieces)
  }

  /** The change_cipher_spec of middlebox compatibility (appendix E.4): a plaintext record under any key. */
  writeChangeCipherSpec(): void {
    this.flushHandshake()
    this.#writePlain(contentType.change_cipher_spec, [Uint8Array.of(1)], 1)
  }

  /** Everything written so far, in order, for the transport. The list and its chunks are the caller's. */
  take(): Uint8Array[] {
    this.flushHandshake()
    const output = this.#output
    this.#output = []
    this.#outputSize = 0
    return output
  }

  /** Erases the key. What is written stays for `take`; a flight that waits is dropped. */
  destroy(): void {
    this.#flight = []
    this.#flightSize = 0
    this.setProtection(undefined)
  }

  /** Cuts a byte string that is given in pieces into records; at least one. Nothing is copied before it is sealed. */
  #writeFragments(type: number, pieces: readonly Uint8Array[]): void {
    const limit = this.#protection === undefined ? maxPlaintext : this.#fragmentLimit
    let part: Uint8Array[] = []
    let size = 0
    let any = false
    for (const piece of pieces) {
      for (let from = 0; from < piece.length; ) {
        const taken = Math.min(piece.length - from, limit - size)
        part.push(taken === piece.length ? piece : piece.subarray(from, from + taken))
        from += taken
        size += taken
        if (size < limit) continue
        this.#writeRecord(type, part, size)
        any = true
        part = []
        size = 0
      }
    }
    if (size > 0 || !any) this.#writeRecord(type, part, size)
  }

  #writeRecord(type: number, pieces: readonly Uint8Array[], size: number): void {
    const protection = this.#protection
    if (protection === undefined) this.#writePlain(type, pieces, size)
    else this.#writeProtected(protection, type, pieces, size)
  }

  #writePlain(type: number, pieces: readonly Uint8Array[], size: number): void {
    const record = new Uint8Array(headerSize + size)
    writeHeader(record, type, size)
    if (this.#initialClientHello && type === contentType.handshake) record[2] = 0x01
    let offset = headerSize
    for (const piece of pieces) {
      record.set(piece, offset)
      offset += piece.length
    }
    this.#output.push(record)
    this.#outputSize += record.length
  }

  #writeProtected(protection: Protection, type: number, pieces: readonly Uint8Array[], size: number): void {
    const trailer = this.#trailer(type, size)
    const sealedSize = size + trailer.length + protection.suite.aead.tagSize
    const header = new Uint8Array(headerSize)
    writeHeader(header, contentType.application_data, sealedSize)
    const start = this.#output.push(header)
    try {
      protection.seal(header, [...pieces, trailer], this.#output)
    } catch (error) {
      // A header without its body would garble all that follows.
      this.#output.length = start - 1
      throw error
    }
    this.#outputSize += headerSize + sealedSize
  }

  /** The content type, and the padding behind it. */
  #trailer(type: number, size: number): Uint8Array {
    if (this.#padding === undefined) return typeAlone(type)
    const wanted = Math.trunc(this.#padding(size))
    const padding = Math.max(0, Math.min(wanted, this.#fragmentLimit - size))
    const trailer = new Uint8Array(1 + (padding || 0))
    trailer[0] = type
    return trailer
  }
}

/** Made once: no record changes what is sealed. */
const typesAlone = Array.from({ length: 256 }, (_, type) => Uint8Array.of(type))

function typeAlone(type: number): Uint8Array {
  return typesAlone[type] ?? Uint8Array.of(type)
}

function writeHeader(record: Uint8Array, type: number, size: number): void {
  record[0] = type
  record[1] = 0x03
  record[2] = 0x03
  record[3] = size >>> 8
  record[4] = size
}
