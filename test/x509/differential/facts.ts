/** What a certificate says, by readers that have nothing in common: ours, asn1js, @peculiar/x509, and OpenSSL within node:crypto. */
import 'reflect-metadata'
import { X509Certificate as NodeCertificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import * as asn1js from 'asn1js'
import { toHex } from '../../../src/wire/bytes.ts'
import { type Certificate, type DistinguishedName, type GeneralName, parseCertificate } from '../../../src/x509/index.ts'

/** One text for each thing that a certificate says; what a reader does not tell is left out, what is not there is `none`. */
export type Facts = Readonly<Record<string, string | undefined>>

const none = 'none'

/** Each throws where it refuses the certificate. */
export const readers = { asn1js: readByAsn1js, peculiar: readByPeculiar, node: readByNode } as const

export function readByUs(der: Uint8Array): Facts {
  const certificate = parseCertificate(der)
  const { extensions, publicKey, signatureAlgorithm } = certificate
  const { basicConstraints, authorityKeyIdentifier, authorityInfoAccess } = extensions
  return {
    version: String(certificate.version),
    serial: hexOf(certificate.serial),
    issuer: toHex(certificate.issuer.raw),
    subject: toHex(certificate.subject.raw),
    'issuer as text': nameText(certificate.issuer),
    'subject as text': nameText(certificate.subject),
    notBefore: String(certificate.notBefore),
    notAfter: String(certificate.notAfter),
    publicKey: toHex(publicKey.raw),
    algorithm: signatureAlgorithm.oid,
    signature: toHex(certificate.signature),
    signed: toHex(certificate.signed),
    extensions: list([...extensions.critical].map(([id, critical]) => `${id} ${critical}`)),
    cA: String(basicConstraints?.ca ?? false),
    pathLength: String(basicConstraints?.pathLength ?? none),
    keyUsage: extensions.keyUsage ? list([...extensions.keyUsage].sort()) : none,
    extendedKeyUsage: extensions.extendedKeyUsage ? list([...extensions.extendedKeyUsage]) : none,
    subjectAltName: extensions.subjectAltName ? list(extensions.subjectAltName.names.map(general).filter(name => name !== 'other')) : none,
    subjectKeyIdentifier: hexOrNone(extensions.subjectKeyIdentifier),
    authorityKeyIdentifier: hexOrNone(authorityKeyIdentifier?.keyIdentifier),
    authoritySerial: authorityKeyIdentifier?.serial === undefined ? none : hexOf(authorityKeyIdentifier.serial),
    policies: extensions.certificatePolicies ? list([...extensions.certificatePolicies]) : none,
    ocsp: list(authorityInfoAccess?.ocsp ?? []),
    caIssuers: list(authorityInfoAccess?.caIssuers ?? []),
    crls: list(extensions.crlDistributionPoints?.flatMap(({ name }) => (name?.type === 'full' ? name.names.map(general) : [])) ?? []),
    ...forNode(certificate),
  }
}

// ── asn1js: the structure ───────────────────────────────────────────────────────────────────────────────────────────

function readByAsn1js(der: Uint8Array): Facts {
  const { result, offset } = asn1js.fromBER(der)
  if (offset === -1) throw new Error(`asn1js: ${result.error}`)
  const [signed, algorithm, signature] = children(result)
  const [first, ...others] = children(signed)
  const tagged = first?.idBlock.tagClass === 3 ? first : undefined
  const fields = tagged ? others : [first, ...others]
  const version = children(tagged)[0]
  const [serial, , issuer, validity, subject, publicKey, ...rest] = fields
  if (!(serial instanceof asn1js.Integer)) throw new Error('asn1js: no serial number')
  const [notBefore, notAfter] = children(validity)
  const id = children(algorithm)[0]
  const extensions = rest.find(block => block?.idBlock.tagNumber === 3)
  return {
    version: String(version instanceof asn1js.Integer ? version.valueBlock.valueDec + 1 : 1),
    serial: trimmed(toHex(serial.valueBlock.valueHexView)),
    issuer: rawOf(issuer),
    subject: rawOf(subject),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    publicKey: rawOf(publicKey),
    algorithm: id instanceof asn1js.ObjectIdentifier ? id.valueBlock.toString() : undefined,
    signature: signature instanceof asn1js.BitString ? toHex(signature.valueBlock.valueHexView) : undefined,
    signed: rawOf(signed),
    extensions: extensions ? list(children(children(extensions)[0]).map(extensionOf)) : list([]),
  }
}

type Block = asn1js.BaseBlock | undefined

function children(block: Block): readonly asn1js.BaseBlock[] {
  return block instanceof asn1js.Constructed ? block.valueBlock.value.filter(each => each instanceof asn1js.BaseBlock) : []
}

function rawOf(block: Block): string | undefined {
  return block && toHex(block.valueBeforeDecodeView)
}

function timeOf(block: Block): string | undefined {
  return block instanceof asn1js.UTCTime ? String(block.toDate().getTime()) : undefined
}

function extensionOf(block: asn1js.BaseBlock): string {
  const [id, flag] = children(block)
  const critical = flag instanceof asn1js.Boolean && flag.getValue()
  return `${id instanceof asn1js.ObjectIdentifier ? id.valueBlock.toString() : '?'} ${critical}`
}

// ── @peculiar/x509: what the extensions mean ────────────────────────────────────────────────────────────────────────

function readByPeculiar(der: Uint8Array): Facts {
  const certificate = new x509.X509Certificate(der)
  const find = <T extends x509.Extension>(type: new (raw: ArrayBuffer) => T) => certificate.getExtension(type)
  const basicConstraints = find(x509.BasicConstraintsExtension)
  const usages = find(x509.KeyUsagesExtension)
  const authority = find(x509.AuthorityKeyIdentifierExtension)
  const access = find(x509.AuthorityInfoAccessExtension)
  const points = find(x509.CRLDistributionPointsExtension)
  return {
    serial: trimmed(certificate.serialNumber),
    'issuer as text': peculiarName(certificate.issuerName),
    'subject as text': peculiarName(certificate.subjectName),
    notBefore: String(certificate.notBefore.getTime()),
    notAfter: String(certificate.notAfter.getTime()),
    publicKey: toHex(new Uint8Array(certificate.publicKey.rawData)),
    signature: toHex(new Uint8Array(certificate.signature)),
    extensions: list(certificate.extensions.map(({ type, critical }) => `${type} ${critical}`)),
    cA: String(basicConstraints?.ca ?? false),
    pathLength: String(basicConstraints?.pathLength ?? none),
    keyUsage: usages ? list(usagesOf(usages.usages).sort()) : none,
    extendedKeyUsage: textList(find(x509.ExtendedKeyUsageExtension)?.usages.map(String)),
    subjectAltName: textList(find(x509.SubjectAlternativeNameExtension)?.names.items.map(peculiarGeneral)),
    subjectKeyIdentifier: find(x509.SubjectKeyIdentifierExtension)?.keyId ?? none,
    authorityKeyIdentifier: authority?.keyId ?? none,
    authoritySerial: authority?.certId ? trimmed(authority.certId.serialNumber) : none,
    policies: textList(find(x509.CertificatePolicyExtension)?.policies),
    ocsp: list(access?.ocsp.filter(({ type }) => type === 'url').map(({ value }) => value) ?? []),
    caIssuers: list(access?.caIssuers.filter(({ type }) => type === 'url').map(({ value }) => value) ?? []),
    crls: list(
      points?.distributionPoints.flatMap(point =>
        (point.distributionPoint?.fullName ?? []).map(name => peculiarGeneral(new x509.GeneralName(name))),
      ) ?? [],
    ),
  }
}

function usagesOf(flags: number): string[] {
  const names: readonly [number, string][] = [
    [x509.KeyUsageFlags.digitalSignature, 'digitalSignature'],
    [x509.KeyUsageFlags.nonRepudiation, 'contentCommitment'],
    [x509.KeyUsageFlags.keyEncipherment, 'keyEncipherment'],
    [x509.KeyUsageFlags.dataEncipherment, 'dataEncipherment'],
    [x509.KeyUsageFlags.keyAgreement, 'keyAgreement'],
    [x509.KeyUsageFlags.keyCertSign, 'keyCertSign'],
    [x509.KeyUsageFlags.cRLSign, 'cRLSign'],
    [x509.KeyUsageFlags.encipherOnly, 'encipherOnly'],
    [x509.KeyUsageFlags.decipherOnly, 'decipherOnly'],
  ]
  return names.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name)
}

