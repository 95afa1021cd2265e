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
/** Bytes of the tables that multiply sixteen elements at once: for nine sums of four bytes, as Karatsuba's method wants them. */
const quarterSize: usize = 5 * 32
export const wideSize: usize = 9 * quarterSize

/** The least number of blocks for which sixteen at once pay. */
const wideFrom: i32 = 96

/** What a nibble beyond x^127 comes to: the two bytes of its product with 1 + x + x^2 + x^7, for low and high nibbles in turn. */
const folding: usize = memory.data<u8>([
  0x00, 0x01, 0x03, 0x02, 0x07, 0x06, 0x04, 0x05, 0x0e, 0x0f, 0x0d, 0x0c, 0x09, 0x08, 0x0a, 0x0b,
  0x00, 0x1c, 0x38, 0x24, 0x70, 0x6c, 0x48, 0x54, 0xe1, 0xfd, 0xd9, 0xc5, 0x91, 0x8d, 0xa9, 0xb5,
  0x00, 0xc2, 0x84, 0x46, 0x08, 0xca, 0x8c, 0x4e, 0x10, 0xd2, 0x94, 0x56, 0x18, 0xda, 0x9c, 0x5e,
  0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0, 0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0,
], 16)

/** What the last byte comes to in the end: it spills over beyond x^127 once more. */
const foldingAgain: usize = memory.data<u8>([
  0x00, 0x92, 0xe6, 0x74, 0x0e, 0x9c, 0xe8, 0x7a, 0x1c, 0x8e, 0xfa, 0x68, 0x12, 0x80, 0xf4, 0x66,
  0x00, 0x38, 0x70, 0x48, 0xe1, 0xd9, 0x91, 0xa9, 0x00, 0x38, 0x70, 0x48, 0xe1, 0xd9, 0x91, 0xa9,
  0x00, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38, 0x3c,
  0x00, 0x40, 0x80, 0xc0, 0x00, 0x40, 0x80, 0xc0, 0x00, 0x40, 0x80, 0xc0, 0x00, 0x40, 0x80, 0xc0,
], 16)

const shiftedKeys: usize = memory.data(8 * 32, 16)
/** Sixteen elements, byte by byte: vector k has byte k of them all. */
const lanes: usize = memory.data(16 * 16, 16)
/** Those elements as nibbles, in nine sums of four bytes. */
const operands: usize = memory.data(9 * 128, 16)
/** Their product, 32 bytes of each, and what Karatsuba's method adds in the middle of it, and of the halves. */
const product: usize = memory.data(32 * 16, 16)
const middle: usize = memory.data(16 * 16, 16)
const innerMiddle: usize = memory.data(8 * 16, 16)

/** Writes the table for `h`, its first `entries` bytes of product, to `to`. */
export function buildTable(h: v128, to: usize, entries: i32): void {
  const zero = i64x2.splat(0)
  const after = oneOn(h)
  const beyond = beyondOne(h, zero)
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
  for (let sum: usize = 0; sum < 9; sum++) buildTable(quarterSum(power, sum), to + sum * quarterSize, 5)
}

