/** Files that the flags name, or arguments without a flag. Whatever is wrong with one is a `UsageError` that names flag and file. */
import { constants, fchmodSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
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

export function writeBytes(option: string, file: string, bytes: Uint8Array): void {
  naming(option, file, () => writeFileSync(file, bytes))
}

/** Lines reach the file before the bytes that they unlock leave, so that a crash loses none. Only the owner may read it. */
export function appendTo(option: string, file: string): (line: string) => void {
  const descriptor = naming(option, file, () => openSync(file, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY, ownerOnly))
  return line => void writeSync(descriptor, `${line}\n`)
}

/** Opened at once, so that a mistake is known before anything is connected; what the file held stays until something replaces it. */
export function secretFile(option: string, file: string): (bytes: Uint8Array) => void {
  const descriptor = naming(option, file, () => openSync(file, constants.O_CREAT | constants.O_WRONLY, ownerOnly))
  return bytes => {
    // The file may be an older one that everybody could read.
    fchmodSync(descriptor, ownerOnly)
    ftruncateSync(descriptor)
    writeSync(descriptor, bytes, 0, bytes.length, 0)
  }
}

/** What messages call a file. */
export function sourceName(option: string | undefined, file: string): string {
  return option === undefined ? file : `--${option} ${file}`
}

function naming<T>(option: string | undefined, file: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new UsageError(`${sourceName(option, file)}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Read and write for the owner, nothing for others. */
const ownerOnly = 0o600
