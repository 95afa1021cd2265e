/**
 * Where everything lies. All of it is static: memory that grew would detach the host's views of it.
 * Vectors read and write 16 bytes at a time, so every buffer has slack for the last of them.
 */

/** Bytes of text, or of additional data, that one call can take. A record of TLS is at most 2^14 + 256 bytes and a tag. */
export const textCapacity: i32 = 16640 + 128

/** The text of a call, encrypted and decrypted in place; the tag of a message comes right after its end. */
export const textAddress: usize = memory.data(textCapacity + 32, 16)

/** Additional data that comes with a message; longer ones pass through the text buffer. */
export const aadCapacity: i32 = 512
export const aadAddress: usize = memory.data(aadCapacity + 16, 16)

/** The nonce of a message, 12 bytes, and room for a block counter behind it. */
export const nonceAddress: usize = memory.data(16, 16)

/** A raw key on its way in: 16 or 32 bytes. */
export const keyAddress: usize = memory.data(32, 16)

/** The key of a MAC on its way in, filled up to a block of SHA-256. */
export const macKeyAddress: usize = memory.data(64, 16)

/** Overwrites `size` bytes, a multiple of 16. The host's own filling costs more than what is filled here. */
@inline
export function wipe(at: usize, size: usize): void {
  for (const end = at + size; at < end; at += 16) v128.store(at, i64x2.splat(0))
}

/** XORs key stream into `length` bytes of text, as far as `available` bytes of it go. Says how many bytes of it that took, in whole blocks of 16. */
@inline
export function spend(keyStream: usize, available: i32, text: usize, length: i32): i32 {
  let done = 0
  for (; done < length && done < available; done += 16) {
    v128.store(text + <usize>done, v128.xor(v128.load(text + <usize>done), v128.load(keyStream + <usize>done)))
  }
  return done
}
