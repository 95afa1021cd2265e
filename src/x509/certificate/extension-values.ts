/** How the values of certificate extensions are read (RFC 5280 §4.2.1, §4.2.2; RFC 7633). */
import {
  bits,
  boolean,
  constructedTag,
  contextTag,
  type DerValue,
  integer,
  malformed,
  octetString,
  oid,
  sequence,
  smallInteger,
  tags,
} from '../../wire/der.ts'
import { type GeneralName, items, readGeneralName, readGeneralNames } from './general-names.ts'

export interface BasicConstraints {
  readonly ca: boolean
  /** How many intermediates may stand below it; `undefined`: any number. */
  readonly pathLength: number | undefined
}

/** In the order of their bits (RFC 5280 §4.2.1.3). */
export const keyUsages = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

export type KeyUsage = (typeof keyUsages)[number]

export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Uint8Array | undefined
  /** The issuer's own issuer and serial number, which name one certificate of it. */
  readonly issuer: readonly GeneralName[] | undefined
  readonly serial: bigint | undefined
}

export interface PolicyMapping {
  readonly issuerDomain: string
  readonly subjectDomain: string
}

/** After how many more certificates each begins; `undefined`: not for this certificate's sake. */
export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | undefined
  readonly inhibitPolicyMapping: number | undefined
}

/** Absolute URIs. */
export interface AuthorityInfoAccess {
  readonly ocsp: readonly string[]
  readonly caIssuers: readonly string[]
}

export const anyPolicy = '2.5.29.32.0'

/** An explicit cA FALSE is not DER, but too common to be refused; it says nothing else than its absence. */
export function readBasicConstraints(value: DerValue): BasicConstraints {
  const fields = sequence(value)
  const flag = fields.optional(tags.boolean)
  const length = fields.optional(tags.integer)
  fields.end()
  return { ca: flag !== undefined && boolean(flag), pathLength: length && smallInteger(length) }
}

/** At least one bit is set (RFC 5280 §4.2.1.3). Zeros may follow the last one, against X.690 §11.2.2: roots in use have them. */
export function readKeyUsage(value: DerValue): Set<KeyUsage> {
  const { bytes } = bits(value)
  const usages = new Set<KeyUsage>()
  for (const [i, usage] of keyUsages.entries()) if (((bytes[i >> 3] ?? 0) & (0x80 >> (i & 7))) !== 0) usages.add(usage)
  if (usages.size === 0) throw malformed('keyUsage without a usage', value)
  return usages
}

export function readExtendedKeyUsage(value: DerValue): Set<string> {
  return new Set(items(value).map(item => oid(item)))
}

export function readAuthorityKeyIdentifier(value: DerValue): AuthorityKeyIdentifier {
  const fields = sequence(value)
  const key = fields.optional(contextTag(0))
  const issuer = fields.optional(constructedTag(1))
  const serial = fields.optional(contextTag(2))
  fields.end()
  // RFC 5280 appendix A.2.
  if (!issuer !== !serial) throw malformed('authorityKeyIdentifier with an issuer or a serial number, but not both', value)
  return {
    keyIdentifier: key && octetString(key, contextTag(0)),
    issuer: issuer && readGeneralNames(issuer, constructedTag(1)),
    serial: serial && integer(serial, contextTag(2)),
  }
}

/** None is named twice (RFC 5280 §4.2.1.4). The two qualifiers that the RFC defines are read and say nothing to a machine. */
export function readCertificatePolicies(value: DerValue): { readonly policies: Set<string>; readonly unknownQualifiers: boolean } {
  const policies = new Set<string>()
  let unknownQualifiers = false
  for (const item of items(value)) {
    const fields = sequence(item)
    const policy = oid(fields.next())
    const qualifiers = fields.done ? undefined : fields.next()
    fields.end()
    if (policies.has(policy)) throw malformed(`policy ${policy} is named twice`, item)
    policies.add(policy)
    for (const qualifier of qualifiers ? items(qualifiers) : []) {
      if (isKnownQualifier(qualifier)) continue
      if (policy === anyPolicy) throw malformed('anyPolicy with a qualifier that is not its own', qualifier)
      unknownQualifiers = true
    }
  }
  return { policies, unknownQualifiers }
}

/** PolicyQualifierInfo: id-qt-cps and id-qt-unotice. */
function isKnownQualifier(value: DerValue): boolean {
  const fields = sequence(value)
  const id = oid(fields.next())
  fields.next()
  fields.end()
  return id === '1.3.6.1.5.5.7.2.1' || id === '1.3.6.1.5.5.7.2.2'
}

export function readPolicyMappings(value: DerValue): PolicyMapping[] {
  return items(value).map(item => {
    const fields = sequence(item)
    const mapping = { issuerDomain: oid(fields.next()), subjectDomain: oid(fields.next()) }
    fields.end()
    return mapping
  })
}

/** At least one of the two (RFC 5280 §4.2.1.11). */
export function readPolicyConstraints(value: DerValue): PolicyConstraints {
  const fields = sequence(value)
  const explicit = fields.optional(contextTag(0))
  const mapping = fields.optional(contextTag(1))
  fields.end()
  if (!explicit && !mapping) throw malformed('policyConstraints without a constraint', value)
  return {
    requireExplicitPolicy: explicit && smallInteger(explicit, contextTag(0)),
    inhibitPolicyMapping: mapping && smallInteger(mapping, contextTag(1)),
  }
}

/** SkipCerts. */
export function readSkipCerts(value: DerValue): number {
  return smallInteger(value)
}

/** Other methods, and locations that are no URIs, are passed over. */
export function readAuthorityInfoAccess(value: DerValue): AuthorityInfoAccess {
  const access: Record<string, string[]> = { [ocspMethod]: [], [caIssuersMethod]: [] }
  for (const item of items(value)) {
    const fields = sequence(item)
    const method = oid(fields.next())
    const location = readGeneralName(fields.next())
    fields.end()
    if (location.type === 'uri') access[method]?.push(location.uri)
  }
  return { ocsp: access[ocspMethod] ?? [], caIssuers: access[caIssuersMethod] ?? [] }
}

const ocspMethod = '1.3.6.1.5.5.7.48.1'
const caIssuersMethod = '1.3.6.1.5.5.7.48.2'

/** status_request (RFC 6066 §8), as a feature. */
export const statusRequest = 5

export function readTlsFeatures(value: DerValue): Set<number> {
  return new Set(items(value).map(item => smallInteger(item)))
}
