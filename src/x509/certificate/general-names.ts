/** GeneralName (RFC 5280 §4.2.1.6), in the extensions that have one. */
import { constructedTag, contextTag, type DerValue, malformed, oid, sequence } from '../../wire/der.ts'
import { type DistinguishedName, readName } from './distinguished-name.ts'
import { ia5String } from './strings.ts'

export type GeneralName =
  /** ASCII, not checked for being a host name. */
  | { readonly type: 'dns'; readonly name: string }
  | { readonly type: 'email'; readonly address: string }
  | { readonly type: 'uri'; readonly uri: string }
  /** As it stands: 4 or 16 octets are an address; in name constraints 8 or 32, an address and its mask. */
  | { readonly type: 'ip'; readonly address: Uint8Array }
  | { readonly type: 'directory'; readonly name: DistinguishedName }
  | { readonly type: 'registeredId'; readonly oid: string }
  /** Not looked into. */
  | { readonly type: 'other' | 'x400' | 'ediParty'; readonly raw: Uint8Array }

export type GeneralNameType = GeneralName['type']

export function readGeneralName(name: DerValue): GeneralName {
  switch (name.tag) {
    case constructedTag(0):
      return { type: 'other', raw: name.raw }
    case contextTag(1):
      return { type: 'email', address: ia5String(name) }
    case contextTag(2):
      return { type: 'dns', name: ia5String(name) }
    case constructedTag(3):
      return { type: 'x400', raw: name.raw }
    case constructedTag(4):
      return { type: 'directory', name: readName(name.inner()) }
    case constructedTag(5):
      return { type: 'ediParty', raw: name.raw }
    case contextTag(6):
      return { type: 'uri', uri: ia5String(name) }
    case contextTag(7):
      return { type: 'ip', address: name.bytes }
    case contextTag(8):
      return { type: 'registeredId', oid: oid(name, contextTag(8)) }
    default:
      throw malformed('no kind of GeneralName', name)
  }
}

/** GeneralNames: at least one. `tag` is given where they are tagged implicitly. */
export function readGeneralNames(value: DerValue, tag?: number): readonly GeneralName[] {
  return items(value, tag).map(readGeneralName)
}

/** The values of a SEQUENCE OF, of which there is at least one. `tag` is given where it is tagged implicitly. */
export function items(value: DerValue, tag?: number): DerValue[] {
  const found: DerValue[] = []
  for (const reader = sequence(value, tag); !reader.done; ) found.push(reader.next())
  if (found.length === 0) throw malformed('an empty list', value)
  return found
}
