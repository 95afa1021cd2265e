/** Certificate revocation lists (RFC 5280 §5), read strictly. What they are worth to a certificate is decided in revocation.ts. */
import { equal } from '../../wire/bytes.ts'
import {
  bitString,
  constructedTag,
  type DerReader,
  type DerValue,
  integer,
  malformed,
  readDer,
  sequence,
  smallInteger,
  tags,
} from '../../wire/der.ts'
import { readSignatureAlgorithm, type SignatureAlgorithm } from '../certificate/algorithms.ts'
import { type DistinguishedName, readName } from '../certificate/distinguished-name.ts'
import {
  type DistributionPoint,
  type IssuingDistributionPoint,
  readDistributionPoints,
  readIssuingDistributionPoint,
} from '../certificate/distribution-points.ts'
import { type AuthorityKeyIdentifier, readAuthorityKeyIdentifier } from '../certificate/extension-values.ts'
import { collectExtensions, type Extension, extensionIds } from '../certificate/extensions.ts'
import { orMalformed } from '../error.ts'
import { CrlEntries, readTime } from './crl-entries.ts'

export interface CertificateList {
  /** The whole list, DER. */
  readonly raw: Uint8Array
  /** The signed part, DER. */
  readonly signed: Uint8Array
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly signature: Uint8Array
  readonly version: 1 | 2
  readonly issuer: DistinguishedName
  /** Milliseconds since 1970. */
  readonly thisUpdate: number
  readonly nextUpdate: number | undefined
  readonly entries: CrlEntries
  readonly extensions: CrlExtensions
}

/** Each is `undefined` where the list does not have it. */
export interface CrlExtensions {
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined
  readonly crlNumber: bigint | undefined
  /** BaseCRLNumber: this is a delta CRL, to be read together with a complete one that is not older than this number. */
  readonly deltaCrlIndicator: bigint | undefined
  readonly issuingDistributionPoint: IssuingDistributionPoint | undefined
  /** Where delta CRLs are. */
  readonly freshestCrl: readonly DistributionPoint[] | undefined
  /** DER of issuingDistributionPoint and authorityKeyIdentifier; a delta has the same as its base (RFC 5280 §6.3.3 (c)). */
  readonly scope: readonly [Uint8Array | undefined, Uint8Array | undefined]
  /** Critical extensions of the list or its entries that nothing here knows, dotted: the list must not be relied on (§5.2, §5.3). */
  readonly unknownCritical: readonly string[]
}

/**
 * A CRL, DER. Every entry is looked at, once, and stays what it is: views of `der`. Throws `CertificateError`, code `crl-malformed`, that says
 * what is wrong and where. A list without cRLNumber is well formed, see `RevocationOptions.requireCrlNumber`.
 */
export function parseCrl(der: Uint8Array): CertificateList {
  return orMalformed('crl-malformed', 'the CRL', () => decodeCrl(der))
}

function decodeCrl(der: Uint8Array): CertificateList {
  const fields = sequence(readDer(der))
  const signed = fields.next(tags.sequence)
  const algorithm = fields.next(tags.sequence)
  const signature = bitString(fields.next())
  fields.end()
  const content = readSigned(signed, algorithm)
  return { raw: der, signed: signed.raw, signatureAlgorithm: readSignatureAlgorithm(algorithm), signature, ...content }
}

/** TBSCertList (RFC 5280 §5.1). */
function readSigned(
  signed: DerValue,
  outerAlgorithm: DerValue,
): Omit<CertificateList, 'raw' | 'signed' | 'signatureAlgorithm' | 'signature'> {
  const fields = sequence(signed)
  const version = readVersion(fields)
  const algorithm = fields.next(tags.sequence)
  if (!equal(algorithm.raw, outerAlgorithm.raw)) throw malformed('the two signature algorithms differ', algorithm)
  const issuer = readName(fields.next())
  if (issuer.relative.length === 0) throw malformed('the issuer is empty', algorithm)
  const thisUpdate = readTime(fields.next())
  const isTime = fields.peek() === tags.utcTime || fields.peek() === tags.generalizedTime
  const nextUpdate = isTime ? readTime(fields.next()) : undefined
  const list = fields.optional(tags.sequence)
  const known = readExtensions(fields, version)
  fields.end()
  const delta = known.deltaCrlIndicator !== undefined
  const entries = new CrlEntries(list, issuer, { version, delta, indirect: known.issuingDistributionPoint?.indirect ?? false })
  const unknownCritical = [...known.unknownCritical, ...entries.unknownCritical]
  return { version, issuer, thisUpdate, nextUpdate, entries, extensions: { ...known, unknownCritical } }
}

/** Left out it is 1, and there is no other way to say 1. */
function readVersion(fields: DerReader): 1 | 2 {
  const value = fields.optional(tags.integer)
  if (!value) return 1
  const version = smallInteger(value) + 1
  if (version !== 2) throw malformed(`version ${version}`, value)
  return version
}

const crlNumberId = '2.5.29.20'
const deltaCrlIndicatorId = '2.5.29.27'
const issuingDistributionPointId = '2.5.29.28'

const knownIds: ReadonlySet<string> = new Set([
  crlNumberId,
  deltaCrlIndicatorId,
  issuingDistributionPointId,
  extensionIds.authorityKeyIdentifier,
  extensionIds.freshestCrl,
  extensionIds.issuerAltName,
])

function readExtensions(fields: DerReader, version: 1 | 2): CrlExtensions {
  const tagged = fields.optional(constructedTag(0))
  if (tagged && version === 1) throw malformed('extensions in a CRL of version 1', tagged)
  const found: ReadonlyMap<string, Extension> = tagged ? collectExtensions(tagged.inner()) : new Map()
  const value = (id: string) => found.get(id)?.octets.inner()
  const scope = value(issuingDistributionPointId)
  const authority = neverCritical(found, extensionIds.authorityKeyIdentifier)
  const number = neverCritical(found, crlNumberId)
  const freshest = neverCritical(found, extensionIds.freshestCrl)
  const base = value(deltaCrlIndicatorId)
  return {
    authorityKeyIdentifier: authority && readAuthorityKeyIdentifier(authority),
    crlNumber: number && readCrlNumber(number),
    deltaCrlIndicator: base && readCrlNumber(base),
    issuingDistributionPoint: scope && readIssuingDistributionPoint(scope),
    freshestCrl: freshest && readDistributionPoints(freshest),
    scope: [scope?.raw, authority?.raw],
    unknownCritical: [...found].filter(([id, { critical }]) => critical && !knownIds.has(id)).map(([id]) => id),
  }
}

/** RFC 5280 §5.2.1, §5.2.3, §5.2.6: these must not be critical. */
function neverCritical(found: ReadonlyMap<string, Extension>, id: string): DerValue | undefined {
  const extension = found.get(id)
  if (extension?.critical) throw malformed(`extension ${id} is critical`, extension.octets)
  return extension?.octets.inner()
}

/** At most 20 octets, not negative (RFC 5280 §5.2.3). */
function readCrlNumber(value: DerValue): bigint {
  if (value.length > 20) throw malformed('a CRL number of more than 20 octets', value)
  const number = integer(value)
  if (number < 0n) throw malformed('a negative CRL number', value)
  return number
}
