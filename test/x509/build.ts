/**
 * Certificates to order, also such as no tool would make: every field of the certificate can be replaced. What `src/testing` mints is for
 * those who want good ones.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { constructedTag, contextTag, encode, encodeOid, tags } from '../../src/wire/der.ts'

export const now = Date.parse('2026-06-01T12:00:00Z')

export interface Keys {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export interface Order {
  /** Common name, or the DER of a name. */
  readonly subject?: string | Uint8Array
  /** Default: the issuer's subject. */
  readonly issuer?: string | Uint8Array
  readonly keys?: Keys
  readonly spki?: Uint8Array
  readonly version?: Uint8Array
  readonly serial?: Uint8Array
  readonly notBefore?: Uint8Array
  readonly notAfter?: Uint8Array
  /** `undefined`: no extensions at all. */
  readonly extensions?: readonly Uint8Array[] | undefined
  /** Between subject's key and extensions. */
  readonly unique?: readonly Uint8Array[]
  readonly algorithm?: Uint8Array
  /** Of the signature itself, where it is not the one that is signed. */
  readonly outerAlgorithm?: Uint8Array
  readonly digest?: string
}

export interface Built {
  readonly der: Uint8Array
  readonly subject: Uint8Array
  readonly keys: Keys
}

/** A certificate of whatever `order` says, signed by `issuer`, or by itself. */
export function build(order: Order, issuer?: Pick<Built, 'subject' | 'keys'>): Built {
  const keys = order.keys ?? newKeys()
  const subject = name(order.subject ?? 'somebody')
  const signer = issuer ?? { subject, keys }
  const algorithm = order.algorithm ?? ecdsaSha256
  const {
    version = v3,
    serial = encode(tags.integer, Uint8Array.of(7)),
    notBefore = utc('260101000000Z'),
    notAfter = utc('270101000000Z'),
  } = order
  const extensions = order.extensions ? [encode(constructedTag(3), encode(tags.sequence, ...order.extensions))] : []
  const signed = encode(
    tags.sequence,
    version,
    serial,
    algorithm,
    name(order.issuer ?? signer.subject),
    encode(tags.sequence, notBefore, notAfter),
    subject,
    order.spki ?? spkiOf(keys),
    ...(order.unique ?? []),
    ...extensions,
  )
  const { type } = signer.keys.privateKey
  const digest = signer.keys.privateKey.asymmetricKeyType === 'ed25519' ? null : (order.digest ?? 'sha256')
  if (type !== 'private') throw new Error('the issuer has no private key')
  const signature = encode(tags.bitString, Uint8Array.of(0), sign(digest, signed, signer.keys.privateKey))
  return { der: encode(tags.sequence, signed, order.outerAlgorithm ?? algorithm, signature), subject, keys }
}

export function root(order: Order = {}): Built {
  return build({ subject: 'Root', extensions: caExtensions(), ...order })
}

export function intermediate(issuer: Built, order: Order = {}): Built {
  return build({ subject: 'Intermediate', extensions: caExtensions(), ...order }, issuer)
}

export function leaf(issuer: Built, order: Order = {}): Built {
  return build({ subject: 'leaf', extensions: leafExtensions(), ...order }, issuer)
}

export function caExtensions(more: readonly Uint8Array[] = [], pathLength?: number): Uint8Array[] {
  return [basicConstraints(true, pathLength), keyUsage('keyCertSign'), ...more]
}

export function leafExtensions(more: readonly Uint8Array[] = []): Uint8Array[] {
  return [keyUsage('digitalSignature'), extendedKeyUsage('serverAuth'), subjectAltName(dns('example.com')), ...more]
}

// ── Extensions ──────────────────────────────────────────────────────────────────────────────────────────────────────

export function extension(id: string, contents: Uint8Array, critical = false): Uint8Array {
  const flag = critical ? [encode(tags.boolean, Uint8Array.of(0xff))] : []
  return encode(tags.sequence, encodeOid(id), ...flag, encode(tags.octetString, contents))
}

export function basicConstraints(ca: boolean, pathLength?: number): Uint8Array {
  const flag = ca ? [encode(tags.boolean, Uint8Array.of(0xff))] : []
  const length = pathLength === undefined ? [] : [encode(tags.integer, Uint8Array.of(pathLength))]
  return extension('2.5.29.19', encode(tags.sequence, ...flag, ...length), true)
}

export function keyUsage(...usages: readonly ('digitalSignature' | 'keyCertSign' | 'cRLSign')[]): Uint8Array {
  const bits = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 }
  const octet = usages.reduce((sum, usage) => sum | (0x80 >> bits[usage]), 0)
  const unused = 31 - Math.clz32(octet & -octet)
  return extension('2.5.29.15', encode(tags.bitString, Uint8Array.of(unused, octet)), true)
}

export function extendedKeyUsage(...purposes: readonly ('serverAuth' | 'clientAuth' | 'codeSigning' | 'any')[]): Uint8Array {
  const ids = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2', codeSigning: '1.3.6.1.5.5.7.3.3', any: '2.5.29.37.0' }
  return extension('2.5.29.37', encode(tags.sequence, ...purposes.map(purpose => encodeOid(ids[purpose]))))
}

export function subjectAltName(...names: readonly Uint8Array[]): Uint8Array {
  return extension('2.5.29.17', encode(tags.sequence, ...names))
}

export function dns(text: string): Uint8Array {
  return encode(contextTag(2), latin1(text))
}

export function ip(...octets: readonly number[]): Uint8Array {
  return encode(contextTag(7), Uint8Array.from(octets))
}

export function subjectKeyIdentifier(text: string): Uint8Array {
  return extension('2.5.29.14', encode(tags.octetString, latin1(text)))
}

export function authorityKeyIdentifier(text: string): Uint8Array {
  return extension('2.5.29.35', encode(tags.sequence, encode(contextTag(0), latin1(text))))
}

// ── Parts ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export const v3 = encode(constructedTag(0), encode(tags.integer, Uint8Array.of(2)))
export const ecdsaSha256 = encode(tags.sequence, encodeOid('1.2.840.10045.4.3.2'))

export function newKeys(namedCurve = 'P-256'): Keys {
  return generateKeyPairSync('ec', { namedCurve })
}

export function name(value: string | Uint8Array): Uint8Array {
  if (typeof value !== 'string') return value
  const attribute = encode(tags.sequence, encodeOid('2.5.4.3'), encode(tags.utf8String, new TextEncoder().encode(value)))
  return encode(tags.sequence, encode(tags.set, attribute))
}

export function utc(text: string): Uint8Array {
  return encode(tags.utcTime, latin1(text))
}

export function generalized(text: string): Uint8Array {
  return encode(tags.generalizedTime, latin1(text))
}

export function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

export function spkiOf({ publicKey }: Keys): Uint8Array {
  return Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }))
}
