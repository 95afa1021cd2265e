/** Files with certificates and what belongs to them, as PEM or DER. */
import { DerReader, sequence, tags } from '../../wire/der.ts'
import { decodePem } from '../../x509/index.ts'
import { readBytes, sourceName } from '../files.ts'
import { orUsageError, UsageError } from '../usage.ts'

export type ItemKind = 'certificate' | 'revocation list' | 'OCSP response' | 'request' | 'public key' | 'private key' | 'unknown'

export interface Item {
  readonly kind: ItemKind
  /** DER. */
  readonly bytes: Uint8Array
  /** What a PEM file calls it; `DER` without one. */
  readonly label: string
}

/** All that a file holds, in order. `UsageError` that names the file and its `option`, where it has one, if it is neither, or has nothing in it. */
export function readItems(option: string | undefined, file: string): Item[] {
  const bytes = readBytes(option, file)
  const text = new TextDecoder().decode(bytes)
  // A text may begin with the character 0, which is a SEQUENCE's first octet: what `openssl s_client -showcerts` prints does.
  if (bytes[0] === tags.sequence && !/^-----BEGIN /m.test(text)) return [{ kind: kindOf(bytes), bytes, label: 'DER' }]
  const blocks = orUsageError(() => decodePem(text), `${sourceName(option, file)}: `)
  if (blocks.length === 0) throw new UsageError(`${sourceName(option, file)}: there is nothing in PEM in it, and it is not DER`)
  return blocks.map(({ label, bytes }) => ({ kind: labels[label] ?? 'unknown', bytes, label }))
}

/** The items of one kind; at least one. */
export function readKind(option: string | undefined, file: string, kind: ItemKind): Uint8Array[] {
  const found = readItems(option, file).filter(item => item.kind === kind)
  if (found.length === 0) throw new UsageError(`${sourceName(option, file)}: there is no ${kind} in it`)
  return found.map(({ bytes }) => bytes)
}

const labels: Readonly<Record<string, ItemKind>> = {
  CERTIFICATE: 'certificate',
  'X509 CERTIFICATE': 'certificate',
  'X509 CRL': 'revocation list',
  'OCSP RESPONSE': 'OCSP response',
  'CERTIFICATE REQUEST': 'request',
  'NEW CERTIFICATE REQUEST': 'request',
  'PUBLIC KEY': 'public key',
  'PRIVATE KEY': 'private key',
  'ENCRYPTED PRIVATE KEY': 'private key',
  'EC PRIVATE KEY': 'private key',
  'RSA PRIVATE KEY': 'private key',
}

/** By what stands first in it; what is not like the others counts as a certificate, so that its reader says what is wrong with it. */
function kindOf(der: Uint8Array): ItemKind {
  try {
    const outer = new DerReader(der).next(tags.sequence)
    const fields = sequence(outer)
    // OCSPResponse begins with its status.
    if (fields.peek() === tags.enumerated) return 'OCSP response'
    const first = fields.next()
    // PKCS#8 begins with its version.
    if (first.tag === tags.integer) return 'private key'
    // EncryptedPrivateKeyInfo has an OCTET STRING behind its algorithm, everything that is signed another algorithm.
    return fields.peek() === tags.octetString ? 'private key' : kindOfSigned(first.bytes)
  } catch {
    return 'certificate'
  }
}

/** By the signed part: a revocation list has a time where a certificate has a sequence. */
function kindOfSigned(contents: Uint8Array): ItemKind {
  const found: number[] = []
  for (const fields = new DerReader(contents); !fields.done && found.length < 5; ) found.push(fields.next().tag)
  if (found[0] === tags.oid) return 'public key'
  if (found.some(tag => tag === tags.utcTime || tag === tags.generalizedTime)) return 'revocation list'
  return found[0] === tags.integer && found[1] === tags.sequence && found[2] === tags.sequence && found[3] !== tags.sequence
    ? 'request'
    : 'certificate'
}
