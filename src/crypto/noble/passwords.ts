/** Cryptography with passwords by @noble. */
import { cbc } from '@noble/ciphers/aes.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha1 } from '@noble/hashes/legacy.js'
import { pbkdf2 } from '@noble/hashes/pbkdf2.js'
import { scrypt } from '@noble/hashes/scrypt.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { constantTimeEqual } from '../constant-time.ts'
import { checkAesCbc, checkHash, checkPbkdf2, checkScrypt, isWholeBlocks } from '../passwords.ts'
import { type PasswordCryptography, passwordLimits } from '../provider.ts'

export const noblePasswords: PasswordCryptography = {
  pbkdf2(hash, password, salt, iterations, length) {
    checkPbkdf2(hash, iterations, length)
    return pbkdf2(hashes[hash], password, salt, { c: iterations, dkLen: length })
  },
  scrypt(password, salt, parameters, length) {
    checkScrypt(parameters, length)
    const { cost: N, blockSize: r, parallelization: p } = parameters
    // noble counts one block more than the check does.
    return scrypt(password, salt, { N, r, p, dkLen: length, maxmem: passwordLimits.memory + 128 * r })
  },
  decryptAesCbc(key, iv, ciphertext) {
    checkAesCbc(key, iv)
    if (!isWholeBlocks(ciphertext)) return undefined
    const padded = cbc(key, iv, { disablePadding: true }).decrypt(ciphertext)
    return withoutPadding(padded)
  },
  digest(hash, data) {
    checkHash(hash)
    return hashes[hash](data)
  },
  verifyHmac(hash, key, data, mac) {
    checkHash(hash)
    return constantTimeEqual(hmac(hashes[hash], key, data), mac)
  },
}

const hashes = { sha1, sha256, sha384, sha512 }

/** RFC 8018 §6.1.1: as many octets as they say, 1 to 16. */
function withoutPadding(padded: Uint8Array): Uint8Array | undefined {
  const size = padded.at(-1) ?? 0
  if (size < 1 || size > 16) return undefined
  return padded.subarray(-size).every(octet => octet === size) ? padded.subarray(0, -size) : undefined
}
