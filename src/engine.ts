/**
 * The TLS 1.3 engine: bytes in, bytes out, events out. One rule for its user: *mutate, then drain*. After any call that changes
 * something (`receive`, an answer, `send`, …), take what `poll()` gives until it gives nothing, then what `takeOutput()` gives.
 */
import { clientAnswers, serverAnswers } from './engine/answers.ts'
import { Engine } from './engine/connection.ts'
import { clientSettings, serverSettings, type WithCrypto } from './engine/options.ts'
import { claimSession } from './engine/psk-options.ts'
import { ticketIssuer } from './engine/tickets.ts'
import { clientHandshake } from './handshake/client.ts'
import { serverHandshake } from './handshake/server.ts'
import type { ClientOptions, Connection, ServerConnection, ServerOptions } from './types.ts'

export { createReplayGuard, type ReplayGuardOptions } from './engine/replay-guard.ts'
export { type RingKey, type RingOptions, TicketKeyRing } from './engine/tickets.ts'
export { sessionFromBytes } from './handshake/session.ts'

/** A client's connection; its ClientHello is in the output at once. Throws `TypeError` for options that can't be. */
export function createClient(options: WithCrypto<ClientOptions>): Connection {
  const settings = clientSettings(options)
  claimSession(options)
  const maxEarlyData = options.session?.maxEarlyData ?? 0
  return new Engine({
    role: 'client',
    options,
    maxEarlyData,
    answers: clientAnswers(options),
    handshake: io => clientHandshake(settings, io),
  })
}

/** A server's connection, one for each client. Throws `TypeError` for options that can't be. */
export function createServer(options: WithCrypto<ServerOptions>): ServerConnection {
  const settings = serverSettings(options)
  const tickets = ticketIssuer(options)
  const maxEarlyData = options.maxEarlyData ?? 0
  const part = {
    role: 'server',
    options,
    maxEarlyData,
    stateless: options.cookie !== undefined,
    answers: serverAnswers(options, settings),
    handshake: serverHandshake,
  } as const
  return new Engine({ ...part, ...(tickets && { tickets }) })
}
