/** Distinguished names (RFC 5280 §4.1.2.4), how they compare (§7.1), and their text (RFC 4514). */
import { equal, toHex } from '../wire/bytes.ts'
import { type DerValue, malformed, oid, readDer, sequence, tags } from '../wire/der.ts'
import { checkString, isCharacterString, string } from './strings.ts'

export class DistinguishedName {
  readonly #value: DerValue
  readonly #relative: readonly (readonly Attribute[])[]
  #key: string | undefined

  constructor(value: DerValue, relative: readonly (readonly Attribute[])[]) {
    this.#value = value
    this.#relative = relative
  }

  /** The DER, a view. */
  get raw(): Uint8Array {
    return this.#value.raw
  }

  /** As encoded: the most general first. */
  get relative(): readonly (readonly Attribute[])[] {
    return this.#relative
  }

  /** Two names are the same exactly if their keys are. */
  get key(): string {
    this.#key ??= this.#relative.map(relativeKey).join(';')
    return this.#key
  }
}

/** AttributeTypeAndValue. */
export class Attribute {
  /** Dotted. */
  readonly type: string
  readonly #value: DerValue

  constructor(type: string, value: DerValue) {
    this.type = type
    this.#value = value
  }

  /** Text, or the DER of a value that is not a character string. */
  get value(): string | Uint8Array {
    return isCharacterString(this.#value) ? string(this.#value) : this.#value.raw
  }

  /**
   * What is compared (RFC 5280 §7.1, RFC 4518 in its part that names in use need): the text without regard to case, to its string type, to
   * white space at the ends and to its amount inside. TeletexString, whose meaning nobody agrees on, and what is no text compare octet by octet.
   */
  get key(): string {
    if (!isCharacterString(this.#value) || this.#value.tag === tags.teletexString) return `#${toHex(this.#value.raw)}`
    return JSON.stringify(foldCase(string(this.#value)).replace(/ +/g, ' ').replace(/^ | $/g, ''))
  }
}

export function readName(value: DerValue): DistinguishedName {
  const relative: Attribute[][] = []
  for (const names = sequence(value); !names.done; ) relative.push(readRelativeName(names.next()))
  return new DistinguishedName(value, relative)
}

/** RelativeDistinguishedName. `tag` is given where it is tagged implicitly. */
export function readRelativeName(value: DerValue, tag: number = tags.set): Attribute[] {
  const attributes: Attribute[] = []
  for (const items = sequence(value, tag); !items.done; ) attributes.push(readAttribute(items.next()))
  if (attributes.length === 0) throw malformed('an empty RelativeDistinguishedName', value)
  return attributes
}

/** Whether two names are the same (RFC 5280 §7.1). */
export function sameName(a: DistinguishedName, b: DistinguishedName): boolean {
  return equal(a.raw, b.raw) || a.key === b.key
}

/** Whether `name` begins as `base` does: it lies in the subtree of `base` (RFC 5280 §4.2.1.10). */
export function isWithin(name: DistinguishedName, base: DistinguishedName): boolean {
  if (base.relative.length > name.relative.length) return false
  return base.relative.every((relative, i) => relativeKey(relative) === relativeKey(name.relative[i] ?? []))
}

/** A DER name as text, the most specific part first: `CN=example.com,O=Example`. Throws `DecodeError`. */
export function nameToText(der: Uint8Array): string {
  return describeName(readName(readDer(der)))
}

export function describeName(name: DistinguishedName): string {
  return name.relative.toReversed().map(describeRelative).join(',')
}

/** The values of one attribute type that are text, the most specific first. */
export function attributeTexts(name: DistinguishedName, type: string): string[] {
  return name.relative
    .flat()
    .filter(attribute => attribute.type === type)
    .map(({ value }) => value)
    .filter(value => typeof value === 'string')
    .toReversed()
}

function readAttribute(attribute: DerValue): Attribute {
  const fields = sequence(attribute)
  const type = oid(fields.next())
  const value = fields.next()
  fields.end()
  if (isCharacterString(value)) checkString(value)
  return new Attribute(type, value)
}

/** The attributes of a set have no order that means anything. */
function relativeKey(attributes: readonly Attribute[]): string {
  return attributes
    .map(attribute => `${attribute.type}=${attribute.key}`)
    .sort()
    .join('+')
}

/** Upper first: `ſ`, `K` (Kelvin) and their like fold to what they are read as. */
function foldCase(text: string): string {
  return text.toUpperCase().toLowerCase()
}

function describeRelative(attributes: readonly Attribute[]): string {
  return attributes.map(({ type, value }) => `${shortNames[type] ?? type}=${describeValue(value)}`).join('+')
}

/** RFC 4514 §2.4; what could disturb a terminal or reorder the line (controls, bidirectional marks, line separators) as its code point. */
function describeValue(value: string | Uint8Array): string {
  if (typeof value !== 'string') return `#${toHex(value)}`
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
