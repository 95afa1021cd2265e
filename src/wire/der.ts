/**
 * DER (ITU-T X.690 §10 and §11), read strictly: definite lengths in their shortest form, nothing behind a value, one encoding for
 * each value. Nothing here recurses: whoever wants what is inside a value asks for it, so the depth is that of the caller's code.
 * Every failure is a `DecodeError` that names what was wrong and the offset in the outermost input.
 */
import { concat } from './bytes.ts'
import { DecodeError } from './error.ts'

/** Identifier octets of the universal types in use. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** The identifier octet of a primitive value tagged `[number]`, number 0 to 30. */
export function contextTag(number: number): number {
  return 0x80 | number
}

/** The identifier octet of a constructed value tagged `[number]`: explicit tagging, and implicit tagging of a SEQUENCE or SET. */
export function constructedTag(number: number): number {
  return 0xa0 | number
}

export interface DerValue {
  /** The identifier octet. */
  readonly tag: number
  /** The contents, a view. */
  readonly bytes: Uint8Array
  /** The whole value with its header, a view. */
  readonly raw: Uint8Array
  /** Where `raw` begins in the outermost input. */
  readonly offset: number
}

/** The one value that `bytes` is. */
export function readDer(bytes: Uint8Array): DerValue {
  const reader = new DerReader(bytes)
  const value = reader.next()
  reader.end()
  return value
}

/** Reads values that follow one another. */
export class DerReader {
  readonly #bytes: Uint8Array
  readonly #base: number
  #position = 0

  /** `base` is where `bytes` begins in the outermost input; it only serves error messages. */
  constructor(bytes: Uint8Array, base = 0) {
    this.#bytes = bytes
    this.#base = base
  }

  get done(): boolean {
    return this.#position === this.#bytes.length
  }

  /** The identifier octet of the next value; `undefined` at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#position]
  }

  /** The next value, which must have this tag where one is given. */
  next(tag?: number): DerValue {
    const found = this.#octet()
    if (tag !== undefined && found !== tag) throw this.#wrong(`${tagName(tag)} wanted, ${tagName(found)} found`)
    if ((found & 0x1f) === 0x1f) throw this.#wrong('a tag number above 30')
    if ((found & 0xdf) === 0) throw this.#wrong('tag number 0, which only marks an end of contents')
    const from = this.#position
    this.#position++
    const length = this.#length()
    const start = this.#position
    if (length > this.#bytes.length - start)
      throw this.#wrong(`${length} octets of ${tagName(found)} wanted, ${this.#bytes.length - start} left`)
    this.#position += length
    return {
      tag: found,
      bytes: this.#bytes.subarray(start, this.#position),
      raw: this.#bytes.subarray(from, this.#position),
      offset: this.#base + from,
    }
  }

  /** The next value if it has this tag. */
  optional(tag: number): DerValue | undefined {
    return this.peek() === tag ? this.next(tag) : undefined
  }

  /** Throws where something is left. */
  end(): void {
    if (!this.done) throw this.#wrong(`${this.#bytes.length - this.#position} octets too many`)
  }

  #octet(): number {
    const octet = this.#bytes[this.#position]
    if (octet === undefined) throw this.#wrong('a value is missing')
    return octet
  }

  #length(): number {
    const first = this.#octet()
    this.#position++
    if (first < 0x80) return first
    if (first === 0x80) throw this.#wrong('an indefinite length')
    const size = first & 0x7f
    if (size > 4) throw this.#wrong(`a length of ${size} octets`)
    let length = 0
    for (let i = 0; i < size; i++) {
      length = length * 256 + this.#octet()
      this.#position++
    }
    if (length < 0x80 || length < 256 ** (size - 1)) throw this.#wrong(`length ${length} is not in its shortest form`)
    return length
  }

  #wrong(what: string): DecodeError {
    return malformedAt(what, this.#base + this.#position)
  }
}

// ── What a value means. `tag` is given where implicit tagging replaced the type's own ────────────────────────────────

/** A reader of the contents of a SEQUENCE. Also for SET and explicit tags, with their `tag`. */
export function sequence(value: DerValue, tag: number = tags.sequence): DerReader {
  expectTag(value, tag)
  return new DerReader(value.bytes, contentOffset(value))
}

