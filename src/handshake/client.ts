/** The client's handshake, in the order of RFC 9846 §2, figure 1. */
import type { CipherSuite, KeyExchange, KeyPair } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import { Transcript } from '../schedule/transcript.ts'
import type { Identity } from '../types.ts'
import { equal } from '../wire/bytes.ts'
import { extensionTable, find } from '../wire/extensions.ts'
import { type ClientHello, encodeMessage, type HelloRetryRequest, type Message, type ServerHello } from '../wire/messages.ts'
import { authenticatePeer, chooseScheme, type PeerVerified, proveIdentity, readChain, sayNoCertificate } from './auth.ts'
import { clientHello } from './client-hello.ts'
import { ask, type Dialogue, expect, type Io } from './dialogue.ts'
import type { Established } from './established.ts'
import { type Exchange, hear, hearFinished, sayFinished } from './exchange.ts'
import { refuseUnsolicited, typesOf } from './extensions.ts'
import { type ApplicationSecrets, applicationSecrets, type HandshakeSecrets, lastingSecrets, startHandshakeKeys } from './secrets.ts'
import type { ClientSettings } from './settings.ts'
import { checkDowngrade, legacyVersion, tls13 } from './version.ts'

export function* clientHandshake(settings: ClientSettings, io: Io): Dialogue<Established> {
  const agreement = yield* negotiate(settings, io)
  const { exchange, suite, secrets } = agreement
  const alpn = yield* readServerParameters(agreement)
  const { request, server } = yield* authenticateServer(exchange)
  yield* hearFinished(exchange, suite.hash, secrets.server)
  const application = applicationSecrets(exchange, secrets)
  io.keys('in', 'application', suite, application.server)
  if (settings.compatibilityMode) io.changeCipherSpec()
  const localIdentity = request && (yield* authenticateSelf(exchange, request))
  return finish(agreement, application, server, { alpn, localIdentity })
}

interface Agreement {
  readonly exchange: Exchange<ClientSettings>
  readonly hello: ClientHello
  readonly suite: CipherSuite
  readonly group: KeyExchange
  readonly retried: boolean
  readonly secrets: HandshakeSecrets
}

type CertificateRequest = Message<'certificate_request'>['body']

/** ClientHello, HelloRetryRequest if need be, ServerHello; then the handshake's keys are in use. */
function* negotiate(settings: ClientSettings, io: Io): Dialogue<Agreement> {
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
  const { group, sharedSecret } = agree(serverHello, offer, settings)

  if (!retry) transcript.choose(suite.hash)
  transcript.add(bytes)
  const secrets = startHandshakeKeys(exchange, suite, sharedSecret, 'server')
  return { exchange, hello: offer.hello, suite, group, retried: retry !== undefined, secrets }
}

interface Offer {
  readonly hello: ClientHello
  readonly pairs: ReadonlyMap<number, KeyPair>
}

interface HelloChange {
  readonly keyShares: readonly KeyExchange[]
  readonly cookie?: Uint8Array | undefined
  /** The hello that is repeated, and the shares that are kept where the retry asks for no other. */
  readonly previous?: Offer
}

