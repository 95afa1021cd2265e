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
  /** All that this process's threads work for a whole visit, in user and system mode: what a busy machine changes least. */
  readonly cpu: Race
}

/** Each round is one connection of everybody. */
export async function raceHandshakes(visitors: readonly Visitor[], rounds: number): Promise<Handshakes> {
  const handshakes = new Samples(visitors)
  const answers = new Samples(visitors)
  const cpus = new Samples(visitors)
  await alternate(visitors, { warmUp: 20, rounds }, async ({ library, target }, counts) => {
    const cpuBefore = process.cpuUsage()
    const start = performance.now()
    let handshake = 0
    let answer = 0
    await visit(library, target, async line => {
      handshake = performance.now() - start
      await line.ask(request(1), 1, () => {})
      answer = performance.now() - start
    })
    const cpu = cpuSince(cpuBefore)
    if (!counts) return
    handshakes.add(library, handshake)
    answers.add(library, answer)
    cpus.add(library, cpu)
  })
  return { handshake: handshakes.race(), answer: answers.race(), cpu: cpus.race() }
}

export interface Downloads {
  /** From the request, with the handshake done, to the last byte. */
  readonly download: Race
  /** As of handshakes, for this part alone. */
  readonly cpu: Race
}

/** Each round is one answer of `size` bytes for everybody. */
export async function raceDownloads(visitors: readonly Visitor[], rounds: number, size: number): Promise<Downloads> {
  const downloads = new Samples(visitors)
  const cpus = new Samples(visitors)
  await alternate(visitors, { warmUp: 2, rounds }, ({ library, target }, counts) =>
    visit(library, target, async line => {
      const cpuBefore = process.cpuUsage()
      const start = performance.now()
      await line.ask(request(size), size, () => {})
      const time = performance.now() - start
      const cpu = cpuSince(cpuBefore)
      if (!counts) return
      downloads.add(library, time)
      cpus.add(library, cpu)
    }),
  )
  return { download: downloads.race(), cpu: cpus.race() }
}

/** Milliseconds. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
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

/** The rounds that warm up come first; every second round goes backwards. */
async function alternate(
  visitors: readonly Visitor[],
  { warmUp, rounds }: { readonly warmUp: number; readonly rounds: number },
  one: (visitor: Visitor, counts: boolean) => Promise<void>,
): Promise<void> {
  for (let round = -warmUp; round < rounds; round++) {
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
