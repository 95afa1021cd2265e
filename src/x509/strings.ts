/** ASN.1's character strings. */
import { type DerValue, malformed, tagName, tags } from '../wire/der.ts'

/** An IA5String, ASCII, whatever tag it bears. */
export function ia5String(value: DerValue): string {
  return string({ ...value, tag: tags.ia5String })
}

/**
 * The text of any of ASN.1's character strings. Character sets are checked where another reading is possible (UTF-8, surrogates, eight-bit
 * characters in seven-bit types), not where they are a matter of taste: PrintableString with an `@` or `*` is common. TeletexString is
 * read as ISO 8859-1, as everyone does.
 */
export function string(value: DerValue): string {
  const { bytes } = value
  switch (value.tag) {
    case tags.utf8String:
      return fromCodePoints(value, utf8(value))
    case tags.numericString:
    case tags.printableString:
    case tags.ia5String:
    case tags.visibleString:
      if (bytes.some(octet => octet > 0x7f)) throw malformed(`${tagName(value.tag)} with a character that is not ASCII`, value)
      return fromCodePoints(value, bytes)
    case tags.teletexString:
      return fromCodePoints(value, bytes)
    case tags.bmpString:
      return fromCodePoints(value, wide(value, 2))
    case tags.universalString:
      return fromCodePoints(value, wide(value, 4))
    default:
      throw malformed(`a character string wanted, ${tagName(value.tag)} found`, value)
  }
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
