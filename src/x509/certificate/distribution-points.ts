/** Where CRLs are, and what one of them covers (RFC 5280 §4.2.1.13, §5.2.5). */
import {
  bits,
  boolean,
  constructedTag,
  contextTag,
  type DerReader,
  type DerValue,
  encode,
  malformed,
  readDer,
  sequence,
  tags,
} from '../../wire/der.ts'
import { type Attribute, type DistinguishedName, readName, readRelativeName } from './distinguished-name.ts'
import { type GeneralName, items, readGeneralNames } from './general-names.ts'

export interface DistributionPoint {
  readonly name: DistributionPointName | undefined
  /** The reasons that its CRLs cover; `undefined`: all. */
  readonly reasons: ReadonlySet<RevocationReason> | undefined
  /** Who signs the CRL, where that is not the issuer of the certificate. */
  readonly crlIssuer: readonly GeneralName[] | undefined
}

export type DistributionPointName =
  | { readonly type: 'full'; readonly names: readonly GeneralName[] }
  /** One more step below the name of the CRL's issuer; `der` is the DER of the attributes, in a row. */
  | { readonly type: 'relative'; readonly attributes: readonly Attribute[]; readonly der: Uint8Array }

/** IssuingDistributionPoint of a CRL: what it covers. */
export interface IssuingDistributionPoint {
  readonly name: DistributionPointName | undefined
  readonly onlyUserCertificates: boolean
  readonly onlyCaCertificates: boolean
  readonly onlyAttributeCertificates: boolean
  /** `undefined`: all. */
  readonly onlyReasons: ReadonlySet<RevocationReason> | undefined
  readonly indirect: boolean
}

/** ReasonFlags (RFC 5280 §4.2.1.13), in the order of their bits from 1 on; bit 0 is unused. */
export const reasonFlags = [
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
  'aACompromise',
] as const

export type RevocationReason = (typeof reasonFlags)[number]

export const allReasons: ReadonlySet<RevocationReason> = new Set(reasonFlags)

export function readDistributionPoints(value: DerValue): readonly DistributionPoint[] {
  return items(value).map(readDistributionPoint)
}

export function readIssuingDistributionPoint(value: DerValue): IssuingDistributionPoint {
  const fields = sequence(value)
  const name = readPointName(fields)
  const onlyUserCertificates = flag(fields, 1)
  const onlyCaCertificates = flag(fields, 2)
  const onlyReasons = readReasons(fields, 3)
  const indirect = flag(fields, 4)
  const onlyAttributeCertificates = flag(fields, 5)
  fields.end()
  const limits = [onlyUserCertificates, onlyCaCertificates, onlyAttributeCertificates].filter(Boolean).length
  if (limits > 1) throw malformed('a CRL that covers only user and only other certificates', value)
  if (value.length === 0) throw malformed('an issuingDistributionPoint that says nothing', value)
  return { name, onlyUserCertificates, onlyCaCertificates, onlyReasons, indirect, onlyAttributeCertificates }
}

/** The URIs in the names of the points. */
export function pointUris(points: readonly DistributionPoint[] = []): string[] {
  const names = points.flatMap(({ name }) => (name?.type === 'full' ? name.names : []))
  return names.flatMap(name => (name.type === 'uri' ? [name.uri] : []))
}

/** The names of a point, where `issuer` is that of the CRL: what a relative name stands below. */
export function pointNames(name: DistributionPointName, issuer: DistinguishedName): readonly GeneralName[] {
  if (name.type === 'full') return name.names
  const whole = encode(tags.sequence, readDer(issuer.raw).bytes, encode(tags.set, name.der))
  return [{ type: 'directory', name: readName(readDer(whole)) }]
}

function readDistributionPoint(value: DerValue): DistributionPoint {
  const fields = sequence(value)
  const name = readPointName(fields)
  const reasons = readReasons(fields, 1)
  const issuer = fields.optional(constructedTag(2))
  fields.end()
  const crlIssuer = issuer && readGeneralNames(issuer, constructedTag(2))
  if (!name && !crlIssuer) throw malformed('a distribution point with neither a name nor an issuer', value)
  return { name, reasons, crlIssuer }
}

function readPointName(fields: DerReader): DistributionPointName | undefined {
  const tagged = fields.optional(constructedTag(0))
  if (!tagged) return undefined
  const choice = tagged.inner()
  if (choice.tag === constructedTag(0)) return { type: 'full', names: readGeneralNames(choice, constructedTag(0)) }
  return { type: 'relative', attributes: readRelativeName(choice, constructedTag(1)), der: choice.bytes }
}

function readReasons(fields: DerReader, number: number): ReadonlySet<RevocationReason> | undefined {
  const value = fields.optional(contextTag(number))
  if (!value) return undefined
  const { bytes } = bits(value, contextTag(number))
  const reasons = new Set<RevocationReason>()
  for (const [i, reason] of reasonFlags.entries()) if (((bytes[(i + 1) >> 3] ?? 0) & (0x80 >> ((i + 1) & 7))) !== 0) reasons.add(reason)
  return reasons
}

/** Implicitly tagged BOOLEAN DEFAULT FALSE. */
function flag(fields: DerReader, number: number): boolean {
  const value = fields.optional(contextTag(number))
  return value !== undefined && boolean(value, contextTag(number))
}
