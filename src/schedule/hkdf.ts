/** HKDF (RFC 5869) and the two functions that TLS 1.3 builds on it (RFC 9846 §7.1). */
import type { Hash } from '../crypto/provider.ts'

/** HKDF-Extract: a secret of `hash.size` bytes from the key material `ikm`. */
export function hkdfExtract(hash: Hash, salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return hash.hmac(salt, ikm)
}

/** HKDF-Expand: `length` bytes, 0 to 255 hash lengths; anything else throws `TypeError`. */
export function hkdfExpand(hash: Hash, prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  checkLength(hash, length)
  return expand(hash, prk, withRoomForCounter(info), length)
}

/**
 * HKDF-Expand-Label: `label` is ASCII, 1 to 249 characters, without the prefix `tls13 `, which is added here; `context` has at most
 * 255 bytes. `length` is as for `hkdfExpand`. Anything else throws `TypeError`.
 */
export function hkdfExpandLabel(hash: Hash, secret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array {
  checkLength(hash, length)
  return expand(hash, secret, hkdfLabel(label, context, length), length)
}

/** Derive-Secret, with the transcript's hash in the place of the messages: `hash.size` bytes. */
export function deriveSecret(hash: Hash, secret: Uint8Array, label: string, transcriptHash: Uint8Array): Uint8Array {
  return hkdfExpandLabel(hash, secret, label, transcriptHash, hash.size)
}

function checkLength(hash: Hash, length: number): void {
  if (!Number.isInteger(length) || length < 0 || length > 255 * hash.size) {
    throw new TypeError(`HKDF-Expand of ${length} bytes: a whole number from 0 to ${255 * hash.size} is needed`)
  }
}

function withRoomForCounter(info: Uint8Array): Uint8Array {
  const input = new Uint8Array(info.length + 1)
  input.set(info)
  return input
}

/** `input` is the info with room for the counter behind it. */
function expand(hash: Hash, prk: Uint8Array, input: Uint8Array, length: number): Uint8Array {
  input[input.length - 1] = 1
  let block = hash.hmac(prk, input)
  // All that TLS itself asks for is no longer than that.
  if (length <= hash.size) return shortened(block, length)
  const output = new Uint8Array(length)
  const chained = new Uint8Array(hash.size + input.length)
  chained.set(input, hash.size)
  output.set(block)
  for (let offset = hash.size, counter = 2; offset < length; offset += hash.size, counter++) {
    chained.set(block)
    chained[chained.length - 1] = counter
    block.fill(0)
    block = hash.hmac(prk, chained)
    output.set(block.subarray(0, length - offset), offset)
  }
  block.fill(0)
  chained.fill(0)
  return output
}

/** The first `length` bytes; the others are erased. */
function shortened(block: Uint8Array, length: number): Uint8Array {
  if (length === block.length) return block
  const short = block.slice(0, length)
  block.fill(0)
  return short
}

/** The struct HkdfLabel, `uint16 length; opaque label<7..255>; opaque context<0..255>`, with room for the counter behind it. */
function hkdfLabel(label: string, context: Uint8Array, length: number): Uint8Array {
  const full = `tls13 ${label}`
  if (label.length === 0 || full.length > 255) throw new TypeError(`A label has 1 to 249 characters, not ${label.length}`)
  if (context.length > 255) throw new TypeError(`The context of a label has at most 255 bytes, not ${context.length}`)
  const info = new Uint8Array(4 + full.length + context.length + 1)
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
