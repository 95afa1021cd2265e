/** The portable provider: @noble's libraries, and nothing of the runtime but the language. */
import { x25519MlKem768 } from './key-exchange.ts'
import { aesGcmKey, chacha20Poly1305Key } from './noble/aead.ts'
import { createCurves } from './noble/curves.ts'
import { nobleGroups } from './noble/groups.ts'
import { sha256, sha384 } from './noble/hashes.ts'
import { nobleSignatures } from './noble/signatures.ts'
import type { CryptoProvider } from './provider.ts'
import { defaultRsaLimits, importPrivateKey, type RsaLimits, signatureVerifiers } from './signatures.ts'
import { cipherSuites, TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 } from './suites.ts'

export interface NobleProviderOptions extends Partial<RsaLimits> {
  /** `size` bytes from a cryptographically secure source. Everything random here comes from it. */
  readonly random: (size: number) => Uint8Array
}

/**
 * The provider `noble`. ChaCha20-Poly1305 comes first: in JavaScript it is faster than AES-GCM, and it needs no tables, whose
 * look-ups take a time that depends on the key.
 */
export function createNobleProvider({ random, ...limits }: NobleProviderOptions): CryptoProvider {
  if (typeof random !== 'function') throw new TypeError('The provider noble needs `random`, a function of the number of bytes')
  const curves = createCurves(random)
  const { x25519, secp256r1, secp384r1, secp521r1 } = nobleGroups(curves, random)
  const signatures = nobleSignatures(curves, random)
  const rsaLimits = { ...defaultRsaLimits, ...limits }
  return {
    name: 'noble',
    cipherSuites: cipherSuites({ sha256, sha384, aesGcm: aesGcmKey, chacha20Poly1305: chacha20Poly1305Key }, preference),
    groups: [x25519MlKem768(x25519, random), x25519, secp256r1, secp384r1, secp521r1],
    verifiers: signatureVerifiers(signatures, rsaLimits),
    random,
    importPrivateKey: pkcs8 => importPrivateKey(pkcs8, signatures, rsaLimits),
  }
}

const preference = [TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384]
