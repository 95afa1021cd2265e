/**
 * Mints certificates for tests, examples and the command line: authorities, what they issue, and what they say about it later. Needs
 * WebCrypto, and takes the wide road through `@peculiar/x509`, since speed does not matter here and another's code is the better judge of
 * ours. Whatever can't be minted as ordered is a `TypeError`; certificates that are wrong on purpose are made elsewhere.
 */
import { equal } from '../wire/bytes.ts'
import { decodePem } from '../x509/pem.ts'
import { type CrlOptions, type MintedCrl, mintCrl } from './crl.ts'
import { importKeyPair } from './keys.ts'
import { type CertificateOptions, certify, describe, type Minted, type MintedCertificate, make, type Plan, type Signer } from './make.ts'
import { type GeneralNameOrder, textOf } from './names.ts'
import { mintOcspResponse, type OcspOptions } from './ocsp.ts'
import { readRequest } from './requests.ts'

export type { MintedKey } from './keys.ts'

export interface Authority extends Minted {
  /** A certificate for an end entity. */
  issue(options: IssueOptions): Promise<Minted>
  /** An intermediate. */
  issueAuthority(options?: AuthorityOptions): Promise<Authority>
  /**
   * A certificate for a key that is elsewhere, made out to another authority (a cross-certificate: the other's name, the other's key), or to
   * a SubjectPublicKeyInfo in DER.
   */
  certify(whose: Pick<MintedCertificate, 'publicKeySpki' | 'subject'> | Uint8Array, options?: CertifyOptions): Promise<MintedCertificate>
  /** A certificate for who may sign OCSP responses in this authority's place (RFC 6960 §4.2.2.2). */
  issueOcspResponder(options?: CertificateOptions): Promise<Minted>
  /**
   * What a request (PKCS #10, DER or PEM) asks for: its key, subject and alternative names, where `options` name no others. Everything else
   * is up to `options`. `TypeError` where its signature is not by its own key.
   */
  issueFromRequest(request: Uint8Array | string, options?: RequestedOptions): Promise<MintedCertificate>
  crl(options?: CrlOptions): Promise<MintedCrl>
  /** An OCSPResponse, DER, about certificates of this authority. */
  ocsp(options: OcspOptions): Promise<Uint8Array>
}

export interface AuthorityOptions extends CertificateOptions {
  /** The common name, where no `subject` is given. Default `Tassel Test CA`, of an intermediate `Tassel Test Intermediate`. */
  readonly name?: string
  /** How many intermediates may stand below it. Default: any number. */
  readonly pathLength?: number
}

/** Of a certificate for a key that is elsewhere. */
export type CertifyOptions = Omit<AuthorityOptions, 'key'>

export interface RequestedOptions extends CertifyOptions {
  /** Whether it is to be an authority. Default: not. */
  readonly ca?: boolean
}

export interface IssueOptions extends CertificateOptions {
  /**
   * DNS names, also with a wildcard, IP addresses, and names in other forms. At least one where no `subject` is given: the first is then the
   * common name too.
   */
  readonly names?: readonly GeneralNameOrder[]
}

/** A root. */
export async function mintAuthority(options: AuthorityOptions = {}): Promise<Authority> {
  return withMethods(await make(options, authorityPlan(options, 'Tassel Test CA')))
}

/** An end entity that vouches for itself: trusted by whoever has it as a root. */
export async function mintSelfSigned(options: IssueOptions): Promise<Minted> {
  return make(options, endEntityPlan(options))
}

/**
 * An authority from its certificate (DER, or PEM whose first certificate counts) and its private key (unencrypted PKCS#8, DER or PEM). Throws
 * `TypeError` where they can't be read or don't belong together. An RSA key signs with PKCS#1 v1.5 then, also one that was ordered as
 * `RSA-PSS-2048`: its file says rsaEncryption, as WebCrypto writes it, and not what it is for.
 */
export async function loadAuthority(files: {
  readonly certificate: Uint8Array | string
  readonly key: Uint8Array | string
}): Promise<Authority> {
  const certificate = describe(block(files.certificate, 'CERTIFICATE', 'certificate'))
  const keys = await importKeyPair(block(files.key, 'PRIVATE KEY', 'private key in PKCS#8'))
  if (!equal(certificate.publicKeySpki, keys.publicKeySpki)) throw new TypeError('the private key does not belong to the certificate')
  return withMethods({ ...certificate, keys, privateKeyPkcs8: keys.privateKeyPkcs8, privateKeyPem: keys.privateKeyPem })
}

function withMethods(minted: Minted): Authority {
  return {
    ...minted,
    issue: async options => make(options, endEntityPlan(options), minted),
    issueAuthority: async (options = {}) => withMethods(await make(options, authorityPlan(options, 'Tassel Test Intermediate'), minted)),
    certify: (whose, options = {}) => crossCertify(whose, options, minted),
    issueOcspResponder: (options = {}) => issueOcspResponder(options, minted),
    issueFromRequest: (request, options = {}) => issueFromRequest(request, options, minted),
    crl: options => mintCrl(minted, options),
    ocsp: options => mintOcspResponse(minted, options),
  }
}

async function crossCertify(
  whose: Parameters<Authority['certify']>[0],
  options: CertifyOptions,
  issuer: Signer,
): Promise<MintedCertificate> {
  const plan = authorityPlan(options, 'Tassel Test Intermediate')
  if (whose instanceof Uint8Array) return certify(whose, options, plan, issuer)
  const { publicKeySpki, subject } = whose
  return certify(publicKeySpki, options.name === undefined ? { subject, ...options } : options, plan, issuer)
}

async function issueOcspResponder(options: CertificateOptions, issuer: Signer): Promise<Minted> {
  const plan = { ca: false, commonName: 'Tassel Test OCSP Responder', days: 90 }
  return make({ purposes: ['ocspSigning'], ocspNoCheck: true, ...options }, plan, issuer)
}

async function issueFromRequest(source: Uint8Array | string, options: RequestedOptions, issuer: Signer): Promise<MintedCertificate> {
  const { publicKeySpki, subject, names } = await readRequest(source)
  const { ca = false, extensions = [] } = options
  const plan = ca ? authorityPlan(options, 'Tassel Test Intermediate') : { ca, commonName: options.name, days: 90 }
  const asked = options.names === undefined && names ? { extensions: [names, ...extensions] } : {}
  return certify(publicKeySpki, { ...(options.name === undefined && { subject }), ...options, ...asked }, plan, issuer)
}

function authorityPlan({ name, pathLength }: CertifyOptions, byDefault: string): Plan {
  return { ca: true, pathLength, commonName: name ?? byDefault, days: 3650 }
}

function endEntityPlan({ names: [name] = [] }: IssueOptions): Plan {
  return { ca: false, commonName: name && textOf(name), days: 90 }
}

/** The bytes of the first block of this kind. */
function block(source: Uint8Array | string, label: string, what: string): Uint8Array {
  if (typeof source !== 'string') return source
  const found = decodePem(source).find(block => block.label === label)
  if (!found) throw new TypeError(`there is no ${what} in the PEM text`)
  return found.bytes
}
