/** Service identity (RFC 9525): which names a certificate may speak for. Only subjectAltName counts, never the common name. */
import { equal } from '../../wire/bytes.ts'
import type { SubjectAltName } from '../certificate/extensions.ts'

/** What a client wants its server to be. */
export type ReferenceName = { readonly type: 'dns'; readonly name: string } | { readonly type: 'ip'; readonly address: Uint8Array }

/**
 * A host as the user gave it: a DNS name, internationalised ones as A-labels (`xn--…`), or an IP address (`192.0.2.1`, `2001:db8::1`). DNS
 * names become lower case, without the dot of the root. Throws `TypeError` where it is neither.
 */
export function referenceName(text: string): ReferenceName {
  const address = parseIpAddress(text)
  if (address) return { type: 'ip', address }
  const name = text.replace(/\.$/, '')
  // Before case is folded: some letters that are not ASCII fold to such as are.
  const problem = problemOf(name)
  if (problem) throw new TypeError(`${JSON.stringify(text)} is no host name: ${problem}`)
  return { type: 'dns', name: name.toLowerCase() }
}

export function describeReference(reference: ReferenceName): string {
  return reference.type === 'dns' ? reference.name : 'the IP address asked for'
}

/** Whether one of the names is the reference (RFC 9525 §6). */
export function matchesName(
  { dnsNames, ipAddresses }: Pick<SubjectAltName, 'dnsNames' | 'ipAddresses'>,
  reference: ReferenceName,
): boolean {
  if (reference.type === 'ip') return ipAddresses.some(address => equal(address, reference.address))
  return dnsNames.some(presented => matchesDnsName(presented.toLowerCase(), reference.name))
}

/** 4 or 16 octets; `undefined` where `text` is not an IP address in the usual notation. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/**
 * The wildcard is the whole left-most label and stands for exactly one (RFC 9525 §6.3). Whatever else a certificate may call a DNS name
 * equals no reference name, since those are well formed.
 */
function matchesDnsName(presented: string, reference: string): boolean {
  if (presented === reference) return true
  const dot = reference.indexOf('.')
  return dot > 0 && presented.startsWith('*.') && presented.slice(1) === reference.slice(dot)
}

/** Underscores are no part of a host name by the book, but of many private ones. */
function problemOf(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (/[^\0-\x7f]/.test(name)) return 'internationalised names are given as A-labels (xn--…)'
  if (name.length > 253) return `it has ${name.length} characters, 253 are allowed`
  const labels = name.split('.')
  if (labels.some(label => label.length === 0 || label.length > 63)) return 'a label has 1 to 63 characters'
  const wrong = /[^a-zA-Z0-9_.-]/.exec(name)
  if (wrong) return `${JSON.stringify(wrong[0])} is no letter, digit or hyphen`
  if (labels.some(label => label.startsWith('-') || label.endsWith('-'))) return 'a label begins or ends with a hyphen'
  // What a resolver might take for an IPv4 address (`127.1`, `0x7f.0.0.1`) is not one of our notation, and not a name either.
  if (/^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '')) return 'it ends like an IPv4 address, and is none'
  return undefined
}

/** Four decimal numbers without leading zeros, which some read as octal. */
function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return undefined
  return Uint8Array.from(parts, Number)
}

/** RFC 4291 §2.2, without a zone. */
function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  const [head, tail] = halves.map((half, i) => parseGroups(half, i === halves.length - 1))
  if (!head || halves.length > 2) return undefined
  if (halves.length === 1) return head.length === 16 ? Uint8Array.from(head) : undefined
  const zeros = 16 - head.length - (tail?.length ?? 16)
  return tail && zeros >= 2 ? Uint8Array.from([...head, ...new Array<number>(zeros).fill(0), ...tail]) : undefined
}

/** Groups of 16 bits; the last of all may be an IPv4 address. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const octets: number[] = []
  const groups = text.split(':')
  for (const [i, group] of groups.entries()) {
    const number = /^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : undefined
    const found = number !== undefined ? [number >> 8, number & 0xff] : last && i === groups.length - 1 ? parseIpv4(group) : undefined
    if (!found) return undefined
    octets.push(...found)
  }
  return octets
}
