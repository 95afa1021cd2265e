/**
 * ML-KEM-768 and -1024 (FIPS 203) by @noble/post-quantum, for every provider that has none of its own. The randomness is always given, so this
 * file needs no source of it and published values replay.
 */
import { ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js'
import { KeyExchangeError } from './provider.ts'

/** ML-KEM with a source of randomness, as a group needs it. */
export interface Kem {
  readonly encapsulationKeySize: number
  readonly ciphertextSize: number
  generate(): MlKemPair
  /** A fresh secret, 32 bytes, and its ciphertext. Throws `KeyExchangeError` where the encapsulation key is not valid (§7.2). */
  encapsulate(encapsulationKey: Uint8Array): Encapsulation
}

export interface Encapsulation {
  readonly ciphertext: Uint8Array
  readonly secret: Uint8Array
}

export interface MlKem {
  readonly seedSize: number
  readonly coinsSize: number
  readonly encapsulationKeySize: number
  readonly ciphertextSize: number

  /** The key pair of the seed d ‖ z (§7.1), 64 random bytes. */
  pairOf(seed: Uint8Array): MlKemPair

  /**
   * A fresh secret, 32 bytes, and its ciphertext, from `coins`, 32 random bytes. Throws `KeyExchangeError` where the encapsulation
   * key has a wrong length or a coefficient that is not reduced (§7.2).
   */
  encapsulate(encapsulationKey: Uint8Array, coins: Uint8Array): Encapsulation
}

export interface MlKemPair {
  readonly encapsulationKey: Uint8Array
  /** The shared secret, 32 bytes; a forged ciphertext gives an unrelated one (§7.3). Throws `KeyExchangeError` for a wrong length. */
  decapsulate(ciphertext: Uint8Array): Uint8Array
}

// Pure, so that a bundler drops the one that nobody uses.
export const mlKem768: MlKem = /* @__PURE__ */ mlKem('ML-KEM-768', ml_kem768, { encapsulationKeySize: 1184, ciphertextSize: 1088 })
export const mlKem1024: MlKem = /* @__PURE__ */ mlKem('ML-KEM-1024', ml_kem1024, { encapsulationKeySize: 1568, ciphertextSize: 1568 })

export function kemOf(kem: MlKem, random: (size: number) => Uint8Array): Kem {
  const { encapsulationKeySize, ciphertextSize, seedSize, coinsSize } = kem
  return {
    encapsulationKeySize,
    ciphertextSize,
    generate: () => kem.pairOf(random(seedSize)),
    encapsulate: encapsulationKey => kem.encapsulate(encapsulationKey, random(coinsSize)),
  }
}

function mlKem(name: string, library: typeof ml_kem768, sizes: Pick<MlKem, 'encapsulationKeySize' | 'ciphertextSize'>): MlKem {
  return {
    seedSize: 64,
    coinsSize: 32,
    ...sizes,
    pairOf(seed) {
      const { publicKey, secretKey } = library.keygen(seed)
      return {
        encapsulationKey: publicKey,
        decapsulate(ciphertext) {
          checkLength(`ciphertext of ${name}`, ciphertext, sizes.ciphertextSize)
          return library.decapsulate(ciphertext, secretKey)
        },
      }
    },
    encapsulate(encapsulationKey, coins) {
      checkLength(`encapsulation key of ${name}`, encapsulationKey, sizes.encapsulationKeySize)
      try {
        const { cipherText, sharedSecret } = library.encapsulate(encapsulationKey, coins)
        return { ciphertext: cipherText, secret: sharedSecret }
      } catch (cause) {
        throw new KeyExchangeError(`The encapsulation key of ${name} fails its check`, { cause })
      }
    },
  }
}

export function checkLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new KeyExchangeError(`The ${what} has ${length} bytes, not ${bytes.length}`)
}
