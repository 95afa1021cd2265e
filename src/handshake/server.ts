/** The server's handshake, in the order of RFC 9846 §2, figure 1. */
import { TlsError } from '../error.ts'
import type { CertificateType } from '../types.ts'
import { type Extension, extension, find } from '../wire/extensions.ts'
import { type PeerVerified, proveIdentity } from './auth.ts'
import type { CertificateTerms } from './certificate-message.ts'
import { certificateTypeCodes } from './certificate-type.ts'
import { hearClientCertificate, sayCertificateRequest } from './client-auth.ts'
import type { Dialogue, Io } from './dialogue.ts'
import type { Established } from './established.ts'
import { type Exchange, hear, hearFinished, say, sayFinished } from './exchange.ts'
import { shape, typesOf } from './extensions.ts'
import { maxRecordSize } from './record-size.ts'
import { type ApplicationSecrets, applicationSecrets, erase, type HandshakeSecrets, lastingSecrets } from './secrets.ts'
import { selectPskMode } from './select.ts'
import { type Agreement, negotiate, sayServerHello } from './server-negotiation.ts'
import type { ServerSettings } from './settings.ts'

export function* serverHandshake(io: Io): Dialogue<Established> {
  const agreement = yield* negotiate(io)
  io.agreed({ suite: agreement.suite, alpn: agreement.alpn, serverName: agreement.offer.serverName })
  const secrets = sayServerHello(agreement)
  try {
    return yield* authenticate(agreement, secrets)
  } finally {
    erase(secrets)
  }
}

/** All that follows ServerHello. */
function* authenticate(agreement: Agreement, secrets: HandshakeSecrets): Dialogue<Established> {
  const { exchange, suite, proof } = agreement
  const request = sayParameters(agreement)
  if (proof.by === 'certificate') yield* proveIdentity(exchange, 'server', proof, ownTerms(agreement, proof.type))
  sayFinished(exchange, suite.hash, secrets.server)
  const application = applicationSecrets(exchange, secrets)
  exchange.io.keys('out', 'application', suite, application.server)
  if (agreement.earlyData) yield* hearEndOfEarlyData(agreement, secrets)
  const client = request && (yield* authenticateClient(exchange, request))
  yield* hearFinished(exchange, suite.hash, secrets.client)
  return finish(agreement, secrets, application, client)
}

/** What the client's hello says about the server's certificate. */
function ownTerms({ offer }: Agreement, type: CertificateType): CertificateTerms {
  const { extensions } = offer.hello
  return { context: none, type, requested: typesOf(extensions), compression: find(extensions, 'compress_certificate') ?? [] }
}

/**
 * EncryptedExtensions, and CertificateRequest where clients are asked to authenticate; a PSK leaves no room for that (RFC 9846 §4.4.2).
 * Returns what the client's answer has to keep to.
 */
function sayParameters({ exchange, offer, alpn, proof, earlyData, clientType }: Agreement): CertificateTerms | undefined {
  const { settings } = exchange
  const { extensions: asked } = offer.hello
  const asks = settings.clientAuth !== undefined && proof.by !== 'psk'
  const extensions: Extension<'encrypted_extensions'>[] = []
  const add = (each: Extension<'encrypted_extensions'>) => extensions.push(each)
  if (offer.serverName !== undefined) add(extension('encrypted_extensions', 'server_name', {}))
  if (alpn) add(extension('encrypted_extensions', 'application_layer_protocol_negotiation', [alpn]))
  if (proof.by === 'certificate' && find(asked, 'server_certificate_type')) {
    add(extension('encrypted_extensions', 'server_certificate_type', certificateTypeCodes[proof.type]))
  }
  if (asks && find(asked, 'client_certificate_type')) {
    add(extension('encrypted_extensions', 'client_certificate_type', certificateTypeCodes[clientType]))
  }
  if (offer.recordSizeLimit !== undefined) add(extension('encrypted_extensions', 'record_size_limit', ownRecordSize(settings)))
  if (earlyData) add(extension('encrypted_extensions', 'early_data', {}))
  if (offer.recordSizeLimit !== undefined) limitRecords(exchange, offer.recordSizeLimit)
  say(exchange, 'encrypted_extensions', { extensions: shape(settings, 'encrypted_extensions', extensions) })
  return asks ? sayCertificateRequest(exchange, none, clientType) : undefined
}

/** RFC 8449: from here on, all records of both sides are protected and within the other's limit. */
function limitRecords({ settings, io }: Exchange<ServerSettings>, limit: number): void {
  io.limitRecords('out', Math.min(limit, maxRecordSize) - 1)
  io.limitRecords('in', ownRecordSize(settings) - 1)
}

function ownRecordSize({ recordSizeLimit }: ServerSettings): number {
  return recordSizeLimit ?? maxRecordSize
}

/** EndOfEarlyData: what follows is under the handshake's keys (RFC 9846 §4.6). */
function* hearEndOfEarlyData({ exchange, suite }: Agreement, secrets: HandshakeSecrets): Dialogue<void> {
  yield* hear(exchange, 'end_of_early_data')
  exchange.io.keys('in', 'handshake', suite, secrets.client)
}

/** The client's Certificate and CertificateVerify. */
function* authenticateClient(exchange: Exchange<ServerSettings>, terms: CertificateTerms): Dialogue<PeerVerified | undefined> {
  const client = yield* hearClientCertificate(exchange, terms)
  if (!client && exchange.settings.clientAuth === 'require') {
    throw new TlsError('certificate-required', 'the client has no certificate to offer')
  }
  return client
}

function finish(
  { exchange, offer, suite, group, alpn, proof, retried, clientType }: Agreement,
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
    later: find(offer.hello.extensions, 'post_handshake_auth') ? { role: 'server', exchange, type: clientType } : undefined,
    resumable: selectPskMode(exchange.settings, offer) !== undefined,
    alpn,
    serverName: offer.serverName,
    peer: client?.peer,
    localIdentity: byCertificate?.identity,
    retried,
    secrets: lastingSecrets(exchange, secrets, application),
  }
}

const none = new Uint8Array(0)
