/**
 * Poly1305 (RFC 8439 §2.5): numbers modulo 2^130 - 5 in five limbs of 26 bits, whose products and sums fit 64 bits. Two blocks at a time,
 * against r^2 and r, so that one carry serves both.
 */

import { wipe } from './memory'

/** The five limbs of r, five times those of r (since 2^130 is 5), and both of r^2: each in 64 bits. */
const powers: usize = memory.data(20 * 8, 16)
const sum: usize = memory.data(6 * 8, 16)
const ahead: usize = memory.data(6 * 8, 16)
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
  wipe(ahead, 48)
  wipe(final, 16)
  wipe(lastBlock, 16)
}

/** sum = (sum + block) · r for each block, with `mark` beyond its 128 bits. */
function blocks(from: usize, count: i32, mark: u64): void {
  const r0 = load<u64>(powers, 0)
  const r1 = load<u64>(powers, 8)
  const r2 = load<u64>(powers, 16)
  const r3 = load<u64>(powers, 24)
  const r4 = load<u64>(powers, 32)
  const r15 = load<u64>(powers, 48)
  const r25 = load<u64>(powers, 56)
  const r35 = load<u64>(powers, 64)
  const r45 = load<u64>(powers, 72)
  const q0 = load<u64>(powers, 80)
  const q1 = load<u64>(powers, 88)
  const q2 = load<u64>(powers, 96)
  const q3 = load<u64>(powers, 104)
  const q4 = load<u64>(powers, 112)
  const q15 = load<u64>(powers, 128)
  const q25 = load<u64>(powers, 136)
  const q35 = load<u64>(powers, 144)
  const q45 = load<u64>(powers, 152)
  let h0 = load<u64>(sum, 0)
  let h1 = load<u64>(sum, 8)
  let h2 = load<u64>(sum, 16)
  let h3 = load<u64>(sum, 24)
  let h4 = load<u64>(sum, 32)
  for (; count > 1; count -= 2) {
    const a = load<u64>(from)
    const b = load<u64>(from, 8)
    const c = load<u64>(from, 16)
    const d = load<u64>(from, 24)
    const m0 = c & limb
    const m1 = (c >> 26) & limb
    const m2 = ((c >> 52) | (d << 12)) & limb
    const m3 = (d >> 14) & limb
    const m4 = (d >> 40) | mark
    // By way of memory: what the sum does not wait for is computed first, and registers are free again.
    store<u64>(ahead, m0 * r0 + m1 * r45 + m2 * r35 + m3 * r25 + m4 * r15, 0)
    store<u64>(ahead, m0 * r1 + m1 * r0 + m2 * r45 + m3 * r35 + m4 * r25, 8)
    store<u64>(ahead, m0 * r2 + m1 * r1 + m2 * r0 + m3 * r45 + m4 * r35, 16)
    store<u64>(ahead, m0 * r3 + m1 * r2 + m2 * r1 + m3 * r0 + m4 * r45, 24)
    store<u64>(ahead, m0 * r4 + m1 * r3 + m2 * r2 + m3 * r1 + m4 * r0, 32)
    h0 += a & limb
    h1 += (a >> 26) & limb
    h2 += ((a >> 52) | (b << 12)) & limb
    h3 += (b >> 14) & limb
    h4 += (b >> 40) | mark
    const d0 = h0 * q0 + h1 * q45 + h2 * q35 + h3 * q25 + h4 * q15 + load<u64>(ahead, 0)
    const d1 = h0 * q1 + h1 * q0 + h2 * q45 + h3 * q35 + h4 * q25 + load<u64>(ahead, 8)
    const d2 = h0 * q2 + h1 * q1 + h2 * q0 + h3 * q45 + h4 * q35 + load<u64>(ahead, 16)
    const d3 = h0 * q3 + h1 * q2 + h2 * q1 + h3 * q0 + h4 * q45 + load<u64>(ahead, 24)
    const d4 = h0 * q4 + h1 * q3 + h2 * q2 + h3 * q1 + h4 * q0 + load<u64>(ahead, 32)
    h3 = d3 & limb
    h4 = d4 + (d3 >> 26)
    h1 = d1 + (d0 >> 26)
    h0 = (d0 & limb) + (h4 >> 26) * 5
    h2 = d2 + (h1 >> 26)
    h4 &= limb
    h3 += h2 >> 26
    h2 &= limb
    h1 = (h1 & limb) + (h0 >> 26)
    h0 &= limb
    h4 += h3 >> 26
    h3 &= limb
    from += 32
  }
  if (count > 0) {
    const a = load<u64>(from)
    const b = load<u64>(from, 8)
    h0 += a & limb
    h1 += (a >> 26) & limb
    h2 += ((a >> 52) | (b << 12)) & limb
    h3 += (b >> 14) & limb
    h4 += (b >> 40) | mark
    const d0 = h0 * r0 + h1 * r45 + h2 * r35 + h3 * r25 + h4 * r15
    const d1 = h0 * r1 + h1 * r0 + h2 * r45 + h3 * r35 + h4 * r25
    const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * r45 + h4 * r35
    const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * r45
    const d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0
    h3 = d3 & limb
    h4 = d4 + (d3 >> 26)
    h1 = d1 + (d0 >> 26)
    h0 = (d0 & limb) + (h4 >> 26) * 5
    h2 = d2 + (h1 >> 26)
    h4 &= limb
    h3 += h2 >> 26
    h2 &= limb
    h1 = (h1 & limb) + (h0 >> 26)
    h0 &= limb
    h4 += h3 >> 26
    h3 &= limb
  }
  store<u64>(sum, h0, 0)
  store<u64>(sum, h1, 8)
  store<u64>(sum, h2, 16)
  store<u64>(sum, h3, 24)
  store<u64>(sum, h4, 32)
}
