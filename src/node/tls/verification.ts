/** The verdict on a peer's chain, and OpenSSL's codes for what is wrong with it. */
import { X509Certificate } from 'node:crypto'
import { type AlertName, type FaultCode, TlsError } from '../../error.ts'
import type { TrustStore, VerifiedPeer } from '../../types.ts'
import { acceptWithoutVerification, type Certificate, CertificateError, parseCertificate, sameName } from '../../x509/index.ts'
import { coded } from './errors.ts'

export interface Verdict {
  readonly peer: VerifiedPeer
  /** Why the chain is not believed; `undefined`: it is. */
  readonly problem: Problem | undefined
}

export interface Problem {
  /** Its code is OpenSSL's, its `cause` the rule that was broken; or it is the application's own. */
  readonly error: Error & { readonly code?: string }
  readonly alert: AlertName
}

export interface VerificationRequest {
  readonly purpose: 'server' | 'client'
  readonly ocsp?: Uint8Array | undefined
  /** Certificates of the caller's that are no roots. */
  readonly intermediates: readonly Uint8Array[]
}

/** Judges the chain. Throws a `TlsError` only where there is no certificate to go on with. */
export function judge(trust: TrustStore, chain: readonly Uint8Array[], { purpose, ocsp, intermediates }: VerificationRequest): Verdict {
  try {
    const peer = trust.verify(chain, { name: undefined, now: Date.now(), purpose, scts: [], ...(ocsp && { ocsp }) })
    return { peer, problem: undefined }
  } catch (error) {
    if (!(error instanceof TlsError)) throw error
    const code = opensslCode(error, chain, intermediates)
    const problem = {
      error: coded(new Error(messages[code] ?? error.message, { cause: error }), code),
      alert: error.alert ?? 'certificate_unknown',
    }
    return { peer: showable(chain), problem }
  }
}

/**
 * The peer as it is. Its certificate must be one that Node.js can read too, and not only this package: applications that go on with whom they
 * do not believe look at it, and what anybody may send must not make `getPeerCertificate` throw.
 */
function showable(chain: readonly Uint8Array[]): VerifiedPeer {
  const peer = acceptWithoutVerification(chain)
  try {
    const [leaf] = peer.chain
    if (leaf) new X509Certificate(leaf)
    return peer
  } catch (cause) {
    throw new CertificateError('certificate-malformed', 'certificate 0 can not be read by Node.js', { cause })
  }
}

function opensslCode({ code }: TlsError, chain: readonly Uint8Array[], intermediates: readonly Uint8Array[]): string {
  return code === 'issuer-unknown' ? unknownIssuerCode(chain, intermediates) : (codes[code] ?? 'UNSPECIFIED')
}

/** Where the line of issuers ends decides the code. */
function unknownIssuerCode([leaf, ...others]: readonly Uint8Array[], intermediates: readonly Uint8Array[]): string {
  let top = leaf && read(leaf)
  if (!top) return 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
  if (isSelfIssued(top)) return 'DEPTH_ZERO_SELF_SIGNED_CERT'
  const own = readable(intermediates)
  const rest = [...readable(others), ...own]
  let climbed = false
  for (;;) {
    const issuer: Certificate | undefined = rest.find(each => top && sameName(each.subject, top.issuer))
    if (!issuer) break
    rest.splice(rest.indexOf(issuer), 1)
    ;[top, climbed] = [issuer, true]
    if (isSelfIssued(top)) return 'SELF_SIGNED_CERT_IN_CHAIN'
  }
  if (own.includes(top)) return 'UNABLE_TO_GET_ISSUER_CERT'
  return climbed ? 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' : 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
}

const codes: Readonly<Partial<Record<FaultCode, string>>> = {
  'certificate-expired': 'CERT_HAS_EXPIRED',
  'certificate-not-yet-valid': 'CERT_NOT_YET_VALID',
  'certificate-signature': 'CERT_SIGNATURE_FAILURE',
  'certificate-revoked': 'CERT_REVOKED',
  'revocation-unknown': 'UNABLE_TO_GET_CRL',
  'certificate-not-a-ca': 'INVALID_CA',
  'certificate-path-length': 'PATH_LENGTH_EXCEEDED',
  'certificate-key-usage': 'INVALID_PURPOSE',
  'certificate-purpose': 'INVALID_PURPOSE',
  'certificate-distrusted': 'CERT_REJECTED',
  'certificate-budget': 'CERT_CHAIN_TOO_LONG',
}

/** OpenSSL's words, since programs look for them; the cause tells more. */
const messages: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in certificate chain',
  UNABLE_TO_GET_ISSUER_CERT: 'unable to get issuer certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unable to get local issuer certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to verify the first certificate',
  CERT_HAS_EXPIRED: 'certificate has expired',
  CERT_NOT_YET_VALID: 'certificate is not yet valid',
  CERT_REVOKED: 'certificate revoked',
  UNABLE_TO_GET_CRL: 'unable to get certificate CRL',
  CERT_SIGNATURE_FAILURE: 'certificate signature failure',
  INVALID_CA: 'invalid CA certificate',
  PATH_LENGTH_EXCEEDED: 'path length constraint exceeded',
  INVALID_PURPOSE: 'unsuitable certificate purpose',
  CERT_REJECTED: 'certificate rejected',
  CERT_CHAIN_TOO_LONG: 'certificate chain too long',
}

function readable(ders: readonly Uint8Array[]): readonly Certificate[] {
  return ders.flatMap(der => read(der) ?? [])
}

function read(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der)
  } catch (error) {
    if (error instanceof CertificateError) return undefined
    throw error
  }
}

function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return sameName(subject, issuer)
}
