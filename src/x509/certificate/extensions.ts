/** Certificate extensions (RFC 5280 §4.2): which there are, and what each says. How each is read stands in extension-values.ts. */
import { boolean, type DerValue, malformed, nothing, octetString, oid, sequence, tags } from '../../wire/der.ts'
import { type DistributionPoint, readDistributionPoints } from './distribution-points.ts'
import * as values from './extension-values.ts'
import { type GeneralName, items, readGeneralNames } from './general-names.ts'
import { type NameConstraints, readNameConstraints } from './name-constraints.ts'

/** Each is `undefined` where the certificate does not have it. */
export interface Extensions {
  readonly basicConstraints: values.BasicConstraints | undefined
  readonly keyUsage: ReadonlySet<values.KeyUsage> | undefined
  /** Dotted. */
  readonly extendedKeyUsage: ReadonlySet<string> | undefined
  readonly subjectAltName: SubjectAltName | undefined
  readonly issuerAltName: readonly GeneralName[] | undefined
  readonly nameConstraints: NameConstraints | undefined
  /** Dotted policy identifiers. */
  readonly certificatePolicies: ReadonlySet<string> | undefined
  readonly policyMappings: readonly values.PolicyMapping[] | undefined
  readonly policyConstraints: values.PolicyConstraints | undefined
  /** How many more certificates may say anyPolicy. */
  readonly inhibitAnyPolicy: number | undefined
  readonly subjectKeyIdentifier: Uint8Array | undefined
  readonly authorityKeyIdentifier: values.AuthorityKeyIdentifier | undefined
  readonly crlDistributionPoints: readonly DistributionPoint[] | undefined
  /** Where delta CRLs are. */
  readonly freshestCrl: readonly DistributionPoint[] | undefined
  readonly authorityInfoAccess: values.AuthorityInfoAccess | undefined
  /** TLS extensions that the server must answer with (RFC 7633): 5, status_request, is "must staple". */
  readonly tlsFeatures: ReadonlySet<number> | undefined
  /** SignedCertificateTimestampList (RFC 6962 §3.3), TLS-encoded. */
  readonly sctList: Uint8Array | undefined
  /** id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1): this OCSP responder is not asked about itself. */
  readonly ocspNoCheck: boolean
  /** What is there, and whether it is critical; by dotted identifier. */
  readonly critical: ReadonlyMap<string, boolean>
  /** Critical extensions that nothing here knows: the certificate must not be relied on. */
  readonly unknownCritical: readonly string[]
}

export interface SubjectAltName {
  readonly critical: boolean
  readonly names: readonly GeneralName[]
  /** As they stand in the certificate: ASCII, not checked for being host names. */
  readonly dnsNames: readonly string[]
  /** 4 or 16 octets each. */
  readonly ipAddresses: readonly Uint8Array[]
}

export const extensionIds = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  issuerAltName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  freshestCrl: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  tlsFeature: '1.3.6.1.5.5.7.1.24',
  ocspNoCheck: '1.3.6.1.5.5.7.48.1.5',
  sctList: '1.3.6.1.4.1.11129.2.4.2',
} as const

/** An extension of a certificate, a CRL or one of its entries. */
export interface Extension {
  readonly critical: boolean
  /** The OCTET STRING, whose contents are the value. */
  readonly octets: DerValue
}

/** Reads the SEQUENCE of extensions; `undefined` where the certificate has none. */
export function readExtensions(value: DerValue | undefined): Extensions {
  const extensions: Mutable<Extensions> = { ...none }
  const critical = new Map<string, boolean>()
  const unknown: string[] = []
  for (const [id, extension] of value ? collectExtensions(value) : []) {
    critical.set(id, extension.critical)
    const read = readers.get(id)
    if (read) read(extension, extensions, unknown)
    else if (extension.critical) unknown.push(id)
  }
  extensions.critical = critical
  extensions.unknownCritical = unknown
  return extensions
}

