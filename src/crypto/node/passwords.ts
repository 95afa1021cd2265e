/** Cryptography with passwords by `node:crypto`. */
import { createDecipheriv, createHash, createHmac, pbkdf2Sync, scryptSync } from 'node:crypto'
import { constantTimeEqual } from '../constant-time.ts'
import { checkAesCbc, checkHash, checkPbkdf2, checkScrypt, isWholeBlocks } from '../passwords.ts'
import { type PasswordCryptography, passwordLimits } from '../provider.ts'
import { plain } from './buffers.ts'

export const nodePasswords: PasswordCryptography = {
  pbkdf2(hash, password, salt, iterations, length) {
    checkPbkdf2(hash, iterations, length)
    return plain(pbkdf2Sync(password, salt, iterations, length, hash))
  },
  scrypt(password, salt, parameters, length) {
    checkScrypt(parameters, length)
    // OpenSSL counts three blocks more than the check does.
    const maxmem = passwordLimits.memory + 4 * 128 * parameters.blockSize
    return plain(scryptSync(password, salt, length, { ...parameters, maxmem }))
  },
  decryptAesCbc(key, iv, ciphertext) {
    checkAesCbc(key, iv)
    if (!isWholeBlocks(ciphertext)) return undefined
    const decipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, iv)
    const text = decipher.update(ciphertext)
    try {
      return plain(Buffer.concat([text, decipher.final()]))
    } catch {
      return undefined
    }
  },
  digest(hash, data) {
    checkHash(hash)
    return plain(createHash(hash).update(data).digest())
  },
  verifyHmac(hash, key, data, mac) {
    checkHash(hash)
    return constantTimeEqual(plain(createHmac(hash, key).update(data).digest()), mac)
  },
}
