/** OpenSSL as the judge of what was minted. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { findProgram } from '../interop/child.ts'

export const openssl = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })

export interface Said {
  readonly status: number | null
  /** Standard output, then standard error. */
  readonly text: string
}

/** Runs it to its end. */
export function ask(...args: readonly string[]): Said {
  if (openssl.missing !== undefined) throw new Error(openssl.missing)
  const [command, ...first] = openssl.command
  const { status, stdout, stderr } = spawnSync(command, [...first, ...args], { encoding: 'utf8', timeout: 30_000 })
  return { status, text: stdout + stderr }
}

/** A file in this test file's own folder, which is removed after it. */
export function file(contents: string | Uint8Array): string {
  folder ??= mkdtempSync(join(tmpdir(), 'tassel-minting-'))
  const path = join(folder, String(count++))
  writeFileSync(path, contents)
  return path
}

let folder: string | undefined
let count = 0

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true })
})
