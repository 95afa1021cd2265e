/**
 * AEADs computed by the WebAssembly kernels. What is at rest here is the raw key alone; text, nonce and key go into the memory of the module
 * for the length of a call. When a call returns, that memory has no plaintext, key stream, one-time key or ChaCha20 key; it has ciphertext, and
 * the expanded AES keys that were used last, until they are destroyed or others take their place.
 */
import { constantTimeEqual } from '../constant-time.ts'
import { checkUse, joined } from '../noble/aead.ts'
import type { AeadKey } from '../provider.ts'
import type { AesContexts, Slot } from './contexts.ts'
import type { Cipher, Kernels } from './kernels.ts'

const tagSize = 16

/** What `SuiteParts` wants of AES-GCM and ChaCha20-Poly1305, by one set of kernels. */
export function wasmAeads(kernels: Kernels) {
  return {
    aesGcm: (raw: Uint8Array): AeadKey => new WasmKey(kernels, kernels.aesGcm, raw, kernels.aesContexts),
    chacha20Poly1305: (raw: Uint8Array): AeadKey => new WasmKey(kernels, kernels.chacha20Poly1305, raw),
  }
}

class WasmKey implements AeadKey {
  readonly #kernels: Kernels
  readonly #cipher: Cipher
  readonly #raw: Uint8Array
  readonly #contexts: AesContexts | undefined
  readonly #slot: Slot = { index: 0 }
  #usable = true

  /** Without `contexts` the key is used as it is. */
  constructor(kernels: Kernels, cipher: Cipher, raw: Uint8Array, contexts?: AesContexts) {
    this.#kernels = kernels
    this.#cipher = cipher
    this.#raw = new Uint8Array(raw)
    this.#contexts = contexts
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plain: readonly Uint8Array[], out: Uint8Array[]): void {
    checkUse(this.#usable, nonce)
    let length = 0
    for (const piece of plain) length += piece.length
    const { memory, layout } = this.#kernels
    const context = this.#place(nonce)
    if (aad.length > layout.aadCapacity || length > layout.textCapacity) {
      out.push(this.#sealLong(context, aad, joined(plain, tagSize)))
      return
    }
    memory.set(aad, layout.aad)
    let at = layout.text
    for (const piece of plain) {
      memory.set(piece, at)
      at += piece.length
    }
    this.#cipher.seal(context, aad.length, length)
    out.push(memory.slice(layout.text, at + tagSize))
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    checkUse(this.#usable, nonce)
    const length = sealed.length - tagSize
    if (length < 0) return undefined
    const { memory, layout } = this.#kernels
    const context = this.#place(nonce)
    if (aad.length > layout.aadCapacity || length > layout.textCapacity) return this.#openLong(context, aad, sealed)
    memory.set(aad, layout.aad)
    memory.set(sealed, layout.text)
    if (this.#cipher.open(context, aad.length, length) === 0) return undefined
    const text = new Uint8Array(sealed.buffer, sealed.byteOffset, length)
    text.set(memory.subarray(layout.text, layout.text + length))
    memory.fill(0, layout.text, layout.text + length)
    return text
  }

  destroy(): void {
    this.#usable = false
    this.#raw.fill(0)
    this.#contexts?.release(this.#slot)
  }

  /** Brings key and nonce into the memory; returns the address of the context. */
  #place(nonce: Uint8Array): number {
    const { memory, layout } = this.#kernels
    const context = this.#contexts?.of(this.#slot, this.#raw)
    if (context === undefined) memory.set(this.#raw, layout.key)
    memory.set(nonce, layout.nonce)
    return context ?? layout.key
  }

  /** `sealed` has the text and room for the tag. */
  #sealLong(context: number, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
    const text = sealed.subarray(0, -tagSize)
    this.#cipher.begin(context)
    this.#inChunks(aad, (address, length) => this.#cipher.absorb(context, address, length))
    this.#inChunks(text, (address, length, chunk) => {
      this.#cipher.crypt(context, length)
      chunk.set(this.#kernels.memory.subarray(address, address + length))
      this.#cipher.absorb(context, address, length)
    })
    sealed.set(this.#tag(context, aad, text), text.length)
    this.#cipher.wipe(context)
    return sealed
  }

  #openLong(context: number, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const { memory, layout } = this.#kernels
    const text = new Uint8Array(sealed.buffer, sealed.byteOffset, sealed.length - tagSize)
    this.#cipher.begin(context)
    for (const part of [aad, text]) this.#inChunks(part, (address, length) => this.#cipher.absorb(context, address, length))
    const fits = constantTimeEqual(this.#tag(context, aad, text), sealed.subarray(-tagSize))
    if (fits) {
      this.#inChunks(text, (address, length, chunk) => {
        this.#cipher.crypt(context, length)
        chunk.set(memory.subarray(address, address + length))
      })
      memory.fill(0, layout.text, layout.text + layout.textCapacity)
    }
    this.#cipher.wipe(context)
    return fits ? text : undefined
  }

  #inChunks(bytes: Uint8Array, use: (address: number, length: number, chunk: Uint8Array) => void): void {
    const { memory, layout } = this.#kernels
    for (let from = 0; from < bytes.length; from += layout.textCapacity) {
      const chunk = bytes.subarray(from, from + layout.textCapacity)
      memory.set(chunk, layout.text)
      use(layout.text, chunk.length, chunk)
    }
  }

  #tag(context: number, aad: Uint8Array, text: Uint8Array): Uint8Array {
    const { memory, layout } = this.#kernels
    this.#cipher.end(context, aad.length, text.length)
    return memory.slice(layout.text, layout.text + tagSize)
  }
}
