/** What people call cipher suites, groups and signature schemes, resolved to the names that the engine's options take (IANA's). */
import { UsageError } from './usage.ts'

/**
 * The known name that each of `wanted` means: case, punctuation and the common aliases do not matter. An unknown one is a
 * `UsageError` that lists what is known.
 */
export function resolveNames(option: string, wanted: readonly string[], known: readonly string[]): string[] {
  const byKey = new Map(known.map(name => [key(name), name]))
  return wanted.map(name => {
    const found = byKey.get(aliases.get(key(name)) ?? key(name))
    if (found === undefined) throw new UsageError(`--${option}: "${name}" is unknown; known: ${known.join(', ')}`)
    return found
  })
}

function key(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

const aliases = new Map(
  Object.entries({
    'P-256': 'secp256r1',
    prime256v1: 'secp256r1',
    'NIST P-256': 'secp256r1',
    'P-384': 'secp384r1',
    'NIST P-384': 'secp384r1',
    'P-521': 'secp521r1',
    'NIST P-521': 'secp521r1',
    Curve25519: 'x25519',
    Curve448: 'x448',
    'AES-128-GCM': 'TLS_AES_128_GCM_SHA256',
    'AES-128-GCM-SHA256': 'TLS_AES_128_GCM_SHA256',
    'AES-256-GCM': 'TLS_AES_256_GCM_SHA384',
    'AES-256-GCM-SHA384': 'TLS_AES_256_GCM_SHA384',
    ChaCha20: 'TLS_CHACHA20_POLY1305_SHA256',
    'ChaCha20-Poly1305': 'TLS_CHACHA20_POLY1305_SHA256',
    'ChaCha20-Poly1305-SHA256': 'TLS_CHACHA20_POLY1305_SHA256',
    'ECDSA+SHA256': 'ecdsa_secp256r1_sha256',
    'ECDSA+SHA384': 'ecdsa_secp384r1_sha384',
    'ECDSA+SHA512': 'ecdsa_secp521r1_sha512',
    'RSA-PSS+SHA256': 'rsa_pss_rsae_sha256',
    'RSA-PSS+SHA384': 'rsa_pss_rsae_sha384',
    'RSA-PSS+SHA512': 'rsa_pss_rsae_sha512',
    'AES-128-CCM': 'TLS_AES_128_CCM_SHA256',
    'AES-128-CCM-SHA256': 'TLS_AES_128_CCM_SHA256',
    'AES-128-CCM-8': 'TLS_AES_128_CCM_8_SHA256',
    'AES-128-CCM-8-SHA256': 'TLS_AES_128_CCM_8_SHA256',
    raw: 'RawPublicKey',
  }).map(([alias, name]) => [key(alias), key(name)]),
)
