/** Mozilla's trust anchors for TLS servers, as names and keys. The data is under the Mozilla Public License 2.0; see docs/roots.md. */
import { anchors, attributeTypes, date, keyShapes, source, stringTypes, version } from './roots/mozilla.ts'
import { concat, fromText } from './wire/bytes.ts'
import { encode, encodeOid, tags } from './wire/der.ts'
import type { TrustAnchor } from './x509/path/anchor.ts'
import { decodeBase64 } from './x509/pem.ts'

export type { TrustAnchor } from './x509/path/anchor.ts'

/** What `mozillaRoots` returns, and where it is from. Roots come and go: anchors that are older than a few months are due for a newer release. */
export const mozillaRootsInfo: Readonly<{
  /** In words. */
  source: string
  /** Of Debian's package ca-certificates. */
  version: string
  /** YYYY-MM-DD, of that package. */
  date: string
  /** SPDX identifier. */
  licence: string
  count: number
}> = Object.freeze({ source, version, date, licence: 'MPL-2.0', count: anchors.length })

/**
 * The roots that Mozilla trusts for TLS servers, with the limits that Mozilla has set on some: for a trust store. The array and its octets are the
 * caller's own; the first call decodes the data.
 */
export function mozillaRoots(): readonly TrustAnchor[] {
  decoded ??= anchors.map(decodeAnchor)
  return decoded.map(copyOf)
}

let decoded: readonly TrustAnchor[] | undefined

/** Nobody can change by it what others in the process believe. */
function copyOf(anchor: TrustAnchor): TrustAnchor {
  const { subject, publicKey, nameConstraints } = anchor
  return {
    ...anchor,
    subject: subject.slice(),
    publicKey: publicKey.slice(),
    ...(nameConstraints && { nameConstraints: nameConstraints.slice() }),
  }
}

/** `subject|label|shape|key`, and behind it `|limit=value`. */
function decodeAnchor(line: string): TrustAnchor {
  const [subject = '', label = '', shape = '', key = '', ...limits] = line.split('|')
  const [before, behind] = keyShapes[shape] ?? ['', '']
  const octets = (text: string): Uint8Array => decodeBase64(text, `the anchor ${subject}`)
  const limit = (name: string): string | undefined => limits.find(each => each.startsWith(`${name}=`))?.slice(name.length + 1)
  const constraints = limit('nameConstraints')
  const end = limit('distrustAfter')
  return {
    subject: encodeSubject(subject),
    publicKey: concat(octets(before), octets(key), octets(behind)),
    label: label || commonName(subject),
    ...(constraints !== undefined && { nameConstraints: octets(constraints) }),
    ...(end !== undefined && { distrustAfter: Date.parse(end) }),
  }
}

/** `C=US;O:Example`: one attribute in each relative name, with the sign between type and value for the string type. */
function encodeSubject(text: string): Uint8Array {
  const relative = attributesOf(text).map(({ type, sign, value }) => {
    const string = encode(stringTypes[sign] ?? tags.utf8String, utf8(value))
    return encode(tags.set, encode(tags.sequence, encodeOid(attributeTypes[type] ?? type), string))
  })
  return encode(tags.sequence, ...relative)
}

/** The common name; without one, the last attribute, which is the most specific. */
function commonName(subject: string): string {
  const attributes = attributesOf(subject)
  return (attributes.find(({ type }) => type === 'CN') ?? attributes.at(-1))?.value ?? ''
}

function attributesOf(text: string): { type: string; sign: string; value: string }[] {
  return text.split(';').map(attribute => {
    const [, type = '', sign = '', value = ''] = /^([\w.]+)([=:@])(.*)$/.exec(attribute) ?? []
    return { type, sign, value }
  })
}

/** The language's own way to UTF-8 without a TextEncoder: %XX for what is not plain. */
function utf8(text: string): Uint8Array {
  return fromText(encodeURIComponent(text).replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))))
}
