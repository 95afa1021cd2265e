/** SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) of the keys that TLS 1.3 signs with: read strictly, and written. */
import {
  bitString,
  constructedTag,
  type DerReader,
  type DerValue,
  encode,
  integer,
  nothing,
  oid,
  readDer,
  sequence,
  tags,
} from '../wire/der.ts'
import { DecodeError } from '../wire/error.ts'
import { type MlDsaName, mlDsaSizes } from './ml-dsa.ts'
import type { Hash } from './provider.ts'
import type { RsaPublicKey } from './rsa.ts'

/** The Weierstraß curves. */
export type CurveName = 'secp256r1' | 'secp384r1' | 'secp521r1'

export type EdwardsName = 'ed25519' | 'ed448'

/** What a key is for, by its AlgorithmIdentifier; one in a PKCS#8 private key reads the same. */
export type KeyAlgorithm =
  | { readonly type: 'rsa' }
  | { readonly type: 'rsa-pss'; readonly restriction: PssRestriction | undefined }
  | { readonly type: 'ec'; readonly curve: CurveName }
  | { readonly type: EdwardsName }
  | { readonly type: 'ml-dsa'; readonly parameterSet: MlDsaName }

/** RSASSA-PSS-params (RFC 4055 §3.1): all that a key with the algorithm id-RSASSA-PSS may be used for. */
export interface PssRestriction {
  /** Dotted object identifiers, so that a hash which nobody here has can still be told apart. */
  readonly hash: string
  readonly maskHash: string
  /** The salt's minimal length in bytes. */
  readonly saltLength: bigint
}

export type PublicKey =
  | (Extract<KeyAlgorithm, { type: 'rsa' | 'rsa-pss' }> & { readonly key: RsaPublicKey })
  /** `point` is uncompressed; whether it lies on the curve is not known yet. */
  | (Extract<KeyAlgorithm, { type: 'ec' }> & { readonly point: Uint8Array })
  | (Extract<KeyAlgorithm, { type: EdwardsName }> & { readonly point: Uint8Array })
  | (Extract<KeyAlgorithm, { type: 'ml-dsa' }> & { readonly publicKey: Uint8Array })

/** Bytes of a coordinate, and of a private key. */
export const coordinateSize: Readonly<Record<CurveName, number>> = { secp256r1: 32, secp384r1: 48, secp521r1: 66 }

/** Bytes of a public key, and of a private key (RFC 8032 §5.1 and §5.2). */
export const edwardsSize: Readonly<Record<EdwardsName, number>> = { ed25519: 32, ed448: 57 }

export const hashOids: Readonly<Record<Hash['name'], string>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}

/** Throws `DecodeError` where `spki` is malformed, or a key that is no use in TLS 1.3. */
export function readPublicKey(spki: Uint8Array): PublicKey {
  const fields = sequence(readDer(spki))
  const algorithm = readKeyAlgorithm(fields.next())
  const subject = bitString(fields.next())
  fields.end()
  switch (algorithm.type) {
    case 'rsa':
    case 'rsa-pss':
      return { ...algorithm, key: readRsaPublicKey(subject) }
    case 'ec':
      if (subject[0] !== 4) throw new DecodeError('An EC public key that is not an uncompressed point')
      return { ...algorithm, point: ofLength(subject, 1 + 2 * coordinateSize[algorithm.curve], algorithm.curve) }
    case 'ed25519':
    case 'ed448':
      return { ...algorithm, point: readEdwardsPoint(subject, algorithm.type) }
    case 'ml-dsa': {
      const { parameterSet } = algorithm
      return { ...algorithm, publicKey: ofLength(subject, mlDsaSizes[parameterSet].publicKey, parameterSet) }
    }
  }
}

/** An AlgorithmIdentifier of a key. The parameters are exactly those that RFC 3279, 4055, 5480, 8410 and 9881 give the algorithm. */
export function readKeyAlgorithm(value: DerValue): KeyAlgorithm {
  const fields = sequence(value)
  const algorithm = oid(fields.next())
  const result = readParameters(algorithm, fields)
  fields.end()
  return result
}

/** `algorithm` is the DER of an AlgorithmIdentifier, `subjectPublicKey` what its algorithm makes of a key. */
export function writePublicKey(algorithm: Uint8Array, subjectPublicKey: Uint8Array): Uint8Array {
  return encode(tags.sequence, algorithm, encode(tags.bitString, Uint8Array.of(0), subjectPublicKey))
}

/** RSAPublicKey (RFC 8017 §A.1.1). */
export function writeRsaPublicKey({ n, e }: RsaPublicKey): Uint8Array {
  return encode(tags.sequence, encodeInteger(n), encodeInteger(e))
}

