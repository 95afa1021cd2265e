/** What one SCT is worth (RFC 6962 §5.2). */
import type { CryptoProvider } from '../../crypto/provider.ts'
import { DecodeError } from '../../wire/error.ts'
import { type CtLog, type CtLogList, isApproved } from './logs.ts'
import { decodeSct, type LogEntry, type SignedCertificateTimestamp, signedData } from './sct.ts'

/** How an SCT came: in the certificate, in a stapled OCSP response, or in the TLS extension. */
export type SctSource = 'certificate' | 'ocsp' | 'tls'

/**
 * - `valid`: signed by a log of the list, for this certificate, while the log was approved;
 * - `malformed`: it, or the list that it should be in, can't be read;
 * - `unknown-version`: of a later version than RFC 6962's;
 * - `unknown-log`: by a log that is not in the list;
 * - `invalid-signature`: not signed by that log for this certificate;
 * - `future`: its time is still to come;
 * - `outside-interval`: by a log that does not take certificates that end when this one does;
 * - `log-not-approved`: by a log that is pending or rejected;
 * - `log-retired`: by a log that was retired already at the SCT's time.
 */
export type SctStatus =
  | 'valid'
  | 'malformed'
  | 'unknown-version'
  | 'unknown-log'
  | 'invalid-signature'
  | 'future'
  | 'outside-interval'
  | 'log-not-approved'
  | 'log-retired'

export interface SctVerdict {
  readonly source: SctSource
  readonly status: SctStatus
  /** What was read; `undefined` where it is malformed or of an unknown version. */
  readonly sct: SignedCertificateTimestamp | undefined
  /** `undefined` where it is not known. */
  readonly log: CtLog | undefined
  /** What is wrong with a malformed one. */
  readonly detail: string | undefined
}

export interface SctContext {
  readonly logs: CtLogList
  /** Milliseconds since 1970. */
  readonly now: number
  readonly notAfter: number
  readonly crypto: Pick<CryptoProvider, 'verifiers'>
}

/** Judges one serialised SCT about `entry`. */
export function judgeSct(serialised: Uint8Array, source: SctSource, entry: () => LogEntry, context: SctContext): SctVerdict {
  let sct: SignedCertificateTimestamp | undefined
  try {
    sct = decodeSct(serialised)
  } catch (error) {
    return malformedVerdict(source, error)
  }
  const log = sct && context.logs.find(sct.logId)
  return { source, status: statusOf(sct, log, entry, context), sct, log, detail: undefined }
}

/** The verdict on what threw `error` on the way to an SCT. What is no `DecodeError` goes on. */
export function malformedVerdict(source: SctSource, error: unknown): SctVerdict {
  if (!(error instanceof DecodeError)) throw error
  return { source, status: 'malformed', sct: undefined, log: undefined, detail: error.message }
}

/** Nothing that the SCT says is believed before its signature is. */
function statusOf(
  sct: SignedCertificateTimestamp | undefined,
  log: CtLog | undefined,
  entry: () => LogEntry,
  { now, notAfter, crypto }: SctContext,
): SctStatus {
  if (!sct) return 'unknown-version'
  if (!log) return 'unknown-log'
  if (!isSigned(sct, log, entry(), crypto)) return 'invalid-signature'
  // RFC 6962 §5.2: one from the future is not accepted.
  if (sct.timestamp > now) return 'future'
  const { temporalInterval: interval } = log
  if (interval && (notAfter < interval.start || notAfter >= interval.end)) return 'outside-interval'
  if (log.state === 'retired') return isApproved(log, sct.timestamp) ? 'valid' : 'log-retired'
  return isApproved(log, now) ? 'valid' : 'log-not-approved'
}

/** RFC 6962 §2.1.4 allows these two algorithms; which of them fits the log's key is the verifier's to see. */
const schemes: ReadonlySet<number> = new Set([0x0403, 0x0401])

function isSigned(sct: SignedCertificateTimestamp, log: CtLog, entry: LogEntry, crypto: SctContext['crypto']): boolean {
  if (!schemes.has(sct.scheme)) return false
  const verifier = crypto.verifiers.find(({ scheme }) => scheme === sct.scheme)
  return verifier?.verify(log.key, signedData(sct, entry), sct.signature) ?? false
}
