/**
 * Poly1305 (RFC 8439 §2.5): numbers modulo 2^130 - 5 in five limbs of 26 bits, whose products and sums fit 64 bits. Two blocks at a time,
 * against r^2 and r, so that one carry serves both.
 */

import { wipe } from './memory'

/** The five limbs of r, five times those of r (since 2^130 is 5), and both of r^2: each in 64 bits. */
const powers: usize = memory.data(20 * 8, 16)
const sum: usize = memory.data(6 * 8, 16)
const final: usize = memory.data(16, 16)
const lastBlock: usize = memory.data(16, 16)

const limb: u64 = 0x3ffffff

/** Begins with the one-time key at `key`, 32 bytes. */
export function begin(key: usize): void {
  const low = load<u64>(key) & 0x0ffffffc0fffffff
  const high = load<u64>(key, 8) & 0x0ffffffc0ffffffc
  setPower(0, low & limb, (low >> 26) & limb, ((low >> 52) | (high << 12)) & limb, (high >> 14) & limb, high >> 40)
  v128.store(final, v128.load(key, 16))
  // r^2 is what a block of r itself gives, without the bit that marks a block.
  store<u64>(sum, load<u64>(powers, 0), 0)
  store<u64>(sum, load<u64>(powers, 8), 8)
  store<u64>(sum, load<u64>(powers, 16), 16)
  store<u64>(sum, load<u64>(powers, 24), 24)
  store<u64>(sum, load<u64>(powers, 32), 32)
  v128.store(lastBlock, i64x2.splat(0))
  blocks(lastBlock, 1, 0)
  setPower(80, load<u64>(sum, 0), load<u64>(sum, 8), load<u64>(sum, 16), load<u64>(sum, 24), load<u64>(sum, 32))
  wipe(sum, 48)
}

function setPower(at: usize, l0: u64, l1: u64, l2: u64, l3: u64, l4: u64): void {
  const to = powers + at
  store<u64>(to, l0, 0)
  store<u64>(to, l1, 8)
  store<u64>(to, l2, 16)
  store<u64>(to, l3, 24)
  store<u64>(to, l4, 32)
  store<u64>(to, l0 * 5, 40)
  store<u64>(to, l1 * 5, 48)
  store<u64>(to, l2 * 5, 56)
  store<u64>(to, l3 * 5, 64)
  store<u64>(to, l4 * 5, 72)
}

/** Takes `length` bytes at `from`, filled up to whole blocks with zeros (RFC 8439 §2.8), for which memory is overwritten. */
export function absorb(from: usize, length: i32): void {
  if ((length & 15) != 0) v128.store(from + <usize>length, i64x2.splat(0))
  blocks(from, (length + 15) >> 4, 1 << 24)
}

/** The tag over all that was absorbed, after a last block with both lengths. */
export function finish(aadLength: u64, length: u64): v128 {
  v128.store(lastBlock, i64x2(aadLength, length))
  blocks(lastBlock, 1, 1 << 24)
  let h0 = load<u64>(sum, 0)
  let h1 = load<u64>(sum, 8)
  let h2 = load<u64>(sum, 16)
  let h3 = load<u64>(sum, 24)
  let h4 = load<u64>(sum, 32)
  h2 += h1 >> 26
  h3 += h2 >> 26
  h4 += h3 >> 26
  h0 += (h4 >> 26) * 5
  h1 = (h1 & limb) + (h0 >> 26)
  h0 &= limb
  h2 &= limb
  h3 &= limb
  h4 &= limb
  // h - p, of which the top bit tells whether it is negative.
  let g0 = h0 + 5
  let g1 = h1 + (g0 >> 26)
  let g2 = h2 + (g1 >> 26)
  let g3 = h3 + (g2 >> 26)
  const g4 = h4 + (g3 >> 26) - (1 << 26)
  const keep = 0 - (g4 >> 63)
  h0 = (h0 & keep) | (g0 & limb & ~keep)
  h1 = (h1 & keep) | (g1 & limb & ~keep)
  h2 = (h2 & keep) | (g2 & limb & ~keep)
  h3 = (h3 & keep) | (g3 & limb & ~keep)
  h4 = (h4 & keep) | (g4 & ~keep)
  const low = h0 | (h1 << 26) | (h2 << 52)
  const high = (h2 >> 12) | (h3 << 14) | (h4 << 40)
  const key = load<u64>(final)
  const tagLow = low + key
  return i64x2(tagLow, high + load<u64>(final, 8) + u64(tagLow < key))
}

