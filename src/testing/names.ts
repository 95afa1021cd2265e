/** Names to order: of subjects (RFC 5280 §4.1.2.4) and in the forms of a GeneralName (§4.2.1.6). */
import { concat } from '../wire/bytes.ts'
import { constructedTag, contextTag, encode, readDer, tags } from '../wire/der.ts'
import { parseIpAddress } from '../x509/path/names.ts'
import { ascii, encodeDotted, encodeSequence, explicit, utf8 } from './der.ts'

/**
 * A distinguished name: attributes in the order in which they stand, each of them a set of its own. Keys are `C`, `ST`, `L`, `O`, `OU`, `CN`,
 * `DC`, `UID`, `E` (the e-mail address), `serialNumber`, or dotted. `{}` is the empty name. Values are PrintableString where that has their
 * characters, otherwise UTF8String; `DC` and `E` are IA5String. Who wants other types gives the DER of the whole Name.
 */
export type DistinguishedNameOrder = Uint8Array | Readonly<Record<string, string | readonly string[]>>

/**
 * A GeneralName. A mere string is an IP address if it reads like one, otherwise a DNS name. As a name constraint (RFC 5280 §4.2.1.10) an
 * address needs its prefix, `192.0.2.0/24` or `2001:db8::/32`.
 */
export type GeneralNameOrder =
  | string
  | { readonly dns: string }
  | { readonly ip: string }
  | { readonly email: string }
  | { readonly uri: string }
  | { readonly directory: DistinguishedNameOrder }
  | { readonly registeredId: string }
  /** `value`: DER. */
  | { readonly otherName: { readonly oid: string; readonly value: Uint8Array } }

/** The DER of a Name. Throws `TypeError` for an attribute that is not known, or DER that is not a sequence. */
export function encodeName(order: DistinguishedNameOrder): Uint8Array {
  if (order instanceof Uint8Array) {
    if (!isSequence(order)) throw new TypeError('a distinguished name in DER is a SEQUENCE')
    return order
  }
  const attributes = Object.entries(order).flatMap(([type, values]) =>
    [values].flat().map(value => encode(tags.set, encodeAttribute(type, value))),
  )
  return encodeSequence(...attributes)
}

/** The DER of a GeneralName. Throws `TypeError` where the name can't be written in its form. */
export function encodeGeneralName(order: GeneralNameOrder, use: 'name' | 'constraint' = 'name'): Uint8Array {
  if (typeof order === 'string') return addressOf(order) ? encodeGeneralName({ ip: order }, use) : encodeGeneralName({ dns: order }, use)
  if ('dns' in order) return encode(contextTag(2), ascii(order.dns))
  if ('email' in order) return encode(contextTag(1), ascii(order.email))
  if ('uri' in order) return encode(contextTag(6), ascii(order.uri))
  if ('ip' in order) return encode(contextTag(7), use === 'name' ? address(order.ip) : range(order.ip))
  // Name is a CHOICE, and so its tag explicit.
  if ('directory' in order) return explicit(4, encodeName(order.directory))
  if ('registeredId' in order) return encode(contextTag(8), readDer(encodeDotted(order.registeredId, 'registered ID')).bytes)
  return encode(constructedTag(0), encodeDotted(order.otherName.oid, 'other name'), explicit(0, order.otherName.value))
}

/** The contents of GeneralNames, without a header: the tag differs with the place. */
export function encodeGeneralNames(orders: readonly GeneralNameOrder[]): Uint8Array {
  return concat(...orders.map(order => encodeGeneralName(order)))
}

/** What a common name is made of; `undefined` for a name that is no text. */
export function textOf(order: GeneralNameOrder): string | undefined {
  if (typeof order === 'string') return order
  return Object.values(order).find(value => typeof value === 'string')
}

function isSequence(der: Uint8Array): boolean {
  try {
    return readDer(der).tag === tags.sequence
  } catch {
    return false
  }
}

const attributeTypes: Readonly<Record<string, string>> = {
  C: '2.5.4.6',
  ST: '2.5.4.8',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
  serialNumber: '2.5.4.5',
  DC: '0.9.2342.19200300.100.1.25',
  UID: '0.9.2342.19200300.100.1.1',
  E: '1.2.840.113549.1.9.1',
}

function encodeAttribute(type: string, value: string): Uint8Array {
  const oid = type.includes('.') ? type : attributeTypes[type]
  if (oid === undefined) throw new TypeError(`"${type}" is no attribute of a name: ${Object.keys(attributeTypes).join(', ')}, or dotted`)
  return encodeSequence(encodeDotted(oid, 'attribute'), encodeText(oid, value))
}

function encodeText(oid: string, value: string): Uint8Array {
  if (oid === attributeTypes.DC || oid === attributeTypes.E) return encode(tags.ia5String, ascii(value))
  return /^[A-Za-z0-9 '()+,./:=?-]*$/.test(value) ? encode(tags.printableString, ascii(value)) : encode(tags.utf8String, utf8(value))
}

function addressOf(text: string): Uint8Array | undefined {
  return parseIpAddress(text.split('/')[0] ?? '')
}

function address(text: string): Uint8Array {
  const octets = parseIpAddress(text)
  if (!octets) throw new TypeError(`${JSON.stringify(text)} is no IP address`)
  return octets
}

/** An address and a mask of the same length. */
function range(text: string): Uint8Array {
  const octets = addressOf(text)
  const prefix = /^[^/]+\/(\d{1,3})$/.exec(text)?.[1]
  const length = Number(prefix)
  if (!octets || prefix === undefined || length > octets.length * 8)
    throw new TypeError(`${JSON.stringify(text)} is no range of IP addresses: expected such as 192.0.2.0/24`)
  const mask = octets.map((_, i) => (0xff00 >> Math.min(8, Math.max(0, length - i * 8))) & 0xff)
  return concat(octets, mask)
}
