/** Paths told by what their certificates say about policies: one step for each certificate, the one below the anchor first. */
import { contextTag, encode, encodeOid, tags } from '../../../src/wire/der.ts'
import type { Built } from '../build.ts'
import * as make from '../build.ts'

export interface Step {
  /** Letters, `*` for anyPolicy. Left out: no certificatePolicies at all. */
  readonly policies?: string
  /** `A>B C>*`: from the issuer's domain to the subject's. */
  readonly mappings?: string
  readonly requireExplicit?: number
  readonly inhibitMapping?: number
  readonly inhibitAny?: number
  /** Whether subject and issuer are one, as where a CA changes its key. */
  readonly selfIssued?: boolean
}

const anyPolicy = '2.5.29.32.0'

/** The identifier of a policy that a letter stands for. */
export function policyOid(letter: string): string {
  return letter === '*' ? anyPolicy : `1.3.6.1.4.1.99999.${letter.charCodeAt(0)}`
}

/** The letters of policies, sorted. */
export function lettersOf(policies: Iterable<string>): string {
  const letter = (policy: string): string => (policy === anyPolicy ? '*' : String.fromCharCode(Number(policy.split('.').at(-1))))
  return [...policies].map(letter).sort().join('')
}

export function policyExtensions({ policies, mappings, requireExplicit, inhibitMapping, inhibitAny }: Step): Uint8Array[] {
  const oid = (letter: string | undefined): Uint8Array => encodeOid(policyOid(letter ?? ''))
  const skip = (tag: number, value: number | undefined): Uint8Array[] => (value === undefined ? [] : [encode(tag, Uint8Array.of(value))])
  const constraints = [...skip(contextTag(0), requireExplicit), ...skip(contextTag(1), inhibitMapping)]
  const extensions: Uint8Array[] = []
  if (policies) extensions.push(list('2.5.29.32', ...[...policies].map(letter => encode(tags.sequence, oid(letter)))))
  if (mappings) extensions.push(list('2.5.29.33', ...mappings.split(' ').map(pair => encode(tags.sequence, oid(pair[0]), oid(pair[2])))))
  if (constraints.length > 0) extensions.push(list('2.5.29.36', ...constraints))
  return [...extensions, ...skip(tags.integer, inhibitAny).map(value => make.extension('2.5.29.54', value, true))]
}

/** The chain of a path, the end entity first, below `anchor`. */
export function chainOf(path: readonly Step[], anchor: Built): Uint8Array[] {
  const chain: Built[] = []
  let issuer = anchor
  for (const [i, step] of path.entries()) {
    const order = { subject: step.selfIssued ? issuer.subject : `Step ${i + 1}` }
    const more = policyExtensions(step)
    issuer =
      i < path.length - 1
        ? make.intermediate(issuer, { ...order, extensions: make.caExtensions(more) })
        : make.leaf(issuer, { ...order, extensions: make.leafExtensions(more) })
    chain.unshift(issuer)
  }
  return chain.map(({ der }) => der)
}

function list(id: string, ...values: readonly Uint8Array[]): Uint8Array {
  return make.extension(id, encode(tags.sequence, ...values), true)
}
