import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TlsError } from '../../../src/error.ts'
import { constructedTag, contextTag, encode, encodeOid, tags } from '../../../src/wire/der.ts'
import {
  CertificateError,
  createTrustStore,
  decodePem,
  describeSubject,
  extensionValue,
  nameToText,
  parseCertificate,
} from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import { leaf, leafExtensions, now, root } from '../build.ts'

const anchor = root()

describe('what a certificate says', () => {
  test('is read field by field', () => {
    const extensions = [
      ...leafExtensions().with(
        2,
        make.subjectAltName(make.dns('a.example'), make.ip(192, 0, 2, 1), encode(contextTag(1), make.latin1('a@b'))),
      ),
      make.subjectKeyIdentifier('mine'),
      make.authorityKeyIdentifier('theirs'),
      make.extension(
        '1.3.6.1.5.5.7.1.1',
        encode(tags.sequence, encode(tags.sequence, encodeOid('1.3.6.1.5.5.7.48.1'), encode(contextTag(6), make.latin1('http://ocsp')))),
      ),
      make.extension('1.2.3', Uint8Array.of(1)),
    ]
    const { der, keys } = leaf(anchor, { extensions, serial: encode(tags.integer, Uint8Array.of(1, 0)) })
    const certificate = parseCertificate(der)
    expect(certificate.subject.raw).toEqual(make.name('leaf'))
    expect(certificate.issuer.raw).toEqual(make.name('Root'))
    expect(certificate).toMatchObject({
      raw: der,
      version: 3,
      serial: 256n,
      notBefore: Date.parse('2026-01-01T00:00:00Z'),
      notAfter: Date.parse('2027-01-01T00:00:00Z'),
      signatureAlgorithm: { oid: '1.2.840.10045.4.3.2', schemes: { 'P-256': 0x0403 } },
      publicKey: { raw: make.spkiOf(keys), type: 'P-256' },
      extensions: {
        basicConstraints: undefined,
        keyUsage: new Set(['digitalSignature']),
        extendedKeyUsage: new Set(['1.3.6.1.5.5.7.3.1']),
        subjectAltName: { critical: false, dnsNames: ['a.example'], ipAddresses: [Uint8Array.of(192, 0, 2, 1)] },
        subjectKeyIdentifier: make.latin1('mine'),
        authorityKeyIdentifier: { keyIdentifier: make.latin1('theirs'), issuer: undefined, serial: undefined },
        authorityInfoAccess: { ocsp: ['http://ocsp'], caIssuers: [] },
        unknownCritical: [],
      },
    })
    expect(parseCertificate(root({ extensions: [make.basicConstraints(true, 3)] }).der).extensions.basicConstraints).toEqual({
      ca: true,
      pathLength: 3,
    })
  })

  test('is what Node reads, for every root that Node has', () => {
    for (const pem of rootCertificates) {
      const theirs = new X509Certificate(pem)
      const ours = parseCertificate(decodePem(pem)[0]?.bytes ?? new Uint8Array(0))
      expect(ours.serial).toBe(BigInt(`0x${theirs.serialNumber}`))
      expect(ours.notBefore).toBe(Date.parse(theirs.validFrom))
      expect(ours.notAfter).toBe(Date.parse(theirs.validTo))
      expect(Buffer.from(ours.publicKey.raw).equals(theirs.publicKey.export({ type: 'spki', format: 'der' }))).toBe(true)
      expect(ours.extensions.basicConstraints?.ca).toBe(theirs.ca)
      const commonName = /^CN=(.*)$/m.exec(theirs.subject)?.[1]
      if (commonName) expect(describeSubject(ours)).toContain(`CN=${commonName}`)
    }
    expect(rootCertificates.length).toBeGreaterThan(100)
  })
})

