import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { constructedTag, encode, encodeOid, readDer, sequence, tags } from '../../../src/wire/der.ts'
import { decodePem, encodePem, loadIdentity, privateKeyToPkcs8 } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'

const keys: readonly (readonly [string, KeyObject])[] = [
  ...['P-256', 'P-384', 'P-521'].map(namedCurve => [namedCurve, generateKeyPairSync('ec', { namedCurve }).privateKey] as const),
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey],
]

describe.each(keys)('a private key of %s', (name, key) => {
  const pkcs8 = Uint8Array.from(key.export({ type: 'pkcs8', format: 'der' }))
  const older = name === 'RSA' ? 'pkcs1' : name === 'Ed25519' ? undefined : 'sec1'

  test('as PKCS#8 stays as it is', () => {
    expect(privateKeyToPkcs8(pkcs8)).toEqual(pkcs8)
    expect(privateKeyToPkcs8(encodePem('PRIVATE KEY', pkcs8))).toEqual(pkcs8)
  })

  test.skipIf(older === undefined)('in its older form becomes the same PKCS#8, from PEM and from DER', () => {
    const type = older ?? 'sec1'
    const der = Uint8Array.from(key.export({ type, format: 'der' }) as Buffer)
    const pem = key.export({ type, format: 'pem' }) as string
    for (const source of [der, pem]) {
      const converted = privateKeyToPkcs8(source)
      expect(Buffer.from(converted).equals(pkcs8)).toBe(true)
      expect(createPrivateKey({ key: Buffer.from(converted), type: 'pkcs8', format: 'der' }).equals(key)).toBe(true)
    }
  })

  test('is refused or read where it was cut or changed, and never leads to another error', () => {
    const forms = [pkcs8, ...(older ? [Uint8Array.from(key.export({ type: older, format: 'der' }) as Buffer)] : [])]
    for (const form of forms) {
      for (let length = 0; length < form.length; length++) expect(() => privateKeyToPkcs8(form.subarray(0, length))).toThrow(TypeError)
      for (let i = 0; i < form.length * 8; i += 3) {
        const changed = form.map((octet, at) => (at === i >> 3 ? octet ^ (1 << (i & 7)) : octet))
        expect(kindOf(() => privateKeyToPkcs8(changed))).toBeOneOf(['Uint8Array', 'TypeError'])
      }
    }
  })

  test.each(providers())('serves with its certificate on $name', crypto => {
    const own = make.root({ keys: { privateKey: key, publicKey: createPublicKey(key) }, ...signedWith(name) })
    const identity = loadIdentity({ cert: own.der, key: pkcs8, crypto })
    expect(identity.chain).toEqual([own.der])
    expect(identity.key.schemes.length).toBeGreaterThan(0)
  })
})

describe.each(providers())('a compressed point beside the key, on $name,', crypto => {
  test.each(keys.slice(0, 3))('is known as its own on %s', (name, key) => {
    const spki = Uint8Array.from(createPublicKey(key).export({ type: 'spki', format: 'der' }))
    const size = { 'P-256': 32, 'P-384': 48 }[name] ?? 66
    const point = spki.slice(-2 * size)
    const parity = 2 | ((point[2 * size - 1] ?? 0) & 1)
    const withPoint = (form: number, x: Uint8Array) => {
      const sec1 = sequence(readDer(Uint8Array.from(key.export({ type: 'sec1', format: 'der' }) as Buffer)))
      const [version, scalar, curve] = [sec1.next(), sec1.next(), sec1.next()]
      const shown = encode(tags.bitString, Uint8Array.of(0, form), x)
      return encode(tags.sequence, version.raw, scalar.raw, curve.raw, encode(constructedTag(1), shown))
    }
    const load = (der: Uint8Array) => crypto.importPrivateKey(privateKeyToPkcs8(der, { crypto }))
    const x = point.slice(0, size)
    expect(load(withPoint(parity, x)).spki).toEqual(spki)
    const wrong = [
      withPoint(parity ^ 1, x),
      withPoint(4, x),
      withPoint(
        parity,
        x.map(octet => octet ^ 1),
      ),
      withPoint(parity, x.slice(1)),
    ]
    for (const der of wrong) expect(() => load(der)).toThrow(/does not fit the public key beside it/)
  })
})

