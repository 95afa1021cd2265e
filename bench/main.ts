/**
 * The benchmarks. Everything is a ratio against a reference that ran in the same process at the same time; figures of different runs, and
 * of different machines, compare only as such ratios.
 *
 *     npm run bench                          all of them, some minutes
 *     npm run bench -- record --quick        one of them, at a glance
 *     npm run bench -- --publish             writes the results to docs/performance/ too, in place of those that were there of the same benches
 *
 * Results are written to `.bench/results/`, as JSON, Markdown and a plot of what has a bar to reach.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { plot } from './harness/plot.ts'
import { markdown, type TableResult } from './harness/report.ts'
import { Session } from './harness/session.ts'

/** Loaded when it is their turn: a bench should not meet what another has compiled. */
const benches: Readonly<Record<string, () => Promise<{ run(session: Session): Promise<void> }>>> = {
  aead: () => import('./aead.ts'),
  record: () => import('./record.ts'),
  size: () => import('./size.ts'),
  stream: () => import('./stream.ts'),
  peers: () => import('./peers.ts'),
  memory: () => import('./memory.ts'),
  handshake: () => import('./handshake.ts'),
  x509: () => import('./x509.ts'),
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, publish: { type: 'boolean', default: false } },
  })
  const names = positionals.length > 0 ? positionals : Object.keys(benches)
  const unknown = names.find(name => !(name in benches))
  if (unknown !== undefined) throw new TypeError(`no bench is called ${unknown}; there are ${Object.keys(benches).join(', ')}`)

  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${process.platform} ${process.arch}`
  console.log(`${machine}; medians, ± half the distance of the quartiles`)
  const tables: TableResult[] = []
  for (const name of names) {
    const session = new Session(name, values.quick)
    await (await benches[name]?.())?.run(session)
    tables.push(...session.results)
  }
  write(join('.bench/results', `${names.length === 1 ? `${names[0]}-` : ''}${nodeName}`), machine, tables)
  if (values.publish) publish(join('docs/performance', nodeName), machine, tables)
}

const nodeName = `node${process.versions.node.split('.')[0]}`

interface Results {
  readonly machine: string
  readonly date: string
  readonly tables: readonly TableResult[]
}

/** What other benches have published before stays. */
function publish(stem: string, machine: string, tables: readonly TableResult[]): void {
  const file = `${stem}.json`
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results).tables : []
  const again = new Set(tables.map(({ bench }) => bench))
  const all = [...before.filter(({ bench }) => !again.has(bench)), ...tables]
  write(
    stem,
    machine,
    Object.keys(benches).flatMap(name => all.filter(({ bench }) => bench === name)),
  )
}

function write(stem: string, machine: string, tables: readonly TableResult[]): void {
  mkdirSync(dirname(stem), { recursive: true })
  const results: Results = { machine, date: new Date().toISOString().slice(0, 10), tables }
  writeFileSync(`${stem}.json`, `${JSON.stringify(results, undefined, 1)}\n`)
  writeFileSync(`${stem}.md`, `# The last run on Node ${process.versions.node.split('.')[0]}\n\n${machine}\n\n${markdown(tables)}`)
  writeFileSync(`${stem}.svg`, plot(tables, `What has a bar to reach, Node ${process.version}`))
  console.log(`\n${stem}.json, .md, .svg`)
}

await main()
