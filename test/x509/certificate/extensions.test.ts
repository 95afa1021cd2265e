import { describe, expect, test } from 'vitest'
import { constructedTag, contextTag, encode, encodeOid, readDer, tags } from '../../../src/wire/der.ts'
import { DecodeError } from '../../../src/wire/error.ts'
import { type Extensions, extensionIds, readExtensions } from '../../../src/x509/certificate/extensions.ts'
import * as make from '../build.ts'
import { address, constraints, directory, dns, email, incomparable, nameOf, uri } from '../constraints.ts'

const seq = (...parts: readonly Uint8Array[]): Uint8Array => encode(tags.sequence, ...parts)
const integer = (...octets: readonly number[]): Uint8Array => encode(tags.integer, Uint8Array.from(octets))
const bitString = (...octets: readonly number[]): Uint8Array => encode(tags.bitString, Uint8Array.from(octets))
const octetString = (text: string): Uint8Array => encode(tags.octetString, make.latin1(text))
const bool = (octet: number): Uint8Array => encode(tags.boolean, Uint8Array.of(octet))
const context = (number: number, ...octets: readonly number[]): Uint8Array => encode(contextTag(number), Uint8Array.from(octets))
const explicit = (number: number, ...parts: readonly Uint8Array[]): Uint8Array => encode(constructedTag(number), ...parts)
const oid = encodeOid
const policy = (id: string, ...qualifiers: readonly string[]): Uint8Array =>
  seq(oid(id), ...(qualifiers.length > 0 ? [seq(...qualifiers.map(qualifier => seq(oid(qualifier), encode(tags.ia5String))))] : []))
const access = (method: string, location: Uint8Array): Uint8Array => seq(oid(method), location)
const point = (...names: readonly Uint8Array[]): Uint8Array => explicit(0, explicit(0, ...names))

const ca = make.basicConstraints(true)
const cps = '1.3.6.1.5.5.7.2.1'
const notice = '1.3.6.1.5.5.7.2.2'
const ocspMethod = '1.3.6.1.5.5.7.48.1'
const caIssuers = '1.3.6.1.5.5.7.48.2'

type Id = keyof typeof extensionIds

function read(...extensions: readonly Uint8Array[]): Extensions {
  return readExtensions(readDer(seq(...extensions)))
}

function readOne(id: Id, value: Uint8Array, critical = false): Extensions {
  return read(make.extension(extensionIds[id], value, critical))
}

