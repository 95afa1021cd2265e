/** A handshake as a diagram: the client's messages from the left, the server's from the right, each with its time and size. */
import type { TraceEvent } from '../../types.ts'
import { paint } from './print.ts'

/** A message as the client saw it pass. */
export interface Passage {
  readonly direction: TraceEvent['direction']
  readonly kind: string
  /** With its header, before it is protected. */
  readonly bytes: number
  /** Milliseconds since the start of the connection. */
  readonly at: number
}

/** Collects what passes: `trace` is for the client's option of that name. */
export function recorder(): { passages: Passage[]; trace: (event: TraceEvent) => void } {
  const passages: Passage[] = []
  const start = performance.now()
  const trace = ({ direction, kind, bytes }: TraceEvent) =>
    void passages.push({ direction, kind, bytes: bytes.length, at: performance.now() - start })
  return { passages, trace }
}

export function diagram(passages: readonly Passage[]): string[] {
  return passages.map(({ direction, kind, bytes, at }) => {
    const time = paint('dim', `${at.toFixed(1).padStart(8)} ms`)
    const size = `${bytes} B`
    const message =
      direction === 'out'
        ? `${kind.padEnd(22)} ${size.padStart(7)} ${arrow('──▶')}`
        : `${' '.repeat(31)}${arrow('◀──')} ${kind.padEnd(22)} ${size.padStart(7)}`
    return `${time}   ${message}`
  })
}

function arrow(text: string): string {
  return paint('cyan', text)
}
