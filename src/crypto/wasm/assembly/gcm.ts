/**
 * AES-GCM (NIST SP 800-38D) with nonces of 12 bytes. A context has what depends on the key alone; of a message there is one at a time, and
 * whoever begins one ends it before the next.
 */
import { encryptPlanes, expandKey, planes, roundKeysSize, rowByRow } from './aes'
import { absorb, buildTable, buildWideTables, narrowSize, needsWide, wideSize } from './ghash'
import { aadAddress, keyAddress, nonceAddress, spend, textAddress, wipe } from './memory'

/** A context: the number of rounds, whether the wide tables are built, the hash key, round keys and tables. */
const roundsAt: usize = 0
const wideBuiltAt: usize = 4
const hashKeyAt: usize = 16
const roundKeysAt: usize = 32
const narrowAt: usize = roundKeysAt + roundKeysSize
const wideAt: usize = narrowAt + narrowSize
export const contextSize: usize = wideAt + wideSize
/** How many keys can be held expanded, and where. */
export const contexts: i32 = 128
export const contextsAddress: usize = memory.data(<i32>contexts * <i32>contextSize, 16)

/** Key stream that is not used yet: eight blocks, from `padUsed` on. The second one of a message hides its tag. */
const pad: usize = memory.data(128 + 16, 16)
const tagMask: usize = memory.data(16, 16)
const hashState: usize = memory.data(16, 16)
let padUsed: i32 = 0
let counter: u32 = 0

/** Fills `context` from the key of `size` bytes at `keyAddress`, which is wiped. */
export function gcmKey(context: usize, size: i32): void {
  store<i32>(context + roundsAt, expandKey(keyAddress, size, context + roundKeysAt))
  store<i32>(context + wideBuiltAt, 0)
  wipe(keyAddress, 32)
  // The hash key is a block of zeros, encrypted: block 0 of the nonce of zeros.
  wipe(nonceAddress, 16)
  refill(context)
  const hashKey = v128.load(pad)
  v128.store(context + hashKeyAt, hashKey)
  buildTable(hashKey, context + narrowAt, 17)
  gcmWipe(context)
}

export function gcmForget(context: usize): void {
  wipe(context, contextSize)
}

/** Seals the text, after the additional data; the tag comes behind it. */
export function gcmSeal(context: usize, aadLength: i32, length: i32): void {
  gcmBegin(context)
  gcmAbsorb(context, aadAddress, aadLength)
  gcmCrypt(context, length)
  gcmAbsorb(context, textAddress, length)
  v128.store(textAddress + <usize>length, gcmTag(context, aadLength, length))
  gcmWipe(context)
}

/** Opens the text, behind which its tag stands. 1 where the tag fits; otherwise the text stays as it is and the answer is 0. */
export function gcmOpen(context: usize, aadLength: i32, length: i32): i32 {
  const claimed = v128.load(textAddress + <usize>length)
  gcmBegin(context)
  gcmAbsorb(context, aadAddress, aadLength)
  gcmAbsorb(context, textAddress, length)
  const fits = !v128.any_true(v128.xor(claimed, gcmTag(context, aadLength, length)))
  if (fits) gcmCrypt(context, length)
  gcmWipe(context)
  return i32(fits)
}

/** Begins a message under the nonce at `nonceAddress`. */
export function gcmBegin(context: usize): void {
  refill(context)
  v128.store(tagMask, v128.load(pad, 16))
  padUsed = 32
  v128.store(hashState, i64x2.splat(0))
}

/** Takes bytes into the hash: of each kind, all but the last have to be whole blocks. */
export function gcmAbsorb(context: usize, from: usize, length: i32): void {
  if (needsWide(length) && load<i32>(context + wideBuiltAt) == 0) {
    buildWideTables(context + narrowAt, v128.load(context + hashKeyAt), context + wideAt)
    store<i32>(context + wideBuiltAt, 1)
  }
  v128.store(hashState, absorb(v128.load(hashState), context + narrowAt, context + wideAt, from, length))
}

/** En- or decrypts bytes of the text in place; up to 15 bytes behind them are spoilt. */
export function gcmCrypt(context: usize, length: i32): void {
  const first = spend(pad + <usize>padUsed, 128 - padUsed, textAddress, length)
  padUsed += first
  let at = textAddress + <usize>first
  let left = length - first
  while (left >= 128) {
    addKeyStream(context, at)
    at += 128
    left -= 128
  }
  if (left <= 0) return
  refill(context)
  padUsed = spend(pad, 128, at, left)
}

/** Ends the message, whose parts had so many bytes: the tag is at `textAddress`. */
export function gcmEnd(context: usize, aadLength: f64, length: f64): void {
  v128.store(textAddress, gcmTag(context, aadLength, length))
}

/** Wipes all that depends on a message; the context stays. */
export function gcmWipe(_context: usize): void {
  wipe(planes, 128)
  wipe(pad, 128)
  wipe(tagMask, 16)
  wipe(hashState, 16)
  counter = 0
}

function gcmTag(context: usize, aadLength: f64, length: f64): v128 {
  const bits = i64x2(bswap<u64>(<u64>aadLength << 3), bswap<u64>(<u64>length << 3))
  v128.store(planes, bits)
  const hash = absorb(v128.load(hashState), context + narrowAt, context + wideAt, planes, 16)
  return v128.xor(hash, v128.load(tagMask))
}

function refill(context: usize): void {
  wipe(pad, 128)
  addKeyStream(context, pad)
}

