/** The suite and its hosts' halves as single files, for runtimes that know neither TypeScript nor packages. */
import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'rolldown'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface BundleOptions {
  /** The global that the exports are properties of: makes a script. Default: a module. */
  readonly global?: string
  /** Modules that the runtime has itself. */
  readonly external?: readonly string[]
}

/** `entry`: relative to the repository. What it imports of `src` is what was built of it in `dist`: as it is published, not as it is written. */
export async function bundle(entry: string, { global, external = [] }: BundleOptions = {}): Promise<string> {
  const { output } = await build({
    input: join(root, entry),
    write: false,
    logLevel: 'warn',
    external: [/^node:/, ...external],
    platform: 'neutral',
    plugins: [built],
    output: global === undefined ? { format: 'esm' } : { format: 'iife', name: global },
  })
  const [chunk] = output
  if (output.length !== 1 || chunk.type !== 'chunk') throw new Error(`${entry} should become one file`)
  return chunk.code
}

const built: Plugin = {
  name: 'built',
  resolveId(source, importer) {
    if (!source.startsWith('.') || importer === undefined) return undefined
    const inSrc = relative(join(root, 'src'), resolve(importer, '..', source))
    if (inSrc.startsWith('..')) return undefined
    const file = join(root, 'dist', inSrc.replace(/\.ts$/, '.js'))
    if (!existsSync(file)) throw new Error(`${file} is not there: npm run build`)
    return file
  },
}