function sayHello(settings: ClientSettings, io: Io, transcript: Transcript, change: HelloChange): Offer {
  const { previous } = change
  const pairs = new Map(change.keyShares.map(group => [group.group, previous?.pairs.get(group.group) ?? group.generate()]))
  const shares = [...pairs].map(([group, pair]) => ({ group, key_exchange: pair.share }))
  const hello = clientHello(settings, { shares, cookie: change.cookie, previous: previous?.hello })
  const message = encodeMessage('client_hello', hello)
  transcript.add(message.bytes)
  io.send('client_hello', message.bytes)
  return { hello, pairs }
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
  if (settings.compatibilityMode) io.changeCipherSpec()
  return sayHello(settings, io, transcript, { keyShares: group ? [group] : settings.keyShares, cookie, previous: first })
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

function agree(serverHello: ServerHello, offer: Offer, settings: ClientSettings): { group: KeyExchange; sharedSecret: Uint8Array } {
  const share = find(serverHello.extensions, 'key_share')
  if (!share) throw new TlsError('missing-extension', 'ServerHello has no key_share')
  const pair = offer.pairs.get(share.group)
  const group = settings.groups.find(each => each.group === share.group)
  if (!pair || !group)
    throw new TlsError('illegal-selection', `ServerHello answers with group ${share.group}, for which no share was offered`)
  return { group, sharedSecret: pair.agree(share.key_exchange) }
}

/** EncryptedExtensions. Returns the application protocol. */
function* readServerParameters({ exchange, hello }: Agreement): Dialogue<Uint8Array | undefined> {
  const { extensions } = (yield* hear(exchange, 'encrypted_extensions')).body
  refuseUnsolicited('encrypted_extensions', extensions, typesOf(hello.extensions))
  const protocols = find(extensions, 'application_layer_protocol_negotiation')
  if (!protocols) return undefined
  const [chosen, another] = protocols
  if (!chosen || another) throw new TlsError('illegal-selection', 'the server selects more than one application protocol')
  if (!exchange.settings.alpn.some(offered => equal(offered, chosen))) {
    throw new TlsError('illegal-selection', 'the server selects an application protocol that was not offered')
  }
  return chosen
}

/** CertificateRequest if there is one, then the server's Certificate and CertificateVerify. */
function* authenticateServer(
  exchange: Exchange<ClientSettings>,
): Dialogue<{ request: CertificateRequest | undefined; server: PeerVerified }> {
  const next = yield* hear(exchange, 'certificate_request', 'certificate')
  const request = next.name === 'certificate_request' ? readRequest(next.body) : undefined
  const certificate = next.name === 'certificate' ? next : yield* hear(exchange, 'certificate')
  const chain = readChain(exchange, certificate, new Set())
  if (chain.length === 0) throw new TlsError('certificate-missing', 'the server sends no certificate')
  return { request, server: yield* authenticatePeer(exchange, 'server', chain, exchange.settings.serverName) }
}

function readRequest(request: CertificateRequest): CertificateRequest {
  if (request.certificate_request_context.length > 0) {
    throw new TlsError('illegal-value', 'certificate_request_context of a request within the handshake is not empty')
  }
  if (!find(request.extensions, 'signature_algorithms'))
    throw new TlsError('missing-extension', 'CertificateRequest has no signature_algorithms')
  return request
}

/** Answers a CertificateRequest: with an identity that fits, or with an empty Certificate. */
function* authenticateSelf(exchange: Exchange<ClientSettings>, request: CertificateRequest): Dialogue<Identity | undefined> {
  const signatureSchemes = find(request.extensions, 'signature_algorithms') ?? []
  const authorities = find(request.extensions, 'certificate_authorities') ?? []
  const identity = yield* ask('certificate-request', { signatureSchemes, authorities })
  const scheme = identity ? chooseScheme(exchange, identity, signatureSchemes) : undefined
  if (!identity || scheme === undefined) {
    sayNoCertificate(exchange)
    return undefined
  }
  yield* proveIdentity(exchange, 'client', identity, scheme)
  return identity
}

/** The client's Finished. It takes the proof that the server was authenticated. */
function finish(
  { exchange, suite, group, retried, secrets }: Agreement,
  application: ApplicationSecrets,
  server: PeerVerified,
  { alpn, localIdentity }: { alpn: Uint8Array | undefined; localIdentity: Identity | undefined },
): Established {
  sayFinished(exchange, suite.hash, secrets.client)
  exchange.io.keys('out', 'application', suite, application.client)
  return {
    suite,
    group,
    signatureScheme: server.scheme,
    alpn,
    serverName: exchange.settings.serverName,
    peer: server.peer,
    localIdentity,
    retried,
    secrets: lastingSecrets(exchange, secrets, application),
  }
}
