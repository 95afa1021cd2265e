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
  return new NodeKey(raw.length === 16 ? aes128Gcm : aes256Gcm, raw, smallAeads()?.aesGcm(raw))
}

/** Under a key of 32 bytes. */
export function chacha20Poly1305Key(raw: Uint8Array): AeadKey {
  return new NodeKey(chacha20Poly1305, raw, smallAeads()?.chacha20Poly1305(raw))
}

/** Under a key of 16 bytes. `tagSize` is even, 4 to 16. */
export function aesCcmKey(raw: Uint8Array, tagSize: number): AeadKey {
  return new NodeKey({ name: 'aes-128-ccm', options: { authTagLength: tagSize }, small: -1 }, raw)
}

interface Algorithm {
  readonly name: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305' | 'aes-128-ccm'
  readonly options: { readonly authTagLength: number }
  /** Up to this many bytes a record is small: about where it takes as long either way. */
  readonly small: number
}

const sixteen = { authTagLength: 16 }
const aes128Gcm: Algorithm = { name: 'aes-128-gcm', options: sixteen, small: 640 }
const aes256Gcm: Algorithm = { name: 'aes-256-gcm', options: sixteen, small: 640 }
const chacha20Poly1305: Algorithm = { name: 'chacha20-poly1305', options: sixteen, small: 2048 }

/** A class, whose methods are there once: functions of its own would make each direction of an idle connection 600 bytes heavier. */
class NodeKey implements AeadKey {
  readonly #algorithm: Algorithm
  // Not a KeyObject: it would make no call faster, is heavier, and can't be overwritten.
  readonly #raw: Uint8Array
  readonly #small: AeadKey | undefined
  #usable = true

  constructor(algorithm: Algorithm, raw: Uint8Array, small?: AeadKey) {
    this.#algorithm = algorithm
    this.#raw = new Uint8Array(raw)
    this.#small = small
  }

  seal(nonce: Uint8Array, aad: Uint8Array, pieces: readonly Uint8Array[], out: Uint8Array[]): void {
    let length = 0
    for (const piece of pieces) length += piece.length
    if (this.#small !== undefined && length <= this.#algorithm.small) return this.#small.seal(nonce, aad, pieces, out)
    this.#check(nonce)
    const { options } = this.#algorithm
    const text = joined(pieces, length)
    if (this.#isCcm && length === 0) {
      out.push(emptyCcmTag(this.#raw, nonce, aad, options.authTagLength))
      return
    }
    const cipher = createCipheriv(this.#name, this.#raw, nonce, options)
    cipher.setAAD(aad, this.#isCcm ? { plaintextLength: length } : undefined)
    // One call for all pieces: a call, and the buffer it answers with, cost more than the copy.
    out.push(plain(cipher.update(text)))
    cipher.final()
    out.push(plain(cipher.getAuthTag()))
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const { options, small } = this.#algorithm
    // A copy, since the kernels' text would take the place of `sealed`.
    if (this.#small !== undefined && sealed.length <= small) return this.#small.open(nonce, aad, new Uint8Array(sealed))
    this.#check(nonce)
    const size = sealed.length - options.authTagLength
    if (size < 0) return undefined
    const tag = sealed.subarray(size)
    if (this.#isCcm && size === 0) {
      return constantTimeEqual(tag, emptyCcmTag(this.#raw, nonce, aad, options.authTagLength)) ? new Uint8Array(0) : undefined
    }
    const decipher = createDecipheriv(this.#name, this.#raw, nonce, options)
    decipher.setAuthTag(tag)
    decipher.setAAD(aad, this.#isCcm ? { plaintextLength: size } : undefined)
    const text = decipher.update(sealed.subarray(0, size))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return plain(text)
  }

  destroy(): void {
    this.#usable = false
    this.#raw.fill(0)
    this.#small?.destroy()
  }

  /** The types of node:crypto want one overload; the calls are the same for all four. */
  get #name(): 'aes-128-gcm' {
    return this.#algorithm.name as 'aes-128-gcm'
  }

  get #isCcm(): boolean {
    return this.#algorithm.name === 'aes-128-ccm'
  }

  #check(nonce: Uint8Array): void {
    if (!this.#usable) throw new TypeError('The key has been destroyed')
    if (nonce.length !== 12) throw new TypeError(`A nonce has 12 bytes, not ${nonce.length}`)
  }
}

let byKernels: ReturnType<typeof wasmAeads> | undefined

/** Compiled at the first key. */
function smallAeads(): ReturnType<typeof wasmAeads> | undefined {
  if (byKernels !== undefined) return byKernels
  const available = kernels()
  byKernels = available && wasmAeads(available)
  return byKernels
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
function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined) return only
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
