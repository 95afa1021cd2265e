/** ML-KEM by node:crypto, from the versions of Node 24 on that have it with raw keys; by @noble elsewhere. */
import * as nodeCrypto from 'node:crypto'
import { checkLength, type Kem, kemOf, type MlKem, mlKem768, mlKem1024 } from '../ml-kem.ts'
import { KeyExchangeError } from '../provider.ts'
import { plain } from './buffers.ts'

export interface NodeKems {
  readonly mlKem768: Kem
  readonly mlKem1024: Kem
}

/** `random` is for what is computed by @noble: OpenSSL has a source of its own, which is where node:crypto takes its random bytes too. */
export function nodeKems(random: (size: number) => Uint8Array): NodeKems {
  return nativeKems() ?? { mlKem768: kemOf(mlKem768, random), mlKem1024: kemOf(mlKem1024, random) }
}

/** `undefined` where this Node has no ML-KEM, or can't take and give its keys as they stand on the wire. */
export function nativeKems(): NodeKems | undefined {
  if (!('encapsulate' in nodeCrypto)) return undefined
  try {
    native.generateKeyPairSync('ml-kem-768', asRaw)
  } catch {
    // Some versions have ML-KEM, but not this form of its keys.
    return undefined
  }
  return { mlKem768: nativeKem('ml-kem-768', mlKem768), mlKem1024: nativeKem('ml-kem-1024', mlKem1024) }
}

type Name = 'ml-kem-768' | 'ml-kem-1024'

const asRaw = { publicKeyEncoding: { format: 'raw-public' } } as const

/** What the types of node:crypto, which are those of Node 20, do not have. */
interface Native {
  generateKeyPairSync(type: Name, options: typeof asRaw): { readonly publicKey: Buffer; readonly privateKey: nodeCrypto.KeyObject }
  encapsulate(key: { readonly key: Uint8Array; readonly format: 'raw-public'; readonly asymmetricKeyType: Name }): {
    readonly sharedKey: Buffer
    readonly ciphertext: Buffer
  }
  decapsulate(key: nodeCrypto.KeyObject, ciphertext: Uint8Array): Buffer
}

const native = nodeCrypto as typeof nodeCrypto & Native

function nativeKem(name: Name, { encapsulationKeySize, ciphertextSize }: MlKem): Kem {
  return {
    encapsulationKeySize,
    ciphertextSize,
    generate() {
      const { publicKey, privateKey } = native.generateKeyPairSync(name, asRaw)
      return {
        encapsulationKey: plain(publicKey),
        decapsulate(ciphertext) {
          checkLength(`ciphertext of ${name}`, ciphertext, ciphertextSize)
          return plain(native.decapsulate(privateKey, ciphertext))
        },
      }
    },
    encapsulate(encapsulationKey) {
      checkLength(`encapsulation key of ${name}`, encapsulationKey, encapsulationKeySize)
      try {
        const { sharedKey, ciphertext } = native.encapsulate({ key: encapsulationKey, format: 'raw-public', asymmetricKeyType: name })
        return { ciphertext: plain(ciphertext), secret: plain(sharedKey) }
      } catch (cause) {
        throw new KeyExchangeError(`The encapsulation key of ${name} fails its check`, { cause })
      }
    },
  }
}
