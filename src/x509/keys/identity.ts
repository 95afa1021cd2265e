/** Identities as values: what a side shows, and what it proves itself with. */
import type { PrivateKey } from '../../crypto/provider.ts'
import type { Identity, VerifiedPeer } from '../../types.ts'
import { copyOf } from '../../wire/bytes.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { certificateList } from '../own.ts'
import type { KeyDecryption } from './encrypted-key.ts'
import { checkFit, ownChain, usableKey } from './keys.ts'
import { identityFromPkcs12 } from './pkcs12-identity.ts'

/** A certificate chain, the end entity first: well-formed, or a peer's that was judged. */
export class PublicIdentity {
  readonly #chain: readonly Uint8Array[]
  #certificates: readonly Certificate[] | undefined
  /** What was found about the peer whose identity it is. */
  readonly verdict: VerifiedPeer | undefined

  /** Throws `TypeError` for no certificate, and for one that is malformed. The chain is copied. */
  constructor(x509Chain: readonly Uint8Array[], verdict?: VerifiedPeer) {
    this.#chain = x509Chain.map(copyOf)
    this.verdict = verdict
    if (verdict === undefined) this.#certificates = ownChain(this.#chain)
  }

  /** A peer's: a trust store judged what it needed of the chain, in which there may be more, malformed even. */
  static ofPeer(verdict: VerifiedPeer): PublicIdentity {
    return new PublicIdentity(verdict.chain, verdict)
  }

  /** The same chain, parsed. At least one. Throws `TypeError` where a peer's has one that is malformed, or is a raw public key. */
  get certificates(): readonly Certificate[] {
    this.#certificates ??= ownChain(this.#chain)
    return this.#certificates
  }

  /** DER, each a copy; of a raw public key, its SubjectPublicKeyInfo. */
  exportX509Chain(): Uint8Array[] {
    return this.#chain.map(copyOf)
  }
}

/**
 * A certificate chain and the key that belongs to it; for `identity` of `createServer` and `createClient` as it is. The key can be used, and
 * not be had: what `key` has is the ability to sign.
 */
export class PrivateIdentity implements Identity {
  readonly chain: readonly Uint8Array[]
  readonly key: PrivateKey
  readonly #public: PublicIdentity

  /** Throws `TypeError` where key and first certificate do not fit, as far as `key.spki` is known, or a certificate is malformed. */
  constructor(key: PrivateKey, x509Chain: readonly Uint8Array[]) {
    this.#public = new PublicIdentity(x509Chain)
    checkFit(key, this.#public.certificates)
    this.chain = this.#public.exportX509Chain()
    this.key = key
  }

  /**
   * From a key in PEM or DER (PKCS#8, also encrypted; SEC1; PKCS#1) or one that is elsewhere and signs there, and certificates in PEM
   * or DER, the end entity first. Throws `TypeError` that says what is wrong.
   */
  static parse(
    privateKey: string | Uint8Array | PrivateKey,
    x509Chain: string | Uint8Array | readonly Uint8Array[],
    decryption: KeyDecryption,
  ): PrivateIdentity {
    return new PrivateIdentity(usableKey(privateKey, decryption), certificateList(x509Chain))
  }

  /** From a PKCS#12 file with one key, whose certificates are put in order. Throws `TypeError` that says what is wrong. */
  static parsePkcs12(pfx: Uint8Array, decryption: KeyDecryption): PrivateIdentity {
    const { key, chain } = identityFromPkcs12(pfx, decryption)
    return new PrivateIdentity(key, chain)
  }

  /** What may be shown to anybody. */
  publicIdentity(): PublicIdentity {
    return this.#public
  }
}
