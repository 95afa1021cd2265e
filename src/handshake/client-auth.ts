/** How a client authenticates, within the handshake and after it (RFC 9846 §4.4.2, §4.7.2): both sides of the exchange. */
import { TlsError } from '../error.ts'
import type { CertificateType, Identity } from '../types.ts'
import { type Extension, extension, find } from '../wire/extensions.ts'
import type { Body } from '../wire/messages.ts'
import { authenticatePeer, type PeerVerified, proveIdentity, signerOf } from './auth.ts'
import { type CertificateTerms, hearCredentials, sayNoCertificate } from './certificate-message.ts'
import { ask, type Dialogue } from './dialogue.ts'
import { type Exchange, say } from './exchange.ts'
import { shape, typesOf } from './extensions.ts'
import type { ClientSettings, ServerSettings } from './settings.ts'

export type CertificateRequest = Body<'certificate_request'>

/** Sends a CertificateRequest. Returns what the answer has to keep to. */
export function sayCertificateRequest(exchange: Exchange<ServerSettings>, context: Uint8Array, type: CertificateType): CertificateTerms {
  const { settings } = exchange
  const name = 'certificate_request'
  const schemes = settings.clientVerifiers.map(verifier => verifier.scheme)
  const list: Extension<'certificate_request'>[] = [
    extension(name, 'signature_algorithms', schemes),
    extension(name, 'signature_algorithms_cert', settings.certificateSignatureSchemes),
  ]
  if (settings.certificateAuthorities.length > 0) list.push(extension(name, 'certificate_authorities', settings.certificateAuthorities))
  if (settings.oidFilters.length > 0) {
    const filters = settings.oidFilters.map(({ oid, values }) => ({ certificate_extension_oid: oid, certificate_extension_values: values }))
    list.push(extension(name, 'oid_filters', filters))
  }
  if (settings.requestOcsp) list.push(extension(name, 'status_request', emptyOcspRequest))
  if (settings.requestScts) list.push(extension(name, 'signed_certificate_timestamp', none))
  const compression = settings.decompressors.map(each => each.algorithm)
  if (compression.length > 0) list.push(extension(name, 'compress_certificate', compression))
  const extensions = shape(settings, name, list)
  say(exchange, name, { certificate_request_context: context, extensions })
  return { context, type, requested: typesOf(extensions), compression }
}

/** The client's Certificate, and CertificateVerify unless it is empty. */
export function* hearClientCertificate(exchange: Exchange<ServerSettings>, terms: CertificateTerms): Dialogue<PeerVerified | undefined> {
  const credentials = yield* hearCredentials(exchange, terms)
  const { clientVerifiers } = exchange.settings
  if (credentials.chain.length > 0) return yield* authenticatePeer(exchange, 'client', credentials, { verifiers: clientVerifiers })
  return undefined
}

/** The checks of a CertificateRequest (RFC 9846 §4.4.2). */
export function readRequest(request: CertificateRequest, when: 'handshake' | 'post-handshake'): CertificateRequest {
  const { certificate_request_context: context, extensions } = request
  if (when === 'handshake' && context.length > 0) {
    throw new TlsError('illegal-value', 'certificate_request_context of a request within the handshake is not empty')
  }
  if (when === 'post-handshake' && context.length === 0) {
    throw new TlsError('illegal-value', 'certificate_request_context of a request after the handshake is empty')
  }
  if (!find(extensions, 'signature_algorithms')) throw new TlsError('missing-extension', 'CertificateRequest has no signature_algorithms')
  return request
}

/** Answers a CertificateRequest: with an identity that fits, or with an empty Certificate. */
export function* answerRequest(
  exchange: Exchange<ClientSettings>,
  { certificate_request_context: context, extensions }: CertificateRequest,
  type: CertificateType,
): Dialogue<Identity | undefined> {
  const signatureSchemes = find(extensions, 'signature_algorithms') ?? []
  const identity = yield* ask('certificate-request', {
    signatureSchemes,
    certificateSignatureSchemes: find(extensions, 'signature_algorithms_cert') ?? signatureSchemes,
    authorities: find(extensions, 'certificate_authorities') ?? [],
    oidFilters: (find(extensions, 'oid_filters') ?? []).map(filter => ({
      oid: filter.certificate_extension_oid,
      values: filter.certificate_extension_values,
    })),
    postHandshake: context.length > 0,
  })
  const terms = { context, type, requested: typesOf(extensions), compression: find(extensions, 'compress_certificate') ?? [] }
  const signer = identity ? signerOf(exchange, identity, signatureSchemes, type) : undefined
  if (signer) yield* proveIdentity(exchange, 'client', signer, terms)
  else sayNoCertificate(exchange, terms)
  return signer?.identity
}

const none = new Uint8Array(0)
/** CertificateStatusRequest of type ocsp, without responders and extensions (RFC 6066 §8). */
export const emptyOcspRequest: Uint8Array = Uint8Array.of(1, 0, 0, 0, 0)
