import * as asn1js from 'asn1js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as der from '../../src/wire/der.ts'
import { DecodeError } from '../../src/wire/error.ts'

describe('what DER forbids is refused, with the offset', () => {
  const cases: readonly (readonly [name: string, hex: string, message: RegExp])[] = [
    ['nothing at all', '', /a value is missing, at offset 0/],
    ['a tag alone', '30', /a value is missing, at offset 1/],
    ['a long length without its octets', '3082', /a value is missing, at offset 2/],
    ['contents cut off', '040201', /2 octets of octetString wanted, 1 left, at offset 2/],
    ['octets behind the value', '050000', /1 octets too many, at offset 2/],
    ['an indefinite length', '3080020101 0000', /an indefinite length, at offset 2/],
    ['a long length below 128', '04810101', /length 1 is not in its shortest form/],
    ['a length with a leading zero', `04820080${'00'.repeat(128)}`, /length 128 is not in its shortest form/],
    ['a length of five octets', '04850000000101', /a length of 5 octets/],
    ['the reserved length', '04ff', /a length of 127 octets/],
    ['a length near 2^32', '0484ffffffff00', /4294967295 octets of octetString wanted, 1 left/],
    ['a high tag number', '1f810100', /a tag number above 30/],
    ['an end-of-contents marker', '0000', /end of contents/],
    ['a constructed end-of-contents marker', '2000', /end of contents/],
  ]
  test.each(cases)('%s', (_, hex, message) => {
    expect(() => der.readDer(bytes(hex))).toThrow(message)
    expect(() => der.readDer(bytes(hex))).toThrow(DecodeError)
  })
})

describe('a reader', () => {
  const value = der.readDer(bytes('300a 020105 a0030101ff 0500'))

  test('goes through a SEQUENCE, and through an explicit tag', () => {
    const fields = der.sequence(value)
    expect(der.integer(fields.next(der.tags.integer))).toBe(5n)
    expect(fields.optional(der.tags.boolean)).toBeUndefined()
    expect(fields.peek()).toBe(der.constructedTag(0))
    const inner = der.sequence(fields.next(), der.constructedTag(0))
    expect(der.boolean(inner.next())).toBe(true)
    inner.end()
    der.nothing(fields.next())
    expect(fields.done).toBe(true)
    expect(fields.peek()).toBeUndefined()
    expect(() => fields.next()).toThrow(/a value is missing, at offset 12/)
  })

  test('names the tag that it wanted and the one that it found', () => {
    expect(() => der.sequence(value).next(der.tags.oid)).toThrow(/oid wanted, integer found, at offset 2/)
    expect(() => der.integer(value)).toThrow(/integer wanted, sequence found, at offset 0/)
  })

  test('refuses what is left over, at its offset in the outermost input', () => {
    const fields = der.sequence(value)
    fields.next()
    expect(() => fields.end()).toThrow(/7 octets too many, at offset 5/)
    const inner = der.sequence(fields.next(), der.constructedTag(0))
    expect(() => inner.next(der.tags.null)).toThrow(/null wanted, boolean found, at offset 7/)
  })
})

