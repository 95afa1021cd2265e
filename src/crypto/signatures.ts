/**
 * The signature schemes of TLS 1.3 (RFC 9846 §4.3.3, and draft-ietf-tls-mldsa) as both providers have them. Here is decided which keys a scheme may use; a
 * library only computes.
 */
import { equal } from '../wire/bytes.ts'
import { encode, encodeOid, tags } from '../wire/der.ts'
import { DecodeError } from '../wire/error.ts'
import { constantTimeEqual } from './constant-time.ts'
import type { MlDsaName } from './ml-dsa.ts'
import { type OptionalKeys, type PrivateKeyInfo, readPrivateKey } from './pkcs8.ts'
import type { CertificateVerifier, CodePoint, Hash, PrivateKey, SignatureVerifier } from './provider.ts'
import type { PublicKeys } from './public-keys.ts'
import { bitLength, byteLength, hasRoomForPss, type RsaPublicKey } from './rsa.ts'
import { type CurveName, type EdwardsName, hashOids, type KeyAlgorithm, type PublicKey, writePublicKey } from './spki.ts'

export type Scheme = {
  /** 0 where TLS has none. */
  readonly code: CodePoint
} & (
  | { readonly kind: 'ecdsa'; readonly curve: CurveName; readonly hash: Hash['name'] }
  | { readonly kind: EdwardsName }
  | { readonly kind: 'ml-dsa'; readonly parameterSet: MlDsaName }
  /** `keyType` is the algorithm that the key is declared with: rsaEncryption, or id-RSASSA-PSS. */
  | { readonly kind: 'rsa-pss'; readonly keyType: 'rsa' | 'rsa-pss'; readonly hash: Hash['name'] }
  /** In certificates only. */
  | { readonly kind: 'rsa-pkcs1'; readonly hash: Hash['name'] }
)

export interface SignatureLibrary {
  /** Opens a public key; `spki` is where it was read from. May throw anything where the key is malformed. */
  verifier(key: PublicKey, spki: Uint8Array): Verifier
  /** May throw anything where the key is not valid. */
  signer(key: PrivateKeyInfo): Signer
  /** Left out, private keys for the optional schemes can't be read. */
  readonly optional?: OptionalKeys
}

/** Whether the signature fits. The key is one that `scheme` may use. May throw anything for a malformed signature, and for a malformed key too. */
export type Verifier = (scheme: Scheme, message: Uint8Array, signature: Uint8Array) => boolean

export interface Signer {
  /** The contents of the matching public key's BIT STRING. */
  readonly subjectPublicKey: Uint8Array
  /** `scheme` is one that fits the key. */
  sign(scheme: Scheme, message: Uint8Array): Uint8Array
}

export interface RsaLimits {
  /** Shorter moduli are refused. */
  readonly minimumRsaBits: number
}

/** 2048 bits, of which an RSA key has at least 112 bits of strength. */
export const defaultRsaLimits: RsaLimits = { minimumRsaBits: 2048 }

/** In order of preference: small and fast signatures first, then what is left for old certificates. */
export const defaultSchemes: readonly Scheme[] = [
  { code: 0x0403, kind: 'ecdsa', curve: 'secp256r1', hash: 'sha256' },
  { code: 0x0807, kind: 'ed25519' },
  { code: 0x0503, kind: 'ecdsa', curve: 'secp384r1', hash: 'sha384' },
  { code: 0x0603, kind: 'ecdsa', curve: 'secp521r1', hash: 'sha512' },
  { code: 0x0804, kind: 'rsa-pss', keyType: 'rsa', hash: 'sha256' },
  { code: 0x0805, kind: 'rsa-pss', keyType: 'rsa', hash: 'sha384' },
  { code: 0x0806, kind: 'rsa-pss', keyType: 'rsa', hash: 'sha512' },
  { code: 0x0809, kind: 'rsa-pss', keyType: 'rsa-pss', hash: 'sha256' },
  { code: 0x080a, kind: 'rsa-pss', keyType: 'rsa-pss', hash: 'sha384' },
  { code: 0x080b, kind: 'rsa-pss', keyType: 'rsa-pss', hash: 'sha512' },
  { code: 0x0401, kind: 'rsa-pkcs1', hash: 'sha256' },
  { code: 0x0501, kind: 'rsa-pkcs1', hash: 'sha384' },
  { code: 0x0601, kind: 'rsa-pkcs1', hash: 'sha512' },
]

/** In order of preference, as above: what a provider has beside its defaults. */
export const optionalSchemes: readonly Scheme[] = [
  { code: 0x0808, kind: 'ed448' },
  { code: 0x0904, kind: 'ml-dsa', parameterSet: 'ML-DSA-44' },
  { code: 0x0905, kind: 'ml-dsa', parameterSet: 'ML-DSA-65' },
  { code: 0x0906, kind: 'ml-dsa', parameterSet: 'ML-DSA-87' },
]

export function signatureVerifiers(schemes: readonly Scheme[], keys: PublicKeys): SignatureVerifier[] {
  return schemes.map(scheme => ({
    scheme: scheme.code,
    verify(spki, message, signature) {
      try {
        const { key, verify } = keys.open(spki)
        if (!fits(scheme, key)) return false
        if ('key' in key && signature.length !== byteLength(key.key.n)) return false
        return verify(scheme, message, signature)
      } catch {
        // A malformed key or signature; no library tells that apart from a failure of its own.
        return false
      }
    },
  }))
}

