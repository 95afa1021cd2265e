/** Whether a CRL speaks of a certificate, and for which reasons (RFC 5280 §6.3.3 (b) and (d)). */
import { toHex } from '../../wire/bytes.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { type DistinguishedName, sameName } from '../certificate/distinguished-name.ts'
import {
  allReasons,
  type DistributionPoint,
  type IssuingDistributionPoint,
  pointNames,
  type RevocationReason,
} from '../certificate/distribution-points.ts'
import type { GeneralName } from '../certificate/general-names.ts'
import type { CertificateList } from './crl.ts'

/** The reasons of revocation for which `crl`, being complete, would list the certificate; none where it is not about it. */
export function reasonsCovered(crl: CertificateList, certificate: Certificate): ReadonlySet<RevocationReason> {
  const covered = new Set<RevocationReason>()
  const scope = crl.extensions.issuingDistributionPoint
  if (scope && !isForKind(scope, certificate)) return covered
  // Both sides may have thousands of names, and nobody's signature is known to be right yet.
  const at = scope?.name && new Set(pointNames(scope.name, crl.issuer).map(nameKey))
  for (const point of pointsOf(certificate)) {
    if (!isIssuedFor(point, crl, certificate) || (at && !isAt(point, at, certificate))) continue
    for (const reason of point.reasons ?? allReasons) if (scope?.onlyReasons?.has(reason) ?? true) covered.add(reason)
  }
  return covered
}

/** Those of the certificate, and one that stands for whatever else its issuer publishes: that has the issuer's names. */
function pointsOf({ issuer, extensions }: Certificate): readonly DistributionPoint[] {
  const names: GeneralName[] = [{ type: 'directory', name: issuer }, ...(extensions.issuerAltName ?? [])]
  return [...(extensions.crlDistributionPoints ?? []), { name: { type: 'full', names }, reasons: undefined, crlIssuer: undefined }]
}

/** (b) (1) */
function isIssuedFor({ crlIssuer }: DistributionPoint, crl: CertificateList, certificate: Certificate): boolean {
  if (!crlIssuer) return sameName(crl.issuer, certificate.issuer)
  const indirect = crl.extensions.issuingDistributionPoint?.indirect ?? false
  return indirect && directoryNames(crlIssuer).some(name => sameName(name, crl.issuer))
}

/** (b) (2) (i). `at`: the keys of the names that the CRL's own point has. */
function isAt(point: DistributionPoint, at: ReadonlySet<string>, { issuer }: Certificate): boolean {
  const [crlIssuer = issuer] = directoryNames(point.crlIssuer ?? [])
  const wanted = point.name ? pointNames(point.name, crlIssuer) : (point.crlIssuer ?? [])
  return wanted.some(name => at.has(nameKey(name)))
}

/** (b) (2) (ii) to (iv). Certificates before version 3 do not say which kind they are of: no CRL for one kind is about them (§5.2.5). */
function isForKind(scope: IssuingDistributionPoint, { version, extensions }: Certificate): boolean {
  const { onlyUserCertificates, onlyCaCertificates, onlyAttributeCertificates } = scope
  if (version !== 3 && (onlyUserCertificates || onlyCaCertificates)) return false
  const ca = extensions.basicConstraints?.ca ?? false
  return !onlyAttributeCertificates && !(ca ? onlyUserCertificates : onlyCaCertificates)
}

function directoryNames(names: readonly GeneralName[]): DistinguishedName[] {
  return names.flatMap(name => (name.type === 'directory' ? [name.name] : []))
}

/** Names are the same exactly if their keys are. */
function nameKey(name: GeneralName): string {
  switch (name.type) {
    case 'directory':
      return `directory ${name.name.key}`
    case 'uri':
      // Scheme and host know no case (RFC 5280 §7.4).
      return `uri ${name.uri.replace(/^[a-z][a-z0-9+.-]*:(\/\/[^/?#]*)?/i, start => start.toLowerCase())}`
    case 'dns':
      return `dns ${name.name.toLowerCase()}`
    case 'email':
      // Only the host knows no case (RFC 5280 §7.5).
      return `email ${name.address.replace(/@[^@]*$/, host => host.toLowerCase())}`
    case 'ip':
      return `ip ${toHex(name.address)}`
    case 'registeredId':
      return `registeredId ${name.oid}`
    default:
      return `other ${toHex(name.raw)}`
  }
}
