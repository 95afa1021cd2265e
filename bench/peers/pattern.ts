/** What the server sends: the same bytes to everybody, and no two blocks of a cipher alike. */
import { createCipheriv, createHash } from 'node:crypto'

/** Repeated for as long as an answer has to be. */
export const pattern: Uint8Array = createCipheriv('aes-128-ctr', new Uint8Array(16), new Uint8Array(16)).update(new Uint8Array(1 << 18))

/** The SHA-256 hash of an answer, in hexadecimal digits. */
export function hashOfAnswer(size: number): string {
  const hash = createHash('sha256')
  for (let left = size; left > 0; left -= pattern.length) hash.update(pattern.subarray(0, left))
  return hash.digest('hex')
}

/** A request for that many bytes: a uint32. */
export function request(size: number): Uint8Array {
  return Uint8Array.of(size >>> 24, size >>> 16, size >>> 8, size)
}
