/** The flags that `connect` and `serve` share, and what they become: the engine's options. */
import { signatureSchemeNames } from '../crypto/code-points.ts'
import { createNobleProvider } from '../crypto/noble.ts'
import { createNodeProvider } from '../crypto/node.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { createWasmProvider } from '../crypto/wasm.ts'
import type { CertificateType, CommonOptions, Identity } from '../types.ts'
import { loadIdentity, parseCertificate } from '../x509/index.ts'
import { certificateCompression } from './compression.ts'
import { appendTo, readBytes, readText } from './files.ts'
import { resolveNames } from './names.ts'
import { pskFlags, pskOptions } from './psk.ts'
import { trustFlags, trustHelp } from './trust.ts'
import { orUsageError, parseCount, parseList, UsageError, type Values } from './usage.ts'

export const sharedOptions = {
  ...pskFlags,
  ...trustFlags,
  alpn: { type: 'string' },
  cert: { type: 'string' },
  'certificate-types': { type: 'string' },
  ciphers: { type: 'string' },
  'compress-certificates': { type: 'boolean' },
  export: { type: 'string' },
  groups: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  key: { type: 'string' },
  'key-update': { type: 'boolean' },
  keylog: { type: 'string' },
  'passphrase-file': { type: 'string' },
  pfx: { type: 'string' },
  'post-handshake-auth': { type: 'boolean' },
  provider: { type: 'string' },
  'psk-modes': { type: 'string' },
  'record-size-limit': { type: 'string' },
  sigalgs: { type: 'string' },
} as const

export type SharedValues = Values<typeof sharedOptions>

/** The lines of the help that both commands have. */
export const sharedHelp = `${trustHelp}
  --pfx FILE            the certificate chain and its private key in one PKCS#12 file, in place of --cert and --key
  --passphrase-file FILE  the first line of this file is the passphrase of --key or --pfx
  --groups A,B          key exchange groups, preferred first (x25519, P-256, ...)
  --ciphers A,B         cipher suites, preferred first
  --sigalgs A,B         signature schemes, preferred first
                        these three also take what is off unless it is named (x448, aes-128-ccm-sha256, ed448, ...)
  --psk IDENTITY:HEX    a key from outside of TLS, 16 bytes or more, for SHA-256; repeatable. Other users may see the arguments
  --psk-imported IDENTITY:HEX  the same through the importer of RFC 9258, on both sides; repeatable
  --psk-modes A,B       psk_dhe_ke (default) or psk_ke, which has no forward secrecy
  --certificate-types A,B  X509 (default) or raw, the public key alone (RFC 7250), preferred first; --ca believes PUBLIC KEY blocks too
  --compress-certificates  brotli or zlib, where the peer has it too (RFC 8879)
  --record-size-limit N  the longest record to take, 64 to 16385 bytes (RFC 8449)
  --key-update          once connected, change the keys of both directions
  --export LABEL:LENGTH  keying material of LENGTH bytes, 1 to 8160, in hexadecimal (RFC 9846 section 7.5)
  --keylog FILE         append the secrets in the NSS key log format (for Wireshark)
  --provider NAME       node (default), wasm or noble`

export type EngineOptions = CommonOptions & { crypto: CryptoProvider }

/** Provider, algorithms, PSKs, ALPN, the shape of certificates and records, and the key log. */
export function engineOptions(values: SharedValues): EngineOptions {
  const crypto = provider(values.provider)
  const { optional } = crypto
  const options: EngineOptions = { crypto, psk: pskOptions(values) }
  if (values.alpn !== undefined) options.alpn = protocols(values.alpn)
  if (values.ciphers !== undefined) {
    options.cipherSuites = names('ciphers', values.ciphers, [...crypto.cipherSuites, ...(optional?.cipherSuites ?? [])].map(nameOf))
  }
  if (values.groups !== undefined) {
    options.groups = names('groups', values.groups, [...crypto.groups, ...(optional?.groups ?? [])].map(nameOf))
  }
  if (values.sigalgs !== undefined) options.signatureSchemes = names('sigalgs', values.sigalgs, handshakeSchemes(crypto))
  if (values['psk-modes'] !== undefined) options.pskModes = pskModes(values['psk-modes'])
  if (values['compress-certificates']) options.certificateCompression = certificateCompression
  const limit = values['record-size-limit']
  if (limit !== undefined) options.recordSizeLimit = parseCount('record-size-limit', limit, 64, 16_385)
  if (values.keylog !== undefined) options.keyLog = appendTo('keylog', values.keylog)
  return options
}

