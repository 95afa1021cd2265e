/** Path building and validation (RFC 5280 §6, RFC 4158): from the end entity to a root, best candidate first, within a budget. */
import type { SignatureVerifier } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import { equal } from '../wire/bytes.ts'
import { type Certificate, isSelfIssued } from './certificate.ts'
import { describeName } from './distinguished-name.ts'
import { brief, type Circumstances, countIntermediates, issuerProblem, type Link, leafProblem, type Path, type Problem } from './rules.ts'

/** What a hostile chain may cost. */
export interface PathLimits {
  /** Signatures verified. Default 32. */
  readonly signatures: number
  /** Intermediates in a path, self-issued ones not counted. Default 8. */
  readonly intermediates: number
}

export interface PathRequest extends Circumstances {
  readonly leaf: Link
  /** In any order; those that lead nowhere do no harm. */
  readonly intermediates: readonly Link[]
  /** The roots whose subject is this DER name. */
  readonly rootsNamed: (name: Uint8Array) => readonly Link[]
  /** Whose signatures count. */
  readonly verifiers: readonly SignatureVerifier[]
  readonly limits: PathLimits
}

/** The first path that keeps every rule, from the root down to the leaf. Throws a `TlsError` that names the certificate and the broken rule. */
export function findPath(request: PathRequest): Path {
  const { leaf, rootsNamed } = request
  const problem = leafProblem(leaf, request)
  if (problem) throw new TlsError(problem.code, problem.message)
  // A server's own certificate may be the root, given by the user as such; nothing issued it that would have to be believed.
  const { raw, subject } = leaf.certificate
  if (rootsNamed(subject.raw).some(({ certificate }) => equal(certificate.raw, raw))) return [leaf]
  return new PathSearch(request).run()
}

class PathSearch {
  readonly #request: PathRequest
  #signatures = 0
  /** What was wrong with the best candidate that failed. */
  #problem: Problem | undefined
  /** Whose issuer nobody is. */
  #orphan: Link | undefined

  constructor(request: PathRequest) {
    this.#request = request
  }

  run(): Path {
    const { leaf } = this.#request
    const path = this.#extend([leaf])
    if (path) return path
    const { code, message } = this.#problem ?? unknownIssuer(this.#orphan ?? leaf)
    throw new TlsError(code, message)
  }

  /** `path` and all that is above it, up to a root; depth first. Every step costs a signature, which bounds the recursion. */
  #extend(path: Path): Path | undefined {
    const candidates = this.#candidates(path)
    if (candidates.length === 0) this.#orphan ??= path[0]
    for (const issuer of candidates) {
      const problem = this.#problemOf(issuer, path)
      if (problem) this.#problem ??= problem
      else {
        const longer: Path = [issuer, ...path]
        const whole = issuer.anchor ? longer : this.#extend(longer)
        if (whole) return whole
      }
    }
    return undefined
  }

  /** Who may have issued the topmost certificate: by name; a match of the key identifiers first (they may be missing, and may lie), then roots. */
  #candidates(path: Path): readonly Link[] {
    const { intermediates, rootsNamed } = this.#request
    const child = path[0].certificate
    const sent = intermediates.filter(({ certificate }) => equal(certificate.subject.raw, child.issuer.raw))
    return [...rootsNamed(child.issuer.raw), ...sent]
      .filter(({ certificate }) => !path.some(link => sameEntity(link.certificate, certificate)))
      .map(link => ({ link, rank: keyIdentifierRank(child, link.certificate) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ link }) => link)
  }

  /** The signature comes last, since it is what costs. */
  #problemOf(issuer: Link, path: Path): Problem | undefined {
    const allowed = this.#request.limits.intermediates
    if (countIntermediates(issuer.anchor ? path : [issuer, ...path]) > allowed) {
      return { code: 'certificate-path-length', message: `${issuer.name} would be intermediate ${allowed + 1} of the path` }
    }
    return issuerProblem(issuer, path, this.#request) ?? this.#signatureProblem(path[0], issuer)
  }

  #signatureProblem({ certificate, name }: Link, issuer: Link): Problem | undefined {
    const { verifiers, limits } = this.#request
    const { signatureAlgorithm } = certificate
    const { publicKey } = issuer.certificate
    const scheme = publicKey.type && signatureAlgorithm.schemes[publicKey.type]
    const verifier = verifiers.find(each => each.scheme === scheme)
    if (!verifier) {
      const how = `${signatureAlgorithm.oid} and a key of type ${publicKey.type ?? publicKey.algorithm.oid}`
      return { code: 'certificate-algorithm', message: `${name} is signed with ${how}, which is not supported` }
    }
    if (this.#signatures === limits.signatures) {
      throw new TlsError('certificate-budget', `${limits.signatures} signatures were verified, and no path to a root was found`)
    }
    this.#signatures++
    if (verifier.verify(publicKey.raw, certificate.signed, certificate.signature)) return undefined
    return { code: 'certificate-signature', message: `${name} has a signature that is not that of ${issuer.name}` }
  }
}

/** One name and one key are one CA, whatever certificate says so: to meet it twice is a loop. */
function sameEntity(a: Certificate, b: Certificate): boolean {
  return equal(a.subject.raw, b.subject.raw) && equal(a.publicKey.raw, b.publicKey.raw)
}

function keyIdentifierRank(child: Certificate, issuer: Certificate): number {
  const wanted = child.extensions.authorityKeyIdentifier
  const found = issuer.extensions.subjectKeyIdentifier
  if (!wanted || !found) return 1
  return equal(wanted, found) ? 0 : 2
}

function unknownIssuer({ certificate, name }: Link): Problem {
  const why = isSelfIssued(certificate) ? 'is self-signed' : `was issued by ${brief(describeName(certificate.issuer))}`
  return { code: 'issuer-unknown', message: `${name} ${why}, which is not a trusted root` }
}
