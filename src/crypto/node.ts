/** The provider for Node.js: `node:crypto` by its synchronous calls. ML-KEM and ML-DSA come from @noble: Node has them from version 24 on. */
import {
  constants,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  type Hash as NodeHash,
  randomFillSync,
  sign,
  verify,
} from 'node:crypto'
import {
  type DiffieHellmanGroup,
  diffieHellmanGroup,
  SECP256R1,
  SECP384R1,
  SECP521R1,
  secp256r1MlKem768,
  secp384r1MlKem1024,
  X448,
  X25519,
  x25519MlKem768,
} from './key-exchange.ts'
import { mlDsaSigner, verifyMlDsa } from './ml-dsa.ts'
import { aesCcmKey, aesGcmKey, chacha20Poly1305Key } from './node/aead.ts'
import { plain, view } from './node/buffers.ts'
import { nodePasswords } from './node/passwords.ts'
import { type MlDsaPrivateKeyInfo, type PrivateKeyInfo, writePrivateKey } from './pkcs8.ts'
import type { CodePoint, CryptoProvider, Hash, Hasher, KeyPair } from './provider.ts'
import {
  defaultRsaLimits,
  defaultSchemes,
  ecdsaVerifiers,
  importPrivateKey,
  optionalSchemes,
  type RsaLimits,
  type Scheme,
  type SignatureLibrary,
  signatureVerifiers,
} from './signatures.ts'
import { edwardsSize, writeRsaPublicKey } from './spki.ts'
import {
  cipherSuites,
  optionalSuites,
  type SuiteParts,
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
} from './suites.ts'

/** The provider `node`. AES-GCM comes first: processors have instructions for it. */
export function createNodeProvider(options: Partial<RsaLimits> = {}): CryptoProvider {
  const { x25519, x448, secp256r1, secp384r1, secp521r1 } = nodeGroups()
  const rsaLimits = { ...defaultRsaLimits, ...options }
  return {
    name: 'node',
    cipherSuites: cipherSuites(suiteParts, [TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256]),
    groups: [x25519MlKem768(x25519, random), x25519, secp256r1, secp384r1, secp521r1],
    verifiers: signatureVerifiers(defaultSchemes, signatures, rsaLimits),
    optional: {
      cipherSuites: cipherSuites(suiteParts, optionalSuites),
      groups: [secp256r1MlKem768(secp256r1, random), secp384r1MlKem1024(secp384r1, random), x448],
      verifiers: signatureVerifiers(optionalSchemes, signatures, rsaLimits),
    },
    certificateVerifiers: ecdsaVerifiers(signatures),
    leavesSealed: true,
    passwords: nodePasswords,
    random,
    importPrivateKey: pkcs8 => importPrivateKey(pkcs8, signatures, rsaLimits),
  }
}

function random(size: number): Uint8Array {
  return randomFillSync(new Uint8Array(size))
}

// ── Hashes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const suiteParts: SuiteParts = {
  sha256: nodeHash('sha256', 32),
  sha384: nodeHash('sha384', 48),
  aesGcm: aesGcmKey,
  aesCcm: aesCcmKey,
  chacha20Poly1305: chacha20Poly1305Key,
}

function nodeHash(name: Hash['name'], size: number): Hash {
  return {
    name,
    size,
    create: () => hasher(createHash(name)),
    hmac: (key, data) => plain(createHmac(name, key).update(data).digest()),
  }
}

function hasher(state: NodeHash): Hasher {
  return {
    update(data) {
      state.update(data)
      return this
    },
    clone: () => hasher(state.copy()),
    digest: () => plain(state.digest()),
  }
}

// ── Groups ──────────────────────────────────────────────────────────────────────────────────────────────────────────

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

/** OpenSSL's names. */
const curveNames = { secp256r1: 'prime256v1', secp384r1: 'secp384r1', secp521r1: 'secp521r1' } as const

