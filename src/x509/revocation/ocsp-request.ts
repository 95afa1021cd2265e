/** How OCSP calls a certificate (RFC 6960 §4.1.1), and the request that asks about one. */
import type { CryptoProvider, Hash } from '../../crypto/provider.ts'
import { equal } from '../../wire/bytes.ts'
import { bitString, constructedTag, encode, encodeOid, readDer, sequence, tags } from '../../wire/der.ts'
import type { PublicKey } from '../certificate/algorithms.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { integerOctets } from './crl-entries.ts'
import type { CertId } from './ocsp.ts'
import { sha1 } from './sha1.ts'

/**
 * An OCSPRequest, DER, for one of the responders that `revocationSources` names: to be sent by HTTP POST as `application/ocsp-request`. Its
 * CertID is by SHA-1, which every responder knows (RFC 5019 §2.1.1). `nonce`: 1 to 128 octets (RFC 9654 §2.1), else `TypeError`; whoever sends one
 * compares it with that of the response, which many responders leave out.
 */
export function createOcspRequest(
  certificate: Certificate,
  issuer: Pick<Certificate, 'publicKey'>,
  { nonce }: { readonly nonce?: Uint8Array } = {},
): Uint8Array {
  if (nonce && (nonce.length < 1 || nonce.length > 128)) throw new TypeError(`a nonce has 1 to 128 octets, not ${nonce.length}`)
  const certId = encode(
    tags.sequence,
    encode(tags.sequence, encodeOid(sha1Id), encode(tags.null)),
    encode(tags.octetString, sha1(certificate.issuer.raw)),
    encode(tags.octetString, sha1(keyBits(issuer.publicKey))),
    encode(tags.integer, integerOctets(certificate.serial)),
  )
  const requests = encode(tags.sequence, encode(tags.sequence, certId))
  return encode(tags.sequence, encode(tags.sequence, requests, ...(nonce ? [nonceExtension(nonce)] : [])))
}

function nonceExtension(nonce: Uint8Array): Uint8Array {
  const value = encode(tags.octetString, encode(tags.octetString, nonce))
  const extension = encode(tags.sequence, encodeOid('1.3.6.1.5.5.7.48.1.2'), value)
  return encode(constructedTag(2), encode(tags.sequence, extension))
}

/** Computes a hash; `undefined` where it is none of those that a CertID may be by, or is not at hand. */
export type NamingHash = (algorithm: string, data: Uint8Array) => Uint8Array | undefined

/** SHA-1, and what the provider has of SHA-2. Algorithms are called by their dotted identifiers. */
export function namingHash(crypto: CryptoProvider): NamingHash {
  return (algorithm, data) => {
    if (algorithm === sha1Id) return sha1(data)
    const wanted = sha2Ids[algorithm]
    if (wanted === undefined) return undefined
    const hash = crypto.cipherSuites.map((suite): Hash => suite.hash).find(({ name }) => name === wanted)
    return hash ? hash.create().update(data).digest() : crypto.passwords?.digest(wanted, data)
  }
}

const sha1Id = '1.3.14.3.2.26'
const sha2Ids: Readonly<Record<string, Hash['name']>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** Whether `id` means this certificate, issued with this key. */
export function isMeant(id: CertId, certificate: Certificate, issuerKey: PublicKey, hash: NamingHash): boolean {
  if (id.serial !== certificate.serial) return false
  const [name, key] = [certificate.issuer.raw, keyBits(issuerKey)].map(data => hash(id.hashAlgorithm, data))
  return name !== undefined && key !== undefined && equal(name, id.issuerNameHash) && equal(key, id.issuerKeyHash)
}

/** The contents of the BIT STRING, which is what key hashes are of. */
export function keyBits({ raw }: PublicKey): Uint8Array {
  const fields = sequence(readDer(raw))
  fields.next(tags.sequence)
  return bitString(fields.next())
}
