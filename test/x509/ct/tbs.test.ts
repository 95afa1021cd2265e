import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { join } from '../../../src/wire/bytes.ts'
import { constructedTag, encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { DecodeError } from '../../../src/wire/error.ts'
import { dissectTbs } from '../../../src/x509/ct/tbs.ts'
import { extension, leafExtensions } from '../build.ts'
import { issue, issueLogged, newLog, poison, sctExtension, sctList } from './mint.ts'

const list = sctList([Uint8Array.of(0, 1, 2)])
const scts = sctExtension(list)

describe('what was logged', () => {
  test('is the same as before the SCTs were put in, wherever they stand', () => {
    const { signed } = issue().certificate
    for (let position = 0; position <= leafExtensions().length; position++) {
      const certificate = issueLogged([[newLog('Operator')]], {}, position).certificate
      const parts = dissectTbs(certificate.signed)
      expect(parts.logged).toEqual(signed)
      expect(parts.precertificate).toBe(false)
    }
  })

  test('is the same as before the poison was put in', () => {
    const parts = dissectTbs(issue({ extensions: [poison, ...leafExtensions()] }).certificate.signed)
    expect(parts.logged).toEqual(issue().certificate.signed)
    expect(parts.precertificate).toBe(true)
  })

  test('is the whole where there are no SCTs, and where there are no extensions', () => {
    for (const extensions of [leafExtensions(), undefined]) {
      const { signed } = issue({ extensions }).certificate
      expect(dissectTbs(signed)).toEqual({ logged: signed, sctExtension: undefined, precertificate: false })
    }
  })

  test('has no extensions at all where the SCTs were the only one', () => {
    const parts = dissectTbs(issue({ extensions: [scts] }).certificate.signed)
    expect(parts.logged).toEqual(issue({ extensions: undefined }).certificate.signed)
    expect(parts.sctExtension).toEqual(encode(tags.octetString, list))
  })
})

test('a precertificate is one too where its poison is not critical', () => {
  const harmless = extension('1.3.6.1.4.1.11129.2.4.3', encode(tags.null))
  expect(dissectTbs(tbs([...leafExtensions(), harmless])).precertificate).toBe(true)
})

test('other extensions come back octet for octet, however many and however long', () => {
  const id = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 5 }).map(arcs => `1.2.${arcs.join('.')}`)
  const length = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(100, 127, 128, 200, 255, 256, 65_400, 65_535, 65_536))
  const other = fc
    .record({ id, contents: fc.tuple(length, fc.integer({ max: 255, min: 0 })), critical: fc.boolean() })
    .map(({ id, contents: [size, octet], critical }) => extension(id, new Uint8Array(size).fill(octet), critical))
  const property = fc.property(fc.array(other, { maxLength: 6 }), fc.nat(), fc.nat(), fc.boolean(), (others, at, poisonAt, poisoned) => {
    const withList = others.toSpliced(at % (others.length + 1), 0, scts)
    const whole = poisoned ? withList.toSpliced(poisonAt % (withList.length + 1), 0, poison) : withList
    const parts = dissectTbs(tbs(whole))
    expect(Buffer.from(parts.logged).equals(tbs(others))).toBe(true)
    expect(parts.sctExtension).toEqual(encode(tags.octetString, list))
    expect(parts.precertificate).toBe(poisoned)
  })
  fc.assert(property, { seed: 2, numRuns: 300 })
})

test.each<readonly [string, Uint8Array]>([
  ['two extensions with SCTs', tbs([scts, scts])],
  ['an extension that is no SEQUENCE', tbs([encode(tags.octetString)])],
  ['an extension without contents', tbs([encode(tags.sequence, encodeOid('1.2.3'))])],
  ['an extension with something behind its contents', tbs([encode(tags.sequence, scts.subarray(2), encode(tags.null))])],
  ['two lists of extensions', encode(tags.sequence, encode(constructedTag(3), encode(tags.sequence), encode(tags.sequence)))],
  ['octets behind it', Uint8Array.of(...tbs([scts]), 0)],
  ['nothing', new Uint8Array(0)],
])('refuses %s', (_, bytes) => {
  expect(() => dissectTbs(bytes)).toThrow(DecodeError)
})

test('takes as many extensions as there are', () => {
  const others = new Array<Uint8Array>(130_000).fill(extension('1.2.3', new Uint8Array(0)))
  const parts = dissectTbs(tbs([...others, scts]))
  expect(Buffer.from(parts.logged).equals(tbs(others))).toBe(true)
})

/** As much of a TBSCertificate as matters here. */
function tbs(extensions: readonly Uint8Array[]): Uint8Array {
  const field = extensions.length === 0 ? [] : [encode(constructedTag(3), encode(tags.sequence, join(extensions)))]
  return encode(tags.sequence, encode(tags.integer, Uint8Array.of(5)), encode(tags.sequence), ...field)
}
