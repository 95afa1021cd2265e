/** HMAC (RFC 2104) of SHA-256 (FIPS 180-4 §6.2), for messages of a few blocks: a call of the host's own library takes longer than they do. */
import { macKeyAddress, textAddress, wipe } from './memory'

/** Eight words each: where all hashes begin, and the hash at hand. */
const initial: usize = memory.data<u32>(
  [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
  16,
)
const state: usize = memory.data(32, 16)
/** The message schedule, 64 words. */
const schedule: usize = memory.data(256, 16)
/** A block of the key, or of the inner hash. */
const block: usize = memory.data(64, 16)

const constants: usize = memory.data<u32>(
  [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
  ],
  16,
)

/**
 * The MAC of `length` bytes of text, at whose address it is left, under the key of `keyLength` bytes, at most 64. Wipes the key and the first
 * blocks of the text, padding included; what is left to the host is to wipe the MAC.
 */
export function hmacSha256(keyLength: i32, length: i32): void {
  memory.fill(macKeyAddress + <usize>keyLength, 0, 64 - keyLength)
  begin(0x36)
  const blocks = pad(textAddress, length)
  for (let i = 0; i < blocks; i++) compress(textAddress + <usize>(i << 6))
  // The inner hash, as the only text of the outer one.
  giveTo(block)
  const inner = v128.load(block)
  const rest = v128.load(block, 16)
  begin(0x5c)
  v128.store(block, inner)
  v128.store(block, rest, 16)
  pad(block, 32)
  compress(block)
  wipe(textAddress, <usize>(blocks << 6))
  giveTo(textAddress)
  wipe(macKeyAddress, 64)
  wipe(state, 32)
  wipe(schedule, 256)
  wipe(block, 64)
}

/** A hash of the key's block, of which each byte is changed by `mask`. */
function begin(mask: u8): void {
  for (let i: usize = 0; i < 64; i += 16) v128.store(block + i, v128.xor(v128.load(macKeyAddress + i), i8x16.splat(mask)))
  v128.store(state, v128.load(initial))
  v128.store(state, v128.load(initial, 16), 16)
  compress(block)
}

/** Ends a text that one block of key went before: a bit, zeros and the length in bits. How many blocks that makes. */
function pad(text: usize, length: i32): i32 {
  const blocks = (length + 9 + 63) >> 6
  const end = text + <usize>(blocks << 6)
  memory.fill(text + <usize>length, 0, (blocks << 6) - length)
  store<u8>(text + <usize>length, 0x80)
  store<u32>(end - 4, bswap<u32>((length + 64) << 3))
  return blocks
}

function giveTo(to: usize): void {
  for (let i: usize = 0; i < 32; i += 4) store<u32>(to + i, bswap<u32>(load<u32>(state + i)))
}

/** Takes 64 bytes. Eight rounds at a time: then each word is back in its place. */
function compress(from: usize): void {
  fillSchedule(from)
  let a = load<u32>(state, 0)
  let b = load<u32>(state, 4)
  let c = load<u32>(state, 8)
  let d = load<u32>(state, 12)
  let e = load<u32>(state, 16)
  let f = load<u32>(state, 20)
  let g = load<u32>(state, 24)
  let h = load<u32>(state, 28)
  for (let i: usize = 0; i < 256; i += 32) {
    h += mixed(e, f, g, i)
    d += h
    h += chosen(a, b, c)
    g += mixed(d, e, f, i + 4)
    c += g
    g += chosen(h, a, b)
    f += mixed(c, d, e, i + 8)
    b += f
    f += chosen(g, h, a)
    e += mixed(b, c, d, i + 12)
    a += e
    e += chosen(f, g, h)
    d += mixed(a, b, c, i + 16)
    h += d
    d += chosen(e, f, g)
    c += mixed(h, a, b, i + 20)
    g += c
    c += chosen(d, e, f)
    b += mixed(g, h, a, i + 24)
    f += b
    b += chosen(c, d, e)
    a += mixed(f, g, h, i + 28)
    e += a
    a += chosen(b, c, d)
  }
  v128.store(state, i32x4.add(v128.load(state), i32x4(a, b, c, d)))
  v128.store(state, i32x4.add(v128.load(state, 16), i32x4(e, f, g, h)), 16)
}

function fillSchedule(from: usize): void {
  for (let i: usize = 0; i < 64; i += 4) store<u32>(schedule + i, bswap<u32>(load<u32>(from + i)))
  for (let at = schedule + 64; at < schedule + 256; at += 4) {
    const early = load<u32>(at - 60)
    const late = load<u32>(at - 8)
    const s0 = rotr<u32>(early, 7) ^ rotr<u32>(early, 18) ^ (early >> 3)
    const s1 = rotr<u32>(late, 17) ^ rotr<u32>(late, 19) ^ (late >> 10)
    store<u32>(at, load<u32>(at - 64) + s0 + load<u32>(at - 28) + s1)
  }
}

@inline
function mixed(e: u32, f: u32, g: u32, i: usize): u32 {
  return (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25)) + (g ^ (e & (f ^ g))) + load<u32>(constants + i) + load<u32>(schedule + i)
}

@inline
function chosen(a: u32, b: u32, c: u32): u32 {
  return (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22)) + ((a & b) | (c & (a | b)))
}
