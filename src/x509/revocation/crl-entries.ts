/**
 * The entries of a CRL (RFC 5280 §5.1.2.6, §5.3). There may be a million: they are read once, strictly, and stay the bytes that they are;
 * whoever looks for one walks over them.
 */
import { DerReader, type DerValue, generalizedTime, integer, malformed, sequence, smallInteger, tags, utcTime } from '../../wire/der.ts'
import { type DistinguishedName, sameName } from '../certificate/distinguished-name.ts'
import type { RevocationReason } from '../certificate/distribution-points.ts'
import { collectExtensions, type Extension } from '../certificate/extensions.ts'
import { type GeneralName, readGeneralNames } from '../certificate/general-names.ts'

/** CRLReason, which OCSP has too. `removeFromCRL` stands in delta CRLs only, and takes back what the base says. */
export type CrlReason = RevocationReason | 'unspecified' | 'removeFromCRL'

export interface CrlEntry {
  readonly serial: bigint
  /** Milliseconds since 1970. */
  readonly revocationDate: number
  /** `unspecified` where the entry gives none. */
  readonly reason: CrlReason
  /** Since when the key is not to be trusted; milliseconds since 1970. */
  readonly invalidityDate: number | undefined
}

/** What the reader of a CRL knows before the entries. */
export interface EntryRules {
  readonly version: 1 | 2
  readonly delta: boolean
  readonly indirect: boolean
}

export class CrlEntries implements Iterable<CrlEntry> {
  /** How many there are. */
  readonly size: number
  /** Critical extensions of entries that nothing here knows, dotted. */
  readonly unknownCritical: readonly string[]
  readonly #list: DerValue | undefined
  readonly #crlIssuer: DistinguishedName
  /** In an indirect CRL: the entries that name the issuer of their certificate, for themselves and those that follow (§5.3.3). */
  readonly #turns: DerValue[] = []

  /** Reads every entry. Throws `DecodeError`. */
  constructor(list: DerValue | undefined, crlIssuer: DistinguishedName, rules: EntryRules) {
    const unknown = new Set<string>()
    let size = 0
    this.#list = list
    this.#crlIssuer = crlIssuer
    for (const entry of values(list)) {
      const extensions = checkEntry(entry, rules)
      if (extensions) for (const [id, { critical }] of extensions) if (critical && !known.has(id)) unknown.add(id)
      if (extensions?.has(certificateIssuer)) this.#turns.push(entry)
      size++
    }
    if (list && size === 0) throw malformed('revokedCertificates without an entry', list)
    this.size = size
    this.unknownCritical = [...unknown]
  }

