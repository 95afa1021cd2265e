/** What a path ends at: a name and a key that are believed (RFC 5280 §6.1.1 (d)). */

export interface TrustAnchor {
  /** DER Name, as the issuer of the certificates that it signed. */
  readonly subject: Uint8Array
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
  /** DER NameConstraints (RFC 5280 §4.2.1.10) that every path to this anchor must keep. */
  readonly nameConstraints?: Uint8Array
  /** Milliseconds since 1970: end entities whose `notBefore` is later are not believed. */
  readonly distrustAfter?: number
  /** What a person calls it. Nothing is decided by it. */
  readonly label?: string
}
