/** Path building (RFC 5280 §6.1, RFC 4158): from the end entity to an anchor, best candidate first, within a budget. */
import { equal } from '../../wire/bytes.ts'
import { type Certificate, isSelfIssued } from '../certificate/certificate.ts'
import { describeName, sameName } from '../certificate/distinguished-name.ts'
import { CertificateError } from '../error.ts'
import type { Anchor } from './anchor.ts'
import type { Budget } from './budget.ts'
import { ConstraintJudge } from './constrained-names.ts'
import {
  anchorName,
  brief,
  broken,
  type Circumstances,
  countIntermediates,
  hasBegun,
  hasEnded,
  type Link,
  nameOf,
  type Path,
} from './link.ts'
import type { Moment } from './moment.ts'
import { anchorLimitProblem, anchorProblem, endEntityProblem, issuerProblem } from './rules.ts'
import { type Verifiers, verifierOf } from './signed.ts'

export interface PathRequest extends Circumstances {
  readonly leaf: Link
  /** By the key of their subject, in any order; those that lead nowhere do no harm. */
  readonly intermediates: ReadonlyMap<string, readonly Link[]>
  readonly anchors: ReadonlyMap<string, readonly Anchor[]>
  /** Whether the end entity may be an anchor itself: given as such by the user, nothing issued it that would have to be believed. */
  readonly anchorAsEndEntity: 'accept' | 'self-signed' | 'refuse'
  readonly verifiers: Verifiers
  readonly budget: Budget
  /** Judges a whole path once its signatures are verified. Where it throws a `CertificateError` the search goes on. */
  readonly judge: (path: FoundPath) => void
}

export interface FoundPath {
  /** From the end entity up, without the anchor. */
  readonly path: Path
  readonly anchor: Anchor
}

/** The first path that keeps every rule. Throws a `CertificateError` that names the certificate and the broken rule. */
export function findPath(request: PathRequest): FoundPath {
  const error = endEntityProblem(request.leaf, request)
  if (error) throw error
  return new PathSearch(request).run()
}

class PathSearch {
  readonly #request: PathRequest
  readonly #names: ConstraintJudge
  /** What was wrong with the best candidate that failed. */
  #problem: CertificateError | undefined
  /** What was wrong with the first whole path: it says more than a candidate that led nowhere. */
  #verdict: CertificateError | undefined
  /** Whose issuer nobody is, and where it stands. */
  #orphan: { readonly link: Link; readonly depth: number } | undefined

  constructor(request: PathRequest) {
    this.#request = request
    this.#names = new ConstraintJudge(request.budget)
  }

  run(): FoundPath {
    const { leaf } = this.#request
    const found = this.#anchorItself([leaf]) ?? this.#extend([leaf])
    if (found) return found
    throw this.#verdict ?? this.#problem ?? unknownIssuer(this.#orphan ?? { link: leaf, depth: 0 })
  }

  /** The end entity, where it is one of the anchors. */
  #anchorItself(path: Path): FoundPath | undefined {
    const { leaf, anchors, anchorAsEndEntity } = this.#request
    const { certificate } = leaf
    const anchor = anchors.get(certificate.subject.key)?.find(each => isItself(each, certificate))
    if (!anchor || anchorAsEndEntity === 'refuse') return undefined
    if (anchorAsEndEntity === 'self-signed') {
      if (!isSelfIssued(certificate) || !this.#accepts(this.#signatureProblem(path, anchor))) return undefined
    }
    return this.#accepts(anchorLimitProblem(anchor, path, this.#names)) ? this.#whole({ path, anchor }) : undefined
  }

