/** Cryptography with passwords: values that standards publish, both providers side by side, and what they refuse. */
import { createCipheriv } from 'node:crypto'
import { describe, expect, it, test } from 'vitest'
import { type PasswordCryptography, type PasswordHash, passwordLimits } from '../../src/crypto/provider.ts'
import { providers } from '../providers.ts'

const all = providers().map(({ name, passwords }) => {
  if (!passwords) throw new Error(`the provider ${name} has no cryptography with passwords`)
  return { name, passwords }
})
const everyHash: readonly PasswordHash[] = ['sha1', 'sha256', 'sha384', 'sha512']
const [text, salt, iv] = [bytes('a text of twenty-six octets'), bytes('salt'), bytes('0123456789abcdef')]

describe.each(all)('$name', ({ passwords }) => {
  // RFC 6070 §2, but for the case of 16,777,216 iterations, which is beyond the limit, and RFC 7914 §11.
  test.each<readonly [PasswordHash, string, string, number, string]>([
    ['sha1', 'password', 'salt', 1, '0c60c80f961f0e71f3a9b524af6012062fe037a6'],
    ['sha1', 'password', 'salt', 2, 'ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957'],
    ['sha1', 'password', 'salt', 4096, '4b007901b765489abead49d926f721d065a429c1'],
    [
      'sha1',
      'passwordPASSWORDpassword',
      'saltSALTsaltSALTsaltSALTsaltSALTsalt',
      4096,
      '3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038',
    ],
    ['sha1', 'pass\0word', 'sa\0lt', 4096, '56fa6aa75548099dcc37d7f03425e0c3'],
    [
      'sha256',
      'passwd',
      'salt',
      1,
      '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783',
    ],
    [
      'sha256',
      'Password',
      'NaCl',
      80_000,
      '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d',
    ],
  ])('derives by PBKDF2 with %s from %j, %j and %i iterations what the RFC says', (hash, password, salt, iterations, key) => {
    expect(hex(passwords.pbkdf2(hash, bytes(password), bytes(salt), iterations, key.length / 2))).toBe(key)
  })

  // RFC 7914 §12, but for the case of 1 GiB, which is beyond the limit.
  test.each<readonly [string, string, number, number, number, string]>([
    [
      '',
      '',
      16,
      1,
      1,
      '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906',
    ],
    [
      'password',
      'NaCl',
      1024,
      8,
      16,
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    ],
    [
      'pleaseletmein',
      'SodiumChloride',
      16_384,
      8,
      1,
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    ],
  ])('derives by scrypt from %j, %j, N %i, r %i and p %i what the RFC says', (password, salt, cost, blockSize, parallelization, key) => {
    expect(hex(passwords.scrypt(bytes(password), bytes(salt), { cost, blockSize, parallelization }, 64))).toBe(key)
  })

  it('decrypts the CBC of NIST SP 800-38A, appendix F.2.1, as it is padded', () => {
    const key = unhex('2b7e151628aed2a6abf7158809cf4f3c')
    const plain = unhex('6bc1bee22e409f96e93d7e117393172a')
    const ciphertext = encryptCbc(key, unhex('000102030405060708090a0b0c0d0e0f'), plain)
    expect(hex(ciphertext.subarray(0, 16))).toBe('7649abac8119b246cee98e9b12e9197d')
    expect(passwords.decryptAesCbc(key, unhex('000102030405060708090a0b0c0d0e0f'), ciphertext)).toEqual(plain)
  })

  it.each([16, 24, 32])('decrypts texts of every length under keys of %i bytes, in place of none', size => {
    const key = new Uint8Array(size).fill(size)
    for (let length = 0; length <= 33; length++) {
      const plain = new Uint8Array(length).fill(length)
      // One octet into a larger array: nothing may depend on its alignment.
      const ciphertext = Buffer.concat([Buffer.of(0), encryptCbc(key, iv, plain)]).subarray(1)
      const before = hex(ciphertext)
      expect(passwords.decryptAesCbc(key, iv, new Uint8Array(ciphertext.buffer, ciphertext.byteOffset, ciphertext.length))).toEqual(plain)
      expect(hex(ciphertext)).toBe(before)
    }
  })

  it('tells a wrong padding and a broken block by undefined', () => {
    const key = new Uint8Array(16).fill(1)
    const wrong = [0, 17, 255].map(last => encryptCbc(key, iv, new Uint8Array(16).fill(last), false))
    wrong.push(
      encryptCbc(key, iv, Uint8Array.of(...new Uint8Array(13), 9, 3, 3), false),
      new Uint8Array(0),
      new Uint8Array(15),
      new Uint8Array(17),
    )
    for (const ciphertext of wrong) expect(passwords.decryptAesCbc(key, iv, ciphertext)).toBeUndefined()
  })

  it.each(everyHash)('knows its own HMAC with %s, and no other', hash => {
    const other = all.find(each => each.passwords !== passwords)?.passwords ?? passwords
    const mac = macOf(other, hash, salt, text)
    expect(passwords.verifyHmac(hash, salt, text, mac)).toBe(true)
    expect(passwords.verifyHmac(hash, salt, text, mac.subarray(1))).toBe(false)
    for (let i = 0; i < mac.length; i++) expect(passwords.verifyHmac(hash, salt, text, flipped(mac, i))).toBe(false)
    expect(passwords.verifyHmac(hash, text, text, mac)).toBe(false)
    expect(passwords.verifyHmac(hash, salt, salt, mac)).toBe(false)
  })

  // RFC 2202 §3 and RFC 4231 §4.3.
  it('knows the HMACs of the RFCs', () => {
    const [key, data] = [bytes('Jefe'), bytes('what do ya want for nothing?')]
    expect(passwords.verifyHmac('sha1', key, data, unhex('effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'))).toBe(true)
    const sha256 = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
    expect(passwords.verifyHmac('sha256', key, data, unhex(sha256))).toBe(true)
  })

  test.each<readonly [string, (its: PasswordCryptography) => unknown, RegExp]>([
    ['PBKDF2 without iterations', its => its.pbkdf2('sha256', text, salt, 0, 32), /iterates once or more, not 0 times/],
    ['half an iteration', its => its.pbkdf2('sha256', text, salt, 1.5, 32), /not 1\.5 times/],
    ['iterations without end', its => its.pbkdf2('sha256', text, salt, Number.POSITIVE_INFINITY, 32), /not Infinity times/],
    ['too many iterations', its => its.pbkdf2('sha256', text, salt, passwordLimits.rounds + 1, 32), /2500001 rounds, more than 2500000/],
    ['too many iterations for two hashes', its => its.pbkdf2('sha1', text, salt, passwordLimits.rounds, 21), /5000000 rounds/],
    ['a key of nothing', its => its.pbkdf2('sha256', text, salt, 1, 0), /1 to 1024 bytes, not 0/],
    ['a key that is too long', its => its.scrypt(text, salt, { cost: 2, blockSize: 1, parallelization: 1 }, 1025), /not 1025/],
    ['an unknown hash', its => its.pbkdf2('md5' as PasswordHash, text, salt, 1, 16), /"md5" is none of sha1, sha256, sha384, sha512/],
    ['a hash by a name of every object', its => its.digest('constructor' as PasswordHash, text), /"constructor" is none of/],
    ['an HMAC with an unknown hash', its => its.verifyHmac('md5' as PasswordHash, text, text, text), /"md5" is none of/],
    ['a cost that is no power of two', its => its.scrypt(text, salt, { cost: 1000, blockSize: 8, parallelization: 1 }, 32), /not 1000/],
    ['a cost of one', its => its.scrypt(text, salt, { cost: 1, blockSize: 8, parallelization: 1 }, 32), /power of two from 2/],
    ['a cost beyond the block size', its => its.scrypt(text, salt, { cost: 65_536, blockSize: 1, parallelization: 1 }, 32), /not 65536/],
    ['blocks of nothing', its => its.scrypt(text, salt, { cost: 2, blockSize: 0, parallelization: 1 }, 32), /1 or more, not 0 and 1/],
    [
      'too much memory',
      its => its.scrypt(text, salt, { cost: 2 ** 20, blockSize: 8, parallelization: 1 }, 32),
      /1073742848 bytes of memory/,
    ],
    ['memory in the width', its => its.scrypt(text, salt, { cost: 2, blockSize: 2 ** 21, parallelization: 1 }, 32), /bytes of memory/],
    ['too much work', its => its.scrypt(text, salt, { cost: 2 ** 14, blockSize: 8, parallelization: 64 }, 32), /8390656 rounds/],
    ['a key that is none of AES', its => its.decryptAesCbc(new Uint8Array(17), iv, text), /16, 24 or 32 bytes, not 17/],
    ['an IV that is too short', its => its.decryptAesCbc(new Uint8Array(16), salt, text), /16 bytes, not 4/],
  ])('refuses %s', (_, run, message) => {
    expect(() => run(passwords)).toThrow(message)
    expect(() => run(passwords)).toThrow(TypeError)
  })

  it('takes more memory than the 32 MiB that OpenSSL allows by itself', () => {
    expect(passwords.scrypt(text, salt, { cost: 2 ** 15, blockSize: 9, parallelization: 1 }, 32)).toHaveLength(32)
  })
})

