/** Builds `dist` once before the tests, where it is older than `src`: the tests of the command line run the built command. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

export default function setup(): void {
  if (newest('dist', '.js') > newest('src', '.ts')) return
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
}

/** When the youngest file of the folder was written; 0 where there is none. */
function newest(folder: string, extension: string): number {
  const path = join(root, folder)
  const files = existsSync(path) ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : []
  return Math.max(0, ...files.filter(file => file.endsWith(extension)).map(file => statSync(join(path, file)).mtimeMs))
}
