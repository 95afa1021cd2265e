/** ASN.1's character strings. */
import { type DerValue, malformed, tagName, tags } from '../../wire/der.ts'

/** An IA5String, ASCII, whatever tag it bears. */
export function ia5String(value: DerValue): string {
  if (!isAscii(value)) throw malformed('ia5String with a character that is not ASCII', value)
  return asciiText(value)
}

export function isCharacterString({ tag }: DerValue): boolean {
  return characterStrings.has(tag)
}

/** One that BER may spell in parts. */
export function isConstructedString({ tag }: DerValue): boolean {
  return (tag & 0xe0) === 0x20 && characterStrings.has(tag & 0x1f)
}

/**
 * The text of any of ASN.1's character strings. Character sets are checked where another reading is possible (UTF-8, surrogates, eight-bit
 * characters in seven-bit types), not where they are a matter of taste: PrintableString with an `@` or `*` is common. TeletexString is
 * read as ISO 8859-1, as everyone does.
 */
export function string(value: DerValue): string {
  const { bytes, tag } = value
  switch (tag) {
    case tags.utf8String:
      return isAscii(value) ? asciiText(value) : fromCodePoints(value, utf8(value))
    case tags.numericString:
    case tags.printableString:
    case tags.ia5String:
    case tags.visibleString:
      checkString(value)
      return asciiText(value)
    case tags.teletexString:
      return fromCodePoints(value, bytes)
    case tags.bmpString:
      return fromCodePoints(value, wide(value, 2))
    case tags.universalString:
      return fromCodePoints(value, wide(value, 4))
    default:
      throw malformed(`a character string wanted, ${tagName(tag)} found`, value)
  }
}

/** Throws where `string` would. Makes no text where none is needed to tell. */
export function checkString(value: DerValue): void {
  if (sevenBit.has(value.tag)) {
    if (!isAscii(value)) throw malformed(`${tagName(value.tag)} with a character that is not ASCII`, value)
  } else if (value.tag !== tags.utf8String || !isAscii(value)) string(value)
}

const sevenBit: ReadonlySet<number> = new Set([tags.numericString, tags.printableString, tags.ia5String, tags.visibleString])

const characterStrings: ReadonlySet<number> = new Set([
  ...sevenBit,
  tags.utf8String,
  tags.teletexString,
  tags.universalString,
  tags.bmpString,
])

function isAscii({ source, from, to }: DerValue): boolean {
  for (let i = from; i < to; i++) if ((source[i] as number) > 0x7f) return false
  return true
}

function asciiText({ source, from, to }: DerValue): string {
  let text = ''
  for (let i = from; i < to; i++) text += String.fromCharCode(source[i] as number)
  return text
}

function fromCodePoints(value: DerValue, points: Iterable<number>): string {
  let text = ''
  for (const point of points) {
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
      throw malformed(`${tagName(value.tag)} with a value that is no character`, value)
    text += String.fromCodePoint(point)
  }
  return text
}

function* wide(value: DerValue, width: 2 | 4): Generator<number> {
  const { bytes } = value
  if (bytes.length % width !== 0) throw malformed(`${tagName(value.tag)} of ${bytes.length} octets`, value)
  for (let i = 0; i < bytes.length; i += width) yield bytes.subarray(i, i + width).reduce((point, octet) => point * 256 + octet, 0)
}

/** RFC 3629 §4: shortest forms only. */
function* utf8(value: DerValue): Generator<number> {
  const { bytes } = value
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i++] as number
    const more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : -1
    if (more < 0) throw malformed('utf8String that is not UTF-8', value)
    let point = more === 0 ? lead : lead & (0x3f >> more)
    for (let k = 0; k < more; k++) {
      const next = bytes[i++] ?? 0
      if (next >> 6 !== 2) throw malformed('utf8String that is not UTF-8', value)
      point = (point << 6) | (next & 0x3f)
    }
    if ((more === 2 && point < 0x800) || (more === 3 && point < 0x10000)) throw malformed('utf8String that is not UTF-8', value)
    yield point
  }
}
