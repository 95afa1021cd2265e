/** The providers under test. */
import { createHash, createHmac, type Hash as NodeHash } from 'node:crypto'
import type { CipherSuite, Hash, Hasher } from '../../src/crypto/provider.ts'

function hash(name: 'sha256' | 'sha384', size: number): Hash {
  return {
    name,
    size,
    create: () => hasher(createHash(name)),
    hmac: (key, data) => new Uint8Array(createHmac(name, key).update(data).digest()),
  }
}

function hasher(state: NodeHash): Hasher {
  return {
    update(data) {
      state.update(data)
      return this
    },
    clone: () => hasher(state.copy()),
    digest: () => new Uint8Array(state.digest()),
  }
}

export const providers = [{ name: 'local', hashes: [hash('sha256', 32), hash('sha384', 48)] }]

export function suiteOf(provider: (typeof providers)[number], name: string): CipherSuite {
  const h = provider.hashes[0]
  if (h === undefined) throw new Error()
  return {
    id: 0x1301,
    name,
    hash: h,
    aead: {
      keySize: 16,
      tagSize: 16,
      sealLimit: 1,
      key: () => {
        throw new Error()
      },
    },
  }
}
export function hashOf(provider: (typeof providers)[number], name: string): Hash {
  const h = provider.hashes.find(x => x.name === name)
  if (h === undefined) throw new Error()
  return h
}
