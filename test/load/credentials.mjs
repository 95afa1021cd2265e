/** What both programs of this folder prove themselves with, minted on the spot. */
import { createNodeProvider } from 'tassel/crypto/node'
import { mintAuthority } from 'tassel/testing'
import { createTrustStore } from 'tassel/x509'

export const crypto = createNodeProvider()

export async function credentials() {
  const authority = await mintAuthority({ key: 'P-256' })
  const {
    certificateDer,
    privateKeyPkcs8,
    certificatePem: cert,
    privateKeyPem: key,
  } = await authority.issue({ names: ['localhost'], key: 'P-256' })
  return {
    identity: { chain: [certificateDer], key: crypto.importPrivateKey(privateKeyPkcs8) },
    trust: createTrustStore({ roots: [authority.certificateDer], crypto }),
    /** The same, as options of `node:tls`. */
    files: { cert, key, ca: authority.certificatePem },
  }
}
