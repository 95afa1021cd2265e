/** Diffie-Hellman groups by node:crypto. */
import { createECDH, createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type DiffieHellmanGroup, diffieHellmanGroup, SECP256R1, SECP384R1, SECP521R1, X448, X25519 } from '../key-exchange.ts'
import type { CodePoint, KeyPair } from '../provider.ts'
import type { CurveName } from '../spki.ts'
import { plain, view } from './buffers.ts'

export interface NodeGroups {
  readonly x25519: DiffieHellmanGroup
  readonly x448: DiffieHellmanGroup
  readonly secp256r1: DiffieHellmanGroup
  readonly secp384r1: DiffieHellmanGroup
  readonly secp521r1: DiffieHellmanGroup
}

export function nodeGroups(): NodeGroups {
  return {
    x25519: montgomeryGroup(X25519, montgomery.x25519),
    x448: montgomeryGroup(X448, montgomery.x448),
    secp256r1: curveGroup(SECP256R1, curveNames.secp256r1),
    secp384r1: curveGroup(SECP384R1, curveNames.secp384r1),
    secp521r1: curveGroup(SECP521R1, curveNames.secp521r1),
  }
}

/** The uncompressed point of a private key. Throws where that is not between 1 and the curve's order. */
export function curvePoint(curve: CurveName, privateKey: Uint8Array): Uint8Array {
  return curvePair(curveNames[curve], privateKey).share
}

/** OpenSSL's names. */
const curveNames: Readonly<Record<CurveName, string>> = { secp256r1: 'prime256v1', secp384r1: 'secp384r1', secp521r1: 'secp521r1' }

interface Montgomery {
  readonly generate: () => AskedPair
  /** As a JWK names it. */
  readonly name: string
  /** The DER of a PKCS#8 key (RFC 8410 §7) up to its octets. */
  readonly pkcs8: Buffer
  /** RFC 7748 §4.1, §4.2, in little-endian octets, base64url. */
  readonly base: string
}

/** The types of node:crypto don't know what form of the public key was asked for. */
interface AskedPair {
  readonly publicKey: unknown
  readonly privateKey: KeyObject
}

/**
 * JWK is the form that OpenSSL 3.0 writes and reads at once; it takes longer to encode or decode the DER of a key than to compute with it.
 * The pair has to be asked for with its public key in that form. To export it from a `KeyObject` afterwards can stop the process for good,
 * in Node 20 at least: the export holds the key's lock while it allocates, and a garbage collection then waits for the same lock where it
 * destroys what made the key.
 */
const asJwk = { publicKeyEncoding: { format: 'jwk' } }

const montgomery = {
  x25519: {
    generate: () => generateKeyPairSync('x25519', asJwk),
    name: 'X25519',
    pkcs8: Buffer.from('302e020100300506032b656e04220420', 'hex'),
    base: octets(9, 32),
  },
  x448: {
    generate: () => generateKeyPairSync('x448', asJwk),
    name: 'X448',
    pkcs8: Buffer.from('3046020100300506032b656f043a0438', 'hex'),
    base: octets(5, 56),
  },
}

function montgomeryGroup(group: CodePoint, curve: Montgomery): DiffieHellmanGroup {
  return diffieHellmanGroup(group, {
    generate() {
      const { publicKey, privateKey } = curve.generate()
      return montgomeryPair(curve, privateKey, octetsOf(publicKey))
    },
    pairOf(raw) {
      const privateKey = createPrivateKey({ key: Buffer.concat([curve.pkcs8, raw]), format: 'der', type: 'pkcs8' })
      // The private key times the base point, without an export.
      return montgomeryPair(curve, privateKey, diffieHellman({ privateKey, publicKey: publicKeyObject(curve, curve.base) }))
    },
  })
}

function montgomeryPair(curve: Montgomery, privateKey: KeyObject, share: Buffer): KeyPair {
  return {
    share: plain(share),
    agree(peer) {
      const publicKey = publicKeyObject(curve, view(peer).toString('base64url'))
      const secret = plain(diffieHellman({ privateKey, publicKey }))
      // OpenSSL refuses this too; RFC 9846 §7.4.2 asks for it too plainly to rely on that.
      if (secret.every(octet => octet === 0)) throw new Error('The secret is zero')
      return secret
    },
  }
}

function publicKeyObject({ name }: Montgomery, x: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: name, x }, format: 'jwk' })
}

function octetsOf(jwk: unknown): Buffer {
  if (typeof jwk !== 'object' || jwk === null || !('x' in jwk) || typeof jwk.x !== 'string') throw new Error('No public key came as a JWK')
  return Buffer.from(jwk.x, 'base64url')
}

function octets(value: number, size: number): string {
  return Buffer.from([value, ...new Uint8Array(size - 1)]).toString('base64url')
}

function curveGroup(group: CodePoint, curve: string): DiffieHellmanGroup {
  return diffieHellmanGroup(group, { generate: () => curvePair(curve), pairOf: privateKey => curvePair(curve, privateKey) })
}

/** Throws where the private key is not between 1 and the curve's order; `agree`, where the peer's point is not on the curve. */
function curvePair(curve: string, privateKey?: Uint8Array): KeyPair {
  const pair = createECDH(curve)
  if (privateKey === undefined) pair.generateKeys()
  else pair.setPrivateKey(privateKey)
  return { share: plain(pair.getPublicKey()), agree: peer => plain(pair.computeSecret(peer)) }
}
