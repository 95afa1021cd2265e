/** What OCSP responses say of a certificate (RFC 6960 §3.2). */
import { equal } from '../../wire/bytes.ts'
import type { PublicKey } from '../certificate/algorithms.ts'
import { type Certificate, describeSubject, parseCertificate } from '../certificate/certificate.ts'
import { sameName } from '../certificate/distinguished-name.ts'
import { CertificateError } from '../error.ts'
import { brief } from '../path/link.ts'
import type { RevocationContext } from './evidence.ts'
import {
  type Authority,
  briefName,
  type Finding,
  type Freshness,
  isFuture,
  moment,
  type Revocation,
  staleness,
  type Target,
  wholeSecond,
} from './evidence.ts'
import type { BasicOcspResponse, ResponderId, SingleResponse } from './ocsp.ts'
import { isMeant, keyBits, type NamingHash, namingHash } from './ocsp-request.ts'
import { sha1 } from './sha1.ts'

/** What one response says, or why it says nothing. */
export type OcspFinding = Finding & {
  /** The SCT list of the answer that says good. */
  readonly sctList: Uint8Array | undefined
}

export class OcspCheck {
  readonly #context: RevocationContext
  readonly #freshness: Freshness
  readonly #hash: NamingHash
  readonly #isListed: (target: Target) => boolean
  /** Whose signature a response bears, by the key of the issuer: it is verified once. */
  readonly #verified: { readonly response: BasicOcspResponse; readonly key: PublicKey; readonly problem: string | undefined }[] = []

  /** `isListed`: whether a CRL signed in the line of a certificate says that it is revoked. */
  constructor(context: RevocationContext, maximumAge: number | undefined, isListed: (target: Target) => boolean) {
    this.#context = context
    this.#isListed = isListed
    this.#freshness = { now: context.now, maximumAge }
    this.#hash = namingHash(context.crypto)
  }

