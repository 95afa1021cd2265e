/** OCSP responses (RFC 6960 §4.2), read strictly. What they are worth to a certificate is decided in revocation.ts. */
import {
  bitString,
  constructedTag,
  contextTag,
  type DerReader,
  type DerValue,
  generalizedTime,
  integer,
  malformed,
  octetString,
  oid,
  readDer,
  sequence,
  smallInteger,
  tags,
} from '../../wire/der.ts'
import { readAlgorithm, readSignatureAlgorithm, type SignatureAlgorithm } from '../certificate/algorithms.ts'
import { type DistinguishedName, readName } from '../certificate/distinguished-name.ts'
import { collectExtensions, type Extension } from '../certificate/extensions.ts'
import { orMalformed } from '../error.ts'
import { type CrlReason, readCrlReason } from './crl-entries.ts'

export type OcspResponse =
  /** There is no answer, and nobody signs this: not worth more than no response. */
  { readonly status: OcspFailure } | ({ readonly status: 'successful' } & BasicOcspResponse)

export type OcspFailure = 'malformedRequest' | 'internalError' | 'tryLater' | 'sigRequired' | 'unauthorized'

export interface BasicOcspResponse {
  /** The signed part, DER. */
  readonly signed: Uint8Array
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly signature: Uint8Array
  readonly responder: ResponderId
  /** Milliseconds since 1970. */
  readonly producedAt: number
  readonly responses: readonly SingleResponse[]
  /** What was asked with; compared by whoever asked (RFC 9654). */
  readonly nonce: Uint8Array | undefined
  /** What may help to verify the signature: certificates in DER, not looked into. */
  readonly certificates: readonly Uint8Array[]
  /** Critical extensions that nothing here knows, dotted: the response must not be relied on. */
  readonly unknownCritical: readonly string[]
}

export type ResponderId =
  | { readonly type: 'name'; readonly name: DistinguishedName }
  /** SHA-1 of the key, the contents of the BIT STRING. */
  | { readonly type: 'key'; readonly hash: Uint8Array }

/** Which certificate is meant: by its number, and hashes of its issuer's name and key. */
export interface CertId {
  /** Dotted. */
  readonly hashAlgorithm: string
  readonly issuerNameHash: Uint8Array
  readonly issuerKeyHash: Uint8Array
  readonly serial: bigint
}

export type OcspStatus =
  | { readonly type: 'good' }
  | { readonly type: 'revoked' /** Milliseconds since 1970. */; readonly revocationTime: number; readonly reason: CrlReason }
  | { readonly type: 'unknown' }

export interface SingleResponse {
  readonly certId: CertId
  readonly status: OcspStatus
  /** Milliseconds since 1970. */
  readonly thisUpdate: number
  readonly nextUpdate: number | undefined
  /** SignedCertificateTimestampList (RFC 6962 §3.3), TLS-encoded. */
  readonly sctList: Uint8Array | undefined
  /** As for the response, but about this answer. */
  readonly unknownCritical: readonly string[]
}

/** An OCSPResponse, DER. Throws `CertificateError`, code `ocsp-malformed`, that says what is wrong and where. The result keeps views of `der`. */
export function parseOcspResponse(der: Uint8Array): OcspResponse {
  return orMalformed('ocsp-malformed', 'the OCSP response', () => decodeOcspResponse(der))
}

/** By number; 4 is unused. */
const statuses: readonly (OcspResponse['status'] | undefined)[] = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  undefined,
  'sigRequired',
  'unauthorized',
]

function decodeOcspResponse(der: Uint8Array): OcspResponse {
  const whole = readDer(der)
  const fields = sequence(whole)
  const code = fields.next(tags.enumerated)
  const status = statuses[smallInteger(code, tags.enumerated)]
  const bytes = fields.optional(constructedTag(0))
  fields.end()
  if (!status) throw malformed('no OCSPResponseStatus', code)
  if ((status === 'successful') !== (bytes !== undefined))
    throw malformed(`a status of ${status} ${bytes ? 'with' : 'without'} a response`, code)
  if (status !== 'successful' || !bytes) return { status: status as OcspFailure }
  const response = sequence(bytes.inner())
  const type = response.next(tags.oid)
  if (oid(type) !== '1.3.6.1.5.5.7.48.1.1') throw malformed(`a response of type ${oid(type)}, where the basic one is wanted`, type)
  const basic = response.next(tags.octetString)
  response.end()
  return { status, ...readBasicResponse(basic.inner()) }
}

/** BasicOCSPResponse. */
function readBasicResponse(value: DerValue): BasicOcspResponse {
  const fields = sequence(value)
  const signed = fields.next(tags.sequence)
  const signatureAlgorithm = readSignatureAlgorithm(fields.next())
  const signature = bitString(fields.next())
  const attached = fields.optional(constructedTag(0))
  fields.end()
  const certificates = attached ? list(attached.inner()).map(certificate => certificate.raw) : []
  return { signed: signed.raw, signatureAlgorithm, signature, certificates, ...readResponseData(signed) }
}

