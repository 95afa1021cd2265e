/** Names of every type, and name constraints over them, in DER: good ones and others. */
import { constructedTag, contextTag, encode, encodeOid, readDer, tags } from '../../src/wire/der.ts'
import { type DistinguishedName, readName } from '../../src/x509/certificate/distinguished-name.ts'
import { type GeneralName, readGeneralName } from '../../src/x509/certificate/general-names.ts'
import { dns, extension, ip, latin1 } from './build.ts'

const attributeTypes: Readonly<Record<string, string>> = {
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
  E: '1.2.840.113549.1.9.1',
}

const stringTypes = {
  utf8: tags.utf8String,
  printable: tags.printableString,
  ia5: tags.ia5String,
  teletex: tags.teletexString,
  bmp: tags.bmpString,
}

export type StringType = keyof typeof stringTypes

/** `C=US/O=Example/CN=a+OU=b`, the most general first; empty: no part at all. */
export function distinguishedName(text: string, type: StringType = 'utf8'): Uint8Array {
  const relative = text === '' ? [] : text.split('/')
  return encode(tags.sequence, ...relative.map(part => encode(tags.set, ...part.split('+').map(each => attribute(each, type)))))
}

function attribute(text: string, type: StringType): Uint8Array {
  const [, id = '', value = ''] = /^(\w+)=(.*)$/.exec(text) ?? []
  const octets = type === 'bmp' ? Uint8Array.from(Buffer.from(value, 'utf16le').swap16()) : latin1(value)
  const utf8 = Uint8Array.from(Buffer.from(value, 'utf8'))
  return encode(tags.sequence, encodeOid(attributeTypes[id] ?? id), encode(stringTypes[type], type === 'utf8' ? utf8 : octets))
}

export function email(text: string): Uint8Array {
  return encode(contextTag(1), latin1(text))
}

export function uri(text: string): Uint8Array {
  return encode(contextTag(6), latin1(text))
}

export function directory(text: string, type?: StringType): Uint8Array {
  return encode(constructedTag(4), distinguishedName(text, type))
}

/** `10.0.0.0/255.0.0.0`, `2001:db8::/…` in groups of four hexadecimal digits without colons; without a mask an address. */
export function address(text: string): Uint8Array {
  const octets = (part: string): number[] => (part.includes('.') ? part.split('.').map(Number) : [...Buffer.from(part, 'hex')])
  return ip(...text.split('/').flatMap(octets))
}

/** Names that nothing is compared with. */
export const incomparable = {
  other: encode(constructedTag(0), encodeOid('1.2.3'), encode(constructedTag(0), encode(tags.utf8String, latin1('x')))),
  x400: encode(constructedTag(3), encode(tags.sequence)),
  ediParty: encode(constructedTag(5), encode(constructedTag(1), encode(tags.utf8String, latin1('x')))),
  registeredId: encode(contextTag(8), Uint8Array.of(42, 3)),
}

/** NameConstraints, DER. */
export function constraints(permitted: readonly Uint8Array[], excluded: readonly Uint8Array[] = []): Uint8Array {
  const list = (number: number, bases: readonly Uint8Array[]): Uint8Array[] =>
    bases.length === 0 ? [] : [encode(constructedTag(number), ...bases.map(base => encode(tags.sequence, base)))]
  return encode(tags.sequence, ...list(0, permitted), ...list(1, excluded))
}

export function nameConstraints(permitted: readonly Uint8Array[], excluded: readonly Uint8Array[] = []): Uint8Array {
  return extension('2.5.29.30', constraints(permitted, excluded), true)
}

export function generalName(der: Uint8Array): GeneralName {
  return readGeneralName(readDer(der))
}

export function nameOf(text: string, type?: StringType): DistinguishedName {
  return readName(readDer(distinguishedName(text, type)))
}

export { dns, ip }
