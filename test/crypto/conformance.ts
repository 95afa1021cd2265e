/** What every provider must do. `conformance` mounts the whole kit over one. */
import { describe, expect, it, test } from 'vitest'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { sharedVectors } from '../vectors.ts'
import { aeadConformance, hashConformance } from './kit/aead.ts'
import { groupConformance } from './kit/groups.ts'
import { privateKeyConformance } from './kit/private-keys.ts'
import { signatureConformance } from './kit/signatures.ts'
import { vectorFiles } from './kit/vector-files.ts'
import { report, runVectors } from './kit/wycheproof.ts'

export interface Subject {
  create(limits?: { minimumRsaBits?: number }): CryptoProvider
  /** Another provider, which has to understand this one and be understood. */
  readonly other: CryptoProvider
}

export function conformance({ create, other }: Subject): void {
  const provider = create()
  describe(`${provider.name}: ciphers`, () => aeadConformance(provider, other))
  describe(`${provider.name}: hashes`, () => hashConformance(provider))
  describe(`${provider.name}: groups`, () => groupConformance(provider, other))
  describe(`${provider.name}: signatures`, () => signatureConformance(create, other))
  describe(`${provider.name}: private keys`, () => privateKeyConformance(provider))
  describe(`${provider.name}: Wycheproof`, () => publishedValues(provider))
}

/** Of a provider that has its ciphers for itself, and all else from another that is mounted whole: the part about ciphers. */
export function cipherConformance({ create, other }: Subject): void {
  const provider = create()
  describe(`${provider.name}: ciphers`, () => aeadConformance(provider, other))
  describe(`${provider.name}: Wycheproof`, () => publishedValues(provider, ['aes_gcm', 'aes_ccm', 'chacha20_poly1305']))
}

function publishedValues(provider: CryptoProvider, only?: readonly string[]): void {
  if (sharedVectors() === undefined) {
    test.skip('the vectors are absent: set TASSEL_VECTORS', () => {})
    return
  }
  const files = vectorFiles(provider).filter(({ file }) => only?.includes(file) ?? true)
  it.each(files)('agrees with $file', { timeout: 120_000 }, vectors => {
    const tally = runVectors(vectors)
    report(provider.name, vectors.file, tally)
    expect(tally.accepted + tally.refused).toBeGreaterThan(0)
  })
}
