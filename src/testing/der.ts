/** The DER that minting writes, beside what `src/wire/der.ts` has for everybody. */
import { constructedTag, encode, encodeOid, tags } from '../wire/der.ts'

export function encodeSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return encode(tags.sequence, ...parts)
}

/** `[number] EXPLICIT`. */
export function explicit(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return encode(constructedTag(number), ...parts)
}

/** An AlgorithmIdentifier (RFC 5280 §4.1.1.2). */
export function encodeAlgorithm(oid: string, ...parameters: readonly Uint8Array[]): Uint8Array {
  return encodeSequence(encodeOid(oid), ...parameters)
}

export const derNull = encode(tags.null)

/** An OBJECT IDENTIFIER. Throws `TypeError` where `dotted` is none; `what` names it. */
export function encodeDotted(dotted: string, what: string): Uint8Array {
  if (!/^(?:[01]\.[1-3]?\d|2\.\d{1,9})(?:\.\d{1,9})*$/.test(dotted))
    throw new TypeError(`${what} ${JSON.stringify(dotted)} is no OBJECT IDENTIFIER in dotted form`)
  return encodeOid(dotted)
}

/** TRUE; FALSE is the default wherever a flag stands in a certificate, and so never written. */
export function encodeTrue(tag: number = tags.boolean): Uint8Array {
  return encode(tag, Uint8Array.of(0xff))
}

/** A non-negative INTEGER. Throws `TypeError` where it is none; `what` names it. */
export function encodeInteger(value: number | bigint, what: string, tag: number = tags.integer): Uint8Array {
  if (typeof value === 'number' ? !Number.isSafeInteger(value) || value < 0 : value < 0n)
    throw new TypeError(`${what} is ${value}: expected a whole number from 0`)
  const hex = toHexNumber(value)
  const octets = Uint8Array.from(hex.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
  return encode(tag, ...((octets[0] ?? 0) >= 0x80 ? [Uint8Array.of(0)] : []), octets)
}

/** Whole octets in hexadecimal, at least one. */
export function toHexNumber(value: number | bigint): string {
  const hex = value.toString(16)
  return hex.length % 2 === 0 ? hex : `0${hex}`
}

/** A BIT STRING of whole octets. */
export function encodeBitString(octets: Uint8Array): Uint8Array {
  return encode(tags.bitString, Uint8Array.of(0), octets)
}

/** A BIT STRING whose bits have names: those at `positions` are set, the zeros behind the last one left out (X.690 §11.2.2). */
export function encodeNamedBits(positions: readonly number[], tag: number = tags.bitString): Uint8Array {
  const last = Math.max(-1, ...positions)
  const octets = new Uint8Array(Math.ceil((last + 1) / 8))
  for (const position of positions) octets[position >> 3] = (octets[position >> 3] ?? 0) | (0x80 >> (position & 7))
  return encode(tag, Uint8Array.of(octets.length * 8 - 1 - last), octets)
}

/** UTCTime to 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5); whole seconds. */
export function encodeTime(date: Date): Uint8Array {
  return date.getUTCFullYear() < 2050 ? encode(tags.utcTime, ascii(digits(date).slice(2))) : encodeGeneralizedTime(date)
}

export function encodeGeneralizedTime(date: Date): Uint8Array {
  return encode(tags.generalizedTime, ascii(digits(date)))
}

/** Throws `TypeError` where a character is not ASCII. */
export function ascii(text: string): Uint8Array {
  if (/[^\0-\x7f]/.test(text)) throw new TypeError(`${JSON.stringify(text)} has characters beyond ASCII`)
  return Uint8Array.from(text, character => character.charCodeAt(0))
}

/** UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** `date` without its milliseconds, which RFC 5280 does not know. Throws `TypeError` where it is no date; `what` names it. */
export function wholeSeconds(date: Date, what: string): Date {
  const whole = new Date(Math.floor(date.getTime() / 1000) * 1000)
  const year = whole.getUTCFullYear()
  // An invalid date has the year NaN.
  if (!(year >= 1950 && year <= 9999)) throw new TypeError(`${what} is no date of the years 1950 to 9999`)
  return whole
}

export function daysFromNow(days: number): Date {
  return new Date(Math.floor(Date.now() / 1000 + days * 86_400) * 1000)
}

/** What certificates are valid from by default, and what answers are of: clocks differ. */
export function anHourAgo(): Date {
  return daysFromNow(-1 / 24)
}

/** The octets of an extension's value in the form that several structures share. */
export interface RawExtension {
  /** Dotted. */
  readonly oid: string
  /** Default: not. */
  readonly critical?: boolean
  /** The DER that goes into the OCTET STRING. */
  readonly value: Uint8Array
}

/** Extensions (RFC 5280 §4.1); nothing at all where there are none. `tag`: the explicit tag around them. */
export function encodeExtensions(extensions: readonly RawExtension[], tag: number): Uint8Array {
  if (extensions.length === 0) return new Uint8Array()
  return explicit(tag, encodeSequence(...extensions.map(encodeExtension)))
}

function encodeExtension({ oid, critical = false, value }: RawExtension): Uint8Array {
  return encodeSequence(encodeDotted(oid, 'extension'), ...(critical ? [encodeTrue()] : []), encode(tags.octetString, value))
}

/** YYYYMMDDHHMMSSZ. */
function digits(date: Date): string {
  return `${date.toISOString().replace(/\.\d+Z$|[-:T]/g, '')}Z`
}
