import { describe, expect, it, test } from 'vitest'
import { encode, tags } from '../../../src/wire/der.ts'
import { DecodeError } from '../../../src/wire/error.ts'
import { berToDer } from '../../../src/x509/keys/ber.ts'

const unhex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('BER becomes DER', () => {
  test.each<readonly [string, string, string]>([
    ['as it is, where it is DER', '30 06 02 01 05 04 01 aa', '3006020105 0401aa'],
    ['with short lengths', '30 83 000009 02 8101 05 04 8200 01 aa', '30060201050401aa'],
    ['with definite lengths', '30 80 02 01 05 30 80 05 00 00 00 00 00', '3007020105 30020500'],
    ['with whole octet strings', '24 80 04 02 aabb 04 00 04 01 cc 00 00', '0403aabbcc'],
    ['with whole octet strings of definite length', '24 07 04 02 aabb 04 01 cc', '0403aabbcc'],
    ['with octet strings of octet strings made whole', '24 80 24 80 04 01 aa 00 00 04 01 bb 00 00', '0402aabb'],
    ['with an octet string of nothing', '24 80 00 00', '0400'],
    ['with zeros inside of values', '30 80 04 02 0000 00 00', '300404020000'],
    ['with other constructed values kept', 'a0 80 04 01 aa 04 01 bb 00 00', 'a0060401aa0401bb'],
  ])('%s', (_, ber, der) => {
    expect(hex(berToDer(unhex(ber)))).toBe(der.replaceAll(' ', ''))
  })

  it('however long it is', () => {
    // More values than a call can have arguments.
    const many = Buffer.alloc(400_000, Buffer.of(tags.null, 0))
    const ber = new Uint8Array(Buffer.concat([Buffer.of(tags.sequence, 0x80), many, Buffer.of(0, 0)]))
    expect(Buffer.from(berToDer(ber)).equals(encode(tags.sequence, new Uint8Array(many)))).toBe(true)
  })
})

test.each<readonly [string, string, RegExp]>([
  ['nothing', '', /1 bytes wanted at offset 0/],
  ['no length', '30', /1 bytes wanted/],
  ['too few octets', '04 02 aa', /2 bytes wanted at offset 2, 1 left/],
  ['octets behind the value', '05 00 00', /1 bytes trail the value/],
  ['no end', '30 80 05 00', /wanted/],
  ['half an end', '30 80 05 00 00', /wanted/],
  ['an end with contents', '30 80 00 01 aa', /malformed end of contents/],
  ['an end outside of the value that it is in', '30 80 30 02 05 00 05 00', /wanted/],
  ['a primitive value without a length', '04 80 aa 00 00', /primitive value of indefinite length/],
  ['a long tag', '1f 81 01 00', /tag number above 30/],
  ['a length of many octets', '04 85 0000000001 aa', /a length of 5 octets/],
  ['pieces that are no octet strings', '24 80 02 01 05 00 00', /octetString wanted, integer found/],
  ['values too deep', '3080'.repeat(40) + '0000'.repeat(40), /nested more than 32 deep/],
])('it is refused for %s', (_, ber, message) => {
  expect(() => berToDer(unhex(ber))).toThrow(message)
  expect(() => berToDer(unhex(ber))).toThrow(DecodeError)
})
