/** The providers that every test of the engine runs on. */
import { randomBytes } from 'node:crypto'
import { createNobleProvider } from '../src/crypto/noble.ts'
import { createNodeProvider } from '../src/crypto/node.ts'
import type { CryptoProvider } from '../src/crypto/provider.ts'
import { createWasmProvider } from '../src/crypto/wasm.ts'

export interface ProviderLimits {
  readonly minimumRsaBits?: number
}

const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size))

export function providers(limits: ProviderLimits = {}): readonly CryptoProvider[] {
  return [createNodeProvider(limits), createNobleProvider({ random, ...limits })]
}

/** Also `wasm`, which differs from noble in its AEADs alone: for tests that are about records and their keys. */
export function recordProviders(limits: ProviderLimits = {}): readonly CryptoProvider[] {
  return [...providers(limits), createWasmProvider({ random, ...limits })]
}