/** The values alone: the short names of attribute types are each library's own. */
function peculiarName(name: x509.Name): string {
  return list(name.toJSON().flatMap(relative => Object.values(relative).flat()))
}

function peculiarGeneral({ type, value }: x509.GeneralName): string {
  return comparableTypes.has(type) ? `${type} ${type === 'ip' ? plainAddress(value) : value}` : type
}

const comparableTypes = new Set(['dns', 'ip', 'email', 'url', 'id'])

/** An address as URL parsers write it. */
function plainAddress(address: string): string {
  return address.includes(':') ? new URL(`http://[${address}]`).hostname : address
}

// ── node:crypto ─────────────────────────────────────────────────────────────────────────────────────────────────────

function readByNode(der: Uint8Array): Facts {
  const certificate = new NodeCertificate(der)
  return {
    serial: trimmed(certificate.serialNumber.toLowerCase()),
    'subject for node': certificate.subject ?? '',
    'issuer for node': certificate.issuer ?? '',
    notBefore: String(Date.parse(certificate.validFrom)),
    notAfter: String(Date.parse(certificate.validTo)),
    publicKey: nodeKey(certificate),
    'CA for node': String(certificate.ca),
    extendedKeyUsage: textList(certificate.keyUsage),
    'subjectAltName for node': certificate.subjectAltName ?? none,
    'access for node': certificate.infoAccess?.trim() ?? none,
  }
}

