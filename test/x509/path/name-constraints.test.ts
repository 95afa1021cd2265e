import { describe, expect, test } from 'vitest'
import { encode, readDer, tags } from '../../../src/wire/der.ts'
import { readName, sameName } from '../../../src/x509/certificate/distinguished-name.ts'
import { readNameConstraints } from '../../../src/x509/certificate/name-constraints.ts'
import { Budget, limitsOf } from '../../../src/x509/path/budget.ts'
import { ConstraintJudge } from '../../../src/x509/path/constrained-names.ts'
import * as make from '../build.ts'
import { address, constraints, directory, distinguishedName, dns, email, generalName, incomparable, nameOf, uri } from '../constraints.ts'

/** What becomes of a name: where its base is the only one permitted, and where it is the only one excluded. */
type Row = readonly [base: string, name: string, permitted: boolean, excluded: boolean]

function judgeRows(rows: readonly Row[], encodeBase: (text: string) => Uint8Array, encodeName = encodeBase): void {
  test.each(rows)('%j and %j', (base, name, permitted, excluded) => {
    expect(isAllowed([encodeBase(base)], [], encodeName(name)), 'with the base permitted').toBe(permitted)
    expect(isAllowed([], [encodeBase(base)], encodeName(name)), 'with the base excluded').toBe(!excluded)
  })
}

/** Whether such names of subjectAltName, beside an empty subject, are allowed. */
function isAllowed(permitted: readonly Uint8Array[], excluded: readonly Uint8Array[], ...names: readonly Uint8Array[]): boolean {
  return problemOf(permitted, excluded, '', ...names) === undefined
}

function problemOf(
  permitted: readonly Uint8Array[],
  excluded: readonly Uint8Array[],
  subject: string,
  ...names: readonly Uint8Array[]
): string | undefined {
  const read = readNameConstraints(readDer(constraints(permitted, excluded)))
  const certificate = { subject: nameOf(subject), extensions: { subjectAltName: { names: names.map(generalName) } } }
  return new ConstraintJudge(new Budget(limitsOf())).problem(read, certificate)
}

const inside = [true, true] as const
const outside = [false, false] as const
/** Some of what a wildcard stands for is inside. */
const partly = [false, true] as const
/** Nobody can tell. */
const unclear = [false, true] as const

describe('DNS names', () => {
  judgeRows(
    [
      ['example.com', 'example.com', ...inside],
      ['example.com', 'www.example.com', ...inside],
      ['example.com', 'a.b.c.example.com', ...inside],
      ['example.com', 'badexample.com', ...outside],
      ['example.com', 'example.com.test', ...outside],
      ['example.com', 'com', ...outside],
      ['example.com', 'example.org', ...outside],
      ['EXAMPLE.com', 'www.eXample.COM', ...inside],
      ['example.com', 'www.example.com.', ...inside],
      ['.example.com', 'www.example.com', ...inside],
      ['.example.com', 'example.com', ...outside],
      ['.example.com', 'badexample.com', ...outside],
      ['com', 'example.com', ...inside],
      ['', 'example.com', ...inside],
      ['.', 'example.com', ...inside],
      ['x_y.example.com', 'x_y.example.com', ...inside],
      ['xn--bcher-kva.example', 'xn--bcher-kva.example', ...inside],
    ],
    dns,
  )
})

describe('wildcards stand for all their names where they are permitted, and for each where they are excluded', () => {
  judgeRows(
    [
      ['example.com', '*.example.com', ...inside],
      ['.example.com', '*.example.com', ...inside],
      ['com', '*.example.com', ...inside],
      ['', '*.example.com', ...inside],
      ['www.example.com', '*.example.com', ...partly],
      ['WWW.Example.com', '*.eXample.com', ...partly],
      ['example.com', '*.com', ...partly],
      // One label and no more.
      ['a.www.example.com', '*.example.com', ...outside],
      ['.www.example.com', '*.example.com', ...outside],
      ['.example.com', '*.com', ...outside],
      ['example.org', '*.example.com', ...outside],
      ['www.badexample.com', '*.example.com', ...outside],
    ],
    dns,
  )
})

