/** Responses of the Online Certificate Status Protocol (RFC 6960 §4.2). */
import { concat } from '../wire/bytes.ts'
import { bitString, constructedTag, contextTag, encode, encodeOid, readDer, sequence, tags } from '../wire/der.ts'
import type { CrlReason } from '../x509/revocation/crl-entries.ts'
import { serialOf } from './crl.ts'
import {
  anHourAgo,
  derNull,
  encodeAlgorithm,
  encodeExtensions,
  encodeGeneralizedTime,
  encodeInteger,
  encodeSequence,
  explicit,
  type RawExtension,
  wholeSeconds,
} from './der.ts'
import { given, reasonNumber } from './extensions.ts'
import { digest, signDer } from './keys.ts'
import type { Minted, MintedCertificate } from './make.ts'

export interface OcspAnswer {
  /** The certificate that is asked about, or its serial number. */
  readonly certificate: number | bigint | Pick<MintedCertificate, 'serial'>
  /** Default `good`. */
  readonly status?: 'good' | 'unknown' | 'revoked'
  /** Of a revocation. Default: an hour ago. */
  readonly date?: Date
  readonly reason?: CrlReason
  /** Default: those of all answers. */
  readonly thisUpdate?: Date
  readonly nextUpdate?: Date | null
  /** singleExtensions. */
  readonly extensions?: readonly RawExtension[]
}

export interface OcspOptions {
  /** What is answered; a mere number or certificate is good. At least one. */
  readonly certificates: readonly (OcspAnswer | OcspAnswer['certificate'])[]
  /** Default: an hour ago. */
  readonly thisUpdate?: Date
  /** Default: 7 days after `thisUpdate`. `null`: left out. */
  readonly nextUpdate?: Date | null
  /** Default: `thisUpdate`. */
  readonly producedAt?: Date
  /** Who signs. Default: the issuer itself. A delegate's certificate goes with the response. */
  readonly responder?: Minted
  /** How the response says who signed it. Default `name`. */
  readonly responderId?: 'name' | 'key'
  /** The certificates that go with the response, DER. Default: the delegate's own; none for the issuer. */
  readonly attached?: readonly Uint8Array[]
  /** Of the issuer's name and key in the CertID. Default `SHA-1`, as RFC 5019 §2.1.1 has it. */
  readonly hash?: 'SHA-1' | 'SHA-256'
  readonly nonce?: Uint8Array
  /** responseExtensions, beside the nonce. */
  readonly extensions?: readonly RawExtension[]
}

/** OCSPResponseStatus, but for the successful one. */
export type OcspFailure = 'malformedRequest' | 'internalError' | 'tryLater' | 'sigRequired' | 'unauthorized'

/** An OCSPResponse, DER, about certificates of `issuer`. Throws `TypeError` where `options` can't be written. */
export async function mintOcspResponse(issuer: Minted, options: OcspOptions): Promise<Uint8Array> {
  const { certificates, responder = issuer, nonce, extensions = [] } = options
  if (certificates.length === 0) throw new TypeError('an OCSP response is about at least one certificate')
  const thisUpdate = wholeSeconds(options.thisUpdate ?? anHourAgo(), 'thisUpdate')
  const issuerId = await issuerIdentifier(issuer, options.hash ?? 'SHA-1')
  const responseData = encodeSequence(
    await responderIdentifier(responder, options.responderId ?? 'name'),
    encodeGeneralizedTime(wholeSeconds(options.producedAt ?? thisUpdate, 'producedAt')),
    encodeSequence(...certificates.map(order => singleResponse(answerOf(order), issuerId, { ...options, thisUpdate }))),
    encodeExtensions([...given(nonce, nonceExtension), ...extensions], constructedTag(1)),
  )
  const attached = options.attached ?? (responder === issuer ? [] : [responder.certificateDer])
  const basic = await signDer(responder.keys, responseData, ...(attached.length > 0 ? [explicit(0, encodeSequence(...attached))] : []))
  const responseBytes = encodeSequence(encodeOid('1.3.6.1.5.5.7.48.1.1'), encode(tags.octetString, basic))
  return encodeSequence(encodeStatus(0), explicit(0, responseBytes))
}

