/** Signatures and keys beyond the published values. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { ed448 as curve448 } from '@noble/curves/ed448.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import { codePointOf, signatureSchemeNames } from '../../../src/crypto/code-points.ts'
import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import { encodeOid } from '../../../src/wire/der.ts'
import { allOf } from './algorithms.ts'
import {
  ed448,
  ed25519 as edwards25519,
  pssAlgorithm,
  rsaEncryption,
  rsaPublic,
  sequenceOf,
  sha1,
  sha256,
  sha384,
  spkiOf,
  type TestKey,
  testKey,
  testKeys,
} from './keys.ts'

const message = new Uint8Array(randomBytes(130))

export function signatureConformance(create: (limits?: { minimumRsaBits?: number }) => CryptoProvider, other: CryptoProvider): void {
  const provider = create()
  const keys = testKeys()

  it('verifies the schemes of RFC 9846 §4.2.3 in order of preference', () => {
    expect(provider.verifiers.map(({ scheme }) => signatureSchemeNames.get(scheme))).toEqual([
      'ecdsa_secp256r1_sha256',
      'ed25519',
      'ecdsa_secp384r1_sha384',
      'ecdsa_secp521r1_sha512',
      ...['rsa_pss_rsae', 'rsa_pss_pss', 'rsa_pkcs1'].flatMap(family => ['256', '384', '512'].map(size => `${family}_sha${size}`)),
    ])
    const optional = provider.optional?.verifiers.map(({ scheme }) => signatureSchemeNames.get(scheme))
    expect(optional).toEqual(['ed448', 'mldsa44', 'mldsa65', 'mldsa87'])
    expect(codePointOf(signatureSchemeNames, 'ed25519')).toBe(0x0807)
    expect(codePointOf(signatureSchemeNames, 'ED25519')).toBeUndefined()
  })

  describe.each(keys)('a key of $kind', ({ schemes, pkcs8, spki }) => {
    const key = provider.importPrivateKey(pkcs8)
    const sign = (scheme: number) => key.sign?.(scheme, message) ?? new Uint8Array(0)

    it('has its schemes and its public key', () => {
      expect(key.schemes).toEqual(schemes)
      expect(key.spki).toEqual(spki)
    })

    it('signs what both providers verify, by the scheme and by no other', () => {
      for (const scheme of schemes) {
        const signature = sign(scheme)
        for (const judge of [provider, other]) {
          const takers = allOf(judge).verifiers.filter(verifier => verifier.verify(spki, message, signature))
          expect(takers.map(taker => taker.scheme)).toEqual([scheme])
        }
      }
    })

    it('has signatures that fit no other message, no other key and no other bits', () => {
      const [scheme = 0] = schemes
      const verify = verifierOf(provider, scheme)
      const signature = sign(scheme)
      const stranger = keys.find(one => one.spki !== spki && one.schemes.includes(scheme))
      expect(verify(spki, message, signature)).toBe(true)
      expect(verify(spki, message.subarray(1), signature)).toBe(false)
      if (stranger) expect(verify(stranger.spki, message, signature)).toBe(false)
      const step = Math.max(7, signature.length >> 5)
      for (let i = 0; i < signature.length; i += step) {
        const flipped = signature.slice()
        flipped[i] = (flipped[i] ?? 0) ^ 0x10
        expect(verify(spki, message, flipped)).toBe(false)
      }
      for (const bad of [new Uint8Array(0), signature.subarray(1), new Uint8Array([...signature, 0]), new Uint8Array([0, ...signature])]) {
        expect(verify(spki, message, bad)).toBe(false)
      }
    })

    it('throws for a scheme that is not its own, and for PKCS#1 v1.5, which is for certificates alone', () => {
      for (const scheme of [0x0401, 0x0501, 0x0601, schemes.includes(0x0403) ? 0x0503 : 0x0403]) {
        expect(() => key.sign?.(scheme, message)).toThrow(TypeError)
      }
    })

    it('keeps no reference to the file, and answers with a plain Uint8Array', () => {
      const file = pkcs8.slice()
      const own = provider.importPrivateKey(file)
      file.fill(0)
      const [scheme = 0] = schemes
      const signature = own.sign?.(scheme, message) ?? new Uint8Array(0)
      expect(verifierOf(provider, scheme)(spki, message, signature)).toBe(true)
      expect([signature.constructor, own.spki?.constructor]).toEqual([Uint8Array, Uint8Array])
    })
  })

  it('wants an RSA signature as long as the modulus, even where its first octet is 0', () => {
    const { pkcs8, spki } = kindOf(keys, 'RSA of 2050 bits')
    const key = provider.importPrivateKey(pkcs8)
    // A quarter of the signatures under such a modulus begin with 0, at least.
    let signature = Uint8Array.of(1)
    for (let tries = 0; signature[0] !== 0 && tries < 200; tries++) signature = new Uint8Array(key.sign?.(0x0804, message) ?? [])
    const verify = verifierOf(provider, 0x0804)
    expect(signature[0]).toBe(0)
    expect([signature, signature.subarray(1)].map(one => verify(spki, message, one))).toEqual([true, false])
  })

  it('answers false, and never throws, for whatever is not a key', () => {
    for (const verifier of allOf(provider).verifiers) {
      for (const junk of [new Uint8Array(0), Uint8Array.of(0x30, 0), new Uint8Array(100).fill(0x30), message]) {
        expect(verifier.verify(junk, message, junk)).toBe(false)
      }
    }
  })

  it('takes no SubjectPublicKeyInfo with a byte more, or without the NULL of rsaEncryption', () => {
    const { pkcs8, spki } = kindOf(keys, 'RSA')
    const signature = provider.importPrivateKey(pkcs8).sign?.(0x0804, message) ?? new Uint8Array(0)
    const verify = verifierOf(provider, 0x0804)
    const [n, e] = rsaOf(spki)
    expect(verify(spkiOf(rsaEncryption, rsaPublic(n, e)), message, signature)).toBe(true)
    expect(verify(new Uint8Array([...spki, 0]), message, signature)).toBe(false)
    expect(verify(spkiOf(sequenceOf(encodeOid('1.2.840.113549.1.1.1')), rsaPublic(n, e)), message, signature)).toBe(false)
  })

  it('lets the parameters of id-RSASSA-PSS restrict hash, mask and salt', () => {
    const { pkcs8, spki } = kindOf(keys, 'RSA-PSS')
    const [n, e] = rsaOf(spki)
    const signature = provider.importPrivateKey(pkcs8).sign?.(0x0809, message) ?? new Uint8Array(0)
    const verdict = (...parameters: Parameters<typeof pssAlgorithm>) =>
      verifierOf(provider, 0x0809)(spkiOf(pssAlgorithm(...parameters), rsaPublic(n, e)), message, signature)
    expect(verdict(sha256, sha256, 32)).toBe(true)
    expect(verdict(sha256, sha256)).toBe(true)
    expect(verdict(sha256, sha256, 0, 1)).toBe(true)
    expect(verdict(sha256, sha256, 33)).toBe(false)
    expect(verdict(sha256, sha256, 32, 2)).toBe(false)
    expect(verdict(sha384, sha256, 32)).toBe(false)
    expect(verdict(sha256, sha384, 32)).toBe(false)
    expect(verdict(sha256, sha1, 32)).toBe(false)
    expect(verdict(sha256)).toBe(false)
    expect(verdict()).toBe(false)
  })

  it('checks Ed25519 without the cofactor, so that no signer makes a signature which only some accept', () => {
    const { Point, utils } = ed25519
    const { scalar, pointBytes } = utils.getExtendedPublicKey(new Uint8Array(32).fill(5))
    const spki = spkiOf(edwards25519, pointBytes)
    const ofOrderTwo = Point.fromAffine({ x: 0n, y: 2n ** 255n - 20n })
    const nonce = 987654321n
    const verdicts = [Point.ZERO, ofOrderTwo].map(torsion => {
      const r = Point.BASE.multiply(nonce).add(torsion).toBytes()
      const k = littleEndian(createHash('sha512').update(r).update(pointBytes).update(message).digest())
      const s = Point.Fn.toBytes(Point.Fn.create(nonce + k * scalar))
      return verifierOf(provider, 0x0807)(spki, message, new Uint8Array([...r, ...s]))
    })
    expect(verdicts).toEqual([true, false])
  })

  it('refuses Ed25519 keys that are no reduced coordinate, and the points of order 1, 2 and 4, under which anyone signs', () => {
    const r = ed25519.Point.BASE.multiply(3n).toBytes()
    const forgery = new Uint8Array(64)
    forgery.set(r)
    forgery[32] = 3
    const point = (first: number, rest: number, last: number) => new Uint8Array(32).fill(rest).with(0, first).with(31, last)
    const verify = verifierOf(provider, 0x0807)
    for (const key of [point(1, 0, 0), point(1, 0, 0x80), point(0xec, 0xff, 0x7f), point(0xed, 0xff, 0x7f), point(0xee, 0xff, 0xff)]) {
      expect(verify(spkiOf(edwards25519, key), message, forgery)).toBe(false)
    }
    // Under a point of order 4, every fourth message will do.
    for (const key of [point(0, 0, 0), point(0, 0, 0x80)]) {
      const fitting = Array.from({ length: 50 }, (_, i) => Uint8Array.of(i)).filter(text =>
        verify(spkiOf(edwards25519, key), text, forgery),
      )
      expect(fitting).toEqual([])
    }
  })

  it('checks Ed448 with the cofactor, as both libraries do, and takes no R whose x is 0', () => {
    const { Point, utils } = curve448
    const { scalar, pointBytes } = utils.getExtendedPublicKey(new Uint8Array(57).fill(5))
    const spki = spkiOf(ed448, pointBytes)
    const ofOrderTwo = Point.fromAffine({ x: 0n, y: Point.Fp.ORDER - 1n })
    const ofOrderFour = Point.fromAffine({ x: 1n, y: 0n })
    const verdict = (nonce: bigint, torsion: typeof Point.ZERO) => {
      const r = (nonce > 0n ? Point.BASE.multiply(nonce).add(torsion) : torsion).toBytes()
      const hashed = createHash('shake256', { outputLength: 114 }).update('SigEd448\0\0').update(r).update(pointBytes).update(message)
      const s = Point.Fn.toBytes(Point.Fn.create(nonce + littleEndian(hashed.digest()) * scalar))
      return verifierOf(provider, 0x0808)(spki, message, new Uint8Array([...r, ...s]))
    }
    const torsions = [Point.ZERO, ofOrderTwo, ofOrderFour]
    expect(torsions.map(torsion => verdict(987654321n, torsion))).toEqual([true, true, true])
    expect(torsions.map(torsion => verdict(0n, torsion))).toEqual([false, false, true])
  })

  it('refuses Ed448 keys that are no reduced coordinate, and the points of small order, under which anyone signs', () => {
    const prime = curve448.Point.Fp.ORDER
    const forgery = new Uint8Array([...curve448.Point.BASE.multiply(3n).toBytes(), ...curve448.Point.Fn.toBytes(3n)])
    for (const y of [0n, 1n, prime - 1n, prime, prime + 1n, 2n ** 448n + 1n]) {
      for (const sign of [0n, 1n]) {
        const digits = (y + (sign << 455n)).toString(16).padStart(114, '0')
        const key = new Uint8Array(Buffer.from(digits, 'hex')).reverse()
        expect(verifierOf(provider, 0x0808)(spkiOf(ed448, key), message, forgery)).toBe(false)
      }
    }
  })

  it('refuses RSA keys under 2048 bits, in files and in certificates, unless told otherwise', () => {
    const weak = testKey('RSA', [], generateKeyPairSync('rsa', { modulusLength: 1024 }))
    const lenient = create({ minimumRsaBits: 1024 })
    expect(() => provider.importPrivateKey(weak.pkcs8)).toThrow('1024 bits, fewer than 2048')
    const key = lenient.importPrivateKey(weak.pkcs8)
    const signature = key.sign?.(0x0804, message) ?? new Uint8Array(0)
    // SHA-512 with a salt as long does not fit into 1024 bits.
    expect(key.schemes).toEqual([0x0804, 0x0805])
    expect(verifierOf(lenient, 0x0804)(weak.spki, message, signature)).toBe(true)
    expect(verifierOf(provider, 0x0804)(weak.spki, message, signature)).toBe(false)
  })

  it('refuses an exponent of 1, under which anyone signs', () => {
    const [n] = rsaOf(kindOf(keys, 'RSA').spki)
    const digest = createHash('sha256').update(message).digest('hex')
    const info = `003031300d060960864801650304020105000420${digest}`
    const forgery = new Uint8Array(Buffer.from(`0001${info.padStart(508, 'f')}`, 'hex'))
    expect(forgery.length).toBe(256)
    expect(verifierOf(provider, 0x0401)(spkiOf(rsaEncryption, rsaPublic(n, 1n)), message, forgery)).toBe(false)
  })
}

function verifierOf(provider: CryptoProvider, scheme: number) {
  const verifier = allOf(provider).verifiers.find(one => one.scheme === scheme)
  if (verifier === undefined) throw new Error(`${provider.name} lacks the scheme ${scheme}`)
  return verifier.verify
}

function kindOf(keys: readonly TestKey[], kind: string): TestKey {
  const key = keys.find(one => one.kind === kind)
  if (key === undefined) throw new Error(`no key of ${kind}`)
  return key
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, octet) => sum * 256n + BigInt(octet), 0n)
}

/** Modulus and exponent of a key of 2048 bits as OpenSSL writes it: they end the file, the exponent in three octets. */
function rsaOf(spki: Uint8Array): [bigint, bigint] {
  const hex = Buffer.from(spki).toString('hex')
  return [BigInt(`0x${hex.slice(-10 - 512, -10)}`), BigInt(`0x${hex.slice(-6)}`)]
}