test('other blocks beside the key are passed over', () => {
  const [[, key]] = keys as [(typeof keys)[0]]
  const parameters = encodePem('EC PARAMETERS', encodeOid('1.2.840.10045.3.1.7'))
  const sec1 = key.export({ type: 'sec1', format: 'pem' }) as string
  expect(privateKeyToPkcs8(`${parameters}${sec1}`)).toEqual(Uint8Array.from(key.export({ type: 'pkcs8', format: 'der' })))
})

describe('what is no usable key is named', () => {
  const [[, key]] = keys as [(typeof keys)[0]]
  const pem = key.export({ type: 'pkcs8', format: 'pem' }) as string
  const encrypted = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'secret' }) as string
  const scalar = encode(tags.octetString, new Uint8Array(32).fill(1))
  const one = encode(tags.integer, Uint8Array.of(1))
  test.each<readonly [string, string | Uint8Array, RegExp]>([
    ['no PEM', 'hello', /there is no private key/],
    ['PEM without a key', encodePem('CERTIFICATE', Uint8Array.of(5, 0)), /there is no private key/],
    ['two keys', pem + pem, /there are 2 private keys/],
    ['encrypted PKCS#8 in PEM', encrypted, /^the private key is encrypted: it needs its passphrase$/],
    ['encrypted PKCS#8 in DER', decodePem(encrypted)[0]?.bytes ?? '', /^the private key is encrypted: it needs its passphrase$/],
    ['a key of OpenSSH', encodePem('OPENSSH PRIVATE KEY', Uint8Array.of(1)), /"OPENSSH PRIVATE KEY" is not supported/],
    ['a key of DSA', encodePem('DSA PRIVATE KEY', Uint8Array.of(1)), /"DSA PRIVATE KEY" is not supported/],
    ['no DER', Uint8Array.of(1, 2, 3), /the private key is malformed: .*, at offset/],
    ['DER of something else', encode(tags.sequence, one, one), /neither PKCS#8, SEC1 nor PKCS#1/],
    ['SEC1 without a curve', encode(tags.sequence, one, scalar), /does not name its curve/],
    [
      'SEC1 with a curve spelt out',
      encode(tags.sequence, one, scalar, encode(constructedTag(0), encode(tags.sequence))),
      /not a named one/,
    ],
  ])('%s', (_, source, message) => {
    expect(() => privateKeyToPkcs8(source)).toThrow(message)
    expect(() => privateKeyToPkcs8(source)).toThrow(TypeError)
  })
})

describe.each(providers())('an identity on $name', crypto => {
  const anchor = make.root()
  const ca = make.intermediate(anchor)
  const end = make.leaf(ca)
  const key = end.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const pem = (...chain: readonly make.Built[]) => chain.map(({ der }) => encodePem('CERTIFICATE', der)).join('')

  test('has its chain from PEM, DER, or a list', () => {
    expect(loadIdentity({ cert: pem(end, ca), key, crypto }).chain).toEqual([end.der, ca.der])
    expect(loadIdentity({ cert: key + pem(end, ca), key: key + pem(end), crypto }).chain).toEqual([end.der, ca.der])
    expect(loadIdentity({ cert: end.der, key, crypto }).chain).toEqual([end.der])
    expect(loadIdentity({ cert: [end.der, ca.der], key, crypto }).chain).toEqual([end.der, ca.der])
  })

  test.each<readonly [string, Parameters<typeof loadIdentity>[0], RegExp]>([
    ['a key that belongs to another', { cert: pem(make.leaf(ca)), key, crypto }, /does not belong to certificate 0 \(CN=leaf\)$/],
    ['a chain in the wrong order', { cert: pem(ca, end), key, crypto }, /it belongs to certificate 1, which must then come first/],
    ['no certificate', { cert: [], key, crypto }, /at least one certificate/],
    ['PEM without a certificate', { cert: key, key, crypto }, /there is no certificate/],
    ['a malformed certificate', { cert: [end.der, Uint8Array.of(1)], key, crypto }, /certificate 1 is malformed/],
  ])('is refused for %s', (_, options, message) => {
    expect(() => loadIdentity(options)).toThrow(message)
    expect(() => loadIdentity(options)).toThrow(TypeError)
  })
})

/** The class of what it gives or throws. */
function kindOf(run: () => object): string {
  try {
    return run().constructor.name
  } catch (error) {
    return error instanceof Error ? error.constructor.name : String(error)
  }
}

function signedWith(name: string): make.Order {
  const ids: Record<string, string> = { RSA: '1.2.840.113549.1.1.11', Ed25519: '1.3.101.112' }
  return { algorithm: encode(tags.sequence, encodeOid(ids[name] ?? '1.2.840.10045.4.3.2')) }
}
