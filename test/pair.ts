/** Two engines back to back, without sockets, clock or randomness: what one gives, the other gets, cut as a test wants it. */
import type { TlsError } from '../src/error.ts'
import type { Connection, Question, TlsEvent } from '../src/types.ts'
import { concat } from '../src/wire/bytes.ts'

/** How the transport cuts what is written. */
export type Cut = 'as written' | 'one byte at a time' | 'joined'
export const cuts: readonly Cut[] = ['as written', 'one byte at a time', 'joined']

export type Decide = (question: Question) => void

/** One end, with what it has told so far. */
export class Side {
  readonly connection: Connection
  /** Everything but `data`, in order. */
  readonly events: TlsEvent[] = []
  readonly #data: Uint8Array[] = []
  readonly #decide: Decide

  constructor(connection: Connection, decide: Decide = () => {}) {
    this.connection = connection
    this.#decide = decide
  }

  get types(): readonly string[] {
    return this.events.map(event => event.type)
  }

  get error(): TlsError | undefined {
    for (const event of this.events) if (event.type === 'failed') return event.error
    return undefined
  }

  get connected(): boolean {
    return this.types.includes('connected')
  }

  /** The application data that has come. */
  get data(): Uint8Array {
    return concat(...this.#data)
  }

  /** Takes all events, and lets the test decide its questions. */
  drain(): void {
    for (let event = this.connection.poll(); event; event = this.connection.poll()) {
      if (event.type === 'data') {
        this.#data.push(event.data.slice())
        continue
      }
      this.events.push(event)
      if ('answer' in event) this.#decide(event)
    }
  }

  /** What has to go to the other side, as the chunks of its transport. */
  output(cut: Cut): Uint8Array[] {
    const chunks = this.connection.takeOutput()
    if (cut === 'as written') return chunks.map(chunk => chunk.slice())
    const joined = concat(...chunks)
    if (cut === 'joined') return joined.length > 0 ? [joined] : []
    return Array.from(joined, byte => Uint8Array.of(byte))
  }
}

export interface PairOptions {
  readonly cut?: Cut
  /** Sees, and may change, what goes over. */
  readonly tamper?: (from: 'client' | 'server', chunk: Uint8Array) => Uint8Array
  readonly decideClient?: Decide
  readonly decideServer?: Decide
}

export class Pair {
  readonly client: Side
  readonly server: Side
  readonly #options: PairOptions

  constructor(client: Connection, server: Connection, options: PairOptions = {}) {
    this.client = new Side(client, options.decideClient)
    this.server = new Side(server, options.decideServer)
    this.#options = options
  }

  /** Until nothing moves any more. Bounded: a pair that never comes to rest is a defect. */
  run(): this {
    for (let turn = 0; turn < 10_000; turn++) {
      const moved = [this.#move('client', this.client, this.server), this.#move('server', this.server, this.client)]
      if (!moved.includes(true)) return this
    }
    throw new Error('the pair does not come to rest')
  }

  /** Sends all of `data`, as fast as it is taken. */
  send(from: Side, data: Uint8Array): void {
    for (let sent = 0; sent < data.length; ) {
      const taken = from.connection.send(data.subarray(sent))
      sent += taken
      this.run()
      if (taken === 0 && from.connection.pendingOutput > 0) throw new Error('the output does not drain')
      if (taken === 0) return
    }
  }

  #move(name: 'client' | 'server', from: Side, to: Side): boolean {
    from.drain()
    const chunks = from.output(this.#options.cut ?? 'as written')
    for (const chunk of chunks) {
      to.connection.receive(this.#options.tamper?.(name, chunk) ?? chunk)
      to.drain()
    }
    return chunks.length > 0
  }
}
