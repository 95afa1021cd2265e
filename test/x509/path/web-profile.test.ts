import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { constructedTag, contextTag, encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { type ChainOptions, type TrustAnchor, trustAnchor, verifyChain } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import type { Built, Order } from '../build.ts'
import * as make from '../build.ts'
import { constraints, directory, dns } from '../constraints.ts'
import { faultOf } from '../judge.ts'

const [crypto] = providers()
if (!crypto) throw new Error('there is no provider')

const serialZero = encode(tags.integer, Uint8Array.of(0))
const noSubject = encode(tags.sequence)
const oddRsa = generateKeyPairSync('rsa', { modulusLength: 2050 })
const signedByRsa = encode(tags.sequence, encodeOid('1.2.840.113549.1.1.11'), encode(tags.null))

const ski = (text: string): Uint8Array => make.subjectKeyIdentifier(text)
const aki = (text: string): Uint8Array => make.authorityKeyIdentifier(text)
const plainConstraints = (ca: boolean): Uint8Array => make.extension('2.5.29.19', encode(tags.sequence, ...(ca ? [truth] : [])))
const truth = encode(tags.boolean, Uint8Array.of(0xff))
/** An authorityKeyIdentifier that names a certificate, and a key where one is given. */
const namingAki = (key?: string): Uint8Array => {
  const keyId = key === undefined ? [] : [encode(contextTag(0), make.latin1(key))]
  return make.extension(
    '2.5.29.35',
    encode(tags.sequence, ...keyId, encode(constructedTag(1), directory('CN=Root')), encode(contextTag(2), Uint8Array.of(7))),
  )
}
const explicitPolicy = encode(tags.sequence, encode(contextTag(0), Uint8Array.of(9)))
const purposes = (...ids: readonly string[]): Uint8Array => encode(tags.sequence, ...ids.map(encodeOid))

const rootExtensions = [make.basicConstraints(true), make.keyUsage('keyCertSign'), ski('root')]
const caExtensions = [make.basicConstraints(true), make.keyUsage('keyCertSign'), ski('ca'), aki('root')]
const leafExtensions = [
  make.keyUsage('digitalSignature'),
  make.extendedKeyUsage('serverAuth'),
  make.subjectAltName(dns('example.com')),
  aki('ca'),
]

interface Orders {
  readonly leaf?: Order
  readonly ca?: Order
  readonly root?: Order
}

type Request = Partial<ChainOptions>

/** A chain that keeps all of the profile's rules, but for what is ordered otherwise. */
function built({ leaf, ca, root }: Orders): { readonly chain: readonly Built[]; readonly root: Built } {
  const top = make.root({ extensions: rootExtensions, ...root })
  const middle = make.intermediate(top, { extensions: caExtensions, ...ca })
  return { chain: [make.leaf(middle, { extensions: leafExtensions, ...leaf }), middle], root: top }
}

function verify(orders: Orders, request: Request = {}, anchorOf: (root: Built) => Uint8Array | TrustAnchor = ({ der }) => der): number {
  const { chain, root } = built(orders)
  const options: ChainOptions = {
    crypto,
    now: make.now,
    purpose: 'server',
    profile: 'web',
    anchors: [anchorOf(root)],
    ...request,
  } as ChainOptions
  const ders = chain.map(({ der }) => der)
  return verifyChain(ders, options).path.length
}

const leafWith = (...more: readonly Uint8Array[]): Orders => ({ leaf: { extensions: [...leafExtensions, ...more] } })
const leafFor = (id: string, value: Uint8Array, critical = false): Orders => ({
  leaf: { extensions: leafExtensions.with(1, make.extension(id, value, critical)) },
})
const leafNamed = (name: string, subject: string | Uint8Array = noSubject): Orders => ({
  leaf: { subject, extensions: leafExtensions.with(2, san([dns(name)], subject === noSubject)) },
})
const san = (names: readonly Uint8Array[], critical: boolean): Uint8Array =>
  make.extension('2.5.29.17', encode(tags.sequence, ...names), critical)
const caWith = (...more: readonly Uint8Array[]): Orders => ({ ca: { extensions: [...caExtensions, ...more] } })
const rootWith = (...more: readonly Uint8Array[]): Orders => ({ root: { extensions: [...rootExtensions, ...more] } })

test('a chain that keeps all the rules is accepted, for a server and for a client', () => {
  expect(verify({}, { name: 'example.com' })).toBe(2)
  expect(verify({ leaf: { extensions: leafExtensions.with(1, make.extendedKeyUsage('clientAuth')) } }, { purpose: 'client' })).toBe(2)
})

describe('each rule alone, broken, refuses the chain under the profile and not without', () => {
  const dotted = (excluded: boolean): Uint8Array =>
    make.extension(
      '2.5.29.30',
      excluded ? constraints([], [dns('.example.org')]) : constraints([dns('example.com'), dns('.example.com')]),
      true,
    )
  type Case = readonly [what: string, depth: 0 | 1 | 2, rule: string, message: RegExp, orders: Orders]
  const cases: readonly Case[] = [
    ['an end entity with a key on another curve', 0, 'BR 6.1.5', /a key of a kind/, { leaf: { keys: make.newKeys('secp256k1') } }],
    ['an end entity with an odd RSA key', 0, 'BR 6.1.5', /2050 bits, not a multiple of 8/, { leaf: { keys: oddRsa } }],
    ['an end entity with the serial number 0', 0, 'RFC 5280 §4.1.2.2', /serial number 0/, { leaf: { serial: serialZero } }],
    ['an end entity of version 1', 0, 'BR 7.1.1', /version 1/, { leaf: { version: new Uint8Array(0), extensions: undefined } }],
    ['an end entity that is a CA', 0, 'BR 7.1.2.7.8', /is a CA/, leafWith(make.basicConstraints(true))],
    [
      'an end entity that may sign certificates',
      0,
      'RFC 5280 §4.2.1.9',
      /may sign certificates/,
      { leaf: { extensions: leafExtensions.with(0, make.keyUsage('digitalSignature', 'keyCertSign')) } },
    ],
    [
      'an end entity with nameConstraints',
      0,
      'RFC 5280 §4.2.1.10',
      /has nameConstraints/,
      leafWith(make.extension('2.5.29.30', constraints([dns('example.com')]), true)),
    ],
    [
      'an end entity with a critical authorityInfoAccess',
      0,
      'RFC 5280 §4.2.2.1',
      /authorityInfoAccess that is critical/,
      leafWith(make.extension('1.3.6.1.5.5.7.1.1', encode(tags.sequence, encode(tags.sequence, encodeOid('1.2.3'), dns('a'))), true)),
    ],
    ['a server without a purpose', 0, 'BR 7.1.2.7.10', /what it is for/, { leaf: { extensions: leafExtensions.toSpliced(1, 1) } }],
    [
      'an end entity for anything',
      0,
      'BR 7.1.2.7.10',
      /is for anything/,
      leafFor('2.5.29.37', purposes('1.3.6.1.5.5.7.3.1', '2.5.29.37.0')),
    ],
    ...(
      [
        ['code signing', '1.3.6.1.5.5.7.3.3'],
        ['e-mail', '1.3.6.1.5.5.7.3.4'],
        ['time stamping', '1.3.6.1.5.5.7.3.8'],
        ['OCSP responses', '1.3.6.1.5.5.7.3.9'],
      ] as const
    ).map(
      ([use, id]): Case => [
        `an end entity for ${use} too`,
        0,
        'BR 7.1.2.7.10',
        new RegExp(`is for ${use} too`),
        leafFor('2.5.29.37', purposes('1.3.6.1.5.5.7.3.1', id)),
      ],
    ),
    [
      'an end entity with a critical extendedKeyUsage',
      0,
      'BR 7.1.2.7.10',
      /extendedKeyUsage that is critical/,
      leafFor('2.5.29.37', purposes('1.3.6.1.5.5.7.3.1'), true),
    ],
    [
      'a critical subjectAltName beside a subject',
      0,
      'BR 7.1.2.7.12',
      /critical subjectAltName beside a subject/,
      { leaf: { extensions: leafExtensions.with(2, san([dns('example.com')], true)) } },
    ],
    [
      'an end entity without authorityKeyIdentifier',
      0,
      'RFC 5280 §4.2.1.1',
      /no authorityKeyId/,
      { leaf: { extensions: leafExtensions.slice(0, 3) } },
    ],
    [
      'an end entity whose authorityKeyIdentifier names no key',
      0,
      'RFC 5280 §4.2.1.1',
      /no authorityKeyId/,
      { leaf: { extensions: leafExtensions.with(3, namingAki()) } },
    ],
    ['an intermediate with an odd RSA key', 1, 'BR 6.1.5', /2050 bits/, { ca: { keys: oddRsa }, leaf: { algorithm: signedByRsa } }],
    ['an intermediate with the serial number 0', 1, 'RFC 5280 §4.1.2.2', /serial number 0/, { ca: { serial: serialZero } }],
    [
      'an intermediate whose basicConstraints are not critical',
      1,
      'RFC 5280 §4.2.1.9',
      /basicConstraints that are not critical/,
      { ca: { extensions: caExtensions.with(0, plainConstraints(true)) } },
    ],
    [
      'an intermediate whose policyConstraints are not critical',
      1,
      'RFC 5280 §4.2.1.11',
      /policyConstraints that are not critical/,
      caWith(make.extension('2.5.29.36', explicitPolicy)),
    ],
    [
      'an intermediate without subjectKeyIdentifier',
      1,
      'RFC 5280 §4.2.1.2',
      /no subjectKeyIdentifier/,
      { ca: { extensions: caExtensions.toSpliced(2, 1) } },
    ],
    ['an intermediate that permits names with a dot in front', 1, 'RFC 5280 §4.2.1.10', /dot in front/, caWith(dotted(false))],
    ['an intermediate that excludes names with a dot in front', 1, 'RFC 5280 §4.2.1.10', /dot in front/, caWith(dotted(true))],
    [
      'an intermediate without authorityKeyIdentifier',
      1,
      'RFC 5280 §4.2.1.1',
      /no authorityKeyId/,
      { ca: { extensions: caExtensions.slice(0, 3) } },
    ],
    [
      'a root with an odd RSA key',
      2,
      'BR 6.1.5',
      /2050 bits/,
      { root: { keys: oddRsa, algorithm: signedByRsa }, ca: { algorithm: signedByRsa } },
    ],
    [
      'a root whose basicConstraints are not critical',
      2,
      'RFC 5280 §4.2.1.9',
      /basicConstraints that are not critical/,
      { root: { extensions: rootExtensions.with(0, plainConstraints(true)) } },
    ],
    [
      'a root without subjectKeyIdentifier',
      2,
      'RFC 5280 §4.2.1.2',
      /no subjectKeyId/,
      { root: { extensions: rootExtensions.slice(0, 2) } },
    ],
    ['a root that permits names with a dot in front', 2, 'RFC 5280 §4.2.1.10', /dot in front/, rootWith(dotted(false))],
    ['a root with a purpose', 2, 'BR 7.1.2.1.2', /root with an extendedKeyUsage/, rootWith(make.extendedKeyUsage('serverAuth'))],
    ['a root whose authorityKeyIdentifier names no key', 2, 'BR 7.1.2.1.3', /without the identifier of a key/, rootWith(namingAki())],
    ['a root whose authorityKeyIdentifier names a certificate', 2, 'BR 7.1.2.1.3', /names an issuer/, rootWith(namingAki('root'))],
    ['a root whose two key identifiers differ', 2, 'BR 7.1.2.1.3', /two key identifiers differ/, rootWith(aki('toor'))],
  ]
  test.each(cases)('%s', (_, depth, rule, message, orders) => {
    const error = faultOf(() => verify(orders))
    expect(error.message).toMatch(message)
    expect(error).toMatchObject({ code: 'certificate-profile', depth, rule, alert: 'bad_certificate' })
    expect(verify(orders, { profile: 'rfc5280' })).toBe(2)
  })
})

describe('what the rules leave alone', () => {
  test.each<readonly [string, Orders]>([
    [
      'an end entity for servers and clients',
      { leaf: { extensions: leafExtensions.with(1, make.extendedKeyUsage('serverAuth', 'clientAuth')) } },
    ],
    ['an end entity whose basicConstraints say no', leafWith(make.basicConstraints(false))],
    ['a critical subjectAltName in the place of a subject', leafNamed('example.com')],
    ['an authorityKeyIdentifier that names a certificate too', { leaf: { extensions: leafExtensions.with(3, namingAki('ca')) } }],
    ['an intermediate with a purpose', caWith(make.extendedKeyUsage('serverAuth'))],
    ['policyConstraints that are critical', caWith(make.extension('2.5.29.36', explicitPolicy, true))],
    ['DNS names constrained without a dot in front', caWith(make.extension('2.5.29.30', constraints([dns('example.com')]), true))],
    ['directory names that look as if', caWith(make.extension('2.5.29.30', constraints([], [directory('CN=.example.com')]), true))],
    ['a root with the serial number 0', { root: { serial: serialZero } }],
    ['a root whose two key identifiers are one', rootWith(aki('root'))],
    ['a root that another issued, whatever key it names', { root: { issuer: 'Elder', extensions: [...rootExtensions, aki('elder')] } }],
  ])('%s', (_, orders) => {
    expect(verify(orders)).toBe(2)
  })

  test('an end entity without a purpose, where none is asked for', () => {
    expect(verify({ leaf: { extensions: leafExtensions.toSpliced(1, 1) } }, { purpose: 'any' })).toBe(2)
  })

  test('a root’s certificate where its extensions do not count, or that is not there', () => {
    const orders: Orders = { root: { extensions: [make.basicConstraints(true)] } }
    expect(faultOf(() => verify(orders)).code).toBe('certificate-profile')
    expect(verify(orders, {}, ({ der }) => trustAnchor(der, { constraints: false }))).toBe(2)
    expect(verify(orders, {}, ({ subject, keys }) => ({ subject, publicKey: make.spkiOf(keys) }))).toBe(2)
  })
})

describe('DNS names of the public web', () => {
  test.each([
    'example.com',
    '*.example.com',
    'EXAMPLE.com',
    'localhost',
    'xn--bcher-kva.example',
    '1.example.com',
    `${'x'.repeat(63)}.com`,
    'a-b.com',
  ])('%j is one', name => {
    expect(verify(leafNamed(name))).toBe(2)
  })

  test.each([
    ...[
      '*',
      '*.com',
      '*.',
      'w*.example.com',
      'a.*.com',
      '*.*.example.com',
      '**.example.com',
      'x_y.example.com',
      'example.com.',
      '.example.com',
    ],
    ...[
      '',
      'a..example.com',
      '-a.example.com',
      'a-.example.com',
      `${'x'.repeat(64)}.com`,
      'a b.example.com',
      'example.com\0.org',
      'a@example.com',
    ],
  ])('%j is none', name => {
    const error = faultOf(() => verify(leafNamed(name)))
    expect(error.message).toMatch(/which is none of the public web/)
    expect(error).toMatchObject({ code: 'certificate-profile', depth: 0, rule: 'BR 7.1.2.7.12' })
    expect(verify(leafNamed(name), { profile: 'rfc5280' })).toBe(2)
  })

  test('are looked at all, however good the first is', () => {
    const extensions = leafExtensions.with(2, make.subjectAltName(dns('example.com'), dns('a_b.example.com')))
    expect(faultOf(() => verify({ leaf: { extensions } }, { name: 'example.com' })).code).toBe('certificate-profile')
  })
})

describe('a common name', () => {
  const addresses = (...texts: readonly string[]): Uint8Array => san([dns('www.example.com'), ...texts.map(addressOf)], false)
  const named = (subject: string, ...texts: readonly string[]): Orders => ({
    leaf: { subject, extensions: leafExtensions.with(2, addresses(...texts)) },
  })

  test.each<readonly [string, ...(readonly string[])]>([
    ['www.example.com'],
    ['Example Inc.'],
    ['192.0.2.1', '192.0.2.1'],
    // RFC 5952 §4.
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
    ['2001:0:0:1::1', '20010000000000010000000000000001'],
    ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
    ['2001:db8:100::abcd', '20010db801000000000000000000abcd'],
    ['::1:1:1:1:1:1', '00000000000100010001000100010001'],
    ['1:1:1:1:1:1::', '00010001000100010001000100000000'],
  ])('%j may repeat a name', (subject, ...texts) => {
    expect(verify(named(subject, ...texts))).toBe(2)
  })

  test.each<readonly [string, ...(readonly string[])]>([
    ['WWW.example.com'],
    ['192.0.2.1'],
    ['192.0.2.2', '192.0.2.1'],
    ['192.0.2.01', '192.0.2.1'],
    ['0xc0000201', '192.0.2.1'],
    ['3221225985', '192.0.2.1'],
    ['2001:DB8::1', '20010db8000000000000000000000001'],
    ['2001:db8:0:0:0:0:0:1', '20010db8000000000000000000000001'],
    ['2001:0db8::1', '20010db8000000000000000000000001'],
    ['2001:db8::1:1:1:1:1', '20010db8000000010001000100010001'],
    ['2001::1:0:0:0:1', '20010000000000010000000000000001'],
    ['2001:db8:0:0:1::1', '20010db8000000000001000000000001'],
    ['bücher.example'],
    ['xn--bcher-kva.example'],
    ['www.xn--bcher-kva.example'],
  ])('%j may not look like one and be none', (subject, ...texts) => {
    const error = faultOf(() => verify(named(subject, ...texts)))
    expect(error.message).toContain(`has the common name ${JSON.stringify(subject)}, which is not in subjectAltName`)
    expect(error).toMatchObject({ code: 'certificate-profile', depth: 0, rule: 'BR 7.1.4.3' })
    expect(verify(named(subject, ...texts), { profile: 'rfc5280' })).toBe(2)
  })

  test('among several is looked at, whichever it is', () => {
    const attribute = (text: string): Uint8Array =>
      encode(tags.set, encode(tags.sequence, encodeOid('2.5.4.3'), encode(tags.utf8String, make.latin1(text))))
    for (const texts of [
      ['192.0.2.9', 'www.example.com'],
      ['www.example.com', '192.0.2.9'],
    ]) {
      const subject = encode(tags.sequence, ...texts.map(attribute))
      const extensions = leafExtensions.with(2, addresses())
      expect(faultOf(() => verify({ leaf: { subject, extensions } })).message).toMatch(/common name "192.0.2.9"/)
    }
  })

  function addressOf(text: string): Uint8Array {
    return make.ip(...(text.includes('.') ? text.split('.').map(Number) : Buffer.from(text, 'hex')))
  }
})

test('another profile than the two is the caller’s mistake', () => {
  for (const profile of ['Web', '', null]) {
    expect(() => verify({}, { profile } as unknown as Request)).toThrow(TypeError)
    expect(() => verify({}, { profile } as unknown as Request)).toThrow(/the profile is "rfc5280" or "web"/)
  }
})