describe('a value has one encoding', () => {
  const refused: readonly (readonly [name: string, read: (value: der.DerValue) => unknown, hex: string, message: RegExp])[] = [
    ['an empty INTEGER', der.integer, '0200', /an empty INTEGER/],
    ['an INTEGER with a leading 00', der.integer, '0202007f', /not in its shortest form/],
    ['an INTEGER with a leading FF', der.integer, '0202ff80', /not in its shortest form/],
    ['a positive INTEGER that is 0', der.positiveInteger, '020100', /not positive/],
    ['a positive INTEGER that is negative', der.positiveInteger, '020180', /not positive/],
    ['a positive INTEGER with a leading 00', der.positiveInteger, '0202007f', /not in its shortest form/],
    ['a BOOLEAN of 01', der.boolean, '010101', /neither 00 nor FF/],
    ['a BOOLEAN of two octets', der.boolean, '0102ffff', /neither 00 nor FF/],
    ['a NULL with contents', der.nothing, '050100', /a NULL with contents/],
    ['a BIT STRING without its count', der.bits, '0300', /malformed BIT STRING/],
    ['a BIT STRING with 8 unused bits', der.bits, '03020800', /malformed BIT STRING/],
    ['an empty BIT STRING with unused bits', der.bits, '030101', /malformed BIT STRING/],
    ['a BIT STRING with unused bits set', der.bits, '03020181', /unused bits are not 0/],
    ['a BIT STRING of seven bits where octets are wanted', der.bitString, '03020180', /1 unused bits/],
    ['an empty OID', der.oid, '0600', /ends too early/],
    ['an OID that ends within an arc', der.oid, '06022a86', /ends too early/],
    ['an OID arc with a leading 80', der.oid, '06032a8001', /not in its shortest form/],
    ['an OID of 129 octets', der.oid, `068181${'01'.repeat(129)}`, /more than 128 octets/],
    ['a UTCTime without seconds', der.utcTime, time(0x17, '2601010000Z'), /not of 12 digits and Z/],
    ['a UTCTime with an offset', der.utcTime, time(0x17, '260101000000+0000'), /not of 12 digits and Z/],
    ['a UTCTime in small letters', der.utcTime, time(0x17, '260101000000z'), /not of 12 digits and Z/],
    ['a UTCTime on 30 February', der.utcTime, time(0x17, '260230000000Z'), /names no moment/],
    ['a UTCTime in month 13', der.utcTime, time(0x17, '261301000000Z'), /names no moment/],
    ['a UTCTime in month 0', der.utcTime, time(0x17, '260001000000Z'), /names no moment/],
    ['a UTCTime at 24 hours', der.utcTime, time(0x17, '260101240000Z'), /names no moment/],
    ['a UTCTime in a leap second', der.utcTime, time(0x17, '161231235960Z'), /names no moment/],
    ['a UTCTime with a sign', der.utcTime, time(0x17, '26010100000-Z'), /no digit/],
    ['a GeneralizedTime with a fraction', der.generalizedTime, time(0x18, '20260101000000.5Z'), /not of 14 digits and Z/],
    ['a GeneralizedTime on 29 February 2100', der.generalizedTime, time(0x18, '21000229000000Z'), /names no moment/],
    ['a constructed OCTET STRING', der.octetString, '2403040101', /octetString wanted/],
  ]
  test.each(refused)('%s is refused', (_, read, hex, message) => {
    expect(() => read(der.readDer(bytes(hex)))).toThrow(message)
    expect(() => read(der.readDer(bytes(hex)))).toThrow(DecodeError)
  })

  test('small integers are bounded', () => {
    expect(der.smallInteger(der.readDer(bytes('02047fffffff')))).toBe(0x7fffffff)
    expect(() => der.smallInteger(der.readDer(bytes('0205008000 0000')))).toThrow(/out of range/)
    expect(() => der.smallInteger(der.readDer(bytes('0201ff')))).toThrow(/out of range/)
  })

  test('positive integers come as octets', () => {
    expect(der.positiveInteger(der.readDer(bytes('02020080')))).toEqual(Uint8Array.of(0x80))
    expect(der.positiveInteger(der.readDer(bytes('02020100')))).toEqual(Uint8Array.of(1, 0))
  })

  test('arcs longer than a number are read, such as UUIDs', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 40n, max: 2n ** 128n }), arc => {
        const groups = arc.toString(2).padStart(133, '0').match(/.{7}/g) ?? []
        const octets = groups.slice(groups.findIndex(group => group.includes('1'))).map(group => 0x80 | Number.parseInt(group, 2))
        octets.push((octets.pop() ?? 0) & 0x7f)
        expect(der.oid(der.readDer(der.encode(der.tags.oid, Uint8Array.of(0x69, ...octets, 5))))).toBe(`2.25.${arc}.5`)
      }),
    )
  })

  test('times are those that they name', () => {
    const utc = (text: string) => der.utcTime(der.readDer(bytes(time(0x17, text))))
    const general = (text: string) => der.generalizedTime(der.readDer(bytes(time(0x18, text))))
    expect(utc('491231235959Z')).toBe(Date.parse('2049-12-31T23:59:59Z'))
    expect(utc('500101000000Z')).toBe(Date.parse('1950-01-01T00:00:00Z'))
    expect(utc('000229120000Z')).toBe(Date.parse('2000-02-29T12:00:00Z'))
    expect(general('99991231235959Z')).toBe(Date.parse('9999-12-31T23:59:59Z'))
    expect(general('00500101000000Z')).toBe(Date.parse('0050-01-01T00:00:00Z'))
  })
})

