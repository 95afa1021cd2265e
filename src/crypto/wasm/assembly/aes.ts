/**
 * AES (FIPS 197), bitsliced: eight blocks at once in eight vectors. Vector i ("plane i") has bit i of every byte of all the blocks: its byte p
 * has the bits of byte p of the state, one for each block. No address and no branch depends on a key or a text.
 *
 * The bytes of the state stand row by row (byte 4 · row + column), where MixColumns rotates whole words; the last round brings them back into
 * the order of a block. SubBytes lacks its constant 0x63, which is in the round keys instead: MixColumns keeps it.
 */

import { wipe } from './memory'

/** Bytes of expanded round keys: eight planes for each of up to 15. */
export const roundKeysSize: usize = 15 * 128

/** The planes that `encryptPlanes` works on. */
export const planes: usize = memory.data(128, 16)

const words: usize = memory.data(60 * 4, 16)
const zeroKeys: usize = memory.data(256, 16)

/** Expands the raw key at `raw`, of `size` 16 or 32 bytes, to `to`. Returns the number of rounds. */
export function expandKey(raw: usize, size: i32, to: usize): i32 {
  const keyWords = size >> 2
  const rounds = keyWords + 6
  const count = (rounds + 1) << 2
  memory.copy(words, raw, size)
  let rcon: u32 = 1
  for (let i = keyWords; i < count; i++) {
    let word = load<u32>(words + (<usize>(i - 1) << 2))
    if (i % keyWords == 0) {
      word = substituteWord(rotr<u32>(word, 8)) ^ rcon
      rcon = (rcon << 1) ^ ((rcon >> 7) * 0x11b)
    } else if (keyWords > 6 && i % keyWords == 4) {
      word = substituteWord(word)
    }
    store<u32>(words + (<usize>i << 2), word ^ load<u32>(words + (<usize>(i - keyWords) << 2)))
  }
  for (let round = 0; round <= rounds; round++) {
    let key = v128.load(words + (<usize>round << 4))
    if (round < rounds) key = rowByRow(key)
    if (round > 0) key = v128.xor(key, i8x16.splat(0x63))
    slice(key, to + (<usize>round << 7))
  }
  wipe(words, 240)
  wipe(planes, 128)
  return rounds
}

/** The bytes of a block in the order of the planes. */
@inline
export function rowByRow(block: v128): v128 {
  return i8x16.shuffle(block, block, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)
}

/** Spreads the bits of `bytes` over the eight planes at `to`, the same for all blocks. */
@inline
export function slice(bytes: v128, to: usize): void {
  const zero = i64x2.splat(0)
  v128.store(to, i8x16.ne(v128.and(bytes, i8x16.splat(1)), zero), 0)
  v128.store(to, i8x16.ne(v128.and(bytes, i8x16.splat(2)), zero), 16)
  v128.store(to, i8x16.ne(v128.and(bytes, i8x16.splat(4)), zero), 32)
  v128.store(to, i8x16.ne(v128.and(bytes, i8x16.splat(8)), zero), 48)
  v128.store(to, i8x16.ne(v128.and(bytes, i8x16.splat(16)), zero), 64)
  v128.store(to, i8x16.ne(v128.and(bytes, i8x16.splat(32)), zero), 80)
  v128.store(to, i8x16.ne(v128.and(bytes, i8x16.splat(64)), zero), 96)
  v128.store(to, i8x16.ne(v128.and(bytes, i8x16.splat(-128)), zero), 112)
}

/** SubWord: a round that mixes nothing, under a key of zeros, with the word in every column. */
function substituteWord(word: u32): u32 {
  slice(i32x4.splat(word), planes)
  encryptPlanes(zeroKeys, 1)
  let out: u32 = 0
  for (let bit = 0; bit < 8; bit++) out |= load<u32>(planes + (<usize>bit << 4)) & (0x01010101 << bit)
  return out ^ 0x63636363
}

