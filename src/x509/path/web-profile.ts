/**
 * What the public web asks of certificates beyond RFC 5280's rules for relying parties: the RFC's own rules for CAs, and the Baseline
 * Requirements of the CA/Browser Forum (BR), as far as a chain alone shows whether they are kept. For private CAs they are too much.
 */
import { equal } from '../../wire/bytes.ts'
import { type Certificate, isSelfIssued } from '../certificate/certificate.ts'
import { attributeTexts } from '../certificate/distinguished-name.ts'
import { extensionIds, type SubjectAltName } from '../certificate/extensions.ts'
import type { CertificateError } from '../error.ts'
import { broken, type Circumstances, type Link, type Path, serverAuth } from './link.ts'

export function webEndEntityProblem(leaf: Link, circumstances: Circumstances): CertificateError | undefined {
  const found =
    keyFault(leaf.certificate) ??
    serialFault(leaf.certificate) ??
    endEntityFormFault(leaf.certificate) ??
    usageFault(leaf.certificate, circumstances) ??
    namesFault(leaf.certificate) ??
    authorityKeyFault(leaf.certificate)
  return found && broken(leaf, 0, 'certificate-profile', found.what, found.rule)
}

/** For intermediates, and for roots that came as certificates: `root`. */
export function webIssuerProblem(issuer: Link, path: Path, root: boolean): CertificateError | undefined {
  const { certificate } = issuer
  const found =
    keyFault(certificate) ??
    authorityFormFault(certificate) ??
    (root ? rootKeyFault(certificate) : (serialFault(certificate) ?? authorityKeyFault(certificate)))
  return found && broken(issuer, path.length, 'certificate-profile', found.what, found.rule)
}

/** `what` completes a sentence that begins with the certificate's name. */
interface Fault {
  readonly what: string
  readonly rule: string
}

function keyFault({ publicKey }: Certificate): Fault | undefined {
  const rule = 'BR 6.1.5'
  if (!publicKey.type) return { what: `has a key of a kind that is not allowed, ${publicKey.algorithm.oid}`, rule }
  const { rsaBits } = publicKey
  return rsaBits !== undefined && rsaBits % 8 !== 0 ? { what: `has an RSA key of ${rsaBits} bits, not a multiple of 8`, rule } : undefined
}

/** Old roots have the number 0: they are not asked. */
function serialFault({ serial }: Certificate): Fault | undefined {
  return serial === 0n ? { what: 'has the serial number 0', rule: 'RFC 5280 §4.1.2.2' } : undefined
}

function endEntityFormFault({ version, extensions }: Certificate): Fault | undefined {
  if (version !== 3) return { what: `is of version ${version}, where 3 is wanted`, rule: 'BR 7.1.1' }
  if (extensions.basicConstraints?.ca) return { what: 'is a CA', rule: 'BR 7.1.2.7.8' }
  if (extensions.keyUsage?.has('keyCertSign')) return { what: 'may sign certificates, but is no CA (keyUsage)', rule: 'RFC 5280 §4.2.1.9' }
  if (extensions.nameConstraints) return { what: 'has nameConstraints, but is no CA', rule: 'RFC 5280 §4.2.1.10' }
  if (extensions.critical.get(extensionIds.authorityInfoAccess)) {
    return { what: 'has an authorityInfoAccess that is critical', rule: 'RFC 5280 §4.2.2.1' }
  }
  return undefined
}

function usageFault({ extensions }: Certificate, { purpose }: Circumstances): Fault | undefined {
  const { extendedKeyUsage, critical } = extensions
  const rule = 'BR 7.1.2.7.10'
  if (purpose === serverAuth && !extendedKeyUsage) return { what: 'does not say what it is for (extendedKeyUsage)', rule }
  if (extendedKeyUsage?.has('2.5.29.37.0')) return { what: 'is for anything (anyExtendedKeyUsage)', rule }
  for (const [id, use] of foreignUses) if (extendedKeyUsage?.has(id)) return { what: `is for ${use} too (extendedKeyUsage)`, rule }
  if (critical.get(extensionIds.extendedKeyUsage)) return { what: 'has an extendedKeyUsage that is critical', rule }
  return undefined
}

/** What a certificate for TLS is not to be for. */
const foreignUses = new Map([
  ['1.3.6.1.5.5.7.3.3', 'code signing'],
  ['1.3.6.1.5.5.7.3.4', 'e-mail'],
  ['1.3.6.1.5.5.7.3.8', 'time stamping'],
  ['1.3.6.1.5.5.7.3.9', 'OCSP responses'],
])

