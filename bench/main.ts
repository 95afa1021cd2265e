/**
 * The benchmarks. Everything is a ratio against a reference that ran in the same process at the same time; figures of different runs, and
 * of different machines, compare only as such ratios.
 *
 *     npm run bench                          all of them, some minutes
 *     npm run bench -- record --quick        one of them, at a glance
 *     npm run bench -- --publish             writes the results to docs/performance/ too
 *
 * Results are written to `.bench/results/`, as JSON, Markdown and a plot of what has a bar to reach.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
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
  const folders = ['.bench/results', ...(values.publish ? ['docs/performance'] : [])]
  for (const folder of folders) write(folder, names.length === 1 ? `${names[0]}-` : '', machine, tables)
}

function write(folder: string, prefix: string, machine: string, tables: readonly TableResult[]): void {
  const stem = join(folder, `${prefix}node${process.versions.node.split('.')[0]}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${stem}.json`, `${JSON.stringify({ machine, date: new Date().toISOString().slice(0, 10), tables }, undefined, 1)}\n`)
  writeFileSync(`${stem}.md`, `# The last run on Node ${process.versions.node.split('.')[0]}\n\n${machine}\n\n${markdown(tables)}`)
  writeFileSync(`${stem}.svg`, plot(tables, `What has a bar to reach, Node ${process.version}`))
  console.log(`\n${stem}.json, .md, .svg`)
}

await main()
