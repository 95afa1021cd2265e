/** A path of certificates while it is built, what it is judged by, and what may be wrong with it. */
import type { FaultCode } from '../../error.ts'
import { type Certificate, describeSubject, isSelfIssued } from '../certificate/certificate.ts'
import { describeName } from '../certificate/distinguished-name.ts'
import type { KeyUsage } from '../certificate/extension-values.ts'
import { CertificateError } from '../error.ts'
import type { Anchor } from './anchor.ts'
import type { Moment } from './moment.ts'
import type { ReferenceName } from './names.ts'

/** A certificate on its way into a path. */
export interface Link {
  readonly certificate: Certificate
  /** Where it came from, for errors: `certificate 1`, `intermediate 0`. */
  readonly label: string
}

/** From the end entity up to the topmost certificate so far. */
export type Path = readonly [Link, ...Link[]]

export interface Circumstances {
  /** `undefined`: any. */
  readonly name: ReferenceName | undefined
  readonly moment: Moment
  /** The extended key usage that all of the path must allow, dotted; `undefined`: any. */
  readonly purpose: string | undefined
  /** What the end entity must be good for, where it has the extension. */
  readonly keyUsage: readonly KeyUsage[]
  /** Whether the end entity signs TLS handshakes: its version and its key are then what RFC 9846 §4.5.1.2 wants. */
  readonly tls: boolean
  /** `web`: the CA/Browser Forum's rules too. */
  readonly profile: 'rfc5280' | 'web'
  readonly minimumRsaBits: number
  /** Whether revocation is judged, so that the promise of a stapled response means something. */
  readonly revocation: boolean
}

export const serverAuth = '1.3.6.1.5.5.7.3.1'
export const clientAuth = '1.3.6.1.5.5.7.3.2'
export const anyExtendedKeyUsage = '2.5.29.37.0'

/** How many intermediates there are; self-issued ones, as in a change of keys, do not count (RFC 5280 §4.2.1.9). */
export function countIntermediates(path: Path): number {
  return path.slice(1).filter(({ certificate }) => !isSelfIssued(certificate)).length
}

/** `certificate 1 (CN=Example CA)`. */
export function nameOf({ certificate, label }: Link): string {
  return `${label} (${briefSubject(certificate)})`
}

/** The subject for errors. */
export function briefSubject(certificate: Certificate): string {
  return brief(subjectText(certificate))
}

/** As `describeSubject`, written once however often it is wanted. */
export function subjectText(certificate: Certificate): string {
  const known = subjects.get(certificate)
  if (known !== undefined) return known
  const text = describeSubject(certificate)
  subjects.set(certificate, text)
  return text
}

const subjects = new WeakMap<Certificate, string>()

export function anchorName(anchor: Anchor): string {
  return `root (${brief(describeName(anchor.subject))})`
}

/** Whole seconds: a certificate is good until the end of its last one. */
export function hasBegun({ notBefore }: Certificate, moment: Moment): boolean {
  return moment.hasReached(notBefore)
}

export function hasEnded({ notAfter }: Certificate, moment: Moment): boolean {
  return moment.hasReached(notAfter + 1000)
}

/** Text of the peer's choosing, for an error. */
export function brief(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** A rule that `link` breaks, at `depth` of the path. `what` completes the sentence that begins with the name of the certificate. */
export function broken(link: Link, depth: number, code: FaultCode, what: string, rule?: string): CertificateError {
  return new CertificateError(code, `${nameOf(link)} ${what}`, { depth, subject: briefSubject(link.certificate), rule })
}
