/** The caller's own certificates: what is wrong with them is a `TypeError`, where a peer's would be a fault of the peer. */
import { DecodeError } from '../wire/error.ts'
import { type Certificate, decodeCertificate } from './certificate/certificate.ts'
import { decodePem } from './pem.ts'

/** The certificates of PEM text or DER, without a look inside. */
export function certificateList(source: string | Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  if (source instanceof Uint8Array) return [source]
  if (typeof source !== 'string') return source
  const blocks = decodePem(source).filter(({ label }) => label === 'CERTIFICATE')
  if (blocks.length === 0) throw new TypeError('there is no certificate: expected PEM with "-----BEGIN CERTIFICATE-----"')
  return blocks.map(({ bytes }) => bytes)
}

/** As `decodeCertificate`, for the caller's own: what is wrong becomes a `TypeError` that begins with `name`. */
export function parseOwn(der: Uint8Array, name: string): Certificate {
  return wellFormed(name, () => decodeCertificate(der))
}

/** What `read` reads from `name`; where it is malformed, a `TypeError` says so. */
export function wellFormed<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new TypeError(`${name} is malformed: ${error.message}`, { cause: error })
  }
}
