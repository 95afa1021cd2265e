/** The two ways in which a guest waits: it is suspended, or it holds the thread. */
import type { PollableLike } from './io.ts'

/** What was looked for, in a box: it may be `undefined`. */
export interface Found<T> {
  readonly value: T
}

export interface Waiting {
  /** Looks until it finds something, and waits for one of `waits` before it looks again. */
  until<T>(look: () => Found<T> | undefined, waits: () => readonly PollableLike[]): T | Promise<T>
}

/** For JSPI: a promise, for which jco suspends the guest. */
export const suspending: Waiting = {
  async until(look, waits) {
    for (;;) {
      const found = look()
      if (found) return found.value
      await Promise.race(waits().map(pollable => pollable.block()))
    }
  },
}

/** For a guest that can't be suspended: `poll` holds the thread until one of the pollables is ready. */
export function holding(poll: (list: readonly PollableLike[]) => unknown): Waiting {
  return {
    until(look, waits) {
      for (;;) {
        const found = look()
        if (found) return found.value
        poll(waits())
      }
    },
  }
}
