import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError } from '../../../src/wire/error.ts'
import { decodeSct, decodeSctList, signedData, x509Entry } from '../../../src/x509/ct/sct.ts'
import { issue, join, logged, mintSct, newLog, prefixed, sctList, uint } from './mint.ts'

const log = newLog('Operator')
const { certificate } = issue()
const serialised = mintSct(log, { certificate: certificate.raw }, { extensions: Uint8Array.of(1, 2, 3) })

describe('an SCT of version 1', () => {
  test('is read field by field', () => {
    const sct = decodeSct(serialised)
    expect(sct?.logId).toEqual(log.id)
    expect(sct?.timestamp).toBe(logged)
    expect(sct?.extensions).toEqual(Uint8Array.of(1, 2, 3))
    expect(sct?.scheme).toBe(0x0403)
    expect(sct?.signature).toEqual(serialised.subarray(1 + 32 + 8 + 2 + 3 + 2 + 2))
  })

  test('may have a time beyond 32 bits', () => {
    const late = mintSct(log, { certificate: certificate.raw }, { timestamp: Number.MAX_SAFE_INTEGER })
    expect(decodeSct(late)?.timestamp).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('is refused where it is cut off anywhere, and where something follows', () => {
    for (let length = 0; length < serialised.length; length++) {
      expect(() => decodeSct(serialised.subarray(0, length)), `${length} octets`).toThrow(DecodeError)
    }
    expect(() => decodeSct(join(serialised, Uint8Array.of(0)))).toThrow('1 bytes trail the SCT')
  })

  test('is refused where a length inside reaches too far', () => {
    const lengthOfExtensions = 1 + 32 + 8
    const hostile = join(serialised.subarray(0, lengthOfExtensions), uint(2, 0xffff), serialised.subarray(lengthOfExtensions + 2))
    expect(() => decodeSct(hostile)).toThrow(/65535 bytes wanted/)
  })
})

test('an SCT of another version is not read, whatever it holds', () => {
  for (const version of [1, 2, 255]) {
    expect(decodeSct(join(Uint8Array.of(version), serialised.subarray(1)))).toBeUndefined()
    expect(decodeSct(Uint8Array.of(version))).toBeUndefined()
  }
})

describe('a list of SCTs', () => {
  test('gives each one as it stands, of any version', () => {
    const scts = [serialised, Uint8Array.of(9), serialised]
    expect(decodeSctList(sctList(scts))).toEqual(scts)
  })

  test.each<readonly [string, Uint8Array]>([
    ['nothing at all', new Uint8Array(0)],
    ['half a length', Uint8Array.of(0)],
    ['an empty list', uint(2, 0)],
    ['an empty SCT in it', prefixed(2, uint(2, 0))],
    ['a list longer than what is there', join(uint(2, 0xffff), prefixed(2, serialised))],
    ['an SCT longer than the list', prefixed(2, join(uint(2, serialised.length + 1), serialised))],
    ['half a length behind an SCT', prefixed(2, join(prefixed(2, serialised), Uint8Array.of(0)))],
    ['octets behind the list', join(sctList([serialised]), Uint8Array.of(0))],
  ])('is refused: %s', (_, bytes) => {
    expect(() => decodeSctList(bytes)).toThrow(DecodeError)
  })
})

test('any octets are read or refused by a DecodeError', () => {
  const tame = (read: () => unknown): boolean => {
    try {
      read()
      return true
    } catch (error) {
      return error instanceof DecodeError
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => tame(() => decodeSctList(bytes)) && tame(() => decodeSct(bytes))),
    { seed: 1 },
  )
})

test('a signature covers version, type, time, entry and extensions in the order of RFC 6962 §3.2', () => {
  const data = signedData({ timestamp: 0x0102_0304_0506, extensions: Uint8Array.of(7, 8) }, x509Entry(Uint8Array.of(9)))
  expect([...data]).toEqual([0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 1, 9, 0, 2, 7, 8])
})
