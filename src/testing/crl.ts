/** Certificate revocation lists (RFC 5280 §5). */
import type { Extension } from '@peculiar/x509'
import { join } from '../wire/bytes.ts'
import { contextTag, encode, tags } from '../wire/der.ts'
import type { RevocationReason } from '../x509/certificate/distribution-points.ts'
import { encodePem } from '../x509/pem.ts'
import type { CrlReason } from '../x509/revocation/crl-entries.ts'
import {
  anHourAgo,
  encodeGeneralizedTime,
  encodeInteger,
  encodeSequence,
  encodeTime,
  encodeTrue,
  explicit,
  type RawExtension,
  wholeSeconds,
} from './der.ts'
import {
  adjust,
  type DistributionPointOrder,
  distributionPointName,
  distributionPoints,
  encodeReasonFlags,
  given,
  raw,
  reasonNumber,
} from './extensions.ts'
import { signatureAlgorithm, signDer } from './keys.ts'
import { authorityKeyIdentifier, type MintedCertificate, type Signer } from './make.ts'
import { type DistinguishedNameOrder, encodeGeneralName, type GeneralNameOrder } from './names.ts'

export interface CrlEntry {
  /** The serial number, or the certificate that has it. */
  readonly revoked: number | bigint | Pick<MintedCertificate, 'serial'>
  /** Default: an hour ago. */
  readonly date?: Date
  /** Default: no reason given. */
  readonly reason?: CrlReason
  /** Since when the key is not to be trusted. */
  readonly invalidityDate?: Date
  /** In an indirect CRL: the certificate's issuer, from this entry on (RFC 5280 §5.3.3). */
  readonly certificateIssuer?: DistinguishedNameOrder
  readonly extensions?: readonly RawExtension[]
}

/** The scope of a CRL (RFC 5280 §5.2.5), with the names of its fields. A distribution point is a URI, or names in other forms. */
export interface IssuingDistributionPointOrder {
  readonly distributionPoint?: string | readonly GeneralNameOrder[]
  readonly onlyContainsUserCerts?: boolean
  readonly onlyContainsCACerts?: boolean
  readonly onlySomeReasons?: readonly RevocationReason[]
  readonly indirectCRL?: boolean
  readonly onlyContainsAttributeCerts?: boolean
}

export interface CrlOptions {
  /** What is revoked; a mere number or certificate, or with more about it. Default: nothing. */
  readonly revoked?: readonly (CrlEntry | CrlEntry['revoked'])[]
  /** Default: an hour ago. */
  readonly thisUpdate?: Date
  /** Default: 7 days after `thisUpdate`. `null`: left out. */
  readonly nextUpdate?: Date | null
  /** Default: 1. */
  readonly number?: number | bigint
  /** Makes it a delta to the CRL of this number (RFC 5280 §5.2.4). */
  readonly delta?: number | bigint
  readonly issuingDistributionPoint?: IssuingDistributionPointOrder
  /** Where delta CRLs are. */
  readonly freshestCrl?: readonly DistributionPointOrder[]
  /** Any others. One with the identifier of an extension that would be made anyway takes its place. */
  readonly extensions?: readonly RawExtension[]
  /** Dotted identifiers of extensions that are left out. */
  readonly omit?: readonly string[]
}

export interface MintedCrl {
  readonly crlDer: Uint8Array
  readonly crlPem: string
}

/**
 * A CRL in the name of `issuer`, signed with its key. Throws `TypeError` where `options` can't be written. In DER of our own: the generator of
 * `@peculiar/x509` gives every entry a list of extensions, also an empty one, which RFC 5280 §5.1 does not have, and knows one issuer only.
 */
export async function mintCrl(issuer: Signer, options: CrlOptions = {}): Promise<MintedCrl> {
  const thisUpdate = wholeSeconds(options.thisUpdate ?? anHourAgo(), 'thisUpdate')
  const { nextUpdate = new Date(thisUpdate.getTime() + week) } = options
  const entries = entriesOf(options.revoked ?? [])
  const list = encodeSequence(
    encodeInteger(1, 'the version'),
    signatureAlgorithm(issuer.keys),
    issuer.subject,
    encodeTime(thisUpdate),
    ...(nextUpdate ? [encodeTime(wholeSeconds(nextUpdate, 'nextUpdate'))] : []),
    ...(entries.length > 0 ? [encodeSequence(join(entries))] : []),
    ...encodeList(adjust([...crlExtensions(options), await authorityKeyIdentifier(issuer)], options), extensions =>
      explicit(0, extensions),
    ),
  )
  const crlDer = await signDer(issuer.keys, list)
  return { crlDer, crlPem: encodePem('X509 CRL', crlDer) }
}

