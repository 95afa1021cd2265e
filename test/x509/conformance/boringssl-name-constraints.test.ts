/** BoringSSL's cases of name constraints: each name against each set of constraints, and what can't be read. */
import { describe, expect, test } from 'vitest'
import { type DerValue, encode, encodeOid, readDer, tags } from '../../../src/wire/der.ts'
import { DecodeError } from '../../../src/wire/error.ts'
import { type DistinguishedName, readName } from '../../../src/x509/certificate/distinguished-name.ts'
import { readExtensions } from '../../../src/x509/certificate/extensions.ts'
import type { GeneralName } from '../../../src/x509/certificate/general-names.ts'
import { readNameConstraints } from '../../../src/x509/certificate/name-constraints.ts'
import { Budget, limitsOf } from '../../../src/x509/path/budget.ts'
import { ConstraintJudge } from '../../../src/x509/path/constrained-names.ts'
import {
  addressExpectations,
  altNameExpectations,
  directoryExpectations,
  dnsExpectations,
  type Expectations,
  malformedConstraints,
  subjectExpectations,
} from './boringssl-name-constraints.ts'
import { absent, block, filesIn, tellIfAbsent } from './data.ts'
import { type Exceptions, namesIn } from './exceptions.ts'

const folder = 'boringssl-pki/name_constraints_unittest'
const noSubject = readName(readDer(Uint8Array.of(tags.sequence, 0)))

/** Refused here, let through by BoringSSL. */
const strict: Exceptions = {
  'a DNS name under DNS constraints has to be one: labels of letters, digits, hyphens and underscores': [
    'dnsname: dns *xcluded.permitted.example.com',
    'dnsname: dns excl*ded.permitted.example.com',
    'dnsname: dns exclude*.permitted.example.com',
    'dnsname-excluded: dns ',
  ],
  'a base is no absolute domain, with a dot at its end (RFC 5280 §4.2.1.10, RFC 1034 §3.5)': [
    'dnsname: dns a.permitted.example3.com',
    'dnsname: dns a.permitted.example3.com.',
    'dnsname: dns permitted.example3.com',
    'dnsname: dns permitted.example3.com.',
  ],
  'a base that is a dot alone is all that is below the root, so that everything is excluded; there it is nothing': [
    'dnsname-exclude_dot: dns foo.permitted.example.com',
    'dnsname-exclude_dot: dns permitted.example.com',
  ],
}

/** Let through here, refused by BoringSSL. */
const lenient: Exceptions = {
  'an empty base is all of them, as with DNS names; RFC 5280 §4.2.1.10 does not say': [
    'rfc822name-permitted-empty: altName san-rfc822name',
  ],
  'an emailAddress is read from whatever string it is, not from an IA5String alone': [
    'rfc822name-permitted-hostname: subject name-us-arizona-email-invalidstring',
  ],
}

tellIfAbsent('boringssl-pki')

