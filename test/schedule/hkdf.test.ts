import { describe, expect, test } from 'vitest'
import { hkdfExpand, hkdfExpandLabel, hkdfExtract } from '../../src/schedule/hkdf.ts'
import { hashOf, providers } from './providers.ts'
import { fromHex, toHex } from './rfc8448.ts'

const bytes = (from: number, to: number) => Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i)

describe.each(providers)('With $name', provider => {
  const hash = hashOf(provider, 'sha256')

  test('RFC 5869 test case 1 gives the printed bytes', () => {
    const prk = hkdfExtract(hash, bytes(0x00, 0x0c), new Uint8Array(22).fill(0x0b))
    expect(toHex(prk)).toBe('077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5')
    expect(toHex(hkdfExpand(hash, prk, bytes(0xf0, 0xf9), 42))).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    )
  })

  test('RFC 5869 test case 2, of several blocks, gives the printed bytes', () => {
    const prk = hkdfExtract(hash, bytes(0x60, 0xaf), bytes(0x00, 0x4f))
    expect(toHex(hkdfExpand(hash, prk, bytes(0xb0, 0xff), 82))).toBe(
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    )
  })

  test('an expansion has up to 255 hash lengths and not a byte more', () => {
    const prk = new Uint8Array(32)
    const info = new Uint8Array(0)
    expect(hkdfExpand(hash, prk, info, 0)).toHaveLength(0)
    const longest = hkdfExpand(hash, prk, info, 255 * 32)
    expect(longest).toHaveLength(8160)
    expect(toHex(hkdfExpand(hash, prk, info, 33))).toBe(toHex(longest.subarray(0, 33)))
    expect(() => hkdfExpand(hash, prk, info, 8161)).toThrow(TypeError)
    expect(() => hkdfExpand(hash, prk, info, -1)).toThrow(TypeError)
    expect(() => hkdfExpand(hash, prk, info, 1.5)).toThrow(TypeError)
  })

  test('an HkdfLabel is built as RFC 9846 §7.1 draws it', () => {
    const secret = new Uint8Array(32).fill(7)
    const info = fromHex(`0102${'09'}${Buffer.from('tls13 key').toString('hex')}02aabb`)
    expect(toHex(hkdfExpandLabel(hash, secret, 'key', fromHex('aabb'), 0x102))).toBe(toHex(hkdfExpand(hash, secret, info, 0x102)))
  })

  test('a label that is empty, too long or not ASCII is a TypeError, and so is a long context', () => {
    const expand = (label: string, context: number) => hkdfExpandLabel(hash, new Uint8Array(32), label, new Uint8Array(context), 32)
    expect(expand('x'.repeat(249), 255)).toHaveLength(32)
    expect(() => expand('x'.repeat(250), 0)).toThrow(TypeError)
    expect(() => expand('', 0)).toThrow(TypeError)
    expect(() => expand('clé', 0)).toThrow(TypeError)
    expect(() => expand('x', 256)).toThrow(TypeError)
  })
})
