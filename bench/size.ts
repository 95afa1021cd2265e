/** How large Tassel is in a bundle: what rolldown makes of an import of these names, minified, and gzipped. */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'rolldown'
import type { Bar } from './harness/report.ts'
import type { Session } from './harness/session.ts'

interface Entry {
  readonly name: string
  readonly code: string
  /** Of the gzipped size, in kB. */
  readonly bar?: Bar
}

/** This file runs as JavaScript in `.bench/bench`. */
const src = join(import.meta.dirname, '../../src')
const noble = `export { createNobleProvider } from '${src}/crypto/noble.ts'`

const slim = `export { createSlimNobleProvider } from '${src}/crypto/noble.ts'`

const entries: readonly Entry[] = [
  { name: 'a client on the slim noble', code: `export { createClient } from '${src}/engine.ts'; ${slim}`, bar: { atMost: 55 } },
  {
    name: 'a client on the slim noble, with path validation',
    code: `export { createClient } from '${src}/engine.ts'; ${slim}; export { createTrustStore } from '${src}/x509/index.ts'`,
    bar: { atMost: 80 },
  },
  { name: 'a client on noble', code: `export { createClient } from '${src}/engine.ts'; ${noble}` },
  {
    name: 'a client on noble, with path validation',
    code: `export { createClient } from '${src}/engine.ts'; ${noble}; export { createTrustStore } from '${src}/x509/index.ts'`,
  },
  { name: 'a client of the main entry, on wasm or noble', code: `export { createClient } from '${src}/index.ts'` },
  { name: 'client and server of the main entry', code: `export * from '${src}/index.ts'` },
  { name: 'tassel/engine: client and server, no provider', code: `export * from '${src}/engine.ts'` },
  { name: 'tassel/crypto/noble', code: noble },
  { name: 'tassel/crypto/wasm', code: `export * from '${src}/crypto/wasm.ts'` },
  { name: 'tassel/crypto/node', code: `export * from '${src}/crypto/node.ts'` },
  { name: 'the validator (createTrustStore, verifyChain)', code: `export { createTrustStore, verifyChain } from '${src}/x509/index.ts'` },
  { name: 'tassel/x509', code: `export * from '${src}/x509/index.ts'` },
  { name: 'tassel/roots', code: `export * from '${src}/roots.ts'` },
  { name: 'tassel/node', code: `export * from '${src}/node/index.ts'` },
  {
    name: 'everything but testing and the command',
    code: ['index', 'crypto/noble', 'crypto/wasm', 'crypto/node', 'x509/index', 'roots', 'node/index']
      .map((file, i) => `export * as part${i} from '${src}/${file}.ts'`)
      .join(';'),
  },
]

export async function run(session: Session): Promise<void> {
  const table = session.table('Bundled and minified, kB of 1,000 bytes', ['minified', 'gzipped'])
  for (const { name, code, bar } of entries) {
    session.progress(name)
    const { minified, gzipped } = await bundle(code)
    table.row(name, {
      minified: { figure: exactly(minified / 1000), digits: 1 },
      gzipped: { figure: exactly(gzipped / 1000), digits: 1, ...(bar && { bar }) },
    })
  }
}

const exactly = (value: number) => ({ median: value, low: value, high: value })

async function bundle(code: string): Promise<{ readonly minified: number; readonly gzipped: number }> {
  const entry = 'virtual:entry'
  const { output } = await build({
    input: entry,
    write: false,
    logLevel: 'warn',
    external: /^node:/,
    output: { minify: true },
    plugins: [{ name: 'entry', resolveId: id => (id === entry ? id : null), load: id => (id === entry ? code : null) }],
  })
  const [{ code: bundled }] = output
  return { minified: Buffer.byteLength(bundled), gzipped: gzipSync(bundled, { level: 9 }).length }
}