describe.skipIf(absent)('the name constraints of BoringSSL', () => {
  const judged = absent
    ? []
    : [
        ...judge('dns', dnsExpectations, name => ofNames({ type: 'dns', name })),
        ...judge('directory', directoryExpectations, file => ofNames({ type: 'directory', name: nameIn(file) })),
        ...judge('subject', subjectExpectations, file => ({ subject: nameIn(file), names: [] })),
        ...judge('ip', addressExpectations, hex => ofNames({ type: 'ip', address: new Uint8Array(Buffer.from(hex, 'hex')) })),
        ...judge('altName', altNameExpectations, file => ofNames(...altNames(block('SUBJECT ALTERNATIVE NAME', folder, `${file}.pem`)))),
      ]

  test('refuse no name that is within, but for the reasons listed', () => {
    expect(
      judged
        .filter(({ within, refused }) => within && refused)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(namesIn(strict))
  })

  test('let no name through that is outside, but for the reasons listed', () => {
    expect(
      judged
        .filter(({ within, refused }) => !within && !refused)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(namesIn(lenient))
  })

  test.each(malformedConstraints)('are malformed: %s', file => {
    expect(() => constraintsIn(file)).toThrow(DecodeError)
  })

  test('are malformed with an absolute domain', () => {
    expect(() => readNameConstraints(readDer(block('NAME CONSTRAINTS', folder, 'dnsname.pem')))).toThrow(/permitted\.example3\.com\./)
  })

  test('are malformed where they are empty, and where a DNS name is not ASCII', () => {
    expect(() => readNameConstraints(readDer(new Uint8Array(0)))).toThrow(DecodeError)
    const der = block('NAME CONSTRAINTS', folder, 'dnsname.pem').slice()
    der[Buffer.from(der).indexOf('permitted.example2.com')] = 0xff
    expect(() => readNameConstraints(readDer(der))).toThrow(DecodeError)
  })

  test.each(['san-invalid-empty', 'san-invalid-ipaddress'])('are held against no subjectAltName that is malformed: %s', file => {
    expect(() => altNames(block('SUBJECT ALTERNATIVE NAME', folder, `${file}.pem`))).toThrow(DecodeError)
  })

  test('are all looked at', () => {
    const looked = [dnsExpectations, directoryExpectations, subjectExpectations, addressExpectations, altNameExpectations].flatMap(
      Object.keys,
    )
    const present = filesIn(folder, '.pem').filter(file => !/^(name|san)-/.test(file))
    expect([...new Set([...looked, ...malformedConstraints])].map(name => `${name}.pem`).sort()).toEqual(present)
  })
})

interface Judged {
  readonly name: string
  readonly within: boolean
  readonly refused: boolean
}

interface PresentedNames {
  readonly subject: DistinguishedName
  readonly names: readonly GeneralName[]
}

function judge(kind: string, expectations: Expectations, present: (name: string) => PresentedNames): Judged[] {
  return Object.entries(expectations).flatMap(([file, { within, outside }]) =>
    [...within, ...outside].map((name, i) => ({
      name: `${file}: ${kind} ${name}`,
      within: i < within.length,
      refused: isRefused(file, present(name)),
    })),
  )
}

/** Constraints that can't be read refuse everything, since the certificate that has them is refused. */
function isRefused(file: string, presented: PresentedNames): boolean {
  try {
    const { subject, names } = presented
    const certificate = { subject, extensions: { subjectAltName: { names } } }
    return new ConstraintJudge(new Budget(limitsOf())).problem(constraintsIn(file), certificate) !== undefined
  } catch (error) {
    if (error instanceof DecodeError) return true
    throw error
  }
}

function constraintsIn(file: string) {
  return readNameConstraints(readDer(withoutAbsolute(block('NAME CONSTRAINTS', folder, `${file}.pem`))))
}

/** Without subtrees of absolute domain names, since an extension that has one is refused as a whole. */
function withoutAbsolute(constraints: Uint8Array): Uint8Array {
  const lists = valuesIn(readDer(constraints)).map(list => {
    const subtrees = valuesIn(list).filter(subtree => !/\w\.$/.test(Buffer.from(subtree.raw).toString('latin1')))
    return encode(list.tag, ...subtrees.map(({ raw }) => raw))
  })
  return encode(tags.sequence, ...lists)
}

function valuesIn(value: DerValue): DerValue[] {
  const found: DerValue[] = []
  for (const reader = value.contents(); !reader.done; ) found.push(reader.next())
  return found
}

function nameIn(file: string) {
  return readName(readDer(block('NAME', folder, `${file}.pem`)))
}

function ofNames(...names: readonly GeneralName[]): PresentedNames {
  return { subject: noSubject, names }
}

/** The names in a subjectAltName, read as the extension that it is. */
function altNames(value: Uint8Array): readonly GeneralName[] {
  const extension = encode(tags.sequence, encodeOid('2.5.29.17'), encode(tags.octetString, value))
  return readExtensions(readDer(encode(tags.sequence, extension))).subjectAltName?.names ?? []
}
