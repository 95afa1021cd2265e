/** The provider for Node.js: `node:crypto` by its synchronous calls. ML-KEM alone comes from @noble: Node has it from version 24 on. */
import {
  constants,
  createCipheriv,
  createDecipheriv,
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
import { type DiffieHellmanGroup, diffieHellmanGroup, SECP256R1, SECP384R1, SECP521R1, X25519, x25519MlKem768 } from './key-exchange.ts'
import { type PrivateKeyInfo, writePrivateKey } from './pkcs8.ts'
import type { AeadKey, CodePoint, CryptoProvider, Hash, Hasher, KeyPair } from './provider.ts'
import { defaultRsaLimits, importPrivateKey, type RsaLimits, type Scheme, type SignatureLibrary, signatureVerifiers } from './signatures.ts'
import { writeRsaPublicKey } from './spki.ts'
import { cipherSuites, TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 } from './suites.ts'

/** The provider `node`. AES-GCM comes first: processors have instructions for it. */
export function createNodeProvider(options: Partial<RsaLimits> = {}): CryptoProvider {
  const { x25519, secp256r1, secp384r1, secp521r1 } = nodeGroups()
  const rsaLimits = { ...defaultRsaLimits, ...options }
  return {
    name: 'node',
    cipherSuites: cipherSuites(
      {
        sha256: nodeHash('sha256', 32),
        sha384: nodeHash('sha384', 48),
        aesGcm: raw => aeadKey(raw.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', raw),
        chacha20Poly1305: raw => aeadKey('chacha20-poly1305', raw),
      },
      [TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256],
    ),
    groups: [x25519MlKem768(x25519, random), x25519, secp256r1, secp384r1, secp521r1],
    verifiers: signatureVerifiers(signatures, rsaLimits),
    random,
    importPrivateKey: pkcs8 => importPrivateKey(pkcs8, signatures, rsaLimits),
  }
}

function random(size: number): Uint8Array {
  return randomFillSync(new Uint8Array(size))
}

// ── Hashes and AEADs ────────────────────────────────────────────────────────────────────────────────────────────────

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

const tagSize = 16
const tagLength = { authTagLength: tagSize }

function aeadKey(name: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305', raw: Uint8Array): AeadKey {
  // The types of node:crypto want one overload; the calls are the same for all three.
  const algorithm = name as 'aes-128-gcm'
  const key = new Uint8Array(raw)
  let usable = true

  function check(nonce: Uint8Array): void {
    if (!usable) throw new TypeError('The key has been destroyed')
    if (nonce.length !== 12) throw new TypeError(`A nonce has 12 bytes, not ${nonce.length}`)
  }

  return {
    seal(nonce, aad, plaintext, out) {
      check(nonce)
      const cipher = createCipheriv(algorithm, key, nonce, tagLength)
      cipher.setAAD(aad)
      // One call for all pieces: a call, and the buffer it answers with, cost more than the copy.
      out.push(plain(cipher.update(joined(plaintext))))
      cipher.final()
      out.push(plain(cipher.getAuthTag()))
    },
    open(nonce, aad, sealed) {
      check(nonce)
      if (sealed.length < tagSize) return undefined
      const cipher = createDecipheriv(algorithm, key, nonce, tagLength)
      cipher.setAAD(aad)
      cipher.setAuthTag(sealed.subarray(-tagSize))
      const text = cipher.update(sealed.subarray(0, -tagSize))
      try {
        cipher.final()
      } catch {
        return undefined
      }
      return plain(text)
    },
    destroy() {
      usable = false
      key.fill(0)
    },
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : plain(Buffer.concat(pieces))
}

// ── Groups ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface NodeGroups {
  readonly x25519: DiffieHellmanGroup
  readonly secp256r1: DiffieHellmanGroup
  readonly secp384r1: DiffieHellmanGroup
  readonly secp521r1: DiffieHellmanGroup
}

export function nodeGroups(): NodeGroups {
  return {
    x25519: diffieHellmanGroup(X25519, {
      generate: () => x25519Pair(generateKeyPairSync('x25519').privateKey),
      pairOf: raw => x25519Pair(createPrivateKey({ key: Buffer.concat([x25519Pkcs8, raw]), format: 'der', type: 'pkcs8' })),
    }),
    secp256r1: curveGroup(SECP256R1, curveNames.secp256r1),
    secp384r1: curveGroup(SECP384R1, curveNames.secp384r1),
    secp521r1: curveGroup(SECP521R1, curveNames.secp521r1),
  }
}

/** OpenSSL's names. */
const curveNames = { secp256r1: 'prime256v1', secp384r1: 'secp384r1', secp521r1: 'secp521r1' } as const

/** The DER of a PKCS#8 X25519 key (RFC 8410 §7) up to its 32 octets. */
const x25519Pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex')

function x25519Pair(privateKey: KeyObject): KeyPair {
  return {
    share: rawPublicKey(privateKey),
    agree(peer) {
      const jwk = { kty: 'OKP', crv: 'X25519', x: view(peer).toString('base64url') }
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
  verify(scheme, _key, spki, message, signature) {
    const key = createPublicKey({ key: view(spki), format: 'der', type: 'spki' })
    return verify(digestOf(scheme), message, { key, ...paddingOf(scheme) }, signature)
  },
  signer(info) {
    const key = createPrivateKey({ key: view(writePrivateKey(info)), format: 'der', type: 'pkcs8' })
    return {
      subjectPublicKey: subjectPublicKey(info, key),
      sign: (scheme, message) => plain(sign(digestOf(scheme), message, { key, ...paddingOf(scheme) })),
    }
  },
}

function digestOf(scheme: Scheme): string | null {
  return scheme.kind === 'ed25519' ? null : scheme.hash
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

function subjectPublicKey(info: PrivateKeyInfo, key: KeyObject): Uint8Array {
  switch (info.type) {
    case 'rsa':
    case 'rsa-pss':
      return writeRsaPublicKey(info.key)
    case 'ec':
      return curvePair(curveNames[info.curve], info.secret).share
    case 'ed25519':
      return rawPublicKey(key)
  }
}

/** The 32 octets of an X25519 or Ed25519 key, which end its SubjectPublicKeyInfo. */
function rawPublicKey(privateKey: KeyObject): Uint8Array {
  return plain(createPublicKey(privateKey).export({ format: 'der', type: 'spki' })).slice(-32)
}

// ── Node's Buffer stays inside ──────────────────────────────────────────────────────────────────────────────────────

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
