/** Visits to the server, measured: in rounds that alternate as `race` has them, but with the clock on for a part of each visit only. */
import { createHash } from 'node:crypto'
import { Race } from '../harness/measure.ts'
import type { Library, Line, Target } from './library.ts'
import { hashOfAnswer, request } from './pattern.ts'

export interface Visitor {
  readonly library: Library
  readonly target: Target
}

/** Rejects unless the library refuses the server where it is given another authority: who would not do that work could not be compared. */
export async function proveRefusal({ library, target }: Visitor, strangerPem: string): Promise<void> {
  const refused = await visit(library, { ...target, rootPem: strangerPem }, async () => {}).then(
    () => false,
    () => true,
  )
  if (!refused) throw new Error(`${library.name} accepts a certificate by an authority that it was not given`)
}

/** Rejects unless the library brings the very bytes that the server has sent. */
export async function proveAnswer({ library, target }: Visitor, size: number): Promise<void> {
  const hash = createHash('sha256')
  await visit(library, target, async line => {
    await line.ask(request(size), size, piece => hash.update(piece))
  })
  if (hash.digest('hex') !== hashOfAnswer(size)) throw new Error(`${library.name} brought other bytes than the server has sent`)
}

export interface Handshakes {
  /** From the start of the TCP connection until the handshake is done at the client. */
  readonly handshake: Race
  /** From the same moment until an answer of one byte is there. */
  readonly answer: Race
}

/** Each round is `visits` connections of everybody, one after the other, of which the median counts. */
export async function raceHandshakes(visitors: readonly Visitor[], rounds: number, visits: number): Promise<Handshakes> {
  const handshakes = new Samples(visitors)
  const answers = new Samples(visitors)
  await alternate(visitors, rounds, async ({ library, target }, counts) => {
    const times: { handshake: number; answer: number }[] = []
    for (let i = 0; i < visits; i++) {
      const start = performance.now()
      let handshake = 0
      await visit(library, target, async line => {
        handshake = performance.now() - start
        await line.ask(request(1), 1, () => {})
        times.push({ handshake, answer: performance.now() - start })
      })
    }
    if (!counts) return
    handshakes.add(library, median(times.map(({ handshake }) => handshake)))
    answers.add(library, median(times.map(({ answer }) => answer)))
  })
  return { handshake: handshakes.race(), answer: answers.race() }
}

export interface Downloads {
  /** From the request, with the handshake done, to the last byte. */
  readonly download: Race
  /** Microseconds of all this process's threads, in user and system mode. */
  readonly cpu: Race
}

/** Each round is one answer of `size` bytes for everybody. */
export async function raceDownloads(visitors: readonly Visitor[], rounds: number, size: number): Promise<Downloads> {
  const downloads = new Samples(visitors)
  const cpus = new Samples(visitors)
  await alternate(visitors, rounds, ({ library, target }, counts) =>
    visit(library, target, async line => {
      const cpuBefore = process.cpuUsage()
      const start = performance.now()
      await line.ask(request(size), size, () => {})
      const time = performance.now() - start
      const { user, system } = process.cpuUsage(cpuBefore)
      if (!counts) return
      downloads.add(library, time)
      cpus.add(library, (user + system) / 1000)
    }),
  )
  return { download: downloads.race(), cpu: cpus.race() }
}

/** The longest that a visit may take, in milliseconds: whoever takes longer hangs. */
const patience = 60_000

async function visit(library: Library, target: Target, use: (line: Line) => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${library.name} did not end within ${patience / 1000} s`)), patience)
  })
  try {
    const line = await Promise.race([library.connect(target), tooLate])
    try {
      await Promise.race([use(line), tooLate])
    } finally {
      await line.close()
    }
  } finally {
    clearTimeout(timer)
  }
}

/** Two rounds more than are counted come first, and every second one goes backwards. */
async function alternate(visitors: readonly Visitor[], rounds: number, one: (visitor: Visitor, counts: boolean) => Promise<void>) {
  for (let round = -2; round < rounds; round++) {
    for (const visitor of round % 2 === 0 ? visitors : visitors.toReversed()) await one(visitor, round >= 0)
  }
}

/** What the rounds gave, by library: milliseconds in, microseconds out. */
class Samples {
  readonly #times: ReadonlyMap<string, number[]>

  constructor(visitors: readonly Visitor[]) {
    this.#times = new Map(visitors.map(({ library }) => [library.name, []]))
  }

  add({ name }: Library, milliseconds: number): void {
    this.#times.get(name)?.push(milliseconds * 1000)
  }

  race(): Race {
    return new Race(this.#times)
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