interface Montgomery {
  readonly generate: () => KeyObject
  /** As a JWK names it. */
  readonly name: string
  /** The DER of a PKCS#8 key (RFC 8410 §7) up to its octets. */
  readonly pkcs8: Buffer
  /** How many those are, and a public key's. */
  readonly size: number
}

const montgomery = {
  x25519: {
    generate: () => generateKeyPairSync('x25519').privateKey,
    name: 'X25519',
    pkcs8: Buffer.from('302e020100300506032b656e04220420', 'hex'),
    size: 32,
  },
  x448: {
    generate: () => generateKeyPairSync('x448').privateKey,
    name: 'X448',
    pkcs8: Buffer.from('3046020100300506032b656f043a0438', 'hex'),
    size: 56,
  },
}

function montgomeryGroup(group: CodePoint, curve: Montgomery): DiffieHellmanGroup {
  return diffieHellmanGroup(group, {
    generate: () => montgomeryPair(curve, curve.generate()),
    pairOf: raw => montgomeryPair(curve, createPrivateKey({ key: Buffer.concat([curve.pkcs8, raw]), format: 'der', type: 'pkcs8' })),
  })
}

function montgomeryPair({ name, size }: Montgomery, privateKey: KeyObject): KeyPair {
  return {
    share: rawPublicKey(privateKey, size),
    agree(peer) {
      const jwk = { kty: 'OKP', crv: name, x: view(peer).toString('base64url') }
      const secret = plain(diffieHellman({ privateKey, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) }))
      // OpenSSL refuses this too; RFC 9846 §7.4.2 asks for it too plainly to rely on that.
      if (secret.every(octet => octet === 0)) throw new Error('The secret is zero')
      return secret
    },
  }
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

// ── Signatures ──────────────────────────────────────────────────────────────────────────────────────────────────────

const signatures: SignatureLibrary = {
  verify(scheme, publicKey, spki, message, signature) {
    if (publicKey.type === 'ml-dsa') return verifyMlDsa(publicKey.parameterSet, publicKey.publicKey, message, signature)
    const key = createPublicKey({ key: view(spki), format: 'der', type: 'spki' })
    return verify(digestOf(scheme), message, { key, ...paddingOf(scheme) }, signature)
  },
  signer(info) {
    if (info.type === 'ml-dsa') return mlDsaSigner(info.parameterSet, info.secretKey, random)
    const key = createPrivateKey({ key: view(writePrivateKey(info)), format: 'der', type: 'pkcs8' })
    return {
      subjectPublicKey: subjectPublicKey(info, key),
      sign: (scheme, message) => plain(sign(digestOf(scheme), message, { key, ...paddingOf(scheme) })),
    }
  },
}

/** None where the scheme hashes by itself. */
function digestOf(scheme: Scheme): string | null {
  return 'hash' in scheme ? scheme.hash : null
}

function paddingOf(scheme: Scheme): { readonly padding?: number; readonly saltLength?: number } {
  switch (scheme.kind) {
    case 'rsa-pss':
      return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    case 'rsa-pkcs1':
      return { padding: constants.RSA_PKCS1_PADDING }
    default:
      return {}
  }
}

function subjectPublicKey(info: Exclude<PrivateKeyInfo, MlDsaPrivateKeyInfo>, key: KeyObject): Uint8Array {
  switch (info.type) {
    case 'rsa':
    case 'rsa-pss':
      return writeRsaPublicKey(info.key)
    case 'ec':
      return curvePair(curveNames[info.curve], info.secret).share
    case 'ed25519':
    case 'ed448':
      return rawPublicKey(key, edwardsSize[info.type])
  }
}

/** The octets of a key on a Montgomery or an Edwards curve, which end its SubjectPublicKeyInfo. */
function rawPublicKey(privateKey: KeyObject, size: number): Uint8Array {
  return plain(createPublicKey(privateKey).export({ format: 'der', type: 'spki' })).slice(-size)
}
