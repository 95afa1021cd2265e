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

/**
 * One value. Only offsets are kept; `bytes` and `raw` are views that are made when they are asked for, since most values are only walked
 * over.
 */
export class DerValue {
  /** The identifier octet. */
  readonly tag: number
  /** What the offsets below are into. */
  readonly source: Uint8Array
  readonly start: number
  /** Where the contents begin, and where they end. */
  readonly from: number
  readonly to: number
  readonly #base: number

  /** `base` is where `source` begins in the outermost input; it only serves error messages. */
  constructor(tag: number, source: Uint8Array, start: number, from: number, to: number, base: number) {
    this.tag = tag
    this.source = source
    this.start = start
    this.from = from
    this.to = to
    this.#base = base
  }

  /** How many octets the contents have. */
  get length(): number {
    return this.to - this.from
  }

  /** The contents, a view. */
  get bytes(): Uint8Array {
    return this.source.subarray(this.from, this.to)
  }

  /** The whole value with its header, a view. */
  get raw(): Uint8Array {
    return this.source.subarray(this.start, this.to)
  }

  /** Where `raw` begins in the outermost input. */
  get offset(): number {
    return this.#base + this.start
  }

  /** A reader of the values in the contents. */
  contents(): DerReader {
    return new DerReader(this.source, this.#base, this.from, this.to)
  }

  /** The one value that the contents are, which must have this tag where one is given: explicit tags, values within strings. */
  inner(tag?: number): DerValue {
    const reader = this.contents()
    const value = reader.next(tag)
    reader.end()
    return value
  }
}

/** The one value that `bytes` is. `base` as for `DerReader`. */
export function readDer(bytes: Uint8Array, base = 0): DerValue {
  const reader = new DerReader(bytes, base)
  const value = reader.next()
  reader.end()
  return value
}

/** Reads values that follow one another. */
export class DerReader {
  readonly #source: Uint8Array
  readonly #base: number
  readonly #end: number
  #position: number

  /** `base` is where `source` begins in the outermost input; it only serves error messages. */
  constructor(source: Uint8Array, base = 0, from = 0, to = source.length) {
    this.#source = source
    this.#base = base
    this.#position = from
    this.#end = to
  }

  get done(): boolean {
    return this.#position === this.#end
  }

  /** The identifier octet of the next value; `undefined` at the end. */
  peek(): number | undefined {
    return this.#position < this.#end ? this.#source[this.#position] : undefined
  }

