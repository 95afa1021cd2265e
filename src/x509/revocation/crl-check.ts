/** What CRLs say of a certificate (RFC 5280 §6.3.3). */
import { equal } from '../../wire/bytes.ts'
import { sameName } from '../certificate/distinguished-name.ts'
import { allReasons, type RevocationReason } from '../certificate/distribution-points.ts'
import type { CertificateList } from './crl.ts'
import type { CrlEntry } from './crl-entries.ts'
import { reasonsCovered } from './crl-scope.ts'
import { type CrlSigner, type CrlSigners, ownRight } from './crl-signer.ts'
import { briefName, type Finding, type Freshness, moment, type Revocation, sameAuthority, staleness, type Target } from './evidence.ts'

/** A CRL that speaks of the certificate, and what it says. */
interface Statement {
  readonly crl: CertificateList
  /** For which reasons it speaks. */
  readonly reasons: ReadonlySet<RevocationReason>
  readonly entry: CrlEntry | undefined
  /** Why it does not count without a delta; `undefined`: it does. */
  readonly stale: string | undefined
}

export interface CrlCheckOptions {
  readonly signers: CrlSigners
  readonly freshness: Freshness
  readonly requireCrlNumber: boolean
  /** Whether someone outside of the path may have signed. */
  readonly separate: boolean
  /** Whether it is known already that the certificate is good: only CRLs that list it matter then. */
  readonly knownGood: boolean
}

/** What `crls`, complete ones and deltas, say of `target`. */
export function findInCrls(target: Target, crls: readonly CertificateList[], options: CrlCheckOptions): Finding {
  return new CrlSearch(target, options).run(crls)
}

class CrlSearch {
  readonly #target: Target
  readonly #options: CrlCheckOptions
  /** The reasons for which nothing is known yet: all but the reasons_mask of the RFC. */
  readonly #open: Set<RevocationReason>
  /** CRLs that count and do not list the certificate, and of when what they say is. */
  readonly #clean: { readonly crl: CertificateList; readonly time: number }[] = []
  /** CRLs that put the certificate on hold, which newer ones may end. */
  #holds: readonly CertificateList[] = []
  /** CRLs of other scopes, and deltas out of date, that say that it is revoked for good: that needs neither scope nor freshness to be true. */
  readonly #listings: { readonly crl: CertificateList; readonly entry: CrlEntry }[] = []
  readonly #problems: string[] = []

  constructor(target: Target, options: CrlCheckOptions) {
    this.#target = target
    this.#options = options
    this.#open = new Set(options.knownGood ? [] : allReasons)
  }

