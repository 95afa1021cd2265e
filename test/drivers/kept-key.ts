/** Keys that WebCrypto has made and does not give away: requested a certificate for, and signed with by the question `sign`. */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import type { Authority } from '../../src/testing/index.ts'
import type { Identity, Question } from '../../src/types.ts'
import { encodeSequence } from '../der.ts'

export interface KeptKey {
  readonly privateKey: webcrypto.CryptoKey
  /** Without `sign`: the handshake asks for each signature. */
  readonly identity: Identity
  /** PEM. */
  readonly certificate: string
  /** How many signatures it has given. */
  readonly signatures: () => number
  /** Answers the question `sign` in its own time. */
  answer(question: Question): Promise<void>
}

/** A P-256 key with a certificate for `localhost`, of the subject `CN=kept`, good for both roles. */
export async function keptKey(authority: Authority): Promise<KeptKey> {
  const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(signing, false, ['sign', 'verify'])
  const request = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=kept', keys, signingAlgorithm: signing })
  const minted = await authority.issueFromRequest(new Uint8Array(request.rawData), { names: ['localhost'] })
  let signatures = 0
  return {
    privateKey: keys.privateKey,
    // 0x0403 is ecdsa_secp256r1_sha256.
    identity: { chain: [minted.certificateDer], key: { schemes: [0x0403], spki: minted.publicKeySpki } },
    certificate: minted.certificatePem,
    signatures: () => signatures,
    async answer(question) {
      if (question.type !== 'sign') return question.refuse()
      const signature = await webcrypto.subtle.sign(signing, keys.privateKey, new Uint8Array(question.message))
      signatures++
      // WebCrypto gives the two numbers side by side; TLS wants them as DER.
      question.answer(encodeSequence(new Uint8Array(signature)))
    },
  }
}
