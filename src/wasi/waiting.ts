/** The two ways in which a guest waits: it is suspended, or it holds the thread. */
import type { PollableLike } from './io.ts'

/** What was looked for, in a box: it may be `undefined`. */
export interface Found<T> {
  readonly value: T
}

export interface Waiting {
  /** Looks until it finds something, and waits for one of `waits` before it looks again. */
  until<T>(look: () => Found<T> | undefined, waits: () => readonly PollableLike[]): T | Promise<T>
  /** The same where the guest doesn't wait for it: as far as it goes while the guest is at work. `look` doesn't throw. */
  meanwhile(look: () => Found<void> | undefined, waits: () => readonly PollableLike[]): void
  /** Whether what comes from outside, such as a promise, can be waited for. */
  readonly suspends: boolean
}

/** For JSPI: `block` and its like return promises, for which jco suspends the guest. */
export const suspending: Waiting = {
  suspends: true,
  until,
  meanwhile: (look, waits) => void until(look, waits),
}

async function until<T>(look: () => Found<T> | undefined, waits: () => readonly PollableLike[]): Promise<T> {
  for (;;) {
    const found = look()
    if (found) return found.value
    await Promise.race(waits().map(pollable => pollable.block()))
  }
}

/** For a guest that can't be suspended: `poll` holds the thread until one of the pollables is ready. */
export function holding(poll: (list: readonly PollableLike[]) => unknown): Waiting {
  return {
    suspends: false,
    until(look, waits) {
      for (;;) {
        const found = look()
        if (found) return found.value
        poll(waits())
      }
    },
    meanwhile: look => void look(),
  }
}
