/** A server's search for a pre-shared key that the client offers and both may use. */

import type { ExternalPsk, Session } from '../types.ts'
import { equal, toText } from '../wire/bytes.ts'
import type { Offer } from './client-offer.ts'
import { ask, type Dialogue } from './dialogue.ts'
import { externalCandidates, type PskCandidate, type PskMode } from './psk.ts'
import { selectPskMode } from './select.ts'
import { expiryOf, type SessionState, stateOf } from './session.ts'
import type { ServerSettings } from './settings.ts'

export interface FoundPsk {
  readonly candidate: PskCandidate
  /** Its place among the identities that are offered. */
  readonly index: number
  readonly mode: PskMode
}

/** The first identity that is known and fits. Unknown ones are passed over (RFC 9846 §4.3.11); only so many are looked up. */
export function* findPsk(settings: ServerSettings, offer: Offer): Dialogue<FoundPsk | undefined> {
  const mode = selectPskMode(settings, offer)
  if (!offer.psks || !mode) return undefined
  for (const [index, { identity, obfuscated_ticket_age }] of offer.psks.slice(0, mostLookups).entries()) {
    const candidate =
      settings.psks.find(each => equal(each.identity, identity)) ?? (yield* lookUp(settings, identity, obfuscated_ticket_age))
    if (candidate && fits(candidate, settings, offer)) return { candidate, index, mode }
  }
  return undefined
}

/** Where the PSK stands in another hello; `undefined` where it is offered no more. */
export function indexOfPsk(offer: Offer, { identity }: PskCandidate): number | undefined {
  const index = offer.psks?.findIndex(each => equal(each.identity, identity)) ?? -1
  return index < 0 ? undefined : index
}

function* lookUp(settings: ServerSettings, identity: Uint8Array, obfuscatedAge: number): Dialogue<PskCandidate | undefined> {
  const found: Session | ExternalPsk | null = yield* ask('session-lookup', { identity })
  if (!found) return undefined
  const session = stateOf(found)
  if (!session) return externalCandidates(found as ExternalPsk, settings.cipherSuites).find(each => equal(each.identity, identity))
  const suite = settings.cipherSuites.find(each => each.id === session.cipher_suite)
  return suite && { identity, secret: session.psk, hash: suite.hash, origin: 'res', session, obfuscatedAge }
}

function fits({ hash, session }: PskCandidate, settings: ServerSettings, offer: Offer): boolean {
  const suite = settings.cipherSuites.some(each => each.hash.name === hash.name && offer.hello.cipher_suites.includes(each.id))
  return suite && (session ? mayResume(session, settings, offer) : settings.clientAuth !== 'require')
}

/** What the first handshake proved has to hold now: the name that was asked for, the time, the client's certificate where one is needed. */
function mayResume(session: SessionState, settings: ServerSettings, offer: Offer): boolean {
  const now = settings.now?.()
  const name = session.server_name.length > 0 ? toText(session.server_name) : undefined
  if (now === undefined || now >= expiryOf(session) || now < session.issued_at - clockTolerance) return false
  if (name !== offer.serverName) return false
  return settings.clientAuth !== 'require' || session.peer_chain.length > 0
}

/** A hello may name hundreds of tickets; each look-up costs a decryption or a question. */
const mostLookups = 8
/** Milliseconds by which the clocks of servers that share ticket keys may differ. */
const clockTolerance = 60_000