type Good = readonly [id: Id, what: string, value: Uint8Array, expected: Partial<Extensions>]
const good: readonly Good[] = [
  ['basicConstraints', 'of an end entity', seq(), { basicConstraints: { ca: false, pathLength: undefined } }],
  ['basicConstraints', 'of a CA', seq(bool(0xff)), { basicConstraints: { ca: true, pathLength: undefined } }],
  ['basicConstraints', 'with the path length 0', seq(bool(0xff), integer(0)), { basicConstraints: { ca: true, pathLength: 0 } }],
  [
    'basicConstraints',
    'with the longest path length',
    seq(bool(0xff), integer(0x7f, 0xff, 0xff, 0xff)),
    { basicConstraints: { ca: true, pathLength: 2 ** 31 - 1 } },
  ],
  ['keyUsage', 'with its first bit', bitString(7, 0x80), { keyUsage: new Set(['digitalSignature']) }],
  ['keyUsage', 'with its last bit, in a second octet', bitString(7, 0, 0x80), { keyUsage: new Set(['decipherOnly']) }],
  ['keyUsage', 'of a CA', bitString(1, 0x06), { keyUsage: new Set(['keyCertSign', 'cRLSign']) }],
  [
    'keyUsage',
    'with all that stand between',
    bitString(0, 0b0111_1001),
    { keyUsage: new Set(['contentCommitment', 'keyEncipherment', 'dataEncipherment', 'keyAgreement', 'encipherOnly']) },
  ],
  ['keyUsage', 'with bits that have no name', bitString(0, 0x80, 0x01), { keyUsage: new Set(['digitalSignature']) }],
  [
    'extendedKeyUsage',
    'of several',
    seq(oid('1.3.6.1.5.5.7.3.1'), oid('2.25.1')),
    { extendedKeyUsage: new Set(['1.3.6.1.5.5.7.3.1', '2.25.1']) },
  ],
  [
    'certificatePolicies',
    'with qualifiers that the RFC knows',
    seq(policy('1.2.3'), policy('2.5.29.32.0', cps, notice)),
    { certificatePolicies: new Set(['1.2.3', '2.5.29.32.0']), unknownCritical: [] },
  ],
  [
    'certificatePolicies',
    'with another qualifier',
    seq(policy('1.2.3', '1.2.4')),
    { certificatePolicies: new Set(['1.2.3']), unknownCritical: [] },
  ],
  [
    'policyMappings',
    'of several',
    seq(seq(oid('1.2.3'), oid('1.2.4')), seq(oid('1.2.3'), oid('1.2.5'))),
    {
      policyMappings: [
        { issuerDomain: '1.2.3', subjectDomain: '1.2.4' },
        { issuerDomain: '1.2.3', subjectDomain: '1.2.5' },
      ],
    },
  ],
  [
    'policyConstraints',
    'with one',
    seq(context(0, 0)),
    { policyConstraints: { requireExplicitPolicy: 0, inhibitPolicyMapping: undefined } },
  ],
  [
    'policyConstraints',
    'with the other',
    seq(context(1, 3)),
    { policyConstraints: { requireExplicitPolicy: undefined, inhibitPolicyMapping: 3 } },
  ],
  [
    'policyConstraints',
    'with both',
    seq(context(0, 1), context(1, 2)),
    { policyConstraints: { requireExplicitPolicy: 1, inhibitPolicyMapping: 2 } },
  ],
  ['inhibitAnyPolicy', 'of a number', integer(0), { inhibitAnyPolicy: 0 }],
  ['inhibitAnyPolicy', 'of more than an octet', integer(0, 0x80), { inhibitAnyPolicy: 128 }],
  ['subjectKeyIdentifier', 'of some octets', octetString('key'), { subjectKeyIdentifier: make.latin1('key') }],
  [
    'authorityKeyIdentifier',
    'of a key',
    seq(encode(contextTag(0), make.latin1('key'))),
    { authorityKeyIdentifier: { keyIdentifier: make.latin1('key'), issuer: undefined, serial: undefined } },
  ],
  [
    'authorityInfoAccess',
    'of both kinds',
    seq(access(ocspMethod, uri('http://a')), access(caIssuers, uri('http://b'))),
    accessOf('http://a', 'http://b'),
  ],
  ['authorityInfoAccess', 'without a URI', seq(access(ocspMethod, directory('C=US'))), accessOf()],
  ['authorityInfoAccess', 'by a method unheard of', seq(access('1.2.3', uri('http://a'))), accessOf()],
  ['tlsFeature', 'of the stapling of OCSP', seq(integer(5)), { tlsFeatures: new Set([5]) }],
  ['tlsFeature', 'of more', seq(integer(5), integer(17)), { tlsFeatures: new Set([5, 17]) }],
  ['sctList', 'of whatever stands in it', octetString('not looked into'), { sctList: make.latin1('not looked into') }],
  ['ocspNoCheck', 'that is there', encode(tags.null), { ocspNoCheck: true }],
]

function accessOf(ocsp?: string, caIssuers?: string): Partial<Extensions> {
  return { authorityInfoAccess: { ocsp: ocsp ? [ocsp] : [], caIssuers: caIssuers ? [caIssuers] : [] } }
}

