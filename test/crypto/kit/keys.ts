/** Keys for tests: from node:crypto, and malformed ones written by hand. */
import { generateKeyPairSync, type KeyPairKeyObjectResult, randomBytes } from 'node:crypto'
import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js'
import { constructedTag, contextTag, encode, encodeOid, tags } from '../../../src/wire/der.ts'

export interface TestKey {
  readonly kind: string
  /** The schemes that it signs with. */
  readonly schemes: readonly number[]
  readonly pkcs8: Uint8Array
  readonly spki: Uint8Array
}

/** One of every type. */
export function testKeys(): readonly TestKey[] {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return [
    testKey('P-256', [0x0403], generateKeyPairSync('ec', { namedCurve: 'P-256' })),
    testKey('P-384', [0x0503], generateKeyPairSync('ec', { namedCurve: 'P-384' })),
    testKey('P-521', [0x0603], generateKeyPairSync('ec', { namedCurve: 'P-521' })),
    testKey('Ed25519', [0x0807], generateKeyPairSync('ed25519')),
    testKey('Ed448', [0x0808], generateKeyPairSync('ed448')),
    ...mlDsaSets.map(({ name, scheme, algorithm, library }) => {
      const seed = new Uint8Array(randomBytes(32))
      const { publicKey } = library.keygen(seed)
      return { kind: name, schemes: [scheme], pkcs8: pkcs8Of(algorithm, implicit(0, seed)), spki: spkiOf(algorithm, publicKey) }
    }),
    testKey('RSA', [0x0804, 0x0805, 0x0806], rsa),
    testKey('RSA with exponent 3', [0x0804, 0x0805, 0x0806], generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })),
    testKey('RSA of 2050 bits', [0x0804, 0x0805, 0x0806], generateKeyPairSync('rsa', { modulusLength: 2050 })),
    testKey('RSA-PSS', [0x0809, 0x080a, 0x080b], generateKeyPairSync('rsa-pss', { modulusLength: 2048 })),
    pssKey('RSA-PSS for SHA-256', [0x0809], rsa, pssAlgorithm(sha256, sha256, 32)),
    pssKey('RSA-PSS for SHA-384', [0x080a], rsa, pssAlgorithm(sha384, sha384, 0)),
    pssKey('RSA-PSS for SHA-512', [0x080b], rsa, pssAlgorithm(sha512, sha512, 64)),
  ]
}

export function testKey(kind: string, schemes: readonly number[], pair: KeyPairKeyObjectResult): TestKey {
  return {
    kind,
    schemes,
    pkcs8: new Uint8Array(pair.privateKey.export({ format: 'der', type: 'pkcs8' })),
    spki: new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' })),
  }
}

/** An RSA key under another AlgorithmIdentifier. */
export function pssKey(kind: string, schemes: readonly number[], rsa: KeyPairKeyObjectResult, algorithm: Uint8Array): TestKey {
  return {
    kind,
    schemes,
    pkcs8: pkcs8Of(algorithm, new Uint8Array(rsa.privateKey.export({ format: 'der', type: 'pkcs1' }))),
    spki: spkiOf(algorithm, new Uint8Array(rsa.publicKey.export({ format: 'der', type: 'pkcs1' }))),
  }
}

// ── By hand ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const sequenceOf = (...parts: Uint8Array[]): Uint8Array => encode(tags.sequence, ...parts)
export const octets = (...parts: Uint8Array[]): Uint8Array => encode(tags.octetString, ...parts)
export const bits = (...parts: Uint8Array[]): Uint8Array => encode(tags.bitString, Uint8Array.of(0), ...parts)
export const nil: Uint8Array = encode(tags.null)
export const explicit = (number: number, value: Uint8Array): Uint8Array => encode(constructedTag(number), value)
export const implicit = (number: number, ...parts: Uint8Array[]): Uint8Array => encode(contextTag(number), ...parts)

