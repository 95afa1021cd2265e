/** What judging a chain may cost, whatever a peer sends. */
import { CertificateError } from '../error.ts'

export interface PathLimits {
  /** Signatures verified, those of CRLs and OCSP responses among them. Default 64. */
  readonly signatures: number
  /** Intermediates in a path, self-issued ones not counted. Default 8. */
  readonly intermediates: number
  /** Candidates for an issuer looked at. Default 1,024. */
  readonly candidates: number
  /** Names compared with name constraints. Default 250,000. */
  readonly nameComparisons: number
}

const defaultLimits = { signatures: 64, intermediates: 8, candidates: 1024, nameComparisons: 250_000 }

/** The defaults, but for what is given. Throws `TypeError` for a limit that is no number to count down from. */
export function limitsOf(given: Partial<PathLimits> = {}): PathLimits {
  const limits = { ...defaultLimits }
  for (const name of Object.keys(defaultLimits) as (keyof PathLimits)[]) {
    const limit = given[name] ?? defaultLimits[name]
    if (!Number.isInteger(limit) || limit < 0) throw new TypeError(`limits.${name} is a whole number from 0 on, not ${limit}`)
    limits[name] = limit
  }
  return limits
}

/** Counts down. Each of its methods throws a `CertificateError`, code `certificate-budget`, once too much was asked. */
export class Budget {
  readonly limits: PathLimits
  #signatures: number
  #candidates: number
  #nameComparisons: number

  constructor(limits: PathLimits) {
    this.limits = limits
    this.#signatures = limits.signatures
    this.#candidates = limits.candidates
    this.#nameComparisons = limits.nameComparisons
  }

  signature(): void {
    if (this.#signatures-- <= 0) throw exhausted(`${this.limits.signatures} signatures were verified`)
  }

  candidate(): void {
    if (this.#candidates-- <= 0) throw exhausted(`${this.limits.candidates} candidates for an issuer were looked at`)
  }

  nameComparison(): void {
    if (this.#nameComparisons-- <= 0) throw exhausted(`${this.limits.nameComparisons} names were compared with name constraints`)
  }
}

function exhausted(what: string): CertificateError {
  return new CertificateError('certificate-budget', `${what}, which is all that a chain may cost`)
}
