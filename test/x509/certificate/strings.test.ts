import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode, readDer, tags } from '../../../src/wire/der.ts'
import { DecodeError } from '../../../src/wire/error.ts'
import { ia5String, string } from '../../../src/x509/certificate/strings.ts'

describe('character strings are read', () => {
  test.each([
    ['UTF-8', tags.utf8String, [0xc3, 0xbc, 0xf0, 0x9f, 0x98, 0x80], 'ü😀'],
    ['ASCII, also beyond the set of PrintableString', tags.printableString, [0x61, 0x40, 0x2a], 'a@*'],
    ['ISO 8859-1', tags.teletexString, [0x5a, 0xfc], 'Zü'],
    ['UCS-2', tags.bmpString, [0x20, 0xac], '€'],
    ['UTF-32', tags.universalString, [0, 1, 0xf6, 0], '😀'],
  ])('as %s', (_, tag, octets, text) => {
    expect(string(readDer(encode(tag, Uint8Array.from(octets))))).toBe(text)
  })

  test('as ASCII under another’s tag', () => {
    expect(ia5String(readDer(encode(0x82, Uint8Array.of(0x61))))).toBe('a')
    expect(() => ia5String(readDer(encode(0x82, Uint8Array.of(0x80))))).toThrow(/not ASCII/)
  })
})

describe('what is no text is refused', () => {
  test.each([
    ['an overlong form', tags.utf8String, [0xc0, 0x80], /not UTF-8/],
    ['an overlong form of three', tags.utf8String, [0xe0, 0x80, 0x80], /not UTF-8/],
    ['a surrogate', tags.utf8String, [0xed, 0xa0, 0x80], /no character/],
    ['UTF-8 cut off', tags.utf8String, [0xe2, 0x82], /not UTF-8/],
    ['a value beyond U+10FFFF', tags.utf8String, [0xf4, 0x90, 0x80, 0x80], /no character/],
    ['an octet above 7F', tags.printableString, [0x80], /not ASCII/],
    ['an odd length', tags.bmpString, [0, 0x41, 0], /of 3 octets/],
    ['half a pair', tags.bmpString, [0xd8, 0x3d], /no character/],
    ['a number', tags.integer, [1], /a character string wanted, integer found, at offset 0/],
  ])('%s', (_, tag, octets, message) => {
    const value = readDer(encode(tag, Uint8Array.from(octets)))
    expect(() => string(value)).toThrow(message)
    expect(() => string(value)).toThrow(DecodeError)
  })
})

test('UTF-8 is what TextDecoder takes for it', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const written = fc.string({ unit: 'binary' }).map(text => new TextEncoder().encode(text))
  const disturbed = fc
    .tuple(written, fc.nat(), fc.nat(255))
    .map(([octets, at, octet]) => (octets.length === 0 ? octets : octets.with(at % octets.length, octet)))
  fc.assert(
    fc.property(fc.oneof(written, disturbed, fc.uint8Array({ maxLength: 5 })), octets => {
      const ours = attempt(() => string(readDer(encode(tags.utf8String, octets))), DecodeError)
      expect(ours).toBe(attempt(() => decoder.decode(octets), TypeError))
    }),
    { numRuns: 1000 },
  )
})

test('no octets make anything but text or a DecodeError', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(tags)), fc.uint8Array({ maxLength: 40 }), (tag, octets) => {
      attempt(() => string(readDer(encode(tag, octets))), DecodeError)
    }),
    { numRuns: 1000 },
  )
})

/** `undefined` where `act` throws a `refusal`; any other error gets through. */
function attempt(act: () => string, refusal: typeof DecodeError | typeof TypeError): string | undefined {
  try {
    return act()
  } catch (error) {
    if (error instanceof refusal) return undefined
    throw error
  }
}