/** An OCSPResponse, DER, that says why there is no answer. Nobody signs such a one. */
export function mintOcspFailure(status: OcspFailure): Uint8Array {
  const number = failures[status]
  if (number === undefined) throw new TypeError(`"${status}" is no status of a failure: ${Object.keys(failures).join(', ')}`)
  return encodeSequence(encodeStatus(number))
}

const failures: Readonly<Record<OcspFailure, number>> = {
  malformedRequest: 1,
  internalError: 2,
  tryLater: 3,
  sigRequired: 5,
  unauthorized: 6,
}

const hashIds = { 'SHA-1': '1.3.14.3.2.26', 'SHA-256': '2.16.840.1.101.3.4.2.1' }

/** The fields of a CertID before the serial number. */
async function issuerIdentifier(issuer: MintedCertificate, hash: 'SHA-1' | 'SHA-256'): Promise<Uint8Array> {
  if (!(hash in hashIds)) throw new TypeError(`hash "${hash}": expected SHA-1 or SHA-256`)
  const parts = await Promise.all([issuer.subject, keyBits(issuer)].map(bytes => digest(hash, bytes)))
  return concat(encodeAlgorithm(hashIds[hash], derNull), ...parts.map(part => encode(tags.octetString, part)))
}

async function responderIdentifier(responder: MintedCertificate, by: 'name' | 'key'): Promise<Uint8Array> {
  if (by === 'name') return explicit(1, responder.subject)
  return explicit(2, encode(tags.octetString, await digest('SHA-1', keyBits(responder))))
}

/** The contents of the BIT STRING, which is what key hashes are of. */
function keyBits({ publicKeySpki }: MintedCertificate): Uint8Array {
  const fields = sequence(readDer(publicKeySpki))
  fields.next(tags.sequence)
  return bitString(fields.next())
}

function answerOf(order: OcspAnswer | OcspAnswer['certificate']): OcspAnswer {
  return typeof order === 'object' && 'certificate' in order ? order : { certificate: order }
}

type Times = { readonly thisUpdate: Date; readonly nextUpdate?: Date | null }

function singleResponse(answer: OcspAnswer, issuerId: Uint8Array, common: Times): Uint8Array {
  const thisUpdate = wholeSeconds(answer.thisUpdate ?? common.thisUpdate, 'thisUpdate')
  const { nextUpdate = common.nextUpdate === undefined ? new Date(thisUpdate.getTime() + week) : common.nextUpdate } = answer
  return encodeSequence(
    encodeSequence(issuerId, encodeInteger(serialOf(answer.certificate), 'serial number')),
    certificateStatus(answer),
    encodeGeneralizedTime(thisUpdate),
    ...(nextUpdate ? [explicit(0, encodeGeneralizedTime(wholeSeconds(nextUpdate, 'nextUpdate')))] : []),
    encodeExtensions(answer.extensions ?? [], constructedTag(1)),
  )
}

function certificateStatus({ status = 'good', date = anHourAgo(), reason }: OcspAnswer): Uint8Array {
  switch (status) {
    case 'good':
      return encode(contextTag(0))
    case 'unknown':
      return encode(contextTag(2))
    case 'revoked':
      return encode(
        constructedTag(1),
        encodeGeneralizedTime(wholeSeconds(date, 'the date of a revocation')),
        ...given(reason, reason => explicit(0, encode(tags.enumerated, Uint8Array.of(reasonNumber(reason))))),
      )
    default:
      throw new TypeError(`status "${status}": expected good, revoked or unknown`)
  }
}

function nonceExtension(nonce: Uint8Array): RawExtension {
  return { oid: '1.3.6.1.5.5.7.48.1.2', value: encode(tags.octetString, nonce) }
}

function encodeStatus(number: number): Uint8Array {
  return encode(tags.enumerated, Uint8Array.of(number))
}

const week = 7 * 86_400_000
