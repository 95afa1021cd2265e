/** The node provider seals small records by the kernels of wasm: nobody can tell. */
import { createCipheriv } from 'node:crypto'
import { expect, it } from 'vitest'
import { createNodeProvider } from '../../src/crypto/node.ts'
import type { AeadKey } from '../../src/crypto/provider.ts'

const ciphers = [
  ['TLS_AES_128_GCM_SHA256', 'aes-128-gcm'],
  ['TLS_AES_256_GCM_SHA384', 'aes-256-gcm'],
  ['TLS_CHACHA20_POLY1305_SHA256', 'chacha20-poly1305'],
] as const
/** Around 640 and 2048, where the one takes over from the other, with and without the tag. */
const sizes = [0, 1, 64, 623, 624, 625, 639, 640, 641, 656, 657, 2031, 2032, 2033, 2047, 2048, 2049, 2064, 2065, 16_385]

it.each(ciphers)('%s gives what node:crypto gives on both sides of the limit, in one piece and in three', (suite, algorithm) => {
  const { raw, key } = keyOf(suite)
  for (const [i, size] of sizes.entries()) {
    const nonce = new Uint8Array(12).fill(i)
    const aad = Uint8Array.of(23, 3, 3, size >>> 8, size & 255)
    const text = Uint8Array.from({ length: size }, (_, at) => at * 7)
    const cipher = createCipheriv(algorithm as 'aes-128-gcm', raw, nonce, { authTagLength: 16 }).setAAD(aad)
    const expected = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
    const thirds = [text.subarray(0, size / 3), text.subarray(size / 3, size / 2), text.subarray(size / 2)]
    for (const pieces of [[text], thirds]) expect(seal(key, nonce, aad, pieces).equals(expected)).toBe(true)
    expect(key.open(nonce, aad, new Uint8Array(expected))).toEqual(text)
  }
})

it.each(ciphers)('%s leaves what it opens as it was, and refuses a changed byte, on both sides of the limit', suite => {
  const { key } = keyOf(suite)
  const nonce = new Uint8Array(12)
  const aad = new Uint8Array(5)
  for (const size of [10, 3000]) {
    const sealed = new Uint8Array(seal(key, nonce, aad, [new Uint8Array(size).fill(9)]))
    const copy = sealed.slice()
    expect(key.open(nonce, aad, sealed)?.length).toBe(size)
    expect(sealed).toEqual(copy)
    for (const at of [0, size - 1, size, size + 15]) {
      const changed = sealed.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(key.open(nonce, aad, changed)).toBeUndefined()
    }
  }
  expect(createNodeProvider().leavesSealed).toBe(true)
})

it.each(ciphers)('%s can be used no more, for records of any size, once its key is destroyed', suite => {
  const { key } = keyOf(suite)
  key.destroy()
  for (const size of [10, 3000]) {
    expect(() => key.seal(new Uint8Array(12), new Uint8Array(5), [new Uint8Array(size)], [])).toThrow(TypeError)
    expect(() => key.open(new Uint8Array(12), new Uint8Array(5), new Uint8Array(size + 16))).toThrow(TypeError)
  }
})

function keyOf(name: string): { readonly raw: Uint8Array; readonly key: AeadKey } {
  const suite = createNodeProvider().cipherSuites.find(each => each.name === name)
  if (suite === undefined) throw new Error(`no ${name}`)
  const raw = Uint8Array.from({ length: suite.aead.keySize }, (_, at) => at + 1)
  return { raw, key: suite.aead.key(raw) }
}

function seal(key: AeadKey, nonce: Uint8Array, aad: Uint8Array, pieces: readonly Uint8Array[]): Buffer {
  const out: Uint8Array[] = []
  key.seal(nonce, aad, pieces, out)
  return Buffer.concat(out)
}
