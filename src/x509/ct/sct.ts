/** Signed certificate timestamps and what their signatures cover (RFC 6962 §3.2 and §3.3). */
import type { CodePoint } from '../../crypto/provider.ts'
import { decode, encode, fixed, opaque, remaining, struct, uint8, uint16, uint32, vector } from '../../wire/codec.ts'

/** An SCT of version 1, the one that RFC 6962 defines. Byte strings are views of what was decoded. */
export interface SignedCertificateTimestamp {
  /** SHA-256 of the log's SubjectPublicKeyInfo, 32 octets. */
  readonly logId: Uint8Array
  /** When the log saw the certificate: milliseconds since 1970. Exact below 2^53, which is the year 287396. */
  readonly timestamp: number
  /** CtExtensions: opaque to a client, but signed. */
  readonly extensions: Uint8Array
  /** HashAlgorithm and SignatureAlgorithm (RFC 5246 §7.4.1.4.1), which together are a TLS SignatureScheme. */
  readonly scheme: CodePoint
  readonly signature: Uint8Array
}

/** What was logged, as the signature covers it. */
export interface LogEntry {
  readonly type: (typeof entryTypes)[keyof typeof entryTypes]
  /** `signed_entry`, encoded. */
  readonly signedEntry: Uint8Array
}

/** A SignedCertificateTimestampList: the serialised SCTs, views. Throws `DecodeError`. */
export function decodeSctList(bytes: Uint8Array): readonly Uint8Array[] {
  return decode(list, bytes, 'the SignedCertificateTimestampList').sct_list
}

/** One serialised SCT; `undefined` where it is of a version that RFC 6962 does not define. Throws `DecodeError`. */
export function decodeSct(bytes: Uint8Array): SignedCertificateTimestamp | undefined {
  // A later version may be laid out in any way: nothing behind its first octet means anything here (§3.3).
  if (bytes.length > 0 && bytes[0] !== v1) return undefined
  const { id, timestamp, extensions, algorithm, signature } = decode(serialised, bytes, 'the SCT')
  return { logId: id, timestamp: timestamp.high * 2 ** 32 + timestamp.low, extensions, scheme: algorithm, signature }
}

/** A certificate that was logged as it is: what SCTs from OCSP and the TLS extension are about. DER. */
export function x509Entry(certificate: Uint8Array): LogEntry {
  return { type: entryTypes.x509_entry, signedEntry: encode(asn1Cert, certificate) }
}

/**
 * A certificate that was logged before it was issued: what embedded SCTs are about. `tbsCertificate` is the DER of the signed part without
 * poison and without SCTs (`dissectTbs`), `issuerKeyHash` the SHA-256 of the issuer's SubjectPublicKeyInfo.
 */
export function precertEntry(tbsCertificate: Uint8Array, issuerKeyHash: Uint8Array): LogEntry {
  return {
    type: entryTypes.precert_entry,
    signedEntry: encode(preCert, { issuer_key_hash: issuerKeyHash, tbs_certificate: tbsCertificate }),
  }
}

/** The octets that an SCT's signature is over. */
export function signedData({ timestamp, extensions }: Pick<SignedCertificateTimestamp, 'timestamp' | 'extensions'>, entry: LogEntry) {
  return encode(digitallySigned, {
    sct_version: v1,
    signature_type: certificateTimestamp,
    timestamp: time(timestamp),
    entry_type: entry.type,
    signed_entry: entry.signedEntry,
    extensions,
  })
}

const v1 = 0
const certificateTimestamp = 0
const entryTypes = { x509_entry: 0, precert_entry: 1 } as const

const list = struct({ sct_list: vector(opaque(1, 0xffff), 1, 0xffff) })

/** uint64 */
const uint64 = struct({ high: uint32, low: uint32 })

function time(timestamp: number) {
  return { high: Math.floor(timestamp / 2 ** 32), low: timestamp % 2 ** 32 }
}

const serialised = struct({
  sct_version: uint8,
  id: fixed(32),
  timestamp: uint64,
  extensions: opaque(0, 0xffff),
  algorithm: uint16,
  signature: opaque(0, 0xffff),
})

const asn1Cert = opaque(1, 0xffffff)
const preCert = struct({ issuer_key_hash: fixed(32), tbs_certificate: opaque(1, 0xffffff) })

/** `signed_entry` comes encoded: which of the two it is has been decided with `entry_type`. */
const digitallySigned = struct({
  sct_version: uint8,
  signature_type: uint8,
  timestamp: uint64,
  entry_type: uint16,
  signed_entry: remaining,
  extensions: opaque(0, 0xffff),
})
