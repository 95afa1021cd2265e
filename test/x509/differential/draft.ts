/** Chains to be minted, and what is asked about them: a sound one to begin with, which features then bend. */
import type { AuthorityOptions, CrlOptions, IssueOptions, KeyOrder } from '../../../src/testing/index.ts'
import type { PolicyInputs } from '../../../src/x509/index.ts'
import type { Random } from '../../fuzz/random.ts'

export interface Order<O> {
  options: O
  /** By the place in a pool of keys; two of the same place have the same key. */
  key: number
  kind?: KeyOrder
  /** Whether a bit of its signature is wrong. */
  forged?: boolean
}

export interface CrlOrder extends Omit<CrlOptions, 'revoked'> {
  /** Whose CRL: 0 for the root's, 1 for that of the first intermediate … */
  of: number
  /** Whether what is below it on the path is revoked. */
  revokes?: boolean
  /** Signed with a key that is not its issuer's. */
  forged?: boolean
}

export interface Draft {
  /** Milliseconds since 1970, whole seconds: when everything is judged. */
  moment: number
  root: Order<AuthorityOptions>
  /** From the root down. */
  intermediates: Order<AuthorityOptions>[]
  leaf: Order<IssueOptions>
  /** More certificates in the bag: by an unknown root for the name and key of an intermediate, or of its name alone. */
  decoys: { like: number; kind: 'cross-sign' | 'namesake' | 'expired twin' }[]
  /** Intermediates that are not in the bag. */
  missing: number[]
  /** Who is trusted: 0 for the root, 1 for the first intermediate. */
  anchor: number
  crls: CrlOrder[] | undefined
  name: string | undefined
  purpose: 'server' | 'client'
  policies: PolicyInputs | undefined
  strict: boolean
  /** What was drawn. */
  features: string[]
}

export function soundDraft(random: Random, moment: number): Draft {
  const dates = lifetime(moment, -5, 10)
  const count = random.pick([1, 1, 1, 2, 2, 3])
  return {
    moment,
    root: { options: { ...dates, subject: { C: 'AQ', O: 'Example', CN: 'Root' } }, key: 0 },
    intermediates: Array.from({ length: count }, (_, i) => ({
      options: { ...dates, subject: { C: 'AQ', O: 'Example', CN: `Intermediate ${i + 1}` } },
      key: i + 1,
    })),
    leaf: { options: { ...dates, subject: { C: 'AQ', O: 'Example', CN: 'Server' }, names: ['www.example.com'] }, key: 8 },
    decoys: [],
    missing: [],
    anchor: 0,
    crls: undefined,
    name: 'www.example.com',
    purpose: 'server',
    policies: undefined,
    strict: false,
    features: [],
  }
}

/** From so many years after the moment to so many, less for those before it. */
export function lifetime(moment: number, from: number, to: number) {
  return { notBefore: yearsAfter(moment, from), notAfter: yearsAfter(moment, to) }
}

export function yearsAfter(moment: number, years: number): Date {
  return new Date(moment + years * 365 * 86_400_000)
}