describe('an extension becomes a value', () => {
  test.each(good)('%s %s', (id, _, value, expected) => {
    const extensions = readOne(id, value)
    expect(extensions).toMatchObject(expected)
    expect(extensions.critical.get(extensionIds[id])).toBe(false)
    expect(extensions.unknownCritical).toEqual([])
  })

  test('subjectAltName with names of each type', () => {
    const names = [
      dns('a.test'),
      email('user@a.test'),
      uri('urn:a'),
      address('192.0.2.1'),
      directory('C=US'),
      ...Object.values(incomparable),
    ]
    const { subjectAltName, issuerAltName } = read(
      make.extension(extensionIds.subjectAltName, seq(...names, address('0'.repeat(32))), true),
      make.extension(extensionIds.issuerAltName, seq(...names)),
    )
    expect(subjectAltName).toMatchObject({
      critical: true,
      dnsNames: ['a.test'],
      ipAddresses: [Uint8Array.of(192, 0, 2, 1), new Uint8Array(16)],
    })
    const types = ['dns', 'email', 'uri', 'ip', 'directory', 'other', 'x400', 'ediParty', 'registeredId']
    expect(subjectAltName?.names.map(({ type }) => type)).toEqual([...types, 'ip'])
    expect(issuerAltName).toEqual(subjectAltName?.names.slice(0, -1))
    expect(issuerAltName?.[0]).toEqual({ type: 'dns', name: 'a.test' })
    expect(issuerAltName?.[4]).toMatchObject({ name: { key: nameOf('C=US').key } })
    expect(issuerAltName?.[8]).toEqual({ type: 'registeredId', oid: '1.2.3' })
  })

  test('nameConstraints by the type of the names', () => {
    const value = constraints([dns('a.test'), email('a.test'), dns('b.test')], [uri('a.test')])
    const { permitted, excluded } = readOne('nameConstraints', value).nameConstraints ?? {}
    expect([...(permitted ?? [])]).toEqual([
      ['dns', [dns('a.test'), dns('b.test')].map(der => ({ type: 'dns', name: String.fromCharCode(...der.subarray(2)) }))],
      ['email', [{ type: 'email', address: 'a.test' }]],
    ])
    expect([...(excluded ?? [])]).toEqual([['uri', [{ type: 'uri', uri: 'a.test' }]]])
  })

  test('authorityKeyIdentifier that names a certificate', () => {
    const value = seq(explicit(1, directory('CN=Upper')), context(2, 1, 0))
    const { keyIdentifier, issuer, serial } = readOne('authorityKeyIdentifier', value).authorityKeyIdentifier ?? {}
    expect([keyIdentifier, serial]).toEqual([undefined, 256n])
    expect(issuer).toMatchObject([{ type: 'directory', name: { key: nameOf('CN=Upper').key } }])
  })

  test.each(['crlDistributionPoints', 'freshestCrl'] as const)('%s, each with what it has', id => {
    const relative = explicit(0, explicit(1, seq(oid('2.5.4.3'), encode(tags.utf8String, make.latin1('CRL1')))))
    const points = readOne(
      id,
      seq(
        seq(point(uri('http://a'), uri('http://b'))),
        // keyCompromise and aACompromise: the first bit that has a name, and the last.
        seq(relative, context(1, 7, 0x40, 0x80)),
        seq(explicit(2, directory('CN=Another'))),
      ),
    )[id]
    expect(points).toHaveLength(3)
    expect(points?.[0]).toEqual({
      name: { type: 'full', names: ['http://a', 'http://b'].map(uri => ({ type: 'uri', uri })) },
      reasons: undefined,
      crlIssuer: undefined,
    })
    expect(points?.[1]).toMatchObject({ name: { type: 'relative' }, reasons: new Set(['keyCompromise', 'aACompromise']) })
    expect(points?.[1]?.name).toMatchObject({ attributes: [{ type: '2.5.4.3', value: 'CRL1' }] })
    expect(points?.[2]).toMatchObject({ name: undefined, reasons: undefined, crlIssuer: [{ type: 'directory' }] })
  })

  test('none at all says nothing', () => {
    const { critical, unknownCritical, ocspNoCheck, ...rest } = readExtensions(undefined)
    expect([critical.size, unknownCritical, ocspNoCheck]).toEqual([0, [], false])
    for (const value of Object.values(rest)) expect(value).toBeUndefined()
  })
})

