/** Certificate Transparency (RFC 6962): logs that sign timestamps for what they are shown, and keep nothing of it. */
import { Writer } from '../wire/bytes.ts'
import { encode, tags } from '../wire/der.ts'
import { digest, generateKeyPair, type KeyOrder, type KeyPair, sign } from './keys.ts'

/** A certificate before its timestamps are in it (RFC 6962 §3.2, PreCert). */
export interface PrecertificateEntry {
  /** SHA-256 of the issuer's SubjectPublicKeyInfo. */
  readonly issuerKeyHash: Uint8Array
  /** The TBSCertificate, DER, with neither the list of timestamps nor the poison of a precertificate. */
  readonly tbsCertificate: Uint8Array
}

/** What a log is shown: a certificate in DER, or what is to become one. */
export type LogEntry = Uint8Array | PrecertificateEntry

export interface SctOptions {
  /** Default: an hour ago. */
  readonly timestamp?: Date
  /** CtExtensions. Default: none. */
  readonly extensions?: Uint8Array
}

export interface CtLog {
  /** The SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array
  /** LogID: SHA-256 of `publicKey`. */
  readonly id: Uint8Array
  /** A SignedCertificateTimestamp of version 1, TLS-encoded. */
  sign(entry: LogEntry, options?: SctOptions): Promise<Uint8Array>
}

/**
 * A log with a key of its own; RFC 6962 §2.1.4 knows P-256 and RSA (PKCS#1 v1.5). Timestamps from it go into a certificate by the option
 * `scts`, into an OCSP response as the extension `sctListOcspExtension`, and into the TLS extension as `encodeSctList` of them.
 */
export async function mintCtLog({ key = 'P-256' }: { readonly key?: LogKey } = {}): Promise<CtLog> {
  const code = signatureCodes[key]
  if (code === undefined) throw new TypeError(`"${key}" is no key of a log: ${Object.keys(signatureCodes).join(', ')}`)
  const keys = await generateKeyPair(key)
  const id = await digest('SHA-256', keys.publicKeySpki)
  return { publicKey: keys.publicKeySpki, id, sign: (entry, options = {}) => makeSct(entry, options, { id, keys, code }) }
}

/** SignedCertificateTimestampList (RFC 6962 §3.3), TLS-encoded. */
export function encodeTlsSctList(scts: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer()
  writer.prefixed(2, () => {
    for (const sct of scts) writer.prefixed(2, () => writer.append(sct))
  })
  return writer.finish()
}

/** The same as the value of the extension in a certificate or an OCSP response: within an OCTET STRING. */
export function encodeSctList(scts: readonly Uint8Array[]): Uint8Array {
  return encode(tags.octetString, encodeTlsSctList(scts))
}

/** Of certificates. */
export const sctListExtension = '1.3.6.1.4.1.11129.2.4.2'
/** Of a single response of OCSP. */
export const sctListOcspExtension = '1.3.6.1.4.1.11129.2.4.5'

export type LogKey = Extract<KeyOrder, 'P-256' | 'RSA-2048' | 'RSA-3072' | 'RSA-4096'>

/** SignatureAlgorithm of TLS 1.2 (RFC 5246 §7.4.1.4.1). */
const signatureCodes: Readonly<Record<LogKey, number>> = { 'P-256': 3, 'RSA-2048': 1, 'RSA-3072': 1, 'RSA-4096': 1 }
const sha256 = 4

interface Log {
  readonly id: Uint8Array
  readonly keys: KeyPair
  readonly code: number
}

async function makeSct(entry: LogEntry, options: SctOptions, { id, keys, code }: Log): Promise<Uint8Array> {
  const { timestamp = new Date(Date.now() - 3_600_000), extensions = new Uint8Array() } = options
  const time = timestamp.getTime()
  if (!(time >= 0)) throw new TypeError('timestamp is no date since 1970')
  const signature = await sign(keys, signedData(entry, time, extensions))
  const writer = new Writer()
  writer.uint(1, 0)
  writer.append(id)
  writer.uint(8, time)
  writer.prefixed(2, () => writer.append(extensions))
  writer.uint(1, sha256)
  writer.uint(1, code)
  writer.prefixed(2, () => writer.append(signature))
  return writer.finish()
}

/** The structure in the `digitally-signed` of RFC 6962 §3.2: version 1, certificate_timestamp, the entry of its type. */
function signedData(entry: LogEntry, time: number, extensions: Uint8Array): Uint8Array {
  const writer = new Writer()
  writer.uint(1, 0)
  writer.uint(1, 0)
  writer.uint(8, time)
  if (entry instanceof Uint8Array) {
    writer.uint(2, 0)
    writer.prefixed(3, () => writer.append(entry))
  } else {
    writer.uint(2, 1)
    writer.append(entry.issuerKeyHash)
    writer.prefixed(3, () => writer.append(entry.tbsCertificate))
  }
  writer.prefixed(2, () => writer.append(extensions))
  return writer.finish()
}
