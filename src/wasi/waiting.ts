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
      await first(waits().map(pollable => pollable.block()))
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

type Told = (failure?: { readonly reason: unknown }) => void

/** Who waits for a promise that is not settled yet. */
const waiters = new WeakMap<Promise<void>, Set<Told>>()

/**
 * `Promise.race`, which would leave something behind at every promise that is not the first, each time: a guest that polls a quiet connection
 * beside a busy one would fill the memory.
 */
function first(promises: readonly (void | Promise<void>)[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const told: Told = failure => {
      for (const set of sets) set.delete(told)
      if (failure) reject(failure.reason)
      else resolve()
    }
    const sets = promises.map(promise => waitersOf(promise ?? Promise.resolve()))
    for (const set of sets) set.add(told)
  })
}

function waitersOf(promise: Promise<void>): Set<Told> {
  const known = waiters.get(promise)
  if (known) return known
  const made = new Set<Told>()
  const tell: Told = failure => {
    waiters.delete(promise)
    for (const told of made) told(failure)
  }
  waiters.set(promise, made)
  promise.then(
    () => tell(),
    reason => tell({ reason }),
  )
  return made
}