/** Extensions (RFC 5280 §4.1), by dotted identifier; at least one, none twice. */
export function collectExtensions(value: DerValue): Map<string, Extension> {
  const found = new Map<string, Extension>()
  for (const item of items(value)) {
    const fields = sequence(item)
    const id = oid(fields.next())
    const flag = fields.optional(tags.boolean)
    const critical = flag !== undefined && boolean(flag)
    if (flag && !critical) throw malformed(`extension ${id}: critical FALSE is the default, which DER leaves out`, item)
    const octets = fields.next(tags.octetString)
    fields.end()
    if (found.has(id)) throw malformed(`extension ${id} is repeated`, item)
    found.set(id, { critical, octets })
  }
  return found
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type ExtensionReader = (extension: Extension, extensions: Mutable<Extensions>, unknown: string[]) => void

const none: Extensions = {
  basicConstraints: undefined,
  keyUsage: undefined,
  extendedKeyUsage: undefined,
  subjectAltName: undefined,
  issuerAltName: undefined,
  nameConstraints: undefined,
  certificatePolicies: undefined,
  policyMappings: undefined,
  policyConstraints: undefined,
  inhibitAnyPolicy: undefined,
  subjectKeyIdentifier: undefined,
  authorityKeyIdentifier: undefined,
  crlDistributionPoints: undefined,
  freshestCrl: undefined,
  authorityInfoAccess: undefined,
  tlsFeatures: undefined,
  sctList: undefined,
  ocspNoCheck: false,
  critical: new Map(),
  unknownCritical: [],
}

/** All that is known here is processed, in path.ts and what it calls, or says nothing that would limit a certificate. */
const readers: ReadonlyMap<string, ExtensionReader> = new Map<string, ExtensionReader>([
  [extensionIds.basicConstraints, ({ octets }, to) => (to.basicConstraints = values.readBasicConstraints(octets.inner()))],
  [extensionIds.keyUsage, ({ octets }, to) => (to.keyUsage = values.readKeyUsage(octets.inner()))],
  [extensionIds.extendedKeyUsage, ({ octets }, to) => (to.extendedKeyUsage = values.readExtendedKeyUsage(octets.inner()))],
  [extensionIds.subjectAltName, ({ octets, critical }, to) => (to.subjectAltName = readSubjectAltName(octets.inner(), critical))],
  [extensionIds.issuerAltName, ({ octets }, to) => (to.issuerAltName = readGeneralNames(octets.inner()))],
  [extensionIds.nameConstraints, ({ octets }, to) => (to.nameConstraints = readNameConstraints(octets.inner()))],
  [extensionIds.policyMappings, ({ octets }, to) => (to.policyMappings = values.readPolicyMappings(octets.inner()))],
  [extensionIds.policyConstraints, ({ octets }, to) => (to.policyConstraints = values.readPolicyConstraints(octets.inner()))],
  [extensionIds.inhibitAnyPolicy, ({ octets }, to) => (to.inhibitAnyPolicy = values.readSkipCerts(octets.inner()))],
  [extensionIds.crlDistributionPoints, ({ octets }, to) => (to.crlDistributionPoints = readDistributionPoints(octets.inner()))],
  [extensionIds.freshestCrl, ({ octets }, to) => (to.freshestCrl = readDistributionPoints(octets.inner()))],
  [extensionIds.authorityInfoAccess, ({ octets }, to) => (to.authorityInfoAccess = values.readAuthorityInfoAccess(octets.inner()))],
  [
    extensionIds.tlsFeature,
    ({ octets, critical }, to, unknown) => {
      const features = values.readTlsFeatures(octets.inner())
      to.tlsFeatures = features
      // Revocation sees to status_request, nobody to others.
      if (critical && [...features].some(feature => feature !== values.statusRequest)) unknown.push(extensionIds.tlsFeature)
    },
  ],
  [
    extensionIds.sctList,
    ({ octets, critical }, to, unknown) => {
      to.sctList = octetString(octets.inner())
      if (critical) unknown.push(extensionIds.sctList)
    },
  ],
  [
    extensionIds.subjectKeyIdentifier,
    (extension, to) => (to.subjectKeyIdentifier = octetString(neverCritical('subjectKeyIdentifier', extension))),
  ],
  [
    extensionIds.authorityKeyIdentifier,
    (extension, to) => (to.authorityKeyIdentifier = values.readAuthorityKeyIdentifier(neverCritical('authorityKeyIdentifier', extension))),
  ],
  [
    extensionIds.certificatePolicies,
    ({ octets, critical }, to, unknown) => {
      const { policies, unknownQualifiers } = values.readCertificatePolicies(octets.inner())
      to.certificatePolicies = policies
      // RFC 5280 §4.2.1.4: whoever does not understand a qualifier of a critical extension has to refuse the certificate.
      if (critical && unknownQualifiers) unknown.push(`${extensionIds.certificatePolicies} with a qualifier that is unknown`)
    },
  ],
  [
    extensionIds.ocspNoCheck,
    ({ octets, critical }, to, unknown) => {
      nothing(octets.inner())
      to.ocspNoCheck = true
      if (critical) unknown.push(extensionIds.ocspNoCheck)
    },
  ],
])

function neverCritical(name: string, { critical, octets }: Extension): DerValue {
  if (critical) throw malformed(`${name} is critical`, octets)
  return octets.inner()
}

function readSubjectAltName(value: DerValue, critical: boolean): SubjectAltName {
  const names = readGeneralNames(value)
  const dnsNames: string[] = []
  const ipAddresses: Uint8Array[] = []
  for (const name of names) {
    if (name.type === 'dns') dnsNames.push(name.name)
    else if (name.type === 'ip') ipAddresses.push(checkAddress(name.address, value))
  }
  return { critical, names, dnsNames, ipAddresses }
}

function checkAddress(address: Uint8Array, value: DerValue): Uint8Array {
  if (address.length !== 4 && address.length !== 16) throw malformed(`an IP address of ${address.length} octets`, value)
  return address
}