  /**
   * What is said of the certificate of this issuer and number. Of several entries the gravest: one that says revoked for good, then one that
   * puts on hold, then one that takes back.
   */
  find(issuer: DistinguishedName, serial: bigint): CrlEntry | undefined {
    let gravest: CrlEntry | undefined
    let last: { readonly turn: DerValue | undefined; readonly isAbout: boolean } | undefined
    for (const { entry, turn } of this.#numbered(integerOctets(serial))) {
      // However many entries follow it, the names of a turn are read once: nobody's signature is known to be right yet.
      if (last?.turn !== turn || !last) last = { turn, isAbout: this.#issuers(turn).some(name => sameName(name, issuer)) }
      if (!last.isAbout) continue
      const found = readEntry(entry)
      if (!gravest || gravity(found) > gravity(gravest)) gravest = found
    }
    return gravest
  }

  *[Symbol.iterator](): Iterator<CrlEntry> {
    for (const entry of values(this.#list)) yield readEntry(entry)
  }

  /**
   * The entries with this number, each with the entry that named its issuer last. No value is made of the others: this is what takes the time
   * where there are many.
   */
  *#numbered(wanted: Uint8Array): Iterable<{ readonly entry: DerValue; readonly turn: DerValue | undefined }> {
    if (!this.#list) return
    const { source, from, to } = this.#list
    let turns = 0
    for (let at = from; at < to; ) {
      if (this.#turns[turns]?.start === at) turns++
      const fields = contentsOf(source, at)
      if (holdsAt(source, fields, wanted)) yield { entry: new DerReader(source, 0, at, to).next(), turn: this.#turns[turns - 1] }
      at = fields + lengthOf(source, at)
    }
  }

  /** The names of the issuer of the certificates that the entries from `turn` on are about. */
  #issuers(turn: DerValue | undefined): readonly DistinguishedName[] {
    const extension = turn && extensionsOf(turn)?.get(certificateIssuer)
    if (!extension) return [this.#crlIssuer]
    return readGeneralNames(extension.octets.inner()).flatMap(directoryName)
  }
}

const certificateIssuer = '2.5.29.29'
const reasonCode = '2.5.29.21'
const invalidityDate = '2.5.29.24'
const known: ReadonlySet<string> = new Set([certificateIssuer, reasonCode, invalidityDate])

function* values(list: DerValue | undefined): Iterable<DerValue> {
  if (list) for (const reader = sequence(list); !reader.done; ) yield reader.next()
}

/** The extensions of an entry that is well formed. */
function checkEntry(entry: DerValue, { version, delta, indirect }: EntryRules): ReadonlyMap<string, Extension> | undefined {
  const fields = sequence(entry)
  const serial = fields.next(tags.integer)
  // More than a certificate may have (RFC 5280 §4.1.2.2). Negative ones are let through, as others than CAs by the book have them.
  if (serial.length > 20) throw malformed('a serial number of more than 20 octets', serial)
  if (serial.length === 0) throw malformed('an empty serial number', serial)
  if (isPadded(serial)) throw malformed('a serial number that is not in its shortest form', serial)
  readTime(fields.next())
  const list = fields.optional(tags.sequence)
  fields.end()
  if (!list) return undefined
  if (version === 1) throw malformed('extensions of an entry in a CRL of version 1', list)
  const extensions = collectExtensions(list)
  const reason = readReason(extensions)
  if (reason === 'removeFromCRL' && !delta) throw malformed('removeFromCRL in a CRL that is no delta', list)
  readInvalidityDate(extensions)
  const issuer = extensions.get(certificateIssuer)
  if (issuer && !indirect) throw malformed('a certificateIssuer in a CRL that is not indirect', list)
  if (issuer && !readGeneralNames(issuer.octets.inner()).some(({ type }) => type === 'directory')) {
    throw malformed('a certificateIssuer without a distinguished name', list)
  }
  return extensions
}

/** Whether an INTEGER has an octet at its front that it could do without. Whoever looks for a number compares octets. */
function isPadded({ source, from, length }: DerValue): boolean {
  const [first = 0, second = 0] = [source[from], source[from + 1]]
  return length > 1 && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80)
}

function readEntry(entry: DerValue): CrlEntry {
  const fields = sequence(entry)
  const serial = integer(fields.next())
  const revocationDate = readTime(fields.next())
  const extensions = extensionsOf(entry)
  return { serial, revocationDate, reason: readReason(extensions), invalidityDate: readInvalidityDate(extensions) }
}

function extensionsOf(entry: DerValue): ReadonlyMap<string, Extension> | undefined {
  const fields = sequence(entry)
  fields.next()
  fields.next()
  return fields.done ? undefined : collectExtensions(fields.next())
}

/** RFC 5280 §5.1.2.4 wants UTCTime until 2049; both are read for any year, as in certificates. */
export function readTime(value: DerValue): number {
  return value.tag === tags.utcTime ? utcTime(value) : generalizedTime(value)
}

/** By number (RFC 5280 §5.3.1); 7 is unused. */
export const crlReasons: readonly (CrlReason | undefined)[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
]

/** CRLReason, an ENUMERATED. */
export function readCrlReason(value: DerValue): CrlReason {
  const reason = crlReasons[smallInteger(value, tags.enumerated)]
  if (!reason) throw malformed('no CRLReason', value)
  return reason
}

function readReason(extensions: ReadonlyMap<string, Extension> | undefined): CrlReason {
  const extension = extensions?.get(reasonCode)
  return extension ? readCrlReason(extension.octets.inner()) : 'unspecified'
}

function readInvalidityDate(extensions: ReadonlyMap<string, Extension> | undefined): number | undefined {
  const extension = extensions?.get(invalidityDate)
  return extension && generalizedTime(extension.octets.inner())
}

function directoryName(name: GeneralName): DistinguishedName[] {
  return name.type === 'directory' ? [name.name] : []
}

function gravity({ reason }: CrlEntry): number {
  return reason === 'removeFromCRL' ? 0 : reason === 'certificateHold' ? 1 : 2
}

// ── Walking over what was read before: every header is known to be right ────────────────────────────────────────────

/** Where the contents of the value at `at` begin. */
function contentsOf(source: Uint8Array, at: number): number {
  const first = source[at + 1] ?? 0
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f)
}

function lengthOf(source: Uint8Array, at: number): number {
  const first = source[at + 1] ?? 0
  if (first < 0x80) return first
  let length = 0
  for (let i = at + 2; i < at + 2 + (first & 0x7f); i++) length = length * 256 + (source[i] ?? 0)
  return length
}

/** Whether the INTEGER at `at`, whose length is one octet, has these octets. From the last one on: numbers of one CA begin alike. */
function holdsAt(source: Uint8Array, at: number, octets: Uint8Array): boolean {
  if (source[at + 1] !== octets.length) return false
  for (let i = octets.length - 1; i >= 0; i--) if (source[at + 2 + i] !== octets[i]) return false
  return true
}

/** The contents of an INTEGER. */
export function integerOctets(value: bigint): Uint8Array {
  let size = 1
  while (BigInt.asIntN(size * 8, value) !== value) size++
  const hex = BigInt.asUintN(size * 8, value)
    .toString(16)
    .padStart(size * 2, '0')
  return Uint8Array.from({ length: size }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16))
}
