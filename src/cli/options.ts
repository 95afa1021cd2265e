/** The flags that `connect` and `serve` share, and what they become: the engine's options. */
import { constants, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { signatureSchemeNames } from '../crypto/code-points.ts'
import { createNobleProvider } from '../crypto/noble.ts'
import { createNodeProvider } from '../crypto/node.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { CommonOptions, Identity, TrustStore } from '../types.ts'
import { createTrustStore, loadIdentity } from '../x509/index.ts'
import { resolveNames } from './names.ts'
import { orUsageError, parseList, UsageError, type Values } from './usage.ts'

export const sharedOptions = {
  alpn: { type: 'string' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  ciphers: { type: 'string' },
  groups: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  key: { type: 'string' },
  keylog: { type: 'string' },
  provider: { type: 'string' },
  sigalgs: { type: 'string' },
} as const

export type EngineOptions = CommonOptions & { crypto: CryptoProvider }

/** Provider, algorithms, ALPN and key log. */
export function engineOptions(values: Values<typeof sharedOptions>): EngineOptions {
  const crypto = provider(values.provider)
  const options: EngineOptions = { crypto }
  if (values.alpn !== undefined) options.alpn = protocols(values.alpn)
  if (values.ciphers !== undefined) options.cipherSuites = names('ciphers', values.ciphers, crypto.cipherSuites.map(nameOf))
  if (values.groups !== undefined) options.groups = names('groups', values.groups, crypto.groups.map(nameOf))
  if (values.sigalgs !== undefined) options.signatureSchemes = names('sigalgs', values.sigalgs, handshakeSchemes(crypto))
  if (values.keylog !== undefined) options.keyLog = appendTo(values.keylog)
  return options
}

/** The identity of `--cert` and `--key`; `undefined` where neither is given. */
export function identityOption(values: Values<typeof sharedOptions>, crypto: CryptoProvider): Identity | undefined {
  const { cert, key } = values
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined) throw new UsageError('--key needs --cert, the certificate that belongs to it')
  if (key === undefined) throw new UsageError('--cert needs --key, the private key that belongs to it')
  const pem = { cert: readText('cert', cert), key: readText('key', key) }
  return orUsageError(() => loadIdentity({ ...pem, crypto }), `--cert ${cert} --key ${key}: `)
}

/** The roots of a PEM file; without one, those that Node.js ships. */
export function trustOption(file: string | undefined, crypto: CryptoProvider): TrustStore {
  if (file === undefined) return createTrustStore({ roots: rootCertificates, crypto })
  const roots = [readText('ca', file)]
  return orUsageError(() => createTrustStore({ roots, crypto }), `--ca ${file}: `)
}

export function writeText(option: string, file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new UsageError(`--${option} ${file}: ${messageOf(error)}`)
  }
}

function provider(name = 'node'): CryptoProvider {
  switch (name.toLowerCase()) {
    case 'node':
      return createNodeProvider()
    case 'noble':
      return createNobleProvider({ random: createNodeProvider().random })
    default:
      throw new UsageError(`--provider: "${name}" is unknown; known: node, noble`)
  }
}

function names(option: string, list: string, known: readonly string[]): string[] {
  return resolveNames(option, parseList(option, list), known)
}

/** rsa_pkcs1_* signs certificates alone, never a handshake (RFC 9846 §4.3.3). */
function handshakeSchemes(crypto: CryptoProvider): string[] {
  return crypto.verifiers.flatMap(({ scheme }) => signatureSchemeNames.get(scheme) ?? []).filter(name => !name.startsWith('rsa_pkcs1_'))
}

function nameOf({ name }: { readonly name: string }): string {
  return name
}

function protocols(list: string): string[] {
  const items = parseList('alpn', list)
  const wrong = items.find(item => !/^[\x21-\x7e]{1,255}$/.test(item))
  if (wrong !== undefined) throw new UsageError(`--alpn: ${JSON.stringify(wrong)} is not a protocol: expected 1 to 255 ASCII characters`)
  return items
}

/** Lines reach the file before the bytes that they unlock leave, so that a crash loses none. Only the owner may read it. */
function appendTo(file: string): (line: string) => void {
  try {
    const descriptor = openSync(file, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY, 0o600)
    return line => void writeSync(descriptor, `${line}\n`)
  } catch (error) {
    throw new UsageError(`--keylog ${file}: ${messageOf(error)}`)
  }
}

function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`--${option} ${file}: ${messageOf(error)}`)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
