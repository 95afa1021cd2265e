/** One run of the benchmarks: its pace, its output, its results. */
import type { Pace } from './measure.ts'
import { Table, type TableResult } from './report.ts'

export class Session {
  readonly quick: boolean
  readonly #bench: string
  readonly #tables: Table[] = []
  #progress = ''

  constructor(bench: string, quick: boolean) {
    this.#bench = bench
    this.quick = quick
  }

  get results(): readonly TableResult[] {
    return this.#tables.map(({ title, columns, rows }) => ({ bench: this.#bench, title, columns, rows }))
  }

  /** As long as a round should be for calls of microseconds; a quick run shows the size of things, not more. */
  get pace(): Pace {
    return this.quick ? { rounds: 11, milliseconds: 3 } : { rounds: 151, milliseconds: 5 }
  }

  /** For what takes longer, such as a whole stream: at least five rounds, even in a quick run. */
  get slowPace(): Pace {
    return this.quick ? { rounds: 5, milliseconds: 60 } : { rounds: 9, milliseconds: 400 }
  }

  table(title: string, columns: readonly string[]): Table {
    const table = new Table(title, columns, line => this.#print(line))
    this.#tables.push(table)
    return table
  }

  /** What is being measured now, on a line that the next output replaces; nothing where nobody watches. */
  progress(what: string): void {
    if (!process.stderr.isTTY) return
    this.#clear()
    this.#progress = `${this.#bench}: ${what} …`
    process.stderr.write(this.#progress)
  }

  #print(line: string): void {
    this.#clear()
    console.log(line)
  }

  #clear(): void {
    if (this.#progress !== '') process.stderr.write(`\r${' '.repeat(this.#progress.length)}\r`)
    this.#progress = ''
  }
}