type ResponseData = Pick<BasicOcspResponse, 'responder' | 'producedAt' | 'responses' | 'nonce' | 'unknownCritical'>

function readResponseData(value: DerValue): ResponseData {
  const fields = sequence(value)
  checkVersion(fields)
  const responder = readResponderId(fields.next())
  const producedAt = generalizedTime(fields.next())
  const responses = list(fields.next()).map(readSingleResponse)
  const extensions = readExtensions(fields)
  fields.end()
  const nonce = extensions.get(nonceId)?.octets.inner()
  const unknownCritical = unknownIn(extensions, known)
  return { responder, producedAt, responses, nonce: nonce && octetString(nonce), unknownCritical }
}

/** Version 1 is the default, which DER leaves out. Responders that write it say nothing else by it: it is let through. */
function checkVersion(fields: DerReader): void {
  const tagged = fields.optional(constructedTag(0))
  const version = tagged ? smallInteger(tagged.inner()) : 0
  if (tagged && version !== 0) throw malformed(`version ${version + 1}`, tagged)
}

function readResponderId(value: DerValue): ResponderId {
  if (value.tag === constructedTag(1)) return { type: 'name', name: readName(value.inner()) }
  if (value.tag === constructedTag(2)) return { type: 'key', hash: octetString(value.inner()) }
  throw malformed('no kind of ResponderID', value)
}

function readSingleResponse(value: DerValue): SingleResponse {
  const fields = sequence(value)
  const certId = readCertId(fields.next())
  const status = readStatus(fields.next())
  const thisUpdate = generalizedTime(fields.next())
  const next = fields.optional(constructedTag(0))
  const extensions = readExtensions(fields)
  fields.end()
  const scts = extensions.get(sctListId)?.octets.inner()
  return {
    certId,
    status,
    thisUpdate,
    nextUpdate: next && generalizedTime(next.inner()),
    sctList: scts && octetString(scts),
    unknownCritical: unknownIn(extensions, knownOfSingle),
  }
}

function readCertId(value: DerValue): CertId {
  const fields = sequence(value)
  const { oid: hashAlgorithm } = readAlgorithm(fields.next())
  const issuerNameHash = octetString(fields.next())
  const issuerKeyHash = octetString(fields.next())
  const number = fields.next(tags.integer)
  fields.end()
  // As in certificates; more would only be work.
  if (number.length > 20) throw malformed('a serial number of more than 20 octets', number)
  return { hashAlgorithm, issuerNameHash, issuerKeyHash, serial: integer(number) }
}

/** CertStatus. */
function readStatus(value: DerValue): OcspStatus {
  if (value.tag === constructedTag(1)) return readRevoked(sequence(value, constructedTag(1)))
  const type = value.tag === contextTag(0) ? 'good' : value.tag === contextTag(2) ? 'unknown' : undefined
  if (!type || value.length > 0) throw malformed('no kind of CertStatus', value)
  return { type }
}

function readRevoked(fields: DerReader): OcspStatus {
  const revocationTime = generalizedTime(fields.next())
  const reason = fields.optional(constructedTag(0))
  fields.end()
  return { type: 'revoked', revocationTime, reason: reason ? readCrlReason(reason.inner()) : 'unspecified' }
}

const nonceId = '1.3.6.1.5.5.7.48.1.2'
const sctListId = '1.3.6.1.4.1.11129.2.4.5'
/** The nonce and extendedRevoke (RFC 6960 §4.4.1, §4.4.8) take nothing from what the response says. */
const known: ReadonlySet<string> = new Set([nonceId, '1.3.6.1.5.5.7.48.1.9'])
/** The reference to a CRL and the archive cutoff (RFC 6960 §4.4.2, §4.4.4) only tell more; so do timestamps. */
const knownOfSingle: ReadonlySet<string> = new Set([sctListId, '1.3.6.1.5.5.7.48.1.3', '1.3.6.1.5.5.7.48.1.6'])

/** `[1]`, in the response as in its answers. */
function readExtensions(fields: DerReader): ReadonlyMap<string, Extension> {
  const tagged = fields.optional(constructedTag(1))
  return tagged ? collectExtensions(tagged.inner()) : new Map()
}

function unknownIn(extensions: ReadonlyMap<string, Extension>, known: ReadonlySet<string>): string[] {
  return [...extensions].filter(([id, { critical }]) => critical && !known.has(id)).map(([id]) => id)
}

function list(value: DerValue): DerValue[] {
  const found: DerValue[] = []
  for (const reader = sequence(value); !reader.done; ) found.push(reader.next())
  return found
}
