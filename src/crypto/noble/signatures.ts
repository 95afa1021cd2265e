/** Signatures on @noble's libraries, and RSA on BigInt. */
import type { EdDSA } from '@noble/curves/abstract/edwards.js'
import type { ECDSA } from '@noble/curves/abstract/weierstrass.js'
import { bytesToNumberLE } from '@noble/curves/utils.js'
import { constantTimeEqual } from '../constant-time.ts'
import type { CurvePrivateKeyInfo, OptionalKeys, RsaPrivateKeyInfo } from '../pkcs8.ts'
import type { Hash } from '../provider.ts'
import { type RsaPublicKey, signPss, verifyPkcs1, verifyPss } from '../rsa.ts'
import type { Scheme, SignatureLibrary, Signer } from '../signatures.ts'
import { type CurveName, writeRsaPublicKey } from '../spki.ts'
import type { Curves } from './curves.ts'
import type { Curves448 } from './curves448.ts'
import { sha256, sha384, sha512 } from './hashes.ts'

/** What the optional schemes need. */
export interface OptionalSignatures extends OptionalKeys, Pick<Curves448, 'ed448'> {}

export function nobleSignatures(curves: Curves, random: (size: number) => Uint8Array, optional?: OptionalSignatures): SignatureLibrary {
  return {
    verifier(key) {
      switch (key.type) {
        case 'ec':
          return (scheme, message, signature) =>
            'hash' in scheme && verifyEcdsa(curves[key.curve], key.point, hashes[scheme.hash], message, signature)
        case 'ed25519':
          return (_, message, signature) => verifyEd25519(curves.ed25519, key.point, message, signature)
        case 'ed448':
          return (_, message, signature) => optional !== undefined && verifyEd448(optional.ed448, key.point, message, signature)
        case 'ml-dsa':
          return (_, message, signature) => optional?.mlDsa.verify(key.parameterSet, key.publicKey, message, signature) ?? false
        default:
          return (scheme, message, signature) => verifyRsa(scheme, key.key, message, signature)
      }
    },
    signer(key) {
      switch (key.type) {
        case 'rsa':
        case 'rsa-pss':
          return rsaSigner(key, random)
        case 'ec':
          return curveSigner(key, curves[key.curve], random)
        case 'ed25519':
          return edwardsSigner(key, curves.ed25519)
        case 'ed448':
          if (optional) return edwardsSigner(key, optional.ed448)
          break
        case 'ml-dsa':
          if (optional) return optional.mlDsa.signer(key.parameterSet, key.secretKey, random)
      }
      throw new TypeError(`This provider has no ${key.type}`)
    },
    ...(optional && { optional }),
  }
}

function verifyRsa(scheme: Scheme, key: RsaPublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (scheme.kind === 'rsa-pkcs1') return verifyPkcs1(key, hashes[scheme.hash], message, signature)
  return scheme.kind === 'rsa-pss' && verifyPss(key, hashes[scheme.hash], message, signature)
}

/** FIPS 186-5 §6.4.2. The curve's own hash is not what counts. */
function verifyEcdsa({ verify }: Curves[CurveName], point: Uint8Array, hash: Hash, message: Uint8Array, signature: Uint8Array): boolean {
  const digest = hash.create().update(message).digest()
  return verify(signature, digest, point, { format: 'der', prehash: false })
}

const hashes: Readonly<Record<Hash['name'], Hash>> = { sha256, sha384, sha512 }

/**
 * RFC 8032 §5.1.7, by the equation without the cofactor: it is the one that OpenSSL and nearly every other peer checks, so that a signer
 * cannot make a signature which only some accept. noble's own `verify` multiplies by the cofactor.
 */
function verifyEd25519({ Point }: Curves['ed25519'], publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false
  const r = signature.subarray(0, 32)
  const s = bytesToNumberLE(signature.subarray(32))
  const hashed = sha512.create().update(r).update(publicKey).update(message).digest()
  const k = Point.Fn.create(bytesToNumberLE(hashed))
  const expected = Point.BASE.multiplyUnsafe(s).subtract(Point.fromBytes(publicKey).multiplyUnsafe(k))
  return constantTimeEqual(expected.toBytes(), r)
}

/**
 * RFC 8032 §5.2.7, by the equation with the cofactor: here OpenSSL has no other. It refuses, too, an R whose x is 0, which no honest
 * signer makes.
 */
function verifyEd448({ Point, verify }: Curves448['ed448'], publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 114) return false
  const y = bytesToNumberLE(signature.subarray(0, 56))
  return y !== 1n && y !== Point.Fp.ORDER - 1n && verify(signature, message, publicKey)
}

function rsaSigner({ key }: RsaPrivateKeyInfo, random: (size: number) => Uint8Array): Signer {
  return {
    subjectPublicKey: writeRsaPublicKey(key),
    sign(scheme, message) {
      if (scheme.kind !== 'rsa-pss') throw new TypeError('An RSA key signs with PSS only')
      return signPss(key, hashes[scheme.hash], message, { random })
    },
  }
}

function edwardsSigner({ secret }: CurvePrivateKeyInfo, curve: EdDSA): Signer {
  return { subjectPublicKey: curve.getPublicKey(secret), sign: (_, message) => curve.sign(message, secret) }
}

function curveSigner({ secret }: CurvePrivateKeyInfo, curve: ECDSA, random: (size: number) => Uint8Array): Signer {
  if (!curve.utils.isValidSecretKey(secret)) throw new TypeError('The scalar is not between 1 and the order of the curve')
  return {
    subjectPublicKey: curve.getPublicKey(secret, false),
    // The nonce comes from key and message (RFC 6979), with fresh randomness mixed in: neither a fault nor a bad source betrays the key.
    sign: (_, message) => curve.sign(message, secret, { format: 'der', extraEntropy: random(32) }),
  }
}
