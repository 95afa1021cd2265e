/**
 * Certificate policies along a path (RFC 5280 §6.1). The tree of valid policies that the RFC keeps can double with each certificate; here
 * a policy is one node a level, whichever ways led to it (RFC 9618), so that the work is bounded by the length of the extensions.
 */
import { type Certificate, isSelfIssued } from '../certificate/certificate.ts'
import { anyPolicy } from '../certificate/extension-values.ts'

/** RFC 5280 §6.1.1 (c) to (g). */
export interface PolicyInputs {
  /** Dotted identifiers of the policies that are acceptable. Default: any. */
  readonly initial?: readonly string[]
  /** Whether the path must be valid for one of them. Default: false. */
  readonly requireExplicit?: boolean
  /** Whether policies may not be mapped. Default: false. */
  readonly inhibitMapping?: boolean
  /** Whether anyPolicy stands for no policy. Default: false. */
  readonly inhibitAny?: boolean
}

/** The user-constrained policy set (§6.1.6), `anyPolicy` in it where nothing limits the path; or what is wrong, and at which certificate. */
export type PolicyResult =
  | { readonly policies: ReadonlySet<string> }
  | { readonly problem: string; readonly certificate: Certificate; readonly rule: string }

/**
 * `path` begins below the trust anchor and ends with the end entity. `anchor` is the anchor's certificate, where its extensions count: what it
 * says limits what is below, and what it leaves out does not.
 */
export function processPolicies(path: readonly Certificate[], inputs: PolicyInputs, anchor?: Certificate): PolicyResult {
  const state = new PolicyState(path.length + 1, inputs)
  if (anchor) {
    const problem = (anchor.extensions.certificatePolicies && state.enter(anchor, false)) ?? state.prepareNext(anchor)
    if (problem) return { ...problem, certificate: anchor }
  }
  for (const [i, certificate] of path.entries()) {
    const last = i === path.length - 1
    const problem = state.enter(certificate, last) ?? (last ? state.wrapUp(certificate) : state.prepareNext(certificate))
    if (problem) return { ...problem, certificate }
  }
  const policies = state.userConstrained()
  const [leaf] = path.slice(-1)
  if (policies.size === 0 && state.isExplicit && leaf) return { ...noPolicy, certificate: leaf }
  return { policies }
}

interface PolicyProblem {
  readonly problem: string
  readonly rule: string
}

const noPolicy: PolicyProblem = { problem: 'is valid for none of the policies wanted', rule: 'RFC 5280 §6.1.5' }

interface PolicyNode {
  readonly policy: string
  readonly parents: readonly PolicyNode[]
  /** What the next certificate may call it. */
  expected: ReadonlySet<string>
}

/** The nodes of one depth, by policy. */
type Level = Map<string, PolicyNode>

class PolicyState {
  readonly #initial: ReadonlySet<string>
  /** The deepest level; empty: the RFC's tree is NULL. */
  #level: Level = new Map([[anyPolicy, node(anyPolicy, [])]])
  #explicit: number
  #mapping: number
  #any: number

  constructor(length: number, { initial = [anyPolicy], requireExplicit, inhibitMapping, inhibitAny }: PolicyInputs) {
    this.#initial = new Set(initial)
    this.#explicit = requireExplicit ? 0 : length + 1
    this.#mapping = inhibitMapping ? 0 : length + 1
    this.#any = inhibitAny ? 0 : length + 1
  }

  get isExplicit(): boolean {
    return this.#explicit === 0
  }