describe('what is no domain can’t be compared, and is refused where DNS names are constrained', () => {
  const names = [
    '',
    '.',
    '*',
    '*.',
    '*.*.example.com',
    'w*.example.com',
    'www.*.example.com',
    'a..example.com',
    '.example.com',
    ' example.com',
  ]
  const more = ['www.example.com\0', 'www.example.com..', '-www.example.com', 'www-.example.com', 'a b.example.com', 'user@example.com']
  const long = [`${'x'.repeat(64)}.example.com`, `${'x.'.repeat(130)}com`, '[2001:db8::1]', 'https://example.com']
  judgeRows(
    [...names, ...more, ...long].map(name => ['example.com', name, ...unclear]),
    dns,
  )

  test('and goes through where they are not', () => {
    for (const name of names) expect(isAllowed([email('example.com')], [directory('C=US')], dns(name))).toBe(true)
  })
})

describe('IP addresses', () => {
  judgeRows(
    [
      ['10.0.0.0/255.0.0.0', '10.255.0.1', ...inside],
      ['10.0.0.0/255.0.0.0', '11.0.0.0', ...outside],
      ['192.0.2.128/255.255.255.128', '192.0.2.128', ...inside],
      ['192.0.2.128/255.255.255.128', '192.0.2.127', ...outside],
      ['192.0.2.1/255.255.255.255', '192.0.2.1', ...inside],
      ['192.0.2.1/255.255.255.255', '192.0.2.0', ...outside],
      ['0.0.0.0/0.0.0.0', '203.0.113.9', ...inside],
      // What stands below the mask says nothing.
      ['192.0.2.77/255.255.255.0', '192.0.2.9', ...inside],
      // Neither does a range of one version speak of the other, however the address is written.
      ['0.0.0.0/0.0.0.0', '00000000000000000000ffffc0000201', ...outside],
      [`${'0'.repeat(32)}/${'0'.repeat(32)}`, '192.0.2.1', ...outside],
      [`20010db8${'0'.repeat(24)}/ffffffff${'0'.repeat(24)}`, `20010db8${'f'.repeat(24)}`, ...inside],
      [`20010db8${'0'.repeat(24)}/ffffffff${'0'.repeat(24)}`, `20010db9${'0'.repeat(24)}`, ...outside],
    ],
    address,
  )
})

describe('e-mail addresses', () => {
  judgeRows(
    [
      // One mailbox.
      ['user@example.com', 'user@example.com', ...inside],
      ['user@example.com', 'user@EXAMPLE.com', ...inside],
      ['user@example.com', 'User@example.com', ...outside],
      ['user@example.com', 'other@example.com', ...outside],
      ['user@example.com', 'user@www.example.com', ...outside],
      // One host.
      ['example.com', 'user@example.com', ...inside],
      ['eXample.com', 'user@Example.com', ...inside],
      ['example.com', 'user@www.example.com', ...outside],
      ['example.com', 'user@badexample.com', ...outside],
      // All hosts below.
      ['.example.com', 'user@www.example.com', ...inside],
      ['.example.com', 'user@a.b.example.com', ...inside],
      ['.example.com', 'user@example.com', ...outside],
      ['.example.com', 'user@badexample.com', ...outside],
      ['', 'user@example.com', ...inside],
      ["o'neil+tag@example.com", "o'neil+tag@example.com", ...inside],
      // What can’t be compared.
      ['example.com', 'user', ...unclear],
      ['example.com', '@example.com', ...unclear],
      ['example.com', 'user@', ...unclear],
      ['example.com', 'a@b@example.com', ...unclear],
      ['example.com', '"a@evil.test"@example.com', ...unclear],
      ['example.com', 'user@example.com.', ...unclear],
      ['example.com', 'user@[192.0.2.1]', ...unclear],
      ['example.com', 'user name@example.com', ...unclear],
      ['example.com', 'user@example.com\0', ...unclear],
    ],
    email,
  )
})

