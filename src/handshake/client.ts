/** The client's handshake, in the order of RFC 9846 §2, figure 1. */
import { TlsError } from '../error.ts'
import type { Identity } from '../types.ts'
import { equal } from '../wire/bytes.ts'
import { type Extension, find } from '../wire/extensions.ts'
import type { Message } from '../wire/messages.ts'
import { authenticatePeer, chooseScheme, type PeerVerified, proveIdentity, provenByPsk, readChain, sayNoCertificate } from './auth.ts'
import { type Agreement, negotiate } from './client-negotiation.ts'
import { ask, type Dialogue, type Io } from './dialogue.ts'
import { checkAcceptance } from './early-data.ts'
import type { Established } from './established.ts'
import { type Exchange, hear, hearFinished, say, sayFinished } from './exchange.ts'
import { refuseUnsolicited, typesOf } from './extensions.ts'
import { type ApplicationSecrets, applicationSecrets, lastingSecrets } from './secrets.ts'
import type { ClientSettings } from './settings.ts'

export function* clientHandshake(settings: ClientSettings, io: Io): Dialogue<Established> {
  const agreement = yield* negotiate(settings, io)
  const { exchange, suite, secrets } = agreement
  const { alpn, earlyData } = yield* readServerParameters(agreement)
  const { request, server } = agreement.psk
    ? { request: undefined, server: provenByPsk(agreement.psk) }
    : yield* authenticateServer(agreement)
  yield* hearFinished(exchange, suite.hash, secrets.server)
  const application = applicationSecrets(exchange, secrets)
  io.keys('in', 'application', suite, application.server)
  if (settings.compatibilityMode) io.changeCipherSpec()
  if (earlyData) endEarlyData(agreement)
  const localIdentity = request && (yield* authenticateSelf(exchange, request))
  return finish(agreement, application, server, { alpn, localIdentity })
}

type CertificateRequest = Message<'certificate_request'>['body']

interface ServerParameters {
  readonly alpn: Uint8Array | undefined
  /** Whether early data was taken. */
  readonly earlyData: boolean
}

/** EncryptedExtensions. */
function* readServerParameters(agreement: Agreement): Dialogue<ServerParameters> {
  const { exchange, hello, early, suite, psk, secrets } = agreement
  const { extensions } = (yield* hear(exchange, 'encrypted_extensions')).body
  refuseUnsolicited('encrypted_extensions', extensions, typesOf(hello.extensions))
  const alpn = readProtocol(exchange, extensions)
  const earlyData = find(extensions, 'early_data') !== undefined
  if (early && earlyData) checkAcceptance(early, { psk, suite, alpn })
  if (early) exchange.io.earlyDataResult(earlyData)
  if (early && !earlyData) exchange.io.keys('out', 'handshake', suite, secrets.client)
  return { alpn, earlyData }
}

/** EndOfEarlyData, the last message under the keys of early data (RFC 9846 §4.6). */
function endEarlyData({ exchange, suite, secrets }: Agreement): void {
  say(exchange, 'end_of_early_data', {})
  exchange.io.keys('out', 'handshake', suite, secrets.client)
}

function readProtocol(
  exchange: Exchange<ClientSettings>,
  extensions: readonly Extension<'encrypted_extensions'>[],
): Uint8Array | undefined {
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
function* authenticateServer({ exchange, hello }: Agreement): Dialogue<{ request: CertificateRequest | undefined; server: PeerVerified }> {
  const next = yield* hear(exchange, 'certificate_request', 'certificate')
  const request = next.name === 'certificate_request' ? readRequest(next.body) : undefined
  const certificate = next.name === 'certificate' ? next : yield* hear(exchange, 'certificate')
  const chain = readChain(exchange, certificate, typesOf(hello.extensions))
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
  { exchange, suite, group, psk, retried, secrets }: Agreement,
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
    psk,
    resumable: exchange.settings.pskModes.length > 0,
    alpn,
    serverName: exchange.settings.serverName,
    peer: server.peer,
    localIdentity,
    retried,
    secrets: lastingSecrets(exchange, secrets, application),
  }
}