it.each(everyHash)('the providers derive the same with %s', hash => {
  for (const length of [1, 20, 64, 65, 200]) same(its => its.pbkdf2(hash, text, salt, 3, length))
  same(its => its.pbkdf2(hash, new Uint8Array(0), new Uint8Array(0), 2, 32))
  same(its => its.pbkdf2(hash, new Uint8Array(300).fill(7), salt, 2, 32))
  same(its => its.digest(hash, text))
})

it('the providers derive the same by scrypt', () => {
  for (const [cost, blockSize, parallelization] of [
    [2, 1, 1],
    [64, 3, 5],
    [1024, 8, 1],
  ] as const) {
    same(its => its.scrypt(text, salt, { cost, blockSize, parallelization }, 40))
  }
})

function same(run: (passwords: PasswordCryptography) => Uint8Array): void {
  const [first, ...others] = all.map(({ passwords }) => hex(run(passwords)))
  expect(first).not.toBe('')
  for (const other of others) expect(other).toBe(first)
}

/** HMAC by its definition (RFC 2104), for keys within a block. */
function macOf(passwords: PasswordCryptography, hash: PasswordHash, key: Uint8Array, data: Uint8Array): Uint8Array {
  const block = new Uint8Array(hash === 'sha384' || hash === 'sha512' ? 128 : 64)
  block.set(key)
  const inner = passwords.digest(hash, Uint8Array.of(...block.map(octet => octet ^ 0x36), ...data))
  return passwords.digest(hash, Uint8Array.of(...block.map(octet => octet ^ 0x5c), ...inner))
}

function encryptCbc(key: Uint8Array, iv: Uint8Array, plain: Uint8Array, padding = true): Uint8Array {
  const cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, iv).setAutoPadding(padding)
  return new Uint8Array(Buffer.concat([cipher.update(plain), cipher.final()]))
}

function flipped(octets: Uint8Array, index: number): Uint8Array {
  return octets.map((octet, i) => (i === index ? octet ^ 1 : octet))
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

function unhex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex')
}
