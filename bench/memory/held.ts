/** What a process holds once its garbage is gone. */
import { setTimeout as wait } from 'node:timers/promises'

/** Bytes. `heap` is V8's, with the small arrays that live there; `buffers` are the memory of array buffers, `native` what else V8 was told of. */
export interface Held {
  readonly heap: number
  readonly buffers: number
  readonly native: number
  /** All that the process has in memory, garbage and free lists of the allocator with it. */
  readonly resident: number
}

export async function held(): Promise<Held> {
  // Buffers and handles are let go of between two turns of the event loop, and what hung on them at the collection after that.
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.()
    await wait(20)
  }
  return heldNow()
}

/** Without those turns: what has to wait for them still counts. Buffers are given back in the background; a second collection waits for that. */
export function heldNow(): Held {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, arrayBuffers, external, rss } = process.memoryUsage()
  return { heap: heapUsed, buffers: arrayBuffers, native: external - arrayBuffers, resident: rss }
}

/** What each of `count` things holds, where `after` has them and `before` has none. */
export function each(before: Held, after: Held, count: number): Held {
  return {
    heap: (after.heap - before.heap) / count,
    buffers: (after.buffers - before.buffers) / count,
    native: (after.native - before.native) / count,
    resident: (after.resident - before.resident) / count,
  }
}
