/** Who signed a CRL, and by what right (RFC 5280 §6.3.3 (f) to (h)). */
import { equal } from '../../wire/bytes.ts'
import type { PublicKey } from '../certificate/algorithms.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { sameName } from '../certificate/distinguished-name.ts'
import type { CertificateList } from './crl.ts'
import { type Line, type RevocationContext, sameAuthority, sameCertificate, type Target, targetAt } from './evidence.ts'

export interface CrlSigner {
  readonly publicKey: PublicKey
  /** What its right comes from: its own certificate and those above, none for the anchor. */
  readonly line: readonly Certificate[]
}

export interface SignerOptions {
  /** What is known of a certificate on the way from a signer to the anchor. */
  readonly statusOf: (target: Target) => 'good' | 'revoked' | 'unknown'
  /** Whether what is unknown of the issuers above a signer is refused too. */
  readonly hard: boolean
}

/** Why a CRL says nothing good of a certificate without which it would be worth nothing. */
export const ownRight = 'is signed by right of the certificate that it would vouch for'

export class CrlSigners {
  readonly #context: RevocationContext
  readonly #options: SignerOptions
  /** Which keys a CRL was tried with: no signature is verified twice. */
  readonly #tried = new Map<CertificateList, { readonly key: PublicKey; readonly fits: boolean }[]>()
  /** What was found of signers when `#asked` was asked about. */
  readonly #separate = new Map<Certificate, CrlSigner | string>()
  #asked: Certificate | undefined
  /** The certificates that are being asked about, each for the sake of the one before: the first, then such as signers have their right from. */
  readonly #asking: Certificate[] = []
  /** How many signers were judged for the sake of one. */
  #judged = 0

  constructor(context: RevocationContext, options: SignerOptions) {
    this.#context = context
    this.#options = options
  }

  /**
   * The signer of `crl`, or why it has none that counts. `line` is the path of the certificate that is asked about: whoever stands in it needs
   * no further proof. `separate`: whether a signer may stand elsewhere.
   */
  signerOf(crl: CertificateList, { certificate: asked, line }: Target, separate: boolean): CrlSigner | string {
    const found = this.#inLine(crl, line)
    if (typeof found !== 'string' || !separate) return found
    let problem = found
    for (const certificate of this.#byKeyIdentifier(crl, this.#context.signers(crl.issuer))) {
      if (line.path.some(other => sameCertificate(other, certificate)) || !this.#fits(crl, certificate.publicKey)) continue
      const signer = this.#trusted(certificate, asked)
      if (typeof signer !== 'string') return signer
      problem = signer
    }
    return problem
  }

  /** Whether `delta` is signed with the key of a signer that is known. */
  isBy(delta: CertificateList, { publicKey }: CrlSigner): boolean {
    return this.#fits(delta, publicKey)
  }

  #inLine(crl: CertificateList, { path, anchor }: Line): CrlSigner | string {
    let problem = 'is signed with a key that none of the certificates at hand has'
    const { subject, publicKey, certificate } = anchor
    const above = sameName(subject, crl.issuer) ? [{ publicKey, certificate, line: [], issues: true }] : []
    const named = this.#byKeyIdentifier(
      crl,
      path.filter(({ subject }) => sameName(subject, crl.issuer)),
    ).map(certificate => {
      const depth = path.indexOf(certificate)
      return { publicKey: certificate.publicKey, certificate, line: path.slice(depth), issues: depth > 0 }
    })
    for (const { certificate, issues, ...signer } of [...named, ...above]) {
      if (!this.#fits(crl, signer.publicKey)) continue
      if (maySign(certificate, issues)) return signer
      problem = 'is signed with a key that is not for CRLs (keyUsage)'
    }
    return problem
  }

  /**
   * A signer outside of the path: one that the issuer uses for CRLs alone, an older or newer key of it, or an issuer of indirect CRLs. None of its
   * path may be revoked, which yet others may have to say. What is found on the way is not kept: it was found without those who were being asked
   * about, who must not speak for themselves by way of others.
   */
  #trusted(certificate: Certificate, asked: Certificate): CrlSigner | string {
    if (this.#asking.length > 0) return this.#judgeSeparate(certificate, asked)
    if (this.#asked !== asked) this.#separate.clear()
    this.#asked = asked
    this.#judged = 0
    const result = this.#separate.get(certificate) ?? this.#judgeSeparate(certificate, asked)
    this.#separate.set(certificate, result)
    return result
  }

  #judgeSeparate(certificate: Certificate, asked: Certificate): CrlSigner | string {
    if (!maySign(certificate, false)) return 'is signed with a key that is not for CRLs (keyUsage)'
    const path = this.#context.trustedPath(certificate)
    if (!path) return 'is signed by someone from whom no valid path leads to the same root'
    if (path.some(link => [...this.#asking, asked].some(other => sameAuthority(link, other)))) return ownRight
    if (++this.#judged > maximumJudged) return 'is signed by one of too many signers that hang on one another'
    this.#asking.push(asked)
    const problem = this.#pathProblem(path)
    this.#asking.pop()
    return problem ?? { publicKey: certificate.publicKey, line: path }
  }

  /**
   * Whether the signer itself is revoked may be unknown: that may hang on the very CRL that it signed. Where it has its right from may not, where
   * what is unknown is refused: one CA that is revoked could bring all others back. The path that is asked about is judged anyway.
   */
  #pathProblem(path: readonly Certificate[]): string | undefined {
    const { path: own, anchor } = this.#context
    for (const [depth, link] of path.entries()) {
      const target = own.some(other => sameCertificate(other, link)) ? undefined : targetAt({ path, anchor }, depth)
      const status = target ? this.#options.statusOf(target) : 'good'
      if (this.#judged > maximumJudged) return 'is signed by one of too many signers that hang on one another'
      if (status === 'revoked') return 'is signed by someone whose own certificate is revoked, or that of an issuer above'
      if (status === 'unknown' && depth > 0 && this.#options.hard)
        return 'is signed by someone below an issuer of whom it is unknown whether it is revoked'
    }
    return undefined
  }

  #fits(crl: CertificateList, key: PublicKey): boolean {
    const tried = this.#tried.get(crl) ?? []
    const known = tried.find(each => equal(each.key.raw, key.raw))
    if (known) return known.fits
    const { signatureAlgorithm: algorithm, signed: message, signature } = crl
    const fits = this.#context.signedBy({ algorithm, message, signature }, key)
    this.#tried.set(crl, [...tried, { key, fits }])
    return fits
  }

  /** Those first whose key identifier the CRL gives. Identifiers may be missing, and may lie: they only order. */
  #byKeyIdentifier(crl: CertificateList, certificates: readonly Certificate[]): readonly Certificate[] {
    const wanted = crl.extensions.authorityKeyIdentifier?.keyIdentifier
    const rank = ({ extensions: { subjectKeyIdentifier: own } }: Certificate) => (wanted && own ? (equal(wanted, own) ? 0 : 2) : 1)
    return certificates.toSorted((a, b) => rank(a) - rank(b))
  }
}

/** As many as nobody needs. */
const maximumJudged = 100

/**
 * RFC 5280 §6.3.3 (f) lets pass whoever has no keyUsage. That is for those who issue in this path; of anyone else with the name of an issuer
 * cRLSign is wanted in so many words, or every end entity of such a name could speak for it.
 */
function maySign(certificate: Certificate | undefined, issues: boolean): boolean {
  return certificate?.extensions.keyUsage?.has('cRLSign') ?? issues
}
