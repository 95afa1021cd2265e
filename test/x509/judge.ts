/** Chains before a trust store. */
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { TlsError } from '../../src/error.ts'
import type { VerifiedPeer, VerifyRequest } from '../../src/types.ts'
import { createTrustStore, type TrustStoreOptions } from '../../src/x509/index.ts'
import { type Built, now } from './build.ts'

/** Judges chains for the server example.com; `anchor` is the root where none is given. */
export function judge(crypto: CryptoProvider, anchor: Built) {
  const verify = (chain: readonly Built[], request: Partial<VerifyRequest> = {}, options: Partial<TrustStoreOptions> = {}): VerifiedPeer =>
    createTrustStore({ roots: [anchor.der], crypto, ...options }).verify(
      chain.map(({ der }) => der),
      { name: 'example.com', now, purpose: 'server', ...request },
    )
  const fault = (...args: Parameters<typeof verify>): TlsError => faultOf(() => verify(...args))
  return { verify, fault }
}

/** The `TlsError` that `act` throws; what else it throws gets through, and so does success. */
export function faultOf(act: () => unknown): TlsError {
  try {
    act()
  } catch (error) {
    if (error instanceof TlsError) return error
    throw error
  }
  throw new Error('it was accepted')
}
