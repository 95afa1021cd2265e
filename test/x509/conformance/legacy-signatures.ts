/** Signature algorithms with SHA-1 by node:crypto, for old test data. The project's own providers refuse them. */
import { createPublicKey, verify } from 'node:crypto'
import type { CertificateVerifier } from '../../../src/crypto/provider.ts'
import { readDer } from '../../../src/wire/der.ts'
import { readPublicKey } from '../../../src/x509/certificate/algorithms.ts'

/** sha1WithRSAEncryption and ecdsa-with-SHA1. */
export const sha1Verifiers: readonly CertificateVerifier[] = [
  sha1Verifier('1.2.840.113549.1.1.5', /^RSA$/),
  sha1Verifier('1.2.840.10045.4.1', /^P-/),
]

/** The key's own identifier is looked at by the project's reader: OpenSSL takes more kinds of keys than an algorithm has. */
function sha1Verifier(algorithm: string, keys: RegExp): CertificateVerifier {
  return {
    algorithm,
    verify(_algorithm, spki, message, signature) {
      if (!keys.test(readPublicKey(readDer(spki)).type ?? '')) return false
      return verify('sha1', message, createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }), signature)
    },
  }
}
