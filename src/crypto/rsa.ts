/**
 * RSA signatures (RFC 8017) on BigInt: RSASSA-PSS, and the verification of RSASSA-PKCS1-v1_5 for certificates.
 *
 * BigInt promises nothing about timing: a multiplication's time depends on the length of its operands, and an engine may shorten
 * either. So the private operation runs on a base that is blinded with fresh randomness, in a fixed sequence of multiplications
 * for an exponent's length. That takes away what a peer can choose and measure; it is no constant-time code, and an attacker on
 * the same machine may still learn from caches. Where that matters, sign elsewhere: the question `sign` is there for it.
 */
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js'
import { constantTimeEqual } from './constant-time.ts'
import type { Hash } from './provider.ts'

export interface RsaPublicKey {
  /** The modulus. */
  readonly n: bigint
  /** The public exponent. */
  readonly e: bigint
}

/** A key of two primes, in the form of RFC 8017 §3.2's second representation. */
export interface RsaPrivateKey extends RsaPublicKey {
  readonly p: bigint
  readonly q: bigint
  /** d mod (p - 1). */
  readonly dP: bigint
  /** d mod (q - 1). */
  readonly dQ: bigint
  /** The inverse of q mod p. */
  readonly qInv: bigint
}

export interface PssRandomness {
  readonly random: (size: number) => Uint8Array
  /** As long as the hash, as TLS wants it (RFC 9846 §4.3.3). Random where it is left out; published signatures replay with theirs. */
  readonly salt?: Uint8Array
}

/** RSASSA-PSS-VERIFY (§8.1.2), where MGF1 uses the same hash and the salt is as long as the hash. */
export function verifyPss(key: RsaPublicKey, hash: Hash, message: Uint8Array, signature: Uint8Array): boolean {
  const representative = open(key, signature)
  if (representative === undefined) return false
  const encodedBits = bitLength(key.n) - 1
  const size = Math.ceil(encodedBits / 8)
  if (bitLength(representative) > encodedBits) return false
  return fitsPss(hash, digest(hash, message), numberToBytesBE(representative, size), encodedBits)
}

/** RSASSA-PKCS1-V1_5-VERIFY (§8.2.2): the message is encoded again and compared whole, so nothing is ever parsed. */
export function verifyPkcs1(key: RsaPublicKey, hash: Hash, message: Uint8Array, signature: Uint8Array): boolean {
  const representative = open(key, signature)
  const expected = encodePkcs1(hash, digest(hash, message), byteLength(key.n))
  return representative !== undefined && expected !== undefined && representative === bytesToNumberBE(expected)
}

/**
 * RSASSA-PSS-SIGN (§8.1.1), as long as the modulus. Throws `TypeError` where the modulus is too short for the hash, and `Error`, without
 * a signature, where the result does not fit the public key: one faulty signature would give a factor of the modulus away.
 */
export function signPss(
  key: RsaPrivateKey,
  hash: Hash,
  message: Uint8Array,
  { random, salt = random(hash.size) }: PssRandomness,
): Uint8Array {
  const representative = bytesToNumberBE(encodePss(hash, digest(hash, message), salt, bitLength(key.n) - 1))
  const blinding = 1n + (bytesToNumberBE(random(byteLength(key.n))) % (key.n - 1n))
  const blinded = (representative * publicPower(blinding, key.e, key.n)) % key.n
  const signature = (privatePower(blinded, key) * inverse(blinding, key.n)) % key.n
  if (publicPower(signature, key.e, key.n) !== representative)
    throw new Error('The RSA signature does not fit its public key: it is withheld')
  return numberToBytesBE(signature, byteLength(key.n))
}

/** Whether a PSS signature with a hash of `hashSize` bytes fits into the modulus at all (§9.1.1, step 3). */
export function hasRoomForPss(key: RsaPublicKey, hashSize: number): boolean {
  return Math.ceil((bitLength(key.n) - 1) / 8) >= 2 * hashSize + 2
}

export function bitLength(value: bigint): number {
  const hex = value.toString(16)
  return value === 0n ? 0 : (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex.slice(0, 1), 16)))
}

export function byteLength(value: bigint): number {
  return Math.ceil(bitLength(value) / 8)
}

/** RSAVP1 (§5.2.2) on a signature of the modulus's length; `undefined` where it is none. */
function open(key: RsaPublicKey, signature: Uint8Array): bigint | undefined {
  if (signature.length !== byteLength(key.n)) return undefined
  const value = bytesToNumberBE(signature)
  return value < key.n ? publicPower(value, key.e, key.n) : undefined
}

// ── Encodings ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** EMSA-PSS-ENCODE (§9.1.1) of a digest. */
function encodePss(hash: Hash, digested: Uint8Array, salt: Uint8Array, encodedBits: number): Uint8Array {
  const size = Math.ceil(encodedBits / 8)
  const maskedSize = size - hash.size - 1
  const padding = maskedSize - salt.length - 1
  if (padding < 0) throw new TypeError(`A PSS signature with ${hash.name} does not fit into an RSA key of ${encodedBits + 1} bits`)
  const seed = pssSeed(hash, digested, salt)
  const encoded = new Uint8Array(size)
  encoded[padding] = 1
  encoded.set(salt, padding + 1)
  xorMask(hash, seed, encoded.subarray(0, maskedSize))
  encoded[0] = (encoded[0] ?? 0) & topMask(encodedBits)
  encoded.set(seed, maskedSize)
  encoded[size - 1] = 0xbc
  return encoded
}

