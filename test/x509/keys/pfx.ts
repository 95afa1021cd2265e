/** Encrypted keys and PKCS#12 files to order, also such as no tool would make. */
import { createCipheriv, createHash, createHmac, pbkdf2Sync, scryptSync } from 'node:crypto'
import { constructedTag, contextTag, encode, encodeOid, tags } from '../../../src/wire/der.ts'

export const sequenceOf = (...parts: readonly Uint8Array[]) => encode(tags.sequence, ...parts)
export const octets = (bytes: Uint8Array) => encode(tags.octetString, bytes)
export const nothing = encode(tags.null)

/** A non-negative INTEGER. */
export function number(value: number): Uint8Array {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return encode(tags.integer, ...((bytes[0] ?? 0) >= 0x80 ? [Uint8Array.of(0)] : []), new Uint8Array(bytes))
}

export interface Encryption {
  /** As bytes: UTF-8. */
  readonly password?: string
  readonly iterations?: number
  /** Left out: SHA-1, which is the default. */
  readonly prf?: 'sha256' | 'sha384' | 'sha512' | undefined
  readonly keySize?: 16 | 24 | 32
  /** What PBKDF2-params or scrypt-params say about it; nothing by default. */
  readonly statedSize?: number
  readonly scrypt?: { readonly N: number; readonly r: number; readonly p: number }
  /** Whole AlgorithmIdentifiers in place of what is right. */
  readonly algorithm?: Uint8Array
  readonly derivation?: Uint8Array
  readonly cipher?: Uint8Array
}

const salt = new Uint8Array(8).fill(0x5a)
const iv = new Uint8Array(16).fill(0x17)

/** AlgorithmIdentifier and ciphertext. The key is derived where that is little work; behind hostile numbers there is none to find. */
export function pbes2(text: Uint8Array, order: Encryption): readonly [Uint8Array, Uint8Array] {
  const { password = '', keySize = 32, iterations = 10, prf, scrypt } = order
  const key =
    iterations > 10_000 || (scrypt && scrypt.N * scrypt.r * scrypt.p > 2 ** 20)
      ? new Uint8Array(keySize)
      : scrypt
        ? scryptSync(password, salt, keySize, scrypt)
        : pbkdf2Sync(password, salt, iterations, keySize, prf ?? 'sha1')
  const cipher = createCipheriv(`aes-${keySize * 8}-cbc`, key, iv)
  const ciphertext = new Uint8Array(Buffer.concat([cipher.update(text), cipher.final()]))
  const encryption = order.cipher ?? sequenceOf(encodeOid(`2.16.840.1.101.3.4.1.${{ 16: 2, 24: 22, 32: 42 }[keySize]}`), octets(iv))
  const parameters = sequenceOf(order.derivation ?? derivation(order), encryption)
  return [order.algorithm ?? sequenceOf(encodeOid('1.2.840.113549.1.5.13'), parameters), ciphertext]
}

function derivation({ iterations = 10, prf, scrypt, statedSize }: Encryption): Uint8Array {
  const size = statedSize === undefined ? [] : [number(statedSize)]
  if (scrypt) {
    const parameters = sequenceOf(octets(salt), number(scrypt.N), number(scrypt.r), number(scrypt.p), ...size)
    return sequenceOf(encodeOid('1.3.6.1.4.1.11591.4.11'), parameters)
  }
  return pbkdf2(iterations, [...size, ...(prf ? [hmacAlgorithm(prf)] : [])])
}

export function pbkdf2(iterations: number, more: readonly Uint8Array[] = []): Uint8Array {
  return sequenceOf(encodeOid('1.2.840.113549.1.5.12'), sequenceOf(octets(salt), number(iterations), ...more))
}

export function hmacAlgorithm(hash: 'sha1' | 'sha256' | 'sha384' | 'sha512'): Uint8Array {
  return sequenceOf(encodeOid(`1.2.840.113549.2.${{ sha1: 7, sha256: 9, sha384: 10, sha512: 11 }[hash]}`), nothing)
}

/** EncryptedPrivateKeyInfo. */
export function encryptedKey(pkcs8: Uint8Array, order: Encryption): Uint8Array {
  const [algorithm, ciphertext] = pbes2(pkcs8, order)
  return sequenceOf(algorithm, octets(ciphertext))
}

export interface Attributes {
  readonly id?: string
  readonly name?: string
}

export const bag = {
  key: (pkcs8: Uint8Array, attributes?: Attributes) => safeBag(1, pkcs8, attributes),
  shrouded: (pkcs8: Uint8Array, order: Encryption, attributes?: Attributes) => safeBag(2, encryptedKey(pkcs8, order), attributes),
  certificate: (der: Uint8Array, attributes?: Attributes) =>
    safeBag(3, sequenceOf(encodeOid('1.2.840.113549.1.9.22.1'), encode(constructedTag(0), octets(der))), attributes),
  /** A certificate of SDSI, which nobody has. */
  other: () => safeBag(3, sequenceOf(encodeOid('1.2.840.113549.1.9.22.2'), encode(constructedTag(0), encode(tags.ia5String)))),
  secret: () => safeBag(5, sequenceOf(encodeOid('1.2.3'), encode(constructedTag(0), octets(Uint8Array.of(1))))),
  nested: (...bags: readonly Uint8Array[]) => safeBag(6, sequenceOf(...bags)),
}

