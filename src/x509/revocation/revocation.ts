/**
 * Revocation: whether what was found valid has been taken back, by CRLs (RFC 5280 §6.3) and OCSP responses (RFC 6960) at hand. Nothing is fetched
 * here: what is missing is told, and the answer may come with the next check.
 */
import { type Certificate, describeSubject } from '../certificate/certificate.ts'
import { pointUris } from '../certificate/distribution-points.ts'
import { statusRequest } from '../certificate/extension-values.ts'
import { CertificateError, type RevocationSources } from '../error.ts'
import { brief } from '../path/link.ts'
import { decodePem } from '../pem.ts'
import { type CertificateList, parseCrl } from './crl.ts'
import { findInCrls } from './crl-check.ts'
import { CrlEntries } from './crl-entries.ts'
import { CrlSigners } from './crl-signer.ts'
import { type Finding, moment, type Revocation, type RevocationContext, sameCertificate, type Target, targetAt } from './evidence.ts'
import { type BasicOcspResponse, parseOcspResponse } from './ocsp.ts'
import { OcspCheck } from './ocsp-check.ts'

export type { RevocationContext } from './evidence.ts'

export interface RevocationOptions {
  /**
   * `off`: nobody asks. `soft`: what is revoked is refused, what is unknown is believed. `hard`: what is unknown is refused too, with code
   * `revocation-unknown`.
   */
  readonly mode: 'off' | 'soft' | 'hard'
  /** Whether only the end entity is asked about, or every certificate below the anchor. Default: `chain`. */
  readonly scope?: 'leaf' | 'chain'
  /** CRLs, complete ones and deltas: DER, PEM with one or more, or read by `parseCrl`, which spares reading a large one again. */
  readonly crls?: readonly (Uint8Array | string | CertificateList)[]
  /** OCSP responses, DER, beside the stapled one; also for intermediates. */
  readonly ocsp?: readonly Uint8Array[]
  /**
   * Milliseconds for which an answer is believed after its `thisUpdate`, also where its `nextUpdate` is later. Default: up to `nextUpdate`, and 7
   * days where there is none. That a CRL lists the certificate as revoked for good is believed at any age and of any scope. The clock of whoever
   * answers may be up to 5 minutes ahead.
   */
  readonly maximumAge?: number
  /**
   * Whether CRLs of version 2 without cRLNumber are passed over. RFC 5280 §5.2.3 obliges issuers to number their CRLs; that nobody else needs the
   * number, but for deltas, and that small CAs leave it out, is why the default is false. The CA/Browser Forum's CAs all have it.
   */
  readonly requireCrlNumber?: boolean
}

/** What was found out about one certificate of the path. Revoked ones are an error instead. */
export interface RevocationStatus {
  /** The place in the path: 0 for the end entity. */
  readonly depth: number
  readonly status: 'good' | 'unknown'
  /** What said that it is good. */
  readonly source: 'crl' | 'ocsp' | undefined
  /** The SCT list of the OCSP answer that says good (RFC 6962 §3.3), TLS-encoded. */
  readonly sctList: Uint8Array | undefined
  /** Why answers at hand do not count; for people. */
  readonly problems: readonly string[]
  /** Where answers might be had; `undefined` where none is missing. */
  readonly needed: RevocationSources | undefined
}

/** Options that were read once, for however many checks. */
export interface RevocationEvidence {
  readonly options: RevocationOptions
  readonly crls: readonly CertificateList[]
  readonly responses: readonly BasicOcspResponse[]
  /** What could not be read. */
  readonly problems: readonly string[]
}

/**
 * Reads CRLs and responses. Those that are malformed count as not there, since they come from the network, and a check tells of them. Throws
 * `TypeError` for options that can't be, and for PEM without a CRL.
 */
export function readRevocation(options: RevocationOptions): RevocationEvidence {
  const { mode, scope = 'chain', maximumAge = 0, crls = [], ocsp = [] } = options
  if (!['off', 'soft', 'hard'].includes(mode)) throw new TypeError(`the mode of revocation is "off", "soft" or "hard", not ${String(mode)}`)
  if (scope !== 'leaf' && scope !== 'chain') throw new TypeError(`the scope of revocation is "leaf" or "chain", not ${String(scope)}`)
  if (!(maximumAge >= 0)) throw new TypeError(`maximumAge is a number of milliseconds, not ${maximumAge}`)
  if (!ocsp.every(der => der instanceof Uint8Array)) throw new TypeError('an OCSP response is DER, a Uint8Array')
  const problems: string[] = []
  const lists = crls
    .flatMap(toLists)
    .flatMap(source => (source instanceof Uint8Array ? readable(() => parseCrl(source), problems) : [source]))
  const responses = ocsp.flatMap(der => readResponse(der, problems))
  return { options, crls: lists, responses, problems }
}

