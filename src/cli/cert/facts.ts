/** What certificates say, as facts to show. */
import { createHash } from 'node:crypto'
import { signatureSchemeNames } from '../../crypto/code-points.ts'
import { DecodeError } from '../../wire/error.ts'
import { extensionIds } from '../../x509/certificate/extensions.ts'
import { decodeSct, decodeSctList } from '../../x509/ct/sct.ts'
import {
  type AuthorityKeyIdentifier,
  type Certificate,
  type DistinguishedName,
  type DistributionPoint,
  describeSubject,
  type Extensions,
  type GeneralName,
  type NameConstraints,
  nameToText,
} from '../../x509/index.ts'
import type { Facts } from './report.ts'

export function certificateFacts(certificate: Certificate): Facts {
  const { publicKey, extensions } = certificate
  const bits = publicKey.rsaBits === undefined ? '' : `, ${publicKey.rsaBits} bits`
  return {
    kind: 'certificate',
    subject: describeSubject(certificate),
    issuer: nameText(certificate.issuer),
    serial: hexNumber(certificate.serial),
    version: certificate.version,
    notBefore: timeText(certificate.notBefore),
    notAfter: timeText(certificate.notAfter),
    publicKey: `${publicKey.type ?? publicKey.algorithm.oid}${bits}`,
    publicKeySha256: sha256(publicKey.raw, 'base64'),
    signatureAlgorithm: algorithmText(certificate.signatureAlgorithm.oid),
    sha256: sha256(certificate.raw, 'hex'),
    extensions: extensionFacts(extensions),
  }
}

/** `CN=…`; `(empty)` for the empty name. */
export function nameText(name: DistinguishedName): string {
  return name.relative.length > 0 ? nameToText(name.raw) : '(empty)'
}

export function hexNumber(number: bigint): string {
  return number < 0n ? `-0x${(-number).toString(16)}` : `0x${number.toString(16)}`
}

/** To the second, where there are whole ones. */
export function timeText(milliseconds: number): string {
  return exactTimeText(milliseconds).replace('.000Z', 'Z')
}

export function algorithmText(oid: string): string {
  return algorithmNames[oid] ?? oid
}

export function hexText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function generalNameText(name: GeneralName): string {
  switch (name.type) {
    case 'dns':
      return `DNS:${name.name}`
    case 'ip':
      return `IP:${addressText(name.address)}`
    case 'email':
      return `email:${name.address}`
    case 'uri':
      return `URI:${name.uri}`
    case 'directory':
      return `directory:${nameText(name.name)}`
    case 'registeredId':
      return `registeredID:${name.oid}`
    default:
      return `${name.type}:#${hexText(name.raw)}`
  }
}

export function pointFacts(points: readonly DistributionPoint[] | undefined): Facts[] | undefined {
  return points?.map(({ name, reasons, crlIssuer }) => ({
    name: pointNameText(name),
    reasons: reasons && [...reasons],
    crlIssuer: crlIssuer?.map(generalNameText),
  }))
}

export function pointNameText(name: DistributionPoint['name']): string[] | undefined {
  if (name === undefined) return undefined
  if (name.type === 'full') return name.names.map(generalNameText)
  return [`relative:${name.attributes.map(({ type, value }) => `${type}=${typeof value === 'string' ? value : hexText(value)}`).join('+')}`]
}

export function keyIdentifierFacts({ keyIdentifier, issuer, serial }: AuthorityKeyIdentifier): Facts {
  return {
    keyIdentifier: keyIdentifier && hexText(keyIdentifier),
    issuer: issuer?.map(generalNameText),
    serial: serial === undefined ? undefined : hexNumber(serial),
  }
}

/** `undefined` where there is nothing, so that nothing is shown. */
export function listed(texts: readonly string[] | undefined): readonly string[] | undefined {
  return texts && texts.length > 0 ? texts : undefined
}

export function timestampFacts(list: Uint8Array): Facts[] | string {
  try {
    return decodeSctList(list).map(bytes => {
      const sct = decodeSct(bytes)
      if (!sct) return { version: `not 1: #${hexText(bytes)}` }
      const { logId, timestamp, scheme } = sct
      return {
        log: Buffer.from(logId).toString('base64'),
        time: exactTimeText(timestamp),
        signature: signatureSchemeNames.get(scheme) ?? `0x${scheme.toString(16)}`,
      }
    })
  } catch (error) {
    if (error instanceof DecodeError) return `malformed: ${error.message}`
    throw error
  }
}

