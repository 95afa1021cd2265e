/** PKCS#12 files (RFC 7292): keys and certificates behind one passphrase. */
import { toHex } from '../../wire/bytes.ts'
import {
  constructedTag,
  contextTag,
  type DerReader,
  type DerValue,
  octetString,
  oid,
  readDer,
  sequence,
  smallInteger,
  tags,
} from '../../wire/der.ts'
import { DecodeError } from '../../wire/error.ts'
import { string } from '../certificate/strings.ts'
import { wellFormed } from '../own.ts'
import { berToDer, joinOctetStrings } from './ber.ts'
import { type KeyDecryption, openKey } from './encrypted-key.ts'
import { utf8 } from './passphrase.ts'
import { decryptPbes2, Effort, type Lock, naming, passwordsOf } from './pbes2.ts'
import { verifyMac } from './pkcs12-mac.ts'

export interface Pkcs12Contents {
  /** DER PKCS#8. */
  readonly keys: readonly Pkcs12Entry[]
  /** DER. Those of the key's chain, and whatever else someone put in, in the file's order. */
  readonly certificates: readonly Pkcs12Entry[]
}

export interface Pkcs12Entry {
  readonly der: Uint8Array
  /** In hexadecimal: a key and its certificate share it. */
  readonly localKeyId: string | undefined
  /** A name for people; some tools give it to a key and its certificate. */
  readonly friendlyName: string | undefined
}

/**
 * The keys and certificates in a PKCS#12 file, DER or BER. Keys and certificates may be encrypted by PBES2 with AES-CBC or not at all, and
 * protected by a MAC with SHA-1, SHA-256, SHA-384 or SHA-512, by PBMAC1 (RFC 9579), or not at all. CRLs and secrets in it are passed over. Throws
 * `TypeError` that says what is wrong: the passphrase, an older encryption, the file.
 */
export function parsePkcs12(pfx: Uint8Array, { crypto, passphrase = '' }: KeyDecryption): Pkcs12Contents {
  const lock = { passwords: passwordsOf(crypto), password: utf8(passphrase), effort: new Effort(), advice }
  try {
    return wellFormed('the PKCS#12 file', () => naming('the PKCS#12 file', () => readPfx(berToDer(pfx), passphrase, lock)))
  } finally {
    lock.password.fill(0)
  }
}

/** The same steps for whatever the old file uses; the key is never in the clear between them. */
const advice =
  'make it anew with "openssl pkcs12 -legacy -in OLD -out all.pem" and "openssl pkcs12 -export -in all.pem -out NEW -keypbe AES-256-CBC -certpbe AES-256-CBC -macalg sha256"'

/** PFX (§4). */
function readPfx(der: Uint8Array, passphrase: string, lock: Lock): Pkcs12Contents {
  const fields = sequence(readDer(der))
  const version = smallInteger(fields.next())
  if (version !== 3) throw new TypeError(`it has version ${version}, not 3`)
  const content = readContent(fields.next())
  const macData = fields.optional(tags.sequence)
  fields.end()
  if (content.type !== data)
    throw new TypeError(`it is protected by ${contentNames.get(content.type) ?? content.type}, not by a passphrase`)
  const safe = octetString(content.value)
  if (macData && !verifyMac(macData, safe, passphrase, lock)) throw new TypeError(wrongPassphrase(passphrase))
  const bags = { keys: [], certificates: [] }
  for (const contents = sequence(readDer(berToDer(safe))); !contents.done; ) readSafe(readContent(contents.next()), lock, bags)
  return bags
}

interface Bags {
  readonly keys: Pkcs12Entry[]
  readonly certificates: Pkcs12Entry[]
}

interface Content {
  readonly type: string
  /** What is inside the explicit tag. */
  readonly value: DerValue
}

/** ContentInfo (RFC 5652 §3). */
function readContent(value: DerValue): Content {
  const fields = sequence(value)
  const type = oid(fields.next())
  const tagged = fields.next(constructedTag(0))
  fields.end()
  return { type, value: tagged.inner() }
}

