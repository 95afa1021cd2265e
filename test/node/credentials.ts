/** An identity for `localhost` and a trust store that believes its authority, minted once. */
import { createNodeProvider } from '../../src/node/index.ts'
import { mintAuthority } from '../../src/testing/certificates.ts'
import type { Identity, TrustStore } from '../../src/types.ts'
import { createTrustStore, loadIdentity } from '../../src/x509/index.ts'

export interface Credentials {
  identity: Identity
  trust: TrustStore
}

let minted: Promise<Credentials> | undefined

export function credentials(): Promise<Credentials> {
  minted ??= mint()
  return minted
}

async function mint(): Promise<Credentials> {
  const crypto = createNodeProvider()
  const authority = await mintAuthority()
  const { certificatePem: cert, privateKeyPem: key } = await authority.issue({ names: ['localhost'] })
  return { identity: loadIdentity({ cert, key, crypto }), trust: createTrustStore({ roots: [authority.certificateDer], crypto }) }
}