export const number = (value: bigint | number): Uint8Array => {
  const digits = BigInt(value).toString(16)
  const padded = digits.length % 2 === 1 ? `0${digits}` : digits
  return encode(tags.integer, new Uint8Array(Buffer.from(padded >= '8' ? `00${padded}` : padded, 'hex')))
}

export const rsaEncryption: Uint8Array = sequenceOf(encodeOid('1.2.840.113549.1.1.1'), nil)
export const ed25519: Uint8Array = sequenceOf(encodeOid('1.3.101.112'))
export const ed448: Uint8Array = sequenceOf(encodeOid('1.3.101.113'))
export const curve = (name: string): Uint8Array => sequenceOf(encodeOid('1.2.840.10045.2.1'), encodeOid(name))
export const p256: Uint8Array = curve('1.2.840.10045.3.1.7')

export const mlDsaSets = [
  { name: 'ML-DSA-44', scheme: 0x0904, algorithm: sequenceOf(encodeOid('2.16.840.1.101.3.4.3.17')), library: ml_dsa44 },
  { name: 'ML-DSA-65', scheme: 0x0905, algorithm: sequenceOf(encodeOid('2.16.840.1.101.3.4.3.18')), library: ml_dsa65 },
  { name: 'ML-DSA-87', scheme: 0x0906, algorithm: sequenceOf(encodeOid('2.16.840.1.101.3.4.3.19')), library: ml_dsa87 },
] as const

export const sha1 = '1.3.14.3.2.26'
export const sha256 = '2.16.840.1.101.3.4.2.1'
export const sha384 = '2.16.840.1.101.3.4.2.2'
export const sha512 = '2.16.840.1.101.3.4.2.3'

/** id-RSASSA-PSS with parameters: dotted hash names and a salt length; what is left out is left out. */
export function pssAlgorithm(hash?: string, maskHash?: string, saltLength?: number, trailer?: number): Uint8Array {
  const fields = [
    hash && explicit(0, sequenceOf(encodeOid(hash), nil)),
    maskHash && explicit(1, sequenceOf(encodeOid('1.2.840.113549.1.1.8'), sequenceOf(encodeOid(maskHash)))),
    saltLength !== undefined && explicit(2, number(saltLength)),
    trailer !== undefined && explicit(3, number(trailer)),
  ].filter(field => field instanceof Uint8Array)
  return sequenceOf(encodeOid('1.2.840.113549.1.1.10'), sequenceOf(...fields))
}

export const spkiOf = (algorithm: Uint8Array, key: Uint8Array): Uint8Array => sequenceOf(algorithm, bits(key))

export const pkcs8Of = (algorithm: Uint8Array, key: Uint8Array, ...rest: Uint8Array[]): Uint8Array =>
  sequenceOf(number(rest.length > 0 ? 1 : 0), algorithm, octets(key), ...rest)

export const rsaPublic = (n: bigint, e: bigint): Uint8Array => sequenceOf(number(n), number(e))

export interface RsaParts {
  readonly version?: number
  readonly n?: bigint
  readonly dP?: bigint
  readonly extra?: Uint8Array
}

/** RSAPrivateKey of two factors, which need not be primes for its parts to fit each other; `parts` overrule what is right. */
export function rsaPrivate(p: bigint, q: bigint, e: bigint, parts: RsaParts = {}): Uint8Array {
  const d = inverse(e, (p - 1n) * (q - 1n))
  const { version = 0, n = p * q, dP = d % (p - 1n), extra } = parts
  const fields = [n, e, d, p, q, dP, d % (q - 1n), inverse(q, p)].map(number)
  return sequenceOf(number(version), ...fields, ...(extra ? [extra] : []))
}

export function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [((value % modulus) + modulus) % modulus, modulus, 1n, 0n]
  while (b !== 0n) {
    const quotient = a / b
    ;[a, b] = [b, a - quotient * b]
    ;[x, y] = [y, x - quotient * y]
  }
  if (a !== 1n) throw new Error('no inverse')
  return ((x % modulus) + modulus) % modulus
}