/** Encrypts the eight blocks in `planes`, to which the first round key has been added, with the keys from `keys` + 128 on. */
export function encryptPlanes(keys: usize, rounds: i32): void {
  const shiftRows = i8x16(0, 1, 2, 3, 5, 6, 7, 4, 10, 11, 8, 9, 15, 12, 13, 14)
  const shiftRowsAndOrder = i8x16(0, 5, 10, 15, 1, 6, 11, 12, 2, 7, 8, 13, 3, 4, 9, 14)
  let x7 = v128.load(planes, 0)
  let x6 = v128.load(planes, 16)
  let x5 = v128.load(planes, 32)
  let x4 = v128.load(planes, 48)
  let x3 = v128.load(planes, 64)
  let x2 = v128.load(planes, 80)
  let x1 = v128.load(planes, 96)
  let x0 = v128.load(planes, 112)
  for (;;) {
    keys += 128
    // SubBytes: the circuit of Boyar and Peralta (2012), 113 gates; x0 is the most significant bit.
    const y14 = v128.xor(x3, x5)
    const y13 = v128.xor(x0, x6)
    const y9 = v128.xor(x0, x3)
    const y8 = v128.xor(x0, x5)
    const t0 = v128.xor(x1, x2)
    const y1 = v128.xor(t0, x7)
    const y4 = v128.xor(y1, x3)
    const y12 = v128.xor(y13, y14)
    const y2 = v128.xor(y1, x0)
    const y5 = v128.xor(y1, x6)
    const y3 = v128.xor(y5, y8)
    const t1 = v128.xor(x4, y12)
    const y15 = v128.xor(t1, x5)
    const y20 = v128.xor(t1, x1)
    const y6 = v128.xor(y15, x7)
    const y10 = v128.xor(y15, t0)
    const y11 = v128.xor(y20, y9)
    const y7 = v128.xor(x7, y11)
    const y17 = v128.xor(y10, y11)
    const y19 = v128.xor(y10, y8)
    const y16 = v128.xor(t0, y11)
    const y21 = v128.xor(y13, y16)
    const y18 = v128.xor(x0, y16)

    const t2 = v128.and(y12, y15)
    const t4 = v128.xor(v128.and(y3, y6), t2)
    const t6 = v128.xor(v128.and(y4, x7), t2)
    const t7 = v128.and(y13, y16)
    const t9 = v128.xor(v128.and(y5, y1), t7)
    const t11 = v128.xor(v128.and(y2, y7), t7)
    const t12 = v128.and(y9, y11)
    const t14 = v128.xor(v128.and(y14, y17), t12)
    const t16 = v128.xor(v128.and(y8, y10), t12)
    const t21 = v128.xor(v128.xor(t4, t14), y20)
    const t22 = v128.xor(v128.xor(t6, t16), y19)
    const t23 = v128.xor(v128.xor(t9, t14), y21)
    const t24 = v128.xor(v128.xor(t11, t16), y18)

    const t25 = v128.xor(t21, t22)
    const t26 = v128.and(t21, t23)
    const t27 = v128.xor(t24, t26)
    const t29 = v128.xor(v128.and(t25, t27), t22)
    const t30 = v128.xor(t23, t24)
    const t31 = v128.xor(t22, t26)
    const t33 = v128.xor(v128.and(t31, t30), t24)
    const t34 = v128.xor(t23, t33)
    const t35 = v128.xor(t27, t33)
    const t36 = v128.and(t24, t35)
    const t37 = v128.xor(t36, t34)
    const t38 = v128.xor(t27, t36)
    const t39 = v128.and(t29, t38)
    const t40 = v128.xor(t25, t39)

    const t41 = v128.xor(t40, t37)
    const t42 = v128.xor(t29, t33)
    const t43 = v128.xor(t29, t40)
    const t44 = v128.xor(t33, t37)
    const t45 = v128.xor(t42, t41)
    const z0 = v128.and(t44, y15)
    const z1 = v128.and(t37, y6)
    const z2 = v128.and(t33, x7)
    const z3 = v128.and(t43, y16)
    const z4 = v128.and(t40, y1)
    const z5 = v128.and(t29, y7)
    const z6 = v128.and(t42, y11)
    const z7 = v128.and(t45, y17)
    const z8 = v128.and(t41, y10)
    const z9 = v128.and(t44, y12)
    const z10 = v128.and(t37, y3)
    const z11 = v128.and(t33, y4)
    const z12 = v128.and(t43, y13)
    const z13 = v128.and(t40, y5)
    const z14 = v128.and(t29, y2)
    const z15 = v128.and(t42, y9)
    const z16 = v128.and(t45, y14)
    const z17 = v128.and(t41, y8)

    const t46 = v128.xor(z15, z16)
    const t47 = v128.xor(z10, z11)
    const t48 = v128.xor(z5, z13)
    const t49 = v128.xor(z9, z10)
    const t50 = v128.xor(z2, z12)
    const t51 = v128.xor(z2, z5)
    const t52 = v128.xor(z7, z8)
    const t53 = v128.xor(z0, z3)
    const t54 = v128.xor(z6, z7)
    const t55 = v128.xor(z16, z17)
    const t56 = v128.xor(z12, t48)
    const t57 = v128.xor(t50, t53)
    const t58 = v128.xor(z4, t46)
    const t59 = v128.xor(z3, t54)
    const t60 = v128.xor(t46, t57)
    const t61 = v128.xor(z14, t57)
    const t62 = v128.xor(t52, t58)
    const t63 = v128.xor(t49, t58)
    const t64 = v128.xor(z4, t59)
    const t65 = v128.xor(t61, t62)
    const t66 = v128.xor(z1, t63)
    const t67 = v128.xor(t64, t65)
    let s0 = v128.xor(t59, t63)
    let s6 = v128.xor(t56, t62)
    let s7 = v128.xor(t48, t60)
    let s3 = v128.xor(t53, t66)
    let s4 = v128.xor(t51, t66)
    let s5 = v128.xor(t47, t65)
    let s1 = v128.xor(t64, s3)
    let s2 = v128.xor(t55, t67)

    if (--rounds == 0) {
      v128.store(planes, v128.xor(v128.swizzle(s7, shiftRowsAndOrder), v128.load(keys, 0)), 0)
      v128.store(planes, v128.xor(v128.swizzle(s6, shiftRowsAndOrder), v128.load(keys, 16)), 16)
      v128.store(planes, v128.xor(v128.swizzle(s5, shiftRowsAndOrder), v128.load(keys, 32)), 32)
      v128.store(planes, v128.xor(v128.swizzle(s4, shiftRowsAndOrder), v128.load(keys, 48)), 48)
      v128.store(planes, v128.xor(v128.swizzle(s3, shiftRowsAndOrder), v128.load(keys, 64)), 64)
      v128.store(planes, v128.xor(v128.swizzle(s2, shiftRowsAndOrder), v128.load(keys, 80)), 80)
      v128.store(planes, v128.xor(v128.swizzle(s1, shiftRowsAndOrder), v128.load(keys, 96)), 96)
      v128.store(planes, v128.xor(v128.swizzle(s0, shiftRowsAndOrder), v128.load(keys, 112)), 112)
      return
    }

    s0 = v128.swizzle(s0, shiftRows)
    s1 = v128.swizzle(s1, shiftRows)
    s2 = v128.swizzle(s2, shiftRows)
    s3 = v128.swizzle(s3, shiftRows)
    s4 = v128.swizzle(s4, shiftRows)
    s5 = v128.swizzle(s5, shiftRows)
    s6 = v128.swizzle(s6, shiftRows)
    s7 = v128.swizzle(s7, shiftRows)

    // MixColumns: 2 · (a + the next) + the next + (the two after it); doubling moves the planes by one, and reduces by the first.
    const n0 = nextRow(s0)
    const n1 = nextRow(s1)
    const n2 = nextRow(s2)
    const n3 = nextRow(s3)
    const n4 = nextRow(s4)
    const n5 = nextRow(s5)
    const n6 = nextRow(s6)
    const n7 = nextRow(s7)
    s0 = v128.xor(s0, n0)
    s1 = v128.xor(s1, n1)
    s2 = v128.xor(s2, n2)
    s3 = v128.xor(s3, n3)
    s4 = v128.xor(s4, n4)
    s5 = v128.xor(s5, n5)
    s6 = v128.xor(s6, n6)
    s7 = v128.xor(s7, n7)
    x7 = v128.xor(v128.xor(v128.xor(n7, s0), rowsAfter(s7)), v128.load(keys, 0))
    x6 = v128.xor(v128.xor(v128.xor(n6, v128.xor(s7, s0)), rowsAfter(s6)), v128.load(keys, 16))
    x5 = v128.xor(v128.xor(v128.xor(n5, s6), rowsAfter(s5)), v128.load(keys, 32))
    x4 = v128.xor(v128.xor(v128.xor(n4, v128.xor(s5, s0)), rowsAfter(s4)), v128.load(keys, 48))
    x3 = v128.xor(v128.xor(v128.xor(n3, v128.xor(s4, s0)), rowsAfter(s3)), v128.load(keys, 64))
    x2 = v128.xor(v128.xor(v128.xor(n2, s3), rowsAfter(s2)), v128.load(keys, 80))
    x1 = v128.xor(v128.xor(v128.xor(n1, s2), rowsAfter(s1)), v128.load(keys, 96))
    x0 = v128.xor(v128.xor(v128.xor(n0, s1), rowsAfter(s0)), v128.load(keys, 112))
  }
}

@inline
function nextRow(plane: v128): v128 {
  return i8x16.shuffle(plane, plane, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3)
}

@inline
function rowsAfter(plane: v128): v128 {
  return i8x16.shuffle(plane, plane, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
}
