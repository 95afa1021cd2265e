/** The Certificate message as it goes over the wire, plain or compressed (RFC 8879). */
import type { CodePoint } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import type { CertificateType, Identity } from '../types.ts'
import { equal } from '../wire/bytes.ts'
import { decode } from '../wire/codec.ts'
import { type Extension, extension, extensionTable, find } from '../wire/extensions.ts'
import { type Body, encodeMessage, headerSize, type Message, messageTable } from '../wire/messages.ts'
import type { Dialogue } from './dialogue.ts'
import { type Exchange, hear, say } from './exchange.ts'
import { refuseUnsolicited } from './extensions.ts'

/** What the side that asked for a certificate has said about it. */
export interface CertificateTerms {
  /** certificate_request_context: not empty after the handshake alone. */
  readonly context: Uint8Array
  /** The code points of the extensions that were asked for. */
  readonly requested: ReadonlySet<number>
  readonly type: CertificateType
  /** The algorithms by which the Certificate may be compressed. */
  readonly compression: readonly CodePoint[]
}

/** What a Certificate message holds. */
export interface PeerCredentials {
  readonly certificateType: CertificateType
  /** The end entity first; empty where the peer has none to offer. For a raw public key, its SubjectPublicKeyInfo alone. */
  readonly chain: readonly Uint8Array[]
  /** The stapled OCSP response, DER. */
  readonly ocsp: Uint8Array | undefined
  readonly scts: readonly Uint8Array[]
}

/** The names under which a Certificate may come. */
export type CertificateName = 'certificate' | 'compressed_certificate'

/** A compressed one may come only where that was offered. */
export function certificateNames({ compression }: CertificateTerms): readonly CertificateName[] {
  return compression.length > 0 ? ['certificate', 'compressed_certificate'] : ['certificate']
}

export function* hearCredentials(exchange: Exchange, terms: CertificateTerms): Dialogue<PeerCredentials> {
  return credentialsOf(exchange, yield* hear(exchange, ...certificateNames(terms)), terms)
}

export function credentialsOf(exchange: Exchange, message: Message<CertificateName>, terms: CertificateTerms): PeerCredentials {
  const body = message.name === 'certificate' ? message.body : decompress(exchange, message.body)
  return readCredentials(exchange, body, terms)
}

/** Sends the Certificate of an identity. */
export function sayCertificate(exchange: Exchange, identity: Identity, terms: CertificateTerms): void {
  const certificate_list = identity.chain.map((cert_data, i) => ({ cert_data, extensions: i === 0 ? leafExtensions(identity, terms) : [] }))
  sayShortest(exchange, { certificate_request_context: terms.context, certificate_list }, terms)
}

/** The Certificate message of a client that offers none. */
export function sayNoCertificate(exchange: Exchange, { context }: CertificateTerms): void {
  say(exchange, 'certificate', { certificate_request_context: context, certificate_list: [] })
}

/** Compressed where the peer takes that and it gets shorter. */
function sayShortest(exchange: Exchange, body: Body<'certificate'>, { compression }: CertificateTerms): void {
  const codec = exchange.settings.compressors.find(each => compression.includes(each.algorithm))
  if (!codec) return say(exchange, 'certificate', body)
  const plain = encodeMessage('certificate', body).bytes.subarray(headerSize)
  const compressed_certificate_message = codec.compress(plain)
  if (compressed_certificate_message.length >= plain.length) return say(exchange, 'certificate', body)
  say(exchange, 'compressed_certificate', { algorithm: codec.algorithm, uncompressed_length: plain.length, compressed_certificate_message })
}

function readCredentials(exchange: Exchange, body: Body<'certificate'>, terms: CertificateTerms): PeerCredentials {
  if (!equal(body.certificate_request_context, terms.context)) {
    throw new TlsError('illegal-value', 'certificate_request_context is not the one of the request')
  }
  const { certificate_list: list } = body
  const { maxCertificates } = exchange.settings
  if (list.length > maxCertificates)
    throw new TlsError('too-many-certificates', `${list.length} certificates, at most ${maxCertificates} are read`)
  if (terms.type === 'RawPublicKey' && list.length > 1) throw new TlsError('illegal-value', 'a raw public key stands alone (RFC 7250)')
  for (const entry of list) refuseUnsolicited('certificate', entry.extensions, terms.requested)
  const extensions = list[0]?.extensions ?? []
  const status = find(extensions, 'status_request')
  if (status && status.status_type !== ocspStatus) throw new TlsError('illegal-value', `certificate status of type ${status.status_type}`)
  return {
    certificateType: terms.type,
    chain: list.map(entry => entry.cert_data),
    ocsp: status?.response,
    scts: find(extensions, 'signed_certificate_timestamp') ?? [],
  }
}

/** What is stapled to the end entity's certificate, as far as it was asked for. */
function leafExtensions({ ocsp, scts }: Identity, { requested }: CertificateTerms): readonly Extension<'certificate'>[] {
  const extensions: Extension<'certificate'>[] = []
  if (ocsp && requested.has(extensionTable.status_request.type)) {
    extensions.push(extension('certificate', 'status_request', { status_type: ocspStatus, response: ocsp }))
  }
  if (scts && scts.length > 0 && requested.has(extensionTable.signed_certificate_timestamp.type)) {
    extensions.push(extension('certificate', 'signed_certificate_timestamp', scts))
  }
  return extensions
}

/** RFC 8879 §4: what was announced bounds what is unpacked, and both are bounded here. */
function decompress(exchange: Exchange, message: Body<'compressed_certificate'>): Body<'certificate'> {
  const { decompressors, maxHandshakeMessage } = exchange.settings
  const { algorithm, uncompressed_length: length } = message
  const codec = decompressors.find(each => each.algorithm === algorithm)
  if (!codec) throw new TlsError('illegal-value', `a Certificate is compressed by algorithm ${algorithm}, which was not offered`)
  if (length > maxHandshakeMessage) throw new TlsError('compressed-certificate', `a Certificate would unpack to ${length} bytes`)
  const plain = unpack(() => codec.decompress(message.compressed_certificate_message, length))
  if (plain.length !== length) throw new TlsError('compressed-certificate', `a Certificate unpacks to ${plain.length} bytes, not ${length}`)
  return decode(messageTable.certificate.codec, plain, 'certificate')
}

function unpack(work: () => Uint8Array): Uint8Array {
  try {
    return work()
  } catch (cause) {
    throw new TlsError('compressed-certificate', 'a compressed Certificate can not be unpacked', { cause })
  }
}

/** CertificateStatusType ocsp (RFC 6066 §8). */
const ocspStatus = 1