describe('held against asn1js', () => {
  test('whatever is accepted, all the way down, asn1js reads the same', () => {
    let accepted = 0
    fc.assert(
      fc.property(fc.oneof(trees(3), mutated(trees(3))), input => {
        const tree = attempt(() => walk(der.readDer(input)))
        if (!tree) return
        accepted++
        const { offset, result } = asn1js.fromBER(input)
        expect(offset).toBe(input.length)
        expect(tree).toEqual(walkAsn1js(result))
      }),
      { numRuns: 1000 },
    )
    expect(accepted).toBeGreaterThan(300)
  })

  test('integers', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), number => {
        expect(der.integer(der.readDer(new Uint8Array(asn1js.Integer.fromBigInt(number).toBER())))).toBe(number)
      }),
    )
  })

  test('object identifiers', () => {
    const dotted = fc
      .tuple(fc.constantFrom('0', '1', '2'), fc.nat(39), fc.array(fc.nat(0x7fffffff), { maxLength: 8 }))
      .map(([first, second, rest]) => [first, second, ...rest].join('.'))
    fc.assert(
      fc.property(dotted, text => {
        const encoded = der.encodeOid(text)
        expect(der.oid(der.readDer(encoded))).toBe(text)
        expect(encoded).toEqual(new Uint8Array(new asn1js.ObjectIdentifier({ value: text }).toBER()))
      }),
    )
  })
})

test('no input makes anything but a DecodeError', () => {
  const readers = [
    der.integer,
    der.smallInteger,
    der.oid,
    der.bits,
    der.bitString,
    der.boolean,
    der.nothing,
    der.utcTime,
    der.generalizedTime,
  ]
  const input = fc.oneof(fc.uint8Array({ maxLength: 64 }), mutated(trees(3)))
  fc.assert(
    fc.property(input, bytes => {
      attempt(() => walk(der.readDer(bytes)))
      for (const read of readers) for (const tag of Object.values(der.tags)) attempt(() => read(der.readDer(der.encode(tag, bytes)), tag))
    }),
    { numRuns: 300 },
  )
})

// ── Helpers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

function time(tag: number, text: string): string {
  return Buffer.from(der.encode(tag, Buffer.from(text, 'latin1'))).toString('hex')
}

/** `undefined` where it is refused; any error that is not a refusal gets through. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

type Tree = { tag: number; children: Tree[] } | { tag: number; hex: string }

const leaves = [0x04, 0x80, 0x81, 0x9e]
const branches = [0x30, 0x31, 0xa0, 0xa3]

/** Other types have rules of their own, which asn1js applies as it reads and we when asked for the value. */
function walk(value: der.DerValue): Tree {
  if (![...leaves, ...branches].includes(value.tag)) throw new DecodeError('not among the types compared')
  if ((value.tag & 0x20) === 0) return { tag: value.tag, hex: Buffer.from(value.bytes).toString('hex') }
  const children: Tree[] = []
  for (const reader = der.sequence(value, value.tag); !reader.done; ) children.push(walk(reader.next()))
  return { tag: value.tag, children }
}

function walkAsn1js(block: asn1js.AsnType): Tree {
  const { tagClass, tagNumber, isConstructed } = block.idBlock
  const tag = ((tagClass - 1) << 6) | (isConstructed ? 0x20 : 0) | tagNumber
  if (block instanceof asn1js.Constructed) return { tag, children: block.valueBlock.value.map(item => walkAsn1js(item)) }
  const start = block.idBlock.blockLength + block.lenBlock.blockLength
  return { tag, hex: Buffer.from(block.valueBeforeDecodeView.subarray(start)).toString('hex') }
}

/** Encodings of context-specific and OCTET STRING leaves in SEQUENCEs, SETs and explicit tags. */
function trees(depth: number): fc.Arbitrary<Uint8Array> {
  const leaf = fc.tuple(fc.constantFrom(...leaves), fc.uint8Array({ maxLength: 140 })).map(([tag, contents]) => der.encode(tag, contents))
  if (depth === 0) return leaf
  const branch = fc
    .tuple(fc.constantFrom(...branches), fc.array(trees(depth - 1), { maxLength: 4 }))
    .map(([tag, parts]) => der.encode(tag, ...parts))
  return fc.oneof(leaf, branch, branch)
}

/** One octet changed, left out or added. */
function mutated(source: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(source, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 2)).map(([input, where, octet, how]) => {
    const at = input.length === 0 ? 0 : where % input.length
    const kept = how === 0 ? at + 1 : how === 1 ? at + 1 : at
    const added = how === 1 ? [] : [octet]
    return Uint8Array.from([...input.subarray(0, at), ...added, ...input.subarray(kept)])
  })
}
