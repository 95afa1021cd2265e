/** The time at which a chain is judged, and for how long the verdict would be the same. */

/**
 * Every question that is put to it narrows the span in which all answers are the same. So a verdict that has seen nothing else of the time
 * holds for the whole span. Whoever takes the time out as a number ends that: nobody knows then what was made of it.
 */
export class Moment {
  readonly #now: number
  #from = Number.NEGATIVE_INFINITY
  #until = Number.POSITIVE_INFINITY

  /** Milliseconds since 1970. */
  constructor(now: number) {
    this.#now = now
  }

  /** For what can't ask; no other moment is covered then, not even this one. */
  get now(): number {
    this.#from = Number.POSITIVE_INFINITY
    return this.#now
  }

  /** Whether it is `time` or later; milliseconds since 1970. */
  hasReached(time: number): boolean {
    if (this.#now >= time) this.#from = Math.max(this.#from, time)
    else this.#until = Math.min(this.#until, time)
    return this.#now >= time
  }

  /** Whether every question so far would have had the same answer at `time`. */
  covers(time: number): boolean {
    return this.#from <= time && time < this.#until
  }
}