const rsaEncryption = '1.2.840.113549.1.1.1'
const rsassaPss = '1.2.840.113549.1.1.10'
const mgf1 = '1.2.840.113549.1.1.8'
const sha1 = '1.3.14.3.2.26'
const ecPublicKey = '1.2.840.10045.2.1'
const edwardsOids: ReadonlyMap<string, EdwardsName> = new Map([
  ['1.3.101.112', 'ed25519'],
  ['1.3.101.113', 'ed448'],
])
const mlDsaOids: ReadonlyMap<string, MlDsaName> = new Map([
  ['2.16.840.1.101.3.4.3.17', 'ML-DSA-44'],
  ['2.16.840.1.101.3.4.3.18', 'ML-DSA-65'],
  ['2.16.840.1.101.3.4.3.19', 'ML-DSA-87'],
])
const curveOids: ReadonlyMap<string, CurveName> = new Map([
  ['1.2.840.10045.3.1.7', 'secp256r1'],
  ['1.3.132.0.34', 'secp384r1'],
  ['1.3.132.0.35', 'secp521r1'],
])

function readParameters(algorithm: string, fields: DerReader): KeyAlgorithm {
  switch (algorithm) {
    case rsaEncryption:
      nothing(fields.next())
      return { type: 'rsa' }
    case rsassaPss:
      return { type: 'rsa-pss', restriction: fields.done ? undefined : readRestriction(fields.next()) }
    case ecPublicKey:
      return { type: 'ec', curve: readCurve(fields.next()) }
    default:
      return withoutParameters(algorithm)
  }
}

function withoutParameters(algorithm: string): KeyAlgorithm {
  const edwards = edwardsOids.get(algorithm)
  if (edwards !== undefined) return { type: edwards }
  const parameterSet = mlDsaOids.get(algorithm)
  if (parameterSet !== undefined) return { type: 'ml-dsa', parameterSet }
  throw new DecodeError(`A key of the algorithm ${algorithm}, which TLS 1.3 does not sign with here`)
}

/** ECParameters, which are a named curve (RFC 5480 §2.1.1). */
export function readCurve(value: DerValue): CurveName {
  const name = oid(value)
  const curve = curveOids.get(name)
  if (curve === undefined) throw new DecodeError(`The elliptic curve ${name} is none of P-256, P-384 and P-521`)
  return curve
}

function readRestriction(value: DerValue): PssRestriction {
  const fields = sequence(value)
  const explicit = (number: number): DerValue | undefined => {
    const tagged = fields.optional(constructedTag(number))
    return tagged && single(sequence(tagged, tagged.tag))
  }
  const [hash, mask, saltLength, trailer] = [explicit(0), explicit(1), explicit(2), explicit(3)]
  fields.end()
  if (trailer !== undefined && integer(trailer) !== 1n) throw new DecodeError('RSASSA-PSS-params with an unknown trailer field')
  if (saltLength !== undefined && integer(saltLength) < 0n) throw new DecodeError('RSASSA-PSS-params with a negative salt length')
  return {
    hash: hash ? readHash(hash) : sha1,
    maskHash: mask ? readMaskHash(mask) : sha1,
    saltLength: saltLength ? integer(saltLength) : 20n,
  }
}

/** Its parameters are NULL or absent: both are in use, and RFC 4055 §2.1 wants both understood. */
function readHash(value: DerValue): string {
  const fields = sequence(value)
  const name = oid(fields.next())
  if (!fields.done) nothing(fields.next())
  fields.end()
  return name
}

function readMaskHash(value: DerValue): string {
  const fields = sequence(value)
  const name = oid(fields.next())
  if (name !== mgf1) throw new DecodeError(`RSASSA-PSS-params with the mask generation ${name}, not MGF1`)
  return readHash(single(fields))
}

function readRsaPublicKey(bytes: Uint8Array): RsaPublicKey {
  const fields = sequence(readDer(bytes))
  const [n, e] = [integer(fields.next()), integer(fields.next())]
  fields.end()
  return { n, e }
}

/**
 * A y-coordinate, little-endian, below the field's prime, and the sign of x in the last bit (RFC 8032 §5.1.3 and §5.2.3). Libraries
 * disagree on what is not, and on the points where a coordinate is 0: under those, anyone signs.
 */
function readEdwardsPoint(bytes: Uint8Array, curve: EdwardsName): Uint8Array {
  const size = edwardsSize[curve]
  const prime = edwardsPrimes[curve]
  const value = ofLength(bytes, size, curve).reduceRight((sum, octet) => sum * 256n + BigInt(octet), 0n)
  const y = BigInt.asUintN(size * 8 - 1, value)
  if (y >= prime || y === 0n || y === 1n || y === prime - 1n) throw new DecodeError(`A public key of ${curve} that is not a usable point`)
  return bytes
}

const edwardsPrimes: Readonly<Record<EdwardsName, bigint>> = { ed25519: 2n ** 255n - 19n, ed448: 2n ** 448n - 2n ** 224n - 1n }

function single(fields: DerReader): DerValue {
  const value = fields.next()
  fields.end()
  return value
}

function ofLength(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length) throw new DecodeError(`A public key of ${what} has ${length} octets, not ${bytes.length}`)
  return bytes
}

/** A positive INTEGER. */
function encodeInteger(value: bigint): Uint8Array {
  const hex = value.toString(16)
  const padded = hex.length % 2 === 1 ? `0${hex}` : /^[89a-f]/.test(hex) ? `00${hex}` : hex
  return encode(
    tags.integer,
    Uint8Array.from(padded.match(/../g) ?? [], octet => Number.parseInt(octet, 16)),
  )
}
