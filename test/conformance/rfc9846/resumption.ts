/** Sessions without cryptography, which either role resumes: the ticket is the session itself, and every binder fits. */
import { encodeSession, type SessionState, sessionOf } from '../../../src/handshake/session.ts'
import type { ClientOptions, ServerOptions, TicketKeys } from '../../../src/types.ts'
import { concat, fromText } from '../../../src/wire/bytes.ts'
import { constantBytes, nullProvider } from '../../null-provider.ts'
import * as tls from './bytes.ts'
import { added, bytes, extension, u16, v8 } from './bytes.ts'

/** Two suites on SHA-256, and one on another hash. */
export const crypto = {
  ...nullProvider,
  cipherSuites: nullProvider.cipherSuites.flatMap(suite => [
    suite,
    { ...suite, id: 0x1303, name: 'TLS_CHACHA20_POLY1305_SHA256' },
    { ...suite, id: 0x1302, name: 'TLS_AES_256_GCM_SHA384', hash: { ...suite.hash, name: 'sha384' as const } },
  ]),
}

/** What a first connection to `server` has left, at the time 0. */
export function state(change: Partial<SessionState> = {}): SessionState {
  return {
    cipher_suite: 0x1301,
    psk: constantBytes(32),
    ticket: tls.none,
    ticket_age_add: 5,
    issued_at: 0,
    lifetime: 1000,
    max_early_data: 100,
    alpn: tls.none,
    server_name: fromText('server'),
    peer_verified: 0,
    peer_type: 0,
    peer_chain: [],
    ...change,
  }
}

/** Milliseconds: the moment at which sessions are resumed, and so their age. */
export const now = 500

// ── The client ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A client that offers the session; each session is offered once. */
export function resuming(change: Partial<ClientOptions> = {}, session: Partial<SessionState> = {}): () => Partial<ClientOptions> {
  return () => ({ crypto, now: () => now, session: sessionOf(state({ ticket: constantBytes(16), ...session })), ...change })
}

/** ServerHello that takes the PSK of this index. */
export function pskHello(index = 0, change: Partial<tls.ServerHelloFields> = {}): Uint8Array {
  return tls.serverHello({ extensions: added(tls.selected, extension('pre_shared_key', u16(index))), ...change })
}

export const acceptsEarlyData = tls.encryptedExtensions([extension('early_data')])

// ── The server ──────────────────────────────────────────────────────────────────────────────────────────────────────

const key = { name: constantBytes(16), key: constantBytes(32), sealUntil: 1e9, notAfter: 1e9 }
const tickets: TicketKeys = { keys: () => [key] }

/** A server that resumes, and takes early data as often as it comes. */
export const resumable: Partial<ServerOptions> = {
  crypto,
  tickets,
  now: () => now,
  maxEarlyData: 100,
  earlyDataGuard: { claim: () => true },
}

/** A ticket of that server. */
export function ticket(change: Partial<SessionState> = {}): Uint8Array {
  return concat(key.name, constantBytes(12), encodeSession(state(change)), new Uint8Array(16))
}

/** The ticket as it is offered, with the age that it has. */
export function offeredTicket(change: Partial<SessionState> = {}): tls.OfferedPsk {
  return { identity: ticket(change), age: now + 5 }
}

export const modes = (...codes: readonly number[]) => extension('psk_key_exchange_modes', v8(bytes(...codes)))
/** psk_dhe_ke */
export const dhe = modes(1)

/** A hello that offers PSKs. */
export function helloWithPsks(psks: readonly tls.OfferedPsk[] = [offeredTicket()], more: readonly tls.Ext[] = []): Uint8Array {
  return tls.helloWith(added(tls.offered, dhe, ...more, tls.preSharedKeys(psks)))
}

/** The same, with early data to come. */
export function earlyHello(psks: readonly tls.OfferedPsk[] = [offeredTicket()]): Uint8Array {
  return helloWithPsks(psks, [extension('early_data')])
}
