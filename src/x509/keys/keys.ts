/** Private keys and identities from files. */
import type { CryptoProvider, PrivateKey } from '../../crypto/provider.ts'
import type { Identity } from '../../types.ts'
import { equal } from '../../wire/bytes.ts'
import {
  constructedTag,
  type DerReader,
  type DerValue,
  encode,
  encodeOid,
  octetString,
  oid,
  readDer,
  sequence,
  smallInteger,
  tags,
} from '../../wire/der.ts'
import { type Certificate, describeSubject } from '../certificate/certificate.ts'
import { certificateList, parseOwn, wellFormed } from '../own.ts'
import { decodePem, type PemBlock } from '../pem.ts'
import { advicePkcs8, decryptPkcs8, type KeyDecryption } from './encrypted-key.ts'
import { identityFromPkcs12 } from './pkcs12-identity.ts'

/** Where an identity comes from. */
export type IdentitySource = CertificateAndKey | Pkcs12File

export interface CertificateAndKey {
  /** PEM with one or more certificates, or their DER: the end entity first. */
  readonly cert: string | Uint8Array | readonly Uint8Array[]
  /** Anything that `privateKeyToPkcs8` reads; or a key that is elsewhere and signs there. */
  readonly key: string | Uint8Array | PrivateKey
  readonly crypto: CryptoProvider
  /** Of the key, where it is encrypted. */
  readonly passphrase?: string | undefined
}

export interface Pkcs12File {
  /** DER or BER, with one private key in it. */
  readonly pfx: Uint8Array
  readonly crypto: CryptoProvider
  readonly passphrase?: string | undefined
}

/**
 * A certificate chain, the end entity first, and the key that belongs to it. Of a PKCS#12 file the certificates are put in order. Throws
 * `TypeError` that says what is wrong, also where key and certificate do not fit: for a key that is elsewhere, as far as its `spki` is known.
 */
export function loadIdentity(source: IdentitySource): Identity {
  if ('pfx' in source) return identityFromPkcs12(source.pfx, source)
  const chain = certificateList(source.cert)
  const certificates = ownChain(chain)
  const key = usableKey(source.key, source)
  checkFit(key, certificates)
  return { chain, key }
}

/**
 * A private key as PKCS#8 DER (RFC 5958), from PKCS#8, SEC1 (RFC 5915) or PKCS#1 (RFC 8017 §A.1.2), each in PEM or DER, and from encrypted
 * PKCS#8 (PBES2 with PBKDF2 or scrypt, and AES-CBC) where `decryption` has the passphrase. Throws `TypeError` that says what is wrong.
 */
export function privateKeyToPkcs8(key: string | Uint8Array, decryption?: KeyDecryption): Uint8Array {
  const der = typeof key === 'string' ? keyBlock(key).bytes : key
  const pkcs8 = wellFormed('the private key', () => toPkcs8(der, decryption))
  // What was PEM was made bytes here.
  if (der !== key && der !== pkcs8) der.fill(0)
  return pkcs8
}

/** A key from a file, or as it is where it signs elsewhere. */
export function usableKey(key: string | Uint8Array | PrivateKey, decryption: KeyDecryption): PrivateKey {
  if (typeof key === 'string' || key instanceof Uint8Array) return imported(key, decryption)
  if (!Array.isArray(key?.schemes))
    throw new TypeError('the private key is neither PEM, DER, nor an object with the schemes that it signs with')
  return key
}

/** The PKCS#8 is of no more use then, unless it is the caller's own. */
function imported(key: string | Uint8Array, decryption: KeyDecryption): PrivateKey {
  const pkcs8 = privateKeyToPkcs8(key, decryption)
  try {
    return decryption.crypto.importPrivateKey(pkcs8)
  } finally {
    if (pkcs8 !== key) pkcs8.fill(0)
  }
}