/** One part of the AuthenticatedSafe (§4.1), whose bags join `bags`. */
function readSafe({ type, value }: Content, lock: Lock, bags: Bags): void {
  if (type === data) return readBags(berToDer(octetString(value)), lock, bags)
  if (type !== encryptedData) throw new TypeError(`a part of it is ${contentNames.get(type) ?? type}, which no passphrase opens`)
  const fields = sequence(value)
  smallInteger(fields.next())
  const encrypted = sequence(fields.next())
  oid(encrypted.next())
  const algorithm = encrypted.next(tags.sequence)
  const ciphertext = implicitOctets(encrypted.next())
  encrypted.end()
  const text = decryptPbes2(algorithm, ciphertext, lock)
  const contents = asDer(text)
  text?.fill(0)
  if (contents === undefined) throw new TypeError('its passphrase is wrong, or it was changed: what is encrypted does not open')
  readBags(contents, lock, bags)
}

/** Where there is no MAC, one wrong passphrase in 256 leaves a padding that is right by chance, and behind it no BER. */
function asDer(text: Uint8Array | undefined): Uint8Array | undefined {
  try {
    return text && berToDer(text)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/** [0] IMPLICIT OCTET STRING, in BER perhaps in pieces. */
function implicitOctets(value: DerValue): Uint8Array {
  return value.tag === constructedTag(0) ? joinOctetStrings(value.contents()) : octetString(value, contextTag(0))
}

/** SafeContents (§4.2), which are gone afterwards: what is kept of them are copies. */
function readBags(contents: Uint8Array, lock: Lock, bags: Bags): void {
  try {
    readBagList(sequence(readDer(contents)), lock, bags)
  } finally {
    contents.fill(0)
  }
}

function readBagList(list: DerReader, lock: Lock, bags: Bags): void {
  while (!list.done) {
    const fields = sequence(list.next())
    const type = oid(fields.next())
    const value = fields.next(constructedTag(0)).inner()
    const attributes = readAttributes(fields.optional(tags.set))
    fields.end()
    switch (type) {
      case bagTypes.key:
        bags.keys.push({ der: value.raw.slice(), ...attributes })
        break
      case bagTypes.shroudedKey:
        bags.keys.push({ der: openKey(value.raw, lock), ...attributes })
        break
      case bagTypes.certificate: {
        const der = readCertificateBag(value)
        if (der) bags.certificates.push({ der, ...attributes })
        break
      }
      case bagTypes.safeContents:
        // As deep as the BER pass allows.
        readBagList(sequence(value), lock, bags)
    }
  }
}

/** CertBag (§4.2.3); `undefined` for a certificate that is none of X.509. */
function readCertificateBag(value: DerValue): Uint8Array | undefined {
  const fields = sequence(value)
  const type = oid(fields.next())
  const tagged = fields.next(constructedTag(0))
  fields.end()
  return type === x509Certificate ? octetString(tagged.inner()).slice() : undefined
}

/** PKCS12Attribute (§4.2), of which two say something here. Each has one value. */
function readAttributes(set: DerValue | undefined): Omit<Pkcs12Entry, 'der'> {
  const known = new Map<string, DerValue>()
  for (const list = set?.contents(); list && !list.done; ) {
    const fields = sequence(list.next())
    const type = oid(fields.next())
    const values = fields.next(tags.set)
    fields.end()
    if (type === attributeTypes.localKeyId || type === attributeTypes.friendlyName) known.set(type, values.inner())
  }
  const [localKeyId, friendlyName] = [known.get(attributeTypes.localKeyId), known.get(attributeTypes.friendlyName)]
  return { localKeyId: localKeyId && toHex(octetString(localKeyId)), friendlyName: friendlyName && readName(friendlyName) }
}

/** A BMPString; what some tools write for characters that one can't hold is no name at all, and no reason to keep the key from anyone. */
function readName(value: DerValue): string | undefined {
  try {
    return string(value)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function wrongPassphrase(passphrase: string): string {
  return passphrase === ''
    ? 'it needs its passphrase, or it was changed: its MAC does not fit'
    : 'its passphrase is wrong, or it was changed: its MAC does not fit'
}

const data = '1.2.840.113549.1.7.1'
const encryptedData = '1.2.840.113549.1.7.6'
/** What only the holder of a key reads or made (§3.1). */
const contentNames: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.7.2', 'a signature'],
  ['1.2.840.113549.1.7.3', 'encrypted for a public key'],
])

const bagTypes = {
  key: '1.2.840.113549.1.12.10.1.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  safeContents: '1.2.840.113549.1.12.10.1.6',
} as const

const attributeTypes = { friendlyName: '1.2.840.113549.1.9.20', localKeyId: '1.2.840.113549.1.9.21' } as const

const x509Certificate = '1.2.840.113549.1.9.22.1'
