/** The suite: what is run in each runtime, and what is told of it. */
import { createWasmProvider } from '../../../src/crypto/wasm.ts'
import { handshakes } from './handshakes.ts'
import type { RuntimeTest, World } from './kit.ts'
import { refusals } from './refusals.ts'
import { replays } from './replays.ts'
import { sessions } from './sessions.ts'
import { streams } from './streams.ts'
import { values } from './values.ts'

/** What the host of the suite injects, and says of the runtime. */
export interface Given extends Pick<World, 'random' | 'now' | 'providerName'> {
  /** Whether there are WHATWG streams. Without them the tests that need them do not apply. */
  readonly streams: boolean
}

export interface Result {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'not applicable'
  /** Why it failed. */
  readonly error?: string
}

export const tests: readonly (RuntimeTest & { readonly needsStreams: boolean })[] = [
  ...[...values, ...replays, ...handshakes, ...sessions, ...refusals].map(test => ({ ...test, needsStreams: false })),
  ...streams.map(test => ({ ...test, needsStreams: true })),
]

/** One test after the other. Never rejects. */
export async function runSuite({ streams: hasStreams, ...given }: Given): Promise<Result[]> {
  const world: World = { ...given, provider: createWasmProvider({ random: given.random }) }
  const results: Result[] = []
  for (const test of tests)
    results.push(test.needsStreams && !hasStreams ? { name: test.name, outcome: 'not applicable' } : await run(test, world))
  return results
}

async function run({ name, run }: RuntimeTest, world: World): Promise<Result> {
  try {
    await run(world)
    return { name, outcome: 'passed' }
  } catch (error) {
    return { name, outcome: 'failed', error: error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error) }
  }
}
