/** Key pairs for what is minted, and signatures by them in the form that X.509 gives them. On WebCrypto. */
import type { webcrypto } from 'node:crypto'
import { oid, readDer, sequence, tags } from '../wire/der.ts'
import { encodePem } from '../x509/pem.ts'
import { derNull, encodeAlgorithm, encodeBitString, encodeInteger, encodeSequence, explicit } from './der.ts'

/**
 * `RSA-2048` signs with PKCS#1 v1.5, `RSA-PSS-2048` with PSS, both with SHA-256; elliptic curves sign with the hash of their own size. RSA
 * keys with the id-RSASSA-PSS identifier can't be made: WebCrypto writes every RSA key as rsaEncryption.
 */
export type MintedKey = 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'RSA-2048' | 'RSA-PSS-2048'

/** Also RSA keys of other lengths: too short ones, and slow ones. */
export type KeyOrder = MintedKey | `RSA-${1024 | 3072 | 4096}` | `RSA-PSS-${1024 | 3072 | 4096}`

/** A key pair that may serve for more than one certificate: cross-signs, renewals, requests. */
export interface KeyPair {
  readonly publicKey: webcrypto.CryptoKey
  readonly privateKey: webcrypto.CryptoKey
  /** The SubjectPublicKeyInfo, DER. */
  readonly publicKeySpki: Uint8Array
  readonly privateKeyPkcs8: Uint8Array
  readonly privateKeyPem: string
}

export async function generateKeyPair(type: KeyOrder = 'P-256'): Promise<KeyPair> {
  const generation = generationOf(type)
  if (!generation) throw new TypeError(`"${type}" is no kind of key: P-256, P-384, P-521, Ed25519, RSA-2048, RSA-PSS-2048 …`)
  const keys = await crypto.subtle.generateKey(generation, true, ['sign', 'verify'])
  if ('publicKey' in keys) return describe(keys)
  throw new Error(`WebCrypto made no key pair for ${type}`)
}

/**
 * The pair of an unencrypted PKCS#8 key, DER, of the kinds that `generateKeyPair` makes. RSA keys sign with PKCS#1 v1.5. Throws `TypeError`
 * where it is not such a key.
 */
