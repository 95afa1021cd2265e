/** The AEADs of TLS 1.3's defaults by @noble/ciphers, and what every AEAD on it needs. */
import { GHASH } from '@noble/ciphers/_polyval.js'
import { unsafe } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { constantTimeEqual } from '../constant-time.ts'
import type { AeadKey } from '../provider.ts'

const tagSize = 16
const nonceSize = 12

/**
 * AES-GCM (NIST SP 800-38D) under a key of 16 or 32 bytes. noble's own `gcm` expands the key and builds GHASH's table for every
 * message; put together from its parts, both are done once, which makes a small record three times as fast.
 */
export function aesGcmKey(raw: Uint8Array): AeadKey {
  const roundKeys = unsafe.expandKeyLE(raw)
  const hashKey = new Uint8Array(16)
  unsafe.ctr32(roundKeys, false, new Uint8Array(16), zeros, hashKey)
  const ghash = new Ghash(hashKey)
  hashKey.fill(0)
  const counter = new Uint8Array(16)
  const mask = new Uint8Array(tagSize)
  const tag = new Uint8Array(tagSize)
  let usable = true

  /** Leaves in `mask` what hides the tag, and in `counter` the block that the text starts with. */
  function start(nonce: Uint8Array): void {
    checkUse(usable, nonce)
    counter.set(nonce)
    counter.set(firstBlock, nonceSize)
    unsafe.ctr32(roundKeys, false, counter, zeros, mask)
  }

  function computeTag(aad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    ghash.into(tag, aad, ciphertext)
    for (let i = 0; i < tagSize; i++) tag[i] = (tag[i] ?? 0) ^ (mask[i] ?? 0)
    return tag
  }

  return {
    seal(nonce, aad, plain, out) {
      start(nonce)
      const sealed = joined(plain, tagSize)
      const text = sealed.subarray(0, -tagSize)
      unsafe.ctr32(roundKeys, false, counter, text, text)
      sealed.set(computeTag(aad, text), text.length)
      out.push(sealed)
    },
    open(nonce, aad, sealed) {
      start(nonce)
      if (sealed.length < tagSize) return undefined
      return alignedOpen(sealed, body => {
        const text = body.subarray(0, -tagSize)
        if (!constantTimeEqual(computeTag(aad, text), body.subarray(-tagSize))) return undefined
        return unsafe.ctr32(roundKeys, false, counter, text, text)
      })
    },
    destroy() {
      usable = false
      roundKeys.fill(0)
      ghash.destroy()
      mask.fill(0)
    },
  }
}

/** ChaCha20-Poly1305 (RFC 8439) under a key of 32 bytes. There is nothing to expand. */
export function chacha20Poly1305Key(raw: Uint8Array): AeadKey {
  const key = new Uint8Array(raw)
  let usable = true
  return {
    seal(nonce, aad, plain, out) {
      checkUse(usable, nonce)
      const sealed = joined(plain, tagSize)
      chacha20poly1305(key, nonce, aad).encrypt(sealed.subarray(0, -tagSize), sealed)
      out.push(sealed)
    },
    open(nonce, aad, sealed) {
      checkUse(usable, nonce)
      if (sealed.length < tagSize) return undefined
      return alignedOpen(sealed, body => {
        try {
          return chacha20poly1305(key, nonce, aad).decrypt(body, body.subarray(0, -tagSize))
        } catch {
          // noble compares the tag in constant time before it decrypts, and throws for nothing but a tag that does not fit.
          return undefined
        }
      })
    },
    destroy() {
      usable = false
      key.fill(0)
    },
  }
}

/** noble's GHASH for more than one message: its table, which depends on the key alone, is kept. */
class Ghash extends GHASH {
  readonly #lengths = new DataView(new ArrayBuffer(16))

  constructor(hashKey: Uint8Array) {
    super(hashKey, tableHint)
  }

  into(tag: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): void {
    this.s0 = this.s1 = this.s2 = this.s3 = 0
    this.finished = false
    writeBitLength(this.#lengths, 0, aad.length)
    writeBitLength(this.#lengths, 8, ciphertext.length)
    this.update(aad).update(ciphertext).update(new Uint8Array(this.#lengths.buffer)).digestInto(tag)
  }
}

/** The message length, in bytes, that noble sizes the table by: at this one it looks up four bits at a time, in 64 KB a key. */
const tableHint = 0x4000

const zeros = new Uint8Array(16)
const firstBlock = new Uint8Array([0, 0, 0, 1])

function writeBitLength(view: DataView, offset: number, bytes: number): void {
  view.setUint32(offset, Math.floor(bytes / 2 ** 29))
  view.setUint32(offset + 4, bytes * 8)
}

export function checkUse(usable: boolean, nonce: Uint8Array): void {
  if (!usable) throw new TypeError('The key has been destroyed')
  if (nonce.length !== nonceSize) throw new TypeError(`A nonce has ${nonceSize} bytes, not ${nonce.length}`)
}

/** The pieces in a row, and room for the tag behind them. */
export function joined(pieces: readonly Uint8Array[], tagSize: number): Uint8Array {
  let length = tagSize
  for (const piece of pieces) length += piece.length
  const whole = new Uint8Array(length)
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.length
  }
  return whole
}

/**
 * noble works on 32-bit words: fast, or at all, only where they are aligned. A record inside a chunk seldom is; it is then opened by way of
 * one place for all, which costs less than fresh memory, and where nothing of the text stays.
 */
export function alignedOpen(sealed: Uint8Array, open: (body: Uint8Array) => Uint8Array | undefined): Uint8Array | undefined {
  if (sealed.byteOffset % 4 === 0) return open(sealed)
  const body = sealed.length <= desk.length ? desk.subarray(0, sealed.length) : new Uint8Array(sealed.length)
  body.set(sealed)
  const text = open(body)
  if (text === undefined) return undefined
  const result = new Uint8Array(sealed.buffer, sealed.byteOffset, text.length)
  result.set(text)
  text.fill(0)
  return result
}

/** Room for the longest protected record. */
const desk = new Uint8Array(2 ** 14 + 256)