describe('names as text (RFC 4514)', () => {
  const attribute = (id: string, text: string) =>
    encode(tags.sequence, encodeOid(id), encode(tags.utf8String, new TextEncoder().encode(text)))

  test('have the most specific part first', () => {
    const der = encode(
      tags.sequence,
      encode(tags.set, attribute('2.5.4.6', 'DE')),
      encode(tags.set, attribute('2.5.4.10', 'Ex')),
      encode(tags.set, attribute('2.5.4.3', 'a'), attribute('1.2.3', 'b')),
    )
    expect(nameToText(der)).toBe('CN=a+1.2.3=b,O=Ex,C=DE')
  })

  test.each([
    ['a,b+c"d\\e<f>g;h', 'CN=a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h'],
    ['#x', 'CN=\\#x'],
    [' x ', 'CN=\\ x\\ '],
    ['line\nbreak\0', 'CN=line\\u{a}break\\u{0}'],
    ['\u202egro.elpmaxe\u001b[31m', 'CN=\\u{202e}gro.elpmaxe\\u{1b}[31m'],
    ['Zürich', 'CN=Zürich'],
  ])('%j is escaped', (text, expected) => {
    expect(nameToText(make.name(text))).toBe(expected)
  })

  test('show a value that is no text in hexadecimal', () => {
    const value = encode(tags.octetString, Uint8Array.of(1, 171))
    expect(nameToText(encode(tags.sequence, encode(tags.set, encode(tags.sequence, encodeOid('2.5.4.3'), value))))).toBe('CN=#040201ab')
  })

  test('are replaced by a DNS name where the subject is empty', () => {
    const san = make.extension('2.5.29.17', encode(tags.sequence, make.dns('a.example')), true)
    expect(describeSubject(parseCertificate(leaf(anchor, { subject: encode(tags.sequence), extensions: [san] }).der))).toBe(
      '(no subject, DNS name a.example)',
    )
  })
})

