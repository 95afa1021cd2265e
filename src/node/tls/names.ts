/** What Node.js and OpenSSL call the algorithms of TLS 1.3, and what they are called here. */
import { signatureSchemeNames } from '../../crypto/code-points.ts'
import type { CodePoint } from '../../crypto/provider.ts'
import { coded } from './errors.ts'

/** The suites of this engine, preferred first; those that it has only by name come last. */
const cipherSuites = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'] as const
const optionalSuites = ['TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_8_SHA256'] as const

/** The suites that are on where the option `ciphers` names none: OpenSSL's, in its order. */
export const DEFAULT_CIPHERS: string = cipherSuites.join(':')
/** `auto`: the groups of the provider, in its order. */
export const DEFAULT_ECDH_CURVE: string = 'auto'
export const DEFAULT_MIN_VERSION: string = 'TLSv1.3'
export const DEFAULT_MAX_VERSION: string = 'TLSv1.3'

/** What contexts are made with where an option is left out. As in Node.js, programs may assign to it: it is part of the default export. */
export const defaults = { DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION }

/** The cipher suites of this engine, in lower case, as Node.js lists its own. */
export function getCiphers(): string[] {
  return [...cipherSuites, ...optionalSuites].map(name => name.toLowerCase()).sort()
}

/**
 * The suites of an OpenSSL cipher list. What it says of older versions means nothing here, but where it names suites of these alone, or an
 * unknown one, it is an error.
 */
export function suitesOf(ciphers: string): readonly string[] {
  const wanted = ciphers.split(':').filter(each => each.length > 0)
  const named = wanted.filter(each => each.toUpperCase().startsWith('TLS_')).map(each => each.toUpperCase())
  const available: readonly string[] = [...cipherSuites, ...optionalSuites]
  const unknown = named.find(each => !available.includes(each))
  if (unknown !== undefined)
    throw coded(new Error(`no cipher match: ${unknown} is not among ${available.join(', ')}`), 'ERR_SSL_NO_CIPHER_MATCH')
  if (named.length > 0) return [...new Set(named)]
  if (wanted.length > 0 && wanted.every(isOlderSuite)) {
    const message = `no cipher match: this engine speaks TLS 1.3 alone, and "${ciphers}" names none of its suites (${available.join(', ')})`
    throw coded(new Error(message), 'ERR_SSL_NO_CIPHER_MATCH')
  }
  return cipherSuites
}

/** `ECDHE-RSA-AES128-GCM-SHA256` is a suite; `DEFAULT`, `HIGH`, `!aNULL`, `ECDHE+AESGCM` and `@SECLEVEL=1` are rules. */
function isOlderSuite(token: string): boolean {
  return /^[A-Z0-9]+(-[A-Z0-9]+)+$/i.test(token)
}

/** The groups of an OpenSSL list of curves; `undefined`: the provider's. */
export function groupsOf(curves: string): readonly string[] | undefined {
  if (curves === 'auto') return undefined
  return [...new Set(curves.split(':').map(groupOf))]
}

function groupOf(curve: string): string {
  const name = groupNames.get(curve.toLowerCase())
  if (name !== undefined) return name
  throw coded(new Error(`Failed to set ECDH curve: ${curve} is none that this engine has`), 'ERR_CRYPTO_OPERATION_FAILED')
}

const groupNames: ReadonlyMap<string, string> = new Map([
  ['p-256', 'secp256r1'],
  ['prime256v1', 'secp256r1'],
  ['secp256r1', 'secp256r1'],
  ['p-384', 'secp384r1'],
  ['secp384r1', 'secp384r1'],
  ['p-521', 'secp521r1'],
  ['secp521r1', 'secp521r1'],
  ['x25519', 'x25519'],
  ['x448', 'x448'],
  ['x25519mlkem768', 'X25519MLKEM768'],
  ['secp256r1mlkem768', 'SecP256r1MLKEM768'],
  ['secp384r1mlkem1024', 'SecP384r1MLKEM1024'],
])

export interface EphemeralKeyInfo {
  readonly type?: string
  readonly name?: string
  /** Bits of the key. */
  readonly size?: number
}

/** The key exchange, as `getEphemeralKeyInfo` tells it at a client. */
export function ephemeralKeyInfo(group: string | undefined): EphemeralKeyInfo {
  if (group === undefined) return {}
  const known = ephemeralKeys.get(group)
  return known ? { type: 'ECDH', ...known } : { type: 'KEM', name: group }
}

const ephemeralKeys: ReadonlyMap<string, { readonly name: string; readonly size: number }> = new Map([
  ['x25519', { name: 'X25519', size: 253 }],
  ['x448', { name: 'X448', size: 448 }],
  ['secp256r1', { name: 'prime256v1', size: 256 }],
  ['secp384r1', { name: 'secp384r1', size: 384 }],
  ['secp521r1', { name: 'secp521r1', size: 521 }],
])

/** The schemes of OpenSSL's list of signature algorithms: `rsa_pss_rsae_sha256`, `RSA-PSS+SHA256`, `ECDSA+SHA384`, `ed25519`. */
export function schemesOf(sigalgs: string): readonly string[] {
  return [...new Set(sigalgs.split(':').flatMap(schemesNamed))]
}

function schemesNamed(name: string): readonly string[] {
  const lower = name.toLowerCase()
  const exact = [...signatureSchemeNames.values()].filter(each => each === lower)
  const found =
    exact.length > 0
      ? exact
      : [...signatureSchemeNames].filter(([code]) => opensslName(code).toLowerCase() === lower).map(([, each]) => each)
  // Of two schemes by one name OpenSSL takes the first, of keys without parameters of their own.
  if (found.length > 0) return found.slice(0, 1)
  throw coded(new Error(`sigalgs: ${name} is no signature algorithm of TLS 1.3`), 'ERR_CRYPTO_OPERATION_FAILED')
}

/** A signature scheme as `getSharedSigalgs` names it. Those that are a hash of their own have none in OpenSSL's eyes. */
export function sharedName(scheme: CodePoint): string {
  const name = opensslName(scheme)
  return name.includes('+') ? name : `${name}+UNDEF`
}

function opensslName(scheme: CodePoint): string {
  const name = signatureSchemeNames.get(scheme) ?? `0x${scheme.toString(16).padStart(4, '0')}`
  const hash = /sha\d+$/.exec(name)?.[0].toUpperCase()
  if (name.startsWith('rsa_pss')) return `RSA-PSS+${hash}`
  if (name.startsWith('rsa_pkcs1')) return `RSA+${hash}`
  if (name.startsWith('ecdsa')) return `ECDSA+${hash}`
  return name.charAt(0).toUpperCase() + name.slice(1)
}
