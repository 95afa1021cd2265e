/** Logs of our own and SCTs by them, put together octet by octet: nothing here comes from `src/x509/ct`. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { encode, tags } from '../../../src/wire/der.ts'
import type { CtLogSource } from '../../../src/x509/ct/log-list.ts'
import { type Certificate, parseCertificate } from '../../../src/x509/index.ts'
import { type Built, build, extension, type Keys, leafExtensions, newKeys, type Order, root, spkiOf, utc } from '../build.ts'

/** When certificates are checked. */
export const now = Date.parse('2026-06-01T12:00:00Z')
/** When they were logged. */
export const logged = Date.parse('2026-05-01T12:00:00Z')
export const day = 86_400_000

export interface TestLog {
  readonly source: CtLogSource
  readonly id: Uint8Array
  readonly privateKey: KeyObject
}

export function newLog(operator: string, more: Partial<CtLogSource> = {}, keys: Keys = newKeys()): TestLog {
  const key = spkiOf(keys)
  return { source: { key, operator, state: 'usable', ...more }, id: hash(key), privateKey: keys.privateKey }
}

export function rsaLog(operator: string): TestLog {
  return newLog(operator, {}, generateKeyPairSync('rsa', { modulusLength: 2048 }))
}

/** What an SCT is about. */
export type Entry = { readonly certificate: Uint8Array } | { readonly tbs: Uint8Array; readonly issuerKeyHash: Uint8Array }

export interface SctOptions {
  readonly timestamp?: number
  readonly extensions?: Uint8Array
}

/** A serialised SCT. */
export function mintSct(log: TestLog, entry: Entry, { timestamp = logged, extensions = new Uint8Array(0) }: SctOptions = {}): Uint8Array {
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(timestamp))
  const signedEntry =
    'certificate' in entry ? [uint(2, 0), prefixed(3, entry.certificate)] : [uint(2, 1), entry.issuerKeyHash, prefixed(3, entry.tbs)]
  const signature = sign('sha256', join(Uint8Array.of(0, 0), time, ...signedEntry, prefixed(2, extensions)), log.privateKey)
  const scheme = log.privateKey.asymmetricKeyType === 'rsa' ? 0x0401 : 0x0403
  return join(Uint8Array.of(0), log.id, time, prefixed(2, extensions), uint(2, scheme), prefixed(2, signature))
}

export function sctList(scts: readonly Uint8Array[]): Uint8Array {
  return prefixed(2, join(...scts.map(sct => prefixed(2, sct))))
}

export function sctExtension(list: Uint8Array): Uint8Array {
  return extension('1.3.6.1.4.1.11129.2.4.2', encode(tags.octetString, list))
}

export const poison = extension('1.3.6.1.4.1.11129.2.4.3', encode(tags.null), true)

export interface Issued {
  readonly certificate: Certificate
  readonly issuerKey: Uint8Array
  readonly issuer: Built
}

/** Everything but the key pairs and the order's own fields is the same each time, so that a precertificate and its certificate agree. */
const issuer = root({ subject: 'Issuer of logged certificates' })
const keys = newKeys()

/** A certificate without SCTs; by default it is good for 180 days. */
export function issue(order: Order = {}): Issued {
  const { der } = build({ subject: 'logged', keys, extensions: leafExtensions(), ...lifetime(180), ...order }, issuer)
  return { certificate: parseCertificate(der), issuerKey: spkiOf(issuer.keys), issuer }
}

/** A certificate with SCTs by these logs about what it is without them. They stand at `position` among its extensions. */
export function issueLogged(logs: readonly (readonly [TestLog, SctOptions?])[], order: Order = {}, position = 1): Issued {
  const { certificate, issuerKey } = issue(order)
  const entry = { tbs: certificate.signed, issuerKeyHash: hash(issuerKey) }
  const list = sctList(logs.map(([log, options]) => mintSct(log, entry, options)))
  return issue({ ...order, extensions: (order.extensions ?? leafExtensions()).toSpliced(position, 0, sctExtension(list)) })
}

/** The dates of a certificate that is good for so many days, its last second included. */
export function lifetime(days: number): Pick<Order, 'notBefore' | 'notAfter'> {
  const start = Date.parse('2026-04-01T00:00:00Z')
  return { notBefore: utcOf(start), notAfter: utcOf(start + days * day - 1000) }
}

export function hash(data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(data).digest())
}

export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((octet, i) => (i === bit >> 3 ? octet ^ (0x80 >> (bit & 7)) : octet))
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

/** An integer of `size` octets. */
export function uint(size: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(value, 0, size)
  return bytes
}

export function prefixed(size: number, bytes: Uint8Array): Uint8Array {
  return join(uint(size, bytes.length), bytes)
}

function utcOf(time: number): Uint8Array {
  return utc(
    `${new Date(time)
      .toISOString()
      .replace(/[-:T]|\.\d+/g, '')
      .slice(2)}`,
  )
}
