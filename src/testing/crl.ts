/** Certificate revocation lists (RFC 5280 §5). */
import 'reflect-metadata'
import { type Extension, Name, X509CrlGenerator } from '@peculiar/x509'
import { contextTag, encode, tags } from '../wire/der.ts'
import { encodePem } from '../x509/pem.ts'
import {
  anHourAgo,
  encodeGeneralizedTime,
  encodeInteger,
  encodeSequence,
  encodeTrue,
  type RawExtension,
  toHexNumber,
  wholeSeconds,
} from './der.ts'
import {
  adjust,
  type CrlReason,
  type DistributionPointOrder,
  distributionPointName,
  distributionPoints,
  given,
  raw,
  reasonFlags,
  reasonNumber,
} from './extensions.ts'
import { signingAlgorithm } from './keys.ts'
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
  readonly onlySomeReasons?: readonly CrlReason[]
  readonly indirectCRL?: boolean
  readonly onlyContainsAttributeCerts?: boolean
}

export interface CrlOptions {
  /** What is revoked; a mere number or certificate, or with more about it. Default: nothing. A number may be there once only. */
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

/** A CRL in the name of `issuer`, signed with its key. Throws `TypeError` where `options` can't be written. */
export async function mintCrl(issuer: Signer, options: CrlOptions = {}): Promise<MintedCrl> {
  const thisUpdate = wholeSeconds(options.thisUpdate ?? anHourAgo(), 'thisUpdate')
  const { nextUpdate = new Date(thisUpdate.getTime() + week) } = options
  const entries = (options.revoked ?? []).map(entryOf)
  const twice = entries.find(({ serialNumber }, i) => entries.findIndex(other => other.serialNumber === serialNumber) < i)
  if (twice) throw new TypeError(`the serial number ${BigInt(`0x${twice.serialNumber}`)} is there twice`)
  const crl = await X509CrlGenerator.create({
    issuer: new Name(issuer.subject),
    thisUpdate,
    ...(nextUpdate && { nextUpdate: wholeSeconds(nextUpdate, 'nextUpdate') }),
    entries,
    extensions: adjust([...crlExtensions(options), await authorityKeyIdentifier(issuer)], options),
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: signingAlgorithm(issuer.keys),
  })
  const crlDer = new Uint8Array(crl.rawData)
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
    ...given(scope.onlySomeReasons, reasons => reasonFlags(reasons, 3)),
    ...flag(4, scope.indirectCRL),
    ...flag(5, scope.onlyContainsAttributeCerts),
  )
}

interface Entry {
  readonly serialNumber: string
  readonly revocationDate: Date
  readonly extensions: Extension[]
}

/** With extensions of our own making: the generator's certificateIssuer is the issuer of the CRL. */
function entryOf(order: CrlEntry | CrlEntry['revoked']): Entry {
  const entry: CrlEntry = typeof order === 'object' && 'revoked' in order ? order : { revoked: order }
  const { revoked, date = anHourAgo(), reason, invalidityDate, certificateIssuer, extensions = [] } = entry
  return {
    serialNumber: toHexNumber(serialOf(revoked)),
    revocationDate: wholeSeconds(date, 'the date of a revocation'),
    extensions: [
      ...given(reason, reason => raw('2.5.29.21', encode(tags.enumerated, Uint8Array.of(reasonNumber(reason))))),
      ...given(invalidityDate, date => raw('2.5.29.24', encodeGeneralizedTime(wholeSeconds(date, 'invalidityDate')))),
      ...given(certificateIssuer, issuer => raw('2.5.29.29', encodeSequence(encodeGeneralName({ directory: issuer })), true)),
      ...extensions.map(({ oid, critical, value }) => raw(oid, value, critical)),
    ],
  }
}

/** Throws `TypeError` where it is no serial number. */
export function serialOf(order: CrlEntry['revoked']): bigint {
  const serial = typeof order === 'object' ? order.serial : order
  if (typeof serial === 'number' && !Number.isSafeInteger(serial)) throw new TypeError(`${serial} is no serial number`)
  if (serial < 0) throw new TypeError(`${serial} is no serial number`)
  return BigInt(serial)
}
