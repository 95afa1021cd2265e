/** What a server and its client agree on: hellos, PSK, retry, keys (RFC 9846 §4.2). */
import type { CipherSuite, KeyExchange } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import { Transcript } from '../schedule/transcript.ts'
import type { CertificateType, ClientHelloInfo } from '../types.ts'
import { toText } from '../wire/bytes.ts'
import { type Extension, extension, find } from '../wire/extensions.ts'
import { type Body, encodeMessage, type Message, retryRandom } from '../wire/messages.ts'
import type { Signer } from './auth.ts'
import { chooseType } from './certificate-type.ts'
import { checkRetriedOffer, checkRetriedShare, type Offer, readOffer } from './client-offer.ts'
import { openCookie, sealCookie } from './cookie.ts'
import { ask, type Dialogue, expect, type Io } from './dialogue.ts'
import { acceptsEarlyData, startEarlyKeys } from './early-data.ts'
import { type Exchange, say } from './exchange.ts'
import { shape } from './extensions.ts'
import { checkBinder } from './psk.ts'
import { type FoundPsk, findPsk, indexOfPsk } from './psk-lookup.ts'
import { type HandshakeSecrets, handshakeSecrets } from './secrets.ts'
import { selectCipherSuite, selectGroup, selectIdentity, selectProtocol } from './select.ts'
import type { ServerSettings } from './settings.ts'
import { legacyVersion, tls13 } from './version.ts'

export interface Agreement {
  readonly exchange: Exchange<ServerSettings>
  readonly offer: Offer
  readonly suite: CipherSuite
  readonly alpn: Uint8Array | undefined
  /** `undefined` where a PSK is used alone. */
  readonly group: KeyExchange | undefined
  /** The client's, for `group`. */
  readonly share: Uint8Array | undefined
  readonly proof: Proof
  readonly retried: boolean
  /** Whether the client's early data is taken. */
  readonly earlyData: boolean
  /** What the client's certificate is to be. */
  readonly clientType: CertificateType
}

/** How the server proves itself. */
export type Proof = ({ readonly by: 'psk' } & FoundPsk) | ({ readonly by: 'certificate'; readonly type: CertificateType } & Signer)

/** ClientHello, and a HelloRetryRequest and the second ClientHello where the first does not do. */
export function* negotiate(io: Io): Dialogue<Agreement> {
  const hello = yield* expect('client_hello')
  const offer = readOffer(hello)
  const settings = yield* ask('client-hello', { hello: describe(offer) })
  const exchange = { settings, io, transcript: new Transcript(), clientRandom: offer.hello.random }
  const { psk, suite, selected, retried, final } = yield* select(exchange, { hello, offer })
  const alpn = selectProtocol(settings, offer.alpn)
  const proof = prove(exchange, final, psk)
  exchange.transcript.add(final.hello.bytes)
  const earlyData = yield* acceptsEarlyData(settings, offer, { psk: proof.by === 'psk' ? proof : undefined, suite, alpn, retried })
  const clientTypes = find(offer.hello.extensions, 'client_certificate_type')
  const asks = settings.clientAuth !== undefined && proof.by === 'certificate'
  const clientType = asks ? chooseType(clientTypes, settings.clientCertificateTypes) : 'X509'
  const share = selected && final.offer.shares.get(selected.group)
  return { exchange, offer: final.offer, suite, alpn, group: selected, share, proof, retried, earlyData, clientType }
}

interface Selection {
  readonly psk: FoundPsk | undefined
  readonly suite: CipherSuite
  /** `undefined` where a PSK is used alone. */
  readonly selected: KeyExchange | undefined
  readonly retried: boolean
  /** The hello that counts. The transcript holds all that went before it. */
  readonly final: Heard
}

/** PSK, suite and group; and the hello that has a share for the group. */
function* select(exchange: Exchange<ServerSettings>, first: Heard): Dialogue<Selection> {
  const { settings, transcript } = exchange
  const { offer } = first
  const psk = yield* findPsk(settings, offer)
  const cookie = settings.cookie && find(offer.hello.extensions, 'cookie')
  if (cookie) return goOn(exchange, first, cookie, psk)
  const suite = selectCipherSuite(settings, offer.hello.cipher_suites, psk?.candidate.hash)
  const group = psk?.mode === 'psk_ke' ? undefined : selectGroup(settings, offer)
  transcript.choose(suite.hash)
  const missing = group && !group.share ? group.group : undefined
  if (!missing && !settings.cookie?.always) return { psk, suite, selected: group?.group, retried: false, final: first }
  return { psk, suite, selected: group?.group, retried: true, final: yield* retry(exchange, first, { suite, group: missing }) }
}

interface Heard {
  readonly hello: Message<'client_hello'>
  readonly offer: Offer
}

/** The PSK, if the final hello still offers it and binds it; or else the certificate. The hello is not in the transcript yet. */
function prove(exchange: Exchange<ServerSettings>, { hello, offer }: Heard, psk: FoundPsk | undefined): Proof {
  const index = psk && indexOfPsk(offer, psk.candidate)
  if (!psk || index === undefined) return { by: 'certificate', ...selectIdentity(exchange, offer) }
  checkBinder(psk.candidate, index, hello, truncated => exchange.transcript.digestWith(truncated))
  return { by: 'psk', ...psk, index }
}

interface Retry {
  readonly suite: CipherSuite
  /** What a share is asked for; `undefined`: for none, the cookie is all. */
  readonly group: KeyExchange | undefined
}

