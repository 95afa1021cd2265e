/** Files that a verb writes: all of them are open before the first is written, so that a mistake with one leaves the others as they were. */
import { existsSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { naming, openToReplace, ownerOnly, sourceName } from '../files.ts'
import { UsageError } from '../usage.ts'

/** A file, and the flag that names it. */
export interface NamedFile {
  readonly option: string
  readonly file: string
}

export interface Output extends NamedFile {
  readonly bytes: Uint8Array
  /** Only the owner may read it. */
  readonly secret: boolean
  /** It can't be made again: it replaces no file with anything in it. */
  readonly precious: boolean
}

/** `UsageError` where two of the files are one: what was read would be lost, or what was written first. Pipes and devices may be named twice. */
export function checkDistinct(outputs: readonly NamedFile[], inputs: readonly NamedFile[]): void {
  const seen = new Map<string, NamedFile>()
  for (const input of inputs) {
    const id = identityOf(input.file)
    if (id !== undefined) seen.set(id, input)
  }
  for (const output of outputs) {
    const id = identityOf(output.file)
    if (id === undefined) continue
    const same = seen.get(id)
    if (same) throw new UsageError(`${nameOf(output)}: it is the file of ${nameOf(same)}, which would be lost`)
    seen.set(id, output)
  }
}

/**
 * Writes all of them, or none where one can't be opened or holds a private key already and nobody says `force`. `UsageError` that names the
 * flag and the file.
 */
export function writeOutputs(outputs: readonly Output[], force: boolean): void {
  if (!force) outputs.forEach(checkNoKey)
  const made: string[] = []
  try {
    const opened = outputs.map(output => {
      const { option, file, secret } = output
      const isNew = !existsSync(file)
      const write = naming(option, file, () => openToReplace(option, file, secret ? ownerOnly : everybody))
      if (isNew) made.push(file)
      return { write, output }
    })
    for (const { write, output } of opened) write(output.bytes)
  } catch (error) {
    for (const file of made) rmSync(file, { force: true })
    throw error
  }
}

/** What is precious replaces no file with anything in it; what is not, no key. */
function checkNoKey(output: Output): void {
  const { option, file, precious } = output
  if (!existsSync(file)) return
  naming(option, file, () => {
    const { size } = statSync(file)
    if (size === 0 || identityOf(file) === undefined) return
    if (precious || /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(readFileSync(file, 'latin1')))
      throw new Error(`there is ${precious ? 'a file' : 'a private key'} already; --force writes over it`)
  })
}

/** The same text for the same file, whatever path leads there; `undefined` for pipes and devices. */
function identityOf(file: string): string | undefined {
  if (!existsSync(file)) return existsSync(dirname(file)) ? join(realpathSync(dirname(file)), basename(file)) : resolve(file)
  const { dev, ino } = statSync(file, { bigint: true })
  return statSync(file).isFile() ? `${dev}:${ino}` : undefined
}

function nameOf({ option, file }: NamedFile): string {
  return sourceName(option, file)
}

/** Before the umask. */
const everybody = 0o666
