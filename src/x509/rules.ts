/** What a certificate must be to stand in a path (RFC 5280 §6.1, as browsers, Go and webpki read it). Signatures are path.ts's. */
import type { FaultCode } from '../error.ts'
import { type Certificate, describeSubject, isSelfIssued } from './certificate.ts'
import { matchesName, type ReferenceName } from './names.ts'

/** A certificate on its way into a path. */
export interface Link {
  readonly certificate: Certificate
  /** For errors: `certificate 1 (CN=Example CA)`, `root (CN=Example Root)`. */
  readonly name: string
  readonly anchor: boolean
}

/** From the topmost certificate so far down to the end entity. */
export type Path = readonly [Link, ...Link[]]

/** A broken rule. */
export interface Problem {
  readonly code: FaultCode
  readonly message: string
}

export interface Circumstances {
  /** `undefined`: any. */
  readonly name: ReferenceName | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  readonly purpose: 'server' | 'client'
}

export function sentLink(certificate: Certificate, position: number): Link {
  return { certificate, name: `certificate ${position} (${brief(describeSubject(certificate))})`, anchor: false }
}

export function rootLink(certificate: Certificate): Link {
  return { certificate, name: `root (${brief(describeSubject(certificate))})`, anchor: true }
}

/** Text of the peer's choosing, for an error. */
export function brief(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** The rules for the end entity, those of RFC 9846 §4.5.1.2 among them: version 3, and a key that may sign. */
export function leafProblem(leaf: Link, circumstances: Circumstances): Problem | undefined {
  const { extensions, publicKey, version } = leaf.certificate
  const { keyUsage } = extensions
  return (
    broken(version !== 3, 'certificate-malformed', `${leaf.name} is of version ${version}, where 3 is wanted`) ??
    nameProblem(leaf, circumstances) ??
    validityProblem(leaf, circumstances) ??
    unprocessedProblem(leaf) ??
    broken(!publicKey.type, 'certificate-key', `${leaf.name} has a key that TLS 1.3 can't use, ${publicKey.algorithm.oid}`) ??
    broken(keyUsage && !keyUsage.has('digitalSignature'), 'certificate-key-usage', `${leaf.name} is not for signatures (keyUsage)`) ??
    // anyExtendedKeyUsage is not enough for an end entity: so it is in webpki and in the CA/Browser Forum's rules, Go would take it.
    broken(!allows(leaf, purposes[circumstances.purpose]), 'certificate-purpose', notFor(leaf, circumstances))
  )
}

/**
 * The rules for whoever issued the topmost certificate of `path`. A root is held to them too, its validity included, as in OpenSSL and Go
 * (webpki takes a root's name and key alone).
 */
export function issuerProblem(issuer: Link, path: Path, circumstances: Circumstances): Problem | undefined {
  const { basicConstraints, keyUsage } = issuer.certificate.extensions
  const below = countIntermediates(path)
  const { pathLength = below } = basicConstraints ?? {}
  return (
    validityProblem(issuer, circumstances) ??
    unprocessedProblem(issuer) ??
    broken(!basicConstraints?.ca, 'certificate-not-a-ca', `${issuer.name} issued a certificate, but is no CA (basicConstraints)`) ??
    broken(keyUsage && !keyUsage.has('keyCertSign'), 'certificate-key-usage', `${issuer.name} may not sign certificates (keyUsage)`) ??
    broken(
      below > pathLength,
      'certificate-path-length',
      `${issuer.name} allows ${pathLength} intermediates below it, here are ${below}`,
    ) ??
    broken(!allows(issuer, purposes[circumstances.purpose], anyPurpose), 'certificate-purpose', notFor(issuer, circumstances))
  )
}

/** How many certificates there are above the end entity; self-issued ones, as in a change of keys, do not count (RFC 5280 §4.2.1.9). */
export function countIntermediates(path: Path): number {
  return path.slice(0, -1).filter(({ certificate }) => !isSelfIssued(certificate)).length
}

function nameProblem(leaf: Link, { name }: Circumstances): Problem | undefined {
  if (!name) return undefined
  const { subjectAltName } = leaf.certificate.extensions
  const fits = subjectAltName !== undefined && matchesName(subjectAltName, name)
  const wanted = name.type === 'dns' ? name.name : 'the IP address asked for'
  return broken(!fits, 'certificate-name-mismatch', `${leaf.name} is not for ${wanted}; it is for ${describeNames(leaf)}`)
}

/** Whole seconds: a certificate is good until the end of its last one. */
function validityProblem({ certificate, name }: Link, { now }: Circumstances): Problem | undefined {
  const second = Math.floor(now / 1000) * 1000
  return (
    broken(second < certificate.notBefore, 'certificate-not-yet-valid', `${name} is not valid before ${moment(certificate.notBefore)}`) ??
    broken(second > certificate.notAfter, 'certificate-expired', `${name} expired at ${moment(certificate.notAfter)}`)
  )
}

function unprocessedProblem({ certificate, name }: Link): Problem | undefined {
  const [extension] = certificate.extensions.unprocessed
  return broken(extension !== undefined, 'certificate-critical-extension', `${name} is limited by an extension not supported: ${extension}`)
}

/** Whether extendedKeyUsage, where there is one, has one of `wanted`. In an issuer it limits what is below it. */
function allows({ certificate }: Link, ...wanted: readonly string[]): boolean {
  const { extendedKeyUsage } = certificate.extensions
  return !extendedKeyUsage || wanted.some(purpose => extendedKeyUsage.has(purpose))
}

const purposes = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const
const anyPurpose = '2.5.29.37.0'

function notFor({ name }: Link, { purpose }: Circumstances): string {
  return `${name} is not for TLS ${purpose}s (extendedKeyUsage)`
}

function describeNames({ certificate }: Link): string {
  const { dnsNames = [], ipAddresses = [] } = certificate.extensions.subjectAltName ?? {}
  const dns = dnsNames.slice(0, 5).map(name => JSON.stringify(brief(name)))
  const more = dnsNames.length > 5 ? [`${dnsNames.length - 5} more`] : []
  const ip = ipAddresses.length > 0 ? [`${ipAddresses.length} IP addresses`] : []
  return [...dns, ...more, ...ip].join(', ') || 'no name at all (subjectAltName)'
}

function moment(time: number): string {
  return new Date(time).toISOString()
}

function broken(is: boolean | undefined, code: FaultCode, message: string): Problem | undefined {
  return is ? { code, message } : undefined
}
