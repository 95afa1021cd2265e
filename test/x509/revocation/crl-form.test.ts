import { describe, expect, it } from 'vitest'
import { contextTag, encode, tags } from '../../../src/wire/der.ts'
import { parseCrl } from '../../../src/x509/revocation/crl.ts'
import { ecdsaSha256, extension, generalized, utc } from '../build.ts'
import { faultOf } from '../judge.ts'
import { authority, type CrlOrder, crl, crlNumber, deltaCrlIndicator, directory, entry, issuingDistributionPoint, number } from './make.ts'

const root = authority()
const read = (order: CrlOrder = {}) => parseCrl(crl(root, order))
const refusal = (order: CrlOrder) => faultOf(() => read(order))
const malformed = (message: RegExp) => expect.objectContaining({ code: 'crl-malformed', message: expect.stringMatching(message) })

describe('A CRL is read', () => {
  it('with its fields, and its entries one by one', () => {
    const dated = entry(Uint8Array.of(0, 0xff), {
      reason: 'keyCompromise',
      extensions: [extension('2.5.29.24', generalized('20260401000000Z'))],
    })
    const list = read({ entries: [entry(7), dated] })
    expect(list).toMatchObject({
      version: 2,
      thisUpdate: Date.UTC(2026, 5, 1),
      nextUpdate: Date.UTC(2026, 5, 8),
      extensions: { crlNumber: 5n },
    })
    expect(list.entries.size).toBe(2)
    expect([...list.entries]).toEqual([
      { serial: 7n, revocationDate: Date.UTC(2026, 4, 1), reason: 'unspecified', invalidityDate: undefined },
      { serial: 255n, revocationDate: Date.UTC(2026, 4, 1), reason: 'keyCompromise', invalidityDate: Date.UTC(2026, 3, 1) },
    ])
  })

  it('of version 1, which is not said, without nextUpdate and without entries', () => {
    const list = read({ version: null, nextUpdate: null, extensions: null })
    expect(list).toMatchObject({ version: 1, nextUpdate: undefined, extensions: { crlNumber: undefined, deltaCrlIndicator: undefined } })
    expect([...list.entries]).toEqual([])
  })

  it('with both kinds of times', () => {
    expect(
      read({ thisUpdate: generalized('20260601000000Z'), entries: [entry(7, { date: generalized('20260501000000Z') })] }),
    ).toMatchObject({
      thisUpdate: Date.UTC(2026, 5, 1),
    })
  })

  it('with the extensions of a delta with a scope', () => {
    const { extensions } = read({
      extensions: [crlNumber(6), deltaCrlIndicator(4), issuingDistributionPoint({ at: 'http://a/', only: 'user' })],
    })
    expect(extensions).toMatchObject({ crlNumber: 6n, deltaCrlIndicator: 4n, issuingDistributionPoint: { onlyUserCertificates: true } })
  })

  it('where extensions are critical that nobody knows, which are named', () => {
    const strange = extension('1.2.3.4', encode(tags.null), true)
    expect(read({ extensions: [strange] }).extensions.unknownCritical).toEqual(['1.2.3.4'])
    expect(read({ entries: [entry(7, { extensions: [strange] })] }).extensions.unknownCritical).toEqual(['1.2.3.4'])
    expect(read({ extensions: [extension('1.2.3.4', encode(tags.null))] }).extensions.unknownCritical).toEqual([])
  })
})

describe('A CRL is malformed', () => {
  const cases: readonly [string, CrlOrder, RegExp][] = [
    ['with version 1 spelt out', { version: number(0) }, /version 1/],
    ['with version 3', { version: number(2) }, /version 3/],
    ['of version 1 with extensions', { version: null }, /extensions in a CRL of version 1/],
    [
      'of version 1 with extensions of an entry',
      { version: null, extensions: null, entries: [entry(7, { reason: 'keyCompromise' })] },
      /extensions of an entry in a CRL of version 1/,
    ],
    [
      'with two algorithms',
      { outerAlgorithm: encode(tags.sequence, ecdsaSha256.subarray(2), encode(tags.null)) },
      /two signature algorithms differ/,
    ],
    ['without an issuer', { issuer: encode(tags.sequence) }, /issuer is empty/],
    ['with an empty list of entries', { more: [], entries: [], nextUpdate: encode(tags.sequence) }, /without an entry/],
    ['with something behind it', { more: [encode(tags.null)] }, /octets too many/],
    ['with a time that is none', { thisUpdate: utc('261301000000Z') }, /names no moment/],
    ['with a critical number', { extensions: [crlNumber(5, true)] }, /2\.5\.29\.20 is critical/],
    [
      'with a critical authorityKeyIdentifier',
      { extensions: [extension('2.5.29.35', encode(tags.sequence), true)] },
      /2\.5\.29\.35 is critical/,
    ],
    ['with a negative number', { extensions: [crlNumber(Uint8Array.of(0xff))] }, /negative CRL number/],
    ['with a number of 21 octets', { extensions: [crlNumber(new Uint8Array(21).fill(1))] }, /more than 20 octets/],
    ['with an extension twice', { extensions: [crlNumber(5), crlNumber(5)] }, /repeated/],
    ['with an empty list of extensions', { extensions: [] }, /empty list/],
    ['with a scope that says nothing', { extensions: [issuingDistributionPoint({})] }, /says nothing/],
    ['with a serial number of 21 octets', { entries: [entry(new Uint8Array(21).fill(1))] }, /serial number of more than 20/],
    ['with a serial number that begins with a 00 too many', { entries: [entry(Uint8Array.of(0, 0, 7))] }, /not in its shortest form/],
    ['with a serial number that begins with an FF too many', { entries: [entry(Uint8Array.of(0xff, 0x87))] }, /not in its shortest form/],
    ['with an empty serial number', { entries: [entry(new Uint8Array(0))] }, /empty serial number/],
    [
      'with something behind an entry',
      { entries: [encode(tags.sequence, number(7), utc('260501000000Z'), encode(tags.null))] },
      /octets too many/,
    ],
    [
      'with a reason that is none',
      { entries: [entry(7, { extensions: [extension('2.5.29.21', number(7, tags.enumerated))] })] },
      /no CRLReason/,
    ],
    ['with removeFromCRL outside of a delta', { entries: [entry(7, { reason: 'removeFromCRL' })] }, /removeFromCRL/],
    ['with the issuer of a certificate in a CRL that is not indirect', { entries: [entry(7, { issuer: 'Other' })] }, /not indirect/],
    [
      'with an issuer of a certificate that has no distinguished name',
      {
        extensions: [issuingDistributionPoint({ indirect: true })],
        entries: [entry(7, { extensions: [extension('2.5.29.29', encode(tags.sequence, encode(contextTag(2), Buffer.from('a'))), true)] })],
      },
      /without a distinguished name/,
    ],
  ]
  it.each(cases)('%s', (_, order, message) => {
    expect(refusal(order)).toEqual(malformed(message))
  })

  it('where its frame is', () => {
    expect(faultOf(() => parseCrl(new Uint8Array(0)))).toEqual(malformed(/a value is missing/))
    expect(faultOf(() => parseCrl(encode(tags.sequence, crl(root), crl(root))))).toEqual(malformed(/./))
  })
})

