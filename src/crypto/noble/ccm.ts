/** AES-CCM (RFC 3610) on noble's AES block. */
import { unsafe } from '@noble/ciphers/aes.js'
import { counterBlock, macHeader } from '../ccm.ts'
import { constantTimeEqual } from '../constant-time.ts'
import type { AeadKey } from '../provider.ts'
import { alignedOpen, checkUse, joined } from './aead.ts'

/** Under a key of 16 bytes. `tagSize` is even, 4 to 16. */
export function aesCcmKey(raw: Uint8Array, tagSize: number): AeadKey {
  const roundKeys = unsafe.expandKeyLE(raw)
  let usable = true

  /** In counter mode, in place. `counter` moves on to the block behind. */
  function crypt(counter: Uint8Array, bytes: Uint8Array): void {
    unsafe.ctr32(roundKeys, false, counter, bytes, bytes)
  }

  return {
    seal(nonce, aad, plain, out) {
      checkUse(usable, nonce)
      const sealed = joined(plain, tagSize)
      const text = sealed.subarray(0, sealed.length - tagSize)
      const tag = cbcMac(roundKeys, macHeader(nonce, aad, text.length, tagSize), text)
      const counter = counterBlock(nonce)
      crypt(counter, tag)
      crypt(counter, text)
      sealed.set(tag.subarray(0, tagSize), text.length)
      out.push(sealed)
    },
    open(nonce, aad, sealed) {
      checkUse(usable, nonce)
      if (sealed.length < tagSize) return undefined
      return alignedOpen(sealed, body => {
        const text = body.subarray(0, body.length - tagSize)
        const header = macHeader(nonce, aad, text.length, tagSize)
        const mac = new Uint8Array(16)
        mac.set(body.subarray(text.length))
        const counter = counterBlock(nonce)
        crypt(counter, mac)
        crypt(counter, text)
        if (constantTimeEqual(mac.subarray(0, tagSize), cbcMac(roundKeys, header, text).subarray(0, tagSize))) return text
        // CCM decrypts before it can tell a forgery: nobody shall see what came out.
        text.fill(0)
        return undefined
      })
    },
    destroy() {
      usable = false
      roundKeys.fill(0)
    },
  }
}

/** CBC-MAC (§2.2) of whole blocks and a text, which zeros fill up to a block. */
function cbcMac(roundKeys: Uint32Array, header: Uint8Array, text: Uint8Array): Uint8Array {
  let state = { s0: 0, s1: 0, s2: 0, s3: 0 }

  function absorb(bytes: Uint8Array): void {
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let i = 0; i < bytes.length; i += 16) {
      state = unsafe.encrypt(
        roundKeys,
        state.s0 ^ words.getUint32(i, true),
        state.s1 ^ words.getUint32(i + 4, true),
        state.s2 ^ words.getUint32(i + 8, true),
        state.s3 ^ words.getUint32(i + 12, true),
      )
    }
  }

  absorb(header)
  const whole = text.length - (text.length % 16)
  absorb(text.subarray(0, whole))
  if (whole < text.length) {
    const last = new Uint8Array(16)
    last.set(text.subarray(whole))
    absorb(last)
  }
  const mac = new DataView(new ArrayBuffer(16))
  for (const [i, word] of [state.s0, state.s1, state.s2, state.s3].entries()) mac.setUint32(i * 4, word, true)
  return new Uint8Array(mac.buffer)
}
