/**
 * Wycheproof's signatures before the path validator's own verifiers: the algorithm is an AlgorithmIdentifier, the key a
 * SubjectPublicKeyInfo, both read as in a certificate. (The providers themselves are held against the files in test/crypto.)
 */
import { describe, expect, test } from 'vitest'
import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import { constructedTag, encode, encodeOid, readDer, tags } from '../../../src/wire/der.ts'
import { DecodeError } from '../../../src/wire/error.ts'
import { readPublicKey, readSignatureAlgorithm } from '../../../src/x509/certificate/algorithms.ts'
import { verifierOf, verifiersOf } from '../../../src/x509/path/signed.ts'
import { type Fields, hex, report, runVectors, type VectorFile } from '../../crypto/kit/wycheproof.ts'
import { providers } from '../../providers.ts'
import { absent, tellIfAbsent } from './data.ts'

tellIfAbsent('Wycheproof')

describe.skipIf(absent).each(providers())('the path validator’s verifiers on the provider $name', crypto => {
  test.each(files(crypto))('agree with $file', { timeout: 120_000 }, vectors => {
    const tally = runVectors(vectors)
    report(`path validation on ${crypto.name}`, vectors.file, tally)
    expect(tally.accepted + tally.refused).toBeGreaterThan(0)
  })
})

type AlgorithmOf = (group: Fields) => Uint8Array

function files(crypto: CryptoProvider): readonly VectorFile[] {
  const verifiers = verifiersOf(crypto, true, [])
  const run =
    (algorithmOf: AlgorithmOf) =>
    (group: Fields, test: Fields): boolean | undefined => {
      // A context is for protocols that have one; X.509 has none (RFC 9881 §3).
      if (typeof test.ctx === 'string' && test.ctx !== '') return undefined
      const spki = group.publicKeyDer === null ? undefined : hex(group, 'publicKeyDer')
      if (!spki) return undefined
      return verifies(algorithmOf(group), spki, hex(test, 'msg'), hex(test, 'sig'))
    }
  const verifies = (algorithm: Uint8Array, spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
    try {
      const signed = { algorithm: readSignatureAlgorithm(readDer(algorithm)), message, signature }
      return verifierOf(verifiers, signed, readPublicKey(readDer(spki)))?.() ?? false
    } catch (error) {
      if (error instanceof DecodeError) return false
      throw error
    }
  }
  const named = (oid: string, ...parameters: Uint8Array[]): AlgorithmOf => {
    const algorithm = encode(tags.sequence, encodeOid(oid), ...parameters)
    return () => algorithm
  }
  return [
    ...Object.entries(ecdsa).map(([file, oid]) => ({ file, run: run(named(oid)) })),
    { file: 'ed25519', run: run(named('1.3.101.112')) },
    { file: 'ed448', run: run(named('1.3.101.113')) },
    ...[44, 65, 87].map((size, i) => ({
      file: `mldsa_${size}_verify`,
      run: run(named(`2.16.840.1.101.3.4.3.${17 + i}`)),
    })),
    ...['2048', '3072', '4096', '8192'].flatMap(size =>
      ['sha256', 'sha384', 'sha512'].map((hash, i) => ({
        file: `rsa_signature_${size}_${hash}`,
        run: run(named(`1.2.840.113549.1.1.${11 + i}`, encode(tags.null))),
        // The signature is compared whole with the encoding of RFC 8017 §9.2, whose parameters are NULL.
        acceptable: { MissingNull: false },
      })),
    ),
    ...pss.map(file => ({ file: `rsa_pss_${file}`, run: run(pssAlgorithm), wanted: pssWanted })),
  ]
}

/** Every hash with every curve. */
const ecdsa: Readonly<Record<string, string>> = {
  ecdsa_secp256r1_sha256: '1.2.840.10045.4.3.2',
  ecdsa_secp256r1_sha512: '1.2.840.10045.4.3.4',
  ecdsa_secp384r1_sha256: '1.2.840.10045.4.3.2',
  ecdsa_secp384r1_sha384: '1.2.840.10045.4.3.3',
  ecdsa_secp384r1_sha512: '1.2.840.10045.4.3.4',
  ecdsa_secp521r1_sha512: '1.2.840.10045.4.3.4',
}

const pss = [
  ...['2048_sha1_mgf1_20', '2048_sha256_mgf1_0', '2048_sha256_mgf1_32', '3072_sha256_mgf1_32', '4096_sha256_mgf1_32'],
  ...['4096_sha512_mgf1_32', '4096_sha512_mgf1_64', '2048_sha384_mgf1_48', '4096_sha384_mgf1_48'],
  ...['2048_sha1_mgf1_20_params', '2048_sha256_mgf1_0_params', '2048_sha256_mgf1_32_params', '3072_sha256_mgf1_32_params'],
  ...['4096_sha512_mgf1_32_params', '4096_sha512_mgf1_64_params', '2048_sha512_mgf1sha256_32_params', '2048_sha256_mgf1sha1_20'],
  ...['2048_sha512_224_mgf1_28', '2048_sha512_256_mgf1_32', 'misc', 'misc_params'],
]

const hashes: Readonly<Record<string, { readonly oid: string; readonly size: number }>> = {
  'SHA-1': { oid: '1.3.14.3.2.26', size: 20 },
  'SHA-224': { oid: '2.16.840.1.101.3.4.2.4', size: 28 },
  'SHA-256': { oid: '2.16.840.1.101.3.4.2.1', size: 32 },
  'SHA-384': { oid: '2.16.840.1.101.3.4.2.2', size: 48 },
  'SHA-512': { oid: '2.16.840.1.101.3.4.2.3', size: 64 },
  'SHA-512/224': { oid: '2.16.840.1.101.3.4.2.5', size: 28 },
  'SHA-512/256': { oid: '2.16.840.1.101.3.4.2.6', size: 32 },
}

/** RSASSA-PSS-params (RFC 4055 §3.1), every field but the trailer written. */
function pssAlgorithm({ sha, mgfSha, sLen }: Fields): Uint8Array {
  const identifier = (name: unknown) => encode(tags.sequence, encodeOid(hashes[String(name)]?.oid ?? '1.2.3'), encode(tags.null))
  const mask = encode(tags.sequence, encodeOid('1.2.840.113549.1.1.8'), identifier(mgfSha))
  const salt = encode(tags.integer, Uint8Array.of(Number(sLen)))
  const fields = [identifier(sha), mask, salt].map((field, i) => encode(constructedTag(i), field))
  return encode(tags.sequence, encodeOid('1.2.840.113549.1.1.10'), encode(tags.sequence, ...fields))
}

/** In chains as in TLS: one hash for message and mask, of at least 256 bits, and a salt of its length. Whatever else is refused. */
function pssWanted({ sha, mgfSha, sLen }: Fields): boolean | undefined {
  const taken = ['SHA-256', 'SHA-384', 'SHA-512'].includes(String(sha)) && sha === mgfSha && hashes[String(sha)]?.size === sLen
  return taken ? undefined : false
}
