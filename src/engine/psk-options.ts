/** Options about sessions, tickets, external PSKs and early data. Whatever is wrong with them is a `TypeError`. */
import type { CipherSuite } from '../crypto/provider.ts'
import { typeOfCode } from '../handshake/certificate-type.ts'
import { externalCandidates, type PskCandidate, type PskMode } from '../handshake/psk.ts'
import { claim, expiryOf, type SessionState, stateOf } from '../handshake/session.ts'
import type { CommonSettings } from '../handshake/settings.ts'
import type { ClientOptions, CommonOptions, ExternalPsk, ServerOptions } from '../types.ts'
import { outlineOf } from '../x509/certificate/certificate.ts'
import { unique } from './algorithms.ts'

/** A session is offered once. Throws `TypeError` where it was offered before. */
export function claimSession({ session }: ClientOptions): void {
  if (session && !claim(session)) throw new TypeError('this session was offered already: a ticket that is used twice shows who comes back')
}

/** Whether it is what an application gives as an external PSK. Throws `TypeError` where it is one that can't be used. */
export function isExternalPsk(value: unknown): value is ExternalPsk {
  if (typeof value !== 'object' || value === null || !('identity' in value) || !('key' in value)) return false
  checkPsk(value as ExternalPsk)
  return true
}

export function pskModesOf({ pskModes = ['psk_dhe_ke'], psk = [] }: CommonOptions): readonly PskMode[] {
  for (const each of psk) checkPsk(each)
  for (const mode of unique('pskModes', pskModes)) {
    if (mode !== 'psk_ke' && mode !== 'psk_dhe_ke') throw new TypeError(`pskModes: ${String(mode)} is neither psk_dhe_ke nor psk_ke`)
  }
  return pskModes
}

function checkPsk({ identity, key, hash, context }: ExternalPsk): void {
  if (!(identity instanceof Uint8Array) || identity.length === 0 || identity.length > 0xff00) {
    throw new TypeError('psk.identity has 1 to 65,280 bytes')
  }
  if (!(key instanceof Uint8Array) || key.length < 16) throw new TypeError('psk.key has at least 16 bytes (RFC 9257)')
  if (hash !== undefined && hash !== 'sha256' && hash !== 'sha384') throw new TypeError(`psk.hash is sha256 or sha384, not ${String(hash)}`)
  if (context !== undefined && !(context instanceof Uint8Array)) throw new TypeError('psk.context is a Uint8Array')
}

/** The session, where it can still be resumed, and the external PSKs; asked for at each hello, since the age of a ticket counts on. */
export function pskCandidates(options: ClientOptions, { cipherSuites }: CommonSettings): () => readonly PskCandidate[] {
  const { session, serverName, now, psk = [], trust } = options
  const external = psk.flatMap(each => externalCandidates(each, cipherSuites))
  if (!session) return () => external
  const state = stateOf(session)
  if (!state) throw new TypeError('session is not a Session: the fact session gives one, and sessionFromBytes')
  if (!now) throw new TypeError('session needs a clock: give now, milliseconds since 1970')
  if (session.serverName !== serverName) throw new TypeError(`session is one with ${session.serverName}, not with ${serverName}`)
  const isBelieved = trust ? peerJudge(state) : () => true
  return () => [...resumable(state, now(), cipherSuites, isBelieved), ...external]
}

/** None once the session has expired, its suite is disabled, or its peer's certificate is none that would be believed now. */
function resumable(
  state: SessionState,
  now: number,
  suites: readonly CipherSuite[],
  isBelieved: (now: number) => boolean,
): readonly PskCandidate[] {
  const suite = suites.find(each => each.id === state.cipher_suite)
  if (!suite || now >= expiryOf(state) || !isBelieved(now)) return []
  const age = Math.max(0, Math.floor(now - state.issued_at))
  const obfuscatedAge = (age + state.ticket_age_add) % 2 ** 32
  return [{ identity: state.ticket, secret: state.psk, hash: suite.hash, origin: 'res', session: state, obfuscatedAge }]
}

/** Whether the peer's certificate would be believed at a time, as far as time decides; it is read once, for however many hellos. */
function peerJudge({ peer_chain: [leaf], peer_verified, peer_type }: SessionState): (now: number) => boolean {
  if (!leaf || peer_verified !== 1) return () => false
  if (typeOfCode(peer_type) !== 'X509') return () => true
  let notAfter: number | undefined
  return now => {
    notAfter ??= outlineOf(leaf).notAfter
    return now <= notAfter
  }
}

export function checkTickets({
  tickets = 'none',
  ticketCount = 2,
  ticketLifetime = 0,
  maxEarlyData = 0,
  earlyDataWindow = 0,
  earlyDataGuard,
  now,
}: ServerOptions): void {
  const isKeys = typeof tickets === 'object' && typeof tickets.keys === 'function'
  if (tickets !== 'none' && tickets !== 'ask' && !isKeys) throw new TypeError("tickets are TicketKeys, 'ask' or 'none'")
  if (tickets !== 'none' && !now) throw new TypeError('tickets need a clock: give now, milliseconds since 1970')
  if (!Number.isInteger(ticketCount) || ticketCount < 0 || ticketCount > 255)
    throw new TypeError('ticketCount is a whole number from 0 to 255')
  if (!Number.isInteger(maxEarlyData) || maxEarlyData < 0 || maxEarlyData >= 2 ** 32)
    throw new TypeError('maxEarlyData is a number of bytes below 2^32')
  if (maxEarlyData > 0 && tickets === 'none') throw new TypeError('maxEarlyData needs tickets: early data comes with a session')
  const canGuard = earlyDataGuard === undefined || earlyDataGuard === 'ask' || typeof earlyDataGuard.claim === 'function'
  if (!canGuard) throw new TypeError("earlyDataGuard is a ReplayGuard or 'ask'")
  if (maxEarlyData > 0 && tickets === 'ask' && !earlyDataGuard)
    throw new TypeError('maxEarlyData needs earlyDataGuard where the application keeps the sessions')
  if (!(earlyDataWindow >= 0)) throw new TypeError(`earlyDataWindow is a number of milliseconds, not ${earlyDataWindow}`)
  if (maxEarlyData > 0 && !earlyDataGuard && earlyDataWindow > widestWindow) {
    throw new TypeError('earlyDataWindow over 10,000 needs an earlyDataGuard that remembers for twice as long (RFC 9846 §8.2)')
  }
  if (!(Number.isInteger(ticketLifetime) && ticketLifetime >= 0 && ticketLifetime <= 604_800)) {
    throw new TypeError('ticketLifetime is 0 to 604,800 whole seconds (RFC 9846 §4.7.1)')
  }
}

/** Milliseconds: what the guard remembers that is there without an option, halved. */
const widestWindow = 10_000