/** The certificates of the caller's own chain. Throws `TypeError` for none, and for one that is malformed. */
export function ownChain(chain: readonly Uint8Array[]): readonly Certificate[] {
  if (chain.length === 0) throw new TypeError('an identity needs at least one certificate')
  return chain.map((der, i) => parseOwn(der, `certificate ${i}`))
}

/** Throws `TypeError` where the key is known to be of another than the first certificate. */
export function checkFit({ spki }: PrivateKey, certificates: readonly Certificate[]): void {
  const [leaf] = certificates
  if (spki && leaf && !equal(spki, leaf.publicKey.raw)) throw new TypeError(mismatch(spki, leaf, certificates))
}

function mismatch(spki: Uint8Array, leaf: Certificate, certificates: readonly Certificate[]): string {
  const owner = certificates.findIndex(({ publicKey }) => equal(publicKey.raw, spki))
  const hint = owner < 0 ? '' : `; it belongs to certificate ${owner}, which must then come first`
  return `the private key does not belong to certificate 0 (${describeSubject(leaf)})${hint}`
}

function keyBlock(text: string): PemBlock {
  const [block, ...more] = decodePem(text).filter(({ label }) => label.endsWith('PRIVATE KEY'))
  if (!block) throw new TypeError('there is no private key: expected PEM with "-----BEGIN PRIVATE KEY-----"')
  if (more.length > 0) throw new TypeError(`there are ${more.length + 1} private keys, where one is wanted`)
  // RFC 1421 §4.6.1. OpenSSL makes the key by one MD5 of the passphrase.
  if (block.headers.some(header => header.includes('ENCRYPTED'))) {
    throw new TypeError(
      `the private key is encrypted in the old way of PEM headers ("${block.label}"), which is not supported: ${advicePkcs8}`,
    )
  }
  if (!readable.has(block.label)) throw new TypeError(`a key of type "${block.label}" is not supported; PKCS#8, SEC1 and PKCS#1 are`)
  return block
}

const readable: ReadonlySet<string> = new Set(['PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'])

/** The four structures differ in their first two fields. */
function toPkcs8(der: Uint8Array, decryption: KeyDecryption | undefined): Uint8Array {
  const fields = sequence(readDer(der))
  const first = fields.next()
  if (first.tag === tags.sequence) return decryptPkcs8(der, decryption)
  const version = smallInteger(first)
  const second = fields.next()
  if (second.tag === tags.sequence) return der
  if (second.tag === tags.integer && version === 0) return wrap(rsaAlgorithm, der)
  if (second.tag === tags.octetString && version === 1) return fromSec1(second, fields)
  throw new TypeError(`a private key of version ${version} that is neither PKCS#8, SEC1 nor PKCS#1`)
}

/** ECPrivateKey: the curve moves to the algorithm identifier. */
function fromSec1(scalar: DerValue, rest: DerReader): Uint8Array {
  octetString(scalar)
  const curve = rest.optional(constructedTag(0))
  const publicKey = rest.optional(constructedTag(1))
  rest.end()
  if (!curve) throw new TypeError('a SEC1 private key that does not name its curve')
  const parameters = curve.inner()
  if (parameters.tag !== tags.oid) throw new TypeError('a SEC1 private key whose curve is not a named one')
  oid(parameters)
  const algorithm = encode(tags.sequence, encodeOid('1.2.840.10045.2.1'), parameters.raw)
  const key = encode(tags.sequence, encode(tags.integer, Uint8Array.of(1)), scalar.raw, publicKey?.raw ?? new Uint8Array(0))
  const pkcs8 = wrap(algorithm, key)
  key.fill(0)
  return pkcs8
}

/** PrivateKeyInfo. */
function wrap(algorithm: Uint8Array, key: Uint8Array): Uint8Array {
  return encode(tags.sequence, encode(tags.integer, Uint8Array.of(0)), algorithm, encode(tags.octetString, key))
}

const rsaAlgorithm = encode(tags.sequence, encodeOid('1.2.840.113549.1.1.1'), encode(tags.null))
