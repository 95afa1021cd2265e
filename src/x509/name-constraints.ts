/** Name constraints (RFC 5280 §4.2.1.10): the names that certificates below a CA may have, and may not. */
import { constructedTag, contextTag, type DerValue, malformed, sequence } from '../wire/der.ts'
import { attributeTexts, type DistinguishedName, describeName, isWithin } from './distinguished-name.ts'
import { type GeneralName, type GeneralNameType, items, readGeneralName } from './general-names.ts'

export interface NameConstraints {
  /** By type: a name of a type that is here has to lie in one of its subtrees. Types that are not here are free. */
  readonly permitted: Subtrees
  /** No name may lie in one of these. */
  readonly excluded: Subtrees
}

export type Subtrees = ReadonlyMap<GeneralNameType, readonly GeneralName[]>

/** The names that constraints are about. */
export interface PresentedNames {
  readonly subject: DistinguishedName
  /** Of subjectAltName. */
  readonly names: readonly GeneralName[]
}

export function readNameConstraints(value: DerValue): NameConstraints {
  const fields = sequence(value)
  const permitted = fields.optional(constructedTag(0))
  const excluded = fields.optional(constructedTag(1))
  fields.end()
  if (!permitted && !excluded) throw malformed('nameConstraints without a constraint', value)
  return { permitted: readSubtrees(permitted, 0), excluded: readSubtrees(excluded, 1) }
}

/**
 * Which name of a certificate the constraints do not allow, in words; `undefined`: all are fine. `compared` is called before each
 * comparison of a name with a subtree; it may throw, where there have been too many.
 */
export function constraintProblem(constraints: NameConstraints, presented: PresentedNames, compared: () => void): string | undefined {
  for (const { name, ofSubject } of constrainedNames(presented)) {
    const excluded = constraints.excluded.get(name.type) ?? []
    const permitted = constraints.permitted.get(name.type)
    if (!permitted && excluded.length === 0) continue
    const relation = relationOf(name, ofSubject)
    if (relation === undefined) return `${describe(name)}, which can't be compared with what is constrained`
    for (const subtree of excluded) {
      compared()
      if (relation.touches(subtree)) return `${describe(name)}, which is excluded`
    }
    if (permitted && !isPermitted(relation, permitted, compared)) return `${describe(name)}, which is not among those permitted`
  }
  return undefined
}

function isPermitted(relation: Relation, permitted: readonly GeneralName[], compared: () => void): boolean {
  return permitted.some(subtree => {
    compared()
    return relation.isWithin(subtree)
  })
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

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
    throw malformed(`${JSON.stringify(base.name)}, which is no domain`, value)
  }
  if (base.type === 'email' && !isEmailBase(base.address))
    throw malformed(`${JSON.stringify(base.address)}, which is no domain or mailbox`, value)
  if (base.type === 'uri' && !isDomain(base.uri.replace(/^\./, '')))
    throw malformed(`${JSON.stringify(base.uri)}, which is no domain`, value)
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

function isDomain(text: string): boolean {
  return text.length <= 253 && /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i.test(text)
}

// ── Comparing ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The subject counts as a directory name, and its e-mail addresses where subjectAltName has none. */
function* constrainedNames({ subject, names }: PresentedNames): Generator<{ readonly name: GeneralName; readonly ofSubject: boolean }> {
  for (const name of names) yield { name, ofSubject: false }
  if (subject.relative.length > 0) yield { name: { type: 'directory', name: subject }, ofSubject: true }
  if (names.some(({ type }) => type === 'email')) return
  for (const address of attributeTexts(subject, emailAddress)) yield { name: { type: 'email', address }, ofSubject: true }
}

const emailAddress = '1.2.840.113549.1.9.1'

/** A presented name against subtrees, which are of its own type. */
interface Relation {
  /** Whether all that the name stands for lies in the subtree. */
  isWithin(subtree: GeneralName): boolean
  /** Whether anything that the name stands for lies in the subtree. */
  touches(subtree: GeneralName): boolean
}

/** `undefined`: the name is malformed, or of a type that has no comparison here. Such a name is refused where its type is constrained. */
function relationOf(name: GeneralName, ofSubject: boolean): Relation | undefined {
  switch (name.type) {
    case 'dns':
      return domainRelation(name.name.toLowerCase().replace(/\.$/, ''))
    case 'directory':
      return alike(subtree => subtree.type === 'directory' && isWithin(name.name, subtree.name))
    case 'ip':
      return alike(subtree => subtree.type === 'ip' && isInRange(name.address, subtree.address))
    case 'email':
      return emailRelation(name.address, ofSubject)
    case 'uri':
      return uriRelation(name.uri)
    default:
      return undefined
  }
}

