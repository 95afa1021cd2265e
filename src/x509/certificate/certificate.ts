/** X.509 certificates (RFC 5280 §4), read strictly. What they are worth is decided in path.ts. */
import { copyOf, equal } from '../../wire/bytes.ts'
import {
  bitString,
  bits,
  constructedTag,
  contextTag,
  type DerReader,
  type DerValue,
  generalizedTime,
  integer,
  malformed,
  octetString,
  readDer,
  sequence,
  smallInteger,
  tags,
  utcTime,
} from '../../wire/der.ts'
import { DecodeError } from '../../wire/error.ts'
import { orMalformed } from '../error.ts'
import { type PublicKey, readPublicKey, readSignatureAlgorithm, type SignatureAlgorithm } from './algorithms.ts'
import { type DistinguishedName, describeName, readName, sameName } from './distinguished-name.ts'
import { collectExtensions, type Extensions, readExtensions } from './extensions.ts'

export interface Certificate {
  /** The whole certificate, DER. */
  readonly raw: Uint8Array
  /** The signed part, DER. */
  readonly signed: Uint8Array
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly signature: Uint8Array
  readonly version: 1 | 2 | 3
  readonly serial: bigint
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  /** Milliseconds since 1970 of the first and the last second of validity. */
  readonly notBefore: number
  readonly notAfter: number
  readonly publicKey: PublicKey
  readonly extensions: Extensions
}

/** Throws `CertificateError`, code `certificate-malformed`, that says what is wrong and where. The result keeps views of `der`. */
export function parseCertificate(der: Uint8Array): Certificate {
  return orMalformed('certificate-malformed', 'the certificate', () => decodeCertificate(der))
}

/** As `parseCertificate`, for certificate number `depth` of a chain: the error begins with its name. */
export function readCertificate(der: Uint8Array, depth: number): Certificate {
  return orMalformed('certificate-malformed', `certificate ${depth}`, () => decodeCertificate(der), depth)
}

/**
 * What there is to know of a certificate that was judged before, without reading all of it: milliseconds since 1970 of the last second of validity, and the DER
 * SubjectPublicKeyInfo. Throws as `parseCertificate` does.
 */
export function outlineOf(der: Uint8Array): { readonly notAfter: number; readonly publicKeyInfo: Uint8Array } {
  return orMalformed('certificate-malformed', 'the certificate', () => {
    const fields = sequence(sequence(readDer(der)).next(tags.sequence))
    fields.optional(constructedTag(0))
    // Serial number, signature algorithm, issuer.
    for (let i = 0; i < 3; i++) fields.next()
    const validity = sequence(fields.next())
    validity.next()
    const notAfter = readTime(validity)
    // Subject.
    fields.next()
    return { notAfter, publicKeyInfo: fields.next(tags.sequence).raw }
  })
}

/** As `parseCertificate`, but throws `DecodeError`. */
export function decodeCertificate(der: Uint8Array): Certificate {
  const fields = sequence(readDer(der))
  const signed = fields.next(tags.sequence)
  const algorithm = fields.next(tags.sequence)
  const signature = bitString(fields.next())
  fields.end()
  const content = readSigned(signed, algorithm)
  return { raw: der, signed: signed.raw, signatureAlgorithm: readSignatureAlgorithm(algorithm), signature, ...content }
}

/** The subject as text: `CN=example.com,O=Example`; where it is empty, the first DNS name. */
export function describeSubject({ subject, extensions }: Certificate): string {
  if (subject.relative.length > 0) return describeName(subject)
  return `(no subject, DNS name ${extensions.subjectAltName?.dnsNames[0] ?? 'neither'})`
}

/**
 * What an extension says, DER, whether or not anything here knows that extension: for evidence, attributes and labels of whoever judges by them. `id`:
 * dotted. `undefined` where the certificate has none of that name. It is a copy.
 */
