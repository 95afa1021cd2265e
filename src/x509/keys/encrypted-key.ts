/** Private keys behind a passphrase: EncryptedPrivateKeyInfo (RFC 5958 §3). */
import type { CryptoProvider } from '../../crypto/provider.ts'
import { octetString, readDer, sequence, smallInteger, tags } from '../../wire/der.ts'
import { DecodeError } from '../../wire/error.ts'
import { utf8 } from './passphrase.ts'
import { decryptPbes2, Effort, type Lock, naming, passwordsOf } from './pbes2.ts'

/** How to read keys that may be encrypted. */
export interface KeyDecryption {
  readonly crypto: CryptoProvider
  /** Not needed where nothing is encrypted, and then without effect. */
  readonly passphrase?: string | undefined
}

/** The PrivateKeyInfo in the DER of an EncryptedPrivateKeyInfo. Throws `TypeError` that says why not, and `DecodeError`. */
export function decryptPkcs8(der: Uint8Array, decryption: KeyDecryption | undefined): Uint8Array {
  const { crypto, passphrase } = decryption ?? {}
  if (!crypto || passphrase === undefined) throw new TypeError('the private key is encrypted: it needs its passphrase')
  const lock = { passwords: passwordsOf(crypto), password: utf8(passphrase), effort: new Effort(), advice: advicePkcs8 }
  try {
    return naming('the private key', () => openKey(der, lock))
  } finally {
    lock.password.fill(0)
  }
}

/** As above, with what the passphrase has been made into. */
export function openKey(der: Uint8Array, lock: Lock): Uint8Array {
  const fields = sequence(readDer(der))
  const algorithm = fields.next(tags.sequence)
  const ciphertext = octetString(fields.next())
  fields.end()
  const text = decryptPbes2(algorithm, ciphertext, lock)
  // One wrong passphrase in 256 leaves a padding that is right by chance.
  if (text === undefined || !isPrivateKeyInfo(text)) throw new TypeError('its passphrase is wrong, or it was changed')
  return text
}

/** For keys in files; RFC 1421's headers too, whose key is one MD5 of the passphrase. */
export const advicePkcs8 = 'convert it with "openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW"'

/** Only its frame: what the key is worth, the provider says. */
function isPrivateKeyInfo(text: Uint8Array): boolean {
  try {
    const fields = sequence(readDer(text))
    smallInteger(fields.next())
    sequence(fields.next())
    octetString(fields.next())
    return true
  } catch (error) {
    if (error instanceof DecodeError) return false
    throw error
  }
}
