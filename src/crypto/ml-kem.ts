/**
 * ML-KEM-768 (FIPS 203) by @noble/post-quantum, for both providers: Node has it from version 24 on only. The randomness is always
 * given, so this file needs no source of it and published values replay.
 */
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { KeyExchangeError } from './provider.ts'

export interface MlKemPair {
  readonly encapsulationKey: Uint8Array
  /** The shared secret, 32 bytes; a forged ciphertext gives an unrelated one (§7.3). Throws `KeyExchangeError` for a wrong length. */
  decapsulate(ciphertext: Uint8Array): Uint8Array
}

export const mlKem768 = {
  seedSize: 64,
  coinsSize: 32,
  encapsulationKeySize: 1184,
  ciphertextSize: 1088,

  /** The key pair of the seed d ‖ z (§7.1), 64 random bytes. */
  pairOf(seed: Uint8Array): MlKemPair {
    const { publicKey, secretKey } = ml_kem768.keygen(seed)
    return {
      encapsulationKey: publicKey,
      decapsulate(ciphertext) {
        checkLength('ciphertext', ciphertext, mlKem768.ciphertextSize)
        return ml_kem768.decapsulate(ciphertext, secretKey)
      },
    }
  },

  /**
   * A fresh secret, 32 bytes, and its ciphertext, from `coins`, 32 random bytes. Throws `KeyExchangeError` where the encapsulation
   * key has a wrong length or a coefficient that is not reduced (§7.2).
   */
  encapsulate(encapsulationKey: Uint8Array, coins: Uint8Array): { readonly ciphertext: Uint8Array; readonly secret: Uint8Array } {
    checkLength('encapsulation key', encapsulationKey, mlKem768.encapsulationKeySize)
    try {
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(encapsulationKey, coins)
      return { ciphertext: cipherText, secret: sharedSecret }
    } catch (cause) {
      throw new KeyExchangeError('The encapsulation key of ML-KEM-768 fails its check', { cause })
    }
  },
}

function checkLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new KeyExchangeError(`The ${what} of ML-KEM-768 has ${length} bytes, not ${bytes.length}`)
}