/** The number itself where it is no date: beyond the year 275760, as a log may say. */
function exactTimeText(milliseconds: number): string {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? String(milliseconds) : date.toISOString()
}

function extensionFacts(extensions: Extensions): Facts {
  const { basicConstraints, authorityKeyIdentifier, policyConstraints, authorityInfoAccess } = extensions
  return {
    basicConstraints: basicConstraints && { ca: basicConstraints.ca, pathLength: basicConstraints.pathLength },
    keyUsage: extensions.keyUsage && [...extensions.keyUsage],
    extendedKeyUsage: extensions.extendedKeyUsage && [...extensions.extendedKeyUsage].map(id => purposeNames[id] ?? id),
    subjectAltName: extensions.subjectAltName?.names.map(generalNameText),
    issuerAltName: extensions.issuerAltName?.map(generalNameText),
    nameConstraints: extensions.nameConstraints && constraintFacts(extensions.nameConstraints),
    certificatePolicies: extensions.certificatePolicies && [...extensions.certificatePolicies].map(id => policyNames[id] ?? id),
    policyMappings: extensions.policyMappings?.map(({ issuerDomain, subjectDomain }) => `${issuerDomain} = ${subjectDomain}`),
    policyConstraints: policyConstraints && { ...policyConstraints },
    inhibitAnyPolicy: extensions.inhibitAnyPolicy,
    subjectKeyIdentifier: extensions.subjectKeyIdentifier && hexText(extensions.subjectKeyIdentifier),
    authorityKeyIdentifier: authorityKeyIdentifier && keyIdentifierFacts(authorityKeyIdentifier),
    crlDistributionPoints: pointFacts(extensions.crlDistributionPoints),
    freshestCrl: pointFacts(extensions.freshestCrl),
    ocsp: listed(authorityInfoAccess?.ocsp),
    caIssuers: listed(authorityInfoAccess?.caIssuers),
    tlsFeatures: extensions.tlsFeatures && [...extensions.tlsFeatures].map(feature => featureNames[feature] ?? String(feature)),
    timestamps: extensions.sctList && timestampFacts(extensions.sctList),
    ocspNoCheck: extensions.ocspNoCheck || undefined,
    others: listed([...extensions.critical.keys()].filter(id => !(id in extensionNames))),
    critical: listed([...extensions.critical].filter(([, critical]) => critical).map(([id]) => extensionNames[id] ?? id)),
  }
}

function constraintFacts({ permitted, excluded }: NameConstraints): Facts {
  const texts = (subtrees: NameConstraints['permitted']) => listed([...subtrees.values()].flat().map(generalNameText))
  return { permitted: texts(permitted), excluded: texts(excluded) }
}

export function sha256(bytes: Uint8Array, encoding: 'hex' | 'base64'): string {
  return createHash('sha256').update(bytes).digest(encoding)
}

/** An address; with a mask behind it, as name constraints have it, `192.0.2.0/255.255.255.0`. */
function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.')
  if (octets.length === 8 || octets.length === 32) {
    const half = octets.length / 2
    return `${addressText(octets.subarray(0, half))}/${addressText(octets.subarray(half))}`
  }
  if (octets.length !== 16) return `#${hexText(octets)}`
  const groups = Array.from({ length: 8 }, (_, i) => (((octets[i * 2] ?? 0) << 8) | (octets[i * 2 + 1] ?? 0)).toString(16))
  return groups.join(':').replace(/(?:^|:)0(?::0)+(?::|$)/, '::')
}

const extensionNames: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(extensionIds).map(([name, id]) => [id, name]))

const purposeNames: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '2.5.29.37.0': 'anyExtendedKeyUsage',
}

const policyNames: Readonly<Record<string, string>> = {
  '2.5.29.32.0': 'anyPolicy',
  '2.23.140.1.1': '2.23.140.1.1 (extended validation)',
  '2.23.140.1.2.1': '2.23.140.1.2.1 (domain validated)',
  '2.23.140.1.2.2': '2.23.140.1.2.2 (organization validated)',
}

const featureNames: Readonly<Record<number, string>> = { 5: 'status_request', 17: 'status_request_v2' }

const algorithmNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'RSASSA-PSS',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
  '2.16.840.1.101.3.4.3.17': 'ML-DSA-44',
  '2.16.840.1.101.3.4.3.18': 'ML-DSA-65',
  '2.16.840.1.101.3.4.3.19': 'ML-DSA-87',
}
