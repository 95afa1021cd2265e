import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { createNobleProvider } from '../../src/crypto/noble.ts'
import { createNodeProvider } from '../../src/crypto/node.ts'
import { conformance } from './conformance.ts'
import { allOf } from './kit/algorithms.ts'
import { implicit, mlDsaSets, pkcs8Of, testKey } from './kit/keys.ts'

const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size))

conformance({ create: limits => createNobleProvider({ random, ...limits }), other: createNodeProvider() })

it('draws everything random from what it was given', () => {
  const keys = [generateKeyPairSync('ec', { namedCurve: 'P-256' }), generateKeyPairSync('rsa', { modulusLength: 2048 })]
  const files = keys.map(pair => testKey('', [], pair).pkcs8)
  files.push(pkcs8Of(mlDsaSets[0].algorithm, implicit(0, random(32))))
  const everything = (seed: string) => {
    const provider = createNobleProvider({ random: stream(seed) })
    const exchanges = allOf(provider).groups.map(group => {
      const { share } = group.generate()
      return { share, answer: group.respond(share) }
    })
    const signatures = files.map(file => {
      const key = provider.importPrivateKey(file)
      return key.schemes.map(scheme => key.sign?.(scheme, new Uint8Array(10)))
    })
    return { exchanges, signatures }
  }
  expect(everything('a')).toEqual(everything('a'))
  const [a, b] = [everything('a'), everything('b')]
  for (const [i, exchange] of a.exchanges.entries()) expect(exchange).not.toEqual(b.exchanges[i])
  for (const [i, signature] of a.signatures.flat().entries()) expect(signature).not.toEqual(b.signatures.flat()[i])
})

it('cannot be made without a source of randomness', () => {
  expect(() => createNobleProvider({ random: undefined as never })).toThrow(TypeError)
})

/** Bytes that only the seed decides. */
function stream(seed: string): (size: number) => Uint8Array {
  let count = 0
  return size => new Uint8Array(createHash('shake256', { outputLength: size }).update(`${seed} ${count++}`).digest())
}
