/** What we read in a certificate, and what three other readers do: asn1js, @peculiar/x509, and OpenSSL within node:crypto. */
import * as asn1js from 'asn1js'
import { describe, expect, test } from 'vitest'
import { CertificateError, parseCertificate, verifyChain } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import { tellIfAbsent } from '../conformance/data.ts'
import { collections, mintedCertificates } from './corpus.ts'
import { type Facts, readByUs, readers } from './facts.ts'
import { placeOf, type Variation, variationsOf } from './variations.ts'

tellIfAbsent('The collections of certificates')

/** Why we refuse what others accept, by what we say: asn1js knows ASN.1 alone, the two others leave the rules of RFC 5280 to whoever verifies. */
const ourRefusals: readonly (readonly [says: RegExp, reason: string])[] = [
  [/shortest form|critical FALSE is the default|neither 00 nor FF|version 1,/, 'BER: X.690 §8.3.2, §10.1, §11.1, §11.5'],
  [/octets too many|a value is missing|octets of .* wanted, \d+ left/, 'the value of an extension is no DER, or more than one value'],
  [/ wanted, .* found/, 'ASN.1: another type in its place'],
  [/unused bits where whole octets are wanted/, 'RFC 5280 §4.1.1.3, RFC 3279 §2.2: a signature is whole octets'],
  [/a negative serial number|more than 20 octets/, 'RFC 5280 §4.1.2.2: serial numbers'],
  [/utcTime not of 12 digits and Z/, 'RFC 5280 §4.1.2.5.1: UTCTime with seconds, in UTC'],
  [/the two signature algorithms differ/, 'RFC 5280 §4.1.1.2'],
  [/the issuer is empty|subject of a CA is empty/, 'RFC 5280 §4.1.2.4, §4.1.2.6: whoever issues has a name'],
  [/is repeated/, 'RFC 5280 §4.2: an extension is there once'],
  [/an empty list|without a constraint|without a usage/, 'RFC 5280 §4.1, §4.2.1.3, §4.2.1.10 to 12: at least one'],
  [/KeyIdentifier is critical/, 'RFC 5280 §4.2.1.1, §4.2.1.2: never critical'],
  [/an issuer or a serial number, but not both/, 'RFC 5280 appendix A.2'],
  [/INTEGER of 24 octets|INTEGER -1 is out of range/, 'RFC 5280 §4.2.1.9: a path length is a number from 0, and not of astronomical size'],
  [/which is no domain|IP address range that is none|an IP address of 8 octets/, 'RFC 5280 §4.2.1.6, §4.2.1.10: names in their forms'],
  [/a character that is not ASCII/, 'X.680 §41: IA5String and PrintableString are ASCII'],
]

/** Why others refuse what we accept, by what they say. */
const theirRefusals: readonly (readonly [says: RegExp, reason: string])[] = [
  [/Maximum ASN.1 node count exceeded/, 'asn1js bounds its work by counting values; here reading is linear, and what follows has a budget'],
]

/** Facts that differ, and why. */
const otherFacts: readonly (readonly [field: string, ours: string, reason: string])[] = [
  [
    'notBefore',
    String(new Date(0).setUTCFullYear(0, 0, 1)),
    'JavaScript takes the years 0 to 99 for 1900 to 1999, and for other years where it parses text',
  ],
]

const shared = Object.entries(collections())
const all = async (): Promise<readonly (readonly [name: string, ders: ReadonlyMap<string, Uint8Array>])[]> => [
  ...shared,
  ['minted', await mintedCertificates()],
]

describe('what certificates say', () => {
  const compared = new Map<string, number>()
  const refused = { byUs: new Map<string, number>(), byOthers: new Map<string, number>() }

  test.each([...shared.map(([name]) => name), 'minted'])('of %s is what others read there', async name => {
    const [, ders = []] = (await all()).find(([each]) => each === name) ?? []
    const wrong: string[] = []
    for (const [label, der] of ders) {
      const ours = outcome(readByUs, der)
      for (const [reader, read] of Object.entries(readers)) {
        const theirs = outcome(read, der)
        if (ours instanceof Error && theirs instanceof Error) continue
        if (ours instanceof Error) explain(ours, ourRefusals, refused.byUs, `${label}: ${reader} accepts what we refuse`, wrong)
        else if (theirs instanceof Error) explain(theirs, theirRefusals, refused.byOthers, `${label}: ${reader} refuses`, wrong)
        else
          wrong.push(
            ...differences(ours, theirs, field => count(compared, `${field} by ${reader}`)).map(text => `${label}: ${reader}: ${text}`),
          )
      }
    }
    expect(wrong).toEqual([])
  })

  test.skipIf(shared.length === 0)('is compared field by field, thousands of times, and every reason for a refusal is needed', () => {
    console.info(
      `facts compared:\n${table(compared)}\nwe alone refuse:\n${table(refused.byUs)}\nothers alone refuse:\n${table(refused.byOthers)}`,
    )
    expect([...refused.byUs.keys()].sort()).toEqual(ourRefusals.map(([, reason]) => reason).sort())
    expect([...refused.byOthers.keys()].sort()).toEqual(theirRefusals.map(([, reason]) => reason).sort())
    for (const reader of Object.keys(readers)) expect(compared.get(`serial by ${reader}`)).toBeGreaterThan(1700)
    for (const field of ['issuer', 'extensions', 'signed']) expect(compared.get(`${field} by asn1js`)).toBeGreaterThan(1700)
    for (const field of ['subjectAltName', 'keyUsage', 'policies']) expect(compared.get(`${field} by peculiar`)).toBeGreaterThan(1700)
    for (const field of ['subject', 'subjectAltName', 'CA']) expect(compared.get(`${field} for node by node`)).toBeGreaterThan(1000)
  })
})