  /** `path` and all that is above it, up to an anchor; depth first. Every step costs a signature, which bounds the recursion. */
  #extend(path: Path): FoundPath | undefined {
    const [link, depth] = [topOf(path), path.length - 1]
    const { anchors, intermediates } = this.#candidates(path)
    if (anchors.length + intermediates.length === 0) this.#orphan ??= { link, depth }
    for (const anchor of anchors) {
      const found = this.#accepts(this.#anchorProblem(anchor, path)) && this.#whole({ path, anchor })
      if (found) return found
    }
    for (const issuer of intermediates) {
      const found = this.#accepts(this.#issuerProblem(issuer, path)) && this.#extend([...path, issuer])
      if (found) return found
    }
    return undefined
  }

  /** Who may have issued the topmost certificate: by name, those first that look most like it (RFC 4158 §3). */
  #candidates(path: Path): { readonly anchors: readonly Anchor[]; readonly intermediates: readonly Link[] } {
    const { anchors, intermediates, budget, moment } = this.#request
    const child = topOf(path).certificate
    const named = intermediates.get(child.issuer.key) ?? []
    const fresh = named.filter(({ certificate }) => {
      budget.candidate()
      return !path.some(link => sameEntity(link.certificate, certificate))
    })
    // Nobody issued what it is itself: see #anchorItself.
    const others = (anchors.get(child.issuer.key) ?? []).filter(anchor => !path.some(link => isItself(anchor, link.certificate)))
    return {
      anchors: sortedBy(others, ({ certificate }) => (certificate ? rank(child, certificate, moment) : [1])),
      intermediates: sortedBy(fresh, ({ certificate }) => rank(child, certificate, moment)),
    }
  }

  /** The signature comes last, since it is what costs. */
  #anchorProblem(anchor: Anchor, path: Path): CertificateError | undefined {
    return this.#lengthProblem(path) ?? anchorProblem(anchor, path, this.#request, this.#names) ?? this.#signatureProblem(path, anchor)
  }

  #issuerProblem(issuer: Link, path: Path): CertificateError | undefined {
    return (
      this.#lengthProblem([...path, issuer]) ??
      issuerProblem(issuer, path, this.#request, this.#names) ??
      this.#signatureProblem(path, issuer)
    )
  }

  #lengthProblem(path: Path): CertificateError | undefined {
    const allowed = this.#request.budget.limits.intermediates
    if (countIntermediates(path) <= allowed) return undefined
    return broken(topOf(path), path.length - 1, 'certificate-path-length', `would be intermediate ${allowed + 1} of the path`)
  }

  /** Whether `issuer` signed the topmost certificate. */
  #signatureProblem(path: Path, issuer: Anchor | Link): CertificateError | undefined {
    const { verifiers, budget } = this.#request
    const [child, depth] = [topOf(path), path.length - 1]
    const { signatureAlgorithm: algorithm, signed: message, signature } = child.certificate
    const { publicKey } = 'publicKey' in issuer ? issuer : issuer.certificate
    const verify = verifierOf(verifiers, { algorithm, message, signature }, publicKey)
    if (!verify) {
      const how = `${algorithm.oid} and a key of type ${publicKey.type ?? publicKey.algorithm.oid}`
      return broken(child, depth, 'certificate-algorithm', `is signed with ${how}, which is not supported`)
    }
    budget.signature()
    if (verify()) return undefined
    const by = 'publicKey' in issuer ? anchorName(issuer) : nameOf(issuer)
    return broken(child, depth, 'certificate-signature', `has a signature that is not that of ${by}`, 'RFC 5280 §6.1.3 (a)')
  }

  #whole(found: FoundPath): FoundPath | undefined {
    try {
      this.#request.judge(found)
      return found
    } catch (error) {
      if (!(error instanceof CertificateError) || error.code === 'certificate-budget') throw error
      this.#verdict ??= error
      return undefined
    }
  }

  /** The first problem is that of the best candidate: it is told, should no other do. */
  #accepts(found: CertificateError | undefined): boolean {
    this.#problem ??= found
    return found === undefined
  }
}

function topOf(path: Path): Link {
  return path.at(-1) ?? path[0]
}

/** Whether the anchor is this certificate: the very same, where what it says counts, or else one with its name and key. */
function isItself(anchor: Anchor, certificate: Certificate): boolean {
  const { constraints } = anchor.judged
  return constraints ? equal(constraints.raw, certificate.raw) : sameEntity(anchor, certificate)
}

/** One name and one key are one CA, whatever certificate says so: to meet it twice is a loop. */
function sameEntity(a: Pick<Certificate, 'subject' | 'publicKey'>, b: Certificate): boolean {
  return equal(a.publicKey.raw, b.publicKey.raw) && sameName(a.subject, b.subject)
}

/** Smaller is better, the first number that differs decides. Key identifiers may be missing, and may lie: they only order. */
function rank(child: Certificate, issuer: Certificate, moment: Moment): readonly number[] {
  return [
    keyIdentifierRank(child, issuer),
    hasBegun(issuer, moment) && !hasEnded(issuer, moment) ? 0 : 1,
    isSelfIssued(issuer) ? 1 : 0,
    // The one issued last, then the one that lasts longest.
    -issuer.notBefore,
    -issuer.notAfter,
  ]
}

function keyIdentifierRank(child: Certificate, { extensions, issuer, serial }: Certificate): number {
  const wanted = child.extensions.authorityKeyIdentifier
  const found = extensions.subjectKeyIdentifier
  if (wanted?.keyIdentifier && found) return equal(wanted.keyIdentifier, found) ? 0 : 2
  const named = wanted?.issuer?.find(name => name.type === 'directory')
  if (wanted?.serial === undefined || !named) return 1
  return wanted.serial === serial && sameName(named.name, issuer) ? 0 : 2
}

function sortedBy<T>(items: readonly T[], rankOf: (item: T) => readonly number[]): readonly T[] {
  if (items.length < 2) return items
  const ranked = items.map(item => ({ item, rank: rankOf(item) }))
  ranked.sort((a, b) => {
    const i = a.rank.findIndex((value, i) => value !== b.rank[i])
    return i < 0 ? 0 : (a.rank[i] ?? 0) - (b.rank[i] ?? 0)
  })
  return ranked.map(({ item }) => item)
}

function unknownIssuer({ link, depth }: { readonly link: Link; readonly depth: number }): CertificateError {
  const { certificate } = link
  const why = isSelfIssued(certificate) ? 'is self-signed' : `was issued by ${brief(describeName(certificate.issuer))}`
  return broken(link, depth, 'issuer-unknown', `${why}, which is not a trusted root`)
}
