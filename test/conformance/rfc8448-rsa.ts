/** The RSA key of RFC 8448, and the salts of its signatures, which the RFC does not print: they are taken out of the signatures. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Hash } from '../../src/crypto/provider.ts'
import type { RsaPrivateKey } from '../../src/crypto/rsa.ts'
import { concat } from '../../src/wire/bytes.ts'

const { privateKeys } = JSON.parse(readFileSync(new URL('../../vectors/rfc8448.json', import.meta.url), 'utf8')) as {
  privateKeys: { rsaServer: Record<'n' | 'e' | 'p' | 'q' | 'dp' | 'dq' | 'qi', string> }
}
const number = (hex: string) => BigInt(`0x${hex}`)
const { rsaServer: key } = privateKeys

export const rfcRsaKey: RsaPrivateKey = {
  n: number(key.n),
  e: number(key.e),
  p: number(key.p),
  q: number(key.q),
  dP: number(key.dp),
  dQ: number(key.dq),
  qInv: number(key.qi),
}

export const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size))

/** EMSA-PSS (RFC 8017 §9.1) backwards: signature, encoded message, seed and masked block, salt. */
export function recoverSalt(signature: Uint8Array, hash: Hash): Uint8Array {
  let power = 1n
  const base = number(Buffer.from(signature).toString('hex'))
  for (let i = 0; i < Number(rfcRsaKey.e); i++) power = (power * base) % rfcRsaKey.n
  const encoded = new Uint8Array(Buffer.from(power.toString(16).padStart(2 * signature.length, '0'), 'hex'))
  const maskedSize = encoded.length - hash.size - 1
  const seed = encoded.subarray(maskedSize, -1)
  const block = encoded.slice(0, maskedSize)
  for (let counter = 0; counter * hash.size < maskedSize; counter++) {
    const mask = hash
      .create()
      .update(concat(seed, Uint8Array.of(0, 0, 0, counter)))
      .digest()
    for (let i = 0; i < hash.size && counter * hash.size + i < maskedSize; i++) {
      const at = counter * hash.size + i
      block[at] = (block[at] ?? 0) ^ (mask[i] ?? 0)
    }
  }
  return block.slice(-hash.size)
}
