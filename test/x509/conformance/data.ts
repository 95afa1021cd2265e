/** The shared test data of path validation: where it is, and how its PEM files are read. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'vitest'
import { sharedVectors } from '../../vectors.ts'

const folder = sharedVectors()

/** Whether the data is absent; the tests then say so and are skipped. */
export const absent = folder === undefined

/** The path of a file or folder of the test data. */
export function pathOf(...names: readonly string[]): string {
  return join(folder ?? '', ...names)
}

/** One skipped test where the data is absent, so that its absence is seen. */
export function tellIfAbsent(name: string): void {
  if (absent) test.skip(`${name} is absent: set TASSEL_VECTORS`, () => {})
}

/** The names of the files in a folder of the test data that end with `ending`, sorted. */
export function filesIn(folderName: string, ending: string): string[] {
  if (absent) return []
  return readdirSync(pathOf(folderName))
    .filter(name => name.endsWith(ending))
    .sort()
}

export function readBytes(...names: readonly string[]): Uint8Array {
  return new Uint8Array(readFileSync(pathOf(...names)))
}

export function readText(...names: readonly string[]): string {
  return readFileSync(pathOf(...names), 'utf8')
}

export interface PemBlock {
  readonly label: string
  readonly bytes: Uint8Array
}

/** The PEM blocks of a file, in order. The files are read generously: one of them has a colon behind its last line. */
export function pemBlocks(...names: readonly string[]): PemBlock[] {
  const found = readText(...names).matchAll(/^-----BEGIN ([^-]+)-----$([^-]*)^-----END \1-----/gm)
  return [...found].map(([, label = '', base64 = '']) => ({ label, bytes: new Uint8Array(Buffer.from(base64, 'base64')) }))
}

/** The DER of every PEM block of this label in a file, in order. */
export function blocks(label: string, ...names: readonly string[]): Uint8Array[] {
  return pemBlocks(...names).flatMap(block => (block.label === label ? [block.bytes] : []))
}

/** The DER of the one PEM block of this label in a file. */
export function block(label: string, ...names: readonly string[]): Uint8Array {
  const [first, second] = blocks(label, ...names)
  if (!first || second) throw new Error(`${names.join('/')} has ${first ? 'more than one' : 'no'} ${label}`)
  return first
}