export function integer(value: DerValue, tag: number = tags.integer): bigint {
  checkInteger(value, tag)
  let hex = '0x'
  for (const octet of value.bytes) hex += octet.toString(16).padStart(2, '0')
  return BigInt.asIntN(value.bytes.length * 8, BigInt(hex))
}

/** The octets of a positive INTEGER, a view, without the 00 that keeps the first bit clear. For numbers too long to be made a bigint for nothing. */
export function positiveInteger(value: DerValue, tag: number = tags.integer): Uint8Array {
  checkInteger(value, tag)
  const octets = value.bytes[0] === 0 ? value.bytes.subarray(1) : value.bytes
  if (octets.length === 0 || (value.bytes[0] ?? 0) >= 0x80) throw malformed('an INTEGER that is not positive', value)
  return octets
}

/** A non-negative INTEGER below 2^31. */
export function smallInteger(value: DerValue, tag: number = tags.integer): number {
  const number = integer(value, tag)
  if (number < 0n || number > 0x7fffffffn) throw malformed(`INTEGER ${number} is out of range`, value)
  return Number(number)
}

/** An OBJECT IDENTIFIER in dotted form. */
export function oid(value: DerValue, tag: number = tags.oid): string {
  expectTag(value, tag)
  // Bounds the work, since an arc may be a bigint.
  if (value.bytes.length > 128) throw malformed('an OBJECT IDENTIFIER of more than 128 octets', value)
  const arcs: (number | bigint)[] = []
  let from = 0
  for (const [i, octet] of value.bytes.entries()) {
    if (i === from && octet === 0x80) throw malformed('an OBJECT IDENTIFIER arc that is not in its shortest form', value)
    if (octet >= 0x80) continue
    const arc = readArc(value.bytes.subarray(from, i + 1))
    arcs.push(...(from === 0 ? firstArcs(arc) : [arc]))
    from = i + 1
  }
  if (from === 0 || from < value.bytes.length) throw malformed('an OBJECT IDENTIFIER that ends too early', value)
  return arcs.join('.')
}

/** A BIT STRING of whole octets. */
export function bitString(value: DerValue, tag: number = tags.bitString): Uint8Array {
  const { bytes, unused } = bits(value, tag)
  if (unused !== 0) throw malformed(`a BIT STRING with ${unused} unused bits where whole octets are wanted`, value)
  return bytes
}

/** A BIT STRING of any length. The unused bits, the lowest of the last octet, are 0. */
export function bits(value: DerValue, tag: number = tags.bitString): { readonly bytes: Uint8Array; readonly unused: number } {
  expectTag(value, tag)
  const unused = value.bytes[0]
  const bytes = value.bytes.subarray(1)
  if (unused === undefined || unused > 7 || (unused > 0 && bytes.length === 0)) throw malformed('a malformed BIT STRING', value)
  if (((bytes.at(-1) ?? 0) & ((1 << unused) - 1)) !== 0) throw malformed('a BIT STRING whose unused bits are not 0', value)
  return { bytes, unused }
}

/** A view. */
export function octetString(value: DerValue, tag: number = tags.octetString): Uint8Array {
  expectTag(value, tag)
  return value.bytes
}

export function boolean(value: DerValue, tag: number = tags.boolean): boolean {
  expectTag(value, tag)
  const [octet] = value.bytes
  if (value.bytes.length !== 1 || (octet !== 0 && octet !== 0xff)) throw malformed('a BOOLEAN that is neither 00 nor FF', value)
  return octet === 0xff
}

/** Checks that `value` is NULL. */
export function nothing(value: DerValue): void {
  expectTag(value, tags.null)
  if (value.bytes.length > 0) throw malformed('a NULL with contents', value)
}

/** Milliseconds since 1970 of a UTCTime YYMMDDHHMMSSZ; 1950 to 2049 (RFC 5280 §4.1.2.5.1). */
export function utcTime(value: DerValue, tag: number = tags.utcTime): number {
  expectTag(value, tag)
  const [yy, ...rest] = digitPairs(value, 6)
  return moment(value, yy < 50 ? 2000 + yy : 1900 + yy, rest)
}