  /** §6.1.3 (d) to (f). */
  enter(certificate: Certificate, last: boolean): PolicyProblem | undefined {
    const { certificatePolicies = new Set<string>() } = certificate.extensions
    const any = this.#level.get(anyPolicy)
    const parents = expecting(this.#level)
    const level: Level = new Map()
    for (const policy of certificatePolicies) {
      const above = parents.get(policy) ?? (any && [any])
      if (policy !== anyPolicy && above) level.set(policy, node(policy, above))
    }
    // (d) (2): anyPolicy stands for whatever was expected and is not named.
    if (certificatePolicies.has(anyPolicy) && (this.#any > 0 || (!last && isSelfIssued(certificate)))) {
      for (const [policy, above] of parents) if (!level.has(policy)) level.set(policy, node(policy, above))
    }
    this.#level = level
    return this.#explicit === 0 && level.size === 0 ? noPolicy : undefined
  }

  /** §6.1.4 (a), (b), (h) to (j). */
  prepareNext(certificate: Certificate): PolicyProblem | undefined {
    const { policyMappings = [], policyConstraints, inhibitAnyPolicy } = certificate.extensions
    if (policyMappings.some(({ issuerDomain, subjectDomain }) => issuerDomain === anyPolicy || subjectDomain === anyPolicy)) {
      return { problem: 'maps a policy from or to anyPolicy', rule: 'RFC 5280 §6.1.4 (a)' }
    }
    const mappings = new Map<string, Set<string>>()
    for (const { issuerDomain, subjectDomain } of policyMappings) {
      mappings.set(issuerDomain, (mappings.get(issuerDomain) ?? new Set()).add(subjectDomain))
    }
    for (const [policy, expected] of mappings) this.#map(policy, expected)
    if (!isSelfIssued(certificate)) this.#countDown()
    this.#explicit = Math.min(this.#explicit, policyConstraints?.requireExplicitPolicy ?? this.#explicit)
    this.#mapping = Math.min(this.#mapping, policyConstraints?.inhibitPolicyMapping ?? this.#mapping)
    this.#any = Math.min(this.#any, inhibitAnyPolicy ?? this.#any)
    return undefined
  }

  /** §6.1.5 (a) and (b). */
  wrapUp({ extensions }: Certificate): undefined {
    this.#explicit = Math.max(0, this.#explicit - 1)
    if (extensions.policyConstraints?.requireExplicitPolicy === 0) this.#explicit = 0
  }

  /** §6.1.5 (g): the policies below anyPolicy from which a way leads down to the last level, as far as they are wanted. */
  userConstrained(): ReadonlySet<string> {
    const found = new Set<string>()
    const seen = new Set(this.#level.values())
    for (const each of seen) {
      if (each.policy !== anyPolicy && each.parents.some(({ policy }) => policy === anyPolicy)) found.add(each.policy)
      // Added to the set while it is walked: the walk goes on with them.
      for (const parent of each.parents) seen.add(parent)
    }
    const everything = this.#level.has(anyPolicy)
    if (this.#initial.has(anyPolicy)) return everything ? found.add(anyPolicy) : found
    return new Set([...this.#initial].filter(policy => everything || found.has(policy)))
  }

  /** §6.1.4 (b). */
  #map(policy: string, expected: ReadonlySet<string>): void {
    if (this.#mapping === 0) {
      this.#level.delete(policy)
      return
    }
    const known = this.#level.get(policy)
    const any = this.#level.get(anyPolicy)
    if (known) known.expected = expected
    else if (any) this.#level.set(policy, { policy, parents: any.parents, expected })
  }

  #countDown(): void {
    this.#explicit = Math.max(0, this.#explicit - 1)
    this.#mapping = Math.max(0, this.#mapping - 1)
    this.#any = Math.max(0, this.#any - 1)
  }
}

/** Which nodes expect each policy. */
function expecting(level: Level): Map<string, PolicyNode[]> {
  const found = new Map<string, PolicyNode[]>()
  for (const each of level.values()) {
    for (const policy of each.expected) {
      const others = found.get(policy)
      if (others) others.push(each)
      else found.set(policy, [each])
    }
  }
  return found
}

function node(policy: string, parents: readonly PolicyNode[]): PolicyNode {
  return { policy, parents, expected: new Set([policy]) }
}
