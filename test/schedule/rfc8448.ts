/** RFC 8448's traces as typed values. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Actor = 'client' | 'server'

export interface Step {
  readonly actor: Actor
  readonly op: string
  readonly fields: Readonly<Record<string, string>>
  readonly sameAs?: string
}

export interface Trace {
  readonly section: number
  readonly title: string
  readonly steps: readonly Step[]
}

export const traces: readonly Trace[] = JSON.parse(readFileSync(join(import.meta.dirname, '../../vectors/rfc8448.json'), 'utf8')).traces

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** A field that the step must have. */
export function field(step: Step, name: string): Uint8Array {
  const hex = step.fields[name]
  if (hex === undefined) throw new Error(`${step.actor} '${step.op}' has no field '${name}'`)
  return fromHex(hex)
}

/** The step that prints the values of this one: itself, or the one it is the same as. */
export function sourceOf(trace: Trace, step: Step): Step {
  if (step.sameAs === undefined) return step
  const actor = step.actor === 'client' ? 'server' : 'client'
  const direction = /(read|write) traffic keys/.exec(step.sameAs)?.[1]
  const op = direction === undefined ? step.op : step.op.replace(/read|write/, direction)
  const found = trace.steps.find(other => other.actor === actor && other.op === op && other.sameAs === undefined)
  if (found === undefined || !step.sameAs.startsWith(actor)) throw new Error(`Nothing is like '${step.op}' of the ${step.actor}`)
  return found
}