/** ECDSA with each hash, whatever the curve of the key: in certificates the two need not be of one size (RFC 5758 §3.2). */
export function ecdsaVerifiers(keys: PublicKeys): CertificateVerifier[] {
  return (['sha256', 'sha384', 'sha512'] as const).map(hash => {
    const algorithm = ecdsaOids[hash]
    const identifier = encode(tags.sequence, encodeOid(algorithm))
    return {
      algorithm,
      verify(der, spki, message, signature) {
        try {
          const { key, verify } = keys.open(spki)
          if (key.type !== 'ec' || !equal(der, identifier)) return false
          return verify({ code: 0, kind: 'ecdsa', curve: key.curve, hash }, message, signature)
        } catch {
          // As above.
          return false
        }
      },
    }
  })
}

/** ecdsa-with-SHA256 and so on (RFC 5758 §3.2). */
const ecdsaOids: Readonly<Record<Hash['name'], string>> = {
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
}

/** Throws `TypeError` that names what is wrong with the key. */
export function importPrivateKey(pkcs8: Uint8Array, library: SignatureLibrary, limits: RsaLimits): PrivateKey {
  const key = readOwnKey(pkcs8.slice(), library.optional)
  const fault = 'key' in key ? rsaFault(key.key, limits) : undefined
  if (fault !== undefined) throw new TypeError(`The private key cannot be used: ${fault}`)
  const usable = [...defaultSchemes, ...optionalSchemes].filter(scheme => fits(scheme, key) && signsInHandshakes(scheme, key))
  if (usable.length === 0) throw new TypeError('The private key cannot be used: its parameters allow no signature scheme of TLS 1.3')
  const signer = openKey(library, key)
  if ('publicKey' in key && key.publicKey !== undefined && !isPublicKey(key.publicKey, signer.subjectPublicKey, key)) {
    throw new TypeError('The private key cannot be used: it does not fit the public key beside it')
  }
  return {
    schemes: usable.map(scheme => scheme.code),
    spki: writePublicKey(key.algorithm, signer.subjectPublicKey),
    sign(code, message) {
      const scheme = usable.find(one => one.code === code)
      if (scheme === undefined)
        throw new TypeError(`This private key does not sign with the scheme 0x${code.toString(16).padStart(4, '0')}`)
      return signer.sign(scheme, message)
    },
  }
}

const hashSizes: Readonly<Record<Hash['name'], number>> = { sha256: 32, sha384: 48, sha512: 64 }

function fits(scheme: Scheme, key: KeyAlgorithm): boolean {
  switch (scheme.kind) {
    case 'ecdsa':
      return key.type === 'ec' && key.curve === scheme.curve
    case 'ed25519':
    case 'ed448':
      return key.type === scheme.kind
    case 'ml-dsa':
      return key.type === 'ml-dsa' && key.parameterSet === scheme.parameterSet
    case 'rsa-pkcs1':
      return key.type === 'rsa'
    case 'rsa-pss':
      return key.type === scheme.keyType && (key.type === 'rsa' || allows(key, scheme.hash))
  }
}

function signsInHandshakes(scheme: Scheme, key: PrivateKeyInfo): boolean {
  if (scheme.kind === 'rsa-pss') return 'key' in key && hasRoomForPss(key.key, hashSizes[scheme.hash])
  return scheme.kind !== 'rsa-pkcs1'
}

/** TLS takes one hash for both purposes and a salt of its length; a key's parameters may only narrow that (RFC 4055 §3.3). */
function allows({ restriction }: Extract<KeyAlgorithm, { type: 'rsa-pss' }>, hash: Hash['name']): boolean {
  if (restriction === undefined) return true
  const name = hashOids[hash]
  return restriction.hash === name && restriction.maskHash === name && restriction.saltLength <= hashSizes[hash]
}

/** The ceiling bounds what a verification costs; 16384 bits take longer than anyone has reason to wait. */
const maximumRsaBits = 16384
const maximumExponentBits = 33

/** Why an RSA key must not be used; `undefined`: it may. */
export function rsaFault({ n, e }: RsaPublicKey, { minimumRsaBits }: RsaLimits): string | undefined {
  if (n <= 0n || n % 2n === 0n) return 'the RSA modulus is not a positive odd number'
  const bits = bitLength(n)
  if (bits < minimumRsaBits) return `the RSA modulus has ${bits} bits, fewer than ${minimumRsaBits}`
  if (bits > maximumRsaBits) return `the RSA modulus has ${bits} bits, more than ${maximumRsaBits}`
  if (e < 3n || e % 2n === 0n || bitLength(e) > maximumExponentBits) {
    return `the RSA exponent is not an odd number of 2 to ${maximumExponentBits} bits`
  }
  return undefined
}

function readOwnKey(pkcs8: Uint8Array, optional: OptionalKeys | undefined): PrivateKeyInfo {
  try {
    return readPrivateKey(pkcs8, optional)
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause
    throw new TypeError(`The private key is not PKCS#8 that can be used: ${cause.message}`, { cause })
  }
}

/** Whether `claimed` is the `own` public key; a point may be compressed there (RFC 5915 §3, SEC 1 §2.3.3), which tells as much. */
function isPublicKey(claimed: Uint8Array, own: Uint8Array, { type }: PrivateKeyInfo): boolean {
  const size = (own.length - 1) / 2
  if (type !== 'ec' || claimed.length !== size + 1) return constantTimeEqual(claimed, own)
  const parity = (own[own.length - 1] ?? 0) & 1
  return constantTimeEqual(claimed, Uint8Array.of(2 | parity, ...own.subarray(1, size + 1)))
}

function openKey(library: SignatureLibrary, key: PrivateKeyInfo): Signer {
  try {
    return library.signer(key)
  } catch (cause) {
    throw new TypeError(`The private key is not a valid ${key.type === 'ec' ? key.curve : key.type} key`, { cause })
  }
}
