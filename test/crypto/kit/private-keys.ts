/** Private keys that must be refused by name. */
import { generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import {
  bits,
  curve,
  ed448,
  ed25519,
  explicit,
  implicit,
  mlDsaSets,
  nil,
  number,
  octets,
  p256,
  pkcs8Of,
  pssAlgorithm,
  pssKey,
  rsaEncryption,
  rsaPrivate,
  sequenceOf,
  testKey,
} from './keys.ts'

export function privateKeyConformance(provider: CryptoProvider): void {
  const good = testKey('P-256', [0x0403], generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const scalar = new Uint8Array(32).fill(7)
  const seed = new Uint8Array(32).fill(9)
  const ec = (...parts: Uint8Array[]) => sequenceOf(number(1), ...parts)
  const [p, q] = factors(1024)
  const [{ algorithm: mlDsa44, library }] = mlDsaSets
  const { secretKey, publicKey } = library.keygen(seed)
  const brokenKeys = [0, 64, 200].map(at => secretKey.with(at, (secretKey[at] ?? 0) ^ 1))

  const bad: Record<string, [Uint8Array, string]> = {
    'an empty file': [new Uint8Array(0), 'PKCS#8'],
    'a file cut short': [good.pkcs8.slice(0, -1), 'PKCS#8'],
    'a file with a byte more': [new Uint8Array([...good.pkcs8, 0]), 'PKCS#8'],
    'a public key': [good.spki, 'PKCS#8'],
    'another version': [sequenceOf(number(2), ed25519, octets(octets(seed))), 'version 2'],
    'a key for X25519': [derOf(generateKeyPairSync('x25519')), '1.3.101.110'],
    'a key for X448': [derOf(generateKeyPairSync('x448')), '1.3.101.111'],
    'a key on secp256k1': [derOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })), '1.3.132.0.10'],
    'a short Ed25519 seed': [pkcs8Of(ed25519, octets(seed.slice(1))), '32 octets, not 31'],
    'an Ed25519 key beside a stranger’s public key': [
      pkcs8Of(ed25519, octets(seed), implicit(1, Uint8Array.of(0), seed)),
      'does not fit the public key',
    ],
    'a short Ed448 seed': [pkcs8Of(ed448, octets(new Uint8Array(56))), '57 octets, not 56'],
    'an Ed448 key beside a stranger’s public key': [
      pkcs8Of(ed448, octets(new Uint8Array(57)), implicit(1, Uint8Array.of(0), new Uint8Array(57))),
      'does not fit the public key',
    ],
    'a short ML-DSA seed': [pkcs8Of(mlDsa44, implicit(0, seed.slice(1))), '32 octets, not 31'],
    'a bare ML-DSA seed': [pkcs8Of(mlDsa44, seed), 'PKCS#8'],
    'a short expanded ML-DSA key': [pkcs8Of(mlDsa44, octets(secretKey.slice(1))), '2560 octets, not 2559'],
    'an ML-DSA seed and the expanded key of another': [
      pkcs8Of(mlDsa44, sequenceOf(octets(scalar), octets(secretKey))),
      'parts do not fit each other',
    ],
    ...Object.fromEntries(
      brokenKeys.map((broken, i) => [`broken expanded ML-DSA key ${i}`, [pkcs8Of(mlDsa44, octets(broken)), 'parts do not fit each other']]),
    ),
    'an ML-DSA key beside a stranger’s public key': [
      pkcs8Of(mlDsa44, implicit(0, seed), implicit(1, Uint8Array.of(0), publicKey.with(7, (publicKey[7] ?? 0) ^ 1))),
      'does not fit the public key',
    ],
    'an ML-DSA key with parameters': [pkcs8Of(sequenceOf(mlDsa44.slice(2), nil), implicit(0, seed)), 'PKCS#8'],
    'an EC scalar of 0': [pkcs8Of(p256, ec(octets(new Uint8Array(32)))), 'secp256r1'],
    'an EC scalar above the order': [pkcs8Of(p256, ec(octets(new Uint8Array(32).fill(0xff)))), 'secp256r1'],
    'a short EC scalar': [pkcs8Of(p256, ec(octets(scalar.slice(1)))), '32 octets, not 31'],
    'an EC key of another version': [pkcs8Of(p256, sequenceOf(number(2), octets(scalar))), 'version 2'],
    'an EC key of two curves': [pkcs8Of(p256, ec(octets(scalar), explicit(0, curve('1.3.132.0.34').subarray(11)))), 'another curve'],
    'an EC key beside a stranger’s public key': [
      pkcs8Of(p256, ec(octets(scalar), explicit(1, bits(good.spki.slice(-65))))),
      'does not fit the public key',
    ],
    'an RSA key of three primes': [
      pkcs8Of(rsaEncryption, rsaPrivate(p, q, 65537n, { version: 1, extra: sequenceOf() })),
      'more than two primes',
    ],
    'an RSA key whose modulus is not its primes’ product': [
      pkcs8Of(rsaEncryption, rsaPrivate(p, q, 65537n, { n: p * q + 2n })),
      'do not fit each other',
    ],
    'an RSA key with a wrong CRT exponent': [pkcs8Of(rsaEncryption, rsaPrivate(p, q, 65537n, { dP: 5n })), 'do not fit each other'],
    'an RSA key with exponent 1': [pkcs8Of(rsaEncryption, rsaPrivate(p, q, 1n)), 'exponent'],
    'an RSA key with an exponent of 34 bits': [pkcs8Of(rsaEncryption, rsaPrivate(p, q, coprime(2n ** 33n + 1n, p, q))), 'exponent'],
    'an RSA key of more than 16384 bits': [pkcs8Of(rsaEncryption, rsaPrivate(...factors(8200), 65537n)), 'more than 16384'],
    'an RSA key with SHA-1 in its parameters': [pssKey('RSA', [], rsa, pssAlgorithm()).pkcs8, 'no signature scheme'],
    'an RSA key with parameters of another kind': [pssKey('RSA', [], rsa, sequenceOf(p256)).pkcs8, 'PKCS#8'],
  }

  describe('importPrivateKey', () => {
    it.each(Object.entries(bad))('refuses %s with a TypeError that says so', (_name, [file, reason]) => {
      expect(() => provider.importPrivateKey(file)).toThrow(TypeError)
      expect(() => provider.importPrivateKey(file)).toThrow(reason)
    })

    it('takes keys with attributes, with their public key outside, and without one', () => {
      const bare = provider.importPrivateKey(pkcs8Of(p256, ec(octets(scalar))))
      const point = bare.spki?.slice(-65) ?? new Uint8Array(0)
      const variants = [
        pkcs8Of(p256, ec(octets(scalar), explicit(0, curve('1.2.840.10045.3.1.7').subarray(11)), explicit(1, bits(point)))),
        pkcs8Of(p256, ec(octets(scalar)), explicit(0, new Uint8Array(0))),
        pkcs8Of(p256, ec(octets(scalar)), implicit(1, Uint8Array.of(0), point)),
      ]
      for (const variant of variants) expect(provider.importPrivateKey(variant).spki).toEqual(bare.spki)
    })

    it.each(mlDsaSets)('takes $name as seed, expanded, or both, and all are the same key', ({ algorithm, library, scheme }) => {
      const keys = library.keygen(seed)
      const forms = [implicit(0, seed), octets(keys.secretKey), sequenceOf(octets(seed), octets(keys.secretKey))]
      const files = forms.map(form => pkcs8Of(algorithm, form))
      files.push(pkcs8Of(algorithm, implicit(0, seed), implicit(1, Uint8Array.of(0), keys.publicKey)))
      for (const file of files) {
        const key = provider.importPrivateKey(file)
        const signature = key.sign?.(scheme, scalar) ?? new Uint8Array(0)
        expect(key.spki?.slice(-keys.publicKey.length)).toEqual(keys.publicKey)
        expect(library.verify(signature, scalar, keys.publicKey)).toBe(true)
      }
    })
  })
}

/** Two odd numbers of this length that share no factor: nobody asks whether they are prime. Their product has twice the length. */
function factors(size: number): readonly [bigint, bigint] {
  const p = (3n << BigInt(size - 2)) + 1n
  return [p, p + 2n]
}

/** The first odd number from `from` on that has an inverse for both factors. */
function coprime(from: bigint, p: bigint, q: bigint): bigint {
  const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b))
  return gcd(from, (p - 1n) * (q - 1n)) === 1n ? from : coprime(from + 2n, p, q)
}

function derOf({ privateKey }: KeyPairKeyObjectResult): Uint8Array {
  return new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }))
}
