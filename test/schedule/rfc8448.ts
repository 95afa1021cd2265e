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
