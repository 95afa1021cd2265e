/** Whether something signed (RFC 5280 §4.1.1.2: a certificate, a CRL, an OCSP response) bears the signature of a key. */
import type { CertificateVerifier, CryptoProvider, SignatureVerifier } from '../../crypto/provider.ts'
import type { PublicKey, SignatureAlgorithm } from '../certificate/algorithms.ts'

export interface Signed {
  readonly algorithm: SignatureAlgorithm
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** Whose signatures count. */
export interface Verifiers {
  /** By TLS signature scheme. */
  readonly schemes: readonly SignatureVerifier[]
  /** By algorithm identifier, before and after those. */
  readonly first: readonly CertificateVerifier[]
  readonly last: readonly CertificateVerifier[]
}

/** `optional`: whether the provider's optional schemes count; `first`: what the caller brings, which goes before the provider's. */
export function verifiersOf(crypto: CryptoProvider, optional: boolean, first: readonly CertificateVerifier[]): Verifiers {
  const schemes = optional ? [...crypto.verifiers, ...(crypto.optional?.verifiers ?? [])] : crypto.verifiers
  return { schemes, first, last: crypto.certificateVerifiers ?? [] }
}

/** What verifies signatures by this algorithm under this key; `undefined` where nothing does. */
export function verifierOf(verifiers: Verifiers, { algorithm, message, signature }: Signed, key: PublicKey): (() => boolean) | undefined {
  const named = ({ algorithm: oid }: CertificateVerifier) => oid === algorithm.oid
  const own = verifiers.first.find(named)
  if (own) return () => own.verify(algorithm.raw, key.raw, message, signature)
  const code = key.type && algorithm.schemes[key.type]
  const scheme = code === undefined ? undefined : verifiers.schemes.find(each => each.scheme === code)
  if (scheme) return () => scheme.verify(key.raw, message, signature)
  const other = key.type && verifiers.last.find(named)
  return other && (() => other.verify(algorithm.raw, key.raw, message, signature))
}
