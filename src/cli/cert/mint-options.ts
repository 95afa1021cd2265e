/** What `tassel cert mint` takes, and which of it goes with what. */
import type { CertificateOptions, CrlOptions, GeneralNameOrder, OcspOptions } from '../../testing/index.ts'
import { parseCertificate, referenceName } from '../../x509/index.ts'
import { orUsageError, parseCount, UsageError, type Values } from '../usage.ts'
import { readKind } from './files.ts'
import type { NamedFile } from './outputs.ts'

export const mintHelp = `tassel cert mint --ca PREFIX [options]
tassel cert mint --issuer FILE --issuer-key FILE --name NAME --out FILE --key-out FILE [options]
tassel cert mint --issuer FILE --issuer-key FILE (--intermediate | --csr FILE | --crl | --ocsp FILE) --out FILE [options]

Makes a root authority, or with one: a certificate, an intermediate authority, a certificate for a request, a revocation list, or an OCSP
response. For tests: nobody keeps a record of what was issued.

  --ca PREFIX           a new root, written to PREFIX.pem and its key to PREFIX.key
  --issuer FILE --issuer-key FILE  who issues: its certificate, and its key in unencrypted PKCS#8
  --name NAME           a DNS name, an IP address, an e-mail address or a URI; repeatable, the first is the common name too
  --common-name TEXT    the subject's common name
  --client              for a client, not a server
  --intermediate        an authority
  --csr FILE            for the key, the subject and the names of this request (PKCS #10)
  --key-type TYPE       P-256 (default), P-384, P-521, Ed25519, RSA-2048, RSA-3072, RSA-4096, RSA-PSS-2048
  --ocsp-url URL        where the issuer's OCSP responder is
  --crl-url URL         where the issuer's revocation list is
  --must-staple         the server promises to staple an OCSP response (RFC 7633)
  --chain               write the issuer's own chain behind the certificate, but for a root
  --crl                 a revocation list, PEM
  --revoke FILE|NUMBER  a certificate that is revoked, or its serial number (0x…: hexadecimal); repeatable
  --number N            the number of the revocation list (default: 1)
  --ocsp FILE           an OCSP response, DER, about the certificates in this file
  --status STATUS       what it says: good (default), revoked or unknown
  --days N              how long it is good: 3650 for authorities, 90 for other certificates, 7 for lists and responses
  --out FILE            where it goes (default: standard output)
  --key-out FILE        where the new key goes; only the owner may read it
  --force               write over a private key, or an authority's certificate, that is there already
  --json                what was written as one JSON object a line
  -h, --help
`

export const mintOptions = {
  ca: { type: 'string' },
  chain: { type: 'boolean' },
  client: { type: 'boolean' },
  'common-name': { type: 'string' },
  crl: { type: 'boolean' },
  'crl-url': { type: 'string', multiple: true },
  csr: { type: 'string' },
  days: { type: 'string' },
  force: { type: 'boolean' },
  intermediate: { type: 'boolean' },
  issuer: { type: 'string' },
  'issuer-key': { type: 'string' },
  json: { type: 'boolean' },
  'key-out': { type: 'string' },
  'key-type': { type: 'string' },
  'must-staple': { type: 'boolean' },
  name: { type: 'string', multiple: true },
  number: { type: 'string' },
  ocsp: { type: 'string' },
  'ocsp-url': { type: 'string', multiple: true },
  out: { type: 'string' },
  revoke: { type: 'string', multiple: true },
  status: { type: 'string' },
} as const

export type MintValues = Values<typeof mintOptions>
type Option = keyof typeof mintOptions

export type MintKind = 'ca' | 'csr' | 'crl' | 'ocsp' | 'intermediate' | 'leaf'

/** What is to be made. `UsageError` where the options say nothing, or more than one thing. */
export function mintKind(values: MintValues): MintKind {
  // An authority for a request is one thing.
  const kind = (['ca', 'csr', 'crl', 'ocsp', 'intermediate'] as const).find(option => values[option]) ?? 'leaf'
  const what = kind === 'leaf' ? 'a certificate' : `--${kind}`
  for (const option of Object.keys(mintOptions) as Option[]) {
    if (values[option] !== undefined && !taken[kind].includes(option)) throw new UsageError(`--${option} does not go with ${what}`)
  }
  for (const option of needed[kind]) if (values[option] === undefined) throw new UsageError(`${what} needs --${option}`)
  return kind
}

const issuing: readonly Option[] = ['issuer', 'issuer-key', 'days', 'out', 'force', 'json']
const pointers: readonly Option[] = ['chain', 'ocsp-url', 'crl-url']

