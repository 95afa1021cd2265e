/** BoringSSL's cases of signatures: an algorithm identifier, a key, a message and a signature each. */
import { describe, expect, test } from 'vitest'
import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import { bitString, readDer } from '../../../src/wire/der.ts'
import { DecodeError } from '../../../src/wire/error.ts'
import { readPublicKey, readSignatureAlgorithm } from '../../../src/x509/certificate/algorithms.ts'
import { verifierOf, verifiersOf } from '../../../src/x509/path/signed.ts'
import { providers } from '../../providers.ts'
import { absent, block, filesIn, tellIfAbsent } from './data.ts'
import { sha1Verifiers } from './legacy-signatures.ts'

const folder = 'boringssl-pki/verify_signed_data_unittest'

/** Good by BoringSSL's tests and by the RFCs; SHA-1 is brought along by the test. All other files are to be refused. */
const good: readonly string[] = [
  'ecdsa-prime256v1-sha512.pem',
  'ecdsa-secp384r1-sha256.pem',
  'mldsa-44.pem',
  'mldsa-65.pem',
  'mldsa-87.pem',
  'rsa-pkcs1-sha1.pem',
  'rsa-pkcs1-sha256.pem',
  'rsa-pss-sha256.pem',
  'rsa2048-pkcs1-sha512.pem',
]

/** Refused by BoringSSL, which has no keys that are for RSASSA-PSS alone (RFC 4055 §3.1). TLS has signature schemes for them. */
const goodHere: readonly string[] = ['rsa-pss-sha256-using-pss-key-with-params.pem']

tellIfAbsent('boringssl-pki')

test.skipIf(absent)('there are 32 signatures', () => {
  expect(filesIn(folder, '.pem')).toHaveLength(32)
})

describe.skipIf(absent).each(providers({ minimumRsaBits: 1024 }))('the signatures of BoringSSL with the provider $name', crypto => {
  test.each(filesIn(folder, '.pem'))('%s', file => {
    expect(isSigned(file, crypto)).toBe([...good, ...goodHere].includes(file))
  })
})

function isSigned(file: string, crypto: CryptoProvider): boolean {
  const value = (label: string) => readDer(block(label, folder, file))
  try {
    const signed = {
      algorithm: readSignatureAlgorithm(value('ALGORITHM')),
      message: block('DATA', folder, file),
      signature: bitString(value('SIGNATURE')),
    }
    const verify = verifierOf(verifiersOf(crypto, true, sha1Verifiers), signed, readPublicKey(value('PUBLIC KEY')))
    return verify?.() ?? false
  } catch (error) {
    if (error instanceof DecodeError) return false
    throw error
  }
}