type Bad = readonly [id: Id, what: string, value: Uint8Array, message: RegExp]
const bad: readonly Bad[] = [
  ['basicConstraints', 'that are no SEQUENCE', encode(tags.set), /sequence wanted/],
  ['basicConstraints', 'with TRUE as 01', seq(bool(1)), /neither 00 nor FF/],
  ['basicConstraints', 'in the wrong order', seq(integer(0), bool(0xff)), /too many/],
  ['basicConstraints', 'with a path length of 2^31', seq(bool(0xff), integer(0, 0x80, 0, 0, 0)), /out of range/],
  ['basicConstraints', 'with a path length in too many octets', seq(bool(0xff), integer(0, 1)), /shortest form/],
  ['basicConstraints', 'with two path lengths', seq(bool(0xff), integer(1), integer(1)), /too many/],
  ['keyUsage', 'of another type', integer(1), /bitString wanted/],
  ['keyUsage', 'without octets', bitString(), /malformed BIT STRING/],
  ['keyUsage', 'with eight unused bits', bitString(8, 0x80), /malformed BIT STRING/],
  ['keyUsage', 'with an unused bit that is set', bitString(7, 0xc0), /unused bits are not 0/],
  ['keyUsage', 'with nothing but a bit that has no name', bitString(0, 0, 0x01), /keyUsage without a usage/],
  ['extendedKeyUsage', 'of something else', seq(integer(1)), /oid wanted/],
  ['extendedKeyUsage', 'with an OID that stops early', seq(encode(tags.oid, Uint8Array.of(42, 0x80))), /ends too early/],
  ['extendedKeyUsage', 'with an OID not in its shortest form', seq(encode(tags.oid, Uint8Array.of(42, 0x80, 1))), /shortest form/],
  ['subjectAltName', 'with an IP address and its mask', seq(address('10.0.0.0/255.0.0.0')), /IP address of 8 octets/],
  ['subjectAltName', 'with a DNS name in a constructed encoding', seq(encode(constructedTag(2), dns('a.test'))), /no kind of GeneralName/],
  ['subjectAltName', 'with an e-mail address that is not ASCII', seq(email('m\xfcller@a.test')), /not ASCII/],
  ['subjectAltName', 'with a URI that is not ASCII', seq(uri('urn:\xfc')), /not ASCII/],
  ['subjectAltName', 'with a directory name without its explicit tag', seq(encode(constructedTag(4))), /value is missing/],
  ['subjectAltName', 'with an identifier that is none', seq(context(8)), /ends too early/],
  ['issuerAltName', 'that is empty', seq(), /an empty list/],
  ['nameConstraints', 'that say nothing', seq(), /nameConstraints without a constraint/],
  ['certificatePolicies', 'that are none', seq(), /an empty list/],
  ['certificatePolicies', 'that name one twice', seq(policy('1.2.3'), policy('1.2.4'), policy('1.2.3')), /policy 1\.2\.3 is named twice/],
  ['certificatePolicies', 'with an empty list of qualifiers', seq(seq(oid('1.2.3'), seq())), /an empty list/],
  ['certificatePolicies', 'with a qualifier without a value', seq(seq(oid('1.2.3'), seq(seq(oid(cps))))), /a value is missing/],
  ['certificatePolicies', 'with something behind the qualifiers', seq(seq(oid('1.2.3'), seq(seq(oid(cps), seq())), seq())), /too many/],
  [
    'certificatePolicies',
    'with any policy qualified by something else',
    seq(policy('2.5.29.32.0', cps, '1.2.5')),
    /anyPolicy with a qualifier/,
  ],
  ['policyMappings', 'that are none', seq(), /an empty list/],
  ['policyMappings', 'with half a pair', seq(seq(oid('1.2.3'))), /a value is missing/],
  ['policyMappings', 'with three to a pair', seq(seq(oid('1.2.3'), oid('1.2.4'), oid('1.2.5'))), /too many/],
  ['policyConstraints', 'without one', seq(), /policyConstraints without a constraint/],
  ['policyConstraints', 'in the wrong order', seq(context(1, 0), context(0, 0)), /too many/],
  ['policyConstraints', 'with a negative number', seq(context(0, 0xff)), /out of range/],
  ['policyConstraints', 'with an explicit tag', seq(explicit(0, integer(0))), /too many/],
  ['policyConstraints', 'with an empty number', seq(context(0)), /an empty INTEGER/],
  ['inhibitAnyPolicy', 'of a negative number', integer(0xff), /out of range/],
  ['inhibitAnyPolicy', 'in a SEQUENCE', seq(integer(0)), /integer wanted/],
  ['subjectKeyIdentifier', 'of another type', bitString(0, 1), /octetString wanted/],
  ['authorityKeyIdentifier', 'with its parts in the wrong order', seq(context(2, 1), context(0, 1)), /too many/],
  ['authorityKeyIdentifier', 'with an issuer that is empty', seq(explicit(1), context(2, 1)), /an empty list/],
  ['authorityKeyIdentifier', 'with an issuer alone', seq(explicit(1, directory('CN=a'))), /not both/],
  ['authorityKeyIdentifier', 'with a serial number alone', seq(context(0, 1), context(2, 1)), /not both/],
  ['authorityKeyIdentifier', 'of another type', octetString('key'), /sequence wanted/],
  ['crlDistributionPoints', 'that are none', seq(), /an empty list/],
  ['crlDistributionPoints', 'with one that says nothing', seq(seq()), /neither a name nor an issuer/],
  ['crlDistributionPoints', 'with one that has reasons alone', seq(seq(context(1, 6, 0x40))), /neither a name nor an issuer/],
  ['crlDistributionPoints', 'with one that has no name in its name', seq(seq(explicit(0, explicit(0)))), /an empty list/],
  ['crlDistributionPoints', 'with an empty relative name', seq(seq(explicit(0, explicit(1)))), /an empty RelativeDistinguishedName/],
  ['crlDistributionPoints', 'with a name of a third kind', seq(seq(explicit(0, explicit(2, uri('urn:a'))))), /\[1\] wanted/],
  [
    'crlDistributionPoints',
    'with two kinds of name',
    seq(seq(explicit(0, explicit(0, uri('urn:a')), explicit(0, uri('urn:a'))))),
    /too many/,
  ],
  ['crlDistributionPoints', 'with reasons that are no BIT STRING', seq(seq(point(uri('urn:a')), context(1))), /malformed BIT STRING/],
  ['freshestCrl', 'that are none', seq(), /an empty list/],
  ['authorityInfoAccess', 'that is empty', seq(), /an empty list/],
  ['authorityInfoAccess', 'without a location', seq(seq(oid(ocspMethod))), /a value is missing/],
  ['authorityInfoAccess', 'with two locations', seq(seq(oid(ocspMethod), uri('urn:a'), uri('urn:b'))), /too many/],
  ['tlsFeature', 'of none', seq(), /an empty list/],
  ['tlsFeature', 'of a negative one', seq(integer(0xff)), /out of range/],
  ['tlsFeature', 'of something else', seq(bool(0xff)), /integer wanted/],
  ['sctList', 'without its OCTET STRING', make.latin1('\0\0'), /./],
]

