/** Everything that a provider has. */
import type { Algorithms, CryptoProvider } from '../../../src/crypto/provider.ts'

/** The defaults, then the optional algorithms. */
export function allOf({ cipherSuites, groups, verifiers, optional }: CryptoProvider): Algorithms {
  return {
    cipherSuites: [...cipherSuites, ...(optional?.cipherSuites ?? [])],
    groups: [...groups, ...(optional?.groups ?? [])],
    verifiers: [...verifiers, ...(optional?.verifiers ?? [])],
  }
}
