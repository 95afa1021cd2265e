/** What a certificate must be to stand in a path (RFC 5280 §6.1, as browsers, Go and webpki read it). Signatures are path.ts's. */

import { type Certificate, isSelfIssued } from '../certificate/certificate.ts'
import { describeName } from '../certificate/distinguished-name.ts'
import { extensionIds } from '../certificate/extensions.ts'
import type { NameConstraints } from '../certificate/name-constraints.ts'
import { CertificateError } from '../error.ts'
import type { Anchor } from './anchor.ts'
import type { ConstraintJudge } from './constrained-names.ts'
import {
  anchorName,
  anyExtendedKeyUsage,
  brief,
  broken,
  type Circumstances,
  clientAuth,
  countIntermediates,
  hasBegun,
  hasEnded,
  type Link,
  nameOf,
  type Path,
  serverAuth,
} from './link.ts'
import { describeReference, matchesName } from './names.ts'
import { webEndEntityProblem, webIssuerProblem } from './web-profile.ts'

export function endEntityProblem(leaf: Link, circumstances: Circumstances): CertificateError | undefined {
  return (
    formProblem(leaf, circumstances) ??
    nameProblem(leaf, circumstances) ??
    validityProblem(leaf, 0, circumstances) ??
    unknownExtensionProblem(leaf, 0, circumstances) ??
    keySizeProblem(leaf, 0, circumstances) ??
    usageProblem(leaf, circumstances) ??
    (circumstances.profile === 'web' ? webEndEntityProblem(leaf, circumstances) : undefined)
  )
}

/** The rules for an intermediate that issued the topmost certificate of `path`. */
export function issuerProblem(
  issuer: Link,
  path: Path,
  circumstances: Circumstances,
  names: ConstraintJudge,
): CertificateError | undefined {
  const depth = path.length
  return (
    validityProblem(issuer, depth, circumstances) ??
    authorityProblem(issuer, path, circumstances) ??
    keySizeProblem(issuer, depth, circumstances) ??
    namesProblem(issuer, issuer.certificate.extensions.nameConstraints, path, names) ??
    (circumstances.profile === 'web' ? webIssuerProblem(issuer, path, false) : undefined)
  )
}

/**
 * The rules for an anchor above `path`. Where it came as a certificate it is held to them too, validity included, as in OpenSSL and Go
 * (webpki, and RFC 5280 itself, take its name and key alone): the anchor says how far.
 */
export function anchorProblem(
  anchor: Anchor,
  path: Path,
  circumstances: Circumstances,
  names: ConstraintJudge,
): CertificateError | undefined {
  const { validity, constraints } = anchor.judged
  const depth = path.length
  const link = (certificate: Certificate) => ({ certificate, label: 'root' })
  return (
    (validity && validityProblem(link(validity), depth, circumstances)) ??
    (constraints && authorityProblem(link(constraints), path, circumstances, true)) ??
    anchorKeyProblem(anchor, depth, circumstances) ??
    anchorLimitProblem(anchor, path, names) ??
    (constraints && circumstances.profile === 'web' ? webIssuerProblem(link(constraints), path, true) : undefined)
  )
}

/** What an anchor limits beside what a certificate may: also where the end entity is the anchor itself. */
export function anchorLimitProblem(anchor: Anchor, path: Path, names: ConstraintJudge): CertificateError | undefined {
  for (const constraints of anchor.nameConstraints) {
    const problem = namesProblem(undefined, constraints, path, names)
    if (problem) return problem
  }
  return distrustProblem(anchor, path)
}

// ── The end entity ──────────────────────────────────────────────────────────────────────────────────────────────────

function formProblem(leaf: Link, { tls }: Circumstances): CertificateError | undefined {
  const { version, publicKey } = leaf.certificate
  if (!tls) return undefined
  const rule = 'RFC 9846 §4.5.1.2'
  if (version !== 3) return broken(leaf, 0, 'certificate-malformed', `is of version ${version}, where 3 is wanted`, rule)
  if (publicKey.type) return undefined
  return broken(leaf, 0, 'certificate-key', `has a key that TLS 1.3 can't use, ${publicKey.algorithm.oid}`, rule)
}

function nameProblem(leaf: Link, { name }: Circumstances): CertificateError | undefined {
  if (!name) return undefined
  const { subjectAltName } = leaf.certificate.extensions
  if (subjectAltName && matchesName(subjectAltName, name)) return undefined
  const what = `is not for ${describeReference(name)}; it is for ${describeNames(leaf)}`
  return broken(leaf, 0, 'certificate-name-mismatch', what, 'RFC 9525 §6')
}

/** anyExtendedKeyUsage is not enough for an end entity: so it is in webpki and in the CA/Browser Forum's rules, Go would take it. */
function usageProblem(leaf: Link, { keyUsage, purpose }: Circumstances): CertificateError | undefined {
  const { extensions } = leaf.certificate
  const lacking = keyUsage.find(usage => extensions.keyUsage && !extensions.keyUsage.has(usage))
  if (lacking === 'digitalSignature')
    return broken(leaf, 0, 'certificate-key-usage', 'is not for signatures (keyUsage)', 'RFC 9846 §4.5.1.2')
  if (lacking) return broken(leaf, 0, 'certificate-key-usage', `is not for ${lacking} (keyUsage)`, 'RFC 5280 §4.2.1.3')
  if (purpose === undefined || !extensions.extendedKeyUsage || extensions.extendedKeyUsage.has(purpose)) return undefined
  return broken(leaf, 0, 'certificate-purpose', notFor(purpose), 'RFC 5280 §4.2.1.12')
}

