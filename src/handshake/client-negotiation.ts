/** What a client and its server agree on: hellos, retry, keys (RFC 9846 §4.2). */
import type { CipherSuite, KeyExchange, KeyPair } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import { Transcript } from '../schedule/transcript.ts'
import { equal } from '../wire/bytes.ts'
import { extensionTable, find } from '../wire/extensions.ts'
import { type ClientHello, encodeMessage, type HelloRetryRequest, type Message, type ServerHello } from '../wire/messages.ts'
import { clientHello } from './client-hello.ts'
import { type Dialogue, expect, type Io } from './dialogue.ts'
import { digestOf, earlyCandidate, startEarlyKeys } from './early-data.ts'
import type { Exchange } from './exchange.ts'
import { refuseUnsolicited, typesOf } from './extensions.ts'
import { withGrease } from './grease.ts'
import { bind, type PskCandidate } from './psk.ts'
import { type HandshakeSecrets, handshakeSecrets } from './secrets.ts'
import type { SessionState } from './session.ts'
import type { ClientSettings } from './settings.ts'
import { checkDowngrade, legacyVersion, tls13 } from './version.ts'

export interface Agreement {
  readonly exchange: Exchange<ClientSettings>
  readonly hello: ClientHello
  readonly suite: CipherSuite
  /** `undefined` where a PSK is used alone. */
  readonly group: KeyExchange | undefined
  readonly psk: PskCandidate | undefined
  /** The session whose early data was offered, unless a retry has ended that. */
  readonly early: SessionState | undefined
  readonly retried: boolean
  readonly secrets: HandshakeSecrets
}

/** ClientHello, HelloRetryRequest if need be, ServerHello; then the handshake's keys are in use. */
export function* negotiate(settings: ClientSettings, io: Io): Dialogue<Agreement> {
  const transcript = new Transcript()
  const first = sayHello(settings, io, transcript, { keyShares: settings.keyShares })
  const exchange = { settings, io, transcript, clientRandom: first.hello.random }
  const answer = yield* expect('server_hello', 'hello_retry_request')
  const retry = answer.name === 'hello_retry_request' ? answer : undefined
  const offer = retry ? sayHelloAgain(exchange, first, retry) : first
  const { body: serverHello, bytes } = answer.name === 'server_hello' ? answer : yield* expect('server_hello')
  const suite = readSelection('server_hello', serverHello, find(serverHello.extensions, 'supported_versions'), offer.hello, settings)
  if (retry && retry.body.cipher_suite !== suite.id)
    throw new TlsError('illegal-selection', 'ServerHello changes the cipher suite of the retry')
  const psk = selectedPsk(serverHello, offer, suite)
  const { group, keyExchange } = agree(serverHello, offer, psk, settings)

  if (!retry) transcript.choose(suite.hash)
  transcript.add(bytes)
  const secrets = handshakeSecrets(exchange, suite, { keyExchange, psk: psk?.secret })
  io.keys('in', 'handshake', suite, secrets.server)
  // While early data is on its way, whatever is sent goes under its key.
  if (!offer.early) io.keys('out', 'handshake', suite, secrets.client)
  return { exchange, hello: offer.hello, early: offer.early, suite, group, psk, retried: retry !== undefined, secrets }
}

interface Offer {
  readonly hello: ClientHello
  readonly pairs: ReadonlyMap<number, KeyPair>
  readonly candidates: readonly PskCandidate[]
  /** Whose early data is on its way. */
  readonly early: SessionState | undefined
  /** What the reserved values were made of. */
  readonly grease: Uint8Array | undefined
}

interface HelloChange {
  readonly keyShares: readonly KeyExchange[]
  readonly cookie?: Uint8Array | undefined
  /** The suite of the retry: PSKs for another hash are not offered again. */
  readonly suite?: CipherSuite
  /** The hello that is repeated, and the shares that are kept where the retry asks for no other. */
  readonly previous?: Offer
}

function sayHello(settings: ClientSettings, io: Io, transcript: Transcript, change: HelloChange): Offer {
  const { previous, suite } = change
  const candidates = settings.pskCandidates().filter(each => suite === undefined || each.hash.name === suite.hash.name)
  const pairs = new Map(change.keyShares.map(group => [group.group, previous?.pairs.get(group.group) ?? group.generate()]))
  const shares = [...pairs].map(([group, pair]) => ({ group, key_exchange: pair.share }))
  const early = previous ? undefined : earlyCandidate(settings, candidates)
  const fields = { shares, cookie: change.cookie, candidates, earlyData: early !== undefined, previous: previous?.hello }
  const plain = clientHello(settings, fields)
  const grease = settings.grease ? (previous?.grease ?? settings.crypto.random(6)) : undefined
  const unbound = grease ? withGrease(plain, grease, previous !== undefined) : plain
  const hello = bind(unbound, candidates, ({ hash }, truncated) => (suite ? transcript.digestWith(truncated) : digestOf(hash, truncated)))
  const message = encodeMessage('client_hello', hello)
  transcript.add(message.bytes)
  io.send('client_hello', message.bytes)
  if (early) startSending(settings, io, message, candidates, early)
  return { hello, pairs, candidates, early, grease }
}

