/** The public keys that a provider keeps open. */
import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { PublicKeys } from '../../src/crypto/public-keys.ts'
import { defaultRsaLimits, type SignatureLibrary } from '../../src/crypto/signatures.ts'

const spkis = Array.from({ length: 4 }, () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
})
const size = spkis[0]?.length ?? 0

/** A library that notes which keys it was given. */
function counting(): { readonly library: SignatureLibrary; readonly opened: Uint8Array[] } {
  const opened: Uint8Array[] = []
  const library: SignatureLibrary = {
    verifier(_key, spki) {
      opened.push(spki)
      return () => true
    },
    signer: () => {
      throw new Error('nobody signs here')
    },
  }
  return { library, opened }
}

it('opens a key once, however often and in whatever array it comes', () => {
  const { library, opened } = counting()
  const keys = new PublicKeys(library, defaultRsaLimits)
  const [spki = new Uint8Array(0)] = spkis
  const first = keys.open(spki)
  expect(keys.open(spki.slice())).toBe(first)
  expect(opened).toHaveLength(1)
})

it.each([
  { kind: 'a Uint8Array', copyOf: (bytes: Uint8Array) => new Uint8Array(bytes) },
  { kind: 'a Buffer', copyOf: (bytes: Uint8Array) => Buffer.from(bytes) },
])('keeps nothing of $kind that a key came in', ({ copyOf }) => {
  const { library } = counting()
  const keys = new PublicKeys(library, defaultRsaLimits)
  const [one = new Uint8Array(0), other = new Uint8Array(0)] = spkis
  const buffer = copyOf(one)
  const { key } = keys.open(buffer)
  buffer.set(other)
  const untouched = new PublicKeys(library, defaultRsaLimits).open(one).key
  expect(key).toEqual(untouched)
  expect(keys.open(one).key).toEqual(untouched)
  expect(keys.open(buffer).key).not.toEqual(key)
})

it('keeps no more bytes than it may, and forgets the key that was not asked for longest', () => {
  const { library, opened } = counting()
  const keys = new PublicKeys(library, defaultRsaLimits, 3 * size)
  const [a, b, c, d] = spkis as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  for (const spki of [a, b, c, a, d]) keys.open(spki)
  expect(keys.size).toBe(3 * size)
  expect(opened).toHaveLength(4)
  for (const spki of [a, c, d]) keys.open(spki)
  expect(opened).toHaveLength(4)
  keys.open(b)
  expect(opened).toHaveLength(5)
})

it('keeps no key that it can not read, and refuses it every time', () => {
  const { library, opened } = counting()
  const keys = new PublicKeys(library, defaultRsaLimits)
  for (let i = 0; i < 2; i++) expect(() => keys.open(Uint8Array.of(0x30, 0))).toThrow()
  expect(keys.size).toBe(0)
  expect(opened).toEqual([])
})

it('keeps no key that is longer than any of its algorithms', () => {
  const keys = new PublicKeys(counting().library, defaultRsaLimits)
  expect(() => keys.open(new Uint8Array(100_000))).toThrow()
  expect(keys.size).toBe(0)
})
