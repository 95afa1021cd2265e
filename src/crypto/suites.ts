/** The cipher suites of TLS 1.3, which both providers have; what differs is who computes them. */
import { cipherSuiteNames } from './code-points.ts'
import type { Aead, AeadKey, CipherSuite, CodePoint, Hash } from './provider.ts'

export interface SuiteParts {
  readonly sha256: Hash
  readonly sha384: Hash
  /** Expand a raw key, of 16 or 32 bytes, into a new one. */
  aesGcm(raw: Uint8Array): AeadKey
  /** Needed for the suites with CCM alone. */
  aesCcm?(raw: Uint8Array, tagSize: number): AeadKey
  chacha20Poly1305(raw: Uint8Array): AeadKey
}

export const TLS_AES_128_GCM_SHA256 = 0x1301
export const TLS_AES_256_GCM_SHA384 = 0x1302
export const TLS_CHACHA20_POLY1305_SHA256 = 0x1303
export const TLS_AES_128_CCM_SHA256 = 0x1304
export const TLS_AES_128_CCM_8_SHA256 = 0x1305

/** What a provider has beside its defaults. CCM is for devices that have nothing else; the shorter tag comes last. */
export const optionalSuites: readonly CodePoint[] = [TLS_AES_128_CCM_SHA256, TLS_AES_128_CCM_8_SHA256]

/** The suites named by `preference`, in its order. */
export function cipherSuites(parts: SuiteParts, preference: readonly CodePoint[]): CipherSuite[] {
  return preference.map(id => {
    const name = cipherSuiteNames.get(id)
    if (name === undefined) throw new TypeError(`No cipher suite has the code point ${id}`)
    return { id, name, ...halves(parts, id) }
  })
}

/** How many records AES-GCM may protect under one key: 2^24.5 (RFC 9846 §5.5). */
const gcmSealLimit = 23726566

/**
 * RFC 9846 names no limit for AES-CCM; RFC 9147 §4.5.3 gives the one that keeps TLS's margin for records of 2^14 bytes, whatever the
 * tag's length. (RFC 9001 §B.2 has 2^21.5, for packets four times as long of which as many again are forged.)
 *
 * The other bound, on forgeries, is TLS's own: the first record that does not open ends the connection (RFC 9846 §5.2), so an attacker
 * has one guess at a tag, right with probability 2^-64 even under CCM_8, and where a server skips early data as many as fit into what it
 * skips. Where a connection survives forgeries, as it does in DTLS and QUIC, CCM_8 must not be used.
 */
const ccmSealLimit = 2 ** 23

function halves(parts: SuiteParts, id: CodePoint): { readonly hash: Hash; readonly aead: Aead } {
  const { sha256, sha384, aesGcm, aesCcm, chacha20Poly1305 } = parts
  switch (id) {
    case TLS_AES_128_GCM_SHA256:
      return { hash: sha256, aead: aead({ keySize: 16, tagSize: 16, sealLimit: gcmSealLimit }, aesGcm) }
    case TLS_AES_256_GCM_SHA384:
      return { hash: sha384, aead: aead({ keySize: 32, tagSize: 16, sealLimit: gcmSealLimit }, aesGcm) }
    case TLS_CHACHA20_POLY1305_SHA256:
      // The sequence number ends before the cipher's strength does.
      return { hash: sha256, aead: aead({ keySize: 32, tagSize: 16, sealLimit: Number.POSITIVE_INFINITY }, chacha20Poly1305) }
    case TLS_AES_128_CCM_SHA256:
      return { hash: sha256, aead: aead({ keySize: 16, tagSize: 16, sealLimit: ccmSealLimit }, aesCcm) }
    case TLS_AES_128_CCM_8_SHA256:
      return { hash: sha256, aead: aead({ keySize: 16, tagSize: 8, sealLimit: ccmSealLimit }, aesCcm) }
    default:
      throw new TypeError(`No provider has the cipher suite ${id}`)
  }
}

function aead(sizes: Omit<Aead, 'key'>, expand: ((raw: Uint8Array, tagSize: number) => AeadKey) | undefined): Aead {
  const { keySize, tagSize } = sizes
  if (!expand) throw new TypeError('the parts of the provider lack the AEAD of a suite')
  return {
    ...sizes,
    key(raw) {
      if (raw.length !== keySize) throw new TypeError(`The key has ${raw.length} bytes, not ${keySize}`)
      return expand(raw, tagSize)
    },
  }
}