/** The first four bytes: quarters 0, 1, 0 + 1, 2, 3, 2 + 3, 0 + 2, 1 + 3 or all four added, for `sum` from 0 to 8. */
function quarterSum(bytes: v128, sum: usize): v128 {
  const half = sum / 3
  if (half > 1) bytes = v128.xor(bytes, i8x16.shuffle(bytes, bytes, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))
  if (half == 1) bytes = i8x16.shuffle(bytes, bytes, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
  const next = i8x16.shuffle(bytes, bytes, 4, 5, 6, 7, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3)
  const quarter = sum % 3
  if (quarter > 1) bytes = v128.xor(bytes, next)
  if (quarter == 1) bytes = next
  return v128.and(bytes, i32x4(-1, 0, 0, 0))
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

/** y · h. Every fourth byte of the table has a sum of its own, so that no chain of shifts is long. */
function multiply(y: v128, table: usize): v128 {
  const zero = i64x2.splat(0)
  const low = v128.and(y, i8x16.splat(15))
  const high = v128.and(i32x4.shr_u(y, 4), i8x16.splat(15))
  let first0 = lookUp(table + 16 * 32, low, high)
  let first1 = zero
  let first2 = zero
  let first3 = zero
  let second0 = zero
  let second1 = zero
  let second2 = zero
  let second3 = zero
  for (let at = table + 12 * 32; at >= table; at -= 4 * 32) {
    second0 = beyondFour(first0, second0)
    second1 = beyondFour(first1, second1)
    second2 = beyondFour(first2, second2)
    second3 = beyondFour(first3, second3)
    first0 = v128.xor(fourOn(first0), lookUp(at, low, high))
    first1 = v128.xor(fourOn(first1), lookUp(at + 32, low, high))
    first2 = v128.xor(fourOn(first2), lookUp(at + 64, low, high))
    first3 = v128.xor(fourOn(first3), lookUp(at + 96, low, high))
  }
  // One byte on, three times, from the last to the first.
  second2 = v128.xor(second2, beyondOne(first3, second3))
  first2 = v128.xor(first2, oneOn(first3))
  second1 = v128.xor(second1, beyondOne(first2, second2))
  first1 = v128.xor(first1, oneOn(first2))
  second0 = v128.xor(second0, beyondOne(first1, second1))
  first0 = v128.xor(first0, oneOn(first1))

  const overLow = v128.and(second0, i8x16.splat(15))
  const overHigh = v128.and(i32x4.shr_u(second0, 4), i8x16.splat(15))
  const lastLow = beyondOne(overLow, zero)
  const lastHigh = beyondOne(overHigh, zero)
  const here = v128.xor(lookUp(folding, overLow, overHigh), lookUp(foldingAgain, lastLow, lastHigh))
  const spill = v128.xor(lookUp(folding + 32, overLow, overHigh), lookUp(foldingAgain + 32, lastLow, lastHigh))
  return v128.xor(v128.xor(first0, here), oneOn(spill))
}

@inline
function lookUp(table: usize, low: v128, high: v128): v128 {
  return v128.xor(v128.swizzle(v128.load(table), low), v128.swizzle(v128.load(table, 16), high))
}

/** Every byte moved on by one: times x^8, without what leaves. */
@inline
function oneOn(bytes: v128): v128 {
  return i8x16.shuffle(i64x2.splat(0), bytes, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
}

/** What moves from `bytes` into those beyond, which move on by one too. */
@inline
function beyondOne(bytes: v128, beyond: v128): v128 {
  return i8x16.shuffle(bytes, beyond, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
}

@inline
function fourOn(bytes: v128): v128 {
  return i8x16.shuffle(i64x2.splat(0), bytes, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27)
}

@inline
function beyondFour(bytes: v128, beyond: v128): v128 {
  return i8x16.shuffle(bytes, beyond, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27)
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
    transpose(from, product)
    for (let at: usize = 0; at < 256; at += 16) v128.store(lanes + at, v128.xor(v128.load(lanes + at), v128.load(product + at)))
  }
  transpose(lanes, product)
  y = i64x2.splat(0)
  for (let at: usize = 0; at < 256; at += 16) y = multiply(v128.xor(y, v128.load(product + at)), narrow)
  wipe(lanes, 256)
  wipe(operands, 9 * 128)
  wipe(product, 512)
  wipe(middle, 256)
  wipe(innerMiddle, 128)
  return y
}

/** All lanes times h^16. */
function multiplyLanes(tables: usize): void {
  for (let k: usize = 0; k < 64; k += 16) {
    const a = v128.load(lanes + k, 0)
    const b = v128.load(lanes + k, 64)
    const c = v128.load(lanes + k, 128)
    const d = v128.load(lanes + k, 192)
    const at = operands + 2 * k
    putNibbles(a, at)
    putNibbles(b, at + 128)
    putNibbles(v128.xor(a, b), at + 256)
    putNibbles(c, at + 384)
    putNibbles(d, at + 512)
    putNibbles(v128.xor(c, d), at + 640)
    const ac = v128.xor(a, c)
    const bd = v128.xor(b, d)
    putNibbles(ac, at + 768)
    putNibbles(bd, at + 896)
    putNibbles(v128.xor(ac, bd), at + 1024)
  }
  multiplyHalf(operands, tables, product)
  multiplyHalf(operands + 384, tables + 3 * quarterSize, product + 256)
  multiplyHalf(operands + 768, tables + 6 * quarterSize, middle)
  join(product, middle, 128)
  fold()
}

@inline
function putNibbles(bytes: v128, at: usize): void {
  v128.store(at, v128.and(bytes, i8x16.splat(15)), 0)
  v128.store(at, v128.and(i32x4.shr_u(bytes, 4), i8x16.splat(15)), 16)
}

/** Eight bytes, in three sums of four, times the eight of three tables: sixteen bytes at `to`. */
function multiplyHalf(from: usize, tables: usize, to: usize): void {
  multiplyQuarter(from, tables, to)
  multiplyQuarter(from + 128, tables + quarterSize, to + 128)
  multiplyQuarter(from + 256, tables + 2 * quarterSize, innerMiddle)
  join(to, innerMiddle, 64)
}

/** Four bytes, as nibbles, times the four of a table: eight bytes at `to`. */
function multiplyQuarter(from: usize, table: usize, to: usize): void {
  const low0 = v128.load(from, 0)
  const high0 = v128.load(from, 16)
  const tableLow0 = v128.load(table, 0)
  const tableHigh0 = v128.load(table, 16)
  v128.store(to, v128.xor(v128.swizzle(tableLow0, low0), v128.swizzle(tableHigh0, high0)), 0)
  const low1 = v128.load(from, 32)
  const high1 = v128.load(from, 48)
  const tableLow1 = v128.load(table, 32)
  const tableHigh1 = v128.load(table, 48)
  v128.store(to, v128.xor(v128.xor(v128.swizzle(tableLow1, low0), v128.swizzle(tableHigh1, high0)), v128.xor(v128.swizzle(tableLow0, low1), v128.swizzle(tableHigh0, high1))), 16)
  const low2 = v128.load(from, 64)
  const high2 = v128.load(from, 80)
  const tableLow2 = v128.load(table, 64)
  const tableHigh2 = v128.load(table, 80)
  v128.store(to, v128.xor(v128.xor(v128.xor(v128.swizzle(tableLow2, low0), v128.swizzle(tableHigh2, high0)), v128.xor(v128.swizzle(tableLow1, low1), v128.swizzle(tableHigh1, high1))), v128.xor(v128.swizzle(tableLow0, low2), v128.swizzle(tableHigh0, high2))), 32)
  const low3 = v128.load(from, 96)
  const high3 = v128.load(from, 112)
  const tableLow3 = v128.load(table, 96)
  const tableHigh3 = v128.load(table, 112)
  v128.store(to, v128.xor(v128.xor(v128.xor(v128.xor(v128.swizzle(tableLow3, low0), v128.swizzle(tableHigh3, high0)), v128.xor(v128.swizzle(tableLow2, low1), v128.swizzle(tableHigh2, high1))), v128.xor(v128.swizzle(tableLow1, low2), v128.swizzle(tableHigh1, high2))), v128.xor(v128.swizzle(tableLow0, low3), v128.swizzle(tableHigh0, high3))), 48)
  const tableLow4 = v128.load(table, 128)
  const tableHigh4 = v128.load(table, 144)
  v128.store(to, v128.xor(v128.xor(v128.xor(v128.xor(v128.swizzle(tableLow4, low0), v128.swizzle(tableHigh4, high0)), v128.xor(v128.swizzle(tableLow3, low1), v128.swizzle(tableHigh3, high1))), v128.xor(v128.swizzle(tableLow2, low2), v128.swizzle(tableHigh2, high2))), v128.xor(v128.swizzle(tableLow1, low3), v128.swizzle(tableHigh1, high3))), 64)
  v128.store(to, v128.xor(v128.xor(v128.xor(v128.swizzle(tableLow4, low1), v128.swizzle(tableHigh4, high1)), v128.xor(v128.swizzle(tableLow3, low2), v128.swizzle(tableHigh3, high2))), v128.xor(v128.swizzle(tableLow2, low3), v128.swizzle(tableHigh2, high3))), 80)
  v128.store(to, v128.xor(v128.xor(v128.swizzle(tableLow4, low2), v128.swizzle(tableHigh4, high2)), v128.xor(v128.swizzle(tableLow3, low3), v128.swizzle(tableHigh3, high3))), 96)
  v128.store(to, v128.xor(v128.swizzle(tableLow4, low3), v128.swizzle(tableHigh4, high3)), 112)
}

/** Karatsuba: the product of the sums, less both products at `to`, is added across the middle of those. `part` is a quarter of the result. */
@inline
function join(to: usize, middleProduct: usize, part: usize): void {
  for (const end = to + part; to < end; to += 16) {
    const second = to + part
    const third = second + part
    const inner = v128.xor(v128.load(second), v128.load(third))
    v128.store(second, v128.xor(v128.xor(inner, v128.load(to)), v128.load(middleProduct)))
    v128.store(third, v128.xor(v128.xor(inner, v128.load(third + part)), v128.load(middleProduct + part)))
    middleProduct += 16
  }
}

/** Brings the product back to sixteen bytes, in `lanes`. The last byte comes first, for what it spills lies beyond x^127 itself. */
function fold(): void {
  const low0 = v128.load(folding, 0)
  const high0 = v128.load(folding, 16)
  const low1 = v128.load(folding, 32)
  const high1 = v128.load(folding, 48)
  let spill = i64x2.splat(0)
  let over = v128.load(product, 496)
  let low = v128.and(over, i8x16.splat(15))
  let high = v128.and(i32x4.shr_u(over, 4), i8x16.splat(15))
  const last = v128.xor(v128.swizzle(low0, low), v128.swizzle(high0, high))
  const again = v128.xor(v128.swizzle(low1, low), v128.swizzle(high1, high))
  v128.store(product, v128.xor(v128.load(product, 256), again), 256)
  for (let at: usize = 0; at < 240; at += 16) {
    over = v128.load(product + at, 256)
    low = v128.and(over, i8x16.splat(15))
    high = v128.and(i32x4.shr_u(over, 4), i8x16.splat(15))
    const here = v128.xor(v128.swizzle(low0, low), v128.swizzle(high0, high))
    v128.store(lanes + at, v128.xor(v128.xor(v128.load(product + at), spill), here))
    spill = v128.xor(v128.swizzle(low1, low), v128.swizzle(high1, high))
  }
  v128.store(lanes, v128.xor(v128.xor(v128.load(product, 240), spill), last), 240)
}

/** Sixteen vectors at `from`, taken as a matrix of bytes, to `to` with rows and columns exchanged. */
function transpose(from: usize, to: usize): void {
  pairs(from, middle)
  pairs(middle, to)
  pairs(to, middle)
  pairs(middle, to)
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
