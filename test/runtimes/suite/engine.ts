/** The part of the suite that needs nothing of its runtime but the language. */
import { handshakes } from './handshakes.ts'
import type { RuntimeTest } from './kit.ts'
import { refusals } from './refusals.ts'
import { sessions } from './sessions.ts'
import { values } from './values.ts'

export const engineTests: readonly RuntimeTest[] = [...values, ...handshakes, ...sessions, ...refusals]
