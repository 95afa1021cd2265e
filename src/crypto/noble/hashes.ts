/** SHA-2 and HMAC by @noble/hashes. */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as nobleSha256, sha384 as nobleSha384, sha512 as nobleSha512 } from '@noble/hashes/sha2.js'
import type { Hash } from '../provider.ts'

export const sha256 = hash('sha256', nobleSha256)
export const sha384 = hash('sha384', nobleSha384)
export const sha512 = hash('sha512', nobleSha512)

function hash(name: Hash['name'], noble: typeof nobleSha256 | typeof nobleSha384 | typeof nobleSha512): Hash {
  return {
    name,
    size: noble.outputLen,
    create: () => noble.create(),
    hmac: (key, data) => hmac(noble, key, data),
  }
}
