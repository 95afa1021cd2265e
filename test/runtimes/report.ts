/** What a run of the suite has to look like, and how it is told to scripts/runtimes.mjs, which makes the table in README.md of it. */
import { execFileSync } from 'node:child_process'
import { expect, type TestContext } from 'vitest'
import type { Program } from '../interop/child.ts'
import { type Result, tests } from './suite/main.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** In the report that `vitest --reporter=json` writes. */
    runtime?: RuntimeReport
  }
}

export interface RuntimeReport {
  readonly name: string
  readonly version: string
  readonly passed: number
  readonly failed: number
  readonly notApplicable: number
}

export interface Run {
  readonly name: string
  readonly version: string
  readonly results: readonly Result[]
  /** Without them, what needs them must be told as not applicable, and nothing else may be. Default: true. */
  readonly streams?: boolean
}

/** Fails the test unless all that applies has passed, and nothing was left out. */
export function expectPassed({ task }: TestContext, { name, version, results, streams = true }: Run): void {
  const count = (outcome: Result['outcome']) => results.filter(each => each.outcome === outcome).length
  task.meta.runtime = { name, version, passed: count('passed'), failed: count('failed'), notApplicable: count('not applicable') }
  expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  const outcome = (needsStreams: boolean) => (needsStreams && !streams ? 'not applicable' : 'passed')
  expect(results).toEqual(tests.map(test => ({ name: test.name, outcome: outcome(test.needsStreams) })))
}

/** The number in what a program says to `--version`. */
export function versionOf(program: Program): string {
  if (program.missing !== undefined) throw new Error(program.missing)
  const [file, ...args] = program.command
  const said = execFileSync(file, [...args, '--version'], { encoding: 'utf8', stdio: 'pipe', timeout: 30_000 })
  const [version] = /\d+([.-]\d+)+/.exec(said) ?? []
  if (version === undefined) throw new Error(`no version in: ${said}`)
  return version
}