/** Adds the next eight blocks of key stream to those at `at`. The counter goes up by eight, so that its lower three bits never change. */
function addKeyStream(context: usize, at: usize): void {
  store<u32>(nonceAddress, bswap<u32>(counter), 12)
  counter += 8
  const start = rowByRow(v128.load(nonceAddress))
  const keys = context + roundKeysAt
  const zero = i64x2.splat(0)
  let p0 = v128.xor(i8x16.ne(v128.and(start, i8x16.splat(1)), zero), v128.load(keys, 0))
  let p1 = v128.xor(i8x16.ne(v128.and(start, i8x16.splat(2)), zero), v128.load(keys, 16))
  let p2 = v128.xor(i8x16.ne(v128.and(start, i8x16.splat(4)), zero), v128.load(keys, 32))
  let p3 = v128.xor(i8x16.ne(v128.and(start, i8x16.splat(8)), zero), v128.load(keys, 48))
  let p4 = v128.xor(i8x16.ne(v128.and(start, i8x16.splat(16)), zero), v128.load(keys, 64))
  let p5 = v128.xor(i8x16.ne(v128.and(start, i8x16.splat(32)), zero), v128.load(keys, 80))
  let p6 = v128.xor(i8x16.ne(v128.and(start, i8x16.splat(64)), zero), v128.load(keys, 96))
  let p7 = v128.xor(i8x16.ne(v128.and(start, i8x16.splat(-128)), zero), v128.load(keys, 112))
  // The blocks count from 0 to 7 in the last byte.
  v128.store(planes, v128.xor(p0, i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -86)), 0)
  v128.store(planes, v128.xor(p1, i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -52)), 16)
  v128.store(planes, v128.xor(p2, i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -16)), 32)
  v128.store(planes, p3, 48)
  v128.store(planes, p4, 64)
  v128.store(planes, p5, 80)
  v128.store(planes, p6, 96)
  v128.store(planes, p7, 112)
  encryptPlanes(keys, load<i32>(context + roundsAt))

  // Back from planes to blocks: a transposition of eight bits by eight in every byte.
  p0 = v128.load(planes, 0)
  p1 = v128.load(planes, 16)
  p2 = v128.load(planes, 32)
  p3 = v128.load(planes, 48)
  p4 = v128.load(planes, 64)
  p5 = v128.load(planes, 80)
  p6 = v128.load(planes, 96)
  p7 = v128.load(planes, 112)
  let move = exchanged(p0, p1, 1, i8x16.splat(0x55))
  p0 = v128.xor(p0, i64x2.shl(move, 1))
  p1 = v128.xor(p1, move)
  move = exchanged(p2, p3, 1, i8x16.splat(0x55))
  p2 = v128.xor(p2, i64x2.shl(move, 1))
  p3 = v128.xor(p3, move)
  move = exchanged(p4, p5, 1, i8x16.splat(0x55))
  p4 = v128.xor(p4, i64x2.shl(move, 1))
  p5 = v128.xor(p5, move)
  move = exchanged(p6, p7, 1, i8x16.splat(0x55))
  p6 = v128.xor(p6, i64x2.shl(move, 1))
  p7 = v128.xor(p7, move)
  move = exchanged(p0, p2, 2, i8x16.splat(0x33))
  p0 = v128.xor(p0, i64x2.shl(move, 2))
  p2 = v128.xor(p2, move)
  move = exchanged(p1, p3, 2, i8x16.splat(0x33))
  p1 = v128.xor(p1, i64x2.shl(move, 2))
  p3 = v128.xor(p3, move)
  move = exchanged(p4, p6, 2, i8x16.splat(0x33))
  p4 = v128.xor(p4, i64x2.shl(move, 2))
  p6 = v128.xor(p6, move)
  move = exchanged(p5, p7, 2, i8x16.splat(0x33))
  p5 = v128.xor(p5, i64x2.shl(move, 2))
  p7 = v128.xor(p7, move)
  move = exchanged(p0, p4, 4, i8x16.splat(0x0f))
  p0 = v128.xor(p0, i64x2.shl(move, 4))
  p4 = v128.xor(p4, move)
  move = exchanged(p1, p5, 4, i8x16.splat(0x0f))
  p1 = v128.xor(p1, i64x2.shl(move, 4))
  p5 = v128.xor(p5, move)
  move = exchanged(p2, p6, 4, i8x16.splat(0x0f))
  p2 = v128.xor(p2, i64x2.shl(move, 4))
  p6 = v128.xor(p6, move)
  move = exchanged(p3, p7, 4, i8x16.splat(0x0f))
  p3 = v128.xor(p3, i64x2.shl(move, 4))
  p7 = v128.xor(p7, move)
  v128.store(at, v128.xor(p0, v128.load(at, 0)), 0)
  v128.store(at, v128.xor(p1, v128.load(at, 16)), 16)
  v128.store(at, v128.xor(p2, v128.load(at, 32)), 32)
  v128.store(at, v128.xor(p3, v128.load(at, 48)), 48)
  v128.store(at, v128.xor(p4, v128.load(at, 64)), 64)
  v128.store(at, v128.xor(p5, v128.load(at, 80)), 80)
  v128.store(at, v128.xor(p6, v128.load(at, 96)), 96)
  v128.store(at, v128.xor(p7, v128.load(at, 112)), 112)
}

/** The bits in which `a`, `shift` further up, and `b` differ under `mask`: adding them to both exchanges what is there. */
@inline
function exchanged(a: v128, b: v128, shift: i32, mask: v128): v128 {
  return v128.and(v128.xor(i64x2.shr_u(a, shift), b), mask)
}
