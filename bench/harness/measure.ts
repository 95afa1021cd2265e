/** Time, as ratios: contenders run in turns within one process, and are compared round by round, so that both meet the same disturbances. */

/** Median and quartiles of what the rounds gave. */
export interface Figure {
  readonly median: number
  readonly low: number
  readonly high: number
}

export interface Contender {
  readonly name: string
  /** One call of what is measured. One that gives a promise is awaited, call by call. */
  run(): unknown
}

export interface Pace {
  /** Rounds that count; two more warm up. */
  readonly rounds: number
  /** How long each contender runs in a round. */
  readonly milliseconds: number
}

export class Race {
  readonly #times: ReadonlyMap<string, readonly number[]>

  constructor(times: ReadonlyMap<string, readonly number[]>) {
    this.#times = times
  }

  /** Microseconds a call: see `timePerCall` for which. */
  time(name: string): Figure {
    return figure(this.#timesOf(name))
  }

  /** How many times as fast `name` is as `reference`: above 1 it is faster. */
  speed(name: string, reference: string): Figure {
    const references = this.#timesOf(reference)
    return figure(this.#timesOf(name).map((time, round) => (references[round] ?? Number.NaN) / time))
  }

  #timesOf(name: string): readonly number[] {
    const times = this.#times.get(name)
    if (times === undefined) throw new TypeError(`no contender is called ${name}`)
    return times
  }
}

/** Every second round goes through the contenders backwards: a machine that slows down must not favour whoever comes first. */
export async function race(contenders: readonly Contender[], { rounds, milliseconds }: Pace): Promise<Race> {
  const times = new Map(contenders.map(({ name }): [string, number[]] => [name, []]))
  for (let round = -2; round < rounds; round++) {
    for (const { name, run } of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const time = await timePerCall(run, round < 0 ? Math.max(milliseconds, warmUp) : milliseconds)
      if (round >= 0) times.get(name)?.push(time)
    }
  }
  return new Race(times)
}

/** Milliseconds of a round that does not count: until then not all of it is compiled. */
const warmUp = 20

export function figure(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN
  return { median: at(0.5), low: at(0.25), high: at(0.75) }
}

export function scaled({ median, low, high }: Figure, factor: number): Figure {
  return { median: median * factor, low: low * factor, high: high * factor }
}

/** `amount` divided by the figure: of times it makes rates. */
export function rate(amount: number, { median, low, high }: Figure): Figure {
  return { median: amount / median, low: amount / high, high: amount / low }
}

/**
 * Of calls that return when they are done, the processor's time is taken, all threads together: the machine is shared, and who else runs
 * meanwhile is not what is measured. What waits is measured by the clock.
 */
async function timePerCall(run: () => unknown, milliseconds: number): Promise<number> {
  const start = performance.now()
  const startUsed = processorTime()
  const first = run()
  if (first instanceof Promise) return timePerPromise(first, run, start, milliseconds)
  let calls = 1
  let batch = 1
  let elapsed = performance.now() - start
  while (elapsed < milliseconds) {
    for (let i = 0; i < batch; i++) run()
    calls += batch
    elapsed = performance.now() - start
    // The clock is read some fifty times a round: often enough to end in time, too seldom to be measured itself.
    batch = Math.max(1, Math.ceil((calls / elapsed) * (milliseconds / 50)))
  }
  return (processorTime() - startUsed) / calls
}

/** Microseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

async function timePerPromise(first: Promise<unknown>, run: () => unknown, start: number, milliseconds: number): Promise<number> {
  await first
  let calls = 1
  while (performance.now() - start < milliseconds) {
    await run()
    calls++
  }
  return ((performance.now() - start) * 1000) / calls
}