describe('URIs', () => {
  judgeRows(
    [
      ['example.com', 'https://example.com', ...inside],
      ['example.com', 'https://example.com/path?query#fragment', ...inside],
      ['EXAMPLE.com', 'HTTPS://user:pass@Example.com:8443/', ...inside],
      ['example.com', 'spiffe://example.com/workload', ...inside],
      ['example.com', 'https://www.example.com/', ...outside],
      ['.example.com', 'https://www.example.com/', ...inside],
      ['.example.com', 'https://example.com/', ...outside],
      ['example.com', 'https://example.com.evil.test/', ...outside],
      ['example.com', 'https://evil.test/example.com', ...outside],
      ['example.com', 'https://evil.test?@example.com', ...outside],
      ['example.com', 'https://evil.test#@example.com', ...outside],
      ['example.com', 'https://example.com@evil.test/', ...outside],
      // What has no host with a name.
      ['example.com', 'https://192.0.2.1/', ...unclear],
      ['example.com', 'https://[2001:db8::1]/', ...unclear],
      ['example.com', 'https:///example.com', ...unclear],
      ['example.com', 'https:example.com', ...unclear],
      ['example.com', 'mailto:user@example.com', ...unclear],
      ['example.com', 'urn:example.com', ...unclear],
      ['example.com', '//example.com', ...unclear],
      ['example.com', 'example.com', ...unclear],
      ['example.com', 'https://a@b@example.com/', ...unclear],
      ['example.com', 'https://example.com:x/', ...unclear],
      ['example.com', 'https://example.com./', ...unclear],
      ['example.com', 'https://exa mple.com/', ...unclear],
      ['example.com', '', ...unclear],
    ],
    uri,
  )
})

describe('directory names', () => {
  judgeRows(
    [
      ['C=US', 'C=US', ...inside],
      ['C=US', 'C=US/O=Example/CN=a', ...inside],
      ['C=US/O=Example', 'C=US/O=Example/CN=a', ...inside],
      ['C=US/O=Example', 'C=US', ...outside],
      ['C=US/O=Example', 'C=US/O=Examples/CN=a', ...outside],
      ['C=US/O=Example', 'O=Example/C=US', ...outside],
      ['O=Example', 'C=US/O=Example', ...outside],
      ['', 'C=US', ...inside],
      // RFC 5280 §7.1: neither case nor the amount of white space.
      ['C=us/O=eXample   Inc', 'C=US/O= Example Inc /CN=a', ...inside],
      ['O=ExampleInc', 'O=Example Inc', ...outside],
      ['O=MÜLLER', 'O=müller', ...inside],
      // The attributes of one part have no order, and belong together.
      ['O=Example+OU=Tests', 'OU=Tests+O=Example/CN=a', ...inside],
      ['O=Example', 'O=Example+OU=Tests', ...outside],
      ['O=Example+OU=Tests', 'O=Example/OU=Tests', ...outside],
      ['O=a', 'OU=a', ...outside],
    ],
    directory,
  )

  test('compare whatever the string type, but for TeletexString, which compares to the octet', () => {
    for (const type of ['printable', 'ia5', 'bmp'] as const) {
      expect(isAllowed([directory('O=EXAMPLE', type)], [], directory('O=Example/CN=a')), type).toBe(true)
      expect(isAllowed([], [directory('O=Example')], directory('O=EXAMPLE', type)), type).toBe(false)
    }
    expect(isAllowed([directory('O=Example', 'teletex')], [], directory('O=Example', 'teletex'))).toBe(true)
    expect(isAllowed([directory('O=EXAMPLE', 'teletex')], [], directory('O=Example', 'teletex'))).toBe(false)
    expect(isAllowed([directory('O=Example', 'teletex')], [], directory('O=Example'))).toBe(false)
  })

  test('are not what a value in them imitates', () => {
    const single = (text: string): Uint8Array => encode(0xa4, make.name(text))
    for (const [value, imitated] of [
      ['example"+2.5.4.11="tests', 'CN=example+OU=tests'],
      ['example+2.5.4.11=tests', 'CN=example+OU=tests'],
      ['example";2.5.4.11="tests', 'CN=example/OU=tests'],
      ['#0c0161', 'CN=a'],
      ['example\0', 'CN=example'],
    ] as const) {
      expect(isAllowed([directory(imitated)], [], single(value)), value).toBe(false)
      expect(sameName(readName(readDer(make.name(value))), nameOf(imitated)), value).toBe(false)
    }
  })

  test('are subjects too, but empty ones are no name', () => {
    expect(problemOf([directory('C=US')], [], 'C=US/CN=a')).toBeUndefined()
    expect(problemOf([directory('C=US')], [], 'C=DE/CN=a')).toMatch(/the directory name CN=a,C=DE, which is not among those permitted/)
    expect(problemOf([], [directory('C=DE')], 'C=DE/CN=a')).toMatch(/the directory name CN=a,C=DE, which is excluded/)
    expect(problemOf([directory('C=US')], [], '')).toBeUndefined()
    expect(problemOf([], [directory('')], '')).toBeUndefined()
    expect(problemOf([], [directory('')], 'C=US')).toMatch(/excluded/)
  })
})

