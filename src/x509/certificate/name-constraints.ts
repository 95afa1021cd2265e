/** Name constraints (RFC 5280 §4.2.1.10) as a CA states them. What they mean for a name stands in constrained-names.ts. */
import { constructedTag, contextTag, type DerValue, malformed, sequence } from '../../wire/der.ts'
import { type GeneralName, type GeneralNameType, items, readGeneralName } from './general-names.ts'
import { isDomain, splitMailbox } from './mailbox.ts'

export interface NameConstraints {
  /** By type: a name of a type that is here has to lie in one of its subtrees. Types that are not here are free. */
  readonly permitted: Subtrees
  /** No name may lie in one of these. */
  readonly excluded: Subtrees
}

export type Subtrees = ReadonlyMap<GeneralNameType, readonly GeneralName[]>

export function readNameConstraints(value: DerValue): NameConstraints {
  const fields = sequence(value)
  const permitted = fields.optional(constructedTag(0))
  const excluded = fields.optional(constructedTag(1))
  fields.end()
  if (!permitted && !excluded) throw malformed('nameConstraints without a constraint', value)
  return { permitted: readSubtrees(permitted, 0), excluded: readSubtrees(excluded, 1) }
}

function readSubtrees(value: DerValue | undefined, number: number): Subtrees {
  const subtrees = new Map<GeneralNameType, GeneralName[]>()
  for (const item of value ? items(value, constructedTag(number)) : []) {
    const fields = sequence(item)
    const base = readGeneralName(fields.next())
    // minimum is 0, the default, which DER leaves out; maximum is absent.
    if (fields.peek() === contextTag(0) || fields.peek() === contextTag(1)) throw malformed('a subtree with a minimum or maximum', item)
    fields.end()
    checkBase(base, item)
    const same = subtrees.get(base.type)
    if (same) same.push(base)
    else subtrees.set(base.type, [base])
  }
  return subtrees
}

/** What says nothing clear must not be taken for a constraint that no name is under. */
function checkBase(base: GeneralName, value: DerValue): void {
  if (base.type === 'ip' && !isAddressRange(base.address)) throw malformed('an IP address range that is none', value)
  if (base.type === 'dns' && !/^\.?$/.test(base.name) && !isDomain(base.name.replace(/^\./, ''))) {
    throw malformed(`${quoted(base.name)}, which is no domain`, value)
  }
  if (base.type === 'email' && !isEmailBase(base.address)) throw malformed(`${quoted(base.address)}, which is no domain or mailbox`, value)
  if (base.type === 'uri' && base.uri !== '' && !isDomain(base.uri.replace(/^\./, '')))
    throw malformed(`${quoted(base.uri)}, which is no domain`, value)
}

/** An address and a mask whose ones come first. */
function isAddressRange(range: Uint8Array): boolean {
  if (range.length !== 8 && range.length !== 32) return false
  const mask = Array.from(range.subarray(range.length / 2), octet => octet.toString(2).padStart(8, '0')).join('')
  return /^1*0*$/.test(mask)
}

function isEmailBase(base: string): boolean {
  if (base.includes('@')) return splitMailbox(base) !== undefined
  return base === '' || isDomain(base.replace(/^\./, ''))
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200))
}
