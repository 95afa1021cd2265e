/** What came of a validation, in a form that tests compare. */
import type { FaultCode } from '../../../src/error.ts'
import { CertificateError, type VerifiedChain } from '../../../src/x509/index.ts'

export interface Accepted {
  readonly accepted: true
  readonly chain: VerifiedChain
}

export interface Refused {
  readonly accepted: false
  /** `TypeError`: what was wrong is the caller's, as with an anchor that is malformed. */
  readonly code: FaultCode | 'TypeError'
  /** 0: the end entity. */
  readonly depth: number | undefined
  readonly message: string
}

/** Runs `validate`. Anything thrown other than a refusal gets through. */
export function verdictOf(validate: () => VerifiedChain): Accepted | Refused {
  try {
    return { accepted: true, chain: validate() }
  } catch (error) {
    if (error instanceof CertificateError) return { accepted: false, code: error.code, depth: error.depth, message: error.message }
    if (error instanceof TypeError) return { accepted: false, code: 'TypeError', depth: undefined, message: error.message }
    throw error
  }
}

/** One line for an assertion: `accepted`, or the code of the refusal. */
export function outcome(verdict: Accepted | Refused): string {
  return verdict.accepted ? 'accepted' : verdict.code
}
