import { describe, expect, test } from 'vitest'
import { constructedTag, encode, encodeOid, readDer, tags } from '../../../src/wire/der.ts'
import { DecodeError } from '../../../src/wire/error.ts'
import { type KeyType, readSignatureAlgorithm } from '../../../src/x509/certificate/algorithms.ts'

const NULL = encode(tags.null)
const pkcs1 = '1.2.840.113549.1.1.'
const ecdsa = '1.2.840.10045.4.3.'

describe('an algorithm and a key make a scheme of TLS', () => {
  test.each<readonly [string, Uint8Array, KeyType, number]>([
    ['rsa_pkcs1_sha256', algorithm(`${pkcs1}11`, NULL), 'RSA', 0x0401],
    ['rsa_pkcs1_sha384', algorithm(`${pkcs1}12`, NULL), 'RSA', 0x0501],
    ['rsa_pkcs1_sha512', algorithm(`${pkcs1}13`), 'RSA', 0x0601],
    ['ecdsa_secp256r1_sha256', algorithm(`${ecdsa}2`), 'P-256', 0x0403],
    ['ecdsa_secp384r1_sha384', algorithm(`${ecdsa}3`), 'P-384', 0x0503],
    ['ecdsa_secp521r1_sha512', algorithm(`${ecdsa}4`), 'P-521', 0x0603],
    ['ed25519', algorithm('1.3.101.112'), 'Ed25519', 0x0807],
    ['ed448', algorithm('1.3.101.113'), 'Ed448', 0x0808],
    ['rsa_pss_rsae_sha256', pss({}), 'RSA', 0x0804],
    ['rsa_pss_rsae_sha384', pss({ hash: 2, mask: 2, salt: 48 }), 'RSA', 0x0805],
    ['rsa_pss_rsae_sha512', pss({ hash: 3, mask: 3, salt: 64 }), 'RSA', 0x0806],
    ['rsa_pss_pss_sha256', pss({}), 'RSA-PSS', 0x0809],
    ['rsa_pss_pss_sha384', pss({ hash: 2, mask: 2, salt: 48 }), 'RSA-PSS', 0x080a],
    ['rsa_pss_pss_sha512', pss({ hash: 3, mask: 3, salt: 64 }), 'RSA-PSS', 0x080b],
    ['rsa_pss_rsae_sha256, the hashes without parameters', pss({ parameters: [] }), 'RSA', 0x0804],
  ])('%s', (_, der, key, scheme) => {
    expect(readSignatureAlgorithm(readDer(der)).schemes[key]).toBe(scheme)
  })

  test.each<readonly [string, Uint8Array, KeyType]>([
    ['SHA-1 with RSA', algorithm(`${pkcs1}5`, NULL), 'RSA'],
    ['MD5 with RSA', algorithm(`${pkcs1}4`, NULL), 'RSA'],
    ['SHA-1 with ECDSA', algorithm('1.2.840.10045.4.1'), 'P-256'],
    ['the hash of another curve', algorithm(`${ecdsa}2`), 'P-384'],
    ['ECDSA over an RSA key', algorithm(`${ecdsa}2`), 'RSA'],
    ['PKCS#1 over a key for PSS alone', algorithm(`${pkcs1}11`, NULL), 'RSA-PSS'],
    ['ECDSA with parameters', algorithm(`${ecdsa}2`, NULL), 'P-256'],
    ['Ed25519 with parameters', algorithm('1.3.101.112', NULL), 'Ed25519'],
    ['RSA with parameters other than NULL', algorithm(`${pkcs1}11`, encode(tags.sequence)), 'RSA'],
    ['an algorithm unknown', algorithm('1.2.3'), 'P-256'],
    ['PSS without parameters, which means SHA-1', algorithm(`${pkcs1}10`), 'RSA'],
    ['PSS with NULL', algorithm(`${pkcs1}10`, NULL), 'RSA'],
    ['PSS with empty parameters', algorithm(`${pkcs1}10`, encode(tags.sequence)), 'RSA'],
    ['PSS with another hash for the mask', pss({ mask: 2 }), 'RSA'],
    ['PSS with a shorter salt', pss({ salt: 20 }), 'RSA'],
    ['PSS with a longer salt', pss({ salt: 33 }), 'RSA'],
    ['PSS with a hash unknown', pss({ hash: 4, mask: 4 }), 'RSA'],
    ['PSS with another mask', pss({ generator: '1.2.3' }), 'RSA'],
    ['PSS with the trailer spelt out', pss({ more: [encode(constructedTag(3), encode(tags.integer, Uint8Array.of(1)))] }), 'RSA'],
    ['PSS with parameters for its hash', pss({ parameters: [encode(tags.sequence)] }), 'RSA'],
  ])('%s makes none', (_, der, key) => {
    expect(readSignatureAlgorithm(readDer(der)).schemes[key]).toBeUndefined()
  })
})

test.each([
  ['NULL with contents', algorithm(`${pkcs1}11`, Uint8Array.of(5, 1, 0))],
  [
    'PSS whose salt is no number',
    algorithm(
      `${pkcs1}10`,
      encode(
        tags.sequence,
        encode(constructedTag(0), algorithm('1.2')),
        encode(constructedTag(1), algorithm('1.2')),
        encode(constructedTag(2)),
      ),
    ),
  ],
])('%s is malformed', (_, der) => {
  expect(() => readSignatureAlgorithm(readDer(der))).toThrow(DecodeError)
})

function algorithm(id: string, ...parameters: readonly Uint8Array[]): Uint8Array {
  return encode(tags.sequence, encodeOid(id), ...parameters)
}

/** Hashes by their last arc: 1 is SHA-256, 2 SHA-384, 3 SHA-512. */
function pss(options: {
  hash?: number
  mask?: number
  salt?: number
  generator?: string
  parameters?: Uint8Array[]
  more?: Uint8Array[]
}): Uint8Array {
  const { hash = 1, mask = 1, salt = 32, generator = `${pkcs1}8`, parameters = [NULL], more = [] } = options
  const hashOf = (arc: number) => algorithm(`2.16.840.1.101.3.4.2.${arc}`, ...parameters)
  const fields = [hashOf(hash), algorithm(generator, hashOf(mask)), encode(tags.integer, Uint8Array.of(salt))]
  return algorithm(`${pkcs1}10`, encode(tags.sequence, ...fields.map((field, i) => encode(constructedTag(i), field)), ...more))
}
