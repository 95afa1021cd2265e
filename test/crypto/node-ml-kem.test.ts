/** ML-KEM of node:crypto against @noble's. Only newer versions of Node have it: with those at hand, run this file there. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { type Kem, kemOf, mlKem768, mlKem1024 } from '../../src/crypto/ml-kem.ts'
import { nativeKems, nodeKems } from '../../src/crypto/node/ml-kem.ts'
import { KeyExchangeError } from '../../src/crypto/provider.ts'

const random = (size: number) => new Uint8Array(randomBytes(size))
const noble = { mlKem768: kemOf(mlKem768, random), mlKem1024: kemOf(mlKem1024, random) }
const native = nativeKems()

if (native === undefined) test.skip(`Node ${process.versions.node} has no ML-KEM with raw keys`, () => {})

it('is there on every version of Node', () => {
  const { mlKem768: kem } = nodeKems(random)
  const pair = kem.generate()
  const { ciphertext, secret } = kem.encapsulate(pair.encapsulationKey)
  expect(pair.decapsulate(ciphertext)).toEqual(secret)
})

describe.each(
  (['mlKem768', 'mlKem1024'] as const).flatMap(name => (native ? [{ name, own: native[name], other: noble[name] }] : [])),
)('$name of node:crypto', ({ own, other }) => {
  it.each([
    { who: 'makes keys for which noble encapsulates', generator: own, encapsulator: other },
    { who: 'encapsulates for keys of noble', generator: other, encapsulator: own },
  ])('$who', ({ generator, encapsulator }) => {
    const pair = generator.generate()
    const { ciphertext, secret } = encapsulator.encapsulate(pair.encapsulationKey)
    expect(secret).toHaveLength(32)
    expect(ciphertext).toHaveLength(own.ciphertextSize)
    expect(pair.encapsulationKey).toHaveLength(own.encapsulationKeySize)
    expect(pair.decapsulate(ciphertext)).toEqual(secret)
  })

  it('gives plain arrays, and an unrelated secret for a forged ciphertext', () => {
    const pair = own.generate()
    const { ciphertext, secret } = own.encapsulate(pair.encapsulationKey)
    for (const bytes of [pair.encapsulationKey, ciphertext, secret]) expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype)
    ciphertext[0] = (ciphertext[0] ?? 0) ^ 1
    const forged = pair.decapsulate(ciphertext)
    expect(forged).toHaveLength(32)
    expect(forged).not.toEqual(secret)
  })

  it('refuses what noble refuses: another length, and a coefficient that is not reduced', () => {
    const pair = own.generate()
    const refused = (kem: Kem, key: Uint8Array) => expect(() => kem.encapsulate(key)).toThrow(KeyExchangeError)
    const unreduced = pair.encapsulationKey.slice().fill(0xff, 0, 3)
    for (const kem of [own, other]) for (const key of [unreduced, pair.encapsulationKey.subarray(1), new Uint8Array(0)]) refused(kem, key)
    for (const size of [0, own.ciphertextSize - 1, own.ciphertextSize + 1]) {
      expect(() => pair.decapsulate(new Uint8Array(size))).toThrow(KeyExchangeError)
    }
  })
})