/** Where BER is let through, since what is there is not looked into. */
const unread: readonly (readonly [where: (variation: Variation, place: string) => boolean, reason: string])[] = [
  [({ path }, place) => place === 'signature' && path.length > 2, 'whether a signature is well formed is for its verifier to say'],
  [
    (_, place) => place.startsWith('extension 1.3.6.1.4.1.55555.5') || place.startsWith('extension 2.25.'),
    'nobody knows what this extension says',
  ],
  [({ tags }, place) => place === 'extension 2.5.29.17' && tags[7] === 0xa0, 'nobody knows what this other name says'],
  [({ path }, place) => place === 'extension 2.5.29.32' && path.length > 10, 'qualifiers of policies are for people'],
  [({ kind }) => kind === 'a SET in another order', 'names are compared as sets, in whatever order they stand'],
]

describe('DER alone', () => {
  test('is read: what means the same in BER is refused at every value of a certificate', async () => {
    const minted = await mintedCertificates()
    const bent = ['names of every form', 'constrained', 'policies and pointers', 'below RSA-2048', 'below Ed25519', 'features', 'far dates']
    const more = ['encipher only', 'a policy for people', 'extensions that nobody knows', 'a name in one set', 'below RSA-PSS-2048']
    const [kinds, accepted, theirs] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()]
    const wrong: string[] = []
    for (const name of [...bent, ...more]) {
      const der = minted.get(name) ?? new Uint8Array()
      expect(() => parseCertificate(der)).not.toThrow()
      for (const variation of variationsOf(der)) {
        count(kinds, variation.kind)
        if (isBer(variation.der)) count(theirs, variation.kind)
        if (outcome(parseCertificate, variation.der) instanceof Error) continue
        const place = placeOf(der, variation.path)
        const reason = unread.find(([where]) => where(variation, place))?.[1]
        if (reason) count(accepted, reason)
        else wrong.push(`${name}: ${variation.kind} at ${variation.path.join('.')}, ${place}`)
      }
    }
    const total = sum(kinds)
    console.info(
      `${total} variations: ${sum(theirs)} accepted by asn1js, ${sum(accepted)} by us where nothing is read:\n${table(accepted)}`,
    )
    expect(wrong).toEqual([])
    expect([...accepted.keys()].sort()).toEqual(unread.map(([, reason]) => reason).sort())
    expect(kinds.size).toBe(18)
    expect(total).toBeGreaterThan(4000)
    expect(sum(theirs)).toBeGreaterThan(total / 2)
  })

  test('an octet behind the certificate, or in front of it, is one too many', async () => {
    for (const der of (await mintedCertificates()).values()) {
      for (const octet of [0, 0x30, 0xff]) {
        expect(() => parseCertificate(Uint8Array.of(...der, octet))).toThrow(/1 octets too many/)
        expect(() => parseCertificate(Uint8Array.of(octet, ...der))).toThrow(CertificateError)
      }
      expect(() => parseCertificate(der.subarray(0, -1))).toThrow(CertificateError)
    }
  })

  test.each(providers())('the value of an ECDSA signature is held to it by the provider $name', async crypto => {
    const minted = await mintedCertificates()
    for (const curve of ['P-256', 'P-384', 'P-521']) {
      const [anchor, leaf] = [minted.get(curve), minted.get(`below ${curve}`)]
      if (!anchor || !leaf) throw new Error('it was not minted')
      const options = { crypto, anchors: [anchor], purpose: 'server', now: Date.now() }
      expect(verifyChain([leaf], options).path).toHaveLength(1)
      const bent = [...variationsOf(leaf)].filter(({ path }) => path[1] === 2 && path.length > 2)
      expect(bent.length).toBeGreaterThan(15)
      const accepted = bent.filter(({ der }) => !(outcome(chain => verifyChain([chain], options), der) instanceof Error))
      expect(accepted.map(({ kind, path }) => `${curve}: ${kind} at ${path.join('.')}`)).toEqual([])
    }
  })
})

function outcome<T>(read: (der: Uint8Array) => T, der: Uint8Array): T | Error {
  try {
    return read(der)
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}

/** For asn1js, which throws at some of what it does not read. */
function isBer(bytes: Uint8Array): boolean {
  const read = outcome(bytes => asn1js.fromBER(bytes), bytes)
  return !(read instanceof Error) && read.offset !== -1
}

function explain(
  error: Error,
  table: readonly (readonly [says: RegExp, reason: string])[],
  found: Map<string, number>,
  what: string,
  wrong: string[],
): void {
  const reason = table.find(([says]) => says.test(error.message))?.[1]
  if (reason) count(found, reason)
  else wrong.push(`${what}: ${error.message}`)
}

/** Fields that both tell, and tell differently. */
function differences(ours: Facts, theirs: Facts, see: (field: string) => void): string[] {
  return Object.entries(ours).flatMap(([field, value]) => {
    const other = theirs[field]
    if (value === undefined || other === undefined) return []
    see(field)
    if (value === other || otherFacts.some(([name, special]) => name === field && special === value)) return []
    return [`${field} is ${value.slice(0, 200)} here, ${other.slice(0, 200)} there`]
  })
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, each) => total + each, 0)
}

function table(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([key, number]) => `  ${String(number).padStart(5)}  ${key}`).join('\n')
}