/** EMSA-PSS-VERIFY (§9.1.2). `encoded` is overwritten. */
function fitsPss(hash: Hash, digested: Uint8Array, encoded: Uint8Array, encodedBits: number): boolean {
  const maskedSize = encoded.length - hash.size - 1
  const padding = maskedSize - hash.size - 1
  if (padding < 0 || encoded.at(-1) !== 0xbc) return false
  const masked = encoded.subarray(0, maskedSize)
  const seed = encoded.subarray(maskedSize, -1)
  if (((masked[0] ?? 0) & ~topMask(encodedBits)) !== 0) return false
  xorMask(hash, seed, masked)
  masked[0] = (masked[0] ?? 0) & topMask(encodedBits)
  if (masked.subarray(0, padding).some(octet => octet !== 0) || masked[padding] !== 1) return false
  return constantTimeEqual(seed, pssSeed(hash, digested, masked.subarray(padding + 1)))
}

/** H = Hash(eight zeros ‖ mHash ‖ salt). */
function pssSeed(hash: Hash, digested: Uint8Array, salt: Uint8Array): Uint8Array {
  return hash.create().update(new Uint8Array(8)).update(digested).update(salt).digest()
}

/** The bits of the first octet that an encoding of `encodedBits` bits may use. */
function topMask(encodedBits: number): number {
  return 0xff >> (8 * Math.ceil(encodedBits / 8) - encodedBits)
}

/** XORs MGF1 (§B.2.1) of `seed` over `target`. */
function xorMask(hash: Hash, seed: Uint8Array, target: Uint8Array): void {
  const counter = new Uint8Array(4)
  for (let block = 0; block * hash.size < target.length; block++) {
    new DataView(counter.buffer).setUint32(0, block)
    const mask = hash.create().update(seed).update(counter).digest()
    const part = target.subarray(block * hash.size, (block + 1) * hash.size)
    for (let i = 0; i < part.length; i++) part[i] = (part[i] ?? 0) ^ (mask[i] ?? 0)
  }
}

/** EMSA-PKCS1-v1_5-ENCODE (§9.2) of a digest; `undefined` where `size` is too short for it. */
function encodePkcs1(hash: Hash, digested: Uint8Array, size: number): Uint8Array | undefined {
  const prefix = digestInfoPrefixes[hash.name]
  const start = size - prefix.length - digested.length
  if (start < 11) return undefined
  const encoded = new Uint8Array(size).fill(0xff)
  encoded.set([0, 1])
  encoded[start - 1] = 0
  encoded.set(prefix, start)
  encoded.set(digested, start + prefix.length)
  return encoded
}

/** The DER of DigestInfo up to the digest (§9.2, note 1): the algorithm, NULL for its parameters, the head of the OCTET STRING. */
const digestInfoPrefixes: Readonly<Record<Hash['name'], Uint8Array>> = {
  sha256: digestInfoPrefix(1, 32),
  sha384: digestInfoPrefix(2, 48),
  sha512: digestInfoPrefix(3, 64),
}

function digestInfoPrefix(hash: number, size: number): Uint8Array {
  const algorithm = [0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, hash, 0x05, 0]
  return Uint8Array.from([0x30, algorithm.length + 4 + size, 0x30, algorithm.length, ...algorithm, 0x04, size])
}

function digest(hash: Hash, message: Uint8Array): Uint8Array {
  return hash.create().update(message).digest()
}

// ── Arithmetic ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** For an exponent that is public: as few multiplications as it takes. */
function publicPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus
    if (bit === '1') result = (result * base) % modulus
  }
  return result
}

/** RSASP1 (§5.2.1) by the Chinese remainder theorem. */
function privatePower(base: bigint, { p, q, dP, dQ, qInv }: RsaPrivateKey): bigint {
  const modP = secretPower(base % p, dP, p)
  const modQ = secretPower(base % q, dQ, q)
  const h = (((modP - modQ) % p) + p) * qInv
  return modQ + (h % p) * q
}

/** For a secret exponent: every digit of four bits costs four squarings and one multiplication, 0 included. */
function secretPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  // One, in full length: a multiplication by 1n would be seen in the time.
  const one = modulus + 1n
  const powers = [one, base]
  for (let i = 2; i < 16; i++) powers.push(((powers[i - 1] ?? 0n) * base) % modulus)
  let result = one
  for (const digit of exponent.toString(16)) {
    for (let i = 0; i < 4; i++) result = (result * result) % modulus
    result = (result * (powers[Number.parseInt(digit, 16)] ?? 0n)) % modulus
  }
  return result
}

/** The inverse by Euclid's algorithm. Only ever of a random value: its time tells of nothing else. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value, modulus, 1n, 0n]
  while (b !== 0n) {
    const quotient = a / b
    ;[a, b] = [b, a - quotient * b]
    ;[x, y] = [y, x - quotient * y]
  }
  if (a !== 1n) throw new Error('The blinding value shares a factor with the modulus')
  return ((x % modulus) + modulus) % modulus
}
