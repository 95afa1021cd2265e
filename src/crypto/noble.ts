/** The portable provider: @noble's libraries, and nothing of the runtime but the language. */
import { secp256r1MlKem768, secp384r1MlKem1024, x25519MlKem768 } from './key-exchange.ts'
import { mlDsa } from './ml-dsa.ts'
import { kemOf, mlKem768, mlKem1024 } from './ml-kem.ts'
import { aesGcmKey, chacha20Poly1305Key } from './noble/aead.ts'
import { aesCcmKey } from './noble/ccm.ts'
import { createCurves } from './noble/curves.ts'
import { createCurves448 } from './noble/curves448.ts'
import { type NobleGroups, nobleGroups, x448Group } from './noble/groups.ts'
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
  type SignatureLibrary,
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
  checkRandom(random)
  const curves = createCurves(random)
  const curves448 = createCurves448(random)
  const groups = nobleGroups(curves, random)
  const library = nobleSignatures(curves, random, { ed448: curves448.ed448, mlDsa })
  const rsaLimits = { ...defaultRsaLimits, ...limits }
  const keys = new PublicKeys(library, rsaLimits)
  return {
    ...defaults(groups, library, keys, rsaLimits, random),
    optional: {
      cipherSuites: cipherSuites({ ...parts, aesCcm: aesCcmKey }, optionalSuites),
      groups: [
        secp256r1MlKem768(groups.secp256r1, kemOf(mlKem768, random)),
        secp384r1MlKem1024(groups.secp384r1, kemOf(mlKem1024, random)),
        x448Group(curves448, random),
      ],
      verifiers: signatureVerifiers(optionalSchemes, keys),
    },
    passwords: noblePasswords,
  }
}

/**
 * The provider `noble` with its defaults alone, for what is bundled and has to be small: nothing is optional in it, and it reads neither
 * encrypted keys nor PKCS#12 files. A bundler leaves out what only `createNobleProvider` needs, a fifth of both together.
 */
export function createSlimNobleProvider({ random, ...limits }: NobleProviderOptions): CryptoProvider {
  checkRandom(random)
  const curves = createCurves(random)
  const library = nobleSignatures(curves, random)
  const rsaLimits = { ...defaultRsaLimits, ...limits }
  return defaults(nobleGroups(curves, random), library, new PublicKeys(library, rsaLimits), rsaLimits, random)
}

function checkRandom(random: unknown): void {
  if (typeof random !== 'function') throw new TypeError('The provider noble needs `random`, a function of the number of bytes')
}

function defaults(
  { x25519, secp256r1, secp384r1, secp521r1 }: NobleGroups,
  library: SignatureLibrary,
  keys: PublicKeys,
  limits: RsaLimits,
  random: (size: number) => Uint8Array,
): CryptoProvider {
  return {
    name: 'noble',
    cipherSuites: cipherSuites(parts, preference),
    groups: [x25519MlKem768(x25519, kemOf(mlKem768, random)), x25519, secp256r1, secp384r1, secp521r1],
    verifiers: signatureVerifiers(defaultSchemes, keys),
    certificateVerifiers: ecdsaVerifiers(keys),
    random,
    importPrivateKey: pkcs8 => importPrivateKey(pkcs8, library, limits),
  }
}

const parts = { sha256, sha384, aesGcm: aesGcmKey, chacha20Poly1305: chacha20Poly1305Key }
const preference = [TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384]
