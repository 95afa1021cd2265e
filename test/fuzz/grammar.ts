/** Extension values by their ASN.1 descriptions (RFC 5280 §4.2, RFC 6962, RFC 7633): mostly as they should be, now and then not. */
import { constructedTag, contextTag, encode, encodeOid, tags } from '../../src/wire/der.ts'
import * as make from '../x509/build.ts'
import type { Random } from './random.ts'

/** A random extension, critical or not. */
export function randomExtension(random: Random): Uint8Array {
  const [id, value] = random.pick(grammar)
  return make.extension(random.chance(97) ? id : randomOid(random), value(random), random.chance(30))
}

type Grammar = (random: Random) => Uint8Array

const sequence =
  (...parts: readonly Grammar[]): Grammar =>
  random =>
    encode(tags.sequence, ...parts.map(part => part(random)))
/** Mostly one or two, at times none or very many. */
const listOf =
  (item: Grammar, tag: number = tags.sequence): Grammar =>
  random => {
    const length = random.chance(2) ? 200 + random.below(300) : random.chance(5) ? 0 : 1 + random.below(3)
    return encode(tag, ...Array.from({ length }, () => item(random)))
  }
const optional =
  (part: Grammar): Grammar =>
  random =>
    random.chance(50) ? part(random) : new Uint8Array(0)
const tagged =
  (tag: number, part: Grammar): Grammar =>
  random =>
    encode(tag, part(random))
const integer = (random: Random, tag: number = tags.integer) =>
  encode(tag, random.chance(80) ? Uint8Array.of(random.below(20)) : random.bytes(1 + random.below(25)))
const oid: Grammar = random => encodeOid(randomOid(random))

function randomOid(random: Random): string {
  if (random.chance(70))
    return random.pick(['2.5.29.32.0', '1.2.3.4', '1.2.3.5', '1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2', '2.5.29.37.0', '1.3.6.1.5.5.7.48.1'])
  return ['1', String(random.below(39)), ...Array.from({ length: 1 + random.below(6) }, () => String(random.below(100_000)))].join('.')
}

const hosts = [
  'example.com',
  '*.example.com',
  'a.example.com',
  '.example.com',
  '',
  '.',
  'EXAMPLE.com',
  'example.com.',
  'xn--e1afmkfd.example',
  '1.2.3.4',
  'a_b.example',
  '*.*.com',
  'a..b',
  '\0.example.com',
  'b\xfccher.example',
]
const text = (random: Random) => (random.chance(90) ? random.pick(hosts) : 'x'.repeat(random.below(3000)))
const name: Grammar = random => make.name(text(random))

const generalName: Grammar = random => {
  switch (random.below(10)) {
    case 0:
      return encode(contextTag(1), make.latin1(`${random.chance(50) ? 'user@' : ''}${text(random)}`))
    case 1:
      return encode(contextTag(6), make.latin1(`${random.pick(['http://', 'ldap:///', '', 'https://u@'])}${text(random)}/x`))
    case 2:
    case 3:
      return encode(contextTag(7), random.bytes(random.pick([4, 8, 16, 32, 5, 0])))
    case 4:
      return encode(constructedTag(4), name(random))
    case 5:
      return encode(contextTag(8), random.bytes(1 + random.below(5)))
    case 6:
      return encode(constructedTag(random.pick([0, 3, 5])), random.bytes(random.below(9)))
    default:
      return encode(contextTag(2), make.latin1(text(random)))
  }
}
const generalNames = listOf(generalName)
const bitString: Grammar = random => encode(tags.bitString, Uint8Array.of(random.below(8)), random.bytes(random.below(3)))
const pointName = tagged(
  constructedTag(0),
  tagged(constructedTag(0), random => generalNames(random).subarray(2)),
)
const distributionPoints = listOf(
  sequence(
    optional(pointName),
    optional(random => encode(contextTag(1), Uint8Array.of(0, random.below(256)))),
    optional(listOf(generalName, constructedTag(2))),
  ),
)
const subtrees = (number: number) =>
  listOf(
    sequence(generalName, random => (random.chance(5) ? encode(contextTag(0), Uint8Array.of(0)) : new Uint8Array(0))),
    constructedTag(number),
  )

const grammar: readonly (readonly [string, Grammar])[] = [
  ['2.5.29.14', random => encode(tags.octetString, random.bytes(random.below(40)))],
  ['2.5.29.15', bitString],
  ['2.5.29.17', generalNames],
  ['2.5.29.18', generalNames],
  [
    '2.5.29.19',
    sequence(
      optional(() => encode(tags.boolean, Uint8Array.of(0xff))),
      optional(integer),
    ),
  ],
  ['2.5.29.30', sequence(optional(subtrees(0)), optional(subtrees(1)))],
  ['2.5.29.31', distributionPoints],
  ['2.5.29.32', listOf(sequence(oid, optional(listOf(sequence(oid, name)))))],
  ['2.5.29.33', listOf(sequence(oid, oid))],
  [
    '2.5.29.35',
    sequence(
      optional(random => encode(contextTag(0), random.bytes(20))),
      optional(listOf(generalName, constructedTag(1))),
      optional(random => integer(random, contextTag(2))),
    ),
  ],
  [
    '2.5.29.36',
    sequence(
      optional(random => integer(random, contextTag(0))),
      optional(random => integer(random, contextTag(1))),
    ),
  ],
  ['2.5.29.37', listOf(oid)],
  ['2.5.29.46', distributionPoints],
  ['2.5.29.54', integer],
  ['1.3.6.1.5.5.7.1.1', listOf(sequence(oid, generalName))],
  ['1.3.6.1.5.5.7.1.24', listOf(integer)],
  ['1.3.6.1.5.5.7.48.1.5', () => encode(tags.null)],
  ['1.3.6.1.4.1.11129.2.4.2', random => encode(tags.octetString, random.bytes(random.below(150)))],
]
