/** The little DER that tests write. */
export type SignatureFormat = 'pair' | 'whole'

export function encode(tag: number, contents: Uint8Array): Uint8Array {
  const { length } = contents
  const header = length < 0x80 ? [tag, length] : [tag, 0x81, length]
  return Uint8Array.of(...header, ...contents)
}

/** ECDSA-Sig-Value of the two numbers that stand side by side, each in half of `pair`. */
export function encodeSequence(pair: Uint8Array): Uint8Array {
  const half = pair.length / 2
  const numbers = [pair.subarray(0, half), pair.subarray(half)].flatMap(number => [...encode(2, shortest(number))])
  return encode(0x30, Uint8Array.from(numbers))
}

/** Without leading zeros, but for the one that keeps it positive. */
function shortest(number: Uint8Array): Uint8Array {
  const first = number.findIndex(byte => byte !== 0)
  const bytes = first < 0 ? Uint8Array.of(0) : number.subarray(first)
  return (bytes[0] ?? 0) < 0x80 ? bytes : Uint8Array.of(0, ...bytes)
}
