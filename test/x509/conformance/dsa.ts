/**
 * DSA with SHA-1 (RFC 3279 §2.2.2) by node:crypto, for the paths of PKITS that use it. It is beneath what this project accepts, and shows
 * that an algorithm can be brought along.
 */
import { createPublicKey, verify } from 'node:crypto'
import type { CertificateVerifier } from '../../../src/crypto/provider.ts'
import { type DerReader, encode, encodeOid, oid, readDer, sequence, tags } from '../../../src/wire/der.ts'
import { parseCertificate } from '../../../src/x509/index.ts'

const dsaWithSha1 = '1.2.840.10040.4.3'
const dsa = '1.2.840.10040.4.1'

/**
 * A verifier for one path, trust anchor first. A DSA key without parameters has those of its issuer (RFC 5280 §6.1.4 (d)–(f)); a key alone
 * does not say whose it is, so the keys of the path are looked at beforehand.
 */
export function dsaVerifier(path: readonly Uint8Array[]): CertificateVerifier {
  const inherited = inheritedParameters(path)
  return {
    algorithm: dsaWithSha1,
    verify(_algorithm, spki, message, signature) {
      const parameters = readKey(spki).parameters ?? inherited.get(hex(spki))
      return parameters !== undefined && verify('sha1', message, importKey(spki, parameters), signature)
    },
  }
}

/** The parameters of the DSA keys that lean on their issuer's, by the SubjectPublicKeyInfo. */
function inheritedParameters(path: readonly Uint8Array[]): Map<string, Uint8Array> {
  const inherited = new Map<string, Uint8Array>()
  let working: { readonly algorithm: string; readonly parameters: Uint8Array | undefined } | undefined
  for (const raw of path.flatMap(keyOf)) {
    const { algorithm, parameters } = readKey(raw)
    const own = parameters ?? (algorithm === working?.algorithm ? working.parameters : undefined)
    working = { algorithm, parameters: own }
    if (algorithm === dsa && !parameters && own) inherited.set(hex(raw), own)
  }
  return inherited
}

/** None of a certificate that is malformed: whoever validates the path will tell. */
function keyOf(certificate: Uint8Array): Uint8Array[] {
  try {
    return [parseCertificate(certificate).publicKey.raw]
  } catch {
    return []
  }
}

interface Key {
  readonly algorithm: string
  /** DER; `undefined` where they are left out or NULL. */
  readonly parameters: Uint8Array | undefined
  /** The BIT STRING, DER. */
  readonly bits: Uint8Array
}

function readKey(spki: Uint8Array): Key {
  const fields = sequence(readDer(spki))
  const algorithm: DerReader = sequence(fields.next(tags.sequence))
  const type = oid(algorithm.next())
  const parameters = algorithm.done ? undefined : algorithm.next()
  return { algorithm: type, parameters: parameters?.tag === tags.null ? undefined : parameters?.raw, bits: fields.next(tags.bitString).raw }
}

function importKey(spki: Uint8Array, parameters: Uint8Array) {
  const algorithm = encode(tags.sequence, encodeOid(dsa), parameters)
  return createPublicKey({ key: Buffer.from(encode(tags.sequence, algorithm, readKey(spki).bits)), format: 'der', type: 'spki' })
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
