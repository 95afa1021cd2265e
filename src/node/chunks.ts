/** Chunks between a Node stream and the engine: copied where that saves memory, and cut. */

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
