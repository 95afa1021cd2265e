/** Certificate Transparency (RFC 6962): whether enough logs have seen a certificate. */
import type { CryptoProvider } from '../../crypto/provider.ts'
import { octetString, readDer } from '../../wire/der.ts'
import { DecodeError } from '../../wire/error.ts'
import { type Certificate, describeSubject } from '../certificate/certificate.ts'
import { CertificateError } from '../error.ts'
import { brief } from '../path/link.ts'
import { sha256 } from '../sha256.ts'
import type { CtLogList } from './logs.ts'
import { type CtMinimum, checkMinimum, policyProblem } from './policy.ts'
import { decodeSctList, type LogEntry, precertEntry, x509Entry } from './sct.ts'
import { dissectTbs, type TbsParts } from './tbs.ts'
import { judgeSct, malformedVerdict, type SctContext, type SctSource, type SctVerdict } from './verdict.ts'

export interface CtOptions {
  /** The logs that count, from `ctLogs`. */
  readonly logs: CtLogList
  /** What becomes of a certificate without enough SCTs: the result tells, or it is refused. */
  readonly policy: 'report' | 'require'
  /** Other numbers than the default policy's. */
  readonly minimum?: Partial<CtMinimum>
}

/** A certificate, and what came with it. */
export interface CtEvidence {
  /** The end entity. */
  readonly certificate: Certificate
  /** The SubjectPublicKeyInfo of whoever issued it, DER. */
  readonly issuerKey: Uint8Array
  /** Serialised SCTs from the TLS extension. */
  readonly tls?: readonly Uint8Array[] | undefined
  /** A SignedCertificateTimestampList from the OCSP response: what stands in the OCTET STRING that its extension holds. */
  readonly ocsp?: Uint8Array | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  /** Its verifiers for ECDSA on P-256 and for RSA PKCS#1, both with SHA-256, are used. */
  readonly crypto: Pick<CryptoProvider, 'cipherSuites' | 'verifiers'>
}

export interface CtResult {
  /** Whether the policy is met. */
  readonly compliant: boolean
  /** A verdict on each SCT: those in the certificate, then those from OCSP, then those from TLS. */
  readonly scts: readonly SctVerdict[]
  /** Why the policy is not met. */
  readonly problem: string | undefined
}

/**
 * Judges the SCTs that came with a certificate, and whether they satisfy the policy (`policyProblem` says which). It verifies at most 32
 * signatures for each of the three sources. Where the policy is `require` and not met, it throws a `CertificateError` with the code
 * `certificate-transparency`; nothing else that a peer sent makes it throw. Throws `TypeError` for a time that is no number, a minimum that
 * is none, and a provider without SHA-256.
 */
export function evaluateCt(evidence: CtEvidence, { logs, policy, minimum }: CtOptions): CtResult {
  const { certificate, now } = evidence
  if (!Number.isFinite(now)) throw new TypeError(`the time is a number of milliseconds since 1970, not ${now}`)
  const result = judgeCertificate(evidence, logs, checkMinimum(minimum))
  if (policy === 'report' || result.compliant) return result
  const subject = brief(describeSubject(certificate))
  throw new CertificateError('certificate-transparency', `certificate 0 (${subject}) is not known to enough logs: ${result.problem}`, {
    depth: 0,
    subject,
    rule: 'RFC 6962 §3.3',
  })
}

function judgeCertificate(evidence: CtEvidence, logs: CtLogList, minimum: CtMinimum): CtResult {
  const { certificate, now, crypto } = evidence
  const parts = dissect(certificate.signed)
  if (parts instanceof DecodeError) return refused(`the certificate can't be read: ${parts.message}`)
  if (parts.precertificate) return refused('it is a precertificate, which is not for use (RFC 6962 §3.1)')
  // Neither fits into what a log signs (§3.1).
  if (certificate.raw.length > longestEntry) return refused(`the certificate has more than ${longestEntry} octets`)
  const scts = judgeAll(evidence, parts, { logs, now, crypto, notAfter: certificate.notAfter })
  const problem = policyProblem(scts, certificate, now, minimum)
  return { compliant: problem === undefined, scts, problem }
}

const longestEntry = 0xffffff

/** No certificate needs more; each may cost a signature. */
const mostScts = 32

function judgeAll({ certificate, issuerKey, tls = [], ocsp, crypto }: CtEvidence, parts: TbsParts, context: SctContext): SctVerdict[] {
  const { logged, sctExtension } = parts
  const precert = once(() => precertEntry(logged, sha256(crypto, issuerKey)))
  const x509 = once(() => x509Entry(certificate.raw))
  return [
    ...judgeSource('certificate', () => (sctExtension ? decodeSctList(octetString(readDer(sctExtension))) : []), precert, context),
    ...judgeSource('ocsp', () => (ocsp ? decodeSctList(ocsp) : []), x509, context),
    ...judgeSource('tls', () => tls, x509, context),
  ]
}

function judgeSource(source: SctSource, read: () => readonly Uint8Array[], entry: () => LogEntry, context: SctContext): SctVerdict[] {
  try {
    const scts = read()
    if (scts.length > mostScts) throw new DecodeError(`${scts.length} SCTs, where at most ${mostScts} are looked at`)
    return scts.map(sct => judgeSct(sct, source, entry, context))
  } catch (error) {
    return [malformedVerdict(source, error)]
  }
}

function dissect(tbs: Uint8Array): TbsParts | DecodeError {
  try {
    return dissectTbs(tbs)
  } catch (error) {
    if (error instanceof DecodeError) return error
    throw error
  }
}

function refused(problem: string): CtResult {
  return { compliant: false, scts: [], problem }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
