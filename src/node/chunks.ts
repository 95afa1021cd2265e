/** Chunks between a Node stream and the engine: joined where that saves work, copied where that saves memory. */

/** What fits into one record goes on as one piece: each piece has its price at every step, down to the AEAD. */
export function joinSmall(chunks: readonly { readonly chunk: Uint8Array }[]): Uint8Array[] {
  const pieces = chunks.map(({ chunk }) => chunk)
  let length = 0
  for (const piece of pieces) length += piece.length
  return length <= recordSize ? [Buffer.concat(pieces, length)] : pieces
}

/** The most that a record carries, in bytes (RFC 9846 §5.1). */
const recordSize = 16_384

/** The bytes for as long as the reader likes. What is small is copied, lest it hold the large chunk that it came in. */
export function forReader(data: Uint8Array): Buffer {
  const { buffer, byteOffset, length } = data
  const keeps = buffer.byteLength <= length * mostKept
  return keeps ? Buffer.from(buffer, byteOffset, length) : Buffer.from(data)
}

/** How many times as much memory as is read may be kept for it: a full record may keep the 64 KiB that a socket gives at a time. */
const mostKept = 5

/** What is left of the chunks after `count` bytes. */
export function withoutFirst(chunks: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  for (const chunk of chunks) {
    if (count < chunk.length) rest.push(chunk.subarray(count))
    count = Math.max(0, count - chunk.length)
  }
  return rest
}
