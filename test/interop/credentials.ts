/** Certificates for the peers: minted on the spot, as files for programs and as identities for Tassel. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { type MintedKey, mintAuthority } from '../../src/testing/certificates.ts'
import type { Identity, TrustStore } from '../../src/types.ts'
import { createTrustStore, loadIdentity } from '../../src/x509/index.ts'
import { findProgram } from './child.ts'

/** `id-RSASSA-PSS` is a key that may be used for PSS only (RFC 4055); OpenSSL's program makes it. */
export type KeyKind = MintedKey | 'id-RSASSA-PSS'

const openssl = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })

/** Each kind of key that certificates can be made for here. */
export const allKeys: readonly KeyKind[] = [
  ...(['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048'] as const),
  ...(openssl.missing === undefined ? (['id-RSASSA-PSS'] as const) : []),
]

export interface Credential {
  readonly cert: string
  readonly key: string
  /** The chain, the end entity first. */
  readonly certFile: string
  readonly keyFile: string
  /** What stands between the end entity and the authority; `undefined` where nothing does. */
  readonly chainFile?: string
  identity(crypto: CryptoProvider): Identity
}

export interface TestAuthority {
  readonly cert: string
  readonly certFile: string
  trust(crypto: CryptoProvider): TrustStore
  /** A certificate for `localhost` and 127.0.0.1, good for both roles. The same one for the same key. */
  issue(key: KeyKind): Promise<Credential>
  /** The same, on P-256, by an intermediate authority. */
  issueBelow(): Promise<Credential>
}

/** A folder for this test file's files, removed after it. */
export function scratch(): string {
  folder ??= mkdtempSync(join(tmpdir(), 'tassel-interop-'))
  return folder
}

/** The authority that everybody is told to trust. */
export function authority(): Promise<TestAuthority> {
  trusted ??= makeAuthority('trusted')
  return trusted
}

/** One of the same kind that nobody has heard of. */
export function stranger(): Promise<TestAuthority> {
  unknown ??= makeAuthority('unknown')
  return unknown
}

let folder: string | undefined
let trusted: Promise<TestAuthority> | undefined
let unknown: Promise<TestAuthority> | undefined

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

async function makeAuthority(name: string): Promise<TestAuthority> {
  const minted = await mintAuthority({ name: `Interop ${name} CA` })
  const certFile = write(`${name}-ca.pem`, minted.certificatePem)
  const caKeyFile = write(`${name}-ca.key`, minted.privateKeyPem)
  const issued = new Map<KeyKind, Promise<Credential>>()
  const issue = async (key: KeyKind): Promise<Credential> => {
    const file = `${name}-${key}`
    if (key === 'id-RSASSA-PSS') return issuePss(file, { certFile, keyFile: caKeyFile })
    const { certificatePem, privateKeyPem } = await minted.issue({ names: ['localhost', '127.0.0.1'], key })
    return credential(certificatePem, privateKeyPem, file)
  }
  return {
    cert: minted.certificatePem,
    certFile,
    trust: crypto => createTrustStore({ roots: [minted.certificateDer], crypto }),
    async issueBelow() {
      const intermediate = await minted.issueAuthority({ pathLength: 0 })
      const { certificatePem, privateKeyPem } = await intermediate.issue({ names: ['localhost', '127.0.0.1'] })
      const chainFile = write(`${name}-intermediate.pem`, intermediate.certificatePem)
      return { ...credential(certificatePem + intermediate.certificatePem, privateKeyPem, `${name}-below`), chainFile }
    },
    issue(key) {
      const known = issued.get(key) ?? issue(key)
      issued.set(key, known)
      return known
    },
  }
}

function issuePss(name: string, ca: { certFile: string; keyFile: string }): Credential {
  const keyFile = join(scratch(), `${name}.key`)
  const certFile = join(scratch(), `${name}.pem`)
  run('genpkey', '-algorithm', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', keyFile)
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const uses = ['-addext', 'basicConstraints=critical,CA:false', '-addext', 'keyUsage=critical,digitalSignature']
  run('req', '-x509', '-days', '30', '-CA', ca.certFile, '-CAkey', ca.keyFile, '-key', keyFile, '-out', certFile, ...names, ...uses)
  return credential(readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8'), name)
}

function run(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe', timeout: 60_000 })
}

function credential(cert: string, key: string, name: string): Credential {
  return {
    cert,
    key,
    certFile: write(`${name}.pem`, cert),
    keyFile: write(`${name}.key`, key),
    identity: crypto => loadIdentity({ cert, key, crypto }),
  }
}

function write(name: string, text: string): string {
  const path = join(scratch(), name)
  writeFileSync(path, text)
  return path
}
