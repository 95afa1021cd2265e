/** Private keys behind a passphrase: as Node.js and OpenSSL make them, and as nobody should. */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, test } from 'vitest'
import { encodeOid } from '../../../src/wire/der.ts'
import { decodePem, encodePem, privateKeyToPkcs8 } from '../../../src/x509/index.ts'
import { describeWith, findProgram } from '../../interop/child.ts'
import { providers } from '../../providers.ts'
import { type Encryption, encryptedKey, number, octets, pbkdf2, sequenceOf } from './pfx.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pkcs8 = Uint8Array.from(privateKey.export({ type: 'pkcs8', format: 'der' }))
const passphrase = 'pässwörd €𝄞'
const right: Encryption = { password: passphrase, prf: 'sha256' }

describe.each(providers())('on $name', crypto => {
  const open = (key: string | Uint8Array, given: string | undefined = passphrase) => privateKeyToPkcs8(key, { crypto, passphrase: given })

  it.each([undefined, 'sha256', 'sha384', 'sha512'] as const)('opens PBKDF2 with %s and each size of AES, its size stated or not', prf => {
    for (const keySize of [16, 24, 32] as const) {
      expect(open(encryptedKey(pkcs8, { password: passphrase, prf, keySize }))).toEqual(pkcs8)
      expect(open(encryptedKey(pkcs8, { password: passphrase, prf, keySize, statedSize: keySize }))).toEqual(pkcs8)
    }
  })

  it('opens scrypt, its size stated or not', () => {
    const order = { password: passphrase, scrypt: { N: 256, r: 8, p: 2 } }
    expect(open(encryptedKey(pkcs8, order))).toEqual(pkcs8)
    expect(open(encryptedKey(pkcs8, { ...order, statedSize: 32 }))).toEqual(pkcs8)
  })

  it.each(['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'])('opens what Node.js encrypts with %s, PEM and DER', cipher => {
    expect(open(privateKey.export({ type: 'pkcs8', format: 'pem', cipher, passphrase }) as string)).toEqual(pkcs8)
    expect(open(Uint8Array.from(privateKey.export({ type: 'pkcs8', format: 'der', cipher, passphrase })))).toEqual(pkcs8)
  })

  it('takes the empty passphrase for one, and none for none', () => {
    const key = encryptedKey(pkcs8, { ...right, password: '' })
    expect(open(key, '')).toEqual(pkcs8)
    expect(() => privateKeyToPkcs8(key, { crypto })).toThrow(/it needs its passphrase/)
  })

  it('passes over a passphrase that is not needed', () => {
    expect(open(pkcs8)).toEqual(pkcs8)
  })

  it('says that the passphrase is wrong, also where the padding is right by chance', () => {
    const key = encryptedKey(pkcs8, right)
    // Of so many wrong ones, one or two decrypt to something padded.
    for (let i = 0; i < 400; i++) {
      expect(() => open(key, `wrong ${i}`)).toThrow(/^the private key can't be opened: its passphrase is wrong, or it was changed$/)
    }
  })

  it('refuses a passphrase that is no string', () => {
    for (const given of [null, Buffer.from(passphrase), 5])
      expect(() => open(encryptedKey(pkcs8, right), given as unknown as string)).toThrow(/the passphrase has to be a string$/)
  })

  it('refuses a passphrase that is no text', () => {
    expect(() => open(encryptedKey(pkcs8, right), 'x\ud800')).toThrow(/half a surrogate pair/)
  })

  it('never lets a file that was cut or changed become another error, or another key', () => {
    const key = encryptedKey(pkcs8, { ...right, iterations: 1 })
    const { spki } = crypto.importPrivateKey(pkcs8)
    for (let length = 0; length < key.length; length++) expect(() => open(key.subarray(0, length))).toThrow(TypeError)
    expect(() => open(Uint8Array.of(...key, 0))).toThrow(TypeError)
    for (let i = 0; i < key.length; i++) {
      for (const mask of [1, 0x80, 0xff]) {
        const outcome = attempt(() => crypto.importPrivateKey(open(key.map((octet, at) => (at === i ? octet ^ mask : octet)))).spki)
        // The version of PrivateKeyInfo is 0 or 1: there a change changes nothing.
        if (!(outcome instanceof TypeError)) expect(outcome).toEqual(spki)
      }
    }
  })
})

const [provider] = providers() as [ReturnType<typeof providers>[0]]

describe('what costs too much is refused before it costs anything', () => {
  test.each<readonly [string, Encryption, RegExp]>([
    ['iterations', { iterations: 2_500_001 }, /more than 2500000 rounds/],
    ['iterations for a long key', { iterations: 1_250_001 }, /more than 2500000 rounds/],
    ['iterations beyond numbers', { derivation: pbkdf2(2 ** 40) }, /is malformed: INTEGER 1099511627776 is out of range/],
    ['memory', { scrypt: { N: 2 ** 30, r: 1, p: 1 } }, /more than 2500000 rounds/],
    ['parallelization', { scrypt: { N: 2, r: 8, p: 2 ** 30 } }, /more than 2500000 rounds/],
    ['little but memory', { scrypt: { N: 64, r: 36_000, p: 1 } }, /bytes of memory/],
  ])('%s', (_, order, message) => {
    const key = encryptedKey(pkcs8, { password: passphrase, ...order })
    expect(() => privateKeyToPkcs8(key, { crypto: provider, passphrase })).toThrow(message)
    expect(() => privateKeyToPkcs8(key, { crypto: provider, passphrase })).toThrow(TypeError)
  })
})

describe('what is not supported is named, with a way out', () => {
  const pem = (cipher: string) => privateKey.export({ type: 'sec1', format: 'pem', cipher, passphrase }) as string
  const scheme = (oid: string) => sequenceOf(encodeOid(oid), sequenceOf(octets(new Uint8Array(8)), number(1)))
  const cipher = (oid: string) => sequenceOf(encodeOid(oid), octets(new Uint8Array(8)))
  const convert = /convert it with "openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW"/
  test.each<readonly [string, string | Uint8Array, RegExp]>([
    ['an encrypted key of the old form', pem('aes-128-cbc'), /encrypted in the old way of PEM headers \("EC PRIVATE KEY"\)/],
    ['PBES1', encryptedKey(pkcs8, { algorithm: scheme('1.2.840.113549.1.5.3') }), /encrypted with PBES1 with MD5 and DES,/],
    ['3DES of PKCS#12', encryptedKey(pkcs8, { algorithm: scheme('1.2.840.113549.1.12.1.3') }), /encrypted with 3DES \(PKCS#12\),/],
    ['3DES of PBES2', encryptedKey(pkcs8, { cipher: cipher('1.2.840.113549.3.7') }), /encrypted with 3DES,/],
    ['what nobody knows', encryptedKey(pkcs8, { algorithm: scheme('1.2.3.4') }), /encrypted with the algorithm 1\.2\.3\.4,/],
  ])('%s', (_, key, message) => {
    const open = () => privateKeyToPkcs8(key, { crypto: provider, passphrase })
    expect(open).toThrow(message)
    expect(open).toThrow(convert)
    expect(open).toThrow(TypeError)
  })

  test.each<readonly [string, Encryption, RegExp]>([
    [
      'another function',
      { derivation: sequenceOf(encodeOid('1.2.3'), sequenceOf()) },
      /derived by 1\.2\.3, which is neither PBKDF2 nor scrypt/,
    ],
    [
      'an HMAC with SHA-224',
      { derivation: pbkdf2(1, [sequenceOf(encodeOid('1.2.840.113549.2.8'))]) },
      /HMAC with SHA-224 is not supported/,
    ],
    ['a size that does not fit', { statedSize: 16 }, /malformed: a key of 16 octets where 32 are needed/],
    ['no iteration', { iterations: 10, derivation: pbkdf2(0) }, /iterates once or more, not 0/],
    ['a short IV', { cipher: sequenceOf(encodeOid('2.16.840.1.101.3.4.1.42'), octets(new Uint8Array(8))) }, /malformed: an IV of 8 octets/],
    ['a cost that is none', { scrypt: { N: 16, r: 1, p: 1 }, derivation: scryptOf(15) }, /power of two/],
  ])('%s', (_, order, message) => {
    const open = () => privateKeyToPkcs8(encryptedKey(pkcs8, { password: passphrase, ...order }), { crypto: provider, passphrase })
    expect(open).toThrow(message)
    expect(open).toThrow(TypeError)
  })

  it('a provider without this cryptography', () => {
    const { passwords: _, ...without } = provider
    const open = () => privateKeyToPkcs8(encryptedKey(pkcs8, right), { crypto: without, passphrase })
    expect(open).toThrow('the provider "node" has no cryptography with passwords')
  })
})

const openssl = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })

describeWith(openssl, 'OpenSSL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tassel-encrypted-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const plain = join(folder, 'key.pem')
  writeFileSync(plain, encodePem('PRIVATE KEY', pkcs8))

  const convert = (...how: readonly string[]) =>
    execFileSync('openssl', ['pkcs8', '-topk8', '-in', plain, '-passout', `pass:${passphrase}`, ...how], {
      stdio: 'pipe',
      encoding: 'utf8',
    })

  it.each([
    [['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA256']],
    [['-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1']],
    [['-v2', 'aes-192-cbc', '-v2prf', 'hmacWithSHA512', '-iter', '5000']],
    [['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA384']],
    [['-scrypt']],
    [['-scrypt', '-v2', 'aes-128-cbc', '-scrypt_N', '1024', '-scrypt_r', '4', '-scrypt_p', '3']],
  ])('encrypts by %j what both providers open', how => {
    const pem = convert(...how)
    for (const crypto of providers()) {
      expect(privateKeyToPkcs8(pem, { crypto, passphrase })).toEqual(pkcs8)
      expect(privateKeyToPkcs8(decodePem(pem)[0]?.bytes ?? '', { crypto, passphrase })).toEqual(pkcs8)
      expect(() => privateKeyToPkcs8(pem, { crypto, passphrase: 'other' })).toThrow(/its passphrase is wrong/)
    }
  })

  it('encrypts with 3DES and SHA-224 what is named', () => {
    const open = (pem: string) => () => privateKeyToPkcs8(pem, { crypto: provider, passphrase })
    expect(open(convert('-v2', 'des3'))).toThrow(/encrypted with 3DES, which is not supported/)
    expect(open(convert('-v1', 'PBE-SHA1-3DES'))).toThrow(/encrypted with 3DES \(PKCS#12\), which is not supported/)
    expect(open(convert('-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA224'))).toThrow(/HMAC with SHA-224 is not supported/)
  })
})

function scryptOf(cost: number): Uint8Array {
  return sequenceOf(encodeOid('1.3.6.1.4.1.11591.4.11'), sequenceOf(octets(new Uint8Array(8)), number(cost), number(1), number(1)))
}

/** What it gives or throws. */
function attempt(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}