function nodeKey(certificate: NodeCertificate): string | undefined {
  try {
    return toHex(new Uint8Array(certificate.publicKey.export({ type: 'spki', format: 'der' })))
  } catch {
    return undefined
  }
}

/** Ours in the words of node:crypto, where it has words that can be foretold. */
function forNode({ subject, issuer, extensions }: Certificate): Facts {
  const { subjectAltName, authorityInfoAccess, basicConstraints, keyUsage } = extensions
  return {
    'subject for node': nodeName(subject),
    'issuer for node': nodeName(issuer),
    // X509_check_ca: what says that it is a CA, or may sign certificates where it says so.
    'CA for node': basicConstraints ? String(basicConstraints.ca && (!keyUsage || keyUsage.has('keyCertSign'))) : undefined,
    'subjectAltName for node': subjectAltName ? nodeNames(subjectAltName.names) : none,
    'access for node': authorityInfoAccess ? undefined : none,
  }
}

function nodeName({ relative }: DistinguishedName): string | undefined {
  const simple = relative.every(
    ([attribute, ...others]) => others.length === 0 && attribute && attribute.type in nodeTypes && isPlain(attribute.value),
  )
  if (!simple) return undefined
  return relative.flatMap(attributes => attributes.map(({ type, value }) => `${nodeTypes[type]}=${value}`)).join('\n')
}

const nodeTypes: Readonly<Record<string, string>> = { '2.5.4.3': 'CN', '2.5.4.6': 'C', '2.5.4.10': 'O', '2.5.4.11': 'OU', '2.5.4.7': 'L' }

function isPlain(value: string | Uint8Array): boolean {
  return typeof value === 'string' && /^[\w.:-]+(?: [\w.:-]+)*$/.test(value)
}

function nodeNames(names: readonly GeneralName[]): string | undefined {
  const texts = names.map(name => {
    if (name.type === 'dns' && /^[\w.*-]+$/.test(name.name)) return `DNS:${name.name}`
    if (name.type === 'email' && /^[\w.@-]+$/.test(name.address)) return `email:${name.address}`
    if (name.type === 'ip' && name.address.length === 4) return `IP Address:${name.address.join('.')}`
    return undefined
  })
  return texts.includes(undefined) ? undefined : texts.join(', ')
}

// ── Texts ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function nameText({ relative }: DistinguishedName): string | undefined {
  const values = relative.flat().map(({ value }) => value)
  return values.every(value => typeof value === 'string') ? list(values) : undefined
}

function general(name: GeneralName): string {
  switch (name.type) {
    case 'dns':
      return `dns ${name.name}`
    case 'email':
      return `email ${name.address}`
    case 'uri':
      return `url ${name.uri}`
    case 'ip':
      return `ip ${addressText(name.address)}`
    case 'registeredId':
      return `id ${name.oid}`
    case 'directory':
      return 'dn'
    default:
      return name.type === 'other' && toHex(name.raw).includes('060a2b060104018237140203') ? 'upn' : name.type
  }
}

function addressText(address: Uint8Array): string {
  if (address.length === 4) return address.join('.')
  return plainAddress(toHex(address).match(/.{4}/g)?.join(':') ?? '')
}

function list(texts: readonly string[]): string {
  return JSON.stringify(texts)
}

function textList(texts: readonly string[] | undefined): string {
  return texts ? list(texts) : none
}

function hexOrNone(octets: Uint8Array | undefined): string {
  return octets ? toHex(octets) : none
}

function hexOf(number: bigint): string {
  return trimmed(number.toString(16))
}

/** Hexadecimal digits without zeros in front. */
function trimmed(hex: string): string {
  return hex.replace(/^0+(?=.)/, '')
}