describe('a certificate against the rules of its own form is refused', () => {
  const integer = (...octets: number[]) => encode(tags.integer, Uint8Array.from(octets))
  const withExtension = (...more: Uint8Array[]) => leaf(anchor, { extensions: leafExtensions(more) }).der
  const replaced = (id: string, contents: Uint8Array, critical = false) =>
    leaf(anchor, { extensions: [make.extension(id, contents, critical)] }).der
  const time = make.utc('260101000000Z')
  const sha384 = encode(tags.sequence, encodeOid('1.2.840.10045.4.3.3'))
  const cases: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
    ['octets behind it', () => Uint8Array.of(...leaf(anchor).der, 0), /1 octets too many/],
    ['a field more', () => encode(tags.sequence, leaf(anchor).der, integer(1)), /./],
    ['two different signature algorithms', () => leaf(anchor, { outerAlgorithm: sha384 }).der, /the two signature algorithms differ/],
    ['version 4', () => leaf(anchor, { version: encode(constructedTag(0), integer(3)) }).der, /version 4/],
    ['version 1 spelt out', () => leaf(anchor, { version: encode(constructedTag(0), integer(0)) }).der, /version 1/],
    ['extensions in version 1', () => leaf(anchor, { version: new Uint8Array(0) }).der, /extensions in a certificate of version 1/],
    [
      'extensions in version 2',
      () => leaf(anchor, { version: encode(constructedTag(0), integer(1)) }).der,
      /extensions in a certificate of version 2/,
    ],
    ['a negative serial number', () => leaf(anchor, { serial: integer(0xff) }).der, /a negative serial number/],
    ['a serial number of 21 octets', () => leaf(anchor, { serial: integer(...new Array(21).fill(1)) }).der, /more than 20 octets/],
    ['an empty issuer', () => leaf(anchor, { issuer: encode(tags.sequence) }).der, /the issuer is empty/],
    ['an empty subject of a CA', () => root({ subject: encode(tags.sequence), issuer: 'x' }).der, /the subject of a CA is empty/],
    [
      'an empty part of a name',
      () => leaf(anchor, { subject: encode(tags.sequence, encode(tags.set)) }).der,
      /an empty RelativeDistinguishedName/,
    ],
    ['a time without a zone', () => leaf(anchor, { notAfter: make.utc('260101000000') }).der, /utcTime not of 12 digits and Z/],
    ['three times', () => leaf(anchor, { notAfter: Uint8Array.of(...time, ...time) }).der, /too many/],
    [
      'a unique identifier in version 1',
      () => leaf(anchor, { version: new Uint8Array(0), extensions: undefined, unique: [encode(contextTag(1), Uint8Array.of(0, 1))] }).der,
      /a unique identifier/,
    ],
    ['no extension in the list', () => leaf(anchor, { extensions: [] }).der, /an empty list/],
    ['an extension twice', () => withExtension(make.keyUsage('digitalSignature')), /extension 2\.5\.29\.15 is repeated/],
    [
      'critical FALSE',
      () => withExtension(encode(tags.sequence, encodeOid('1.2.3'), encode(tags.boolean, Uint8Array.of(0)), encode(tags.octetString))),
      /critical FALSE is the default/,
    ],
    ['an extension without contents', () => withExtension(encode(tags.sequence, encodeOid('1.2.3'))), /a value is missing/],
    ['basicConstraints with trailing octets', () => replaced('2.5.29.19', Uint8Array.of(0x30, 0, 0)), /too many/],
    ['a negative path length', () => replaced('2.5.29.19', encode(tags.sequence, integer(0xff))), /out of range/],
    ['an empty keyUsage', () => replaced('2.5.29.15', encode(tags.bitString, Uint8Array.of(0))), /keyUsage without a usage/],
    ['a keyUsage of zeros', () => replaced('2.5.29.15', encode(tags.bitString, Uint8Array.of(0, 0))), /keyUsage without a usage/],
    ['an empty extendedKeyUsage', () => replaced('2.5.29.37', encode(tags.sequence)), /an empty list/],
    ['an empty subjectAltName', () => replaced('2.5.29.17', encode(tags.sequence)), /an empty list/],
    [
      'an IP address of five octets',
      () => replaced('2.5.29.17', encode(tags.sequence, make.ip(1, 2, 3, 4, 5))),
      /an IP address of 5 octets/,
    ],
    ['a DNS name that is not ASCII', () => replaced('2.5.29.17', encode(tags.sequence, make.dns('b\xfccher.example'))), /not ASCII/],
    ['a name of no kind', () => replaced('2.5.29.17', encode(tags.sequence, encode(contextTag(9)))), /no kind of GeneralName/],
    ['a critical subjectKeyIdentifier', () => replaced('2.5.29.14', encode(tags.octetString), true), /subjectKeyIdentifier is critical/],
    ['a critical authorityKeyIdentifier', () => replaced('2.5.29.35', encode(tags.sequence), true), /authorityKeyIdentifier is critical/],
    ['a malformed authorityInfoAccess', () => replaced('1.3.6.1.5.5.7.1.1', encode(tags.octetString)), /sequence wanted/],
    ['an RSA key that is no pair of numbers', () => leaf(anchor, { spki: rsaKey(integer(5)) }).der, /a value is missing/],
    ['an RSA key with a modulus of zero', () => leaf(anchor, { spki: rsaKey(integer(0), integer(3)) }).der, /not positive/],
  ]
  test.each(cases)('%s', (_, certificate, message) => {
    expect(() => parseCertificate(certificate())).toThrow(message)
    expect(() => parseCertificate(certificate())).toThrow(CertificateError)
  })

  function rsaKey(...numbers: readonly Uint8Array[]): Uint8Array {
    const key = encode(tags.sequence, ...numbers)
    return encode(
      tags.sequence,
      encode(tags.sequence, encodeOid('1.2.840.113549.1.1.1'), encode(tags.null)),
      encode(tags.bitString, Uint8Array.of(0), key),
    )
  }
})