export async function importKeyPair(pkcs8: Uint8Array): Promise<KeyPair> {
  const algorithm = algorithmOfKey(pkcs8)
  try {
    const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign'])
    const { kty, crv, n, e, x, y } = await crypto.subtle.exportKey('jwk', privateKey)
    const publicParts = Object.fromEntries(Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => value !== undefined))
    return await describe({ privateKey, publicKey: await crypto.subtle.importKey('jwk', publicParts, algorithm, true, ['verify']) })
  } catch (error) {
    throw new TypeError(`the private key can't be imported: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** What WebCrypto is told when the key signs. */
export function signingAlgorithm({
  privateKey: { algorithm },
}: KeyPair): webcrypto.EcdsaParams | webcrypto.RsaPssParams | webcrypto.Algorithm {
  if ('namedCurve' in algorithm) return { name: 'ECDSA', hash: `SHA-${hashes[String(algorithm.namedCurve)] ?? 256}` }
  return algorithm.name === 'RSA-PSS' ? { name: 'RSA-PSS', saltLength: 32 } : { name: algorithm.name }
}

/** The AlgorithmIdentifier of its signatures, DER. */
export function signatureAlgorithm({ privateKey: { algorithm } }: KeyPair): Uint8Array {
  if ('namedCurve' in algorithm) {
    const last = { 256: 2, 384: 3, 512: 4 }[hashes[String(algorithm.namedCurve)] ?? 256]
    return encodeAlgorithm(`1.2.840.10045.4.3.${last}`)
  }
  if (algorithm.name === 'Ed25519') return encodeAlgorithm('1.3.101.112')
  return algorithm.name === 'RSA-PSS' ? pssSha256 : encodeAlgorithm('1.2.840.113549.1.1.11', derNull)
}

/** SEQUENCE { what is signed, AlgorithmIdentifier, BIT STRING }, `more` behind it: the frame of every signed structure of X.509. */
export async function signDer(keys: KeyPair, signed: Uint8Array, ...more: readonly Uint8Array[]): Promise<Uint8Array> {
  return encodeSequence(signed, signatureAlgorithm(keys), encodeBitString(await sign(keys, signed)), ...more)
}

/** A signature as X.509 and TLS carry it: ECDSA as the SEQUENCE of r and s (RFC 3279 §2.2.3). */
export async function sign(keys: KeyPair, message: Uint8Array): Promise<Uint8Array> {
  const signature = new Uint8Array(await crypto.subtle.sign(signingAlgorithm(keys), keys.privateKey, message))
  if (!('namedCurve' in keys.privateKey.algorithm)) return signature
  const half = signature.length / 2
  return encodeSequence(...[signature.subarray(0, half), signature.subarray(half)].map(part => encodeInteger(bigint(part), 'r or s')))
}

export async function digest(hash: 'SHA-1' | 'SHA-256', bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(hash, bytes))
}

/** The hash that goes with each curve. */
const hashes: Readonly<Record<string, 256 | 384 | 512>> = { 'P-256': 256, 'P-384': 384, 'P-521': 512 }

/** RSASSA-PSS with SHA-256, MGF1 with it too, and a salt of 32 octets (RFC 4055 §3.1). */
const pssSha256 = (() => {
  const sha256 = encodeAlgorithm('2.16.840.1.101.3.4.2.1', derNull)
  const mgf1 = encodeAlgorithm('1.2.840.113549.1.1.8', sha256)
  return encodeAlgorithm(
    '1.2.840.113549.1.1.10',
    encodeSequence(explicit(0, sha256), explicit(1, mgf1), explicit(2, encodeInteger(32, 'the salt'))),
  )
})()

function generationOf(type: KeyOrder): webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams | webcrypto.Algorithm | undefined {
  if (type === 'Ed25519') return { name: type }
  if (type in hashes) return { name: 'ECDSA', namedCurve: type }
  const [, pss, bits] = /^RSA-(PSS-)?(1024|2048|3072|4096)$/.exec(type) ?? []
  if (bits === undefined) return undefined
  const name = pss === undefined ? 'RSASSA-PKCS1-v1_5' : 'RSA-PSS'
  return { name, modulusLength: Number(bits), publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' }
}

async function describe({ publicKey, privateKey }: webcrypto.CryptoKeyPair): Promise<KeyPair> {
  const publicKeySpki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  const privateKeyPkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey))
  return { publicKey, privateKey, publicKeySpki, privateKeyPkcs8, privateKeyPem: encodePem('PRIVATE KEY', privateKeyPkcs8) }
}

/** What WebCrypto wants to be told about a PKCS#8 key (RFC 5958 §2): version, AlgorithmIdentifier, the key. */
function algorithmOfKey(pkcs8: Uint8Array): webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams | webcrypto.Algorithm {
  const identifier = readIdentifier(pkcs8)
  if (identifier?.oid === '1.2.840.113549.1.1.1') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  if (identifier?.oid === '1.3.101.112') return { name: 'Ed25519' }
  const curve = { '1.2.840.10045.3.1.7': 'P-256', '1.3.132.0.34': 'P-384', '1.3.132.0.35': 'P-521' }[identifier?.curve ?? '']
  if (identifier?.oid === '1.2.840.10045.2.1' && curve !== undefined) return { name: 'ECDSA', namedCurve: curve }
  throw new TypeError('a private key of RSA, P-256, P-384, P-521 or Ed25519 in unencrypted PKCS#8 is expected')
}

/** `undefined` where it is no PKCS#8 key. */
function readIdentifier(pkcs8: Uint8Array): { readonly oid: string; readonly curve: string | undefined } | undefined {
  try {
    const key = sequence(readDer(pkcs8))
    key.next(tags.integer)
    const fields = sequence(key.next())
    const type = oid(fields.next())
    const curve = fields.optional(tags.oid)
    return { oid: type, curve: curve && oid(curve) }
  } catch {
    return undefined
  }
}

function bigint(octets: Uint8Array): bigint {
  return octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n)
}