export function extensionValue({ signed }: Certificate, id: string): Uint8Array | undefined {
  const fields = sequence(readDer(signed))
  while (!fields.done) {
    const field = fields.next()
    if (field.tag !== constructedTag(3)) continue
    const found = collectExtensions(sequence(field, constructedTag(3)).next()).get(id)
    return found && copyOf(octetString(found.octets))
  }
  return undefined
}

/** A certificate whose issuer has its subject's name (RFC 5280 §3.2). Whether it signed itself is another matter. */
export function isSelfIssued(certificate: Certificate): boolean {
  return sameName(certificate.issuer, certificate.subject)
}

type SignedFields = Omit<Certificate, 'raw' | 'signed' | 'signatureAlgorithm' | 'signature'>

/** TBSCertificate (RFC 5280 §4.1). */
function readSigned(signed: DerValue, outerAlgorithm: DerValue): SignedFields {
  const fields = sequence(signed)
  const version = readVersion(fields)
  const serial = readSerial(fields.next())
  const algorithm = fields.next(tags.sequence)
  if (!equal(algorithm.raw, outerAlgorithm.raw)) throw malformed('the two signature algorithms differ', algorithm)
  const issuer = readName(fields.next())
  if (issuer.relative.length === 0) throw malformed('the issuer is empty', algorithm)
  const validity = sequence(fields.next())
  const notBefore = readTime(validity)
  const notAfter = readTime(validity)
  validity.end()
  const subject = readName(fields.next())
  const publicKey = readPublicKey(fields.next())
  skipUniqueIdentifier(fields, 1, version)
  skipUniqueIdentifier(fields, 2, version)
  const extensions = readOptionalExtensions(fields, version)
  fields.end()
  checkEmptySubject(subject, extensions)
  return { version, serial, issuer, subject, notBefore, notAfter, publicKey, extensions }
}

function readVersion(fields: DerReader): 1 | 2 | 3 {
  const tagged = fields.optional(constructedTag(0))
  if (!tagged) return 1
  const inner = sequence(tagged, constructedTag(0))
  const version = smallInteger(inner.next()) + 1
  inner.end()
  // Version 1 is the default, which DER leaves out.
  if (version !== 2 && version !== 3) throw malformed(`version ${version}`, tagged)
  return version
}

/**
 * At most 20 octets and not negative (RFC 5280 §4.1.2.2). Zero is let through, against the letter: roots in every trust store have it. Go
 * draws the same lines, but for the length.
 */
function readSerial(value: DerValue): bigint {
  if (value.length > 20) throw malformed('a serial number of more than 20 octets', value)
  const serial = integer(value)
  if (serial < 0n) throw malformed('a negative serial number', value)
  return serial
}

/** RFC 5280 §4.1.2.5 wants UTCTime until 2049; both are read for any year, as everyone does, since neither is ambiguous. */
function readTime(fields: DerReader): number {
  const value = fields.next()
  return value.tag === tags.utcTime ? utcTime(value) : generalizedTime(value)
}

function skipUniqueIdentifier(fields: DerReader, number: 1 | 2, version: number): void {
  const value = fields.optional(contextTag(number))
  if (!value) return
  if (version === 1) throw malformed('a unique identifier in a certificate of version 1', value)
  bits(value, contextTag(number))
}

function readOptionalExtensions(fields: DerReader, version: number): Extensions {
  const tagged = fields.optional(constructedTag(3))
  if (!tagged) return readExtensions(undefined)
  if (version !== 3) throw malformed(`extensions in a certificate of version ${version}`, tagged)
  const inner = sequence(tagged, constructedTag(3))
  const extensions = readExtensions(inner.next())
  inner.end()
  return extensions
}

/** RFC 5280 §4.1.2.6. Nobody could issue anything under no name. */
function checkEmptySubject(subject: DistinguishedName, { basicConstraints }: Extensions): void {
  if (subject.relative.length === 0 && basicConstraints?.ca) throw new DecodeError('the subject of a CA is empty')
}
