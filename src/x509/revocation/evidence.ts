/** What the two kinds of evidence, CRLs and OCSP responses, have in common. */
import type { CryptoProvider } from '../../crypto/provider.ts'
import { equal } from '../../wire/bytes.ts'
import type { PublicKey } from '../certificate/algorithms.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { type DistinguishedName, describeName, sameName } from '../certificate/distinguished-name.ts'
import { brief } from '../path/link.ts'
import type { Signed } from '../path/signed.ts'
import type { CrlReason } from './crl-entries.ts'

/** A name with a key: what issues certificates. */
export interface Authority {
  readonly subject: DistinguishedName
  readonly publicKey: PublicKey
  /** Who has only a name and a key is limited by no extension. */
  readonly certificate: Certificate | undefined
}

/** A validated path: the end entity first, and the anchor that issued the last one. */
export interface Line {
  readonly path: readonly Certificate[]
  readonly anchor: Authority
}

/** What a check has to know of the path and its surroundings. */
export interface RevocationContext extends Line {
  /** Milliseconds since 1970. */
  readonly now: number
  /** The OCSP response stapled for the end entity. */
  readonly stapled: Uint8Array | undefined
  /** For the hashes by which OCSP calls certificates. */
  readonly crypto: CryptoProvider
  /** Whether the signature is by this key; counts against the budget of signatures, and may throw when that is spent. */
  readonly signedBy: (signed: Signed, key: PublicKey) => boolean
  /** The certificates at hand with this subject, whoever sent or gave them: who may have signed a CRL. */
  readonly signers: (name: DistinguishedName) => readonly Certificate[]
  /**
   * A valid path from a signer of CRLs, which may be no CA, to the same anchor (RFC 5280 §6.3.3 (f)): the signer first, without the anchor.
   * `undefined` where there is none.
   */
  readonly trustedPath: (signer: Certificate) => readonly Certificate[] | undefined
}

/** How old an answer may be. */
export interface Freshness {
  readonly now: number
  readonly maximumAge: number | undefined
}

/** One certificate that is asked about. */
export interface Target {
  readonly certificate: Certificate
  readonly issuer: Authority
  /** Where it stands, and at which place. */
  readonly line: Line
  readonly depth: number
}

export interface Revocation {
  /** Milliseconds since 1970. */
  readonly date: number
  readonly reason: CrlReason
  /** Who says so. */
  readonly source: 'crl' | 'ocsp'
  readonly by: string
}

/** What the evidence says of one certificate. `problems`: why other evidence does not count. */
export interface Finding {
  readonly revoked: Revocation | undefined
  readonly good: boolean
  readonly problems: readonly string[]
}

export function targetAt(line: Line, depth: number): Target | undefined {
  const certificate = line.path[depth]
  if (!certificate) return undefined
  const above = line.path[depth + 1]
  return { certificate, issuer: above ? authorityOf(above) : line.anchor, line, depth }
}

function authorityOf(certificate: Certificate): Authority {
  return { subject: certificate.subject, publicKey: certificate.publicKey, certificate }
}

export function sameCertificate(a: Certificate, b: Certificate): boolean {
  return equal(a.raw, b.raw)
}

/** Whether two certificates are of one authority: whoever holds its key speaks by right of either, as after a renewal or a cross-signature. */
export function sameAuthority(a: Certificate, b: Certificate): boolean {
  return sameName(a.subject, b.subject) && equal(a.publicKey.raw, b.publicKey.raw)
}

/** The days that an answer without nextUpdate is believed where nobody says how many: as long as browsers do. */
const defaultAge = 7 * 86_400_000

/** Milliseconds by which the clock of whoever answers may be ahead. */
const clockDifference = 5 * 60_000

/** Whether a time stated by whoever answers is to come, by more than clocks differ. */
export function isFuture(time: number, now: number): boolean {
  return time > wholeSecond(now) + clockDifference
}

/** Why an answer is not of this time; `undefined`: it is. `early`: it is of the future, whatever else may be said for it. */
export function staleness(
  { thisUpdate, nextUpdate }: { readonly thisUpdate: number; readonly nextUpdate: number | undefined },
  { now, maximumAge }: Freshness,
): { readonly early: boolean; readonly why: string } | undefined {
  const second = wholeSecond(now)
  if (isFuture(thisUpdate, now)) return { early: true, why: `is of the future (${moment(thisUpdate)})` }
  if (nextUpdate !== undefined && nextUpdate < second) return { early: false, why: `was to be replaced at ${moment(nextUpdate)}` }
  const allowed = maximumAge ?? (nextUpdate === undefined ? defaultAge : Number.POSITIVE_INFINITY)
  if (second - thisUpdate > allowed) return { early: false, why: `is of ${moment(thisUpdate)}, too long ago` }
  return undefined
}

/** Times in certificates and answers are whole seconds, and good until the end of the last one. */
export function wholeSecond(time: number): number {
  return Math.floor(time / 1000) * 1000
}

export function moment(time: number): string {
  return new Date(time).toISOString()
}

/** Text of someone else's choosing, for an error. */
export function briefName(name: DistinguishedName): string {
  return brief(describeName(name))
}
