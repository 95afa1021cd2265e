/** What every provider checks before it works with a password: files choose these numbers. */
import { type PasswordHash, passwordLimits, type ScryptParameters } from './provider.ts'

const sizes: Readonly<Record<PasswordHash, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

/** The hash is checked too, since files name it: a table that does not have it is no `TypeError` everywhere. */
export function checkHash(hash: PasswordHash): void {
  if (!Object.hasOwn(sizes, hash)) throw new TypeError(`the hash "${hash}" is none of ${Object.keys(sizes).join(', ')}`)
}

export function checkPbkdf2(hash: PasswordHash, iterations: number, length: number): void {
  checkHash(hash)
  checkLength(length)
  if (!isCount(iterations)) throw new TypeError(`PBKDF2 iterates once or more, not ${iterations} times`)
  checkRounds(iterations * Math.ceil(length / sizes[hash]), `PBKDF2 with ${iterations} iterations`)
}

export function checkScrypt({ cost, blockSize, parallelization }: ScryptParameters, length: number): void {
  checkLength(length)
  if (!isCount(blockSize) || !isCount(parallelization)) {
    throw new TypeError(`scrypt's block size and parallelization are 1 or more, not ${blockSize} and ${parallelization}`)
  }
  // RFC 7914 §6.
  if (!isCount(cost) || cost < 2 || !Number.isInteger(Math.log2(cost)) || Math.log2(cost) >= 16 * blockSize) {
    throw new TypeError(`scrypt's cost is a power of two from 2 to below 2^(16 times the block size), not ${cost}`)
  }
  const name = `scrypt with cost ${cost}, block size ${blockSize} and parallelization ${parallelization}`
  const memory = 128 * blockSize * (cost + parallelization)
  if (memory > passwordLimits.memory)
    throw new TypeError(`${name} would take ${memory} bytes of memory, more than ${passwordLimits.memory}`)
  // N blocks to mix, and 4 hashes to make the first one (§6, steps 1 and 2).
  checkRounds((cost + 4) * blockSize * parallelization, name)
}

export function checkAesCbc(key: Uint8Array, iv: Uint8Array): void {
  if (![16, 24, 32].includes(key.length)) throw new TypeError(`an AES key has 16, 24 or 32 bytes, not ${key.length}`)
  if (iv.length !== blockSize) throw new TypeError(`an IV of AES-CBC has 16 bytes, not ${iv.length}`)
}

/** Padding makes at least one block of the empty text (RFC 8018 §6.1.1). */
export function isWholeBlocks(ciphertext: Uint8Array): boolean {
  return ciphertext.length > 0 && ciphertext.length % blockSize === 0
}

const blockSize = 16

function checkLength(length: number): void {
  if (!isCount(length) || length > passwordLimits.length)
    throw new TypeError(`a derived key has 1 to ${passwordLimits.length} bytes, not ${length}`)
}

function checkRounds(rounds: number, name: string): void {
  if (rounds > passwordLimits.rounds) throw new TypeError(`${name} would take ${rounds} rounds, more than ${passwordLimits.rounds}`)
}

function isCount(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 1
}
