/** What a server and its client agree on: hellos, PSK, retry, keys (RFC 9846 §4.2). */
import type { CipherSuite, KeyExchange } from '../crypto/provider.ts'
import { Transcript } from '../schedule/transcript.ts'
import type { CertificateType, ClientHelloInfo } from '../types.ts'
import { toText } from '../wire/bytes.ts'
import { type Extension, extension, find } from '../wire/extensions.ts'
import { type Message, retryRandom } from '../wire/messages.ts'
import type { Signer } from './auth.ts'
import { chooseType } from './certificate-type.ts'
import { checkRetriedOffer, type Offer, readOffer } from './client-offer.ts'
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

/** ClientHello, and a HelloRetryRequest and the second ClientHello where the first has no share for the group. */
export function* negotiate(io: Io): Dialogue<Agreement> {
  const transcript = new Transcript()
  const first = yield* expect('client_hello')
  const firstOffer = readOffer(first)
  const settings = yield* ask('client-hello', { hello: describe(firstOffer) })
  const exchange = { settings, io, transcript, clientRandom: firstOffer.hello.random }
  const psk = yield* findPsk(settings, firstOffer)
  const suite = selectCipherSuite(settings, firstOffer.hello.cipher_suites, psk?.candidate.hash)
  const selected = psk?.mode === 'psk_ke' ? undefined : selectGroup(settings, firstOffer)
  const alpn = selectProtocol(settings, firstOffer.alpn)
  transcript.choose(suite.hash)

  const retried = selected !== undefined && selected.share === undefined
  const final = retried
    ? yield* retry(exchange, { first, offer: firstOffer, suite, group: selected.group })
    : { hello: first, offer: firstOffer }
  const proof = prove(exchange, final, psk)
  transcript.add(final.hello.bytes)
  const earlyData = yield* acceptsEarlyData(settings, firstOffer, { psk: proof.by === 'psk' ? proof : undefined, suite, alpn, retried })
  const group = selected?.group
  const clientTypes = find(firstOffer.hello.extensions, 'client_certificate_type')
  const asks = settings.clientAuth !== undefined && proof.by === 'certificate'
  const clientType = asks ? chooseType(clientTypes, settings.clientCertificateTypes) : 'X509'
  return {
    clientType,
    earlyData,
    exchange,
    offer: final.offer,
    suite,
    alpn,
    group,
    share: group && final.offer.shares.get(group.group),
    proof,
    retried,
  }
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

interface FirstHello {
  readonly first: Message<'client_hello'>
  readonly offer: Offer
  readonly suite: CipherSuite
  readonly group: KeyExchange
}

/** HelloRetryRequest (RFC 9846 §4.2.4), and the second ClientHello. */
function* retry(exchange: Exchange<ServerSettings>, { first, offer, suite, group }: FirstHello): Dialogue<Heard> {
  const { settings, transcript } = exchange
  transcript.add(first.bytes)
  transcript.replaceByMessageHash()
  const extensions = shape(settings, 'hello_retry_request', [
    extension('hello_retry_request', 'key_share', group.group),
    extension('hello_retry_request', 'supported_versions', tls13),
  ])
  say(exchange, 'hello_retry_request', { ...fixedFields(offer, suite), random: retryRandom, extensions })
  followClientsCompatibility(exchange, offer)
  if (find(offer.hello.extensions, 'early_data')) exchange.io.skipEarlyData()
  const hello = yield* expect('client_hello')
  const second = readOffer(hello)
  checkRetriedOffer(offer, second, { group: group.group, cookie: find(extensions, 'cookie') })
  return { hello, offer: second }
}

/** ServerHello; then the handshake's keys are in use. */
export function sayServerHello({ exchange, offer, suite, group, share, proof, earlyData }: Agreement): HandshakeSecrets {
  const answer = group && share ? group.respond(share) : undefined
  const extensions: Extension<'server_hello'>[] = []
  if (group && answer) extensions.push(extension('server_hello', 'key_share', { group: group.group, key_exchange: answer.share }))
  if (proof.by === 'psk') extensions.push(extension('server_hello', 'pre_shared_key', proof.index))
  extensions.push(extension('server_hello', 'supported_versions', tls13))
  say(exchange, 'server_hello', {
    ...fixedFields(offer, suite),
    random: exchange.settings.crypto.random(32),
    extensions: shape(exchange.settings, 'server_hello', extensions),
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