describe('what could be refused and is not', () => {
  test('serial number zero, which roots in use have', () => {
    expect(parseCertificate(leaf(anchor, { serial: encode(tags.integer, Uint8Array.of(0)) }).der).serial).toBe(0n)
  })

  test('zeros at the end of keyUsage, which roots in use have', () => {
    const { der } = leaf(anchor, { extensions: [make.extension('2.5.29.15', encode(tags.bitString, Uint8Array.of(0, 0x80)))] })
    expect(parseCertificate(der).extensions.keyUsage).toEqual(new Set(['digitalSignature']))
  })

  test('cA FALSE spelt out', () => {
    const contents = encode(tags.sequence, encode(tags.boolean, Uint8Array.of(0)))
    expect(
      parseCertificate(leaf(anchor, { extensions: [make.extension('2.5.29.19', contents)] }).der).extensions.basicConstraints?.ca,
    ).toBe(false)
  })
})

describe('keys that TLS 1.3 can’t use are read, and have no type', () => {
  const spki = (algorithm: Uint8Array) => encode(tags.sequence, algorithm, encode(tags.bitString, Uint8Array.of(0, 4)))
  test.each([
    ['a curve of no interest', encode(tags.sequence, encodeOid('1.2.840.10045.2.1'), encodeOid('1.3.132.0.10'))],
    ['a curve spelt out', encode(tags.sequence, encodeOid('1.2.840.10045.2.1'), encode(tags.sequence))],
    ['a curve left out', encode(tags.sequence, encodeOid('1.2.840.10045.2.1'))],
    ['Ed25519 with parameters', encode(tags.sequence, encodeOid('1.3.101.112'), encode(tags.null))],
    ['DSA', encode(tags.sequence, encodeOid('1.2.840.10040.4.1'))],
  ])('%s', (_, algorithm) => {
    expect(parseCertificate(leaf(anchor, { spki: spki(algorithm) }).der).publicKey.type).toBeUndefined()
  })
})

describe.each(providers())('with the provider $name', crypto => {
  test('every flipped bit of a certificate is refused', () => {
    const { der } = leaf(anchor)
    const store = createTrustStore({ roots: [anchor.der], crypto })
    const accepted = (chain: Uint8Array) => {
      try {
        return store.verify([chain], { name: 'example.com', now, purpose: 'server' }).verified
      } catch (error) {
        expect(error).toBeInstanceOf(TlsError)
        return false
      }
    }
    expect(accepted(der)).toBe(true)
    // Pure JavaScript takes some ten times as long: there one bit of each octet.
    const step = crypto.name === 'node' ? 1 : 7
    for (let bit = 0; bit < der.length * 8; bit += step) {
      const flipped = der.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      if (accepted(flipped)) throw new Error(`accepted with bit ${bit} flipped`)
    }
  })
})

test('what an extension says can be read by whoever knows it, also where nothing here does', () => {
  const [mine, alsoMine] = ['1.3.6.1.4.1.32473.1', '1.3.6.1.4.1.32473.2']
  const names = encode(tags.sequence, make.dns('a.example'))
  const extensions = [make.extension('2.5.29.17', names), make.extension(mine, make.latin1('evidence'))]
  const certificate = parseCertificate(leaf(anchor, { extensions }).der)
  expect(extensionValue(certificate, '2.5.29.17')).toEqual(names)
  expect(extensionValue(certificate, alsoMine)).toBeUndefined()
  extensionValue(certificate, mine)?.fill(0)
  expect(extensionValue(certificate, mine)).toEqual(make.latin1('evidence'))
  expect(extensionValue(parseCertificate(leaf(anchor, { extensions: undefined }).der), mine)).toBeUndefined()
})

test('no mutation makes the reader throw anything but a CertificateError', () => {
  const source = leaf(anchor, { extensions: leafExtensions([make.authorityKeyIdentifier('x'), make.subjectKeyIdentifier('y')]) }).der
  let refused = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(source.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
      fc.nat(source.length),
      (changes, length) => {
        const mutated = length % 4 === 0 ? source.slice(0, length) : source.slice()
        for (const [at, octet] of changes) mutated[at] = octet
        try {
          parseCertificate(mutated)
        } catch (error) {
          expect(error).toBeInstanceOf(CertificateError)
          refused++
        }
      },
    ),
    { numRuns: 2000 },
  )
  expect(refused).toBeGreaterThan(200)
})