function safeBag(type: number, value: Uint8Array, { id, name }: Attributes = {}): Uint8Array {
  const attributes = [
    attribute('1.2.840.113549.1.9.21', id === undefined ? undefined : octets(new Uint8Array(Buffer.from(id)))),
    attribute('1.2.840.113549.1.9.20', name === undefined ? undefined : encode(tags.bmpString, bmp(name))),
    // One that says nothing here: Microsoft's name of a provider.
    attribute('1.3.6.1.4.1.311.17.1', encode(tags.bmpString, bmp('CSP'))),
  ]
  const oid = encodeOid(`1.2.840.113549.1.12.10.1.${type}`)
  return sequenceOf(oid, encode(constructedTag(0), value), encode(tags.set, ...attributes))
}

function attribute(type: string, value: Uint8Array | undefined): Uint8Array {
  return value ? sequenceOf(encodeOid(type), encode(tags.set, value)) : new Uint8Array(0)
}

function bmp(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf16le').swap16())
}

/** Bags in the clear, and bags encrypted together. */
export const part = {
  plain: (...bags: readonly Uint8Array[]) => contentInfo(1, octets(sequenceOf(...bags))),
  encrypted: (order: Encryption, ...bags: readonly Uint8Array[]) => {
    const [algorithm, ciphertext] = pbes2(sequenceOf(...bags), order)
    const content = sequenceOf(encodeOid('1.2.840.113549.1.7.1'), algorithm, encode(contextTag(0), ciphertext))
    return contentInfo(6, sequenceOf(number(0), content))
  },
}

/** ContentInfo of PKCS#7's type `number`. */
export function contentInfo(number: number, value: Uint8Array): Uint8Array {
  return sequenceOf(encodeOid(`1.2.840.113549.1.7.${number}`), encode(constructedTag(0), value))
}

export interface MacOrder {
  /** `undefined`: not even an empty one, as some tools have it. */
  readonly password?: string | undefined
  readonly hash?: 'sha1' | 'sha256' | 'sha384' | 'sha512'
  readonly iterations?: number
}

/** PFX. `mac`: as made by one of the two functions below, over the parts; or none. */
export function pfx(parts: readonly Uint8Array[], mac?: (content: Uint8Array) => Uint8Array, version = 3): Uint8Array {
  const content = sequenceOf(...parts)
  return sequenceOf(number(version), contentInfo(1, octets(content)), ...(mac ? [mac(content)] : []))
}

/** MacData under the key of RFC 7292, appendix B. */
export function mac({ password, hash = 'sha256', iterations = 3 }: MacOrder): (content: Uint8Array) => Uint8Array {
  const block = hash === 'sha384' || hash === 'sha512' ? 128 : 64
  const fill = (bytes: Uint8Array) => Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes)
  const terminated = password === undefined ? new Uint8Array(0) : bmp(`${password}\0`)
  let key = Buffer.concat([Buffer.alloc(block, 3), fill(salt), terminated.length > 0 ? fill(terminated) : terminated])
  for (let i = 0; i < iterations && iterations < 10_000; i++) key = createHash(hash).update(key).digest()
  const oid = {
    sha1: '1.3.14.3.2.26',
    sha256: '2.16.840.1.101.3.4.2.1',
    sha384: '2.16.840.1.101.3.4.2.2',
    sha512: '2.16.840.1.101.3.4.2.3',
  }[hash]
  return content => macData(sequenceOf(encodeOid(oid), nothing), createHmac(hash, key).update(content).digest(), [number(iterations)])
}

/** MacData of RFC 9579. `keySize` is what the parameters state. */
export function pbmac1(password: string, keySize: number | undefined, iterations = 3): (content: Uint8Array) => Uint8Array {
  const size = keySize === undefined ? [] : [number(keySize)]
  const key = pbkdf2Sync(password, salt, iterations, keySize ?? 32, 'sha512')
  const parameters = sequenceOf(pbkdf2(iterations, [...size, hmacAlgorithm('sha512')]), hmacAlgorithm('sha256'))
  const algorithm = sequenceOf(encodeOid('1.2.840.113549.1.5.14'), parameters)
  return content => macData(algorithm, createHmac('sha256', key).update(content).digest(), [])
}

export function macData(algorithm: Uint8Array, value: Uint8Array, iterations: readonly Uint8Array[]): Uint8Array {
  return sequenceOf(sequenceOf(algorithm, octets(new Uint8Array(value))), octets(salt), ...iterations)
}

/** The same value as BER writes it when lengths are not known beforehand: indefinite, its octet strings in pieces of at most `piece` octets. */
export function toBer(der: Uint8Array, piece = 7): Uint8Array {
  const tag = der[0] ?? 0
  const long = (der[1] ?? 0) & 0x80 ? (der[1] ?? 0) & 0x7f : 0
  const contents = der.subarray(2 + long)
  if (tag === tags.octetString) return indefinite(tag | 0x20, pieces(contents, piece))
  if (tag === contextTag(0)) return indefinite(constructedTag(0), pieces(contents, piece))
  if ((tag & 0x20) === 0) return der
  const inner: Uint8Array[] = []
  for (let at = 0; at < contents.length; ) {
    const size = sizeAt(contents, at)
    inner.push(toBer(contents.subarray(at, at + size), piece))
    at += size
  }
  return indefinite(tag, inner)
}

function indefinite(tag: number, inner: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat([Buffer.of(tag, 0x80), ...inner, Buffer.of(0, 0)]))
}

function pieces(contents: Uint8Array, piece: number): Uint8Array[] {
  const count = Math.ceil(contents.length / piece)
  return Array.from({ length: count }, (_, i) => octets(contents.subarray(i * piece, (i + 1) * piece)))
}

function sizeAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1] ?? 0
  if (first < 0x80) return 2 + first
  const count = first & 0x7f
  return 2 + count + bytes.subarray(at + 2, at + 2 + count).reduce((length, octet) => length * 256 + octet, 0)
}
