/** A guard against replayed early data: each ClientHello is let in once (RFC 9846 §8.2). */
import type { ReplayGuard, TicketKeys } from '../types.ts'
import { toHex } from '../wire/bytes.ts'

export interface ReplayGuardOptions {
  /** Seconds for which a hello is remembered at least: twice the window of freshness. Default: 20. */
  readonly memory?: number
  /** How many hellos are remembered at most, in each of two generations; the ones beyond are not let in. Default: 65,536. */
  readonly capacity?: number
  /**
   * Milliseconds since 1970 at which the server began to listen. Where tickets outlive the process, hellos from before may be replayed: none is
   * let in until the memory reaches back to them.
   */
  readonly since?: number
}

/** A guard in memory. Its two generations make forgetting cheap: the older is dropped whole. */
export function createReplayGuard({ memory = 20, capacity = 65_536, since }: ReplayGuardOptions = {}): ReplayGuard {
  let [current, previous] = [new Set<string>(), new Set<string>()]
  let currentSince = Number.NEGATIVE_INFINITY
  const turn = (now: number) => {
    const age = now - currentSince
    if (age < memory * 1000) return
    previous = age < 2 * memory * 1000 ? current : new Set()
    current = new Set()
    currentSince = now
  }
  return {
    claim(binder, now) {
      turn(now)
      const seen = toHex(binder)
      if (current.has(seen) || previous.has(seen) || current.size >= capacity) return false
      if (since !== undefined && now < since + memory * 1000) return false
      current.add(seen)
      return true
    },
  }
}

/** The guard of all servers that share these keys within this process, where the options name no other. */
export function guardOf(tickets: TicketKeys): ReplayGuard {
  const known = guards.get(tickets)
  if (known) return known
  const guard = createReplayGuard()
  guards.set(tickets, guard)
  return guard
}

const guards = new WeakMap<TicketKeys, ReplayGuard>()
