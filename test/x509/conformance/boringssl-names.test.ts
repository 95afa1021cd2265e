/** BoringSSL's cases of comparing distinguished names (RFC 5280 §7.1), and of finding issuers by them. */
import { describe, expect, test } from 'vitest'
import { readDer } from '../../../src/wire/der.ts'
import { DecodeError } from '../../../src/wire/error.ts'
import { isSelfIssued } from '../../../src/x509/certificate/certificate.ts'
import { type DistinguishedName, isWithin, readName, sameName } from '../../../src/x509/certificate/distinguished-name.ts'
import { parseCertificate } from '../../../src/x509/index.ts'
import { absent, block, filesIn, readBytes, tellIfAbsent } from './data.ts'

const folder = 'boringssl-pki/verify_name_match_unittest/names'
const realFolder = 'boringssl-pki/verify_unittest'
const issuerFolder = 'boringssl-pki/cert_issuer_source_static_unittest'

const stringTypes = ['PRINTABLESTRING', 'T61STRING', 'UTF8', 'BMPSTRING', 'UNIVERSALSTRING']
const shapes = ['unmangled', 'case_swap', 'extra_whitespace']

tellIfAbsent('boringssl-pki')

/** The names in `files` two and two, in both orders. */
function sameBothWays(a: string, b: string): boolean {
  const [first, second] = [read(a), read(b)]
  const same = sameName(first, second)
  expect(sameName(second, first)).toBe(same)
  return same
}

function read(file: string): DistinguishedName {
  return readName(readDer(der(file)))
}

function der(file: string): Uint8Array {
  return block('NAME', folder, `${file}.pem`)
}

/** What octets can't be anything but T61STRING of: nobody agrees on what they mean. */
function comparable(a: string, b: string): boolean {
  return a === b || (a !== 'T61STRING' && b !== 'T61STRING')
}

describe.skipIf(absent).each(stringTypes.flatMap(type => shapes.map(shape => `ascii-${type}-${shape}`)))('the name %s', name => {
  test('is the same as itself, with more attributes and parts too', () => {
    for (const file of [name, `${name}-extra_attr`, `${name}-extra_rdn`, `${name}-dupe_attr`]) expect(sameBothWays(file, file)).toBe(true)
  })

  test('is another one with an attribute, a part or a repetition more', () => {
    expect(sameBothWays(name, `${name}-extra_attr`)).toBe(false)
    expect(sameBothWays(name, `${name}-extra_rdn`)).toBe(false)
    expect(sameBothWays(`${name}-dupe_attr`, `${name}-extra_attr`)).toBe(false)
  })
})

describe.skipIf(absent).each(stringTypes)('names of %s', type => {
  test('compare without regard to case and to the amount of white space, if their type has a meaning', () => {
    const meaningful = type !== 'T61STRING'
    expect(sameBothWays(`ascii-${type}-unmangled`, `ascii-${type}-case_swap`)).toBe(meaningful)
    expect(sameBothWays(`ascii-${type}-unmangled`, `ascii-${type}-extra_whitespace`)).toBe(meaningful)
  })

  test.each(stringTypes)('compare with those of %s, and lie within them', other => {
    const [one, two] = [`ascii-${type}-unmangled`, `ascii-${other}-unmangled`]
    expect(sameBothWays(one, two)).toBe(comparable(type, other))
    expect(isWithin(read(one), read(two))).toBe(comparable(type, other))
    expect(isWithin(read(`${one}-extra_rdn`), read(two))).toBe(comparable(type, other))
    expect(isWithin(read(one), read(`${two}-extra_rdn`))).toBe(false)
    expect(isWithin(read(`${one}-extra_attr`), read(two))).toBe(false)
    expect(isWithin(read(one), read(`${two}-extra_attr`))).toBe(false)
  })
})