const week = 7 * 86_400_000

function crlExtensions({ number = 1, delta, issuingDistributionPoint, freshestCrl }: CrlOptions): Extension[] {
  return [
    raw('2.5.29.20', encodeInteger(number, 'the number of the CRL')),
    ...given(delta, base => raw('2.5.29.27', encodeInteger(base, 'the number of the base CRL'), true)),
    ...given(issuingDistributionPoint, scope => raw('2.5.29.28', encodeScope(scope), true)),
    ...given(freshestCrl, points => raw('2.5.29.46', distributionPoints(points))),
  ]
}

function encodeScope(scope: IssuingDistributionPointOrder): Uint8Array {
  const point = scope.distributionPoint
  const flag = (number: number, set: boolean | undefined) => (set ? [encodeTrue(contextTag(number))] : [])
  return encodeSequence(
    ...given(point, point => distributionPointName(typeof point === 'string' ? [{ uri: point }] : point)),
    ...flag(1, scope.onlyContainsUserCerts),
    ...flag(2, scope.onlyContainsCACerts),
    ...given(scope.onlySomeReasons, reasons => encodeReasonFlags(reasons, 3)),
    ...flag(4, scope.indirectCRL),
    ...flag(5, scope.onlyContainsAttributeCerts),
  )
}

/** A number is there once, but for an indirect CRL, where it may be of several issuers. */
function entriesOf(orders: NonNullable<CrlOptions['revoked']>): Uint8Array[] {
  const entries = orders.map((order): CrlEntry => (typeof order === 'object' && 'revoked' in order ? order : { revoked: order }))
  const numbers = entries.map(({ revoked }) => serialOf(revoked))
  const seen = new Set<bigint>()
  const twice = numbers.find(number => seen.size === seen.add(number).size)
  if (twice !== undefined && entries.every(({ certificateIssuer }) => certificateIssuer === undefined))
    throw new TypeError(`the serial number ${twice} is there twice`)
  return entries.map(encodeEntry)
}

function encodeEntry({ revoked, date = anHourAgo(), reason, invalidityDate, certificateIssuer, extensions = [] }: CrlEntry): Uint8Array {
  const all = [
    ...given(reason, reason => raw('2.5.29.21', encode(tags.enumerated, Uint8Array.of(reasonNumber(reason))))),
    ...given(invalidityDate, date => raw('2.5.29.24', encodeGeneralizedTime(wholeSeconds(date, 'invalidityDate')))),
    ...given(certificateIssuer, issuer => raw('2.5.29.29', encodeSequence(encodeGeneralName({ directory: issuer })), true)),
    ...extensions.map(({ oid, critical, value }) => raw(oid, value, critical)),
  ]
  return encodeSequence(
    encodeInteger(serialOf(revoked), 'serial number'),
    encodeTime(wholeSeconds(date, 'the date of a revocation')),
    ...encodeList(all, extensions => extensions),
  )
}

/** Extensions, which there is at least one of, or nothing. */
function encodeList(extensions: readonly Extension[], wrap: (encoded: Uint8Array) => Uint8Array): readonly Uint8Array[] {
  if (extensions.length === 0) return []
  return [wrap(encodeSequence(...extensions.map(({ rawData }) => new Uint8Array(rawData))))]
}

/** Throws `TypeError` where it is no serial number. */
export function serialOf(order: CrlEntry['revoked']): bigint {
  const serial = typeof order === 'object' ? order.serial : order
  if (typeof serial === 'number' && !Number.isSafeInteger(serial)) throw new TypeError(`${serial} is no serial number`)
  if (serial < 0) throw new TypeError(`${serial} is no serial number`)
  return BigInt(serial)
}
