/** HMAC-SHA-256 by the WebAssembly kernels. */
import type { Hash } from '../provider.ts'
import type { Kernels } from './kernels.ts'

/**
 * HMAC-SHA-256 of messages as the key schedule has them, in half the time of a call of node:crypto and a third of noble's, and without the
 * objects outside of the heap that node:crypto leaves to the collector. Longer messages, and keys of more than a block, by `otherwise`. When a
 * call returns, the memory of the module has neither key nor message nor MAC.
 */
export function shortHmacSha256(kernels: Kernels, otherwise: Hash['hmac']): Hash['hmac'] {
  const { memory, layout } = kernels
  return (key, data) => {
    if (key.length > blockSize || data.length > longest) return otherwise(key, data)
    memory.set(key, layout.macKey)
    memory.set(data, layout.text)
    kernels.hmacSha256(key.length, data.length)
    const mac = memory.slice(layout.text, layout.text + macSize)
    memory.fill(0, layout.text, layout.text + macSize)
    return mac
  }
}

const blockSize = 64
const macSize = 32
/** About where node:crypto takes as long, which needs less time for each block. */
const longest = 512