/** Milliseconds since 1970 of a GeneralizedTime YYYYMMDDHHMMSSZ, without fractions (RFC 5280 §4.1.2.5.2). */
export function generalizedTime(value: DerValue, tag: number = tags.generalizedTime): number {
  expectTag(value, tag)
  const [century, yy = 0, ...rest] = digitPairs(value, 7)
  return moment(value, century * 100 + yy, rest)
}

/** `what` is wrong with `value`. */
export function malformed(what: string, value: DerValue): DecodeError {
  return malformedAt(what, value.offset)
}

/** The ASN.1 name of an identifier octet. */
export function tagName(tag: number): string {
  const name = universalNames.get(tag)
  if (name) return name
  return tag >> 6 === 2 ? `[${tag & 0x1f}]` : `tag 0x${tag.toString(16).padStart(2, '0')}`
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A value with this identifier octet, whose contents are `parts` in a row. */
export function encode(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  const header = length < 0x80 ? [tag, length] : [tag, 0x80 | octets.length, ...octets]
  return concat(Uint8Array.from(header), ...parts)
}

/** An OBJECT IDENTIFIER from its dotted form, whose arcs are below 2^31. */
export function encodeOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const octets = [first * 40 + second, ...rest].flatMap(arc => {
    const groups = [arc & 0x7f]
    for (let high = arc >>> 7; high > 0; high >>>= 7) groups.unshift(0x80 | (high & 0x7f))
    return groups
  })
  return encode(tags.oid, Uint8Array.from(octets))
}

// ── Below ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function expectTag(value: DerValue, tag: number): void {
  if (value.tag !== tag) throw malformed(`${tagName(tag)} wanted, ${tagName(value.tag)} found`, value)
}

function checkInteger(value: DerValue, tag: number): void {
  expectTag(value, tag)
  const [first, second = 0] = value.bytes
  if (first === undefined) throw malformed('an empty INTEGER', value)
  if (value.bytes.length > 1 && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80)) {
    throw malformed('an INTEGER that is not in its shortest form', value)
  }
}

function contentOffset(value: DerValue): number {
  return value.offset + value.raw.length - value.bytes.length
}

const universalNames = new Map(Object.entries(tags).map(([name, tag]) => [tag as number, name]))

function malformedAt(what: string, offset: number): DecodeError {
  return new DecodeError(`${what}, at offset ${offset}`)
}

/** Groups of 7 bits; a bigint where a number is too short for them (UUIDs serve as arcs: 2.25.…). */
function readArc(groups: Uint8Array): number | bigint {
  if (groups.length > 7) return groups.reduce((arc, octet) => (arc << 7n) | BigInt(octet & 0x7f), 0n)
  return groups.reduce((arc, octet) => arc * 128 + (octet & 0x7f), 0)
}

/** X.690 §8.19.4: the first two arcs share a number. */
function firstArcs(packed: number | bigint): readonly (number | bigint)[] {
  if (typeof packed === 'bigint') return [2, packed - 80n]
  const first = Math.min(2, Math.floor(packed / 40))
  return [first, packed - first * 40]
}

/** `count` two-digit numbers and a Z. */
function digitPairs(value: DerValue, count: number): [number, ...number[]] {
  const { bytes } = value
  if (bytes.length !== count * 2 + 1 || bytes.at(-1) !== 0x5a)
    throw malformed(`${tagName(value.tag)} not of ${count * 2} digits and Z`, value)
  const pair = (i: number): number => digit(value, i * 2) * 10 + digit(value, i * 2 + 1)
  return [pair(0), ...Array.from({ length: count - 1 }, (_, i) => pair(i + 1))]
}

function digit(value: DerValue, at: number): number {
  const number = (value.bytes[at] ?? 0) - 0x30
  if (number < 0 || number > 9) throw malformed(`${tagName(value.tag)} with a character that is no digit`, value)
  return number
}

function moment(value: DerValue, year: number, [month = 0, day = 0, hour = 0, minute = 0, second = 0]: readonly number[]): number {
  const date = new Date(0)
  const time = date.setUTCFullYear(year, month - 1, day)
  // A day that the month does not have rolls over.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    throw malformed(`${tagName(value.tag)} that names no moment`, value)
  }
  return time + ((hour * 60 + minute) * 60 + second) * 1000
}