  /** The next value, which must have this tag where one is given. */
  next(tag?: number): DerValue {
    const start = this.#position
    const found = this.#octet()
    if (tag !== undefined && found !== tag) throw this.#wrong(`${tagName(tag)} wanted, ${tagName(found)} found`)
    if ((found & 0x1f) === 0x1f) throw this.#wrong('a tag number above 30')
    if ((found & 0xdf) === 0) throw this.#wrong('tag number 0, which only marks an end of contents')
    this.#position++
    const length = this.#length()
    const from = this.#position
    if (length > this.#end - from) throw this.#wrong(`${length} octets of ${tagName(found)} wanted, ${this.#end - from} left`)
    this.#position = from + length
    return new DerValue(found, this.#source, start, from, this.#position, this.#base)
  }

  /** The next value if it has this tag. */
  optional(tag: number): DerValue | undefined {
    return this.peek() === tag ? this.next(tag) : undefined
  }

  /** Throws where something is left. */
  end(): void {
    if (!this.done) throw this.#wrong(`${this.#end - this.#position} octets too many`)
  }

  #octet(): number {
    if (this.#position >= this.#end) throw this.#wrong('a value is missing')
    return this.#source[this.#position] as number
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
  return value.contents()
}

export function integer(value: DerValue, tag: number = tags.integer): bigint {
  checkInteger(value, tag)
  let hex = '0x'
  for (const octet of value.bytes) hex += octet.toString(16).padStart(2, '0')
  return BigInt.asIntN(value.length * 8, BigInt(hex))
}

/** The octets of a positive INTEGER, a view, without the 00 that keeps the first bit clear. For numbers too long to be made a bigint for nothing. */
export function positiveInteger(value: DerValue, tag: number = tags.integer): Uint8Array {
  checkInteger(value, tag)
  const first = octetAt(value, 0)
  const octets = first === 0 ? value.bytes.subarray(1) : value.bytes
  if (octets.length === 0 || first >= 0x80) throw malformed('an INTEGER that is not positive', value)
  return octets
}

/** A non-negative INTEGER below 2^31. */
export function smallInteger(value: DerValue, tag: number = tags.integer): number {
  checkInteger(value, tag)
  let number = 0
  for (let i = 0; i < value.length && i < 5; i++) number = number * 256 + octetAt(value, i)
  if (octetAt(value, 0) >= 0x80 || number > 0x7fffffff) {
    throw malformed(value.length > 8 ? `an INTEGER of ${value.length} octets` : `INTEGER ${integer(value, tag)} is out of range`, value)
  }
  return number
}

/** An OBJECT IDENTIFIER in dotted form. */
export function oid(value: DerValue, tag: number = tags.oid): string {
  expectTag(value, tag)
  const { source, from, to } = value
  // Bounds the work, since an arc may be a bigint.
  if (to - from > 128) throw malformed('an OBJECT IDENTIFIER of more than 128 octets', value)
  if (from === to || (source[to - 1] as number) >= 0x80) throw malformed('an OBJECT IDENTIFIER that ends too early', value)
  let dotted = ''
  for (let at = from, arc = 0, start = from; at < to; at++) {
    const octet = source[at] as number
    if (at === start && octet === 0x80) throw malformed('an OBJECT IDENTIFIER arc that is not in its shortest form', value)
    arc = arc * 128 + (octet & 0x7f)
    if (octet >= 0x80) continue
    // More than 49 bits may be more than a number holds: UUIDs serve as arcs (2.25.…).
    const exact = at - start < 7 ? arc : bigArc(source.subarray(start, at + 1))
    dotted += start === from ? firstArcs(exact) : `.${exact}`
    arc = 0
    start = at + 1
  }
  return dotted
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
  const unused = octetAt(value, 0)
  if (value.length === 0 || unused > 7 || (unused > 0 && value.length === 1)) throw malformed('a malformed BIT STRING', value)
  if (value.length > 1 && (octetAt(value, value.length - 1) & ((1 << unused) - 1)) !== 0) {
    throw malformed('a BIT STRING whose unused bits are not 0', value)
  }
  return { bytes: value.source.subarray(value.from + 1, value.to), unused }
}

/** A view. */
export function octetString(value: DerValue, tag: number = tags.octetString): Uint8Array {
  expectTag(value, tag)
  return value.bytes
}

export function boolean(value: DerValue, tag: number = tags.boolean): boolean {
  expectTag(value, tag)
  const octet = octetAt(value, 0)
  if (value.length !== 1 || (octet !== 0 && octet !== 0xff)) throw malformed('a BOOLEAN that is neither 00 nor FF', value)
  return octet === 0xff
}

/** Checks that `value` is NULL. */
export function nothing(value: DerValue): void {
  expectTag(value, tags.null)
  if (value.length > 0) throw malformed('a NULL with contents', value)
}

/** Milliseconds since 1970 of a UTCTime YYMMDDHHMMSSZ; 1950 to 2049 (RFC 5280 §4.1.2.5.1). */
export function utcTime(value: DerValue, tag: number = tags.utcTime): number {
  expectTag(value, tag)
  checkDigits(value, 12)
  const yy = digitPair(value, 0)
  return moment(value, yy < 50 ? 2000 + yy : 1900 + yy, 2)
}

/** Milliseconds since 1970 of a GeneralizedTime YYYYMMDDHHMMSSZ, without fractions (RFC 5280 §4.1.2.5.2). */
export function generalizedTime(value: DerValue, tag: number = tags.generalizedTime): number {
  expectTag(value, tag)
  checkDigits(value, 14)
  return moment(value, digitPair(value, 0) * 100 + digitPair(value, 2), 4)
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
  if (value.length === 0) throw malformed('an empty INTEGER', value)
  const first = octetAt(value, 0)
  if (value.length > 1 && (first === 0 || first === 0xff) && first >> 7 === octetAt(value, 1) >> 7) {
    throw malformed('an INTEGER that is not in its shortest form', value)
  }
}

/** Octet `index` of the contents; 0 beyond them. */
function octetAt(value: DerValue, index: number): number {
  return index < value.length ? (value.source[value.from + index] as number) : 0
}

const universalNames = new Map(Object.entries(tags).map(([name, tag]) => [tag as number, name]))

function malformedAt(what: string, offset: number): DecodeError {
  return new DecodeError(`${what}, at offset ${offset}`)
}

/** Groups of 7 bits. */
function bigArc(groups: Uint8Array): bigint {
  return groups.reduce((arc, octet) => (arc << 7n) | BigInt(octet & 0x7f), 0n)
}

/** X.690 §8.19.4: the first two arcs share a number. */
function firstArcs(packed: number | bigint): string {
  if (typeof packed === 'bigint') return `2.${packed - 80n}`
  const first = Math.min(2, Math.floor(packed / 40))
  return `${first}.${packed - first * 40}`
}

/** `count` digits and a Z. */
function checkDigits(value: DerValue, count: number): void {
  if (value.length !== count + 1 || octetAt(value, count) !== 0x5a)
    throw malformed(`${tagName(value.tag)} not of ${count} digits and Z`, value)
  for (let i = 0; i < count; i++) {
    const octet = octetAt(value, i)
    if (octet < 0x30 || octet > 0x39) throw malformed(`${tagName(value.tag)} with a character that is no digit`, value)
  }
}

function digitPair(value: DerValue, at: number): number {
  return octetAt(value, at) * 10 + octetAt(value, at + 1) - 0x30 * 11
}

/** The rest of a time, MMDDHHMMSS, from digit `at` on. */
function moment(value: DerValue, year: number, at: number): number {
  const month = digitPair(value, at)
  const day = digitPair(value, at + 2)
  const hour = digitPair(value, at + 4)
  const minute = digitPair(value, at + 6)
  const second = digitPair(value, at + 8)
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month) || hour > 23 || minute > 59 || second > 59) {
    throw malformed(`${tagName(value.tag)} that names no moment`, value)
  }
  const time = Date.UTC(year + 400, month - 1, day, hour, minute, second)
  return time - fourCenturies
}

/** After so many milliseconds the calendar repeats itself. Date.UTC takes the years 0 to 99 for those of the 20th century; 400 to 499 it does not. */
const fourCenturies = 146_097 * 86_400_000

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
