/** The providers that every test of the engine runs on. */
import { randomBytes } from 'node:crypto'
import { createNobleProvider } from '../src/crypto/noble.ts'
import { createNodeProvider } from '../src/crypto/node.ts'
import type { CryptoProvider } from '../src/crypto/provider.ts'

export interface ProviderLimits {
  readonly minimumRsaBits?: number
}

export function providers(limits: ProviderLimits = {}): readonly CryptoProvider[] {
  return [createNodeProvider(limits), createNobleProvider({ random: size => new Uint8Array(randomBytes(size)), ...limits })]
}
