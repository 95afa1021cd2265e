/** Keys of the options `pskCallback`. */
import type { ExternalPsk } from '../../types.ts'
import { bytesOf, coded, invalidType } from './errors.ts'

export type PskBytes = ArrayBufferView

/** As OpenSSL takes them in TLS 1.3: for SHA-256, and not through the importer of RFC 9258. */
export function externalPsk(identity: Uint8Array, psk: unknown): ExternalPsk {
  if (!ArrayBuffer.isView(psk)) throw invalidType('psk', 'a Buffer or another view of bytes', psk)
  const key = bytesOf(psk)
  if (key.length < 16 || key.length > 256) throw tooLong(`psk has 16 to 256 bytes, not ${key.length}`)
  if (identity.length === 0 || identity.length > 128) throw tooLong(`identity has 1 to 128 bytes, not ${identity.length}`)
  return { identity, key, hash: 'sha256', imported: false }
}

function tooLong(message: string): Error {
  return coded(new TypeError(message), 'ERR_INVALID_ARG_VALUE')
}
