/** The providers that are measured. */
import { randomFillSync } from 'node:crypto'
import { createNobleProvider } from '../src/crypto/noble.ts'
import { createNodeProvider } from '../src/crypto/node.ts'
import type { CryptoProvider } from '../src/crypto/provider.ts'
import { createWasmProvider } from '../src/crypto/wasm.ts'

export function benchProviders(): readonly CryptoProvider[] {
  return [createNodeProvider(), createWasmProvider({ random }), createNobleProvider({ random })]
}

function random(size: number): Uint8Array {
  return randomFillSync(new Uint8Array(size))
}
