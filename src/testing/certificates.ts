/**
 * Mints certificates for tests, examples and `tassel serve --self-signed`. Needs WebCrypto, and takes the wide road through
 * `@peculiar/x509`, since speed does not matter here and another's code is the better judge of ours.
 *
 * RSA keys with the id-RSASSA-PSS identifier can't be made: WebCrypto writes every RSA key as rsaEncryption.
 */
import 'reflect-metadata'
import type { webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { parseIpAddress } from '../x509/names.ts'
import { encodePem } from '../x509/pem.ts'

/** `RSA-2048` signs with PKCS#1 v1.5, `RSA-PSS-2048` with PSS; elliptic curves sign with the hash of their own size. */
export type MintedKey = 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'RSA-2048' | 'RSA-PSS-2048'

export interface Minted {
  readonly certificateDer: Uint8Array
  readonly certificatePem: string
  readonly privateKeyPkcs8: Uint8Array
  readonly privateKeyPem: string
}

export interface Authority extends Minted {
  /** A certificate for an end entity. */
  issue(options: IssueOptions): Promise<Minted>
  /** An intermediate. */
  issueAuthority(options?: AuthorityOptions): Promise<Authority>
}

export interface AuthorityOptions {
  /** Default `P-256`. */
  readonly key?: MintedKey
  /** The common name. Default `Tassel Test CA`. */
  readonly name?: string
  /** How many intermediates may stand below it. Default: any number. */
  readonly pathLength?: number
  readonly notBefore?: Date
  readonly notAfter?: Date
}

export interface IssueOptions {
  /** DNS names, also with a wildcard, and IP addresses; at least one. The first is the common name too. */
  readonly names: readonly string[]
  /** Default `P-256`. */
  readonly key?: MintedKey
  /** Default: both. */
  readonly purposes?: readonly ('server' | 'client')[]
  /** Default: an hour ago. */
  readonly notBefore?: Date
  /** Default: in 90 days. */
  readonly notAfter?: Date
}

/** A root. */
export async function mintAuthority(options: AuthorityOptions = {}): Promise<Authority> {
  return makeAuthority(options, undefined)
}

/** An end entity that vouches for itself: trusted by whoever has it as a root. */
export async function mintSelfSigned(options: IssueOptions): Promise<Minted> {
  return (await make(endEntity(options), undefined)).minted
}

/** What a certificate is to say, but for the keys. */
interface Plan {
  readonly key: MintedKey
  readonly name: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly extensions: readonly Extension[]
}

interface Signer {
  readonly name: string
  readonly key: MintedKey
  readonly keys: webcrypto.CryptoKeyPair
}

async function makeAuthority(options: AuthorityOptions, issuer: Signer | undefined): Promise<Authority> {
  const { key = 'P-256', name = 'Tassel Test CA', pathLength, notBefore = daysFromNow(-1 / 24), notAfter = daysFromNow(3650) } = options
  const extensions = [
    new BasicConstraintsExtension(true, pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ]
  const { minted, signer } = await make({ key, name, notBefore, notAfter, extensions }, issuer)
  return {
    ...minted,
    issue: async options => (await make(endEntity(options), signer)).minted,
    issueAuthority: options => makeAuthority({ name: 'Tassel Test Intermediate', ...options }, signer),
  }
}

function endEntity(options: IssueOptions): Plan {
  const { names, key = 'P-256', purposes = ['server', 'client'], notBefore = daysFromNow(-1 / 24), notAfter = daysFromNow(90) } = options
  const [name] = names
  if (name === undefined) throw new TypeError('a certificate is issued for at least one name')
  const extensions = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension(
      purposes.map(purpose => (purpose === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth)),
    ),
    new SubjectAlternativeNameExtension(names.map(value => ({ type: parseIpAddress(value) ? 'ip' : 'dns', value }))),
  ]
  return { key, name, notBefore, notAfter, extensions }
}

async function make(plan: Plan, issuer: Signer | undefined): Promise<{ minted: Minted; signer: Signer }> {
  const keys = await generateKeys(plan.key)
  const signer = { name: plan.name, key: plan.key, keys }
  const by = issuer ?? signer
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [plan.name] }],
    issuer: [{ CN: [by.name] }],
    notBefore: plan.notBefore,
    notAfter: plan.notAfter,
    publicKey: keys.publicKey,
    signingKey: by.keys.privateKey,
    signingAlgorithm: recipes[by.key].signing,
    extensions: [
      ...plan.extensions,
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(by.keys.publicKey),
    ],
  })
  const certificateDer = new Uint8Array(certificate.rawData)
  const privateKeyPkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
  const minted = {
    certificateDer,
    certificatePem: encodePem('CERTIFICATE', certificateDer),
    privateKeyPkcs8,
    privateKeyPem: encodePem('PRIVATE KEY', privateKeyPkcs8),
  }
  return { minted, signer }
}

async function generateKeys(key: MintedKey): Promise<webcrypto.CryptoKeyPair> {
  const keys = await crypto.subtle.generateKey(recipes[key].generation, true, ['sign', 'verify'])
  if ('publicKey' in keys) return keys
  throw new Error(`WebCrypto made no key pair for ${key}`)
}

const rsa = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' }

interface Recipe {
  readonly generation: webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams | webcrypto.Algorithm
  readonly signing: webcrypto.Algorithm | webcrypto.EcdsaParams | webcrypto.RsaPssParams
}

const recipes: Readonly<Record<MintedKey, Recipe>> = {
  'P-256': ecdsa('P-256', 'SHA-256'),
  'P-384': ecdsa('P-384', 'SHA-384'),
  'P-521': ecdsa('P-521', 'SHA-512'),
  Ed25519: { generation: { name: 'Ed25519' }, signing: { name: 'Ed25519' } },
  'RSA-2048': { generation: { name: 'RSASSA-PKCS1-v1_5', ...rsa }, signing: { name: 'RSASSA-PKCS1-v1_5' } },
  'RSA-PSS-2048': { generation: { name: 'RSA-PSS', ...rsa }, signing: { name: 'RSA-PSS', saltLength: 32 } },
}

function ecdsa(namedCurve: string, hash: string): Recipe {
  return { generation: { name: 'ECDSA', namedCurve }, signing: { name: 'ECDSA', hash } }
}

/** 128 random bits, positive (RFC 5280 §4.1.2.2), in hexadecimal. */
function serialNumber(): string {
  const octets = crypto.getRandomValues(new Uint8Array(16))
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40
  return Array.from(octets, octet => octet.toString(16).padStart(2, '0')).join('')
}

/** RFC 5280 knows whole seconds only. */
function daysFromNow(days: number): Date {
  return new Date(Math.floor(Date.now() / 1000 + days * 86400) * 1000)
}
