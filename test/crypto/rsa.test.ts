/** RSA by itself, held against OpenSSL. */
import { constants, generateKeyPairSync, type KeyObject, randomBytes, sign, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sha256, sha384, sha512 } from '../../src/crypto/noble/hashes.ts'
import { bitLength, hasRoomForPss, type RsaPrivateKey, signPss, verifyPkcs1, verifyPss } from '../../src/crypto/rsa.ts'

const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size))
const message = random(60)

describe.each([1024, 1026, 1028, 1030, 1032, 1536])('under a modulus of %i bits', bits => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  const key = partsOf(privateKey)

  it.each([sha256, sha384])('PSS with $name is understood by OpenSSL and understands it', hash => {
    const signature = signPss(key, hash, message, { random })
    expect(bitLength(key.n)).toBe(bits)
    expect(signature.length).toBe(Math.ceil(bits / 8))
    expect(verify(hash.name, message, pss(publicKey, hash.size), signature)).toBe(true)
    expect(verifyPss(key, hash, message, sign(hash.name, message, pss(privateKey, hash.size)))).toBe(true)
  })

  it.each([sha256, sha384, sha512])('PKCS#1 v1.5 with $name by OpenSSL is understood', hash => {
    const signature = sign(hash.name, message, privateKey)
    expect(verifyPkcs1(key, hash, message, signature)).toBe(true)
    expect(verifyPkcs1(key, hash, random(60), signature)).toBe(false)
  })

  it('a salt of another length is refused', () => {
    for (const size of [0, 20, 31, 33]) {
      expect(verifyPss(key, sha256, message, sign('sha256', message, pss(privateKey, size)))).toBe(false)
    }
  })
})

describe('signPss', () => {
  const key = partsOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)

  it('depends on the salt alone, not on the blinding', () => {
    const salt = random(32)
    const first = signPss(key, sha256, message, { random, salt })
    expect(signPss(key, sha256, message, { random, salt })).toEqual(first)
    expect(signPss(key, sha256, message, { random })).not.toEqual(first)
  })

  it('takes its salt and its blinding from the given randomness', () => {
    const asked: number[] = []
    const counting = (size: number) => {
      asked.push(size)
      return random(size)
    }
    signPss(key, sha384, message, { random: counting })
    expect(asked).toEqual([48, 256])
  })

  it.each(['dP', 'dQ', 'qInv', 'p', 'q'] as const)('gives no signature away where %s is faulty', part => {
    const faulty = { ...key, [part]: key[part] ^ 4n }
    expect(() => signPss(faulty, sha256, message, { random })).toThrow('withheld')
  })

  it('refuses a hash that the modulus has no room for', () => {
    const short = partsOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey)
    expect(hasRoomForPss(short, sha512.size)).toBe(false)
    expect(() => signPss(short, sha512, message, { random })).toThrow(TypeError)
    expect(verifyPss(short, sha512, message, random(128))).toBe(false)
  })
})

describe('verification', () => {
  // Far enough below 2^1024 that a signature plus the modulus often has no more bits than the modulus.
  const key = generateUntil(() => {
    const parts = partsOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey)
    return parts.n >> 1020n <= 13n ? parts : undefined
  })

  it('refuses a signature that is not below the modulus, though it is congruent to one', () => {
    const plus = generateUntil(() => {
      const signature = signPss(key, sha256, message, { random })
      const raised = numberOf(signature) + key.n
      return bitLength(raised) <= 1024 ? { signature, raised } : undefined
    })
    expect(verifyPss(key, sha256, message, plus.signature)).toBe(true)
    expect(verifyPss(key, sha256, message, bytesOf(plus.raised, 128))).toBe(false)
  })

  it.each([0n, 1n])('refuses the signature %s', value => {
    expect(verifyPss(key, sha256, message, bytesOf(value, 128))).toBe(false)
    expect(verifyPkcs1(key, sha256, message, bytesOf(value, 128))).toBe(false)
  })
})

it('counts the bits of a number', () => {
  expect([0n, 1n, 2n, 7n, 8n, 255n, 256n, 1n << 2048n].map(bitLength)).toEqual([0, 1, 2, 3, 4, 8, 9, 2049])
})

function pss(key: KeyObject, saltLength: number) {
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
}

function partsOf(privateKey: KeyObject): RsaPrivateKey {
  const jwk = privateKey.export({ format: 'jwk' })
  const part = (value: string | undefined) => numberOf(new Uint8Array(Buffer.from(value ?? '', 'base64url')))
  return { n: part(jwk.n), e: part(jwk.e), p: part(jwk.p), q: part(jwk.q), dP: part(jwk.dp), dQ: part(jwk.dq), qInv: part(jwk.qi) }
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

function bytesOf(value: bigint, size: number): Uint8Array {
  return new Uint8Array(Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex'))
}

function generateUntil<T>(generate: () => T | undefined): T {
  for (let tries = 0; tries < 500; tries++) {
    const value = generate()
    if (value !== undefined) return value
  }
  throw new Error('500 tries were not enough')
}
