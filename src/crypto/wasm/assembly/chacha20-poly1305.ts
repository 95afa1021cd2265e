/**
 * ChaCha20-Poly1305 (RFC 8439 §2.8). A context is the key itself, 32 bytes. There is one message at a time. Blocks are made by
 * fours, and the first four have both the key of Poly1305 and the beginning of the key stream.
 */
import { addBlocks } from './chacha20'
import { aadAddress, spend, textAddress, wipe } from './memory'
import { absorb, begin, finish, wipeSum } from './poly1305'

/** Key stream that is not used yet, from `padUsed` on. */
const pad: usize = memory.data(256 + 16, 16)
let padUsed: i32 = 0
let counter: u32 = 0

/** Seals the text, after the additional data; the tag comes behind it. */
export function chachaSeal(context: usize, aadLength: i32, length: i32): void {
  chachaBegin(context)
  absorb(aadAddress, aadLength)
  chachaCrypt(context, length)
  absorb(textAddress, length)
  v128.store(textAddress + <usize>length, finish(aadLength, length))
  chachaWipe(context)
}

/** Opens the text, behind which its tag stands. 1 where the tag fits; otherwise the text stays as it is and the answer is 0. */
export function chachaOpen(context: usize, aadLength: i32, length: i32): i32 {
  const claimed = v128.load(textAddress + <usize>length)
  chachaBegin(context)
  absorb(aadAddress, aadLength)
  absorb(textAddress, length)
  const fits = !v128.any_true(v128.xor(claimed, finish(aadLength, length)))
  if (fits) chachaCrypt(context, length)
  chachaWipe(context)
  return i32(fits)
}

/** Begins a message under the nonce at its address. */
export function chachaBegin(context: usize): void {
  counter = 0
  refill(context)
  begin(pad)
  padUsed = 64
}

/** Takes bytes into the tag: of each kind, all but the last have to be whole blocks. */
export function chachaAbsorb(_context: usize, from: usize, length: i32): void {
  absorb(from, length)
}

/** En- or decrypts bytes of the text in place; up to 15 bytes behind them are spoilt. */
export function chachaCrypt(context: usize, length: i32): void {
  const first = spend(pad + <usize>padUsed, 256 - padUsed, textAddress, length)
  padUsed += first
  let at = textAddress + <usize>first
  let left = length - first
  while (left >= 256) {
    addBlocks(context, counter, at)
    counter += 4
    at += 256
    left -= 256
  }
  if (left <= 0) return
  refill(context)
  padUsed = spend(pad, 256, at, left)
}

/** Ends the message, whose parts had so many bytes: the tag is at `textAddress`. */
export function chachaEnd(_context: usize, aadLength: f64, length: f64): void {
  v128.store(textAddress, finish(<u64>aadLength, <u64>length))
}

/** Wipes the key and all that depends on a message. */
export function chachaWipe(context: usize): void {
  wipe(context, 32)
  wipe(pad, 256)
  wipeSum()
}

function refill(context: usize): void {
  wipe(pad, 256)
  addBlocks(context, counter, pad)
  counter += 4
}