  /** What is said of `target`. Of several answers the one that says revoked counts. */
  find(target: Target, responses: readonly BasicOcspResponse[]): OcspFinding {
    const problems: string[] = []
    let good: SingleResponse | undefined
    for (const response of responses) {
      for (const single of response.responses.filter(({ certId }) => this.#isMeant(target, certId))) {
        const problem = this.#problem(response, single, target)
        if (problem) problems.push(`an OCSP response ${problem}`)
        else if (single.status.type === 'revoked')
          return { revoked: revocation(single.status, response), good: false, problems, sctList: undefined }
        else if (single.status.type === 'good') good ??= single
        else problems.push('an OCSP response says that the certificate is unknown')
      }
    }
    return { revoked: undefined, good: good !== undefined, problems, sctList: good?.sctList }
  }

  #isMeant({ certificate, issuer }: Target, id: SingleResponse['certId']): boolean {
    return isMeant(id, certificate, issuer.publicKey, this.#hash)
  }

  /** Why an answer does not count. The signature comes last, since it is what costs. */
  #problem(response: BasicOcspResponse, single: SingleResponse, target: Target): string | undefined {
    const [unknown] = [...response.unknownCritical, ...single.unknownCritical]
    if (unknown !== undefined) return `is limited by an extension not supported: ${unknown}`
    // No answer was signed before there was a certificate, or will be signed tomorrow.
    const { producedAt } = response
    if (producedAt < target.certificate.notBefore || isFuture(producedAt, this.#freshness.now)) {
      return `was produced at ${moment(producedAt)}, which can't be`
    }
    return staleness(single, this.#freshness)?.why ?? this.#signatureProblem(response, target)
  }

  #signatureProblem(response: BasicOcspResponse, target: Target): string | undefined {
    const { issuer } = target
    const known = this.#verified.find(each => each.response === response && equal(each.key.raw, issuer.publicKey.raw))
    if (known) return known.problem
    const problem = this.#responderProblem(response, target)
    this.#verified.push({ response, key: issuer.publicKey, problem })
    return problem
  }

  /** RFC 6960 §4.2.2.2: the issuer itself, or whom it has appointed. Responders that a user would trust by other ways are not known here. */
  #responderProblem(response: BasicOcspResponse, { issuer, line, depth }: Target): string | undefined {
    const { signedBy } = this.#context
    const signed = { algorithm: response.signatureAlgorithm, message: response.signed, signature: response.signature }
    if (isResponder(response.responder, issuer) && signedBy(signed, issuer.publicKey)) return undefined
    let problem = `is not signed by the issuer, nor has it the certificate of ${describeResponder(response.responder)}`
    for (const der of response.certificates) {
      const delegate = readDelegate(der)
      if (!delegate || !isResponder(response.responder, delegate)) continue
      const wrong = this.#delegateProblem(delegate, issuer)
      if (!wrong && signedBy(signed, delegate.publicKey)) {
        const path = [delegate, ...line.path.slice(depth + 1)]
        const isBelieved = delegate.extensions.ocspNoCheck
        if (isBelieved || !this.#isListed({ certificate: delegate, issuer, line: { path, anchor: line.anchor }, depth: 0 }))
          return undefined
        problem = `is signed by ${brief(describeSubject(delegate))}, whose certificate is revoked`
        continue
      }
      problem = wrong ?? `has a signature that is not that of ${brief(describeSubject(delegate))}`
    }
    return problem
  }

  /**
   * Appointed by the issuer's own signature, for this and nothing wider. Whether the appointment was revoked only CRLs at hand are asked, unless
   * it has id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1 leaves it open), and their silence does no harm: whom else would one ask but the same
   * responder. CAs keep such certificates short-lived.
   */
  #delegateProblem(delegate: Certificate, issuer: Authority): string | undefined {
    const { signatureAlgorithm: algorithm, signed: message, signature, extensions, notBefore, notAfter } = delegate
    const name = `is signed by ${brief(describeSubject(delegate))}`
    if (!sameName(delegate.issuer, issuer.subject)) return `${name}, which the issuer of the certificate did not appoint`
    if (!extensions.extendedKeyUsage?.has(ocspSigning)) return `${name}, which is not for signing OCSP responses (extendedKeyUsage)`
    // RFC 5280 §4.2.1.12 says which usages go with this purpose.
    const { keyUsage } = extensions
    if (keyUsage && !keyUsage.has('digitalSignature') && !keyUsage.has('contentCommitment'))
      return `${name}, which is not for signatures (keyUsage)`
    if (extensions.unknownCritical.length > 0) return `${name}, which is limited by an extension not supported`
    const second = wholeSecond(this.#freshness.now)
    if (second < notBefore || second > notAfter) return `${name}, which is not valid at this time`
    if (this.#context.signedBy({ algorithm, message, signature }, issuer.publicKey)) return undefined
    return `${name}, whose certificate is not signed by the issuer`
  }
}

/** id-kp-OCSPSigning. */
const ocspSigning = '1.3.6.1.5.5.7.3.9'

function isResponder(id: ResponderId, { subject, publicKey }: Pick<Authority, 'subject' | 'publicKey'>): boolean {
  return id.type === 'name' ? sameName(id.name, subject) : equal(id.hash, sha1(keyBits(publicKey)))
}

function describeResponder(id: ResponderId): string {
  return id.type === 'name' ? briefName(id.name) : 'its responder'
}

/** What can't be read is no delegate's certificate. */
function readDelegate(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der)
  } catch (error) {
    if (error instanceof CertificateError) return undefined
    throw error
  }
}

function revocation(status: Extract<SingleResponse['status'], { type: 'revoked' }>, { responder }: BasicOcspResponse): Revocation {
  return { date: status.revocationTime, reason: status.reason, source: 'ocsp', by: `the OCSP response of ${describeResponder(responder)}` }
}
