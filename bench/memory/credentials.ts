/** What the workers prove themselves with: made once, by whoever calls them. */
import { mintAuthority } from '../../src/testing/index.ts'

export interface Credentials {
  readonly name: string
  /** DER, the end entity first. */
  readonly chain: readonly Uint8Array[]
  /** The private key, PKCS#8. */
  readonly key: Uint8Array
  readonly root: Uint8Array
  readonly chainPem: string
  readonly keyPem: string
  readonly rootPem: string
}

export async function mintCredentials(): Promise<Credentials> {
  const root = await mintAuthority({ name: 'Example Root' })
  const name = 'localhost'
  const leaf = await root.issue({ names: [name] })
  return {
    name,
    chain: [leaf.certificateDer],
    key: leaf.privateKeyPkcs8,
    root: root.certificateDer,
    chainPem: leaf.certificatePem,
    keyPem: leaf.privateKeyPem,
    rootPem: root.certificatePem,
  }
}
