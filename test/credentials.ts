/** Certificates for tests, minted on the spot. */
import type { CryptoProvider } from '../src/crypto/provider.ts'
import { type MintedKey, mintAuthority } from '../src/testing/certificates.ts'
import type { Identity, TrustStore } from '../src/types.ts'
import { createTrustStore } from '../src/x509/index.ts'

export type KeyType = MintedKey

export interface Credentials {
  /** A moment at which the certificates are valid. */
  readonly now: number
  /** The private key, DER PKCS#8. */
  readonly pkcs8: Uint8Array
  identity(provider: CryptoProvider): Identity
  /** Trusts the authority that issued the identity. */
  trust(provider: CryptoProvider): TrustStore
}

/** An authority on P-256 and an end entity of it for `localhost` and 127.0.0.1, good for both roles. */
export async function credentials(key: KeyType): Promise<Credentials> {
  const authority = await mintAuthority({ key: 'P-256' })
  const issued = await authority.issue({ names: ['localhost', '127.0.0.1'], key, purposes: ['server', 'client'] })
  return {
    now: Date.now(),
    pkcs8: issued.privateKeyPkcs8,
    identity: provider => ({ chain: [issued.certificateDer], key: provider.importPrivateKey(issued.privateKeyPkcs8) }),
    trust: provider => createTrustStore({ roots: [authority.certificateDer], crypto: provider }),
  }
}
