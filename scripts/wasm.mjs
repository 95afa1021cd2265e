/**
 * Writes src/crypto/wasm/module.ts: the WebAssembly module that src/crypto/wasm/assembly is compiled to, in base64.
 *
 *   node scripts/wasm.mjs            compiles and writes
 *   node scripts/wasm.mjs --check    compares the file with what the sources give; the same sources give the same octets
 *   node scripts/wasm.mjs --fetch    only has the compiler in place, and prints its version
 *
 * The compiler is AssemblyScript, fetched from npm into .peers/assemblyscript where it is missing: with its 100 MB it is no dependency.
 * Exit status: 0 all is well; 1 the file is not what it would be, or the compiler can't be had.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const version = '0.28.20'
const root = fileURLToPath(new URL('..', import.meta.url))
const peer = join(root, '.peers/assemblyscript')
const compiler = join(peer, 'node_modules/assemblyscript')
const target = join(root, 'src/crypto/wasm/module.ts')
/** The module has to stay small: it is part of every bundle. */
const sizeLimit = 30 * 1024

const options = [
  '-O3',
  '--converge',
  '--noAssert',
  '--runtime=stub',
  '--enable=simd',
  // As much at the end as at the beginning: memory that grows would detach the views of it.
  '--initialMemory=9',
  '--maximumMemory=9',
  // Vectors are exchanged between the files of the module alone.
  '--disableWarning=112',
]

fetchCompiler()
if (process.argv.includes('--fetch')) console.log(`AssemblyScript ${version}`)
else if (process.argv.includes('--check')) check()
else {
  const { text, summary } = generate()
  writeFileSync(target, text)
  console.log(summary)
}

function check() {
  const { text, summary } = generate()
  console.log(summary)
  if (text === readFileSync(target, 'utf8')) return
  console.error('wasm: src/crypto/wasm/module.ts is not what its sources give: node scripts/wasm.mjs')
  process.exitCode = 1
}

function fetchCompiler() {
  if (installedVersion() === version) return
  const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', '--prefix', peer]
  execFileSync('npm', ['install', ...flags, `assemblyscript@${version}`], { stdio: ['ignore', 2, 2] })
  if (installedVersion() !== version) throw new Error(`no AssemblyScript ${version} in ${peer}`)
}

function installedVersion() {
  try {
    return JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8')).version
  } catch {
    return undefined
  }
}

function generate() {
  const bytes = compile()
  if (bytes.length > sizeLimit) throw new Error(`the module has ${bytes.length} bytes, more than ${sizeLimit}`)
  const hash = createHash('sha256').update(bytes).digest('hex')
  const text = `/** Made by \`node scripts/wasm.mjs\` with AssemblyScript ${version} from the sources in src/crypto/wasm/assembly. Don't edit. */

/** The WebAssembly module in base64: ${bytes.length} bytes, SHA-256 ${hash}. */
export const moduleBase64 =
  '${bytes.toString('base64')}'
`
  return { text, summary: `wasm: ${bytes.length} bytes, SHA-256 ${hash}` }
}

function compile() {
  const folder = mkdtempSync(join(tmpdir(), 'tassel-wasm-'))
  try {
    const out = join(folder, 'module.wasm')
    const run = [join(compiler, 'bin/asc.js'), 'src/crypto/wasm/assembly/index.ts', '--outFile', out, ...options]
    execFileSync(process.execPath, run, { cwd: root, stdio: ['ignore', 2, 2] })
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