function alike(isWithin: (subtree: GeneralName) => boolean): Relation {
  return { isWithin, touches: isWithin }
}

/** A wildcard stands for one label: all its names lie in a subtree only if its domain does; one of them is enough to touch it. */
function domainRelation(name: string): Relation | undefined {
  const wildcard = name.startsWith('*.')
  const domain = wildcard ? name.slice(2) : name
  if (!isDomain(domain)) return undefined
  const isWithin = (subtree: GeneralName) =>
    subtree.type === 'dns' && isBelow(wildcard ? `x.${domain}` : domain, subtree.name.toLowerCase())
  const isOneOfThem = (subtree: GeneralName) =>
    subtree.type === 'dns' && !subtree.name.startsWith('.') && parentOf(subtree.name.toLowerCase()) === domain
  return { isWithin, touches: subtree => isWithin(subtree) || (wildcard && isOneOfThem(subtree)) }
}

function parentOf(domain: string): string {
  return domain.slice(domain.indexOf('.') + 1)
}

/** A base with a dot in front means subdomains alone; the RFC does not have it for DNS names, certificates do. */
function isBelow(domain: string, base: string): boolean {
  if (base === '' || base === '.') return true
  return base.startsWith('.') ? domain.length > base.length && domain.endsWith(base) : domain === base || domain.endsWith(`.${base}`)
}

function isInRange(address: Uint8Array, range: Uint8Array): boolean {
  const size = range.length / 2
  return address.length === size && address.every((octet, i) => ((octet ^ (range[i] ?? 0)) & (range[size + i] ?? 0)) === 0)
}

/**
 * A base is one mailbox, the mailboxes of one host, or those of all hosts below a domain. The host has no case, the local part has (RFC 5280
 * §7.5), but in a subject (§4.1.2.6), where what is excluded is so in any case.
 */
function emailRelation(address: string, ofSubject: boolean): Relation | undefined {
  const mailbox = splitMailbox(address)
  if (!mailbox) return undefined
  const relates = (local: (text: string) => string) => (subtree: GeneralName) => {
    if (subtree.type !== 'email') return false
    const exact = subtree.address.includes('@') ? splitMailbox(subtree.address) : undefined
    if (exact) return local(exact.local) === local(mailbox.local) && exact.host === mailbox.host
    return hostMatches(mailbox.host, subtree.address.toLowerCase())
  }
  return { isWithin: relates(text => text), touches: relates(text => (ofSubject ? text.toLowerCase() : text)) }
}

/** Of a base without a dot in front only the host itself: e-mail addresses and URIs are not like DNS names in this. */
function hostMatches(host: string, base: string): boolean {
  return base === '' || (base.startsWith('.') ? host.length > base.length && host.endsWith(base) : host === base)
}

/** Quoted local parts, which hardly anyone has, are not read. */
function splitMailbox(address: string): { readonly local: string; readonly host: string } | undefined {
  const [, local, host] = /^([\w.!#$%&'*+/=?^`{|}~-]+)@([^@]+)$/.exec(address) ?? []
  return local === undefined || host === undefined || !isDomain(host) ? undefined : { local, host: host.toLowerCase() }
}

/** Only what has a host with a name can be compared (RFC 5280 §4.2.1.10). */
function uriRelation(uri: string): Relation | undefined {
  const [, host] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#@:[\]]+)(?::\d*)?(?:[/?#]|$)/i.exec(uri) ?? []
  if (host === undefined || !isDomain(host) || /^\d+$/.test(host.split('.').at(-1) ?? '')) return undefined
  return alike(subtree => subtree.type === 'uri' && hostMatches(host.toLowerCase(), subtree.uri.toLowerCase()))
}

function describe(name: GeneralName): string {
  if (name.type === 'directory') return `the directory name ${describeName(name.name).slice(0, 200)}`
  const text = name.type === 'dns' ? name.name : name.type === 'email' ? name.address : name.type === 'uri' ? name.uri : undefined
  return text === undefined ? `a name of the type ${name.type}` : `the name ${JSON.stringify(text.slice(0, 200))}`
}
