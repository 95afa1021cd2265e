import { describe, expect, test } from 'vitest'
import type { AeadKey, CipherSuite } from '../../src/crypto/provider.ts'
import { Protection } from '../../src/record/protection.ts'
import { providers } from '../schedule/providers.ts'
import { toHex } from '../schedule/rfc8448.ts'
import { join, keysFor, pattern, sealed } from './support.ts'

describe.each(providers)('With $name', provider => {
  describe.each(provider.cipherSuites)('and $name', suite => {
    test('the sequence number carries from its low half into its high one', () => {
      const start = 2n ** 32n - 2n
      const sender = new Protection(unlimited(suite), keysFor(suite), start)
      const receiver = new Protection(suite, keysFor(suite), start)
      for (let i = 0; i < 4; i++) {
        expect(sender.sequence).toBe(start + BigInt(i))
        const record = sealed(sender, [[i]])
        // A fresh key at the same number agrees, so the number is what the nonce is made of.
        const fresh = new Protection(suite, keysFor(suite), start + BigInt(i))
        expect(fresh.open(record.slice(0, 5), record.slice(5))).toEqual(Uint8Array.of(i))
        expect(receiver.open(record.slice(0, 5), record.slice(5))).toEqual(Uint8Array.of(i))
      }
      expect(receiver.sequence).toBe(start + 4n)
    })

    test('sealing stops hard at the limit of the AEAD, opening does not', () => {
      const limit = 3
      const limited = { ...suite, aead: { ...suite.aead, sealLimit: limit, key: (raw: Uint8Array) => suite.aead.key(raw) } }
      const sender = new Protection(limited, keysFor(suite))
      const records = Array.from({ length: limit }, (_, i) => {
        expect(sender.remaining).toBe(limit - i)
        return sealed(sender, [[i]])
      })
      expect(sender.remaining).toBe(0)
      expect(() => sealed(sender, [[9]])).toThrow(expect.objectContaining({ name: 'TlsError', code: 'key-exhausted' }))
      const receiver = new Protection(limited, keysFor(suite), BigInt(limit))
      const further = sealed(new Protection(suite, keysFor(suite), BigInt(limit)), [[7]])
      expect(receiver.open(further.slice(0, 5), further.slice(5))).toEqual(Uint8Array.of(7))
      expect(records).toHaveLength(limit)
    })

    test('the key, the IV and the record are not referenced after the call', () => {
      const keys = keysFor(suite)
      const sender = new Protection(suite, keys)
      keys.key.fill(0)
      keys.iv.fill(0)
      const data = pattern(100)
      const out: Uint8Array[] = []
      const header = Uint8Array.of(23, 3, 3, 0, 116)
      sender.seal(header, [data], out)
      data.fill(0)
      const receiver = new Protection(suite, keysFor(suite))
      expect(receiver.open(header, join(out))).toEqual(pattern(100))
    })

    test('a key or IV of the wrong length, or a sequence number out of 64 bits, is a TypeError', () => {
      const { key, iv } = keysFor(suite)
      expect(() => new Protection(suite, { key: key.slice(1), iv })).toThrow(TypeError)
      expect(() => new Protection(suite, { key, iv: iv.slice(0, 7) })).toThrow(TypeError)
      expect(() => new Protection(suite, { key, iv }, -1n)).toThrow(TypeError)
      expect(() => new Protection(suite, { key, iv }, 2n ** 64n)).toThrow(TypeError)
    })
  })
})

describe('The nonce', () => {
  const suite = firstSuite()

  /** Collects the nonces that the AEAD sees; what it seals does not matter here. */
  function spy(fails = false): { suite: CipherSuite; nonces: string[] } {
    const nonces: string[] = []
    const key: AeadKey = {
      seal: nonce => {
        nonces.push(toHex(nonce))
        if (fails) throw new Error('the AEAD failed')
      },
      open: nonce => {
        nonces.push(toHex(nonce))
        return undefined
      },
      destroy: () => {},
    }
    return { suite: { ...suite, aead: { ...unlimited(suite).aead, key: () => key } }, nonces }
  }
  const seal = (protection: Protection) => protection.seal(new Uint8Array(5), [], [])
  const zeros = (size: number) => ({ key: new Uint8Array(size), iv: new Uint8Array(12) })

  test('is the sequence number in network byte order, XORed to the right end of the IV', () => {
    const { suite: spied, nonces } = spy()
    const keys = { key: new Uint8Array(suite.aead.keySize), iv: new Uint8Array(12).fill(0xff) }
    seal(new Protection(spied, keys, 0x0102030405060708n))
    seal(new Protection(spied, { ...keys, iv: new Uint8Array(12) }, 0x80000000_80000001n))
    expect(nonces).toEqual(['fffffffffefdfcfbfaf9f8f7', '000000008000000080000001'])
  })

  test('is never used again, even where the AEAD fails', () => {
    const { suite: spied, nonces } = spy(true)
    const protection = new Protection(spied, zeros(suite.aead.keySize))
    expect(() => seal(protection)).toThrow('the AEAD failed')
    expect(() => seal(protection)).toThrow('the AEAD failed')
    expect(new Set(nonces).size).toBe(2)
  })

  test('does not wrap after 2^64 records, neither to seal nor to open', () => {
    const { suite: spied, nonces } = spy()
    const protection = new Protection(spied, zeros(suite.aead.keySize), 2n ** 64n - 1n)
    expect(protection.remaining).toBeGreaterThan(0)
    seal(protection)
    expect(nonces).toEqual(['00000000ffffffffffffffff'])
    expect(protection.remaining).toBe(0)
    expect(() => seal(protection)).toThrow(expect.objectContaining({ code: 'key-exhausted' }))
    expect(() => protection.open(new Uint8Array(5), new Uint8Array(20))).toThrow(expect.objectContaining({ code: 'key-exhausted' }))
    expect(nonces).toHaveLength(1)
  })
})

function firstSuite(): CipherSuite {
  const [suite] = providers.flatMap(provider => provider.cipherSuites)
  if (suite === undefined) throw new Error('There is no cipher suite')
  return suite
}

/** The suite without a limit of its own, so that the sequence number may start anywhere. */
function unlimited(suite: CipherSuite): CipherSuite {
  const { keySize, tagSize } = suite.aead
  return { ...suite, aead: { keySize, tagSize, sealLimit: Number.POSITIVE_INFINITY, key: raw => suite.aead.key(raw) } }
}
