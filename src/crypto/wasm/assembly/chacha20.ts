/**
 * ChaCha20 (RFC 8439 §2.4), four blocks at once: vector i has word i of all four. It needs additions, exclusive ors and rotations alone, so
 * that nothing about its time depends on a key or a text.
 */
import { nonceAddress } from './memory'

/** Adds four blocks of key stream, from block `counter` on, to the 256 bytes at `at`, under the key at `key` and the nonce at its address. */
export function addBlocks(key: usize, counter: u32, at: usize): void {
  // "expand 32-byte k"
  let x0 = i32x4.splat(0x61707865)
  let x1 = i32x4.splat(0x3320646e)
  let x2 = i32x4.splat(0x79622d32)
  let x3 = i32x4.splat(0x6b206574)
  let x4 = v128.load32_splat(key, 0)
  let x5 = v128.load32_splat(key, 4)
  let x6 = v128.load32_splat(key, 8)
  let x7 = v128.load32_splat(key, 12)
  let x8 = v128.load32_splat(key, 16)
  let x9 = v128.load32_splat(key, 20)
  let x10 = v128.load32_splat(key, 24)
  let x11 = v128.load32_splat(key, 28)
  let x12 = i32x4.add(i32x4.splat(counter), i32x4(0, 1, 2, 3))
  let x13 = v128.load32_splat(nonceAddress, 0)
  let x14 = v128.load32_splat(nonceAddress, 4)
  let x15 = v128.load32_splat(nonceAddress, 8)
  for (let i = 0; i < 10; i++) {
    x0 = i32x4.add(x0, x4)
    x1 = i32x4.add(x1, x5)
    x2 = i32x4.add(x2, x6)
    x3 = i32x4.add(x3, x7)
    x12 = left16(v128.xor(x12, x0))
    x13 = left16(v128.xor(x13, x1))
    x14 = left16(v128.xor(x14, x2))
    x15 = left16(v128.xor(x15, x3))
    x8 = i32x4.add(x8, x12)
    x9 = i32x4.add(x9, x13)
    x10 = i32x4.add(x10, x14)
    x11 = i32x4.add(x11, x15)
    x4 = left12(v128.xor(x4, x8))
    x5 = left12(v128.xor(x5, x9))
    x6 = left12(v128.xor(x6, x10))
    x7 = left12(v128.xor(x7, x11))
    x0 = i32x4.add(x0, x4)
    x1 = i32x4.add(x1, x5)
    x2 = i32x4.add(x2, x6)
    x3 = i32x4.add(x3, x7)
    x12 = left8(v128.xor(x12, x0))
    x13 = left8(v128.xor(x13, x1))
    x14 = left8(v128.xor(x14, x2))
    x15 = left8(v128.xor(x15, x3))
    x8 = i32x4.add(x8, x12)
    x9 = i32x4.add(x9, x13)
    x10 = i32x4.add(x10, x14)
    x11 = i32x4.add(x11, x15)
    x4 = left7(v128.xor(x4, x8))
    x5 = left7(v128.xor(x5, x9))
    x6 = left7(v128.xor(x6, x10))
    x7 = left7(v128.xor(x7, x11))

    x0 = i32x4.add(x0, x5)
    x1 = i32x4.add(x1, x6)
    x2 = i32x4.add(x2, x7)
    x3 = i32x4.add(x3, x4)
    x15 = left16(v128.xor(x15, x0))
    x12 = left16(v128.xor(x12, x1))
    x13 = left16(v128.xor(x13, x2))
    x14 = left16(v128.xor(x14, x3))
    x10 = i32x4.add(x10, x15)
    x11 = i32x4.add(x11, x12)
    x8 = i32x4.add(x8, x13)
    x9 = i32x4.add(x9, x14)
    x5 = left12(v128.xor(x5, x10))
    x6 = left12(v128.xor(x6, x11))
    x7 = left12(v128.xor(x7, x8))
    x4 = left12(v128.xor(x4, x9))
    x0 = i32x4.add(x0, x5)
    x1 = i32x4.add(x1, x6)
    x2 = i32x4.add(x2, x7)
    x3 = i32x4.add(x3, x4)
    x15 = left8(v128.xor(x15, x0))
    x12 = left8(v128.xor(x12, x1))
    x13 = left8(v128.xor(x13, x2))
    x14 = left8(v128.xor(x14, x3))
    x10 = i32x4.add(x10, x15)
    x11 = i32x4.add(x11, x12)
    x8 = i32x4.add(x8, x13)
    x9 = i32x4.add(x9, x14)
    x5 = left7(v128.xor(x5, x10))
    x6 = left7(v128.xor(x6, x11))
    x7 = left7(v128.xor(x7, x8))
    x4 = left7(v128.xor(x4, x9))
  }
  addRows(
    i32x4.add(x0, i32x4.splat(0x61707865)),
    i32x4.add(x1, i32x4.splat(0x3320646e)),
    i32x4.add(x2, i32x4.splat(0x79622d32)),
    i32x4.add(x3, i32x4.splat(0x6b206574)),
    at,
  )
  addRows(
    i32x4.add(x4, v128.load32_splat(key, 0)),
    i32x4.add(x5, v128.load32_splat(key, 4)),
    i32x4.add(x6, v128.load32_splat(key, 8)),
    i32x4.add(x7, v128.load32_splat(key, 12)),
    at + 16,
  )
  addRows(
    i32x4.add(x8, v128.load32_splat(key, 16)),
    i32x4.add(x9, v128.load32_splat(key, 20)),
    i32x4.add(x10, v128.load32_splat(key, 24)),
    i32x4.add(x11, v128.load32_splat(key, 28)),
    at + 32,
  )
  addRows(
    i32x4.add(x12, i32x4.add(i32x4.splat(counter), i32x4(0, 1, 2, 3))),
    i32x4.add(x13, v128.load32_splat(nonceAddress, 0)),
    i32x4.add(x14, v128.load32_splat(nonceAddress, 4)),
    i32x4.add(x15, v128.load32_splat(nonceAddress, 8)),
    at + 48,
  )
}

@inline
function left16(words: v128): v128 {
  return v128.swizzle(words, i8x16(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13))
}

@inline
function left12(words: v128): v128 {
  return v128.or(i32x4.shl(words, 12), i32x4.shr_u(words, 20))
}

@inline
function left8(words: v128): v128 {
  return v128.swizzle(words, i8x16(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14))
}

@inline
function left7(words: v128): v128 {
  return v128.or(i32x4.shl(words, 7), i32x4.shr_u(words, 25))
}

/** Writes columns of four words, which are rows of the blocks, to `at` and every 64 bytes on, added to what is there. */
@inline
function addRows(a: v128, b: v128, c: v128, d: v128, at: usize): void {
  const ab01 = i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
  const ab23 = i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
  const cd01 = i8x16.shuffle(c, d, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
  const cd23 = i8x16.shuffle(c, d, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
  add(i8x16.shuffle(ab01, cd01, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23), at)
  add(i8x16.shuffle(ab01, cd01, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31), at + 64)
  add(i8x16.shuffle(ab23, cd23, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23), at + 128)
  add(i8x16.shuffle(ab23, cd23, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31), at + 192)
}

@inline
function add(row: v128, at: usize): void {
  v128.store(at, v128.xor(row, v128.load(at)))
}
