/** Files that the flags name, or arguments without a flag. Whatever is wrong with one is a `UsageError` that names flag and file. */
import { constants, fchmodSync, fstatSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { UsageError } from './usage.ts'

export function readText(option: string, file: string): string {
  return naming(option, file, () => readFileSync(file, 'utf8'))
}

export function readBytes(option: string | undefined, file: string): Uint8Array {
  return naming(option, file, () => new Uint8Array(readFileSync(file)))
}

export function writeText(option: string, file: string, text: string): void {
  naming(option, file, () => writeFileSync(file, text))
}

/** Lines reach the file before the bytes that they unlock leave, so that a crash loses none. Only the owner may read it. */
export function appendTo(option: string, file: string): (line: string) => void {
  const descriptor = naming(option, file, () => openSync(file, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY, ownerOnly))
  return line => void writeSync(descriptor, `${line}\n`)
}

/** Opened at once, so that a mistake is known before anything is connected; what the file held stays until something replaces it. */
export function secretFile(option: string, file: string): (bytes: Uint8Array) => void {
  return naming(option, file, () => openToReplace(option, file, ownerOnly))
}

/** As above, where errors have no name yet; the writer's have. `mode`: of a new file, and where it is `ownerOnly` of an old one too. */
export function openToReplace(option: string, file: string, mode: number): (bytes: Uint8Array) => void {
  const descriptor = openSync(file, constants.O_CREAT | constants.O_WRONLY, mode)
  // Pipes and devices have neither a length nor a mode of their own, and no place in them to write at.
  const regular = fstatSync(descriptor).isFile()
  return bytes =>
    naming(option, file, () => {
      // The file may be an older one that everybody could read.
      if (regular && mode === ownerOnly) fchmodSync(descriptor, mode)
      if (regular) ftruncateSync(descriptor)
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, regular ? at : null)
    })
}

/** What messages call a file. */
export function sourceName(option: string | undefined, file: string): string {
  return option === undefined ? file : `--${option} ${file}`
}

/** Runs what reads or writes the file. */
export function naming<T>(option: string | undefined, file: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new UsageError(`${sourceName(option, file)}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Read and write for the owner, nothing for others. */
export const ownerOnly = 0o600
