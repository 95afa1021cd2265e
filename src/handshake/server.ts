/** The server's handshake, in the order of RFC 9846 §2, figure 1. */
import { TlsError } from '../error.ts'
import { type Extension, extension } from '../wire/extensions.ts'
import { authenticatePeer, type PeerVerified, proveIdentity, readChain } from './auth.ts'
import type { Dialogue, Io } from './dialogue.ts'
import type { Established } from './established.ts'
import { type Exchange, hear, hearFinished, say, sayFinished } from './exchange.ts'
import { shape, typesOf } from './extensions.ts'
import { type ApplicationSecrets, applicationSecrets, type HandshakeSecrets, lastingSecrets } from './secrets.ts'
import { selectPskMode } from './select.ts'
import { type Agreement, negotiate, sayServerHello } from './server-negotiation.ts'
import type { ServerSettings } from './settings.ts'

export function* serverHandshake(io: Io): Dialogue<Established> {
  const agreement = yield* negotiate(io)
  const { exchange, suite, proof } = agreement
  const secrets = sayServerHello(agreement)
  const request = sayParameters(agreement)
  if (proof.by === 'certificate') yield* proveIdentity(exchange, 'server', proof.identity, proof.scheme)
  sayFinished(exchange, suite.hash, secrets.server)
  const application = applicationSecrets(exchange, secrets)
  io.keys('out', 'application', suite, application.server)
  if (agreement.earlyData) yield* hearEndOfEarlyData(agreement, secrets)
  const client = request && (yield* authenticateClient(exchange, request))
  yield* hearFinished(exchange, suite.hash, secrets.client)
  return finish(agreement, secrets, application, client)
}

/**
 * EncryptedExtensions, and CertificateRequest where clients are asked to authenticate; a PSK leaves no room for that (RFC 9846 §4.4.2).
 * Returns the extensions of the request.
 */
function sayParameters({ exchange, offer, alpn, proof, earlyData }: Agreement): CertificateRequest | undefined {
  const { settings } = exchange
  const extensions: Extension<'encrypted_extensions'>[] = []
  if (offer.serverName !== undefined) extensions.push(extension('encrypted_extensions', 'server_name', {}))
  if (alpn) extensions.push(extension('encrypted_extensions', 'application_layer_protocol_negotiation', [alpn]))
  if (earlyData) extensions.push(extension('encrypted_extensions', 'early_data', {}))
  say(exchange, 'encrypted_extensions', { extensions: shape(settings, 'encrypted_extensions', extensions) })
  return settings.clientAuth && proof.by !== 'psk' ? sayCertificateRequest(exchange) : undefined
}

/** EndOfEarlyData: what follows is under the handshake's keys (RFC 9846 §4.6). */
function* hearEndOfEarlyData({ exchange, suite }: Agreement, secrets: HandshakeSecrets): Dialogue<void> {
  yield* hear(exchange, 'end_of_early_data')
  exchange.io.keys('in', 'handshake', suite, secrets.client)
}

type CertificateRequest = readonly Extension<'certificate_request'>[]

function sayCertificateRequest(exchange: Exchange<ServerSettings>): CertificateRequest {
  const { settings } = exchange
  const schemes = settings.verifiers.map(verifier => verifier.scheme)
  const extensions = [
    extension('certificate_request', 'signature_algorithms', schemes),
    extension('certificate_request', 'signature_algorithms_cert', settings.certificateSignatureSchemes),
  ]
  if (settings.certificateAuthorities.length > 0) {
    extensions.push(extension('certificate_request', 'certificate_authorities', settings.certificateAuthorities))
  }
  const shaped = shape(settings, 'certificate_request', extensions)
  say(exchange, 'certificate_request', { certificate_request_context: new Uint8Array(0), extensions: shaped })
  return shaped
}

/** The client's Certificate, and CertificateVerify unless it is empty. */
function* authenticateClient(exchange: Exchange<ServerSettings>, request: CertificateRequest): Dialogue<PeerVerified | undefined> {
  const chain = readChain(exchange, yield* hear(exchange, 'certificate'), typesOf(request))
  if (chain.length > 0) return yield* authenticatePeer(exchange, 'client', chain, undefined)
  if (exchange.settings.clientAuth === 'require') throw new TlsError('certificate-required', 'the client has no certificate to offer')
  return undefined
}

function finish(
  { exchange, offer, suite, group, alpn, proof, retried }: Agreement,
  secrets: HandshakeSecrets,
  application: ApplicationSecrets,
  client: PeerVerified | undefined,
): Established {
  exchange.io.keys('in', 'application', suite, application.client)
  const byCertificate = proof.by === 'certificate' ? proof : undefined
  return {
    suite,
    group,
    signatureScheme: byCertificate?.scheme,
    psk: proof.by === 'psk' ? proof.candidate : undefined,
    resumable: selectPskMode(exchange.settings, offer) !== undefined,
    alpn,
    serverName: offer.serverName,
    peer: client?.peer,
    localIdentity: byCertificate?.identity,
    retried,
    secrets: lastingSecrets(exchange, secrets, application),
  }
}
