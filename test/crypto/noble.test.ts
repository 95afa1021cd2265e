import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createNobleProvider, createSlimNobleProvider } from '../../src/crypto/noble.ts'
import { createNodeProvider } from '../../src/crypto/node.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { pairOf } from '../api/setup.ts'
import { credentials } from '../credentials.ts'
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

describe('the slim provider', () => {
  const slim = createSlimNobleProvider({ random })
  const whole = createNobleProvider({ random })

  it('has the defaults of the whole one, and nothing else', () => {
    const names = ({ cipherSuites, groups, verifiers, certificateVerifiers = [] }: CryptoProvider) => ({
      suites: cipherSuites.map(each => each.name),
      groups: groups.map(each => each.name),
      schemes: verifiers.map(each => each.scheme),
      algorithms: certificateVerifiers.map(each => each.algorithm),
    })
    expect(names(slim)).toEqual(names(whole))
    expect([slim.optional, slim.passwords]).toEqual([undefined, undefined])
  })

  it('shakes hands with the whole one', async () => {
    const minted = await credentials('P-256')
    const { client, server } = pairOf(slim, minted, { server: { crypto: whole, identity: minted.identity(whole) } }).run()
    expect([client.connected, server.connected]).toEqual([true, true])
  })

  it('refuses keys for optional schemes by name', () => {
    const ed448 = generateKeyPairSync('ed448').privateKey.export({ format: 'der', type: 'pkcs8' })
    expect(() => slim.importPrivateKey(new Uint8Array(ed448))).toThrow(/no Ed448/)
    expect(() => slim.importPrivateKey(pkcs8Of(mlDsaSets[0].algorithm, implicit(0, random(32))))).toThrow(/no ML-DSA-44/)
  })

  it('cannot be made without a source of randomness', () => {
    expect(() => createSlimNobleProvider({ random: undefined as never })).toThrow(TypeError)
  })
})

/** Bytes that only the seed decides. */
function stream(seed: string): (size: number) => Uint8Array {
  let count = 0
  return size => new Uint8Array(createHash('shake256', { outputLength: size }).update(`${seed} ${count++}`).digest())
}