function namesFault({ subject, extensions }: Certificate): Fault | undefined {
  const { subjectAltName } = extensions
  const rule = 'BR 7.1.2.7.12'
  if (subject.relative.length === 0 && !subjectAltName?.critical) {
    return { what: 'has neither a subject nor a critical subjectAltName in its place', rule: 'RFC 5280 §4.1.2.6' }
  }
  if (!subjectAltName) return undefined
  if (subjectAltName.critical && subject.relative.length > 0) return { what: 'has a critical subjectAltName beside a subject', rule }
  const bad = subjectAltName.dnsNames.find(name => !isWebName(name))
  if (bad !== undefined) return { what: `has the DNS name ${quoted(bad)}, which is none of the public web`, rule }
  const stray = misleading(attributeTexts(subject, '2.5.4.3'), subjectAltName)
  return stray === undefined
    ? undefined
    : { what: `has the common name ${quoted(stray)}, which is not in subjectAltName`, rule: 'BR 7.1.4.3' }
}

/**
 * A common name is to repeat one of the names to the letter. Nothing here looks for a host in it, so only what a person would mistake is
 * refused: another spelling of a name, and an IP address or an internationalised name that is not there.
 */
function misleading(commonNames: readonly (string | undefined)[], { dnsNames, ipAddresses }: SubjectAltName): string | undefined {
  const exact = new Set([...dnsNames, ...ipAddresses.map(addressText)])
  const folded = new Set(dnsNames.map(name => name.toLowerCase()))
  return commonNames.find(name => {
    if (name === undefined || exact.has(name) || name.length > longestName) return false
    const isAddress = /^(?:0x[0-9a-f]+|[0-9.]+)$/i.test(name) || (name.includes(':') && /^[0-9a-f:.]+$/i.test(name))
    const isInternational = /[^\0-\x7f]|(?:^|\.)xn--/i.test(name) && name.includes('.')
    return isAddress || isInternational || folded.has(name.toLowerCase())
  })
}

const longestName = 253

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200))
}

/** Letters, digits and hyphens (RFC 5280 §4.2.1.6, RFC 1034 §3.5), under a wildcard at least two labels. */
function isWebName(name: string): boolean {
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
  return name.length <= longestName && new RegExp(`^(?:\\*\\.${label}\\.)?${label}(?:\\.${label})*$`, 'i').test(name)
}

function authorityFormFault({ extensions }: Certificate): Fault | undefined {
  const { critical, subjectKeyIdentifier, nameConstraints } = extensions
  if (critical.get(extensionIds.basicConstraints) === false) {
    return { what: 'has basicConstraints that are not critical', rule: 'RFC 5280 §4.2.1.9' }
  }
  if (critical.get(extensionIds.policyConstraints) === false) {
    return { what: 'has policyConstraints that are not critical', rule: 'RFC 5280 §4.2.1.11' }
  }
  if (!subjectKeyIdentifier) return { what: 'has no subjectKeyIdentifier', rule: 'RFC 5280 §4.2.1.2' }
  const bases = [nameConstraints?.permitted, nameConstraints?.excluded].flatMap(subtrees => subtrees?.get('dns') ?? [])
  if (bases.some(base => base.type === 'dns' && base.name.startsWith('.'))) {
    return { what: 'constrains DNS names with a dot in front', rule: 'RFC 5280 §4.2.1.10' }
  }
  return undefined
}

function authorityKeyFault({ extensions }: Certificate): Fault | undefined {
  if (extensions.authorityKeyIdentifier?.keyIdentifier) return undefined
  return { what: 'has no authorityKeyIdentifier with the identifier of a key', rule: 'RFC 5280 §4.2.1.1' }
}

/** A root that signed itself may leave its authorityKeyIdentifier out; where it has both, its two key identifiers are one. */
function rootKeyFault(root: Certificate): Fault | undefined {
  const { authorityKeyIdentifier, subjectKeyIdentifier, extendedKeyUsage } = root.extensions
  if (extendedKeyUsage) return { what: 'is a root with an extendedKeyUsage', rule: 'BR 7.1.2.1.2' }
  if (!authorityKeyIdentifier || !isSelfIssued(root)) return undefined
  const { keyIdentifier, issuer, serial } = authorityKeyIdentifier
  const rule = 'BR 7.1.2.1.3'
  if (!keyIdentifier) return { what: 'has an authorityKeyIdentifier without the identifier of a key', rule }
  if (issuer || serial !== undefined) return { what: 'has an authorityKeyIdentifier that names an issuer or a serial number', rule }
  if (!subjectKeyIdentifier || !equal(keyIdentifier, subjectKeyIdentifier))
    return { what: 'is a root whose two key identifiers differ', rule }
  return undefined
}

/** IPv4 in dotted decimals, IPv6 as RFC 5952 writes it. */
function addressText(address: Uint8Array): string {
  if (address.length === 4) return address.join('.')
  const groups = Array.from({ length: 8 }, (_, i) => (((address[2 * i] ?? 0) << 8) | (address[2 * i + 1] ?? 0)).toString(16))
  const runs = [...groups.join(':').matchAll(/(?<![^:])0(?::0)+(?![^:])/g)].sort((a, b) => b[0].length - a[0].length)
  const [longest] = runs
  if (!longest) return groups.join(':')
  const text = groups.join(':')
  return `${text.slice(0, longest.index).replace(/:$/, '')}::${text.slice(longest.index + longest[0].length).replace(/^:/, '')}`
}
