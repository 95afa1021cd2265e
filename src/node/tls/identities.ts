/** The options `cert`, `key` and `pfx` become identities. */
import { createPrivateKey } from 'node:crypto'
import { codePointOf, signatureSchemeNames } from '../../crypto/code-points.ts'
import type { CodePoint, CryptoProvider, PrivateKey } from '../../crypto/provider.ts'
import type { Identity } from '../../types.ts'
import { decodePem, loadIdentity, parseCertificate } from '../../x509/index.ts'
import { asError, type CodedError, coded, invalidType } from './errors.ts'

/**
 * A private key that is elsewhere: in a module, a cloud, another process. What `clientCertEngine` and `privateKeyEngine` are for in Node.js.
 * `sign` gets the octets to sign, not yet hashed, and the IANA name of the scheme; it may answer later.
 */
export interface ExternalSigner {
  /** IANA names of what it can sign with, preferred first: `ecdsa_secp256r1_sha256`. */
  readonly schemes: readonly string[]
  sign(scheme: string, message: Uint8Array): Uint8Array | Promise<Uint8Array>
  /** Its public key, a DER SubjectPublicKeyInfo: certificates that do not fit are then refused early. */
  readonly spki?: Uint8Array
}

type Bytes = string | Uint8Array
export type CertOption = Bytes | readonly Bytes[]
export type KeyOption = KeySource | readonly KeySource[]
export type PfxOption = PfxSource | readonly PfxSource[]
type KeySource = Bytes | ExternalSigner | { readonly pem: Bytes; readonly passphrase?: string | undefined }
type PfxSource = Bytes | { readonly buf: Bytes; readonly passphrase?: string | undefined }

export interface IdentityOptions {
  cert?: CertOption | undefined
  key?: KeyOption | undefined
  pfx?: PfxOption | undefined
  passphrase?: string | undefined
}

/**
 * In the order of the certificates, and `authorities`: what PKCS#12 files hold beside them. Throws coded errors for what is malformed and for
 * certificates whose key is another.
 */
export function identitiesOf({ cert, key, pfx, passphrase }: IdentityOptions, crypto: CryptoProvider): Identities {
  if (passphrase !== undefined && passphrase !== null && typeof passphrase !== 'string')
    throw invalidType('options.passphrase', 'a string', passphrase)
  const chains = list(cert).map(chainOf)
  const keys = list(key).map(each => keyOf(each, passphrase, crypto))
  // As in Node.js, a certificate whose key has yet to come is no mistake; nothing is proved with it.
  const pairs = keys.length === 0 ? [] : chains.map((chain, i) => ({ chain, key: fitting(chain, keys, i) }))
  const fromFiles = list(pfx).map(each => fromPfx(each, passphrase, crypto))
  return { identities: [...pairs, ...fromFiles], authorities: fromFiles.flatMap(({ chain }) => chain.slice(1)) }
}

export interface Identities {
  readonly identities: readonly Identity[]
  readonly authorities: readonly Uint8Array[]
}

/** Who signs with the key of the identity, where it is elsewhere. */
export function signerOf({ key }: Identity): ((scheme: CodePoint, message: Uint8Array) => Promise<Uint8Array>) | undefined {
  const signer = signers.get(key)
  return signer && (async (scheme, message) => signer.sign(signatureSchemeNames.get(scheme) ?? String(scheme), message))
}

const signers = new WeakMap<PrivateKey, ExternalSigner>()

/** One or more certificates in PEM, or one in DER. */
export function chainOf(source: Bytes): readonly Uint8Array[] {
  if (typeof source !== 'string' && !(source instanceof Uint8Array)) throw invalidType('options.cert', 'a string or a Uint8Array', source)
  if (source instanceof Uint8Array && source[0] === derSequence) return [source]
  const blocks = decodePem(textOf(source)).filter(({ label }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label))
  if (blocks.length > 0) return blocks.map(({ bytes }) => bytes)
  throw coded(new Error('there is no certificate: expected PEM with "-----BEGIN CERTIFICATE-----"'), 'ERR_OSSL_PEM_NO_START_LINE')
}