describe.skipIf(absent)('names', () => {
  test.each([
    ['unicode_bmp', ['UTF8', 'BMPSTRING', 'UNIVERSALSTRING']],
    ['unicode_supplementary', ['UTF8', 'UNIVERSALSTRING']],
  ])('of %s are the same in every encoding', (prefix, types) => {
    for (const a of types) for (const b of types) expect(sameBothWays(`${prefix}-${a}-unmangled`, `${prefix}-${b}-unmangled`)).toBe(true)
  })

  test('have attributes in any order', () => {
    expect(sameBothWays('ascii-PRINTABLESTRING-rdn_sorting_1', 'ascii-PRINTABLESTRING-rdn_sorting_2')).toBe(true)
    expect(sameBothWays('ascii-mixed-rdn_dupetype_sorting_1', 'ascii-mixed-rdn_dupetype_sorting_2')).toBe(true)
  })

  test('may be empty: then they are only the same as themselves, and every name lies within', () => {
    const [empty, other] = [read('valid-Name-empty'), read('ascii-PRINTABLESTRING-unmangled')]
    expect([sameName(empty, empty), sameName(empty, other), sameName(other, empty)]).toEqual([true, false, false])
    expect([isWithin(empty, empty), isWithin(other, empty), isWithin(empty, other)]).toEqual([true, true, false])
  })

  test('are the same as what BoringSSL makes of them: all string types, characters of all planes, white space, case, order', () => {
    expect(sameBothWays('unicode-mixed-unnormalized', 'unicode-mixed-normalized')).toBe(true)
    expect(sameBothWays('custom-custom-normalized', 'custom-custom-normalized')).toBe(true)
  })

  test.each(filesIn(folder, '.pem').filter(file => file.startsWith('invalid')))('are refused: %s', file => {
    expect(() => read(file.replace('.pem', ''))).toThrow(DecodeError)
  })

  test('with surrogates in a BMPString are refused', () => {
    const bytes = der('unicode_bmp-BMPSTRING-unmangled').slice()
    bytes.set([0xd8, 0x35, 0xdc, 0], Buffer.from(bytes).indexOf(Uint8Array.of(0x67, 0x71, 0x4e, 0xac)))
    expect(() => readName(readDer(bytes))).toThrow(DecodeError)
  })

  // Which ASCII characters a PrintableString may have is not looked at: certificates in use have others.
  test.each([
    ['PrintableString', 'ascii-PRINTABLESTRING-unmangled', '0123456789'],
    ['IA5String', 'ascii-mixed-rdn_dupetype_sorting_1', 'eXaMple'],
  ])('with an octet above 127 in a %s are refused, those below are read', (_, file, text) => {
    const bytes = der(file).slice()
    const at = Buffer.from(bytes).indexOf(text)
    for (let octet = 0; octet < 256; octet++) {
      bytes[at] = octet
      if (octet > 127) expect(() => readName(readDer(bytes))).toThrow(DecodeError)
      else expect(sameName(readName(readDer(bytes)), readName(readDer(bytes)))).toBe(true)
    }
  })
})

test.skipIf(absent)('certificates are self-issued where issuer and subject have one name', () => {
  expect(isSelfIssued(parseCertificate(block('CERTIFICATE', realFolder, 'self-issued.pem')))).toBe(true)
  expect(isSelfIssued(parseCertificate(readBytes(realFolder, 'google-leaf.der')))).toBe(false)
})

test.skipIf(absent)('issuers are found by name, whatever its string type and case', () => {
  const certificates = filesIn(issuerFolder, '.pem').map(file => ({
    name: file.replace('.pem', ''),
    certificate: parseCertificate(block('CERTIFICATE', issuerFolder, file)),
  }))
  const issuers = certificates.map(({ name, certificate }) => [
    name,
    certificates.filter(other => sameName(certificate.issuer, other.certificate.subject)).map(other => other.name),
  ])
  const fromRoot = ['i1_1', 'i1_2', 'i2', 'i3_1', 'i3_2', 'root'].map(name => [name, ['root']])
  expect(Object.fromEntries(issuers)).toEqual({
    ...Object.fromEntries(fromRoot),
    c1: ['i1_1', 'i1_2'],
    c2: ['i1_1', 'i1_2'],
    d: ['i2'],
    e1: ['i3_1', 'i3_2'],
    e2: ['i3_1', 'i3_2'],
  })
})