// ── Whoever issues ──────────────────────────────────────────────────────────────────────────────────────────────────

function authorityProblem(issuer: Link, path: Path, circumstances: Circumstances, root = false): CertificateError | undefined {
  const { extensions, version } = issuer.certificate
  const { basicConstraints, keyUsage, extendedKeyUsage } = extensions
  const { purpose } = circumstances
  const depth = path.length
  const unknown = unknownExtensionProblem(issuer, depth, circumstances)
  if (unknown) return unknown
  // A root of version 1 can't say that it is a CA; its owner does.
  if (!basicConstraints?.ca && !(root && version === 1)) {
    return broken(issuer, depth, 'certificate-not-a-ca', 'issued a certificate, but is no CA (basicConstraints)', 'RFC 5280 §6.1.4 (k)')
  }
  if (keyUsage && !keyUsage.has('keyCertSign')) {
    return broken(issuer, depth, 'certificate-key-usage', 'may not sign certificates (keyUsage)', 'RFC 5280 §6.1.4 (n)')
  }
  const below = countIntermediates(path)
  if (below > (basicConstraints?.pathLength ?? below)) {
    const what = `allows ${basicConstraints?.pathLength} intermediates below it, here are ${below}`
    return broken(issuer, depth, 'certificate-path-length', what, 'RFC 5280 §6.1.4 (l)')
  }
  if (purpose === undefined || !extendedKeyUsage || extendedKeyUsage.has(purpose) || extendedKeyUsage.has(anyExtendedKeyUsage)) {
    return undefined
  }
  return broken(issuer, depth, 'certificate-purpose', notFor(purpose), 'RFC 5280 §4.2.1.12')
}

/** Constraints bind all that is below, but for self-issued intermediates (RFC 5280 §6.1.3 (b), (c)). */
function namesProblem(
  issuer: Link | undefined,
  constraints: NameConstraints | undefined,
  path: Path,
  names: ConstraintJudge,
): CertificateError | undefined {
  if (!constraints) return undefined
  for (const [depth, link] of path.entries()) {
    if (depth > 0 && isSelfIssued(link.certificate)) continue
    const what = names.problem(constraints, link.certificate)
    const by = issuer ? nameOf(issuer) : 'the root'
    if (what) return broken(link, depth, 'certificate-name-constraint', `has ${what} by ${by} (nameConstraints)`, 'RFC 5280 §4.2.1.10')
  }
  return undefined
}

function distrustProblem({ source }: Anchor, [leaf]: Path): CertificateError | undefined {
  const { distrustAfter } = source
  if (distrustAfter === undefined || leaf.certificate.notBefore <= distrustAfter) return undefined
  return broken(leaf, 0, 'certificate-distrusted', `was issued after ${iso(distrustAfter)}, since when its root is not believed`)
}

// ── All ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function validityProblem(link: Link, depth: number, { moment }: Circumstances): CertificateError | undefined {
  const { certificate } = link
  const { notBefore, notAfter } = certificate
  const rule = 'RFC 5280 §6.1.3 (a)'
  if (!hasBegun(certificate, moment)) return broken(link, depth, 'certificate-not-yet-valid', `is not valid before ${iso(notBefore)}`, rule)
  if (hasEnded(certificate, moment)) return broken(link, depth, 'certificate-expired', `expired at ${iso(notAfter)}`, rule)
  return undefined
}

/** The promise of a stapled response means nothing where nobody asks for one: critical, it must not be passed over. */
function unknownExtensionProblem(link: Link, depth: number, { revocation }: Circumstances): CertificateError | undefined {
  const { unknownCritical, critical } = link.certificate.extensions
  const unasked = critical.get(extensionIds.tlsFeature) && !revocation ? [`${extensionIds.tlsFeature}, with revocation off`] : []
  const [extension] = [...unknownCritical, ...unasked]
  if (extension === undefined) return undefined
  return broken(link, depth, 'certificate-critical-extension', `is limited by an extension not supported: ${extension}`, 'RFC 5280 §4.2')
}

function keySizeProblem(link: Link, depth: number, { minimumRsaBits }: Circumstances): CertificateError | undefined {
  const { rsaBits } = link.certificate.publicKey
  if (rsaBits === undefined || rsaBits >= minimumRsaBits) return undefined
  return broken(link, depth, 'certificate-key', `has an RSA key of ${rsaBits} bits, fewer than ${minimumRsaBits}`)
}

function anchorKeyProblem(anchor: Anchor, depth: number, { minimumRsaBits }: Circumstances): CertificateError | undefined {
  const { rsaBits } = anchor.publicKey
  if (rsaBits === undefined || rsaBits >= minimumRsaBits) return undefined
  const message = `${anchorName(anchor)} has an RSA key of ${rsaBits} bits, fewer than ${minimumRsaBits}`
  return new CertificateError('certificate-key', message, { depth, subject: brief(describeName(anchor.subject)) })
}

function notFor(purpose: string): string {
  const what = purpose === serverAuth ? 'TLS servers' : purpose === clientAuth ? 'TLS clients' : purpose
  return `is not for ${what} (extendedKeyUsage)`
}

function describeNames({ certificate }: Link): string {
  const { dnsNames = [], ipAddresses = [] } = certificate.extensions.subjectAltName ?? {}
  const dns = dnsNames.slice(0, 5).map(name => JSON.stringify(brief(name)))
  const more = dnsNames.length > 5 ? [`${dnsNames.length - 5} more`] : []
  const ip = ipAddresses.length > 0 ? [`${ipAddresses.length} IP addresses`] : []
  return [...dns, ...more, ...ip].join(', ') || 'no name at all (subjectAltName)'
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