describe('a subject’s e-mail addresses', () => {
  test.each<readonly [string, boolean]>([
    ['CN=a/E=user@example.com', true],
    ['CN=a+E=user@example.com', true],
    ['CN=a/E=user@example.org', false],
    ['E=user@example.com/E=user@example.org', false],
    ['E=user@example.org/E=user@example.com', false],
    ['E=nothing', false],
    ['CN=user@example.org', true],
  ])('%s', (subject, allowed) => {
    expect(problemOf([email('example.com')], [], subject) === undefined).toBe(allowed)
  })

  test('are excluded in any case, and permitted to the letter', () => {
    expect(problemOf([], [email('User@example.com')], 'E=uSER@example.com')).toMatch(/"uSER@example.com", which is excluded/)
    expect(problemOf([email('User@example.com')], [], 'E=uSER@example.com')).toMatch(/not among those permitted/)
    expect(problemOf([email('User@example.com')], [], 'E=User@Example.com')).toBeUndefined()
  })

  test('count where subjectAltName has none, and only there', () => {
    const permitted = [email('example.com')]
    expect(problemOf(permitted, [], 'E=user@example.org', dns('a.test'))).toMatch(/"user@example.org"/)
    expect(problemOf(permitted, [], 'E=user@example.org', email('user@example.com'))).toBeUndefined()
    expect(problemOf([], [email('example.org')], 'E=user@example.org')).toMatch(/excluded/)
  })
})

test('a common name is no DNS name, and limited by no constraint of those', () => {
  expect(problemOf([dns('example.com')], [dns('example.org')], 'CN=www.example.org')).toBeUndefined()
})

describe('types without a comparison', () => {
  test.each(Object.entries(incomparable))('%s is refused where its type is constrained, and only there', (type, name) => {
    const what = `a name of the type ${type}, which can't be compared with what is constrained`
    expect(problemOf([name], [], '', name)).toBe(what)
    expect(problemOf([], [name], '', name)).toBe(what)
    expect(isAllowed([name], [], dns('a.test'))).toBe(true)
    for (const other of Object.values(incomparable).filter(one => one !== name)) {
      expect(isAllowed([other, dns('a.test')], [uri('b.test')], name, dns('a.test'))).toBe(true)
    }
  })
})

describe('several subtrees', () => {
  test('permit what lies in any of them, type by type', () => {
    const permitted = [dns('a.test'), dns('b.test'), address('10.0.0.0/255.0.0.0')]
    expect(isAllowed(permitted, [], dns('b.test'), dns('x.a.test'), address('10.1.1.1'))).toBe(true)
    expect(isAllowed(permitted, [], dns('b.test'), dns('c.test'))).toBe(false)
    expect(isAllowed(permitted, [], dns('b.test'), address('11.1.1.1'))).toBe(false)
    expect(isAllowed(permitted, [], email('user@c.test'), uri('urn:x'), directory('C=US'))).toBe(true)
    expect(isAllowed([uri('')], [], uri('https://a.test/x'))).toBe(true)
    expect(isAllowed([], [uri('')], uri('https://a.test/x'))).toBe(false)
  })

  test('exclude what lies in any of them, also what is permitted', () => {
    const excluded = [dns('x.a.test'), dns('y.a.test')]
    expect(isAllowed([dns('a.test')], excluded, dns('z.a.test'))).toBe(true)
    expect(isAllowed([dns('a.test')], excluded, dns('z.a.test'), dns('1.y.a.test'))).toBe(false)
    expect(isAllowed([dns('a.test')], [dns('a.test')], dns('a.test'))).toBe(false)
    expect(isAllowed([dns('a.test')], [dns('')], dns('a.test'))).toBe(false)
  })
})

