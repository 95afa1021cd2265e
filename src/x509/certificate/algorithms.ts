/** Algorithm identifiers and public keys, and the TLS signature scheme that the two make together. */
import type { CodePoint } from '../../crypto/provider.ts'
import {
  bitString,
  constructedTag,
  type DerReader,
  type DerValue,
  nothing,
  oid,
  positiveInteger,
  readDer,
  sequence,
  smallInteger,
  tags,
} from '../../wire/der.ts'

export interface Algorithm {
  /** Dotted. */
  readonly oid: string
  readonly parameters: DerValue | undefined
}

export type KeyType = 'RSA' | 'RSA-PSS' | 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'Ed448' | 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87'

/** TLS signature schemes by the type of the key. */
type Schemes = Partial<Readonly<Record<KeyType, CodePoint>>>

export interface SignatureAlgorithm {
  /** Dotted. */
  readonly oid: string
  /** The AlgorithmIdentifier, DER. */
  readonly raw: Uint8Array
  /** Empty where the algorithm is unknown, outlawed (SHA-1, MD5), or TLS 1.3 has no code point for its parameters. */
  readonly schemes: Schemes
}

export interface PublicKey {
  /** The SubjectPublicKeyInfo, DER. */
  readonly raw: Uint8Array
  readonly algorithm: Algorithm
  /** `undefined` where TLS 1.3 has no use for such a key. */
  readonly type: KeyType | undefined
  /** The length of an RSA modulus in bits; `undefined` for other keys. */
  readonly rsaBits: number | undefined
}

/** AlgorithmIdentifier (RFC 5280 §4.1.1.2). */
export function readAlgorithm(value: DerValue): Algorithm {
  const fields = sequence(value)
  const type = oid(fields.next())
  const parameters = fields.done ? undefined : fields.next()
  fields.end()
  return { oid: type, parameters }
}

/** SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). The key itself is left to the crypto provider. */
export function readPublicKey(value: DerValue): PublicKey {
  const fields = sequence(value)
  const algorithm = readAlgorithm(fields.next())
  const key = bitString(fields.next())
  fields.end()
  const type = keyType(algorithm)
  const rsaBits = type === 'RSA' || type === 'RSA-PSS' ? readRsaBits(key) : undefined
  return { raw: value.raw, algorithm, type, rsaBits }
}

/** The AlgorithmIdentifier of a certificate's signature. */
export function readSignatureAlgorithm(value: DerValue): SignatureAlgorithm {
  const algorithm = readAlgorithm(value)
  return { oid: algorithm.oid, raw: value.raw, schemes: { ...schemesOf(algorithm) } }
}

function schemesOf({ oid, parameters }: Algorithm): Schemes | undefined {
  if (oid === rsaPss) return pssSchemes(parameters)
  // RFC 4055 §5: NULL, and absent where NULL is meant. RFC 5758 §3.2 and RFC 8410 §3: absent.
  const fits = parameters === undefined || (oid in rsaSchemes && isNull(parameters))
  return fits ? (rsaSchemes[oid] ?? otherSchemes[oid]) : undefined
}

const rsaPss = '1.2.840.113549.1.1.10'

const rsaSchemes: Readonly<Record<string, Schemes>> = {
  '1.2.840.113549.1.1.11': { RSA: 0x0401 },
  '1.2.840.113549.1.1.12': { RSA: 0x0501 },
  '1.2.840.113549.1.1.13': { RSA: 0x0601 },
}

/** TLS pairs a curve with the hash of its own size alone; for other pairs see `CertificateVerifier`. */
const otherSchemes: Readonly<Record<string, Schemes>> = {
  '1.2.840.10045.4.3.2': { 'P-256': 0x0403 },
  '1.2.840.10045.4.3.3': { 'P-384': 0x0503 },
  '1.2.840.10045.4.3.4': { 'P-521': 0x0603 },
  '1.3.101.112': { Ed25519: 0x0807 },
  '1.3.101.113': { Ed448: 0x0808 },
  '2.16.840.1.101.3.4.3.17': { 'ML-DSA-44': 0x0904 },
  '2.16.840.1.101.3.4.3.18': { 'ML-DSA-65': 0x0905 },
  '2.16.840.1.101.3.4.3.19': { 'ML-DSA-87': 0x0906 },
}