/** The identity of `--cert` and `--key`, or of `--pfx`; `undefined` where none of them is given. */
export function identityOption(values: SharedValues, crypto: CryptoProvider): Identity | undefined {
  const { cert, key, pfx, 'passphrase-file': passphraseFile } = values
  if (pfx === undefined && cert === undefined && key === undefined) {
    if (passphraseFile !== undefined) throw new UsageError('--passphrase-file is for --key or --pfx, and neither is there')
    return undefined
  }
  const passphrase = passphraseFile === undefined ? undefined : firstLine(readText('passphrase-file', passphraseFile))
  if (pfx !== undefined) {
    if (cert !== undefined || key !== undefined)
      throw new UsageError('--pfx holds certificate and key: it does not go with --cert and --key')
    const bytes = readBytes('pfx', pfx)
    return orUsageError(() => loadIdentity({ pfx: bytes, passphrase, crypto }), `--pfx ${pfx}: `)
  }
  if (cert === undefined) throw new UsageError('--key needs --cert, the certificate that belongs to it')
  if (key === undefined) throw new UsageError('--cert needs --key, the private key that belongs to it')
  const pem = { cert: readText('cert', cert), key: readText('key', key) }
  return orUsageError(() => loadIdentity({ ...pem, passphrase, crypto }), `--cert ${cert} --key ${key}: `)
}

/** The types of `--certificate-types`, preferred first. */
export function certificateTypes(values: SharedValues): readonly CertificateType[] {
  const list = values['certificate-types']
  const wanted = list === undefined ? ['X509'] : names('certificate-types', list, ['X509', 'RawPublicKey'])
  if (new Set(wanted).size < wanted.length) throw new UsageError(`--certificate-types "${list}": one of them is there twice`)
  return wanted.map(name => (name === 'X509' ? name : 'RawPublicKey'))
}

/** The identity of a certificate as one of this type: for a raw public key, that of the certificate alone. */
export function identityAs(type: CertificateType, identity: Identity): Identity {
  const [leaf] = identity.chain
  if (type === 'X509' || leaf === undefined) return identity
  return { type, chain: [parseCertificate(leaf).publicKey.raw], key: identity.key }
}

function provider(name = 'node'): CryptoProvider {
  switch (name.toLowerCase()) {
    case 'node':
      return createNodeProvider()
    case 'wasm':
      return createWasmProvider({ random: createNodeProvider().random })
    case 'noble':
      return createNobleProvider({ random: createNodeProvider().random })
    default:
      throw new UsageError(`--provider: "${name}" is unknown; known: node, wasm, noble`)
  }
}

/** Without its end, which editors add. */
function firstLine(text: string): string {
  return text.split(/\r\n|\n|\r/, 1)[0] ?? ''
}

function names(option: string, list: string, known: readonly string[]): string[] {
  return resolveNames(option, parseList(option, list), known)
}

/** rsa_pkcs1_* signs certificates alone, never a handshake (RFC 9846 §4.3.3). */
function handshakeSchemes({ verifiers, optional }: CryptoProvider): string[] {
  const all = [...verifiers, ...(optional?.verifiers ?? [])]
  return all.flatMap(({ scheme }) => signatureSchemeNames.get(scheme) ?? []).filter(name => !name.startsWith('rsa_pkcs1_'))
}

function nameOf({ name }: { readonly name: string }): string {
  return name
}

function pskModes(list: string): ('psk_dhe_ke' | 'psk_ke')[] {
  return names('psk-modes', list, ['psk_dhe_ke', 'psk_ke']).map(name => (name === 'psk_ke' ? name : 'psk_dhe_ke'))
}

function protocols(list: string): string[] {
  const items = parseList('alpn', list)
  const wrong = items.find(item => !/^[\x21-\x7e]{1,255}$/.test(item))
  if (wrong !== undefined) throw new UsageError(`--alpn: ${JSON.stringify(wrong)} is not a protocol: expected 1 to 255 ASCII characters`)
  return items
}