/**
 * Asks about the certificates of a validated path. Throws `CertificateError`: `certificate-revoked`; `ocsp-missing` where the end entity promises
 * a stapled response (RFC 7633) and none says that it is good; in mode `hard` `revocation-unknown`, whose `needed` names all that is missing. What
 * `context` throws passes through.
 */
export function checkRevocation(evidence: RevocationEvidence, context: RevocationContext): readonly RevocationStatus[] {
  return evidence.options.mode === 'off' ? [] : new RevocationCheck(evidence, context).run()
}

/** Where it can be learnt whether a certificate is revoked, and where its issuer's certificate is: URIs, as it states them. */
export function revocationSources({ extensions }: Certificate): RevocationSources {
  const { crlDistributionPoints, authorityInfoAccess } = extensions
  return {
    crlDistributionPoints: pointUris(crlDistributionPoints),
    // Copies, since the certificate may be one that is judged again.
    ocspResponders: [...(authorityInfoAccess?.ocsp ?? [])],
    caIssuers: [...(authorityInfoAccess?.caIssuers ?? [])],
  }
}

/** A status before it may become an error. */
interface Judged {
  readonly certificate: Certificate
  readonly status: RevocationStatus
  readonly revoked: Revocation | undefined
  /** Whether the stapled response says that it is good. */
  readonly isStapled: boolean
}

class RevocationCheck {
  readonly #evidence: RevocationEvidence
  readonly #context: RevocationContext
  readonly #ocsp: OcspCheck
  readonly #signers: CrlSigners
  readonly #stapled: readonly BasicOcspResponse[]
  readonly #stapleProblems: string[] = []