/** Early data may follow the hello at once (RFC 9846 §4.3.10). */
function startSending(
  settings: ClientSettings,
  io: Io,
  { bytes, body }: Message<'client_hello'>,
  [psk]: readonly PskCandidate[],
  { cipher_suite }: SessionState,
): void {
  const suite = settings.cipherSuites.find(each => each.id === cipher_suite)
  if (!psk || !suite) return
  if (settings.compatibilityMode) io.changeCipherSpec()
  startEarlyKeys(io, 'out', { settings, clientRandom: body.random, suite, psk, hello: bytes })
}

/** Answers a HelloRetryRequest (RFC 9846 §4.2.4). */
function sayHelloAgain(exchange: Exchange<ClientSettings>, first: Offer, retry: Message<'hello_retry_request'>): Offer {
  const { settings, io, transcript } = exchange
  const suite = readSelection('hello_retry_request', retry.body, find(retry.body.extensions, 'supported_versions'), first.hello, settings)
  const cookie = find(retry.body.extensions, 'cookie')
  const selected = find(retry.body.extensions, 'key_share')
  const group = selected === undefined ? undefined : retryGroup(selected, first, settings)
  if (group === undefined && cookie === undefined) throw new TlsError('illegal-retry', 'HelloRetryRequest asks for no change')
  transcript.choose(suite.hash)
  transcript.replaceByMessageHash()
  transcript.add(retry.bytes)
  if (first.early) io.earlyDataResult(false)
  if (settings.compatibilityMode) io.changeCipherSpec()
  return sayHello(settings, io, transcript, { keyShares: group ? [group] : settings.keyShares, cookie, suite, previous: first })
}

function retryGroup(selected: number, first: Offer, settings: ClientSettings): KeyExchange {
  const group = settings.groups.find(each => each.group === selected)
  if (!group) throw new TlsError('illegal-retry', `HelloRetryRequest selects group ${selected}, which was not offered`)
  if (first.pairs.has(selected)) throw new TlsError('illegal-retry', `HelloRetryRequest selects ${group.name}, for which it has a share`)
  return group
}

/** The checks that a ServerHello and a HelloRetryRequest share (RFC 9846 §4.2.3). Returns the suite that was chosen. */
function readSelection(
  name: 'server_hello' | 'hello_retry_request',
  selection: ServerHello | HelloRetryRequest,
  version: number | undefined,
  hello: ClientHello,
  settings: ClientSettings,
): CipherSuite {
  if (version === undefined) checkDowngrade(selection.random, selection.legacy_version)
  if (version !== tls13) throw new TlsError('illegal-selection', `${name} selects a version that was not offered`)
  if (selection.legacy_version !== legacyVersion) throw new TlsError('unsupported-version', `legacy_version of ${name} is not 0x0303`)
  if (!equal(selection.legacy_session_id_echo, hello.legacy_session_id)) {
    throw new TlsError('illegal-selection', `${name} does not echo legacy_session_id`)
  }
  if (selection.legacy_compression_method !== 0) throw new TlsError('illegal-selection', `${name} selects a compression method`)
  const suite = settings.cipherSuites.find(each => each.id === selection.cipher_suite)
  if (!suite) throw new TlsError('illegal-selection', `${name} selects cipher suite ${selection.cipher_suite}, which was not offered`)
  const requested = typesOf(hello.extensions)
  if (name === 'hello_retry_request') requested.add(extensionTable.cookie.type)
  refuseUnsolicited(name, selection.extensions, requested)
  return suite
}

/** The PSK that the server chose, if any (RFC 9846 §4.3.11). */
function selectedPsk({ extensions }: ServerHello, { candidates }: Offer, suite: CipherSuite): PskCandidate | undefined {
  const selected = find(extensions, 'pre_shared_key')
  if (selected === undefined) return undefined
  const psk = candidates[selected]
  if (!psk) throw new TlsError('illegal-selection', `ServerHello selects PSK ${selected}, of ${candidates.length} offered`)
  if (psk.hash.name !== suite.hash.name)
    throw new TlsError('illegal-selection', `ServerHello selects a PSK that is not for ${suite.hash.name}`)
  return psk
}

/** The key exchange; none where a PSK is used alone, if that was offered. */
function agree(serverHello: ServerHello, offer: Offer, psk: PskCandidate | undefined, settings: ClientSettings) {
  const share = find(serverHello.extensions, 'key_share')
  if (!share) {
    if (!psk) throw new TlsError('missing-extension', 'ServerHello has neither key_share nor pre_shared_key')
    if (!settings.pskModes.includes('psk_ke'))
      throw new TlsError('illegal-selection', 'ServerHello uses a PSK alone, which was not offered')
    return { group: undefined, keyExchange: undefined }
  }
  if (psk && !settings.pskModes.includes('psk_dhe_ke')) {
    throw new TlsError('illegal-selection', 'ServerHello uses a PSK with a key exchange, which was not offered')
  }
  const pair = offer.pairs.get(share.group)
  const group = settings.groups.find(each => each.group === share.group)
  if (!pair || !group) {
    throw new TlsError('illegal-selection', `ServerHello answers with group ${share.group}, for which no share was offered`)
  }
  return { group, keyExchange: pair.agree(share.key_exchange) }
}
