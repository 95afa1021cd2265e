/** Early data (RFC 9846 §2.3, §4.3.10): when a client may send it, when a server takes it, and under which keys. */
import type { CipherSuite, Hash } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import { earlyStage } from '../schedule/key-schedule.ts'
import { equal } from '../wire/bytes.ts'
import { find } from '../wire/extensions.ts'
import type { Offer } from './client-offer.ts'
import { ask, type Dialogue, type Io } from './dialogue.ts'
import type { PskCandidate } from './psk.ts'
import type { FoundPsk } from './psk-lookup.ts'
import { type SessionState, sessionOf } from './session.ts'
import type { CommonSettings, ServerSettings } from './settings.ts'

interface Secrets {
  readonly settings: CommonSettings
  readonly clientRandom: Uint8Array
  readonly suite: CipherSuite
  readonly psk: PskCandidate
  /** The whole first ClientHello. */
  readonly hello: Uint8Array
}

/** Takes the keys of early data into use, and hands out its exporter's secret. */
export function startEarlyKeys(io: Io, direction: 'in' | 'out', { settings, clientRandom, suite, psk, hello }: Secrets): void {
  const stage = earlyStage(suite.hash, psk.secret)
  const digest = digestOf(suite.hash, hello)
  const traffic = stage.clientEarlyTrafficSecret(digest)
  const exporter = stage.earlyExporterSecret(digest)
  stage.destroy()
  settings.logSecret('CLIENT_EARLY_TRAFFIC_SECRET', clientRandom, traffic)
  settings.logSecret('EARLY_EXPORTER_SECRET', clientRandom, exporter)
  io.keys(direction, 'early', suite, traffic)
  io.earlyExporter(suite.hash, exporter)
  traffic.fill(0)
}

/** The first candidate, where it is a session that takes early data and its application protocol is still offered. */
export function earlyCandidate(
  settings: CommonSettings & { readonly earlyData: boolean },
  [first]: readonly PskCandidate[],
): SessionState | undefined {
  const session = first?.session
  if (!settings.earlyData || !session || session.max_early_data === 0) return undefined
  const offered = session.alpn.length === 0 || settings.alpn.some(protocol => equal(protocol, session.alpn))
  return offered ? session : undefined
}

/** Whether a server takes the early data that its client offers. Asked once, for the first hello. */
export function* acceptsEarlyData(
  settings: ServerSettings,
  offer: Offer,
  { psk, suite, alpn, retried }: { psk: FoundPsk | undefined; suite: CipherSuite; alpn: Uint8Array | undefined; retried: boolean },
): Dialogue<boolean> {
  const session = psk?.candidate.session
  if (!find(offer.hello.extensions, 'early_data') || retried || settings.maxEarlyData === 0) return false
  // A ticket from before the limit was changed allows its client another amount: more is no fault then, but it is not taken.
  if (!session || session.max_early_data !== settings.maxEarlyData || psk.index !== 0) return false
  if (session.cipher_suite !== suite.id || !equal(session.alpn, alpn ?? none)) return false
  if (!isFresh(session, psk.candidate.obfuscatedAge, settings)) return false
  const binder = find(offer.hello.extensions, 'pre_shared_key')?.binders[0]
  return binder !== undefined && (yield* ask('early-data', { session: sessionOf(session), binder }))
}

/** The age that the client states is about the age that the server knows (RFC 9846 §8.3). */
function isFresh({ ticket_age_add, issued_at }: SessionState, obfuscatedAge: number, { now, earlyDataWindow }: ServerSettings): boolean {
  if (!now) return false
  const stated = (obfuscatedAge - ticket_age_add + 2 ** 32) % 2 ** 32
  return Math.abs(now() - issued_at - stated) <= earlyDataWindow
}

/** The client's checks where EncryptedExtensions says that early data was taken (RFC 9846 §4.3.10, §4.3.11). */
export function checkAcceptance(
  session: SessionState,
  { psk, suite, alpn }: { psk: PskCandidate | undefined; suite: CipherSuite; alpn: Uint8Array | undefined },
): void {
  if (psk?.session !== session) throw new TlsError('illegal-selection', 'the server takes early data, but not the first PSK')
  if (suite.id !== session.cipher_suite)
    throw new TlsError('illegal-selection', 'the server takes early data, but changes the cipher suite')
  if (!equal(alpn ?? none, session.alpn)) throw new TlsError('illegal-selection', 'the server takes early data, but changes the protocol')
}

export function digestOf(hash: Hash, bytes: Uint8Array): Uint8Array {
  return hash.create().update(bytes).digest()
}

const none = new Uint8Array(0)
