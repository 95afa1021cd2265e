/** What name constraints (RFC 5280 §4.2.1.10) mean for the names of certificates below a CA. */

import { attributeTexts, type DistinguishedName, describeName, isWithin, mayBeWithin } from '../certificate/distinguished-name.ts'
import type { SubjectAltName } from '../certificate/extensions.ts'
import type { GeneralName } from '../certificate/general-names.ts'
import { isDomain, splitMailbox } from '../certificate/mailbox.ts'
import type { NameConstraints } from '../certificate/name-constraints.ts'
import type { Budget } from './budget.ts'

/** What constraints see of a certificate. */
export interface Named {
  readonly subject: DistinguishedName
  readonly extensions: { readonly subjectAltName: Pick<SubjectAltName, 'names'> | undefined }
}

/** Looks at each certificate under each CA's constraints once, in however many paths they stand. */
export class ConstraintJudge {
  readonly #budget: Budget
  readonly #verdicts = new Map<NameConstraints, Map<Named, string | undefined>>()

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** Which name of the certificate the constraints do not allow, in words; `undefined`: all are fine. Throws once the budget is spent. */
  problem(constraints: NameConstraints, certificate: Named): string | undefined {
    const verdicts = this.#verdicts.get(constraints) ?? new Map<Named, string | undefined>()
    this.#verdicts.set(constraints, verdicts)
    if (!verdicts.has(certificate)) verdicts.set(certificate, this.#judge(constraints, certificate))
    return verdicts.get(certificate)
  }

  #judge({ permitted, excluded }: NameConstraints, certificate: Named): string | undefined {
    for (const { name, ofSubject } of constrainedNames(certificate)) {
      const without = excluded.get(name.type) ?? []
      const within = permitted.get(name.type)
      if (!within && without.length === 0) {
        // Looked at, too.
        this.#budget.nameComparison()
        continue
      }
      const relation = relationOf(name, ofSubject)
      if (relation === undefined) return `${describe(name)}, which can't be compared with what is constrained`
      if (without.some(subtree => this.#counted(relation.touches(subtree)))) return `${describe(name)}, which is excluded`
      const isFree = !within || within.some(subtree => this.#counted(relation.isWithin(subtree)))
      if (!isFree) return `${describe(name)}, which is not among those permitted`
    }
    return undefined
  }

  #counted(outcome: boolean): boolean {
    this.#budget.nameComparison()
    return outcome
  }
}

/** The subject counts as a directory name, and its e-mail addresses where subjectAltName has none. */
function* constrainedNames({ subject, extensions }: Named): Generator<{ readonly name: GeneralName; readonly ofSubject: boolean }> {
  const { names = [] } = extensions.subjectAltName ?? {}
  for (const name of names) yield { name, ofSubject: false }
  if (subject.relative.length > 0) yield { name: { type: 'directory', name: subject }, ofSubject: true }
  if (names.some(({ type }) => type === 'email')) return
  // One that is no text is no mailbox either.
  for (const address of attributeTexts(subject, emailAddress)) yield { name: { type: 'email', address: address ?? '' }, ofSubject: true }
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
      return directoryRelation(name.name)
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

function directoryRelation(name: DistinguishedName): Relation {
  return {
    isWithin: subtree => subtree.type === 'directory' && isWithin(name, subtree.name),
    touches: subtree => subtree.type === 'directory' && mayBeWithin(name, subtree.name),
  }
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