  /** Every CRL is looked into, also when all reasons are covered: one that lists the certificate outweighs those that do not. */
  run(crls: readonly CertificateList[]): Finding {
    const statements = crls.flatMap(crl => this.#statement(crl) ?? []).sort((a, b) => newestFirst(a.crl, b.crl))
    this.#holds = statements.filter(({ entry }) => entry?.reason === 'certificateHold').map(({ crl }) => crl)
    const [complete, deltas] = [statements.filter(({ crl }) => !isDelta(crl)), statements.filter(({ crl }) => isDelta(crl))]
    const revoked =
      first(complete, statement =>
        this.#judge(
          statement,
          deltas.filter(({ crl }) => updates(crl, statement.crl)),
        ),
      ) ??
      first(deltas, delta => this.#judgeAlone(delta)) ??
      first(this.#listings, ({ crl, entry }) => this.#revocation(crl, entry))
    if (!revoked && this.#clean.length > 0 && this.#open.size > 0)
      this.#problems.push(`no CRL covers revocations for ${[...this.#open].join(', ')}`)
    return { revoked, good: !this.#options.knownGood && this.#open.size === 0, problems: this.#problems }
  }

  /** What is looked at of a CRL before its signature. */
  #statement(crl: CertificateList): Statement | undefined {
    const { certificate } = this.#target
    const reasons = reasonsCovered(crl, certificate)
    const isOwn = sameName(crl.issuer, certificate.issuer)
    const stale = staleness(crl, this.#options.freshness)
    const unusable = this.#formProblem(crl) ?? (stale?.early ? stale.why : undefined)
    const partial = reasons.size === 0 ? 'is for other certificates' : isDelta(crl) ? stale?.why : undefined
    const entry = unusable === undefined ? crl.entries.find(certificate.issuer, certificate.serial) : undefined
    const problem = unusable ?? partial
    if (problem === undefined) return { crl, reasons, entry, stale: stale?.why }
    if (isLasting(entry) && (isOwn || reasons.size > 0) && !isForAttributes(crl)) this.#listings.push({ crl, entry })
    else if (isOwn || reasons.size > 0) this.#problem(crl, problem)
    return undefined
  }

  #formProblem({ version, extensions }: CertificateList): string | undefined {
    const [unknown] = extensions.unknownCritical
    if (unknown !== undefined) return `is limited by an extension not supported: ${unknown}`
    if (version === 2 && extensions.crlNumber === undefined && this.#options.requireCrlNumber) return 'has no cRLNumber (RFC 5280 §5.2.3)'
    return undefined
  }

  /** What a complete CRL, brought up to date by the newest of `deltas` that counts, makes of the certificate. */
  #judge(statement: Statement, deltas: readonly Statement[]): Revocation | undefined {
    const { crl, entry, stale, reasons } = statement
    const mayEndHold = this.#holds.some(older => older.thisUpdate < (deltas[0]?.crl ?? crl).thisUpdate && sameScope(older, crl))
    const isListed = entry !== undefined || deltas.some(delta => delta.entry)
    if (!isListed && !mayEndHold && ![...reasons].some(reason => this.#open.has(reason))) return undefined
    if (stale !== undefined && deltas.length === 0) return this.#outdated(statement, stale)
    const signer = this.#signerOf(crl)
    if (!signer) return undefined
    // A delta that could change nothing need not be verified.
    const wanted = stale !== undefined || deltas.some(delta => delta.entry)
    const delta = wanted ? deltas.find(delta => this.#isUpdate(delta.crl, signer)) : undefined
    if (stale !== undefined && !delta) return this.#outdated(statement, stale)
    const said = delta?.entry ? delta : statement
    if (said.entry && said.entry.reason !== 'removeFromCRL' && !this.#isReleased(said)) return revocation(said.crl, said.entry)
    if (!said.entry || said.entry.reason === 'removeFromCRL') this.#count(statement, signer, delta?.crl)
    return undefined
  }

  /** A delta without its base can't say that a certificate is good, but what it lists is revoked. */
  #judgeAlone(delta: Statement): Revocation | undefined {
    const { crl, entry } = delta
    const used = this.#clean.some(base => updates(crl, base.crl))
    if (!entry && !used) return this.#problem(crl, 'is one that updates no CRL at hand')
    if (!entry || entry.reason === 'removeFromCRL' || this.#isReleased(delta)) return undefined
    return this.#revocation(crl, entry)
  }

  /** Who was revoked for good is so still. */
  #outdated({ crl, entry }: Statement, stale: string): Revocation | undefined {
    return isLasting(entry) ? this.#revocation(crl, entry) : this.#problem(crl, stale)
  }

  #revocation(crl: CertificateList, entry: CrlEntry): Revocation | undefined {
    return this.#signerOf(crl) && revocation(crl, entry)
  }

  /** A certificate that was on hold, and that a newer CRL of the same scope does not list, is on hold no longer (RFC 5280 §5.3.1). */
  #isReleased({ crl, entry }: Statement): boolean {
    return entry?.reason === 'certificateHold' && this.#clean.some(newer => newer.time > crl.thisUpdate && sameScope(newer.crl, crl))
  }

  /** The certificate is not listed, for these reasons. */
  #count({ crl, reasons }: Statement, signer: CrlSigner, delta: CertificateList | undefined): void {
    if (signer.line.some(link => sameAuthority(link, this.#target.certificate))) {
      this.#problem(crl, ownRight)
      return
    }
    for (const reason of reasons) this.#open.delete(reason)
    this.#clean.push({ crl, time: (delta ?? crl).thisUpdate })
  }

  #signerOf(crl: CertificateList): CrlSigner | undefined {
    const signer = this.#options.signers.signerOf(crl, this.#target, this.#options.separate)
    return typeof signer === 'string' ? this.#problem(crl, signer) : signer
  }

  #isUpdate(delta: CertificateList, signer: CrlSigner): boolean {
    if (this.#options.signers.isBy(delta, signer)) return true
    this.#problem(delta, 'has a signature that is not that of its base')
    return false
  }

  #problem(crl: CertificateList, what: string): undefined {
    this.#problems.push(`${describe(crl)} ${what}`)
  }
}

function isLasting(entry: CrlEntry | undefined): entry is CrlEntry {
  return entry !== undefined && entry.reason !== 'certificateHold' && entry.reason !== 'removeFromCRL'
}

/** The numbers of attribute certificates are not those of public-key certificates. */
function isForAttributes({ extensions }: CertificateList): boolean {
  return extensions.issuingDistributionPoint?.onlyAttributeCertificates ?? false
}

function isDelta({ extensions }: CertificateList): boolean {
  return extensions.deltaCrlIndicator !== undefined
}

/** Whether a delta can be combined with a complete CRL (RFC 5280 §5.2.4, §6.3.3 (c)). Otherwise it is as if it were not there. */
function updates(delta: CertificateList, base: CertificateList): boolean {
  const { deltaCrlIndicator: from, crlNumber: number } = delta.extensions
  const { crlNumber: own } = base.extensions
  return from !== undefined && number !== undefined && own !== undefined && own >= from && own < number && sameScope(delta, base)
}

/** Of the same issuer and key, and for the same certificates. */
function sameScope(a: CertificateList, b: CertificateList): boolean {
  return sameName(a.issuer, b.issuer) && a.extensions.scope.every((part, i) => sameOctets(part, b.extensions.scope[i]))
}

function sameOctets(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a && b ? equal(a, b) : a === b
}

function newestFirst(a: CertificateList, b: CertificateList): number {
  if (a.thisUpdate !== b.thisUpdate) return b.thisUpdate - a.thisUpdate
  const [one, other] = [a.extensions.crlNumber ?? 0n, b.extensions.crlNumber ?? 0n]
  return one === other ? 0 : one < other ? 1 : -1
}

function first<T, U>(items: readonly T[], judge: (item: T) => U | undefined): U | undefined {
  for (const item of items) {
    const found = judge(item)
    if (found !== undefined) return found
  }
  return undefined
}

function revocation(crl: CertificateList, { revocationDate: date, reason }: CrlEntry): Revocation {
  return { date, reason, source: 'crl', by: describe(crl) }
}

function describe(crl: CertificateList): string {
  return `the ${isDelta(crl) ? 'delta ' : ''}CRL of ${briefName(crl.issuer)} of ${moment(crl.thisUpdate)}`
}
