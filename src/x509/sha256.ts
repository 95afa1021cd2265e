import type { CryptoProvider, Hash } from '../crypto/provider.ts'

/** Throws `TypeError` where the provider has no cipher suite with SHA-256. */
export function sha256(crypto: Pick<CryptoProvider, 'cipherSuites'>, data: Uint8Array): Uint8Array {
  const hash = crypto.cipherSuites.map((suite): Hash => suite.hash).find(({ name }) => name === 'sha256')
  if (!hash) throw new TypeError('SHA-256 is needed, which the provider has not')
  return hash.create().update(data).digest()
}
