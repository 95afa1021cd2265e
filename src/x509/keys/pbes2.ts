/** Encryption with a passphrase: PBES2 (RFC 8018 §6.2) with PBKDF2 or scrypt (RFC 7914 §7) and AES-CBC. What is older is named, not done. */
import { type CryptoProvider, type PasswordCryptography, type PasswordHash, passwordLimits } from '../../crypto/provider.ts'
import { type DerValue, malformed, nothing, octetString, oid, sequence, smallInteger, tags } from '../../wire/der.ts'

/** What a passphrase opens. */
export interface Lock {
  readonly passwords: PasswordCryptography
  /** The passphrase as PBES2 takes it. */
  readonly password: Uint8Array
  readonly effort: Effort
  /** What to do about an older encryption: the end of the message. */
  readonly advice: string
}

/** What one file may cost, however many parts of it are encrypted; each by itself is bounded by the provider. */
export class Effort {
  #left: number = passwordLimits.rounds

  /** `rounds` as in `passwordLimits`. Throws `TypeError` where the file has asked for too much. */
  spend(rounds: number): void {
    this.#left -= rounds
    if (this.#left < 0) throw new TypeError(`its passphrase would take more than ${passwordLimits.rounds} rounds of hashing`)
  }
}

export function passwordsOf({ name, passwords }: CryptoProvider): PasswordCryptography {
  if (!passwords) throw new TypeError(`the provider "${name}" has no cryptography with passwords`)
  return passwords
}

/** Messages here begin with "it" or "its", which is `name`. */
export function naming<T>(name: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new TypeError(`${name} can't be opened: ${error.message}`, { cause: error })
  }
}

/**
 * The text, where `algorithm` is the AlgorithmIdentifier that encrypted it; `undefined` where the padding tells that the passphrase is
 * another. Throws `TypeError` for an algorithm that is not supported, and for one that would cost too much.
 */
export function decryptPbes2(algorithm: DerValue, ciphertext: Uint8Array, lock: Lock): Uint8Array | undefined {
  const fields = sequence(algorithm)
  const name = oid(fields.next())
  if (name !== pbes2) throw new TypeError(`it is encrypted with ${describe(legacy, name)}, which is not supported: ${lock.advice}`)
  const parameters = sequence(fields.next())
  fields.end()
  const [derivation, encryption] = [parameters.next(), sequence(parameters.next())]
  parameters.end()
  const cipher = oid(encryption.next())
  const keySize = aesCbc.get(cipher)
  if (keySize === undefined) throw new TypeError(`it is encrypted with ${describe(legacy, cipher)}, which is not supported: ${lock.advice}`)
  const iv = encryption.next(tags.octetString)
  encryption.end()
  if (iv.length !== 16) throw malformed(`an IV of ${iv.length} octets`, iv)
  const key = deriveKey(derivation, keySize, lock)
  const text = lock.passwords.decryptAesCbc(key, iv.bytes, ciphertext)
  key.fill(0)
  return text
}

/**
 * A key by the function that the AlgorithmIdentifier names. It has `size` bytes, which the parameters may repeat; left out, as many as the
 * parameters say (RFC 9579 §5). Throws as above.
 */
export function deriveKey(
  algorithm: DerValue,
  size: number | undefined,
  { passwords, password, effort }: Omit<Lock, 'advice'>,
): Uint8Array {
  const fields = sequence(algorithm)
  const name = oid(fields.next())
  if (name !== pbkdf2 && name !== scrypt) throw new TypeError(`its key is derived by ${name}, which is neither PBKDF2 nor scrypt`)
  const parameters = sequence(fields.next())
  fields.end()
  // RFC 8018 §A.2 has a salt from elsewhere as well, which was never defined.
  const salt = octetString(parameters.next())
  if (name === pbkdf2) {
    const iterations = smallInteger(parameters.next())
    const length = keySize(parameters.optional(tags.integer), size)
    const prf = parameters.done ? 'sha1' : readHmac(parameters.next())
    parameters.end()
    effort.spend(iterations * Math.ceil(length / hashSizes[prf]))
    return passwords.pbkdf2(prf, password, salt, iterations, length)
  }
  const cost = smallInteger(parameters.next())
  const blockSize = smallInteger(parameters.next())
  const parallelization = smallInteger(parameters.next())
  const length = keySize(parameters.optional(tags.integer), size)
  parameters.end()
  effort.spend((cost + 4) * blockSize * parallelization)
  return passwords.scrypt(password, salt, { cost, blockSize, parallelization }, length)
}