  constructor(evidence: RevocationEvidence, context: RevocationContext) {
    this.#evidence = evidence
    this.#context = context
    this.#ocsp = new OcspCheck(context, evidence.options.maximumAge, target => this.#find(target, false, true).revoked !== undefined)
    this.#signers = new CrlSigners(context, {
      statusOf: target => {
        const { revoked, status } = this.#judge(target, false)
        return revoked ? 'revoked' : status.status
      },
      hard: evidence.options.mode === 'hard',
    })
    // A staple that can't be read is as good as none, which is what whoever broke it could have sent.
    this.#stapled = context.stapled ? readResponse(context.stapled, this.#stapleProblems) : []
  }

  /** All certificates are looked at first: one that is revoked outweighs others of which nothing is known. */
  run(): readonly RevocationStatus[] {
    const { mode, scope } = this.#evidence.options
    const judged = this.#targets(scope === 'leaf' ? 1 : this.#context.path.length).map(target => this.#judge(target, true))
    for (const each of judged) if (each.revoked) throw revokedError(each, each.revoked)
    const [leaf] = judged
    const promised = leaf?.status.depth === 0 && leaf.certificate.extensions.tlsFeatures?.has(statusRequest)
    if (promised && !leaf.isStapled) throw missingError(leaf)
    const unknown = judged.filter(({ status }) => status.status === 'unknown')
    if (mode === 'hard' && unknown[0]) throw unknownError(unknown[0], unknown)
    return judged.map(({ status }) => status)
  }

  /** But for an anchor that stands in the path as its own end entity: nobody takes back what the user believes. */
  #targets(count: number): readonly Target[] {
    const { path, anchor } = this.#context
    const targets = path.slice(0, count).flatMap((_, depth) => targetAt({ path, anchor }, depth) ?? [])
    return targets.filter(({ certificate }) => !anchor.certificate || !sameCertificate(certificate, anchor.certificate))
  }

  /** `own`: the certificate is of the path that is asked about, not of a signer's. */
  #judge(target: Target, own: boolean): Judged {
    const { responses, problems } = this.#evidence
    const staple = this.#ocsp.find(target, own && target.depth === 0 ? this.#stapled : [])
    const ocsp = this.#ocsp.find(target, responses)
    const knownGood = staple.good || ocsp.good
    const listed = this.#find(target, true, knownGood)
    const good = knownGood || listed.good
    const stapleProblems = target.depth === 0 ? this.#stapleProblems : []
    const status: RevocationStatus = {
      depth: target.depth,
      status: good ? 'good' : 'unknown',
      source: knownGood ? 'ocsp' : listed.good ? 'crl' : undefined,
      sctList: staple.sctList ?? ocsp.sctList,
      problems: [...stapleProblems, ...staple.problems, ...ocsp.problems, ...listed.problems, ...problems],
      needed: good ? undefined : revocationSources(target.certificate),
    }
    const revoked = staple.revoked ?? ocsp.revoked ?? listed.revoked
    return { certificate: target.certificate, status, revoked, isStapled: staple.good }
  }

  /** What CRLs say. `separate` and `knownGood` as in `CrlCheckOptions`. */
  #find(target: Target, separate: boolean, knownGood: boolean): Finding {
    const { options, crls } = this.#evidence
    const { maximumAge, requireCrlNumber = false } = options
    const freshness = { now: this.#context.now, maximumAge }
    return findInCrls(target, crls, { signers: this.#signers, freshness, requireCrlNumber, separate, knownGood })
  }
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function toLists(source: Uint8Array | string | CertificateList): readonly (Uint8Array | CertificateList)[] {
  if (typeof source === 'string') return crlBlocks(source)
  if (source instanceof Uint8Array || source?.entries instanceof CrlEntries) return [source]
  throw new TypeError(`a CRL is DER, PEM, or what parseCrl makes of them, not ${String(source)}`)
}

function crlBlocks(pem: string): readonly Uint8Array[] {
  const blocks = decodePem(pem).filter(({ label }) => label === 'X509 CRL')
  if (blocks.length === 0) throw new TypeError('there is no CRL: expected PEM with "-----BEGIN X509 CRL-----"')
  return blocks.map(({ bytes }) => bytes)
}

function readResponse(der: Uint8Array, problems: string[]): BasicOcspResponse[] {
  return readable(() => parseOcspResponse(der), problems).flatMap(response => {
    if (response.status === 'successful') return [response]
    problems.push(`an OCSP response says ${response.status}`)
    return []
  })
}

/** What `parse` makes of it, or nothing and a problem more. */
function readable<T>(parse: () => T, problems: string[]): T[] {
  try {
    return [parse()]
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    problems.push(error.message)
    return []
  }
}

// ── Errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function revokedError({ certificate, status: { depth } }: Judged, { date, reason, source, by }: Revocation): CertificateError {
  const why = reason === 'unspecified' ? '' : ` for ${reason}`
  const subject = describeSubject(certificate)
  const rule = source === 'crl' ? 'RFC 5280 §6.3.3' : 'RFC 6960 §2.2'
  return new CertificateError('certificate-revoked', `${brief(subject)} was revoked at ${moment(date)}${why}, by ${by}`, {
    depth,
    subject,
    rule,
  })
}

function missingError({ certificate, status: { depth, problems } }: Judged): CertificateError {
  const subject = describeSubject(certificate)
  const message = `${brief(subject)} promises an OCSP response with the handshake (tlsFeature), which is missing or does not say good${list(problems)}`
  return new CertificateError('ocsp-missing', message, {
    depth,
    subject,
    rule: 'RFC 7633 §4.3.3',
    needed: revocationSources(certificate),
  })
}

function unknownError({ certificate, status: { depth, problems } }: Judged, unknown: readonly Judged[]): CertificateError {
  const subject = describeSubject(certificate)
  const message = `whether ${brief(subject)} is revoked is unknown${list(problems) || ': no CRL and no OCSP response is about it'}`
  const sources = (of: (needed: RevocationSources) => readonly string[]) => [
    ...new Set(unknown.flatMap(({ status: { needed } }) => (needed ? of(needed) : []))),
  ]
  const needed = {
    crlDistributionPoints: sources(needed => needed.crlDistributionPoints),
    ocspResponders: sources(needed => needed.ocspResponders),
    caIssuers: sources(needed => needed.caIssuers),
  }
  return new CertificateError('revocation-unknown', message, { depth, subject, rule: 'RFC 5280 §6.1.3 (a)', needed })
}

/** The first few: there may be as many as there are CRLs. */
function list(problems: readonly string[]): string {
  if (problems.length === 0) return ''
  return `: ${problems.slice(0, 4).join('; ')}${problems.length > 4 ? `; and ${problems.length - 4} more` : ''}`
}
