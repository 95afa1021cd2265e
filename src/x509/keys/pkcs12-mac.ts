/** What protects a PKCS#12 file against changes: a MAC under a key from the passphrase. */
import type { PasswordCryptography, PasswordHash } from '../../crypto/provider.ts'
import { concat } from '../../wire/bytes.ts'
import { type DerValue, malformed, octetString, oid, sequence, smallInteger, tags } from '../../wire/der.ts'
import { terminatedBmp } from './passphrase.ts'
import { deriveKey, type Lock, readHmac } from './pbes2.ts'

/**
 * Whether the MacData (RFC 7292 §4) fits the `content` and the passphrase. No passphrase and the empty one are the same to people, and not
 * to the files: some tools make the key of nothing then, and some of the two zeros that end a passphrase. Both are tried.
 */
export function verifyMac(macData: DerValue, content: Uint8Array, passphrase: string, work: Omit<Lock, 'advice'>): boolean {
  const fields = sequence(macData)
  const digestInfo = sequence(fields.next())
  const salt = octetString(fields.next())
  const iterations = fields.done ? 1 : smallInteger(fields.next())
  fields.end()
  const algorithm = digestInfo.next(tags.sequence)
  const mac = octetString(digestInfo.next())
  digestInfo.end()
  const scheme = sequence(algorithm)
  const name = oid(scheme.next())
  if (name === pbmac1) return verifyPbmac1(scheme.next(), content, mac, work)
  const hash = hashes.get(name)
  if (hash === undefined)
    throw new TypeError(`its MAC uses ${otherHashes.get(name) ?? name}; SHA-1, SHA-256, SHA-384 and SHA-512 are supported`)
  if (iterations < 1) throw malformed('a MAC key of no iterations', macData)
  const candidates = passphrase === '' ? [terminatedBmp(''), new Uint8Array(0)] : [terminatedBmp(passphrase)]
  return candidates.some(password => {
    work.effort.spend(iterations)
    const key = deriveMacKey(work.passwords, hash, { password, salt, iterations })
    password.fill(0)
    const fits = work.passwords.verifyHmac(hash, key, content, mac)
    key.fill(0)
    return fits
  })
}

/** PBMAC1 (RFC 8018 §7.1) in a PKCS#12 file (RFC 9579 §4): salt and iterations outside of its parameters mean nothing. */
function verifyPbmac1(parameters: DerValue, content: Uint8Array, mac: Uint8Array, work: Omit<Lock, 'advice'>): boolean {
  const fields = sequence(parameters)
  const derivation = fields.next(tags.sequence)
  const hash = readHmac(fields.next())
  fields.end()
  const key = deriveKey(derivation, undefined, work)
  const fits = work.passwords.verifyHmac(hash, key, content, mac)
  key.fill(0)
  return fits
}

/** RFC 7292 §B.2 for a key as long as the hash, which needs one round of step 6 and so no step 6.C. */
function deriveMacKey(
  { digest }: PasswordCryptography,
  hash: PasswordHash,
  { password, salt, iterations }: { readonly password: Uint8Array; readonly salt: Uint8Array; readonly iterations: number },
): Uint8Array {
  const block = hash === 'sha384' || hash === 'sha512' ? 128 : 64
  const padded = repeated(password, block)
  let key = concat(new Uint8Array(block).fill(macKeys), repeated(salt, block), padded)
  padded.fill(0)
  for (let i = 0; i < iterations; i++) {
    const next = digest(hash, key)
    key.fill(0)
    key = next
  }
  return key
}

/** As often as it takes to fill whole blocks; nothing of nothing. */
function repeated(bytes: Uint8Array, block: number): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / block) * block)
  return whole.map((_, i) => bytes[i % bytes.length] ?? 0)
}

/** The ID of §B.3. */
const macKeys = 3

const pbmac1 = '1.2.840.113549.1.5.14'

const hashes: ReadonlyMap<string, PasswordHash> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
])

const otherHashes: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.5', 'MD5'],
  ['2.16.840.1.101.3.4.2.4', 'SHA-224'],
  ['2.16.840.1.101.3.4.2.5', 'SHA-512/224'],
  ['2.16.840.1.101.3.4.2.6', 'SHA-512/256'],
])