/** The AlgorithmIdentifier of an HMAC (RFC 8018 §B.1). Its parameters are NULL, and absent from some tools. */
export function readHmac(value: DerValue): PasswordHash {
  const fields = sequence(value)
  const name = oid(fields.next())
  if (!fields.done) nothing(fields.next())
  fields.end()
  const hash = hmacs.get(name)
  if (hash === undefined)
    throw new TypeError(`${describe(otherHmacs, name)} is not supported; HMAC with SHA-1, SHA-256, SHA-384 and SHA-512 is`)
  return hash
}

const pbes2 = '1.2.840.113549.1.5.13'
const pbkdf2 = '1.2.840.113549.1.5.12'
const scrypt = '1.3.6.1.4.1.11591.4.11'

const hmacs: ReadonlyMap<string, PasswordHash> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
])

/** Octets: PBKDF2 makes a block of them in each of its runs. */
const hashSizes: Readonly<Record<PasswordHash, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

const otherHmacs: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.6', 'HMAC with MD5'],
  ['1.2.840.113549.2.8', 'HMAC with SHA-224'],
  ['1.2.840.113549.2.12', 'HMAC with SHA-512/224'],
  ['1.2.840.113549.2.13', 'HMAC with SHA-512/256'],
])

/** Bytes of a key. */
const aesCbc: ReadonlyMap<string, number> = new Map([
  ['2.16.840.1.101.3.4.1.2', 16],
  ['2.16.840.1.101.3.4.1.22', 24],
  ['2.16.840.1.101.3.4.1.42', 32],
])

/** What files still hold: PBES1 (RFC 8018 §A.3), the schemes of RFC 7292 §C, and the old ciphers of PBES2 (RFC 8018 §B.2). */
const legacy: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.5.1', 'PBES1 with MD2 and DES'],
  ['1.2.840.113549.1.5.3', 'PBES1 with MD5 and DES'],
  ['1.2.840.113549.1.5.4', 'PBES1 with MD2 and RC2'],
  ['1.2.840.113549.1.5.6', 'PBES1 with MD5 and RC2'],
  ['1.2.840.113549.1.5.10', 'PBES1 with SHA-1 and DES'],
  ['1.2.840.113549.1.5.11', 'PBES1 with SHA-1 and RC2'],
  ['1.2.840.113549.1.12.1.1', 'RC4 of 128 bits (PKCS#12)'],
  ['1.2.840.113549.1.12.1.2', 'RC4 of 40 bits (PKCS#12)'],
  ['1.2.840.113549.1.12.1.3', '3DES (PKCS#12)'],
  ['1.2.840.113549.1.12.1.4', '3DES of two keys (PKCS#12)'],
  ['1.2.840.113549.1.12.1.5', 'RC2 of 128 bits (PKCS#12)'],
  ['1.2.840.113549.1.12.1.6', 'RC2 of 40 bits (PKCS#12)'],
  ['1.3.14.3.2.7', 'DES'],
  ['1.2.840.113549.3.7', '3DES'],
  ['1.2.840.113549.3.2', 'RC2'],
  ['1.2.840.113549.3.9', 'RC5'],
])

function describe(names: ReadonlyMap<string, string>, name: string): string {
  return names.get(name) ?? `the algorithm ${name}`
}

/** The size that is wanted, where the parameters agree or are silent; or else the one that they claim. */
function keySize(claimed: DerValue | undefined, wanted: number | undefined): number {
  const size = claimed && smallInteger(claimed)
  if (wanted === undefined) {
    // RFC 9579 §5 wants the length there, and short ones refused.
    if (size === undefined || size < shortestMacKey)
      throw new TypeError(`its MAC key has ${size ?? 'no stated number of'} bytes, at least ${shortestMacKey} are wanted`)
    return size
  }
  if (claimed && size !== wanted) throw malformed(`a key of ${size} octets where ${wanted} are needed`, claimed)
  return wanted
}

const shortestMacKey = 20
