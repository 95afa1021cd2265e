/**
 * A provider without cryptography: every signature fits, every tag is zeros, every digest is a constant. No security at all; for tests that walk the
 * protocol. Values are as long as the real ones.
 */
import type { AeadKey, CryptoProvider, Hash, Hasher, PrivateKey } from '../src/crypto/provider.ts'
import { concat } from '../src/wire/bytes.ts'

const digestSize = 32
const tag = new Uint8Array(16)

export function constantBytes(size: number): Uint8Array {
  return new Uint8Array(size).fill(7)
}

const hasher: Hasher = { update: () => hasher, clone: () => hasher, digest: () => constantBytes(digestSize) }
const hash: Hash = { name: 'sha256', size: digestSize, create: () => hasher, hmac: () => constantBytes(digestSize) }

const aeadKey: AeadKey = {
  seal: (_nonce, _aad, plain, out) => {
    out.push(concat(...plain, tag))
  },
  open: (_nonce, _aad, sealed) => (sealed.length < tag.length ? undefined : sealed.subarray(0, sealed.length - tag.length)),
  destroy: () => {},
}

export const nullKey: PrivateKey = { schemes: [0x0403], sign: () => constantBytes(64) }

export const nullProvider: CryptoProvider = {
  name: 'null',
  cipherSuites: [
    { id: 0x1301, name: 'TLS_AES_128_GCM_SHA256', hash, aead: { keySize: 16, tagSize: 16, sealLimit: 2 ** 30, key: () => aeadKey } },
  ],
  groups: [0x001d, 0x0017].map((group, i) => ({
    group,
    name: ['x25519', 'secp256r1'][i] ?? '',
    generate: () => ({ share: constantBytes(32), agree: () => constantBytes(32) }),
    respond: () => ({ share: constantBytes(32), secret: constantBytes(32) }),
  })),
  verifiers: [{ scheme: 0x0403, verify: () => true }],
  random: constantBytes,
  importPrivateKey: () => nullKey,
}
