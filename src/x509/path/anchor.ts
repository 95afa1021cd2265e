/** What a path ends at: a name and a key that are believed (RFC 5280 §6.1.1 (d)). */
import { copyOf } from '../../wire/bytes.ts'
import { readDer } from '../../wire/der.ts'
import { type PublicKey, readPublicKey } from '../certificate/algorithms.ts'
import { type Certificate, decodeCertificate } from '../certificate/certificate.ts'
import { type DistinguishedName, readName } from '../certificate/distinguished-name.ts'
import { type NameConstraints, readNameConstraints } from '../certificate/name-constraints.ts'
import { certificateList, wellFormed } from '../own.ts'

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
  /** The certificate that it was made from, DER. */
  readonly certificate?: Uint8Array
  /** Whether the dates of `certificate` count. Default: true. */
  readonly validity?: boolean
  /** Whether what the extensions of `certificate` limit counts (RFC 5937): CA or not, path length, usages, names, policies. Default: true. */
  readonly constraints?: boolean
}

/**
 * An anchor from a certificate, DER. By default all that it says counts, as in OpenSSL and Go; RFC 5280 itself takes name and key alone.
 * Throws `TypeError` where it is malformed.
 */
export function trustAnchor(
  certificate: Uint8Array,
  options: Pick<TrustAnchor, 'validity' | 'constraints' | 'distrustAfter' | 'label'> = {},
): TrustAnchor {
  const { subject, publicKey } = wellFormed('the root', () => decodeCertificate(certificate))
  return { subject: subject.raw, publicKey: publicKey.raw, certificate, ...options }
}

/** A trust anchor, read. */
export interface Anchor {
  readonly source: TrustAnchor
  readonly subject: DistinguishedName
  readonly publicKey: PublicKey
  /** Every path has to keep all of them. */
  readonly nameConstraints: readonly NameConstraints[]
  readonly certificate: Certificate | undefined
  /** The certificate as far as it has to be judged. */
  readonly judged: { readonly validity: Certificate | undefined; readonly constraints: Certificate | undefined }
}

/** Anchors by the key of their name. Sources are anchors, or certificates in DER or PEM; what is wrong with them is a `TypeError`. */
export function indexAnchors(sources: readonly (Uint8Array | string | TrustAnchor)[]): ReadonlyMap<string, readonly Anchor[]> {
  const index = new Map<string, Anchor[]>()
  for (const [i, source] of sources.flatMap(toAnchors).entries()) {
    const anchor = wellFormed(`root ${i}`, () => readAnchor(source instanceof Uint8Array ? copyOf(source) : copyOfAnchor(source)))
    const same = index.get(anchor.subject.key)
    if (same) same.push(anchor)
    else index.set(anchor.subject.key, [anchor])
  }
  return index
}

/** What somebody else may write to, in the place of what every path ends at. */
export function copyOfAnchor(anchor: TrustAnchor): TrustAnchor {
  const { subject, publicKey, nameConstraints, certificate } = anchor
  return {
    ...anchor,
    subject: subject && copyOf(subject),
    publicKey: publicKey && copyOf(publicKey),
    ...(nameConstraints && { nameConstraints: copyOf(nameConstraints) }),
    ...(certificate && { certificate: copyOf(certificate) }),
  }
}

function toAnchors(source: Uint8Array | string | TrustAnchor): readonly (TrustAnchor | Uint8Array)[] {
  return typeof source === 'string' || source instanceof Uint8Array ? certificateList(source) : [source]
}

function readAnchor(source: TrustAnchor | Uint8Array): Anchor {
  if (source instanceof Uint8Array) return fromCertificate({ certificate: source }, decodeCertificate(source))
  const { subject, publicKey, certificate, distrustAfter } = source
  if (distrustAfter !== undefined && Number.isNaN(new Date(distrustAfter).getTime())) {
    throw new TypeError(`distrustAfter is a number of milliseconds since 1970, not ${distrustAfter}`)
  }
  if (certificate) return fromCertificate(source, decodeCertificate(certificate))
  if (!(subject instanceof Uint8Array && publicKey instanceof Uint8Array))
    throw new TypeError('a trust anchor has a subject and a publicKey, DER')
  return {
    source,
    subject: readName(readDer(subject)),
    publicKey: readPublicKey(readDer(publicKey)),
    nameConstraints: addedConstraints(source),
    certificate: undefined,
    judged: { validity: undefined, constraints: undefined },
  }
}

/** Name and key are the certificate's, whatever stands beside it; what stands beside it only adds limits. */
function fromCertificate(source: Omit<TrustAnchor, 'subject' | 'publicKey'>, certificate: Certificate): Anchor {
  const { subject, publicKey, extensions } = certificate
  const { validity = true, constraints = true } = source
  const own = constraints ? extensions.nameConstraints : undefined
  return {
    source: { ...source, subject: subject.raw, publicKey: publicKey.raw },
    subject,
    publicKey,
    nameConstraints: [...(own ? [own] : []), ...addedConstraints(source)],
    certificate,
    judged: { validity: validity ? certificate : undefined, constraints: constraints ? certificate : undefined },
  }
}

function addedConstraints({ nameConstraints }: Pick<TrustAnchor, 'nameConstraints'>): readonly NameConstraints[] {
  return nameConstraints ? [readNameConstraints(readDer(nameConstraints))] : []
}
