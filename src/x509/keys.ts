/** Private keys and identities from files. */
import type { CryptoProvider } from '../crypto/provider.ts'
import type { Identity } from '../types.ts'
import { equal } from '../wire/bytes.ts'
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
} from '../wire/der.ts'
import { DecodeError } from '../wire/error.ts'
import { type Certificate, describeSubject, parseCertificate } from './certificate.ts'
import { decodePem, type PemBlock } from './pem.ts'

/**
 * A certificate chain, the end entity first, and the key that belongs to it. `cert` is PEM with one or more certificates, or their DER;
 * `key` is anything that `privateKeyToPkcs8` reads. Throws `TypeError` that says what is wrong, also where key and certificate do not fit.
 */
export function loadIdentity(options: {
  readonly cert: string | Uint8Array | readonly Uint8Array[]
  readonly key: string | Uint8Array
  readonly crypto: CryptoProvider
}): Identity {
  const chain = certificateList(options.cert)
  const certificates = chain.map((der, i) => parseOwn(der, `certificate ${i}`))
  const key = options.crypto.importPrivateKey(privateKeyToPkcs8(options.key))
  const [leaf] = certificates
  if (!leaf) throw new TypeError('an identity needs at least one certificate')
  const { spki } = key
  if (spki && !equal(spki, leaf.publicKey.raw)) throw new TypeError(mismatch(spki, leaf, certificates))
  return { chain, key }
}

/**
 * A private key as PKCS#8 DER (RFC 5958), from PKCS#8, SEC1 (RFC 5915) or PKCS#1 (RFC 8017 §A.1.2), each in PEM or DER. Throws `TypeError`
 * that says what is wrong.
 */
export function privateKeyToPkcs8(key: string | Uint8Array): Uint8Array {
  const der = typeof key === 'string' ? keyBlock(key).bytes : key
  try {
    return toPkcs8(der)
  } catch (error) {
    if (error instanceof DecodeError) throw new TypeError(`the private key is malformed: ${error.message}`, { cause: error })
    throw error
  }
}

/** The certificates of PEM text or DER, without a look inside. */
export function certificateList(source: string | Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  if (source instanceof Uint8Array) return [source]
  if (typeof source !== 'string') return source
  const blocks = decodePem(source).filter(({ label }) => label === 'CERTIFICATE')
  if (blocks.length === 0) throw new TypeError('there is no certificate: expected PEM with "-----BEGIN CERTIFICATE-----"')
  return blocks.map(({ bytes }) => bytes)
}

/** As `parseCertificate`, for the caller's own: what is wrong becomes a `TypeError` that begins with `name`. */
export function parseOwn(der: Uint8Array, name: string): Certificate {
  try {
    return parseCertificate(der)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new TypeError(`${name} is malformed: ${error.message}`, { cause: error })
  }
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
  if (block.headers.some(header => header.includes('ENCRYPTED'))) throw encrypted(block.label)
  if (!readable.has(block.label)) throw new TypeError(`a key of type "${block.label}" is not supported; PKCS#8, SEC1 and PKCS#1 are`)
  return block
}

const readable: ReadonlySet<string> = new Set(['PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'])

function encrypted(format: string): TypeError {
  return new TypeError(`encrypted private keys are not supported yet (this one is "${format}"): decrypt it first`)
}

/** The four structures differ in their first two fields. */
function toPkcs8(der: Uint8Array): Uint8Array {
  const fields = sequence(readDer(der))
  const first = fields.next()
  if (first.tag === tags.sequence) throw encrypted('ENCRYPTED PRIVATE KEY')
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
  const parameters = readDer(curve.bytes)
  if (parameters.tag !== tags.oid) throw new TypeError('a SEC1 private key whose curve is not a named one')
  oid(parameters)
  const algorithm = encode(tags.sequence, encodeOid('1.2.840.10045.2.1'), parameters.raw)
  return wrap(algorithm, encode(tags.sequence, encode(tags.integer, Uint8Array.of(1)), scalar.raw, publicKey?.raw ?? new Uint8Array(0)))
}

/** PrivateKeyInfo. */
function wrap(algorithm: Uint8Array, key: Uint8Array): Uint8Array {
  return encode(tags.sequence, encode(tags.integer, Uint8Array.of(0)), algorithm, encode(tags.octetString, key))
}

const rsaAlgorithm = encode(tags.sequence, encodeOid('1.2.840.113549.1.1.1'), encode(tags.null))