describe('Entries are found', () => {
  const issuer = parseCrl(crl(root)).issuer
  const other = parseCrl(crl(authority({ subject: 'Other' }))).issuer

  it('by the whole number, not its beginning or end', () => {
    const { entries } = read({ entries: [entry(Uint8Array.of(1, 7)), entry(Uint8Array.of(7, 1)), entry(Uint8Array.of(0, 0x87))] })
    expect([7n, 1n, 0x107n, 0x87n, 0x701n].map(serial => entries.find(issuer, serial)?.serial)).toEqual([
      undefined,
      undefined,
      0x107n,
      0x87n,
      0x701n,
    ])
  })

  it('also where they and their list are long', () => {
    const long = extension('1.2.3.4', encode(tags.octetString, new Uint8Array(70_000)))
    const { entries } = read({
      entries: [entry(1, { extensions: [long] }), entry(2, { extensions: [extension('1.2.3', new Uint8Array(150))] }), entry(3)],
    })
    expect([1n, 2n, 3n, 4n].map(serial => entries.find(issuer, serial)?.serial)).toEqual([1n, 2n, 3n, undefined])
  })

  it('for their issuer, which an indirect CRL carries from entry to entry', () => {
    const list = [entry(1), entry(2, { issuer: 'Other' }), entry(3), entry(4, { issuer: 'Root' }), entry(5)]
    const { entries } = read({ extensions: [issuingDistributionPoint({ indirect: true })], entries: list })
    const found = (name: typeof issuer) => [1n, 2n, 3n, 4n, 5n].filter(serial => entries.find(name, serial))
    expect(found(issuer)).toEqual([1n, 4n, 5n])
    expect(found(other)).toEqual([2n, 3n])
  })

  it('by the gravest of several', () => {
    const list = [entry(1, { reason: 'certificateHold' }), entry(1, { reason: 'keyCompromise' }), entry(1, { reason: 'removeFromCRL' })]
    const { entries } = read({ extensions: [crlNumber(6), deltaCrlIndicator(5)], entries: list })
    expect(entries.find(issuer, 1n)?.reason).toBe('keyCompromise')
  })

  it('of many issuers by reading their names once, which nobody need have signed', () => {
    const names = extension('2.5.29.29', encode(tags.sequence, ...Array.from({ length: 10_000 }, () => directory('Other'))), true)
    const many = Array.from({ length: 50_000 }, () => entry(7))
    const scope = issuingDistributionPoint({ indirect: true })
    const { entries } = read({ extensions: [scope], entries: [entry(1, { extensions: [names] }), Buffer.concat(many)] })
    expect([entries.find(issuer, 7n), entries.find(other, 7n)?.serial]).toEqual([undefined, 7n])
    const turns = read({ extensions: [scope], entries: [Buffer.concat(many.map(() => entry(7, { issuer: 'Other' })))] }).entries
    expect([turns.find(issuer, 7n), turns.find(other, 7n)?.serial]).toEqual([undefined, 7n])
  })

  it('among a hundred thousand', () => {
    const serial = (i: number) => Uint8Array.of(1, i >> 16, (i >> 8) & 0xff, i & 0xff)
    const { entries } = read({ entries: [Buffer.concat(Array.from({ length: 100_000 }, (_, i) => entry(serial(i))))] })
    expect(entries.size).toBe(100_000)
    expect(entries.find(issuer, 0x0101_0000n + 0x869fn)?.serial).toBe(0x0101_869fn)
    expect(entries.find(issuer, 0x0101_86a0n)).toBeUndefined()
  })
})
