/** Who the servers of the benchmarks are: an authority on P-256, and `localhost` with a key of each type. */
import type { CryptoProvider } from '../src/crypto/provider.ts'
import { type MintedKey, mintAuthority } from '../src/testing/index.ts'
import type { Identity, TrustStore } from '../src/types.ts'
import { createTrustStore } from '../src/x509/index.ts'

export const serverName = 'localhost'

const authority = await mintAuthority({ key: 'P-256' })
const issued = new Map<MintedKey, Awaited<ReturnType<typeof authority.issue>>>()
for (const key of ['P-256', 'RSA-2048', 'Ed25519'] as const) {
  issued.set(key, await authority.issue({ names: [serverName], key, purposes: ['server', 'client'] }))
}

export function identityOf(crypto: CryptoProvider, key: MintedKey = 'P-256'): Identity {
  const { certificateDer, privateKeyPkcs8 } = credentialsOf(key)
  return { chain: [certificateDer], key: crypto.importPrivateKey(privateKeyPkcs8) }
}

export function trustOf(crypto: CryptoProvider): TrustStore {
  return createTrustStore({ roots: [authority.certificateDer], crypto })
}

/** The same for node:tls, in PEM. */
export function pemOf(key: MintedKey = 'P-256'): { readonly key: string; readonly cert: string; readonly ca: string } {
  const { certificateDer, privateKeyPkcs8 } = credentialsOf(key)
  const [cert, ca] = [certificateDer, authority.certificateDer].map(der => pem('CERTIFICATE', der)) as [string, string]
  return { key: pem('PRIVATE KEY', privateKeyPkcs8), cert, ca }
}

function credentialsOf(key: MintedKey) {
  const credentials = issued.get(key)
  if (credentials === undefined) throw new TypeError(`no certificate for ${key}`)
  return credentials
}

function pem(label: string, der: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`
}
