/** What the tables say of suites and groups, held against the providers that have them. */
import { createECDH, getCipherInfo } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { cipherSuiteNames, cipherSuites, groupNames, namedGroups } from '../../src/primitives.ts'
import { recordProviders } from '../providers.ts'

const [provider] = recordProviders()
if (!provider) throw new Error('no provider')
const all = <T>(list: readonly T[], optional: readonly T[] = []): readonly T[] => [...list, ...optional]

describe('The parts of cipher suites', () => {
  it('are those of every suite that has a code point', () => {
    expect(new Set(cipherSuites.keys())).toEqual(new Set(cipherSuiteNames.values()))
  })

  it('are what the provider computes with', () => {
    const suites = all(provider.cipherSuites, provider.optional?.cipherSuites)
    expect(suites.length).toBe(cipherSuites.size)
    for (const { name, aead, hash } of suites) {
      const parts = { keyBits: aead.keySize * 8, tagBits: aead.tagSize * 8, hash: hash.name, hashBits: hash.size * 8 }
      expect([name, cipherSuites.get(name)]).toMatchObject([name, parts])
    }
  })

  it('are what OpenSSL has under the name of the algorithm', () => {
    for (const { algorithm, keyBits } of cipherSuites.values()) {
      const name = algorithm === 'ChaCha20-Poly1305' ? algorithm : algorithm.replace('-', `-${keyBits}-`)
      expect([name, getCipherInfo(name.toLowerCase())?.keyLength]).toEqual([name, keyBits / 8])
    }
  })
})

describe('The parts of groups', () => {
  it('are those of every group that has a code point', () => {
    expect(new Set(namedGroups.keys())).toEqual(new Set(groupNames.values()))
  })

  it('have the size of the field that the shares are made of', () => {
    const groups = all(provider.groups, provider.optional?.groups)
    expect(groups.length).toBeGreaterThan(5)
    for (const { name, generate } of groups) {
      const { bits = 0, kem } = namedGroups.get(name) ?? {}
      const coordinate = Math.ceil(bits / 8)
      // A point of a curve of NIST's has two coordinates behind a byte that says so; a Montgomery curve has one.
      const curve = /secp/i.test(name) ? 1 + 2 * coordinate : coordinate
      const encapsulationKey = kem === undefined ? 0 : kem === 'ML-KEM-768' ? 1184 : 1568
      expect([name, generate().share.length]).toEqual([name, curve + encapsulationKey])
    }
  })

  it('are ECDHE where the curve is one of OpenSSL', () => {
    for (const [name, curve] of [['secp256r1', 'prime256v1'] as const, ['secp384r1', 'secp384r1'] as const]) {
      expect(namedGroups.get(name)).toEqual({ algorithm: 'ECDHE', bits: (createECDH(curve).generateKeys().length - 1) * 4, kem: undefined })
    }
    expect([...namedGroups].filter(([, { algorithm }]) => algorithm === 'DHE').map(([name, { bits }]) => name === `ffdhe${bits}`)).toEqual(
      Array(5).fill(true),
    )
  })
})
