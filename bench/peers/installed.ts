/** The libraries that `scripts/peers js-tls` installs: loaded when they are needed, since the package must not depend on them. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Benches run in the repository's folder. */
const modules = resolve('.peers/js-tls/node_modules')

/** The module `file` of a library, whatever `T` says of it: its author says what is used. Rejects with a `Missing` where it is not there. */
export async function load<T>(library: string, file: string): Promise<T> {
  const wanted = (JSON.parse(readFileSync('bench/peers/package.json', 'utf8')) as Manifest).dependencies?.[library]
  const manifest = join(modules, library, 'package.json')
  const found = existsSync(manifest) ? (JSON.parse(readFileSync(manifest, 'utf8')) as Manifest).version : undefined
  if (found !== wanted) throw new Missing(`${library} ${wanted} is not there${found === undefined ? '' : `, but ${found}`}`)
  return import(pathToFileURL(join(modules, library, file)).href)
}

/** A library is not installed, or in another version. */
export class Missing extends Error {}

interface Manifest {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
}
