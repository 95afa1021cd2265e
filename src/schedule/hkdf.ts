/** HKDF (RFC 5869) and the two functions that TLS 1.3 builds on it (RFC 9846 §7.1). */
import type { Hash } from '../crypto/provider.ts'

/** HKDF-Extract: a secret of `hash.size` bytes from the key material `ikm`. */
export function hkdfExtract(hash: Hash, salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return hash.hmac(salt, ikm)
}

/** HKDF-Expand: `length` bytes, 0 to 255 hash lengths; anything else throws `TypeError`. */
export function hkdfExpand(hash: Hash, prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 0 || length > 255 * hash.size) {
    throw new TypeError(`HKDF-Expand of ${length} bytes: a whole number from 0 to ${255 * hash.size} is needed`)
  }
  if (length === hash.size) return firstBlock(hash, prk, info)
  const output = new Uint8Array(length)
  let block: Uint8Array = new Uint8Array(0)
  for (let offset = 0, counter = 1; offset < length; offset += hash.size, counter++) {
    const input = new Uint8Array(block.length + info.length + 1)
    input.set(block)
    input.set(info, block.length)
    input[input.length - 1] = counter
    block = hash.hmac(prk, input)
    output.set(block.subarray(0, length - offset), offset)
    input.fill(0)
  }
  block.fill(0)
  return output
}

/**
 * HKDF-Expand-Label: `label` is ASCII, 1 to 249 characters, without the prefix `tls13 `, which is added here; `context` has at most
 * 255 bytes. `length` is as for `hkdfExpand`. Anything else throws `TypeError`.
 */
export function hkdfExpandLabel(hash: Hash, secret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array {
  return hkdfExpand(hash, secret, hkdfLabel(label, context, length), length)
}

/** Derive-Secret, with the transcript's hash in the place of the messages: `hash.size` bytes. */
export function deriveSecret(hash: Hash, secret: Uint8Array, label: string, transcriptHash: Uint8Array): Uint8Array {
  return hkdfExpandLabel(hash, secret, label, transcriptHash, hash.size)
}

/** T(1): most of what TLS expands is as long as the hash. */
function firstBlock(hash: Hash, prk: Uint8Array, info: Uint8Array): Uint8Array {
  const input = new Uint8Array(info.length + 1)
  input.set(info)
  input[info.length] = 1
  return hash.hmac(prk, input)
}

/** The struct HkdfLabel: `uint16 length; opaque label<7..255>; opaque context<0..255>`. */
function hkdfLabel(label: string, context: Uint8Array, length: number): Uint8Array {
  const full = `tls13 ${label}`
  if (label.length === 0 || full.length > 255) throw new TypeError(`A label has 1 to 249 characters, not ${label.length}`)
  if (context.length > 255) throw new TypeError(`The context of a label has at most 255 bytes, not ${context.length}`)
  const info = new Uint8Array(4 + full.length + context.length)
  info[0] = length >>> 8
  info[1] = length
  info[2] = full.length
  for (let i = 0; i < full.length; i++) {
    const code = full.charCodeAt(i)
    if (code > 0x7f) throw new TypeError(`A label is ASCII; '${label}' is not`)
    info[3 + i] = code
  }
  info[3 + full.length] = context.length
  info.set(context, 4 + full.length)
  return info
}