/** HelloRetryRequest (RFC 9846 §4.2.4), and the second ClientHello. */
function* retry(exchange: Exchange<ServerSettings>, { hello, offer }: Heard, asked: Retry): Dialogue<Heard> {
  const { settings, io, transcript } = exchange
  transcript.add(hello.bytes)
  const cookie = settings.cookie && cookieFor(settings, transcript.digest(), asked)
  transcript.replaceByMessageHash()
  const request = retryRequest(settings, offer, asked, cookie)
  say(exchange, 'hello_retry_request', request)
  followClientsCompatibility(exchange, offer)
  if (cookie) io.retryRequested()
  if (find(offer.hello.extensions, 'early_data')) io.skipEarlyData()
  const second = yield* expect('client_hello')
  const secondOffer = readOffer(second)
  checkRetriedOffer(offer, secondOffer, { group: asked.group?.group, cookie: find(request.extensions, 'cookie') })
  return { hello: second, offer: secondOffer }
}

/** Goes on from a cookie: the first ClientHello went to whoever made it, and the HelloRetryRequest is made once more for the transcript. */
function goOn(exchange: Exchange<ServerSettings>, first: Heard, cookie: Uint8Array, found: FoundPsk | undefined): Selection {
  const { settings, transcript } = exchange
  const { offer } = first
  if (!settings.cookie || !settings.now) throw new TypeError('cookie needs a clock')
  const state = openCookie(settings.crypto, settings.cookie, settings.now(), cookie)
  const suite = settings.cipherSuites.find(each => each.id === state.cipher_suite && offer.hello.cipher_suites.includes(each.id))
  if (!suite) throw new TlsError('illegal-hello', 'the second ClientHello does not offer the suite of the HelloRetryRequest')
  const group = settings.groups.find(each => each.group === state.group)
  checkRetriedShare(offer, group?.group)
  transcript.choose(suite.hash)
  transcript.startFromMessageHash(state.hello_hash)
  transcript.add(encodeMessage('hello_retry_request', retryRequest(settings, offer, { suite, group }, cookie)).bytes)
  const psk = found?.candidate.hash.name === suite.hash.name ? found : undefined
  const selected = psk?.mode === 'psk_ke' ? undefined : (group ?? selectGroup(settings, offer).group)
  return { psk, suite, selected, retried: true, final: first }
}

function cookieFor({ crypto, cookie, now }: ServerSettings, hello_hash: Uint8Array, { suite, group }: Retry): Uint8Array {
  if (!cookie || !now) throw new TypeError('cookie needs a clock')
  return sealCookie(crypto, cookie, { issued_at: Math.floor(now() / 1000), cipher_suite: suite.id, group: group?.group ?? 0, hello_hash })
}

function retryRequest(
  settings: ServerSettings,
  offer: Offer,
  { suite, group }: Retry,
  cookie: Uint8Array | undefined,
): Body<'hello_retry_request'> {
  const name = 'hello_retry_request'
  const list: Extension<'hello_retry_request'>[] = []
  if (group) list.push(extension(name, 'key_share', group.group))
  if (cookie) list.push(extension(name, 'cookie', cookie))
  list.push(extension(name, 'supported_versions', tls13))
  return { random: retryRandom, extensions: shape(settings, name, list), ...fixedFields(offer, suite) }
}

/** ServerHello; then the handshake's keys are in use. */
export function sayServerHello({ exchange, offer, suite, group, share, proof, earlyData }: Agreement): HandshakeSecrets {
  const answer = group && share ? group.respond(share) : undefined
  const extensions: Extension<'server_hello'>[] = []
  if (group && answer) extensions.push(extension('server_hello', 'key_share', { group: group.group, key_exchange: answer.share }))
  if (proof.by === 'psk') extensions.push(extension('server_hello', 'pre_shared_key', proof.index))
  extensions.push(extension('server_hello', 'supported_versions', tls13))
  say(exchange, 'server_hello', {
    random: exchange.settings.crypto.random(32),
    extensions: shape(exchange.settings, 'server_hello', extensions),
    ...fixedFields(offer, suite),
  })
  followClientsCompatibility(exchange, offer)
  const psk = proof.by === 'psk' ? proof.candidate : undefined
  const secrets = handshakeSecrets(exchange, suite, { keyExchange: answer?.secret, psk: psk?.secret })
  const { io, settings, clientRandom } = exchange
  if (earlyData && psk) startEarlyKeys(io, 'in', { settings, clientRandom, suite, psk, hello: offer.raw })
  else io.keys('in', 'handshake', suite, secrets.client)
  io.keys('out', 'handshake', suite, secrets.server)
  if (!earlyData && find(offer.hello.extensions, 'early_data')) io.skipEarlyData()
  return secrets
}

/** What ServerHello and HelloRetryRequest say alike. */
function fixedFields(offer: Offer, suite: CipherSuite) {
  return {
    legacy_version: legacyVersion,
    legacy_session_id_echo: offer.hello.legacy_session_id,
    cipher_suite: suite.id,
    legacy_compression_method: 0,
  }
}

/** A client that sends a session id is in compatibility mode, and its server with it (RFC 9846 appendix E.4). */
function followClientsCompatibility({ io }: Exchange, offer: Offer): void {
  if (offer.hello.legacy_session_id.length > 0) io.changeCipherSpec()
}

function describe(offer: Offer): ClientHelloInfo {
  return {
    serverName: offer.serverName,
    alpn: (offer.alpn ?? []).map(toText),
    cipherSuites: offer.hello.cipher_suites,
    groups: offer.groups,
    signatureSchemes: offer.signatureSchemes,
    supportedVersions: offer.supportedVersions,
    raw: offer.raw,
  }
}
