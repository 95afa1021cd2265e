/** What a client offers. Binders are still to be computed. */
import { fromText } from '../wire/bytes.ts'
import { type Extension, extension, hostName } from '../wire/extensions.ts'
import type { ClientHello } from '../wire/messages.ts'
import { offeredTypes } from './certificate-type.ts'
import { emptyOcspRequest } from './client-auth.ts'
import { shape } from './extensions.ts'
import { offerPsks, type PskCandidate, pskModes } from './psk.ts'
import type { ClientSettings } from './settings.ts'
import { legacyVersion, tls13 } from './version.ts'

interface Variable {
  readonly shares: readonly { readonly group: number; readonly key_exchange: Uint8Array }[]
  /** Of a HelloRetryRequest. */
  readonly cookie: Uint8Array | undefined
  readonly candidates: readonly PskCandidate[]
  readonly earlyData: boolean
  /** The first ClientHello, where this is the second: it keeps random and session id (RFC 9846 §4.2.2). */
  readonly previous: ClientHello | undefined
}

export function clientHello(settings: ClientSettings, variable: Variable): ClientHello {
  const { crypto, compatibilityMode, cipherSuites } = settings
  const { previous } = variable
  return {
    legacy_version: legacyVersion,
    random: previous?.random ?? crypto.random(32),
    legacy_session_id: previous?.legacy_session_id ?? (compatibilityMode ? crypto.random(32) : new Uint8Array(0)),
    cipher_suites: cipherSuites.map(suite => suite.id),
    legacy_compression_methods: [0],
    extensions: shape(settings, 'client_hello', extensions(settings, variable)),
  }
}

function extensions(settings: ClientSettings, { shares, cookie, candidates, earlyData }: Variable): readonly Extension<'client_hello'>[] {
  const schemes = settings.verifiers.map(verifier => verifier.scheme)
  const list: Extension<'client_hello'>[] = []
  const { sentServerName } = settings
  if (sentServerName !== undefined) {
    list.push(extension('client_hello', 'server_name', [{ name_type: hostName, host_name: fromText(sentServerName) }]))
  }
  list.push(
    extension(
      'client_hello',
      'supported_groups',
      settings.groups.map(each => each.group),
    ),
    extension('client_hello', 'signature_algorithms', schemes),
    extension('client_hello', 'signature_algorithms_cert', settings.certificateSignatureSchemes),
  )
  if (settings.alpn.length > 0) list.push(extension('client_hello', 'application_layer_protocol_negotiation', settings.alpn))
  list.push(...aboutCertificates(settings))
  list.push(extension('client_hello', 'supported_versions', [tls13]), extension('client_hello', 'key_share', shares))
  if (cookie) list.push(extension('client_hello', 'cookie', cookie))
  const modes = settings.pskModes.map(mode => pskModes[mode])
  if (modes.length > 0) list.push(extension('client_hello', 'psk_key_exchange_modes', modes))
  if (earlyData) list.push(extension('client_hello', 'early_data', {}))
  if (candidates.length > 0) list.push(offerPsks(candidates))
  return list
}

/** What is asked of the server's certificate and said about the client's, and the size of records. */
function aboutCertificates(settings: ClientSettings): readonly Extension<'client_hello'>[] {
  const list: Extension<'client_hello'>[] = []
  const serverTypes = offeredTypes(settings.serverCertificateTypes)
  const clientTypes = offeredTypes(settings.clientCertificateTypes)
  const compression = settings.decompressors.map(each => each.algorithm)
  if (settings.requestOcsp) list.push(extension('client_hello', 'status_request', emptyOcspRequest))
  if (settings.requestScts) list.push(extension('client_hello', 'signed_certificate_timestamp', new Uint8Array(0)))
  if (clientTypes) list.push(extension('client_hello', 'client_certificate_type', clientTypes))
  if (serverTypes) list.push(extension('client_hello', 'server_certificate_type', serverTypes))
  if (compression.length > 0) list.push(extension('client_hello', 'compress_certificate', compression))
  if (settings.recordSizeLimit !== undefined) list.push(extension('client_hello', 'record_size_limit', settings.recordSizeLimit))
  if (settings.postHandshakeAuth) list.push(extension('client_hello', 'post_handshake_auth', {}))
  return list
}