describe('constraints that are malformed', () => {
  const subtree = (...fields: readonly Uint8Array[]): Uint8Array => encode(tags.sequence, ...fields)
  const whole = (...lists: readonly Uint8Array[]): Uint8Array => encode(tags.sequence, ...lists)
  const number = (tag: number, value: number): Uint8Array => encode(tag, Uint8Array.of(value))
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['nothing at all', whole(), /nameConstraints without a constraint/],
    ['an empty list of subtrees', whole(encode(0xa0)), /an empty list/],
    ['an empty list beside another', whole(encode(0xa0, subtree(dns('a.test'))), encode(0xa1)), /an empty list/],
    ['the two lists in the wrong order', whole(encode(0xa1, subtree(dns('a'))), encode(0xa0, subtree(dns('a')))), /octets too many/],
    ['a list of a third kind', whole(encode(0xa2, subtree(dns('a.test')))), /octets too many/],
    ['a subtree without a base', whole(encode(0xa0, subtree())), /a value is missing/],
    ['a base of no kind', whole(encode(0xa0, subtree(number(0x89, 1)))), /no kind of GeneralName/],
    ['a minimum', whole(encode(0xa0, subtree(dns('a.test'), number(0x80, 1)))), /a minimum or maximum/],
    ['a minimum of 0 spelt out', whole(encode(0xa0, subtree(dns('a.test'), number(0x80, 0)))), /a minimum or maximum/],
    ['a maximum', whole(encode(0xa1, subtree(dns('a.test'), number(0x81, 1)))), /a minimum or maximum/],
    ['something else behind the base', whole(encode(0xa0, subtree(dns('a.test'), number(0x82, 1)))), /octets too many/],
  ]
  const bases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ...[
      '*.example.com',
      '..example.com',
      'example..com',
      'example.com.',
      '-.com',
      ' ',
      'a b',
      'user@example.com',
      `${'x'.repeat(64)}.com`,
    ].map(base => [`the DNS name ${JSON.stringify(base)}`, dns(base), /no domain/] as const),
    ['a DNS name that is not ASCII', dns('b\xfccher.test'), /not ASCII/],
    ...['@example.com', 'user@', 'a@b@c', 'user@.example.com', '..com', '*'].map(
      base => [`the e-mail address ${JSON.stringify(base)}`, email(base), /no domain or mailbox/] as const,
    ),
    ...['.', 'https://example.com', 'example.com:443', '*.example.com', '[::1]'].map(
      base => [`the URI ${JSON.stringify(base)}`, uri(base), /no domain/] as const,
    ),
    ...['', '10.0.0.1', '10.0.0.0/255.0', `${'0'.repeat(32)}`, '10.0.0.0/255.0.255.0', '10.0.0.0/0.0.0.255', '10.0.0.0/127.0.0.0'].map(
      base =>
        [`the IP address range ${JSON.stringify(base)}`, base === '' ? encode(0x87) : address(base), /address range that is none/] as const,
    ),
    ['a directory name that is none', encode(0xa4, encode(tags.set)), /sequence wanted/],
    ['a directory name beside another', encode(0xa4, distinguishedName('C=US'), distinguishedName('C=US')), /too many/],
  ]
  test.each([
    ...cases,
    ...bases.map(([name, base, message]) => [name, whole(encode(0xa1, subtree(base))), message] as const),
  ])('%s', (_, der, message) => {
    expect(() => readNameConstraints(readDer(der))).toThrow(message)
  })
})
