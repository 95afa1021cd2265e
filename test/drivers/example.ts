/** The files of `examples` as a user runs them: with the packages that they import, in a process that can't use Node's own TLS. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { inPeers } from '../interop/child.ts'
import { scratch } from './scratch.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export const root = fileURLToPath(new URL('../..', import.meta.url))
const guard = pathToFileURL(join(root, 'test/drivers/without-node-tls.mjs')).href

/** Runs an example to its end. `preload`: examples that are loaded before it; `input`: what is on its standard input. */
export function runExample(
  file: string,
  args: readonly string[],
  { preload = [], input = '' }: { preload?: readonly string[]; input?: string } = {},
): Promise<Ended> {
  const before = preload.flatMap(name => ['--import', pathToFileURL(join(installed(), name)).href])
  return runNode([...before, join(installed(), file.replace(/\.ts$/, '.mjs')), ...args], input)
}

/** Runs Node.js without its own TLS, in the folder of the examples. */
export function runNode(args: readonly string[], input = ''): Promise<Ended> {
  return new Promise(resolve => {
    const options = { cwd: installed(), maxBuffer: 2 ** 26, timeout: 60_000, killSignal: 'SIGKILL' } as const
    const child = execFile(process.execPath, ['--import', guard, ...args], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
    child.stdin?.end(input)
  })
}

/**
 * The examples in a folder whose `node_modules` has what they import by name: this package as it was built, and the drivers. It is not
 * the repository's: the drivers are no dependency, and who installs Tassel does not get them.
 */
function installed(): string {
  const folder = scratch('examples')
  const modules = join(folder, 'node_modules')
  if (existsSync(modules)) return folder
  cpSync(join(root, 'examples'), folder, { recursive: true })
  for (const name of readdirSync(folder).filter(name => name.endsWith('.ts'))) stripTypes(join(folder, name))
  mkdirSync(modules)
  symlinkSync(root, join(modules, 'tassel'), 'dir')
  const drivers = inPeers('drivers/node_modules')
  const names = existsSync(drivers) ? readdirSync(drivers).filter(name => !name.startsWith('.')) : []
  for (const name of names) symlinkSync(join(drivers, name), join(modules, name), 'dir')
  return folder
}

/** `x.ts` becomes `x.mjs`: not every Node.js that is supported runs TypeScript. */
function stripTypes(file: string): void {
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  writeFileSync(file.replace(/\.ts$/, '.mjs'), outputText)
}
