/** How CCM (RFC 3610) lays out what it authenticates and counts, under a nonce of 12 bytes. The providers compute on these blocks. */

/**
 * What the CBC-MAC reads before the text: B_0 with the sizes, then the additional data with its length and zeros up to a whole block
 * (§2.2). Throws `TypeError` where the text has 2^24 bytes or more, or `aad` more than 65279: TLS is far from both.
 */
export function macHeader(nonce: Uint8Array, aad: Uint8Array, textSize: number, tagSize: number): Uint8Array {
  if (textSize >= 2 ** 24) throw new TypeError(`AES-CCM under such a nonce takes fewer than ${2 ** 24} bytes, not ${textSize}`)
  if (aad.length >= 0xff00) throw new TypeError(`AES-CCM here takes fewer than ${0xff00} bytes of additional data, not ${aad.length}`)
  const header = new Uint8Array(blockSize + (aad.length > 0 ? roundUp(2 + aad.length) : 0))
  header[0] = (aad.length > 0 ? 0x40 : 0) | (((tagSize - 2) / 2) << 3) | (lengthSize - 1)
  header.set(nonce, 1)
  header.set([textSize >>> 16, textSize >>> 8, textSize], blockSize - lengthSize)
  if (aad.length > 0) {
    header.set([aad.length >>> 8, aad.length], blockSize)
    header.set(aad, blockSize + 2)
  }
  return header
}

/** A_0 (§2.3): counter mode from here on masks the CBC-MAC with its first block, and encrypts the text with those behind it. */
export function counterBlock(nonce: Uint8Array): Uint8Array {
  const block = new Uint8Array(blockSize)
  block[0] = lengthSize - 1
  block.set(nonce, 1)
  return block
}

const blockSize = 16

/** Bytes of a text's length and of the counter, which fill the block behind the nonce: L of RFC 3610. */
const lengthSize = 3

function roundUp(size: number): number {
  return Math.ceil(size / blockSize) * blockSize
}
