/** The order in which a handshake may be driven: each step at most once, none after a later one, one at a time. */

export class Steps<Step extends string> {
  readonly #order: readonly Step[]
  /** The place in the order that comes next. */
  #next = 0
  #underWay: Step | undefined
  /** What ended the handshake. */
  #over: string | undefined

  constructor(order: readonly Step[]) {
    this.#order = order
  }

  /** Takes a step. Throws `TypeError` at once where it may not be taken now. Where `work` fails, no other follows. */
  take<T>(step: Step, work: () => Promise<T>): Promise<T> {
    this.#check(step)
    return this.#run(step, work)
  }

  /** Throws `TypeError` where `what` can't be set now: while a step is under way, and after `last`. */
  checkSetting(what: string, last: Step | undefined): void {
    this.#checkSuspended(what)
    const latest = last === undefined ? 0 : this.#order.indexOf(last) + 1
    if (this.#next > latest) throw new TypeError(`${what}() comes too late: ${this.#order[this.#next - 1]}() was called`)
  }

  /** Nothing may follow `what`. */
  end(what: string): void {
    this.#over ??= what
  }

  async #run<T>(step: Step, work: () => Promise<T>): Promise<T> {
    this.#underWay = step
    this.#next = this.#order.indexOf(step) + 1
    try {
      const result = await work()
      if (this.#next === this.#order.length) this.#over ??= step
      return result
    } catch (error) {
      this.#over ??= `${step}() failed`
      throw error
    } finally {
      this.#underWay = undefined
    }
  }

  #check(step: Step): void {
    this.#checkSuspended(step)
    if (this.#order.indexOf(step) >= this.#next) return
    const last = this.#order[this.#next - 1]
    throw new TypeError(last === step ? `${step}() was called before` : `${step}() comes too late: ${last}() was called`)
  }

  #checkSuspended(what: string): void {
    if (this.#underWay !== undefined) throw new TypeError(`${what}() while ${this.#underWay}() is under way`)
    if (this.#over !== undefined) throw new TypeError(`${what}() after the end of the handshake: ${this.#over}`)
  }
}
