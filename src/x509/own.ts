/** The caller's own certificates: what is wrong with them is a `TypeError`, where a peer's would be a fault of the peer. */
import { copyOf, toText } from '../wire/bytes.ts'
import { DecodeError } from '../wire/error.ts'
import { type Certificate, decodeCertificate } from './certificate/certificate.ts'
import { decodePem } from './pem.ts'

/** The certificates of PEM (as text, or as a file has it) or DER, without a look inside. */
export function certificateList(source: string | Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  if (source instanceof Uint8Array) return isPem(source) ? certificateList(toText(source)) : [source]
  if (typeof source !== 'string') return source
  const blocks = decodePem(source).filter(({ label }) => label === 'CERTIFICATE')
  if (blocks.length === 0) throw new TypeError('there is no certificate: expected PEM with "-----BEGIN CERTIFICATE-----"')
  return blocks.map(({ bytes }) => bytes)
}

/** DER begins with a SEQUENCE; what begins with a dash was read from a PEM file and not made text. */
export function isPem(bytes: Uint8Array): boolean {
  return bytes[0] === 0x2d
}

/** As `decodeCertificate`, for the caller's own, of which it takes a copy: what is wrong becomes a `TypeError` that begins with `name`. */
export function parseOwn(der: Uint8Array, name: string): Certificate {
  return wellFormed(name, () => decodeCertificate(copyOf(der)))
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
