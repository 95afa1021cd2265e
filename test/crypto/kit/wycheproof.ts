/** Reads Wycheproof's files and holds a provider against them, counting every case. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { sharedVectors } from '../../vectors.ts'

/** A group of cases, or a case: which fields it has depends on the file. */
export type Fields = Readonly<Record<string, unknown>>

export interface VectorFile {
  /** Without `_test.json`. */
  readonly file: string
  /** Whether the provider accepted the case; `undefined` where TLS cannot express it. Throws where it accepts, but computes another value. */
  run(group: Fields, test: Fields): boolean | undefined
  /** What TLS wants of the cases that Wycheproof calls acceptable, by their flag, each with its reason beside it. */
  readonly acceptable?: Readonly<Record<string, boolean>>
  /** Overrules Wycheproof's result, where TLS is narrower than the primitive. */
  wanted?(group: Fields, test: Fields): boolean | undefined
}

export interface Tally {
  accepted: number
  refused: number
  inexpressible: number
}

/** Runs every case of a file; the first that is not as wanted fails the test, by its number. */
export function runVectors(vectors: VectorFile): Tally {
  const tally = { accepted: 0, refused: 0, inexpressible: 0 }
  const { testGroups, numberOfTests } = readVectors(vectors.file)
  for (const group of testGroups as readonly Fields[]) {
    for (const test of group.tests as readonly Fields[]) {
      const verdict = runCase(vectors, group, test)
      if (verdict === undefined) tally.inexpressible++
      else if (verdict) tally.accepted++
      else tally.refused++
    }
  }
  expect(tally.accepted + tally.refused + tally.inexpressible).toBe(numberOfTests)
  return tally
}

/** One line a file. */
export function report(provider: string, file: string, { accepted, refused, inexpressible }: Tally): void {
  const run = accepted + refused
  console.info(
    `${provider}: wycheproof ${file}: ${run} of ${run + inexpressible} run and as wanted, ` +
      `${accepted} accepted, ${refused} refused, ${inexpressible} not expressible in TLS`,
  )
}

export function hex(fields: Fields, name: string): Uint8Array {
  const value = fields[name]
  if (typeof value !== 'string') throw new Error(`${name} is not hexadecimal`)
  return new Uint8Array(Buffer.from(value, 'hex'))
}

function readVectors(file: string): Fields {
  const folder = sharedVectors()
  if (folder === undefined) throw new Error('The shared vectors are absent')
  return JSON.parse(readFileSync(join(folder, `wycheproof/testvectors_v1/${file}_test.json`), 'utf8')) as Fields
}

function runCase(vectors: VectorFile, group: Fields, test: Fields): boolean | undefined {
  const name = `${vectors.file} case ${test.tcId}`
  let verdict: boolean | undefined
  try {
    verdict = vectors.run(group, test)
  } catch (cause) {
    throw new Error(`${name} fails`, { cause })
  }
  if (verdict !== undefined) expect(verdict, name).toBe(vectors.wanted?.(group, test) ?? wantedOf(vectors, test))
  return verdict
}

function wantedOf({ acceptable = {} }: VectorFile, test: Fields): boolean {
  if (test.result !== 'acceptable') return test.result === 'valid'
  const decisions = (test.flags as readonly string[]).flatMap(flag => acceptable[flag] ?? [])
  if (decisions.length === 0) throw new Error(`Nobody decided on ${test.flags}`)
  return decisions.every(decision => decision)
}
