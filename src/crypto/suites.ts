/** The three cipher suites of TLS 1.3 that both providers have; what differs is who computes them. */
import { cipherSuiteNames } from './code-points.ts'
import type { Aead, AeadKey, CipherSuite, CodePoint, Hash } from './provider.ts'

export interface SuiteParts {
  readonly sha256: Hash
  readonly sha384: Hash
  /** Expand a raw key, of 16 or 32 bytes, into a new one. */
  aesGcm(raw: Uint8Array): AeadKey
  chacha20Poly1305(raw: Uint8Array): AeadKey
}

/** The suites named by `preference`, in its order. */
export function cipherSuites(parts: SuiteParts, preference: readonly CodePoint[]): CipherSuite[] {
  return preference.map(id => {
    const name = cipherSuiteNames.get(id)
    if (name === undefined) throw new TypeError(`No cipher suite has the code point ${id}`)
    return { id, name, ...halves(parts, id) }
  })
}

export const TLS_AES_128_GCM_SHA256 = 0x1301
export const TLS_AES_256_GCM_SHA384 = 0x1302
export const TLS_CHACHA20_POLY1305_SHA256 = 0x1303

/** How many records AES-GCM may protect under one key: 2^24.5 (RFC 9846 §5.5). */
const gcmSealLimit = 23726566

function halves(parts: SuiteParts, id: CodePoint): { readonly hash: Hash; readonly aead: Aead } {
  switch (id) {
    case TLS_AES_128_GCM_SHA256:
      return { hash: parts.sha256, aead: aead(16, gcmSealLimit, parts.aesGcm) }
    case TLS_AES_256_GCM_SHA384:
      return { hash: parts.sha384, aead: aead(32, gcmSealLimit, parts.aesGcm) }
    case TLS_CHACHA20_POLY1305_SHA256:
      // The sequence number ends before the cipher's strength does.
      return { hash: parts.sha256, aead: aead(32, Number.POSITIVE_INFINITY, parts.chacha20Poly1305) }
    default:
      throw new TypeError(`No provider has the cipher suite ${id}`)
  }
}

function aead(keySize: number, sealLimit: number, expand: (raw: Uint8Array) => AeadKey): Aead {
  return {
    keySize,
    tagSize: 16,
    sealLimit,
    key(raw) {
      if (raw.length !== keySize) throw new TypeError(`The key has ${raw.length} bytes, not ${keySize}`)
      return expand(raw)
    },
  }
}
