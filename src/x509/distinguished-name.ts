/** Distinguished names (RFC 5280 §4.1.2.4) and their text (RFC 4514). */
import { type DerValue, malformed, oid, readDer, sequence, tags } from '../wire/der.ts'
import { string } from './strings.ts'

export interface DistinguishedName {
  /** The DER, a view. Names are compared octet by octet, as Go and webpki do; RFC 5280 §7.1 would also allow for case and spaces. */
  readonly raw: Uint8Array
  /** As encoded: the most general first. */
  readonly relative: readonly (readonly Attribute[])[]
}

interface Attribute {
  /** Dotted. */
  readonly type: string
  /** Text, or the DER of a value that is not a character string. */
  readonly value: string | Uint8Array
}

export function readName(value: DerValue): DistinguishedName {
  const relative: Attribute[][] = []
  for (const names = sequence(value); !names.done; ) {
    const name = names.next(tags.set)
    const attributes: Attribute[] = []
    for (const items = sequence(name, tags.set); !items.done; ) attributes.push(readAttribute(items.next()))
    if (attributes.length === 0) throw malformed('an empty RelativeDistinguishedName', name)
    relative.push(attributes)
  }
  return { raw: value.raw, relative }
}

/** A DER name as text, the most specific part first: `CN=example.com,O=Example`. Throws `DecodeError`. */
export function nameToText(der: Uint8Array): string {
  return describeName(readName(readDer(der)))
}

export function describeName(name: DistinguishedName): string {
  return name.relative.toReversed().map(describeRelative).join(',')
}

function readAttribute(attribute: DerValue): Attribute {
  const fields = sequence(attribute)
  const type = oid(fields.next())
  const value = fields.next()
  fields.end()
  return { type, value: characterStrings.has(value.tag) ? string(value) : value.raw }
}

const characterStrings: ReadonlySet<number> = new Set([
  tags.utf8String,
  tags.numericString,
  tags.printableString,
  tags.teletexString,
  tags.ia5String,
  tags.visibleString,
  tags.universalString,
  tags.bmpString,
])

function describeRelative(attributes: readonly Attribute[]): string {
  return attributes.map(({ type, value }) => `${shortNames[type] ?? type}=${describeValue(value)}`).join('+')
}

/** RFC 4514 §2.4; what could disturb a terminal or reorder the line (controls, bidirectional marks, line separators) as its code point. */
function describeValue(value: string | Uint8Array): string {
  if (typeof value !== 'string') return `#${Array.from(value, octet => octet.toString(16).padStart(2, '0')).join('')}`
  return value
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.42': 'GN',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
}
