/**
 * ML-DSA (FIPS 204) by @noble/post-quantum, for both providers: Node has it from version 24 on only. The context string is empty
 * (draft-ietf-tls-mldsa), and no message is hashed beforehand.
 */
import { type DSA, ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js'

export type MlDsaName = 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87'

export interface MlDsaSizes {
  readonly publicKey: number
  /** The expanded private key of `skEncode`. */
  readonly secretKey: number
}

/** What a provider needs of a library to have ML-DSA. One that lacks it leaves the library out of what is bundled. */
export interface MlDsa {
  /** `publicKey` is as long as it has to be. False where the signature is not. */
  verify(name: MlDsaName, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
  /** The expanded private key of ξ (§5.1), 32 bytes. */
  expand(name: MlDsaName, seed: Uint8Array): Uint8Array
  /** Whether the parts of an expanded private key fit each other. */
  isSecretKey(name: MlDsaName, secretKey: Uint8Array): boolean
  /** What signs with an expanded private key; its one scheme needs no naming. */
  signer(name: MlDsaName, secretKey: Uint8Array, random: (size: number) => Uint8Array): MlDsaSigner
}

export interface MlDsaSigner {
  readonly subjectPublicKey: Uint8Array
  sign(scheme: unknown, message: Uint8Array): Uint8Array
}

/** In bytes (§4, table 2). */
export const mlDsaSizes: Readonly<Record<MlDsaName, MlDsaSizes>> = {
  'ML-DSA-44': { publicKey: 1312, secretKey: 2560 },
  'ML-DSA-65': { publicKey: 1952, secretKey: 4032 },
  'ML-DSA-87': { publicKey: 2592, secretKey: 4896 },
}

export const mlDsa: MlDsa = {
  verify: (name, publicKey, message, signature) => libraries[name].verify(signature, message, publicKey),
  expand: (name, seed) => libraries[name].keygen(seed).secretKey,
  /** It signs what the public key computed from it verifies. */
  isSecretKey(name, secretKey) {
    const library = libraries[name]
    const message = new Uint8Array(0)
    return library.verify(library.sign(message, secretKey, { extraEntropy: false }), message, library.getPublicKey(secretKey))
  },
  signer(name, secretKey, random) {
    const library = libraries[name]
    return {
      subjectPublicKey: library.getPublicKey(secretKey),
      // Hedged (§3.4): neither a fault nor a bad source of randomness betrays the key.
      sign: (_, message) => library.sign(message, secretKey, { extraEntropy: random(32) }),
    }
  },
}

const libraries: Readonly<Record<MlDsaName, DSA>> = { 'ML-DSA-44': ml_dsa44, 'ML-DSA-65': ml_dsa65, 'ML-DSA-87': ml_dsa87 }
