/** The provider for Node.js: `node:crypto` by its synchronous calls. ML-DSA comes from @noble, and so does ML-KEM where Node has none. */
import { createHash, createHmac, type Hash as NodeHash, randomFillSync } from 'node:crypto'
import { secp256r1MlKem768, secp384r1MlKem1024, x25519MlKem768 } from './key-exchange.ts'
import { aesCcmKey, aesGcmKey, chacha20Poly1305Key } from './node/aead.ts'
import { plain } from './node/buffers.ts'
import { nodeGroups } from './node/groups.ts'
import { nodeKems } from './node/ml-kem.ts'
import { nodePasswords } from './node/passwords.ts'
import { nodeSignatures } from './node/signatures.ts'
import type { CryptoProvider, Hash, Hasher } from './provider.ts'
import { PublicKeys } from './public-keys.ts'
import {
  defaultRsaLimits,
  defaultSchemes,
  ecdsaVerifiers,
  importPrivateKey,
  optionalSchemes,
  type RsaLimits,
  signatureVerifiers,
} from './signatures.ts'
import {
  cipherSuites,
  optionalSuites,
  type SuiteParts,
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
} from './suites.ts'
import { shortHmacSha256 } from './wasm/hmac.ts'
import { kernels } from './wasm/kernels.ts'

/** The provider `node`. AES-GCM comes first: processors have instructions for it. */
export function createNodeProvider(options: Partial<RsaLimits> = {}): CryptoProvider {
  const { x25519, x448, secp256r1, secp384r1, secp521r1 } = nodeGroups()
  const { mlKem768, mlKem1024 } = nodeKems(random)
  const signatures = nodeSignatures(random)
  const rsaLimits = { ...defaultRsaLimits, ...options }
  const keys = new PublicKeys(signatures, rsaLimits)
  return {
    name: 'node',
    cipherSuites: cipherSuites(suiteParts, [TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256]),
    groups: [x25519MlKem768(x25519, mlKem768), x25519, secp256r1, secp384r1, secp521r1],
    verifiers: signatureVerifiers(defaultSchemes, keys),
    optional: {
      cipherSuites: cipherSuites(suiteParts, optionalSuites),
      groups: [secp256r1MlKem768(secp256r1, mlKem768), secp384r1MlKem1024(secp384r1, mlKem1024), x448],
      verifiers: signatureVerifiers(optionalSchemes, keys),
    },
    certificateVerifiers: ecdsaVerifiers(keys),
    leavesSealed: true,
    passwords: nodePasswords,
    random,
    importPrivateKey: pkcs8 => importPrivateKey(pkcs8, signatures, rsaLimits),
  }
}

function random(size: number): Uint8Array {
  return randomFillSync(new Uint8Array(size))
}

const suiteParts: SuiteParts = {
  sha256: withShortHmac(nodeHash('sha256', 32)),
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

/** Compiled at the first key schedule. */
function withShortHmac(hash: Hash): Hash {
  const available = kernels()
  return available ? { ...hash, hmac: shortHmacSha256(available, hash.hmac) } : hash
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
