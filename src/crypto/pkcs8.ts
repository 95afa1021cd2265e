/** Private keys in PKCS#8 (RFC 5958): read strictly, and written. */
import { bitString, constructedTag, contextTag, encode, integer, octetString, readDer, sequence, tags } from '../wire/der.ts'
import { DecodeError } from '../wire/error.ts'
import { constantTimeEqual } from './constant-time.ts'
import { type MlDsa, type MlDsaName, mlDsaSizes } from './ml-dsa.ts'
import type { RsaPrivateKey } from './rsa.ts'
import { type CurveName, coordinateSize, type EdwardsName, edwardsSize, type KeyAlgorithm, readCurve, readKeyAlgorithm } from './spki.ts'

/** `algorithm` is the DER of its AlgorithmIdentifier, which the public key shares. */
export type PrivateKeyInfo = { readonly algorithm: Uint8Array } & (RsaPrivateKeyInfo | CurvePrivateKeyInfo | MlDsaPrivateKeyInfo)

export type RsaPrivateKeyInfo = Extract<KeyAlgorithm, { type: 'rsa' | 'rsa-pss' }> & {
  readonly key: RsaPrivateKey
  /** The DER of RSAPrivateKey, which has the private exponent too. */
  readonly encoded: Uint8Array
}

export type CurvePrivateKeyInfo = Extract<KeyAlgorithm, { type: 'ec' | EdwardsName }> & {
  /** The scalar at the length of the curve's order, or the seed of an Edwards curve. */
  readonly secret: Uint8Array
  /** The public key, where the file has it: not known to fit yet. */
  readonly publicKey: Uint8Array | undefined
}

export type MlDsaPrivateKeyInfo = Extract<KeyAlgorithm, { type: 'ml-dsa' }> & {
  /** Expanded, whatever the file has. */
  readonly secretKey: Uint8Array
  /** As above. */
  readonly publicKey: Uint8Array | undefined
}

/** What it takes to read keys for the optional schemes: Ed448, ML-DSA. */
export interface OptionalKeys {
  readonly mlDsa: MlDsa
}

/** Throws `DecodeError` where `pkcs8` is malformed, inconsistent, or a key that is no use in TLS 1.3, or here: without `optional`. */
export function readPrivateKey(pkcs8: Uint8Array, optional?: OptionalKeys): PrivateKeyInfo {
  const fields = sequence(readDer(pkcs8))
  const version = integer(fields.next())
  if (version !== 0n && version !== 1n) throw new DecodeError(`PKCS#8 version ${version} is unknown`)
  const algorithm = fields.next()
  const privateKey = octetString(fields.next())
  fields.optional(constructedTag(0))
  const publicKey = fields.optional(contextTag(1))
  fields.end()
  if (publicKey !== undefined && version === 0n) throw new DecodeError('PKCS#8 version 0 has no public key')
  return {
    algorithm: algorithm.raw,
    ...readKey(readKeyAlgorithm(algorithm), privateKey, publicKey && bitString(publicKey, publicKey.tag), optional),
  }
}

/** The key alone, as every library reads it: version 0, without attributes, without a public key that might not fit. */
export function writePrivateKey(info: Exclude<PrivateKeyInfo, MlDsaPrivateKeyInfo>): Uint8Array {
  return encode(tags.sequence, smallInteger(0), info.algorithm, encode(tags.octetString, writeKey(info)))
}

function writeKey(info: RsaPrivateKeyInfo | CurvePrivateKeyInfo): Uint8Array {
  switch (info.type) {
    case 'rsa':
    case 'rsa-pss':
      return info.encoded
    case 'ec':
      return encode(tags.sequence, smallInteger(1), encode(tags.octetString, info.secret))
    case 'ed25519':
    case 'ed448':
      return encode(tags.octetString, info.secret)
  }
}

function smallInteger(value: number): Uint8Array {
  return encode(tags.integer, Uint8Array.of(value))
}

