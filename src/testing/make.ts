/** Puts certificates together: what all the ways to mint one come down to. */
import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  type Extension,
  Name,
  PublicKey,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { toHex } from '../wire/bytes.ts'
import { constructedTag, integer, readDer, sequence, tags } from '../wire/der.ts'
import { encodePem } from '../x509/pem.ts'
import { encodeSctList, type PrecertificateEntry, sctListExtension } from './ct.ts'
import { anHourAgo, daysFromNow, toHexNumber, wholeSeconds } from './der.ts'
import { adjust, certificateExtensions, type ExtensionOptions, raw } from './extensions.ts'
import { digest, generateKeyPair, type KeyOrder, type KeyPair, signingAlgorithm } from './keys.ts'
import { type DistinguishedNameOrder, encodeName } from './names.ts'

export interface MintedCertificate {
  readonly certificateDer: Uint8Array
  readonly certificatePem: string
  readonly serial: bigint
  /** The subject's Name, DER. */
  readonly subject: Uint8Array
  /** The SubjectPublicKeyInfo, DER. */
  readonly publicKeySpki: Uint8Array
}

/** A certificate with its private key. */
export interface Minted extends MintedCertificate {
  readonly privateKeyPkcs8: Uint8Array
  readonly privateKeyPem: string
  /** For another certificate of the same key. */
  readonly keys: KeyPair
}

export interface CertificateOptions extends ExtensionOptions {
  /** The kind of a new key, or a pair that is there already. Default `P-256`. */
  readonly key?: KeyOrder | KeyPair
  /** Default: the common name alone. */
  readonly subject?: DistinguishedNameOrder
  /** Positive, at most 20 octets (RFC 5280 §4.1.2.2). Default: 127 random bits. */
  readonly serial?: number | bigint
  /** Default: an hour ago. */
  readonly notBefore?: Date
  /** Default: in 3650 days for an authority, in 90 for others. */
  readonly notAfter?: Date
  /**
   * Makes the timestamps of CT logs for what is to be issued, `CtLog.sign` of each; they are embedded (RFC 6962 §3.3). Default: none.
   */
  readonly scts?: (entry: PrecertificateEntry) => Promise<readonly Uint8Array[]>
}

/** Who signs. */
export type Signer = Pick<Minted, 'subject' | 'keys'> & Partial<Pick<Minted, 'certificateDer'>>

/** What the options leave open. */
export interface Plan {
  readonly ca: boolean
  readonly pathLength?: number | undefined
  /** Of the subject, where the options give none. */
  readonly commonName: string | undefined
  readonly days: number
}

/** A certificate with a key of its own, by `issuer`, or signed by its own key. */
export async function make(options: CertificateOptions, plan: Plan, issuer?: Signer): Promise<Minted> {
  const { key = 'P-256' } = options
  const subject = subjectOf(options, plan)
  const keys = typeof key === 'string' ? await generateKeyPair(key) : key
  const certificate = await certify(keys.publicKeySpki, { ...options, subject }, plan, issuer ?? { subject, keys })
  return { ...certificate, privateKeyPkcs8: keys.privateKeyPkcs8, privateKeyPem: keys.privateKeyPem, keys }
}

/** A certificate for a public key. Throws `TypeError` where `options` can't be written. */
export async function certify(spki: Uint8Array, options: CertificateOptions, plan: Plan, issuer: Signer): Promise<MintedCertificate> {
  const subject = subjectOf(options, plan)
  // 30 00 is the empty name.
  const extensions = certificateExtensions(options, { ca: plan.ca, pathLength: plan.pathLength, named: subject.length > 2 })
  const identifiers = [await SubjectKeyIdentifierExtension.create(readPublicKey(spki)), await authorityKeyIdentifier(issuer)]
  const { scts, notBefore = anHourAgo(), notAfter = daysFromNow(plan.days) } = options
  const order = {
    serialNumber: serialNumber(options.serial),
    subject: new Name(subject),
    issuer: new Name(issuer.subject),
    notBefore: wholeSeconds(notBefore, 'notBefore'),
    notAfter: wholeSeconds(notAfter, 'notAfter'),
    publicKey: spki,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: signingAlgorithm(issuer.keys),
    extensions: adjust([...extensions, ...identifiers], options),
  }
  // The library would write an empty list, which RFC 5280 §4.1 does not have.
  if (order.extensions.length === 0) throw new TypeError('a certificate without any extension is not minted')
  const certificate = await X509CertificateGenerator.create(order)
  if (!scts) return describe(new Uint8Array(certificate.rawData))
  // RFC 6962 §3.2: what is logged is the certificate as it would be without the list.
  const tbsCertificate = sequence(readDer(new Uint8Array(certificate.rawData))).next().raw
  const entry = { issuerKeyHash: await digest('SHA-256', issuer.keys.publicKeySpki), tbsCertificate }
  const list = raw(sctListExtension, encodeSctList(await scts(entry)))
  const whole = await X509CertificateGenerator.create({ ...order, extensions: [...order.extensions, list] })
  return describe(new Uint8Array(whole.rawData))
}

/** What others need to know of a certificate. Throws `TypeError` where it is none. */
export function describe(certificateDer: Uint8Array): MintedCertificate {
  try {
    const fields = sequence(sequence(readDer(certificateDer)).next())
    fields.optional(constructedTag(0))
    const serial = integer(fields.next())
    // The signature's algorithm, the issuer, the validity.
    for (let i = 0; i < 3; i++) fields.next(tags.sequence)
    const [subject, publicKeySpki] = [fields.next(tags.sequence).raw, fields.next(tags.sequence).raw]
    return { certificateDer, certificatePem: encodePem('CERTIFICATE', certificateDer), serial, subject, publicKeySpki }
  } catch (error) {
    throw new TypeError(`this is no certificate: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Names the issuer's key as its certificate does; without one, by the hash of the key. */
export async function authorityKeyIdentifier({ certificateDer, keys }: Signer): Promise<Extension> {
  const own = certificateDer && new X509Certificate(certificateDer).getExtension(SubjectKeyIdentifierExtension)
  return own ? new AuthorityKeyIdentifierExtension(own.keyId) : AuthorityKeyIdentifierExtension.create(readPublicKey(keys.publicKeySpki))
}

function subjectOf({ subject }: CertificateOptions, { commonName }: Plan): Uint8Array {
  if (subject !== undefined) return encodeName(subject)
  if (commonName === undefined) throw new TypeError('a certificate is issued for at least one name, or for a subject')
  return encodeName({ CN: commonName })
}

function readPublicKey(spki: Uint8Array): PublicKey {
  try {
    return new PublicKey(spki)
  } catch {
    throw new TypeError('a public key is expected as SubjectPublicKeyInfo in DER')
  }
}

/** In hexadecimal. */
function serialNumber(wanted: number | bigint | undefined): string {
  if (wanted === undefined) return randomSerial()
  const serial = typeof wanted === 'bigint' || Number.isSafeInteger(wanted) ? BigInt(wanted) : 0n
  if (serial > 0n && serial < 1n << 159n) return toHexNumber(serial)
  throw new TypeError(`serial ${wanted}: expected a positive whole number of at most 20 octets`)
}

/** 126 random bits, and a first one that is set, so that all numbers are of the same length. */
function randomSerial(): string {
  const octets = crypto.getRandomValues(new Uint8Array(16))
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40
  return toHex(octets)
}
