/** The client's handshake, in the order of RFC 9846 §2, figure 1. */
import { TlsError } from '../error.ts'
import type { CertificateType, Identity } from '../types.ts'
import { equal } from '../wire/bytes.ts'
import { type Extension, find } from '../wire/extensions.ts'
import { authenticatePeer, type PeerVerified, provenByPsk } from './auth.ts'
import { certificateNames, credentialsOf } from './certificate-message.ts'
import { selectedType } from './certificate-type.ts'
import { answerRequest, type CertificateRequest, readRequest } from './client-auth.ts'
import { type Agreement, negotiate } from './client-negotiation.ts'
import type { Dialogue, Io } from './dialogue.ts'
import { checkAcceptance } from './early-data.ts'
import type { Established } from './established.ts'
import { type Exchange, hear, hearFinished, say, sayFinished } from './exchange.ts'
import { refuseUnsolicited, typesOf } from './extensions.ts'
import { leastRecordSize, maxRecordSize } from './record-size.ts'
import { type ApplicationSecrets, applicationSecrets, erase, lastingSecrets } from './secrets.ts'
import type { ClientSettings } from './settings.ts'

export function* clientHandshake(settings: ClientSettings, io: Io): Dialogue<Established> {
  const agreement = yield* negotiate(settings, io)
  io.agreed({ suite: agreement.suite })
  try {
    return yield* authenticate(agreement)
  } finally {
    erase(agreement.secrets)
  }
}

/** All that follows ServerHello. */
function* authenticate(agreement: Agreement): Dialogue<Established> {
  const { exchange, suite, secrets } = agreement
  const { settings, io } = exchange
  const { alpn, earlyData, serverType, clientType } = yield* readServerParameters(agreement)
  const { request, server } = agreement.psk
    ? { request: undefined, server: provenByPsk(agreement.psk) }
    : yield* authenticateServer(agreement, serverType)
  yield* hearFinished(exchange, suite.hash, secrets.server)
  const application = applicationSecrets(exchange, secrets)
  io.keys('in', 'application', suite, application.server)
  if (settings.compatibilityMode) io.changeCipherSpec()
  if (earlyData) endEarlyData(agreement)
  const localIdentity = request && (yield* answerRequest(exchange, request, clientType))
  return finish(agreement, application, server, { alpn, clientType, localIdentity })
}

interface ServerParameters {
  readonly alpn: Uint8Array | undefined
  /** Whether early data was taken. */
  readonly earlyData: boolean
  readonly serverType: CertificateType
  readonly clientType: CertificateType
}

/** EncryptedExtensions. */
function* readServerParameters(agreement: Agreement): Dialogue<ServerParameters> {
  const { exchange, hello, early, suite, psk, secrets } = agreement
  const { extensions } = (yield* hear(exchange, 'encrypted_extensions')).body
  refuseUnsolicited('encrypted_extensions', extensions, typesOf(hello.extensions))
  const alpn = readProtocol(exchange, extensions)
  exchange.io.agreed({ alpn })
  const earlyData = find(extensions, 'early_data') !== undefined
  if (early && earlyData) checkAcceptance(early, { psk, suite, alpn })
  if (early) exchange.io.earlyDataResult(earlyData)
  if (early && !earlyData) exchange.io.keys('out', 'handshake', suite, secrets.client)
  limitRecords(exchange, find(extensions, 'record_size_limit'))
  const { serverCertificateTypes, clientCertificateTypes } = exchange.settings
  const serverType = selectedType(find(extensions, 'server_certificate_type'), serverCertificateTypes)
  const clientType = selectedType(find(extensions, 'client_certificate_type'), clientCertificateTypes)
  return { alpn, earlyData, serverType, clientType }
}

/** RFC 8449: both limits hold where both sides have told theirs. */
function limitRecords({ settings, io }: Exchange<ClientSettings>, limit: number | undefined): void {
  if (limit === undefined) return
  if (limit < leastRecordSize || limit > maxRecordSize) throw new TlsError('illegal-value', `record_size_limit is ${limit}`)
  io.limitRecords('out', limit - 1)
  if (settings.recordSizeLimit !== undefined) io.limitRecords('in', settings.recordSizeLimit - 1)
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

interface ServerAuthentication {
  readonly request: CertificateRequest | undefined
  readonly server: PeerVerified
}

/** CertificateRequest if there is one, then the server's Certificate and CertificateVerify. */
function* authenticateServer({ exchange, hello }: Agreement, type: CertificateType): Dialogue<ServerAuthentication> {
  const { settings } = exchange
  if (!settings.serverCertificateTypes.includes(type)) {
    throw new TlsError('certificate-type', `the server answers with a certificate of type ${type}, which was not offered`)
  }
  const terms = {
    context: none,
    type,
    requested: typesOf(hello.extensions),
    compression: settings.decompressors.map(each => each.algorithm),
  }
  const next = yield* hear(exchange, 'certificate_request', ...certificateNames(terms))
  const request = next.name === 'certificate_request' ? readRequest(next.body, 'handshake') : undefined
  const certificate = next.name === 'certificate_request' ? yield* hear(exchange, ...certificateNames(terms)) : next
  const credentials = credentialsOf(exchange, certificate, terms)
  if (credentials.chain.length === 0) throw new TlsError('certificate-missing', 'the server sends no certificate')
  return { request, server: yield* authenticatePeer(exchange, 'server', credentials, settings) }
}

/** The client's Finished. It takes the proof that the server was authenticated. */
function finish(
  { exchange, suite, group, psk, retried, secrets }: Agreement,
  application: ApplicationSecrets,
  server: PeerVerified,
  { alpn, clientType, localIdentity }: { alpn: Uint8Array | undefined; clientType: CertificateType; localIdentity: Identity | undefined },
): Established {
  sayFinished(exchange, suite.hash, secrets.client)
  exchange.io.keys('out', 'application', suite, application.client)
  return {
    suite,
    group,
    signatureScheme: server.scheme,
    psk,
    later: exchange.settings.postHandshakeAuth ? { role: 'client', exchange, type: clientType } : undefined,
    resumable: exchange.settings.pskModes.length > 0,
    alpn,
    serverName: exchange.settings.serverName,
    peer: server.peer,
    localIdentity,
    retried,
    secrets: lastingSecrets(exchange, secrets, application),
  }
}

const none = new Uint8Array(0)