function readKey(
  algorithm: KeyAlgorithm,
  privateKey: Uint8Array,
  publicKey: Uint8Array | undefined,
  optional: OptionalKeys | undefined,
): RsaPrivateKeyInfo | CurvePrivateKeyInfo | MlDsaPrivateKeyInfo {
  switch (algorithm.type) {
    case 'rsa':
    case 'rsa-pss':
      return { ...algorithm, key: readRsaPrivateKey(privateKey), encoded: privateKey }
    case 'ec':
      return { ...algorithm, ...readEcPrivateKey(privateKey, algorithm.curve, publicKey) }
    case 'ed25519':
    case 'ed448': {
      if (algorithm.type === 'ed448' && !optional) throw new DecodeError('This provider has no Ed448')
      const secret = octetString(readDer(privateKey))
      return { ...algorithm, secret: ofLength(secret, edwardsSize[algorithm.type], `private key of ${algorithm.type}`), publicKey }
    }
    case 'ml-dsa':
      if (!optional) throw new DecodeError(`This provider has no ${algorithm.parameterSet}`)
      return { ...algorithm, secretKey: readMlDsaPrivateKey(privateKey, algorithm.parameterSet, optional.mlDsa), publicKey }
  }
}

/** RSAPrivateKey (RFC 8017 §A.1.2). */
function readRsaPrivateKey(bytes: Uint8Array): RsaPrivateKey {
  const fields = sequence(readDer(bytes))
  const version = integer(fields.next())
  if (version === 1n) throw new DecodeError('An RSA key of more than two primes')
  if (version !== 0n) throw new DecodeError(`RSAPrivateKey version ${version} is unknown`)
  const next = () => integer(fields.next())
  const [n, e, d, p, q, dP, dQ, qInv] = [next(), next(), next(), next(), next(), next(), next(), next()] as const
  fields.end()
  const consistent =
    p > 1n &&
    q > 1n &&
    n === p * q &&
    (d * e) % (p - 1n) === 1n &&
    (d * e) % (q - 1n) === 1n &&
    dP === d % (p - 1n) &&
    dQ === d % (q - 1n) &&
    qInv < p &&
    (qInv * q) % p === 1n
  if (!consistent) throw new DecodeError('An RSA key whose parts do not fit each other')
  return { n, e, p, q, dP, dQ, qInv }
}

/** ECPrivateKey (RFC 5915 §3). */
function readEcPrivateKey(
  bytes: Uint8Array,
  curve: CurveName,
  outer: Uint8Array | undefined,
): { secret: Uint8Array; publicKey: Uint8Array | undefined } {
  const fields = sequence(readDer(bytes))
  const version = integer(fields.next())
  if (version !== 1n) throw new DecodeError(`ECPrivateKey version ${version} is unknown`)
  const secret = ofLength(octetString(fields.next()), coordinateSize[curve], `private key of ${curve}`)
  const parameters = fields.optional(constructedTag(0))
  const inner = fields.optional(constructedTag(1))
  fields.end()
  if (parameters !== undefined && readCurve(readDer(parameters.bytes)) !== curve) {
    throw new DecodeError(`ECPrivateKey names another curve than ${curve}`)
  }
  return { secret, publicKey: inner ? bitString(readDer(inner.bytes)) : outer }
}

/** ML-DSA-PrivateKey (RFC 9881 §6): the seed, the expanded key, or both, which then have to fit each other. */
function readMlDsaPrivateKey(bytes: Uint8Array, name: MlDsaName, { expand, isSecretKey }: MlDsa): Uint8Array {
  const value = readDer(bytes)
  switch (value.tag) {
    case contextTag(0):
      return expand(name, ofLength(octetString(value, value.tag), 32, `seed of ${name}`))
    case tags.octetString: {
      const secretKey = expandedKey(octetString(value), name)
      if (!isSecretKey(name, secretKey)) throw new DecodeError(`An ${name} key whose parts do not fit each other`)
      return secretKey
    }
    default: {
      const fields = sequence(value)
      const secretKey = expand(name, ofLength(octetString(fields.next()), 32, `seed of ${name}`))
      const claimed = expandedKey(octetString(fields.next()), name)
      fields.end()
      if (!constantTimeEqual(secretKey, claimed)) throw new DecodeError(`An ${name} key whose parts do not fit each other`)
      return secretKey
    }
  }
}

function expandedKey(bytes: Uint8Array, name: MlDsaName): Uint8Array {
  return ofLength(bytes, mlDsaSizes[name].secretKey, `expanded private key of ${name}`)
}

function ofLength(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length) throw new DecodeError(`The ${what} has ${length} octets, not ${bytes.length}`)
  return bytes
}
