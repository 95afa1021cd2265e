/** What is wrong with a certificate, a CRL, an OCSP response or a chain of them. */
import { type FaultCode, TlsError } from '../error.ts'
import { DecodeError } from '../wire/error.ts'

/** Where what a verdict needs can be had: URIs, as the certificate states them. Nothing here fetches them. */
export interface RevocationSources {
  readonly crlDistributionPoints: readonly string[]
  readonly ocspResponders: readonly string[]
  readonly caIssuers: readonly string[]
}

/** What a `CertificateError` is about. */
export interface CertificateErrorDetails {
  readonly depth?: number | undefined
  readonly subject?: string | undefined
  readonly rule?: string | undefined
  readonly needed?: RevocationSources | undefined
  readonly cause?: unknown
}

/** A broken rule. In a handshake it becomes the alert that belongs to its `code`. */
export class CertificateError extends TlsError {
  override readonly name: string = 'CertificateError'
  /** The place in the path of the certificate that broke the rule: 0 for the end entity. `undefined` where it is about none. */
  readonly depth: number | undefined
  /** Its subject, readable. */
  readonly subject: string | undefined
  /** Where the rule stands: `RFC 5280 §4.2.1.9`. */
  readonly rule: string | undefined
  /** Where an answer might be had, with code `revocation-unknown` and `issuer-unknown`. */
  readonly needed: RevocationSources | undefined

  constructor(code: FaultCode, message: string, { depth, subject, rule, needed, cause }: CertificateErrorDetails = {}) {
    super(code, message, cause === undefined ? {} : { cause })
    this.depth = depth
    this.subject = subject
    this.rule = rule
    this.needed = needed
  }
}

/** What `decode` makes of bytes from elsewhere; a `DecodeError` becomes a `CertificateError` that begins with `name`. */
export function orMalformed<T>(code: FaultCode, name: string, decode: () => T, depth?: number): T {
  try {
    return decode()
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause
    throw new CertificateError(code, `${name} is malformed: ${cause.message}`, { depth, cause })
  }
}
