/**
 * GHASH (NIST SP 800-38D §6.4). Multiplication by a fixed element is done with `swizzle`, which looks up sixteen nibbles at once in a vector:
 * what is looked up sits in registers, and no address depends on the data.
 *
 * An element is a polynomial whose coefficient of x^d is bit 7 - (d & 7) of byte d >> 3. A table for h has, for each byte k of a product, what
 * the sixteen values of a low nibble (x^4 to x^7) times h have there, and the same for a high nibble (1 to x^3): 32 bytes for each k.
 */

import { wipe } from './memory'

/** Bytes of the table that multiplies one element at a time. */
export const narrowSize: usize = 17 * 32
/** Bytes of the tables that multiply sixteen elements at once: Karatsuba's three halves, each with an entry of zeros at its end. */
const halfSize: usize = 10 * 32
export const wideSize: usize = 3 * halfSize

/** The least number of blocks for which sixteen at once pay. */
const wideFrom: i32 = 96

/** What a nibble beyond x^127 comes to: the two bytes of its product with 1 + x + x^2 + x^7, for low and high nibbles in turn. */
const folding: usize = memory.data<u8>([
  0x00, 0x01, 0x03, 0x02, 0x07, 0x06, 0x04, 0x05, 0x0e, 0x0f, 0x0d, 0x0c, 0x09, 0x08, 0x0a, 0x0b,
  0x00, 0x1c, 0x38, 0x24, 0x70, 0x6c, 0x48, 0x54, 0xe1, 0xfd, 0xd9, 0xc5, 0x91, 0x8d, 0xa9, 0xb5,
  0x00, 0xc2, 0x84, 0x46, 0x08, 0xca, 0x8c, 0x4e, 0x10, 0xd2, 0x94, 0x56, 0x18, 0xda, 0x9c, 0x5e,
  0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0, 0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0,
], 16)

const shiftedKeys: usize = memory.data(8 * 32, 16)
/** Sixteen elements, byte by byte: vector k has byte k of them all. */
const lanes: usize = memory.data(16 * 16, 16)
const nibbles: usize = memory.data(16 * 32, 16)
const nibbleSums: usize = memory.data(8 * 32, 16)
const lowProduct: usize = memory.data(16 * 16, 16)
const highProduct: usize = memory.data(16 * 16, 16)
const middleProduct: usize = memory.data(16 * 16, 16)

