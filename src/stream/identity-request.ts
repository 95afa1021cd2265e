/** A server's wish to know who the client is (RFC 9846 §4.4.2), and the answer. */
import type { CodePoint } from '../crypto/provider.ts'
import type { CertificateRequestQuestion, Identity, OidFilter } from '../types.ts'
import { equal } from '../wire/bytes.ts'
import { parseCertificate } from '../x509/index.ts'

export class ClientIdentityRequest {
  /** DER distinguished names of the authorities that the server believes; empty where it names none. */
  readonly authorities: readonly Uint8Array[]
  /** What the client may sign the handshake with, and what its certificates may be signed with. */
  readonly signatureSchemes: readonly CodePoint[]
  readonly certificateSignatureSchemes: readonly CodePoint[]
  readonly oidFilters: readonly OidFilter[]
  #response: Identity | null = null
  #closed = false

  constructor({ authorities, signatureSchemes, certificateSignatureSchemes, oidFilters }: CertificateRequestQuestion) {
    this.authorities = authorities
    this.signatureSchemes = signatureSchemes
    this.certificateSignatureSchemes = certificateSignatureSchemes
    this.oidFilters = oidFilters
  }

  /**
   * Offers identities, preferred first: the first with a scheme of the server's serves, one that an authority of the server's certified before
   * others. None fits, or this is never called: the client stays unknown. Throws `TypeError` once the handshake has gone on.
   */
  respond(identities: readonly Identity[]): void {
    if (this.#closed) throw new TypeError('respond() comes too late: the handshake has gone on')
    const fitting = identities.filter(({ key }) => key.schemes.some(scheme => this.signatureSchemes.includes(scheme)))
    this.#response = fitting.find(identity => this.#isCertified(identity)) ?? fitting[0] ?? null
  }

  /** What was answered; final. */
  close(): Identity | null {
    this.#closed = true
    return this.#response
  }

  #isCertified({ chain, type }: Identity): boolean {
    if (this.authorities.length === 0 || type === 'RawPublicKey') return true
    const issuers = chain.map(certificate => parseCertificate(certificate).issuer.raw)
    return issuers.some(issuer => this.authorities.some(authority => equal(authority, issuer)))
  }
}
