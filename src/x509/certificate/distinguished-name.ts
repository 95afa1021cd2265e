/** Distinguished names (RFC 5280 §4.1.2.4), how they compare (§7.1), and their text (RFC 4514). */
import { equal, toHex } from '../../wire/bytes.ts'
import { type DerValue, malformed, oid, readDer, sequence, tags } from '../../wire/der.ts'
import { checkString, isCharacterString, isConstructedString, string } from './strings.ts'

export class DistinguishedName {
  readonly #value: DerValue
  /** As encoded: the most general first. */
  readonly relative: readonly (readonly Attribute[])[]
  #comparable: readonly ComparableName[] | undefined
  #key: string | undefined

  constructor(value: DerValue, relative: readonly (readonly Attribute[])[]) {
    this.#value = value
    this.relative = relative
  }

  /** The DER, a view. */
  get raw(): Uint8Array {
    return this.#value.raw
  }

  /** The relative names as they are compared. Made once, since name constraints compare them again and again. */
  get comparable(): readonly ComparableName[] {
    this.#comparable ??= this.relative.map(comparableName)
    return this.#comparable
  }

  /** Two names are the same exactly if their keys are. */
  get key(): string {
    this.#key ??= this.comparable.map(({ key }) => key).join(';')
    return this.#key
  }
}

/** A RelativeDistinguishedName as it is compared. */
export interface ComparableName {
  /** Two are the same exactly if their keys are. */
  readonly key: string
  readonly types: string
  /** Whether one of the values can't be compared as text. */
  readonly isOpaque: boolean
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

  /** Whether the value is text that can be compared with other text. TeletexString is none: nobody agrees on what it means. */
  get isComparable(): boolean {
    return isCharacterString(this.#value) && this.#value.tag !== tags.teletexString
  }

  /** What is compared (RFC 5280 §7.1): the text as `prepared`, whatever its string type, or else the octets. */
  get key(): string {
    return this.isComparable ? JSON.stringify(prepared(string(this.#value))) : `#${toHex(this.#value.raw)}`
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
export function isWithin({ comparable }: DistinguishedName, base: DistinguishedName): boolean {
  return base.comparable.every(({ key }, i) => key === comparable[i]?.key)
}

/** As `isWithin`, where a value that can't be compared may be any: nobody escapes from a subtree by another encoding. */
export function mayBeWithin({ comparable }: DistinguishedName, base: DistinguishedName): boolean {
  return base.comparable.every((one, i) => {
    const other = comparable[i]
    return other !== undefined && (one.key === other.key || ((one.isOpaque || other.isOpaque) && one.types === other.types))
  })
}

/** A DER name as text, the most specific part first: `CN=example.com,O=Example`. Throws `DecodeError`. */
export function nameToText(der: Uint8Array): string {
  return describeName(readName(readDer(der)))
}

export function describeName(name: DistinguishedName): string {
  return name.relative.toReversed().map(describeRelative).join(',')
}

/** The values of one attribute type, the most specific first; `undefined` in the place of one that is no text. */
export function attributeTexts(name: DistinguishedName, type: string): (string | undefined)[] {
  return name.relative
    .flat()
    .filter(attribute => attribute.type === type)
    .map(({ value }) => (typeof value === 'string' ? value : undefined))
    .toReversed()
}

function readAttribute(attribute: DerValue): Attribute {
  const fields = sequence(attribute)
  const type = oid(fields.next())
  const value = fields.next()
  fields.end()
  // A string in parts is not DER, and must not be one that is no text.
  if (isConstructedString(value)) throw malformed('a character string in parts', value)
  if (isCharacterString(value)) checkString(value)
  return new Attribute(type, value)
}

/** The attributes of a set have no order that means anything. */
function comparableName(attributes: readonly Attribute[]): ComparableName {
  return {
    key: attributes
      .map(attribute => `${attribute.type}=${attribute.key}`)
      .sort()
      .join('+'),
    types: attributes
      .map(({ type }) => type)
      .sort()
      .join('+'),
    isOpaque: attributes.some(({ isComparable }) => !isComparable),
  }
}

/**
 * RFC 4518 §2.2 to §2.6 for those characters that names in use have: what is invisible goes, all white space is one space, none at the ends;
 * compatible forms and cases are one. Upper case first: `ß` and `SS` fold to the same then, as in stringprep.
 */
function prepared(text: string): string {
  return text
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFKC')
    .toUpperCase()
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim()
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
