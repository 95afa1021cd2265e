/** What a call allocates, whether or not it is garbage at once. */
import { collectGarbage } from './garbage.ts'

/** Bytes a call of all of these, in V8's heap and in array buffers: the median of several calls, those left out in which V8 collected. */
export function allocations(...runs: readonly ((() => unknown) | undefined)[]): { readonly heap: number; readonly buffers: number } {
  const samples: { heap: number; buffers: number }[] = []
  for (let i = 0; i < 15; i++) {
    collectGarbage()
    const before = process.memoryUsage()
    for (const run of runs) run?.()
    const after = process.memoryUsage()
    samples.push({ heap: after.heapUsed - before.heapUsed, buffers: after.arrayBuffers - before.arrayBuffers })
  }
  const grown = samples.filter(({ heap, buffers }) => heap >= 0 && buffers >= 0)
  return { heap: median(grown.map(({ heap }) => heap)), buffers: median(grown.map(({ buffers }) => buffers)) }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
