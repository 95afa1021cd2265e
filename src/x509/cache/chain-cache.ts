/**
 * What a validator remembers, so that a peer that comes again costs less. Nobody but the validator sees what is in here: certificates that
 * leave it are copies, since an application that writes into one must not decide about the next peer.
 */
import type { CertificateVerifier, SignatureVerifier } from '../../crypto/provider.ts'
import { copyOf } from '../../wire/bytes.ts'
import { type Certificate, readCertificate } from '../certificate/certificate.ts'
import type { Verifiers } from '../path/signed.ts'
import { ByteCache } from './byte-cache.ts'

/** How much is remembered; all are whole numbers from 0 on. */
export interface CacheLimits {
  /** Certificates, parsed. Default 128. */
  readonly certificates: number
  /** Signatures that were right: those of certificates, CRLs, OCSP responses and SCTs. Default 256. */
  readonly signatures: number
  /** Chains that were believed, each for one name and purpose. Default 64. */
  readonly verdicts: number
  /** Octets of what each of the three keeps. What takes more than an eighth by itself is not remembered. Default 262,144. */
  readonly bytes: number
}

const defaultLimits: CacheLimits = { certificates: 128, signatures: 256, verdicts: 64, bytes: 262_144 }

/** `V`: what a verdict is. */
export class ChainCache<V> {
  readonly certificates: ByteCache<Certificate>
  readonly signatures: ByteCache<true>
  readonly verdicts: ByteCache<V>

  /** Throws `TypeError` for a limit that is none. */
  constructor(given: Partial<CacheLimits> = {}) {
    const limits = { ...defaultLimits }
    for (const name of Object.keys(defaultLimits) as (keyof CacheLimits)[]) {
      const limit = given[name] ?? defaultLimits[name]
      if (!Number.isInteger(limit) || limit < 0) throw new TypeError(`cache.${name} is a whole number from 0 on, not ${String(limit)}`)
      limits[name] = limit
    }
    const { bytes } = limits
    this.certificates = new ByteCache({ entries: limits.certificates, bytes })
    this.signatures = new ByteCache({ entries: limits.signatures, bytes })
    this.verdicts = new ByteCache({ entries: limits.verdicts, bytes })
  }
}

/**
 * What one validation reads and verifies. It joins the cache once the chain is believed: whoever is not can neither fill it nor drive others
 * out.
 */
export class Draft {
  readonly #cache: Pick<ChainCache<unknown>, 'certificates' | 'signatures'> | undefined
  readonly #read = new Set<Certificate>()
  /** Signatures that were verified. */
  readonly #right: { readonly label: string; readonly parts: readonly Uint8Array[] }[] = []

  /** Without a cache it reads and verifies everything, and remembers nothing. */
  constructor(cache: Pick<ChainCache<unknown>, 'certificates' | 'signatures'> | undefined) {
    this.#cache = cache
  }

  /** As `readCertificate`. Nobody else may write to `der` any more. */
  read(der: Uint8Array, depth: number): Certificate {
    const known = this.#cache?.certificates.get('', [der])
    // What a chain has twice stays two certificates, whose names cost twice: a budget must not depend on what is remembered.
    const certificate = known && !this.#read.has(known) ? known : readCertificate(der, depth)
    this.#read.add(certificate)
    return certificate
  }

  /** Verifiers that know again what was right before. The caller's own are asked each time: nobody knows what they go by. */
  remembering({ first, schemes, last }: Verifiers): Verifiers {
    if (!this.#cache) return { first, schemes, last }
    return { first, schemes: schemes.map(each => this.#scheme(each)), last: last.map(each => this.#algorithm(each)) }
  }

  /** The chain is believed, by way of `path`. */
  keep(path: readonly Certificate[]): void {
    if (!this.#cache) return
    const { certificates, signatures } = this.#cache
    for (const certificate of path) {
      if (this.#read.has(certificate)) certificates.set('', [certificate.raw], certificate)
    }
    for (const { label, parts } of this.#right.slice(0, mostSignatures)) signatures.set(label, parts, true)
  }

  #scheme(verifier: SignatureVerifier): SignatureVerifier {
    const { scheme } = verifier
    const verify = (spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
      this.#isRight(`scheme ${scheme}`, [spki, message, signature], (...parts) => verifier.verify(...parts))
    return { scheme, verify }
  }

  #algorithm(verifier: CertificateVerifier): CertificateVerifier {
    const { algorithm } = verifier
    const verify = (identifier: Uint8Array, spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
      this.#isRight(`algorithm ${algorithm}`, [identifier, spki, message, signature], (...parts) => verifier.verify(...parts))
    return { algorithm, verify }
  }

  #isRight<P extends [Uint8Array, ...Uint8Array[]]>(label: string, parts: P, verify: (...parts: P) => boolean): boolean {
    const signatures = this.#cache?.signatures
    if (!signatures?.hasRoomFor(label, parts)) return verify(...parts)
    if (signatures.get(label, parts)) return true
    // What is verified is what is remembered, whatever becomes of the original.
    const own = parts.map(copyOf) as P
    if (!verify(...own)) return false
    this.#right.push({ label, parts: own })
    return true
  }
}

/** As many as one chain may have remembered, or decoys beside a good path could drive out what others have here. */
const mostSignatures = 32
