/**
 * The provider `wasm`: as portable as noble's, with AES-GCM and ChaCha20-Poly1305 in WebAssembly, several times as fast and without
 * look-ups or branches that depend on a secret. All else is noble's.
 */

import { aesCcmKey } from './noble/ccm.ts'
import { sha256, sha384 } from './noble/hashes.ts'
import { createNobleProvider, type NobleProviderOptions } from './noble.ts'
import type { CryptoProvider } from './provider.ts'
import { cipherSuites, TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 } from './suites.ts'
import { wasmAeads } from './wasm/aead.ts'
import { shortHmacSha256 } from './wasm/hmac.ts'
import { kernels, loadKernels, moduleBytes, type WasmModule } from './wasm/kernels.ts'

export type WasmProviderOptions = NobleProviderOptions
export type { WasmModule }

/**
 * The provider `wasm`, or `noble` where WebAssembly with SIMD is missing, or may not be compiled at once: see `loadWasm`. Its `name` tells. The
 * first call decodes and compiles the module, in two or three milliseconds; all providers share it.
 */
export function createWasmProvider(options: WasmProviderOptions): CryptoProvider {
  const noble = createNobleProvider(options)
  const available = kernels()
  if (available === undefined) return noble
  const parts = { sha256: { ...sha256, hmac: shortHmacSha256(available, sha256.hmac) }, sha384, aesCcm: aesCcmKey, ...wasmAeads(available) }
  return { ...noble, name: 'wasm', cipherSuites: cipherSuites(parts, preference) }
}

/**
 * Prepares `createWasmProvider` for runtimes that compile WebAssembly in the background alone, or not at all. Without an argument it compiles; a host
 * that must compile itself (Cloudflare Workers) gives the `WebAssembly.Module` of `wasmBytes()`. Whether the provider will be `wasm`.
 * Rejects with `TypeError` for a module of another kind.
 */
export function loadWasm(module?: WasmModule): Promise<boolean> {
  return loadKernels(module)
}

/** The WebAssembly module, a copy: for a build that hands it to its host as a file. */
export function wasmBytes(): Uint8Array {
  return moduleBytes()
}

/** ChaCha20-Poly1305 takes half the time of AES-GCM, which is bitsliced here. */
const preference = [TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384]
