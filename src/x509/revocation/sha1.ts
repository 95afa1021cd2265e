/**
 * SHA-1 (FIPS 180-4 §6.1), for names alone: OCSP calls issuers and responders by hashes of their names and keys (RFC 6960 §4.1.1, §4.2.1), by
 * default with it, and providers need not have it. Nothing is believed because of such a hash: what it names is verified by signatures.
 */
export function sha1(message: Uint8Array): Uint8Array {
  const padded = pad(message)
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
  const schedule = new Uint32Array(80)
  for (let offset = 0; offset < padded.byteLength; offset += 64) {
    for (let t = 0; t < 16; t++) schedule[t] = padded.getUint32(offset + t * 4)
    for (let t = 16; t < 80; t++)
      schedule[t] = rotate(word(schedule, t - 3) ^ word(schedule, t - 8) ^ word(schedule, t - 14) ^ word(schedule, t - 16), 1)
    compress(state, schedule)
  }
  const digest = new DataView(new ArrayBuffer(20))
  for (const [i, value] of state.entries()) digest.setUint32(i * 4, value)
  return new Uint8Array(digest.buffer)
}

function compress(state: Uint32Array, schedule: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state
  for (let t = 0; t < 80; t++) {
    const next = rotate(a, 5) + mix(t, b, c, d) + e + (constants[Math.floor(t / 20)] ?? 0) + word(schedule, t)
    ;[e, d, c, b, a] = [d, c, rotate(b, 30), a, next >>> 0]
  }
  for (const [i, value] of [a, b, c, d, e].entries()) state[i] = word(state, i) + value
}

const constants = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6]

function mix(t: number, b: number, c: number, d: number): number {
  if (t < 20) return ((b & c) | (~b & d)) >>> 0
  return (t >= 40 && t < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d) >>> 0
}

/** A one bit, zeros, and the length in bits as the last eight octets of a block. */
function pad(message: Uint8Array): DataView {
  const view = new DataView(new ArrayBuffer(Math.ceil((message.length + 9) / 64) * 64))
  new Uint8Array(view.buffer).set(message)
  view.setUint8(message.length, 0x80)
  view.setBigUint64(view.byteLength - 8, BigInt(message.length) * 8n)
  return view
}

function rotate(value: number, bits: number): number {
  return ((value << bits) | (value >>> (32 - bits))) >>> 0
}

function word(words: Uint32Array, index: number): number {
  return words[index] ?? 0
}
