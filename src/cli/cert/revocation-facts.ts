/** What revocation lists and OCSP responses say, as facts to show. */
import {
  type BasicOcspResponse,
  CertificateError,
  type CertificateList,
  describeSubject,
  type OcspResponse,
  parseCertificate,
  type SingleResponse,
} from '../../x509/index.ts'
import {
  algorithmText,
  hexNumber,
  hexText,
  keyIdentifierFacts,
  listed,
  nameText,
  pointFacts,
  pointNameText,
  sha256,
  timestampFacts,
  timeText,
} from './facts.ts'
import type { Facts } from './report.ts'

export function crlFacts(list: CertificateList): Facts {
  return {
    kind: 'revocation list',
    issuer: nameText(list.issuer),
    version: list.version,
    thisUpdate: timeText(list.thisUpdate),
    nextUpdate: optionalTime(list.nextUpdate),
    signatureAlgorithm: algorithmText(list.signatureAlgorithm.oid),
    sha256: sha256(list.raw, 'hex'),
    extensions: crlExtensionFacts(list),
    revoked: Array.from(list.entries, ({ serial, revocationDate, reason, invalidityDate }) => ({
      serial: hexNumber(serial),
      date: timeText(revocationDate),
      reason: reason === 'unspecified' ? undefined : reason,
      invalidityDate: optionalTime(invalidityDate),
    })),
  }
}

export function ocspFacts(response: OcspResponse): Facts {
  const { status } = response
  return { kind: 'OCSP response', status, ...(response.status === 'successful' && basicFacts(response)) }
}

function crlExtensionFacts({ extensions }: CertificateList): Facts {
  const { authorityKeyIdentifier, issuingDistributionPoint: scope } = extensions
  return {
    crlNumber: numberText(extensions.crlNumber),
    deltaCrlIndicator: numberText(extensions.deltaCrlIndicator),
    issuingDistributionPoint: scope && {
      name: pointNameText(scope.name),
      onlyUserCertificates: scope.onlyUserCertificates || undefined,
      onlyCaCertificates: scope.onlyCaCertificates || undefined,
      onlyAttributeCertificates: scope.onlyAttributeCertificates || undefined,
      onlyReasons: scope.onlyReasons && [...scope.onlyReasons],
      indirect: scope.indirect || undefined,
    },
    freshestCrl: pointFacts(extensions.freshestCrl),
    authorityKeyIdentifier: authorityKeyIdentifier && keyIdentifierFacts(authorityKeyIdentifier),
    unknownCritical: listed(extensions.unknownCritical),
  }
}

function basicFacts(response: BasicOcspResponse): Facts {
  const { responder, nonce } = response
  return {
    responder: responder.type === 'name' ? nameText(responder.name) : `key ${hexText(responder.hash)}`,
    producedAt: timeText(response.producedAt),
    signatureAlgorithm: algorithmText(response.signatureAlgorithm.oid),
    nonce: nonce && hexText(nonce),
    responses: response.responses.map(singleFacts),
    certificates: listed(response.certificates.map(subjectOf)),
    unknownCritical: listed(response.unknownCritical),
  }
}

function singleFacts({ certId, status, thisUpdate, nextUpdate, sctList, unknownCritical }: SingleResponse): Facts {
  const revoked = status.type === 'revoked' ? status : undefined
  return {
    serial: hexNumber(certId.serial),
    status: status.type,
    revocationTime: optionalTime(revoked?.revocationTime),
    reason: revoked?.reason === 'unspecified' ? undefined : revoked?.reason,
    thisUpdate: timeText(thisUpdate),
    nextUpdate: optionalTime(nextUpdate),
    issuerNameHash: hexText(certId.issuerNameHash),
    issuerKeyHash: hexText(certId.issuerKeyHash),
    timestamps: sctList && timestampFacts(sctList),
    unknownCritical: listed(unknownCritical),
  }
}

/** What can't be read of what is attached keeps nothing else from being shown. */
function subjectOf(der: Uint8Array): string {
  try {
    return describeSubject(parseCertificate(der))
  } catch (error) {
    if (error instanceof CertificateError) return `malformed: ${error.message}`
    throw error
  }
}

function numberText(number: bigint | undefined): string | undefined {
  return number?.toString()
}

function optionalTime(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : timeText(milliseconds)
}
