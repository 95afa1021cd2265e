/** Certificate extensions (RFC 5280 §4.2). */
import {
  bits,
  boolean,
  constructedTag,
  contextTag,
  type DerReader,
  type DerValue,
  integer,
  malformed,
  octetString,
  oid,
  readDer,
  sequence,
  smallInteger,
  tags,
} from '../wire/der.ts'
import { DecodeError } from '../wire/error.ts'
import { readName } from './distinguished-name.ts'
import { ia5String } from './strings.ts'

export interface Extensions {
  readonly basicConstraints: BasicConstraints | undefined
  readonly keyUsage: ReadonlySet<KeyUsage> | undefined
  /** Dotted. */
  readonly extendedKeyUsage: ReadonlySet<string> | undefined
  readonly subjectAltName: SubjectAltName | undefined
  readonly subjectKeyIdentifier: Uint8Array | undefined
  readonly authorityKeyIdentifier: Uint8Array | undefined
  /** Extensions that limit what the certificate is good for in a way that is not processed here: it must not be relied on. */
  readonly unprocessed: readonly string[]
}

export interface BasicConstraints {
  readonly ca: boolean
  readonly pathLength: number | undefined
}

export interface SubjectAltName {
  readonly critical: boolean
  /** As they stand in the certificate: ASCII, not checked for being host names. */
  readonly dnsNames: readonly string[]
  /** 4 or 16 octets each. */
  readonly ipAddresses: readonly Uint8Array[]
}

/** In the order of their bits. */
const keyUsages = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

export type KeyUsage = (typeof keyUsages)[number]

/** Reads the SEQUENCE of extensions; `undefined` where the certificate has none. */
export function readExtensions(value: DerValue | undefined): Extensions {
  const found = value ? collect(value) : new Map<string, Extension>()
  const read = <T>(id: string, reader: (contents: DerValue, extension: Extension) => T): T | undefined => {
    const extension = found.get(id)
    return extension && reader(readDer(extension.contents), extension)
  }
  read(ids.authorityInfoAccess, checkAuthorityInfoAccess)
  const extensions = {
    basicConstraints: read(ids.basicConstraints, readBasicConstraints),
    keyUsage: read(ids.keyUsage, readKeyUsage),
    extendedKeyUsage: read(ids.extendedKeyUsage, readExtendedKeyUsage),
    subjectAltName: read(ids.subjectAltName, readSubjectAltName),
    subjectKeyIdentifier: read(ids.subjectKeyIdentifier, readSubjectKeyIdentifier),
    authorityKeyIdentifier: read(ids.authorityKeyIdentifier, readAuthorityKeyIdentifier),
    unprocessed: [...found].filter(([id, { critical }]) => limits(id, critical)).map(([id]) => limitNames[id] ?? id),
  }
  if (extensions.keyUsage?.has('keyCertSign') && !extensions.basicConstraints?.ca) {
    throw new DecodeError('keyUsage has keyCertSign, basicConstraints does not have cA')
  }
  return extensions
}

interface Extension {
  readonly critical: boolean
  readonly contents: Uint8Array
}

const ids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
} as const

/** Processed, critical or not. */
const processed: ReadonlySet<string> = new Set([ids.keyUsage, ids.subjectAltName, ids.basicConstraints, ids.extendedKeyUsage])

/** Limits by their nature, critical or not, and not processed yet. */
const limitNames: Readonly<Record<string, string>> = {
  '2.5.29.30': 'nameConstraints',
  '2.5.29.36': 'policyConstraints',
  '2.5.29.54': 'inhibitAnyPolicy',
  '1.3.6.1.5.5.7.1.24': 'tlsFeature',
}

function limits(id: string, critical: boolean): boolean {
  return id in limitNames || (critical && !processed.has(id))
}

function collect(value: DerValue): Map<string, Extension> {
  const found = new Map<string, Extension>()
  for (const item of items(value)) {
    const fields = sequence(item)
    const id = oid(fields.next())
    const flag = fields.optional(tags.boolean)
    const critical = flag !== undefined && boolean(flag)
    if (flag && !critical) throw malformed(`extension ${id}: critical FALSE is the default, which DER leaves out`, item)
    const contents = octetString(fields.next())
    fields.end()
    if (found.has(id)) throw malformed(`extension ${id} is repeated`, item)
    found.set(id, { critical, contents })
  }
  return found
}

