/**
 * Policies by the letter of RFC 5280 §6.1: the tree of valid policies itself, step by step as the text has it, exponential as it is. What
 * src/x509/path/policies.ts does with a graph is held against it.
 */
import type { Step } from './policy-path.ts'

/** §6.1.1 (c) to (g), in letters; `*` in `initial`: any. */
export interface TreeInputs {
  readonly initial: string
  readonly requireExplicit: boolean
  readonly inhibitMapping: boolean
  readonly inhibitAny: boolean
}

/** The user-constrained policies, in letters and sorted; or the number of the certificate, from 1, at which the path fails. */
export type TreeResult = { readonly policies: string } | { readonly failsAt: number }

interface Node {
  readonly policy: string
  readonly parent: Node | undefined
  readonly children: Node[]
  expected: ReadonlySet<string>
}

export function processTree(path: readonly Step[], inputs: TreeInputs): TreeResult {
  const n = path.length
  // §6.1.2 (a), (d) to (f). `undefined`: NULL.
  let tree: Node | undefined = { policy: '*', parent: undefined, children: [], expected: new Set('*') }
  let explicitPolicy = inputs.requireExplicit ? 0 : n + 1
  let inhibitAnyPolicy = inputs.inhibitAny ? 0 : n + 1
  let policyMapping = inputs.inhibitMapping ? 0 : n + 1
  for (let i = 1; i <= n; i++) {
    const { policies, mappings, selfIssued = false, ...step } = path[i - 1] as Step
    // §6.1.3 (d), (e)
    tree = policies && tree ? grow(tree, i, policies, inhibitAnyPolicy > 0 || (i < n && selfIssued)) : undefined
    // §6.1.3 (f)
    if (explicitPolicy === 0 && !tree) return { failsAt: i }
    if (i === n) {
      // §6.1.5 (a), (b)
      if (explicitPolicy !== 0) explicitPolicy--
      if (step.requireExplicit === 0) explicitPolicy = 0
      break
    }
    // §6.1.4 (a), (b)
    if (mappings?.includes('*')) return { failsAt: i }
    if (mappings && tree) tree = mapPolicies(tree, i, mappings, policyMapping)
    // §6.1.4 (h) to (j)
    if (!selfIssued) {
      if (explicitPolicy !== 0) explicitPolicy--
      if (policyMapping !== 0) policyMapping--
      if (inhibitAnyPolicy !== 0) inhibitAnyPolicy--
    }
    if (step.requireExplicit !== undefined && step.requireExplicit < explicitPolicy) explicitPolicy = step.requireExplicit
    if (step.inhibitMapping !== undefined && step.inhibitMapping < policyMapping) policyMapping = step.inhibitMapping
    if (step.inhibitAny !== undefined && step.inhibitAny < inhibitAnyPolicy) inhibitAnyPolicy = step.inhibitAny
  }
  // §6.1.5 (g)
  const any = tree && nodesAt(tree, n).some(({ policy }) => policy === '*')
  if (tree && !inputs.initial.includes('*')) tree = intersect(tree, n, inputs.initial)
  if (explicitPolicy === 0 && !tree) return { failsAt: n }
  const outermost = tree ? belowAny(tree).map(({ policy }) => policy) : []
  const all = inputs.initial.includes('*') && any ? [...outermost, '*'] : outermost
  return { policies: [...new Set(all)].sort().join('') }
}

/** §6.1.3 (d). */
function grow(tree: Node, i: number, policies: string, anyCounts: boolean): Node | undefined {
  const above = nodesAt(tree, i - 1)
  for (const policy of policies.replace('*', '')) {
    // (1) (i)
    const matching = above.filter(({ expected }) => expected.has(policy))
    for (const parent of matching) addChild(parent, policy)
    // (1) (ii)
    const any = above.find(node => node.policy === '*')
    if (matching.length === 0 && any) addChild(any, policy)
  }
  // (2)
  if (policies.includes('*') && anyCounts) {
    for (const parent of above) {
      for (const value of parent.expected) if (!parent.children.some(({ policy }) => policy === value)) addChild(parent, value)
    }
  }
  // (3)
  return prune(tree, i)
}

/** §6.1.4 (b). */
function mapPolicies(tree: Node, i: number, mappings: string, policyMapping: number): Node | undefined {
  const pairs = mappings.split(' ').map(pair => [pair[0], pair[2]] as const)
  for (const id of new Set(pairs.map(([issuerDomain]) => issuerDomain ?? ''))) {
    const subjects = new Set(pairs.flatMap(([issuerDomain, subjectDomain = '']) => (issuerDomain === id ? [subjectDomain] : [])))
    const level = nodesAt(tree, i)
    const named = level.filter(({ policy }) => policy === id)
    if (policyMapping > 0) {
      for (const node of named) node.expected = subjects
      const any = level.find(({ policy }) => policy === '*')
      if (named.length === 0 && any?.parent) addChild(any.parent, id, subjects)
    } else {
      for (const node of named) remove(node)
      if (!prune(tree, i)) return undefined
    }
  }
  return tree
}

/** §6.1.5 (g) (iii). */
function intersect(tree: Node, n: number, initial: string): Node | undefined {
  const nodeSet = belowAny(tree)
  for (const node of nodeSet) if (!initial.includes(node.policy)) remove(node)
  const any = nodesAt(tree, n).find(({ policy }) => policy === '*')
  if (any?.parent) {
    for (const policy of initial) if (!nodeSet.some(node => node.policy === policy)) addChild(any.parent, policy)
    remove(any)
  }
  return prune(tree, n)
}

/** The policies whose parents are anyPolicy: the valid_policy_node_set, but for anyPolicy itself. */
function belowAny(tree: Node): Node[] {
  const found = tree.children.flatMap(belowAny)
  return tree.policy === '*' ? [...tree.children.filter(({ policy }) => policy !== '*'), ...found] : found
}

function nodesAt(tree: Node, depth: number): Node[] {
  return depth === 0 ? [tree] : tree.children.flatMap(child => nodesAt(child, depth - 1))
}

function addChild(parent: Node, policy: string, expected: ReadonlySet<string> = new Set(policy)): void {
  parent.children.push({ policy, parent, children: [], expected })
}

function remove(node: Node): void {
  node.parent?.children.splice(node.parent.children.indexOf(node), 1)
}

/** Without the nodes above `depth` that have no child; `undefined`: nothing is left. */
function prune(node: Node, depth: number): Node | undefined {
  if (depth === 0) return node
  for (const child of [...node.children]) if (!prune(child, depth - 1)) remove(child)
  return node.children.length > 0 ? node : undefined
}