describe('an extension is refused', () => {
  test.each(bad)('%s %s', (id, _, value, message) => {
    for (const critical of [false, true]) {
      if (critical && id.endsWith('KeyIdentifier')) continue
      expect(() => readOne(id, value, critical)).toThrow(message)
      expect(() => readOne(id, value, critical)).toThrow(DecodeError)
    }
  })

  test.each(good.filter(([id]) => id !== 'ocspNoCheck'))('%s %s, cut short anywhere or with an octet behind it', (id, _, value) => {
    expect(() => readOne(id, Uint8Array.of(...value, 0))).toThrow(DecodeError)
    for (let length = 0; length < value.length; length++) expect(() => readOne(id, value.subarray(0, length))).toThrow(DecodeError)
  })

  test.each(good)('%s %s with an octet changed, or read as something else, but never with another error', (id, _, value) => {
    for (let at = 0; at < value.length; at++) {
      for (const change of [0x01, 0x20, 0x80, 0xff]) {
        const changed = value.with(at, (value[at] ?? 0) ^ change)
        try {
          readOne(id, changed)
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error
        }
      }
    }
  })
})

describe('extensions together', () => {
  test('say which are critical, and which of those nobody knows', () => {
    const { critical, unknownCritical } = read(
      make.extension('1.2.3', Uint8Array.of(1), true),
      make.extension('1.2.4', Uint8Array.of(1)),
      ca,
      make.extension('1.2.5', Uint8Array.of(1), true),
    )
    expect(unknownCritical).toEqual(['1.2.3', '1.2.5'])
    expect([...critical]).toEqual([
      ['1.2.3', true],
      ['1.2.4', false],
      ['2.5.29.19', true],
      ['1.2.5', true],
    ])
  })

  test('know all that is read, critical or not, but for what nothing here could see to', () => {
    const hardly: ReadonlySet<string> = new Set(['ocspNoCheck', 'sctList'])
    for (const [id, , value] of good) {
      if (id.endsWith('KeyIdentifier') || id === 'tlsFeature' || value === good.find(([, what]) => what === 'with another qualifier')?.[2])
        continue
      expect(readOne(id, value, true).unknownCritical, id).toEqual(hardly.has(id) ? [extensionIds[id]] : [])
    }
    expect(readOne('tlsFeature', seq(integer(5)), true).unknownCritical).toEqual([])
    expect(readOne('tlsFeature', seq(integer(5), integer(17)), true).unknownCritical).toEqual([extensionIds.tlsFeature])
  })

  test('are refused where one of the critical policies has a qualifier that nobody knows', () => {
    const value = seq(policy('1.2.3', cps), policy('1.2.4', cps, '1.2.5'))
    expect(readOne('certificatePolicies', value, true).unknownCritical).toEqual(['2.5.29.32 with a qualifier that is unknown'])
    expect(readOne('certificatePolicies', value).unknownCritical).toEqual([])
  })

  test.each<readonly [string, readonly Uint8Array[], RegExp]>([
    ['none in the list', [], /an empty list/],
    ['one twice, be it critical or not', [make.extension('1.2.3', seq(), true), make.extension('1.2.3', seq())], /1\.2\.3 is repeated/],
    ['one that nobody knows twice', [make.extension('1.2.3', seq()), ca, make.extension('1.2.3', seq())], /1\.2\.3 is repeated/],
    ['one with FALSE spelt out', [seq(oid('1.2.3'), bool(0), octetString(''))], /critical FALSE is the default/],
    ['one with TRUE as 01', [seq(oid('1.2.3'), bool(1), octetString(''))], /neither 00 nor FF/],
    ['one with its value in no OCTET STRING', [seq(oid('1.2.3'), bitString(0))], /octetString wanted/],
    ['one with two values', [seq(oid('1.2.3'), octetString(''), octetString(''))], /too many/],
    ['one without a name', [seq(octetString(''))], /oid wanted/],
    ['a subjectKeyIdentifier that is critical', [make.extension(extensionIds.subjectKeyIdentifier, octetString('a'), true)], /is critical/],
    ['an authorityKeyIdentifier that is critical', [make.extension(extensionIds.authorityKeyIdentifier, seq(), true)], /is critical/],
  ])('are refused with %s', (_, extensions, message) => {
    expect(() => read(...extensions)).toThrow(message)
    expect(() => read(...extensions)).toThrow(DecodeError)
  })
})