/** Writes the table for `h`, its first `entries` bytes of product, to `to`. */
export function buildTable(h: v128, to: usize, entries: i32): void {
  const zero = i64x2.splat(0)
  const after = i8x16.shuffle(zero, h, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
  const beyond = i8x16.shuffle(h, zero, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
  v128.store(shiftedKeys, h)
  v128.store(shiftedKeys, zero, 16)
  for (let i = 1; i < 8; i++) {
    const at = shiftedKeys + (<usize>i << 5)
    v128.store(at, v128.or(i8x16.shr_u(h, i), i8x16.shl(after, 8 - i)))
    v128.store(at, i8x16.shl(beyond, 8 - i), 16)
  }
  for (let k = 0; k < entries; k++) {
    const from = shiftedKeys + <usize>k
    v128.store(to, combinations(from + 128), 0)
    v128.store(to, combinations(from), 16)
    to += 32
  }
  wipe(shiftedKeys, 256)
}

/** The sums of the four bytes 32 apart that the bits of 0 to 15 choose, the first by bit 3. */
function combinations(from: usize): v128 {
  const bit3 = i8x16(0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1)
  const bit2 = i8x16(0, 0, 0, 0, -1, -1, -1, -1, 0, 0, 0, 0, -1, -1, -1, -1)
  const bit1 = i8x16(0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1, 0, 0, -1, -1)
  const bit0 = i8x16(0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1)
  return v128.xor(
    v128.xor(v128.and(bit3, v128.load8_splat(from)), v128.and(bit2, v128.load8_splat(from, 32))),
    v128.xor(v128.and(bit1, v128.load8_splat(from, 64)), v128.and(bit0, v128.load8_splat(from, 96))),
  )
}

/** Writes the tables that `absorb` needs for long texts: those of h^16. */
export function buildWideTables(narrow: usize, h: v128, to: usize): void {
  let power = h
  for (let i = 1; i < 16; i++) power = multiply(power, narrow)
  const upper = i8x16.shuffle(power, i64x2.splat(0), 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)
  const lower = i64x2.replace_lane(power, 1, 0)
  buildTable(lower, to, 10)
  buildTable(upper, to + halfSize, 10)
  buildTable(v128.xor(lower, upper), to + 2 * halfSize, 10)
}

/** Goes on from the state `y` with `length` bytes at `from`; the last block is filled up with zeros, for which memory is overwritten. */
export function absorb(y: v128, narrow: usize, wide: usize, from: usize, length: i32): v128 {
  let blocks = length >> 4
  if ((length & 15) != 0) {
    v128.store(from + <usize>length, i64x2.splat(0))
    blocks++
  }
  if (blocks >= wideFrom) {
    const groups = blocks >> 4
    y = absorbGroups(y, narrow, wide, from, groups)
    from += <usize>groups << 8
    blocks &= 15
  }
  for (; blocks > 0; blocks--) {
    y = multiply(v128.xor(y, v128.load(from)), narrow)
    from += 16
  }
  return y
}

/** Whether `absorb` would take the wide tables for so many bytes. */
@inline
export function needsWide(length: i32): bool {
  return length > (wideFrom - 1) * 16
}

/** y · h */
function multiply(y: v128, table: usize): v128 {
  const zero = i64x2.splat(0)
  const low = v128.and(y, i8x16.splat(15))
  const high = v128.and(i32x4.shr_u(y, 4), i8x16.splat(15))
  let first = zero
  let second = zero
  for (let at = table + 16 * 32; at >= table; at -= 32) {
    second = i8x16.shuffle(first, second, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
    first = v128.xor(nextByte(first), lookUp(at, low, high))
  }
  const over = v128.xor(zero, second)
  const overLow = v128.and(over, i8x16.splat(15))
  const overHigh = v128.and(i32x4.shr_u(over, 4), i8x16.splat(15))
  const spill = lookUp(folding + 32, overLow, overHigh)
  first = v128.xor(v128.xor(first, lookUp(folding, overLow, overHigh)), nextByte(spill))
  // The last byte has spilled over once more.
  const again = i8x16.shuffle(spill, zero, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
  const againLow = v128.and(again, i8x16.splat(15))
  const againHigh = v128.and(i32x4.shr_u(again, 4), i8x16.splat(15))
  return v128.xor(v128.xor(first, lookUp(folding, againLow, againHigh)), nextByte(lookUp(folding + 32, againLow, againHigh)))
}

@inline
function lookUp(table: usize, low: v128, high: v128): v128 {
  return v128.xor(v128.swizzle(v128.load(table), low), v128.swizzle(v128.load(table, 16), high))
}

/** Every byte moved on by one: times x^8, without what leaves. */
@inline
function nextByte(bytes: v128): v128 {
  return i8x16.shuffle(i64x2.splat(0), bytes, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
}

/**
 * Sixteen blocks at once, `groups` times: lane i takes block i of each group and is multiplied by h^16 in between. In the end the lanes
 * follow one another as blocks do.
 */
function absorbGroups(y: v128, narrow: usize, wide: usize, from: usize, groups: i32): v128 {
  v128.store(from, v128.xor(y, v128.load(from)))
  transpose(from, lanes)
  v128.store(from, v128.xor(y, v128.load(from)))
  for (let group = 1; group < groups; group++) {
    from += 256
    multiplyLanes(wide)
    transpose(from, lowProduct)
    for (let at: usize = 0; at < 256; at += 16) {
      v128.store(lanes + at, v128.xor(v128.load(lanes + at), v128.load(lowProduct + at)))
    }
  }
  transpose(lanes, lowProduct)
  y = i64x2.splat(0)
  for (let at: usize = 0; at < 256; at += 16) y = multiply(v128.xor(y, v128.load(lowProduct + at)), narrow)
  wipe(lanes, 256)
  wipe(nibbles, 512)
  wipe(nibbleSums, 256)
  wipe(lowProduct, 256)
  wipe(highProduct, 256)
  wipe(middleProduct, 256)
  return y
}

/** All lanes times h^16. */
function multiplyLanes(tables: usize): void {
  const mask = i8x16.splat(15)
  for (let k: usize = 0; k < 8; k++) {
    const lower = v128.load(lanes + (k << 4))
    const upper = v128.load(lanes + (k << 4), 128)
    const at = nibbles + (k << 5)
    const sum = v128.xor(lower, upper)
    v128.store(at, v128.and(lower, mask))
    v128.store(at, v128.and(i32x4.shr_u(lower, 4), mask), 16)
    v128.store(at, v128.and(upper, mask), 256)
    v128.store(at, v128.and(i32x4.shr_u(upper, 4), mask), 256 + 16)
    v128.store(nibbleSums + (k << 5), v128.and(sum, mask))
    v128.store(nibbleSums + (k << 5), v128.and(i32x4.shr_u(sum, 4), mask), 16)
  }
  multiplyHalf(nibbles, tables, lowProduct)
  multiplyHalf(nibbles + 256, tables + halfSize, highProduct)
  multiplyHalf(nibbleSums, tables + 2 * halfSize, middleProduct)
  for (let at: usize = 0; at < 128; at += 16) {
    const inner = v128.xor(v128.load(lowProduct + at, 128), v128.load(highProduct + at))
    const lower = v128.xor(v128.xor(inner, v128.load(lowProduct + at)), v128.load(middleProduct + at))
    const upper = v128.xor(v128.xor(inner, v128.load(highProduct + at, 128)), v128.load(middleProduct + at, 128))
    v128.store(lowProduct + at, lower, 128)
    v128.store(highProduct + at, upper)
  }
  fold()
}

/** The product of eight bytes, as nibbles, with the eight of a table: sixteen at `to`. Two bytes at a time, so that the table is read less often. */
function multiplyHalf(from: usize, table: usize, to: usize): void {
  wipe(to, 256)
  for (let j = 0; j < 4; j++) {
    const low0 = v128.load(from, 0)
    const high0 = v128.load(from, 16)
    const low1 = v128.load(from, 32)
    const high1 = v128.load(from, 48)
    let previousLow = i64x2.splat(0)
    let previousHigh = i64x2.splat(0)
    let at = table
    let out = to
    for (let k = 0; k < 10; k++) {
      const tableLow = v128.load(at, 0)
      const tableHigh = v128.load(at, 16)
      const first = v128.xor(v128.swizzle(tableLow, low0), v128.swizzle(tableHigh, high0))
      const second = v128.xor(v128.swizzle(previousLow, low1), v128.swizzle(previousHigh, high1))
      v128.store(out, v128.xor(v128.load(out), v128.xor(first, second)))
      previousLow = tableLow
      previousHigh = tableHigh
      at += 32
      out += 16
    }
    from += 64
    to += 32
  }
}

/** Brings the product back to sixteen bytes, in `lanes`. The last byte comes first, for what it spills lies beyond x^127 itself. */
function fold(): void {
  let spill = i64x2.splat(0)
  let over = v128.load(highProduct, 240)
  let low = v128.and(over, i8x16.splat(15))
  let high = v128.and(i32x4.shr_u(over, 4), i8x16.splat(15))
  const last = lookUp(folding, low, high)
  v128.store(highProduct, v128.xor(v128.load(highProduct), lookUp(folding + 32, low, high)))
  for (let at: usize = 0; at < 240; at += 16) {
    over = v128.load(highProduct + at)
    low = v128.and(over, i8x16.splat(15))
    high = v128.and(i32x4.shr_u(over, 4), i8x16.splat(15))
    v128.store(lanes + at, v128.xor(v128.xor(v128.load(lowProduct + at), spill), lookUp(folding, low, high)))
    spill = lookUp(folding + 32, low, high)
  }
  v128.store(lanes, v128.xor(v128.xor(v128.load(lowProduct, 240), spill), last), 240)
}

/** Sixteen vectors at `from`, taken as a matrix of bytes, to `to` with rows and columns exchanged. */
function transpose(from: usize, to: usize): void {
  pairs(from, middleProduct)
  pairs(middleProduct, to)
  pairs(to, middleProduct)
  pairs(middleProduct, to)
}

/** Interleaves vector i with vector i + 8: four times in a row, it transposes. */
@inline
function pairs(from: usize, to: usize): void {
  for (let i: usize = 0; i < 128; i += 16) {
    const a = v128.load(from + i)
    const b = v128.load(from + i, 128)
    v128.store(to + 2 * i, i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), 0)
    v128.store(to + 2 * i, i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16)
  }
}