/** An explicit cA FALSE is not DER, but too common to be refused; it says nothing else than its absence. */
function readBasicConstraints(value: DerValue): BasicConstraints {
  const fields = sequence(value)
  const flag = fields.optional(tags.boolean)
  const length = fields.optional(tags.integer)
  fields.end()
  return { ca: flag !== undefined && boolean(flag), pathLength: length && smallInteger(length) }
}

/** At least one bit is set (RFC 5280 §4.2.1.3). Zeros may follow the last one, against X.690 §11.2.2: roots in use have them. */
function readKeyUsage(value: DerValue): Set<KeyUsage> {
  const { bytes } = bits(value)
  const usages = new Set(keyUsages.filter((_, i) => ((bytes[i >> 3] ?? 0) & (0x80 >> (i & 7))) !== 0))
  if (usages.size === 0) throw malformed('keyUsage without a usage', value)
  return usages
}

function readExtendedKeyUsage(value: DerValue): Set<string> {
  return new Set(items(value).map(item => oid(item)))
}

function readSubjectKeyIdentifier(value: DerValue, { critical }: Extension): Uint8Array {
  if (critical) throw malformed('subjectKeyIdentifier is critical', value)
  return octetString(value)
}

/** Only the key identifier serves here; issuer and serial number, which name one certificate of the issuer, do not. */
function readAuthorityKeyIdentifier(value: DerValue, { critical }: Extension): Uint8Array | undefined {
  if (critical) throw malformed('authorityKeyIdentifier is critical', value)
  const fields = sequence(value)
  const key = fields.optional(contextTag(0))
  const issuer = fields.optional(constructedTag(1))
  const serial = fields.optional(contextTag(2))
  fields.end()
  if (issuer) for (const name of items(issuer, constructedTag(1))) checkGeneralName(name)
  if (serial) integer(serial, contextTag(2))
  return key && octetString(key, contextTag(0))
}

function checkAuthorityInfoAccess(value: DerValue): void {
  for (const item of items(value)) {
    const fields = sequence(item)
    oid(fields.next())
    checkGeneralName(fields.next())
    fields.end()
  }
}

function readSubjectAltName(value: DerValue, { critical }: Extension): SubjectAltName {
  const names = items(value)
  for (const name of names) checkGeneralName(name)
  return {
    critical,
    dnsNames: names.filter(name => name.tag === contextTag(2)).map(ia5String),
    ipAddresses: names.filter(name => name.tag === contextTag(7)).map(readIpAddress),
  }
}

/** GeneralName (RFC 5280 §4.2.1.6). */
function checkGeneralName(name: DerValue): void {
  switch (name.tag) {
    case constructedTag(0): // otherName
    case constructedTag(3): // x400Address
    case constructedTag(5): // ediPartyName
    case contextTag(7): // iPAddress: of another length in name constraints
      return
    case contextTag(1): // rfc822Name
    case contextTag(2): // dNSName
    case contextTag(6): // uniformResourceIdentifier
      ia5String(name)
      return
    case constructedTag(4):
      checkDirectoryName(sequence(name, constructedTag(4)))
      return
    case contextTag(8):
      oid(name, contextTag(8))
      return
    default:
      throw malformed('no kind of GeneralName', name)
  }
}

function checkDirectoryName(fields: DerReader): void {
  readName(fields.next())
  fields.end()
}

function readIpAddress(name: DerValue): Uint8Array {
  const { length } = name.bytes
  if (length !== 4 && length !== 16) throw malformed(`an IP address of ${length} octets`, name)
  return name.bytes
}

/** The values of a SEQUENCE OF, of which there is at least one. */
function items(value: DerValue, tag: number = tags.sequence): DerValue[] {
  const found: DerValue[] = []
  for (const reader = sequence(value, tag); !reader.done; ) found.push(reader.next())
  if (found.length === 0) throw malformed('an empty list', value)
  return found
}
