/** Options about certificates: what they are, and how they go over the wire. Whatever is wrong with them is a `TypeError`. */
import type { CommonSettings } from '../handshake/settings.ts'
import type { CertificateCompression, CertificateType, CommonOptions, Identity } from '../types.ts'
import { unique } from './algorithms.ts'

/** The TLS Certificate Compression Algorithm IDs (RFC 8879 §7.3). */
const compressionCodes: Readonly<Record<CertificateCompression['algorithm'], number>> = { zlib: 1, brotli: 2, zstd: 3 }

export function certificateCodecs({ certificateCompression = [] }: CommonOptions): Pick<CommonSettings, 'compressors' | 'decompressors'> {
  for (const { algorithm, compress, decompress } of certificateCompression) {
    if (!(algorithm in compressionCodes)) throw new TypeError(`certificateCompression: ${String(algorithm)} is not zlib, brotli or zstd`)
    if (!compress && !decompress) throw new TypeError(`certificateCompression: ${algorithm} has neither compress nor decompress`)
  }
  return {
    compressors: certificateCompression.flatMap(({ algorithm, compress }) =>
      compress ? [{ algorithm: compressionCodes[algorithm], compress }] : [],
    ),
    decompressors: certificateCompression.flatMap(({ algorithm, decompress }) =>
      decompress ? [{ algorithm: compressionCodes[algorithm], decompress }] : [],
    ),
  }
}

export function certificateTypes(option: string, types: readonly CertificateType[] = ['X509']): readonly CertificateType[] {
  if (types.length === 0) throw new TypeError(`${option} is empty`)
  for (const type of unique(option, types)) {
    if (type !== 'X509' && type !== 'RawPublicKey') throw new TypeError(`${option}: ${String(type)} is neither X509 nor RawPublicKey`)
  }
  return types
}

export function checkIdentity(identity: Identity | null | undefined, option: string): void {
  if (identity === undefined || identity === null) return
  const { chain, key, type = 'X509' } = identity
  if (!Array.isArray(chain) || chain.length === 0) throw new TypeError(`${option}.chain holds at least one certificate`)
  if (!chain.every(each => each instanceof Uint8Array && each.length > 0)) throw new TypeError(`${option}.chain holds DER certificates`)
  if (!Array.isArray(key?.schemes)) throw new TypeError(`${option}.key is a PrivateKey with its signature schemes`)
  if (type === 'RawPublicKey' && chain.length > 1) throw new TypeError(`${option}.chain of a raw public key is the key alone`)
}
