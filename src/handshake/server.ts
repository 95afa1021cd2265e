/** The server's handshake, in the order of RFC 9846 §2, figure 1. */
import type { CipherSuite, CodePoint, KeyExchange } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import { Transcript } from '../schedule/transcript.ts'
import type { ClientHelloInfo, Identity } from '../types.ts'
import { toText } from '../wire/bytes.ts'
import { type Extension, extension } from '../wire/extensions.ts'
import { retryRandom } from '../wire/messages.ts'
import { authenticatePeer, type PeerVerified, proveIdentity, readChain } from './auth.ts'
import { checkRetriedOffer, type Offer, readOffer } from './client-offer.ts'
import { ask, type Dialogue, expect, type Io } from './dialogue.ts'
import type { Established } from './established.ts'
import { type Exchange, hear, hearFinished, say, sayFinished } from './exchange.ts'
import { shape } from './extensions.ts'
import { type ApplicationSecrets, applicationSecrets, type HandshakeSecrets, lastingSecrets, startHandshakeKeys } from './secrets.ts'
import { selectCipherSuite, selectGroup, selectIdentity, selectProtocol } from './select.ts'
import type { ServerSettings } from './settings.ts'
import { legacyVersion, tls13 } from './version.ts'

export function* serverHandshake(io: Io): Dialogue<Established> {
  const agreement = yield* negotiate(io)
  const { exchange, suite, identity, scheme } = agreement
  const { clientAuth } = exchange.settings
  const secrets = sayServerHello(agreement)
  sayParameters(agreement)
  yield* proveIdentity(exchange, 'server', identity, scheme)
  sayFinished(exchange, suite.hash, secrets.server)
  const application = applicationSecrets(exchange, secrets)
  io.keys('out', 'application', suite, application.server)
  const client = clientAuth && (yield* authenticateClient(exchange, clientAuth))
  yield* hearFinished(exchange, suite.hash, secrets.client)
  return finish(agreement, secrets, application, client)
}

interface Agreement {
  readonly exchange: Exchange<ServerSettings>
  readonly offer: Offer
  readonly suite: CipherSuite
  readonly group: KeyExchange
  /** The client's, for `group`. */
  readonly share: Uint8Array
  readonly alpn: Uint8Array | undefined
  readonly identity: Identity
  readonly scheme: CodePoint
  readonly retried: boolean
}

/** ClientHello, and a HelloRetryRequest and the second ClientHello where the first has no share for the group. */
function* negotiate(io: Io): Dialogue<Agreement> {
  const transcript = new Transcript()
  const first = yield* expect('client_hello')
  const offer = readOffer(first)
  const settings = yield* ask('client-hello', { hello: describe(offer) })
  const exchange = { settings, io, transcript, clientRandom: offer.hello.random }
  const suite = selectCipherSuite(settings, offer.hello.cipher_suites)
  const { group, share } = selectGroup(settings, offer)
  const alpn = selectProtocol(settings, offer.alpn)
  const { identity, scheme } = selectIdentity(exchange, offer.signatureSchemes)
  transcript.choose(suite.hash)
  transcript.add(first.bytes)
  const chosen = { exchange, offer, suite, group, alpn, identity, scheme }
  if (share) return { ...chosen, share, retried: false }
  return { ...chosen, share: yield* retry(chosen), retried: true }
}

/** HelloRetryRequest (RFC 9846 §4.2.4). Returns the share of the second ClientHello. */
function* retry({ exchange, offer, suite, group }: Omit<Agreement, 'share' | 'retried'>): Dialogue<Uint8Array> {
  const { settings, transcript } = exchange
  transcript.replaceByMessageHash()
  say(exchange, 'hello_retry_request', {
    ...fixedFields(offer, suite),
    random: retryRandom,
    extensions: shape(settings, 'hello_retry_request', [
      extension('hello_retry_request', 'key_share', group.group),
      extension('hello_retry_request', 'supported_versions', tls13),
    ]),
  })
  followClientsCompatibility(exchange, offer)
  const second = readOffer(yield* hear(exchange, 'client_hello'))
  checkRetriedOffer(offer, second, group.group)
  return second.shares.get(group.group) ?? new Uint8Array(0)
}

/** ServerHello; then the handshake's keys are in use. */
function sayServerHello({ exchange, offer, suite, group, share }: Agreement): HandshakeSecrets {
  const answer = group.respond(share)
  say(exchange, 'server_hello', {
    ...fixedFields(offer, suite),
    random: exchange.settings.crypto.random(32),
    extensions: shape(exchange.settings, 'server_hello', [
      extension('server_hello', 'key_share', { group: group.group, key_exchange: answer.share }),
      extension('server_hello', 'supported_versions', tls13),
    ]),
  })
  followClientsCompatibility(exchange, offer)
  return startHandshakeKeys(exchange, suite, answer.secret, 'client')
}

/** EncryptedExtensions, and CertificateRequest where clients are asked to authenticate. */
function sayParameters({ exchange, offer, alpn }: Agreement): void {
  const { settings } = exchange
  const extensions: Extension<'encrypted_extensions'>[] = []
  if (offer.serverName !== undefined) extensions.push(extension('encrypted_extensions', 'server_name', {}))
  if (alpn) extensions.push(extension('encrypted_extensions', 'application_layer_protocol_negotiation', [alpn]))
  say(exchange, 'encrypted_extensions', { extensions: shape(settings, 'encrypted_extensions', extensions) })
  if (settings.clientAuth) sayCertificateRequest(exchange)
}

function sayCertificateRequest(exchange: Exchange<ServerSettings>): void {
  const { settings } = exchange
  const schemes = settings.verifiers.map(verifier => verifier.scheme)
  const extensions = [
    extension('certificate_request', 'signature_algorithms', schemes),
    extension('certificate_request', 'signature_algorithms_cert', settings.certificateSignatureSchemes),
  ]
  if (settings.certificateAuthorities.length > 0) {
    extensions.push(extension('certificate_request', 'certificate_authorities', settings.certificateAuthorities))
  }
  say(exchange, 'certificate_request', {
    certificate_request_context: new Uint8Array(0),
    extensions: shape(settings, 'certificate_request', extensions),
  })
}

/** The client's Certificate, and CertificateVerify unless it is empty. */
function* authenticateClient(exchange: Exchange<ServerSettings>, clientAuth: 'request' | 'require'): Dialogue<PeerVerified | undefined> {
  const chain = readChain(exchange, yield* hear(exchange, 'certificate'), new Set())
  if (chain.length > 0) return yield* authenticatePeer(exchange, 'client', chain, undefined)
  if (clientAuth === 'require') throw new TlsError('certificate-required', 'the client has no certificate to offer')
  return undefined
}

function finish(
  { exchange, offer, suite, group, alpn, identity, scheme, retried }: Agreement,
  secrets: HandshakeSecrets,
  application: ApplicationSecrets,
  client: PeerVerified | undefined,
): Established {
  exchange.io.keys('in', 'application', suite, application.client)
  return {
    suite,
    group,
    signatureScheme: scheme,
    alpn,
    serverName: offer.serverName,
    peer: client?.peer,
    localIdentity: identity,
    retried,
    secrets: lastingSecrets(exchange, secrets, application),
  }
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
