/** `--compress-certificates`: the codecs of node:zlib (RFC 8879). */
import { brotliCompressSync, brotliDecompressSync, deflateSync, inflateSync } from 'node:zlib'
import type { CertificateCompression } from '../types.ts'

/** Neither unpacks to more than what was announced, which the engine has bounded. */
export const certificateCompression: readonly CertificateCompression[] = [
  {
    algorithm: 'brotli',
    compress: data => plain(brotliCompressSync(data)),
    decompress: (data, length) => plain(brotliDecompressSync(data, { maxOutputLength: Math.max(1, length) })),
  },
  {
    algorithm: 'zlib',
    compress: data => plain(deflateSync(data)),
    decompress: (data, length) => plain(inflateSync(data, { maxOutputLength: Math.max(1, length) })),
  },
]

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}