const keyTypes: Readonly<Record<string, KeyType>> = {
  '1.2.840.113549.1.1.1': 'RSA',
  [rsaPss]: 'RSA-PSS',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
  '2.16.840.1.101.3.4.3.17': 'ML-DSA-44',
  '2.16.840.1.101.3.4.3.18': 'ML-DSA-65',
  '2.16.840.1.101.3.4.3.19': 'ML-DSA-87',
}

/** Named curves only (RFC 5480 §2.1.1). */
const curves: Readonly<Record<string, KeyType>> = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
}

function keyType({ oid: type, parameters }: Algorithm): KeyType | undefined {
  if (type === '1.2.840.10045.2.1') return parameters?.tag === tags.oid ? curves[oid(parameters)] : undefined
  const known = keyTypes[type]
  // RSA wants NULL (RFC 3279 §2.3.1), RSA-PSS may have parameters (RFC 4055 §3.1), Ed25519, Ed448 and ML-DSA have none (RFC 8410 §3, RFC 9881 §2).
  if (known === 'RSA') return parameters !== undefined && isNull(parameters) ? known : undefined
  return known === 'RSA-PSS' || parameters === undefined ? known : undefined
}

function isNull(parameters: DerValue): boolean {
  if (parameters.tag !== tags.null) return false
  nothing(parameters)
  return true
}

/** RSAPublicKey (RFC 8017 §A.1.1): how long its modulus is. */
function readRsaBits(der: Uint8Array): number {
  const fields = sequence(readDer(der))
  const modulus = positiveInteger(fields.next())
  positiveInteger(fields.next())
  fields.end()
  return modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
}

/**
 * RSASSA-PSS-params (RFC 4055 §3.1) in the only form that TLS 1.3 has schemes for: MGF1 with the same hash, a salt as long as its digest,
 * and the default trailer left out.
 */
function pssSchemes(parameters: DerValue | undefined): Schemes | undefined {
  if (parameters?.tag !== tags.sequence) return undefined
  const fields = sequence(parameters)
  const hash = explicit(fields, 0)
  const mask = explicit(fields, 1)
  const salt = explicit(fields, 2)
  if (!fields.done || !hash || !mask || !salt) return undefined
  const known = hashOf(hash)
  const generator = readAlgorithm(mask)
  if (!known || generator.oid !== mgf1 || !generator.parameters || hashOf(generator.parameters) !== known) return undefined
  return smallInteger(salt) === known.saltLength ? known.schemes : undefined
}

const mgf1 = '1.2.840.113549.1.1.8'

interface PssHash {
  readonly saltLength: number
  readonly schemes: Schemes
}

const pssHashes: Readonly<Record<string, PssHash>> = {
  '2.16.840.1.101.3.4.2.1': { saltLength: 32, schemes: { RSA: 0x0804, 'RSA-PSS': 0x0809 } },
  '2.16.840.1.101.3.4.2.2': { saltLength: 48, schemes: { RSA: 0x0805, 'RSA-PSS': 0x080a } },
  '2.16.840.1.101.3.4.2.3': { saltLength: 64, schemes: { RSA: 0x0806, 'RSA-PSS': 0x080b } },
}

/** A hash's AlgorithmIdentifier; its parameters are NULL or absent (RFC 4055 §2.1). */
function hashOf(value: DerValue): PssHash | undefined {
  const { oid, parameters } = readAlgorithm(value)
  return parameters === undefined || isNull(parameters) ? pssHashes[oid] : undefined
}

function explicit(fields: DerReader, number: number): DerValue | undefined {
  const tagged = fields.optional(constructedTag(number))
  if (!tagged) return undefined
  const inner = sequence(tagged, constructedTag(number))
  const value = inner.next()
  inner.end()
  return value
}