const taken: Readonly<Record<MintKind, readonly Option[]>> = {
  ca: ['ca', 'common-name', 'key-type', 'days', 'force', 'json'],
  csr: [...issuing, ...pointers, 'csr', 'intermediate', 'name', 'common-name', 'client', 'must-staple'],
  crl: [...issuing, 'crl', 'revoke', 'number'],
  ocsp: [...issuing, 'ocsp', 'status'],
  intermediate: [...issuing, ...pointers, 'intermediate', 'common-name', 'key-type', 'key-out'],
  leaf: [...issuing, ...pointers, 'name', 'common-name', 'client', 'key-type', 'key-out', 'must-staple'],
}

const needed: Readonly<Record<MintKind, readonly Option[]>> = {
  ca: [],
  csr: ['issuer', 'issuer-key'],
  crl: ['issuer', 'issuer-key'],
  ocsp: ['issuer', 'issuer-key', 'out'],
  intermediate: ['issuer', 'issuer-key', 'key-out'],
  leaf: ['issuer', 'issuer-key', 'name', 'key-out'],
}

/** Where things go, as far as the options name files: of an authority the certificate first. */
export function outputFiles({ ca, out, 'key-out': keyOut }: MintValues): NamedFile[] {
  if (ca !== undefined) return [`${ca}.pem`, `${ca}.key`].map(file => ({ option: 'ca', file }))
  return [...named('out', out), ...named('key-out', keyOut)]
}

/** What is read. */
export function inputFiles(values: MintValues): NamedFile[] {
  const single = (['issuer', 'issuer-key', 'csr', 'ocsp'] as const).flatMap(option => named(option, values[option]))
  return [...single, ...(values.revoke ?? []).filter(text => !isNumber(text)).map(file => ({ option: 'revoke', file }))]
}

function named(option: string, file: string | undefined): NamedFile[] {
  return file === undefined ? [] : [{ option, file }]
}

/** What a certificate says, but for whose key it is. */
export function certificateOptions(values: MintValues): Omit<CertificateOptions, 'key'> {
  const { name, days } = values
  return {
    ...(name && { names: name.map(parseName) }),
    ...(days !== undefined && { notAfter: inDays(days) }),
    ...(values['common-name'] !== undefined && { subject: { CN: values['common-name'] } }),
    ...(!values.intermediate && values.ca === undefined && { purposes: [values.client ? 'client' : 'server'] }),
    ...(values['ocsp-url'] && { ocsp: values['ocsp-url'] }),
    ...(values['crl-url'] && { crlDistributionPoints: values['crl-url'] }),
    ...(values['must-staple'] && { tlsFeatures: [statusRequest] }),
  }
}

/** TLS extension 5 (RFC 7633 §4.2.3). */
const statusRequest = 5

export function crlOptions({ revoke = [], number, days }: MintValues): CrlOptions {
  return {
    revoked: revoke.flatMap(serials),
    ...(number !== undefined && { number: parseCount('number', number, 0, 9_999_999_999) }),
    ...(days !== undefined && { nextUpdate: inDays(days) }),
  }
}

export function ocspOptions({ ocsp = '', status = 'good', days }: MintValues): OcspOptions {
  const known = statuses.find(known => known === status)
  if (known === undefined) throw new UsageError(`--status: "${status}" is unknown; known: ${statuses.join(', ')}`)
  const certificates = serialsIn('ocsp', ocsp).map(certificate => ({ certificate, status: known }))
  return { certificates, ...(days !== undefined && { nextUpdate: inDays(days) }) }
}

const statuses = ['good', 'revoked', 'unknown'] as const

function serials(text: string): bigint[] {
  return isNumber(text) ? [BigInt(text)] : serialsIn('revoke', text)
}

function isNumber(text: string): boolean {
  return /^(?:\d+|0x[0-9a-f]+)$/i.test(text)
}

function serialsIn(option: string, file: string): bigint[] {
  return readKind(option, file, 'certificate').map(der => orUsageError(() => parseCertificate(der).serial, `--${option} ${file}: `))
}

function parseName(text: string): GeneralNameOrder {
  if (text.includes('://')) return { uri: text }
  if (text.includes('@')) return { email: text }
  orUsageError(() => referenceName(text.replace(/^\*\./, '')), '--name: ')
  return text
}

function inDays(text: string): Date {
  return new Date(Date.now() + parseCount('days', text, 1, 36_500) * 86_400_000)
}
