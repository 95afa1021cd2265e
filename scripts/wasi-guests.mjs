/**
 * Makes the guests of test/wasi/guests from their text: components that jco transpiles to JavaScript.
 *
 *   node scripts/wasi-guests.mjs            builds and writes
 *   node scripts/wasi-guests.mjs --check    compares the files with what the sources give; the same sources give the same octets
 *
 * jco is that of test/wasi/tools, which `scripts/peers jco` fetches into .peers/: with its 340 MB it is no dependency.
 * Exit status: 0 all is well; 1 the files are not what they would be, or jco is not there.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const guests = join(root, 'test/wasi/guests')
const jco = join(root, '.peers/jco/node_modules/@bytecodealliance/jco')

/** What waits, for a guest that JSPI suspends. */
const suspending = [
  ...['--async-mode', 'jspi', '--async-exports', 'request', '--async-imports', 'wasi:io/poll#poll'],
  ...['wasi:io/streams#[method]input-stream.blocking-read', 'wasi:io/streams#[method]output-stream.blocking-write-and-flush'],
]

/** Each is transpiled in one way or more. Those of the interfaces that a guest has no text of are jco's own. */
const sources = {
  p2: { interfaces: 'lib/wit/builtin/wasi-tls-0.2.0-draft', outputs: { jspi: suspending, sync: [] } },
  p3: { outputs: { jspi: [] } },
}

if (!existsSync(jco)) fail('there is no jco: scripts/peers jco')
else {
  const folder = mkdtempSync(join(tmpdir(), 'tassel-guests-'))
  try {
    const files = Object.entries(sources).flatMap(([name, source]) => build(name, source, folder))
    if (process.argv.includes('--check')) check(files)
    else write(files)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function fail(why) {
  console.error(`wasi-guests: ${why}`)
  process.exitCode = 1
}

function check(files) {
  const wrong = files.filter(({ path, bytes }) => !existsSync(path) || !readFileSync(path).equals(bytes))
  for (const { path } of wrong) fail(`${path.slice(root.length)} is not what its sources give: node scripts/wasi-guests.mjs`)
  if (wrong.length === 0) console.log(`wasi-guests: ${files.length} files are what their sources give`)
}

function write(files) {
  for (const { path, bytes } of files) {
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, bytes)
    console.log(`${path.slice(root.length)}: ${bytes.length} bytes`)
  }
}

/** The files that come of a guest, and where they belong. */
function build(name, { interfaces, outputs }, folder) {
  const made = file => join(folder, name, file)
  cpSync(join(guests, name, 'wit'), made('wit'), { recursive: true })
  if (interfaces !== undefined) cpSync(join(jco, interfaces), made('wit/deps/tls'), { recursive: true })
  // A package that others need lies beside them, not below.
  if (existsSync(made('wit/deps/tls/deps'))) {
    cpSync(made('wit/deps/tls/deps'), made('wit/deps'), { recursive: true })
    rmSync(made('wit/deps/tls/deps'), { recursive: true })
  }
  run('parse', join(guests, name, 'guest.wat'), '-o', made('core.wasm'))
  run('embed', made('core.wasm'), '--wit', made('wit'), '-n', 'guest', '-o', made('embedded.wasm'))
  run('new', made('embedded.wasm'), '-o', made('guest.wasm'))
  return Object.entries(outputs).flatMap(([output, flags]) => {
    const out = made(output)
    run('transpile', made('guest.wasm'), '-o', out, '--instantiation', 'async', '--minify', '--no-typescript', '--quiet', ...flags)
    const files = readdirSync(out).filter(file => /\.(js|wasm)$/.test(file))
    return files.map(file => ({ path: join(guests, name, output, file), bytes: readFileSync(join(out, file)) }))
  })
}

function run(...args) {
  execFileSync(process.execPath, [join(jco, 'dist/jco.js'), ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
}
