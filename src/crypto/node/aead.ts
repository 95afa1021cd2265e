/**
 * The AEADs of TLS 1.3 by node:crypto; small records by the kernels of `wasm`, where those run. A call of node:crypto takes microseconds
 * before its first byte, in which the kernels have done a small record five times.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { counterBlock, macHeader } from '../ccm.ts'
import { constantTimeEqual } from '../constant-time.ts'
import type { AeadKey } from '../provider.ts'
import { wasmAeads } from '../wasm/aead.ts'
import { kernels } from '../wasm/kernels.ts'
import { plain } from './buffers.ts'

/** Under a key of 16 or 32 bytes. */
export function aesGcmKey(raw: Uint8Array): AeadKey {
  return bySize(smallAeads()?.aesGcm(raw), 640, aeadKey(raw.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', raw, 16))
}

/** Under a key of 32 bytes. */
export function chacha20Poly1305Key(raw: Uint8Array): AeadKey {
  return bySize(smallAeads()?.chacha20Poly1305(raw), 2048, aeadKey('chacha20-poly1305', raw, 16))
}

/** Under a key of 16 bytes. `tagSize` is even, 4 to 16. */
export function aesCcmKey(raw: Uint8Array, tagSize: number): AeadKey {
  return aeadKey('aes-128-ccm', raw, tagSize)
}

/** `small` for up to `limit` bytes, about where it takes as long as `large`. */
function bySize(small: AeadKey | undefined, limit: number, large: AeadKey): AeadKey {
  if (small === undefined) return large
  return {
    seal(nonce, aad, pieces, out) {
      let length = 0
      for (const piece of pieces) length += piece.length
      const key = length <= limit ? small : large
      key.seal(nonce, aad, pieces, out)
    },
    open(nonce, aad, sealed) {
      // A copy, since the kernels' text would take the place of `sealed`.
      return sealed.length <= limit ? small.open(nonce, aad, new Uint8Array(sealed)) : large.open(nonce, aad, sealed)
    },
    destroy() {
      small.destroy()
      large.destroy()
    },
  }
}

let small: ReturnType<typeof wasmAeads> | undefined

function smallAeads(): ReturnType<typeof wasmAeads> | undefined {
  if (small !== undefined) return small
  const available = kernels()
  small = available && wasmAeads(available)
  return small
}

function aeadKey(name: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305' | 'aes-128-ccm', raw: Uint8Array, tagSize: number): AeadKey {
  // The types of node:crypto want one overload; the calls are the same for all four.
  const algorithm = name as 'aes-128-gcm'
  const tagLength = { authTagLength: tagSize }
  // Not a KeyObject: it would make no call faster, is heavier, and can't be overwritten.
  const key = new Uint8Array(raw)
  const isCcm = name === 'aes-128-ccm'
  let usable = true

  function check(nonce: Uint8Array): void {
    if (!usable) throw new TypeError('The key has been destroyed')
    if (nonce.length !== 12) throw new TypeError(`A nonce has 12 bytes, not ${nonce.length}`)
  }

  return {
    seal(nonce, aad, pieces, out) {
      check(nonce)
      const text = joined(pieces)
      if (isCcm && text.length === 0) {
        out.push(emptyCcmTag(key, nonce, aad, tagSize))
        return
      }
      const cipher = createCipheriv(algorithm, key, nonce, tagLength)
      cipher.setAAD(aad, isCcm ? { plaintextLength: text.length } : undefined)
      // One call for all pieces: a call, and the buffer it answers with, cost more than the copy.
      out.push(plain(cipher.update(text)))
      cipher.final()
      out.push(plain(cipher.getAuthTag()))
    },
    open(nonce, aad, sealed) {
      check(nonce)
      const size = sealed.length - tagSize
      if (size < 0) return undefined
      const tag = sealed.subarray(size)
      if (isCcm && size === 0) return constantTimeEqual(tag, emptyCcmTag(key, nonce, aad, tagSize)) ? new Uint8Array(0) : undefined
      const decipher = createDecipheriv(algorithm, key, nonce, tagLength)
      decipher.setAuthTag(tag)
      decipher.setAAD(aad, isCcm ? { plaintextLength: size } : undefined)
      const text = decipher.update(sealed.subarray(0, size))
      try {
        decipher.final()
      } catch {
        return undefined
      }
      return plain(text)
    },
    destroy() {
      usable = false
      key.fill(0)
    },
  }
}

/** Node before version 24 cannot seal an empty text under CCM and, worse, opens one with any tag: so it is put together from its parts. */
function emptyCcmTag(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, tagSize: number): Uint8Array {
  const cbc = createCipheriv('aes-128-cbc', key, new Uint8Array(16))
  const mac = cbc.update(macHeader(nonce, aad, 0, tagSize)).subarray(-16)
  return plain(createCipheriv('aes-128-ctr', key, counterBlock(nonce)).update(mac)).slice(0, tagSize)
}

/**
 * The pieces in a row. All keys join them in one place, since a fresh buffer of a record's size costs a third of what its encryption does.
 * What was joined stays there until the next record: it is the application's text, which lies in its own buffers as well, and no key.
 */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined) return only
  let length = 0
  for (const piece of pieces) length += piece.length
  const whole = length <= desk.length ? onDesk(length) : new Uint8Array(length)
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.length
  }
  return whole
}

/** Room for the longest TLSInnerPlaintext: fragment and content type. */
const desk = new Uint8Array(2 ** 14 + 1)
/** The last view of it: records in a row tend to be of one size. */
let room = desk

function onDesk(length: number): Uint8Array {
  if (room.length !== length) room = new Uint8Array(desk.buffer, 0, length)
  return room
}