function keyOf(source: KeySource, passphrase: string | undefined, crypto: CryptoProvider): PrivateKey {
  if (typeof source === 'string' || source instanceof Uint8Array) return importKey(source, passphrase, crypto)
  if (typeof source === 'object' && source !== null && 'pem' in source)
    return importKey(source.pem, source.passphrase ?? passphrase, crypto)
  if (typeof source === 'object' && source !== null && 'schemes' in source && typeof source.sign === 'function') return external(source)
  throw invalidType('options.key', 'PEM, DER, { pem, passphrase } or a signer with schemes and sign', source)
}

/** By way of `node:crypto`, which reads whatever OpenSSL reads, and whose errors are those of Node.js. */
function importKey(key: Bytes, passphrase = '', crypto: CryptoProvider): PrivateKey {
  const isDer = key instanceof Uint8Array && key[0] === derSequence
  const object = isDer ? fromDer(Buffer.from(key), passphrase) : createPrivateKey({ key: textOf(key), passphrase })
  const pkcs8 = object.export({ type: 'pkcs8', format: 'der' })
  try {
    return crypto.importPrivateKey(pkcs8)
  } finally {
    pkcs8.fill(0)
  }
}

function fromDer(key: Buffer, passphrase: string): ReturnType<typeof createPrivateKey> {
  const options = { key, format: 'der', passphrase } as const
  for (const type of ['pkcs8', 'sec1'] as const) {
    try {
      return createPrivateKey({ ...options, type })
    } catch {
      // Another structure, or none: the last one tells.
    }
  }
  return createPrivateKey({ ...options, type: 'pkcs1' })
}

function external(signer: ExternalSigner): PrivateKey {
  const schemes = signer.schemes.map(name => {
    const code = codePointOf(signatureSchemeNames, name)
    if (code === undefined) throw coded(new TypeError(`options.key: ${name} is no signature scheme`), 'ERR_INVALID_ARG_VALUE')
    return code
  })
  const key: PrivateKey = { schemes, ...(signer.spki && { spki: signer.spki }) }
  signers.set(key, signer)
  return key
}

/** The key of the chain's first certificate; where a signer does not show its public key, the one at the same place. */
function fitting([leaf]: readonly Uint8Array[], keys: readonly PrivateKey[], place: number): PrivateKey {
  const spki = leaf && parseCertificate(leaf).publicKey.raw
  const own = keys.find(key => key.spki && spki && Buffer.from(key.spki).equals(spki)) ?? (keys[place]?.spki ? undefined : keys[place])
  if (own) return own
  throw mismatch(place)
}

function mismatch(place: number): CodedError {
  return coded(new Error(`key values mismatch: no key belongs to certificate ${place}`), 'ERR_OSSL_X509_KEY_VALUES_MISMATCH')
}

function fromPfx(source: PfxSource, passphrase: string | undefined, crypto: CryptoProvider): Identity {
  const given = typeof source === 'string' || source instanceof Uint8Array ? { buf: source } : source
  const pfx = typeof given.buf === 'string' ? Buffer.from(given.buf, 'latin1') : given.buf
  if (!(pfx instanceof Uint8Array)) {
    throw coded(new Error('Unable to load PFX certificate: it is no string and no Uint8Array'), 'ERR_CRYPTO_OPERATION_FAILED')
  }
  try {
    return loadIdentity({ pfx, crypto, passphrase: ('passphrase' in given ? given.passphrase : undefined) ?? passphrase })
  } catch (cause) {
    throw unreadable(asError(cause))
  }
}

/** In OpenSSL's words where the passphrase is wrong: programs ask for another one then. */
function unreadable(cause: Error): Error {
  return new Error(/passphrase is wrong/.test(cause.message) ? 'mac verify failure' : cause.message, { cause })
}

export function list<T>(value: T | readonly T[] | undefined | null): readonly T[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value as T]
}

export function textOf(source: Bytes): string {
  return typeof source === 'string' ? source : Buffer.from(source).toString('latin1')
}

/** What DER begins with, and PEM does not. */
const derSequence = 0x30
