/** The portable provider: @noble's libraries, and nothing of the runtime but the language. */
import { secp256r1MlKem768, secp384r1MlKem1024, x25519MlKem768 } from './key-exchange.ts'
import { aesGcmKey, chacha20Poly1305Key } from './noble/aead.ts'
import { aesCcmKey } from './noble/ccm.ts'
import { createCurves } from './noble/curves.ts'
import { nobleGroups } from './noble/groups.ts'
import { sha256, sha384 } from './noble/hashes.ts'
import { noblePasswords } from './noble/passwords.ts'
import { nobleSignatures } from './noble/signatures.ts'
import type { CryptoProvider } from './provider.ts'
import { PublicKeys } from './public-keys.ts'
import {
  defaultRsaLimits,
  defaultSchemes,
  ecdsaVerifiers,
  importPrivateKey,
  optionalSchemes,
  type RsaLimits,
  signatureVerifiers,
} from './signatures.ts'
import { cipherSuites, optionalSuites, TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 } from './suites.ts'

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
  const { x25519, x448, secp256r1, secp384r1, secp521r1 } = nobleGroups(curves, random)
  const signatures = nobleSignatures(curves, random)
  const rsaLimits = { ...defaultRsaLimits, ...limits }
  const keys = new PublicKeys(signatures, rsaLimits)
  return {
    name: 'noble',
    cipherSuites: cipherSuites(parts, preference),
    groups: [x25519MlKem768(x25519, random), x25519, secp256r1, secp384r1, secp521r1],
    verifiers: signatureVerifiers(defaultSchemes, keys),
    optional: {
      cipherSuites: cipherSuites(parts, optionalSuites),
      groups: [secp256r1MlKem768(secp256r1, random), secp384r1MlKem1024(secp384r1, random), x448],
      verifiers: signatureVerifiers(optionalSchemes, keys),
    },
    certificateVerifiers: ecdsaVerifiers(keys),
    passwords: noblePasswords,
    random,
    importPrivateKey: pkcs8 => importPrivateKey(pkcs8, signatures, rsaLimits),
  }
}

const parts = { sha256, sha384, aesGcm: aesGcmKey, aesCcm: aesCcmKey, chacha20Poly1305: chacha20Poly1305Key }
const preference = [TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384]
