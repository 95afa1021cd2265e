/** What `enableTrace` writes to the standard error output: every message as it passes, decoded. */
import type { TraceEvent } from '../../types.ts'

/** Lines with the message and its fields, indented by their depth. */
export function describeTrace({ direction, kind, bytes, fields }: TraceEvent, isServer: boolean): string {
  const head = `${direction === 'in' ? 'Received' : 'Sent'} by the ${isServer ? 'server' : 'client'}: ${kind}, ${bytes.length} bytes`
  const lines = fields.filter(({ value }) => value !== undefined).map(({ path, value }) => `  ${path}: ${show(value)}`)
  return `${[head, ...lines].join('\n')}\n`
}

function show(value: unknown): string {
  if (!(value instanceof Uint8Array)) return String(value)
  const shown = Buffer.from(value.subarray(0, mostShown)).toString('hex')
  return value.length > mostShown ? `${shown}… (${value.length} bytes)` : shown
}

/** Bytes of a field. */
const mostShown = 64
