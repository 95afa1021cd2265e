/** Who may import whom. Reads the import lines; any arrow that docs/architecture.md does not draw is an error. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, it } from 'vitest'

const src = join(import.meta.dirname, '../src')

/** Values may be imported along these arrows; types from everything that is `base` too. */
const base = ['error', 'types', 'wire', 'crypto/provider']
const allowed: Readonly<Record<string, readonly string[]>> = {
  error: [],
  types: [],
  wire: [],
  'crypto/provider': [],
  crypto: ['crypto/provider', 'crypto/code-points', 'crypto/constant-time', 'wire'],
  schedule: ['wire', 'crypto/provider', 'crypto/constant-time'],
  record: ['wire', 'error', 'crypto/provider'],
  handshake: ['wire', 'error', 'crypto/provider', 'crypto/constant-time', 'schedule'],
  x509: ['wire', 'error', 'crypto/provider', 'crypto/code-points'],
  roots: ['wire', 'x509'],
  engine: ['wire', 'error', 'types', 'crypto/provider', 'crypto/code-points', 'schedule', 'record', 'handshake', 'x509'],
  index: ['engine', 'error', 'types', 'crypto', 'crypto/provider'],
  primitives: ['crypto/provider', 'crypto/code-points', 'crypto/constant-time', 'schedule'],
  node: ['index', 'stream', 'engine', 'error', 'types', 'crypto', 'crypto/provider', 'crypto/code-points', 'wire', 'x509'],
  stream: ['index', 'error', 'types', 'crypto/provider', 'wire', 'x509'],
  wasi: ['index', 'stream', 'error', 'types'],
  testing: ['index', 'error', 'types', 'crypto', 'crypto/provider', 'crypto/code-points', 'wire', 'x509'],
  cli: ['index', 'error', 'types', 'node', 'crypto', 'crypto/provider', 'crypto/code-points', 'x509', 'testing', 'wire'],
}
const portable = ['error', 'types', 'wire', 'crypto/provider', 'schedule', 'record', 'handshake', 'x509', 'roots', 'engine', 'index']

/** `handshake/auth.ts` belongs to `handshake`; a file that the table names alone, to itself. */
function layerOf(file: string): string {
  const name = file.replace(/\.ts$/, '')
  const folder = name.split('/')[0] ?? ''
  return ['crypto/provider', 'crypto/constant-time', 'crypto/code-points'].find(alone => alone === name) ?? folder
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
const imports = files.flatMap(file =>
  [...readFileSync(join(src, file), 'utf8').matchAll(/^(?:import|export)\s+(type\s)?[^'";]*?from '([^']+)'|^import '([^']+)'/gm)].map(
    match => ({
      file,
      typeOnly: match[1] !== undefined,
      target: match[2] ?? match[3] ?? '',
    }),
  ),
)

it('every import follows an arrow of the architecture', () => {
  const wrong = imports
    .filter(({ target }) => target.startsWith('.'))
    .map(({ file, typeOnly, target }) => ({ file, typeOnly, to: normalize(join(dirname(file), target)) }))
    .filter(({ file, typeOnly, to }) => {
      const [from, layer] = [layerOf(file), layerOf(to)]
      const row = from.startsWith('crypto/') ? allowed['crypto/provider'] : allowed[from]
      return from !== layer && !row?.includes(layer) && !(typeOnly && base.includes(layer))
    })
  expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([])
  expect(imports.length).toBeGreaterThan(100)
})

it('nothing below the faces imports from node: or names a package but the card’s', () => {
  const outside = imports.filter(({ file, target }) => !target.startsWith('.') && portable.includes(layerOf(file)))
  expect(outside.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
})

it('node: is imported by the Node faces alone', () => {
  const files = imports.filter(({ target }) => target.startsWith('node:')).map(({ file }) => file)
  expect(files.filter(file => !/^(node|cli|testing)\/|^crypto\/node(\.ts$|\/)/.test(file))).toEqual([])
})
