/** Private keys in PKCS#8 (RFC 5958): read strictly, and written. */
import { bitString, constructedTag, contextTag, encode, integer, octetString, readDer, sequence, tags } from '../wire/der.ts'
import { DecodeError } from '../wire/error.ts'
import type { RsaPrivateKey } from './rsa.ts'
import { type CurveName, coordinateSize, type KeyAlgorithm, readCurve, readKeyAlgorithm } from './spki.ts'

/** `algorithm` is the DER of its AlgorithmIdentifier, which the public key shares. */
export type PrivateKeyInfo = { readonly algorithm: Uint8Array } & (RsaPrivateKeyInfo | CurvePrivateKeyInfo)

export type RsaPrivateKeyInfo = Extract<KeyAlgorithm, { type: 'rsa' | 'rsa-pss' }> & {
  readonly key: RsaPrivateKey
  /** The DER of RSAPrivateKey, which has the private exponent too. */
  readonly encoded: Uint8Array
}

export type CurvePrivateKeyInfo = Extract<KeyAlgorithm, { type: 'ec' | 'ed25519' }> & {
  /** The scalar at the length of the curve's order, or Ed25519's seed. */
  readonly secret: Uint8Array
  /** The public key, where the file has it: not known to fit yet. */
  readonly point: Uint8Array | undefined
}

/** Throws `DecodeError` where `pkcs8` is malformed, inconsistent, or a key that is no use in TLS 1.3. */
export function readPrivateKey(pkcs8: Uint8Array): PrivateKeyInfo {
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
    ...readKey(readKeyAlgorithm(algorithm), privateKey, publicKey && bitString(publicKey, publicKey.tag)),
  }
}

/** The key alone, as every library reads it: version 0, without attributes, without a public key that might not fit. */
export function writePrivateKey(info: PrivateKeyInfo): Uint8Array {
  return encode(tags.sequence, smallInteger(0), info.algorithm, encode(tags.octetString, writeKey(info)))
}

function writeKey(info: PrivateKeyInfo): Uint8Array {
  switch (info.type) {
    case 'rsa':
    case 'rsa-pss':
      return info.encoded
    case 'ec':
      return encode(tags.sequence, smallInteger(1), encode(tags.octetString, info.secret))
    case 'ed25519':
      return encode(tags.octetString, info.secret)
  }
}

function smallInteger(value: number): Uint8Array {
  return encode(tags.integer, Uint8Array.of(value))
}

function readKey(algorithm: KeyAlgorithm, privateKey: Uint8Array, point: Uint8Array | undefined): RsaPrivateKeyInfo | CurvePrivateKeyInfo {
  switch (algorithm.type) {
    case 'rsa':
    case 'rsa-pss':
      return { ...algorithm, key: readRsaPrivateKey(privateKey), encoded: privateKey }
    case 'ec':
      return { ...algorithm, ...readEcPrivateKey(privateKey, algorithm.curve, point) }
    case 'ed25519': {
      const secret = octetString(readDer(privateKey))
      if (secret.length !== 32) throw new DecodeError(`An Ed25519 private key has 32 octets, not ${secret.length}`)
      return { ...algorithm, secret, point }
    }
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
): { secret: Uint8Array; point: Uint8Array | undefined } {
  const fields = sequence(readDer(bytes))
  const version = integer(fields.next())
  if (version !== 1n) throw new DecodeError(`ECPrivateKey version ${version} is unknown`)
  const secret = octetString(fields.next())
  const parameters = fields.optional(constructedTag(0))
  const inner = fields.optional(constructedTag(1))
  fields.end()
  if (secret.length !== coordinateSize[curve]) {
    throw new DecodeError(`A private key of ${curve} has ${coordinateSize[curve]} octets, not ${secret.length}`)
  }
  if (parameters !== undefined && readCurve(readDer(parameters.bytes)) !== curve) {
    throw new DecodeError(`ECPrivateKey names another curve than ${curve}`)
  }
  return { secret, point: inner ? bitString(readDer(inner.bytes)) : outer }
}
