/** The providers under test, and what they have by name. */
import { randomBytes } from 'node:crypto'
import { createNobleProvider } from '../../src/crypto/noble.ts'
import { createNodeProvider } from '../../src/crypto/node.ts'
import type { CipherSuite, CryptoProvider, Hash } from '../../src/crypto/provider.ts'

export const providers: readonly CryptoProvider[] = [
  createNobleProvider({ random: size => new Uint8Array(randomBytes(size)) }),
  createNodeProvider(),
]

export function suiteOf(provider: CryptoProvider, name: string): CipherSuite {
  const suite = provider.cipherSuites.find(candidate => candidate.name === name)
  if (suite === undefined) throw new Error(`The provider ${provider.name} has no ${name}`)
  return suite
}

/** The hash of that name, which a provider shows through its cipher suites. */
export function hashOf(provider: CryptoProvider, name: Hash['name']): Hash {
  const suite = provider.cipherSuites.find(candidate => candidate.hash.name === name)
  if (suite === undefined) throw new Error(`The provider ${provider.name} has no ${name}`)
  return suite.hash
}