/** Overwrites the one-time key and the sum. */
export function wipeSum(): void {
  wipe(powers, 160)
  wipe(sum, 48)
  wipe(final, 16)
  wipe(lastBlock, 16)
}

/** sum = (sum + block) · r for each block, with `mark` beyond its 128 bits. */
function blocks(from: usize, count: i32, mark: u64): void {
  let h0 = load<u64>(sum, 0)
  let h1 = load<u64>(sum, 8)
  let h2 = load<u64>(sum, 16)
  let h3 = load<u64>(sum, 24)
  let h4 = load<u64>(sum, 32)
  while (count > 0) {
    let low = load<u64>(from)
    let high = load<u64>(from, 8)
    let m0 = h0 + (low & limb)
    let m1 = h1 + ((low >> 26) & limb)
    let m2 = h2 + (((low >> 52) | (high << 12)) & limb)
    let m3 = h3 + ((high >> 14) & limb)
    let m4 = h4 + ((high >> 40) | mark)
    let power = powers
    if (count > 1) power += 80
    h0 = product0(power, m0, m1, m2, m3, m4)
    h1 = product1(power, m0, m1, m2, m3, m4)
    h2 = product2(power, m0, m1, m2, m3, m4)
    h3 = product3(power, m0, m1, m2, m3, m4)
    h4 = product4(power, m0, m1, m2, m3, m4)
    if (count > 1) {
      low = load<u64>(from, 16)
      high = load<u64>(from, 24)
      m0 = low & limb
      m1 = (low >> 26) & limb
      m2 = ((low >> 52) | (high << 12)) & limb
      m3 = (high >> 14) & limb
      m4 = (high >> 40) | mark
      h0 += product0(powers, m0, m1, m2, m3, m4)
      h1 += product1(powers, m0, m1, m2, m3, m4)
      h2 += product2(powers, m0, m1, m2, m3, m4)
      h3 += product3(powers, m0, m1, m2, m3, m4)
      h4 += product4(powers, m0, m1, m2, m3, m4)
    }
    h1 += h0 >> 26
    h4 += h3 >> 26
    h0 &= limb
    h3 &= limb
    h2 += h1 >> 26
    h0 += (h4 >> 26) * 5
    h1 &= limb
    h4 &= limb
    h3 += h2 >> 26
    h1 += h0 >> 26
    h2 &= limb
    h0 &= limb
    h4 += h3 >> 26
    h3 &= limb
    from += 32
    count -= 2
  }
  store<u64>(sum, h0, 0)
  store<u64>(sum, h1, 8)
  store<u64>(sum, h2, 16)
  store<u64>(sum, h3, 24)
  store<u64>(sum, h4, 32)
}

@inline
function product0(power: usize, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64): u64 {
  return m0 * load<u64>(power, 0) + m1 * load<u64>(power, 72) + m2 * load<u64>(power, 64) + m3 * load<u64>(power, 56) + m4 * load<u64>(power, 48)
}

@inline
function product1(power: usize, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64): u64 {
  return m0 * load<u64>(power, 8) + m1 * load<u64>(power, 0) + m2 * load<u64>(power, 72) + m3 * load<u64>(power, 64) + m4 * load<u64>(power, 56)
}

@inline
function product2(power: usize, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64): u64 {
  return m0 * load<u64>(power, 16) + m1 * load<u64>(power, 8) + m2 * load<u64>(power, 0) + m3 * load<u64>(power, 72) + m4 * load<u64>(power, 64)
}

@inline
function product3(power: usize, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64): u64 {
  return m0 * load<u64>(power, 24) + m1 * load<u64>(power, 16) + m2 * load<u64>(power, 8) + m3 * load<u64>(power, 0) + m4 * load<u64>(power, 72)
}

@inline
function product4(power: usize, m0: u64, m1: u64, m2: u64, m3: u64, m4: u64): u64 {
  return m0 * load<u64>(power, 32) + m1 * load<u64>(power, 24) + m2 * load<u64>(power, 16) + m3 * load<u64>(power, 8) + m4 * load<u64>(power, 0)
}
