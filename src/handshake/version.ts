/** Protocol versions (RFC 9846 §4.3.1) and the guard against being talked out of TLS 1.3. */
import { TlsError } from '../error.ts'
import { equal, fromText } from '../wire/bytes.ts'

export const tls13 = 0x0304
/** What `legacy_version` says in every TLS 1.3 hello. */
export const legacyVersion = 0x0303

/** A ServerHello without `supported_versions` speaks an older version: an honest old server, or a downgrade (RFC 9846 §4.2.3). */
export function checkDowngrade(random: Uint8Array, version: number): never {
  const tail = random.subarray(24)
  if (sentinels.some(sentinel => equal(sentinel, tail))) {
    throw new TlsError('downgrade-detected', 'the server knows TLS 1.3 but was made to select an older version')
  }
  throw new TlsError('unsupported-version', `the server selects ${versionName(version)}; only TLS 1.3 is spoken here`)
}

export function versionName(version: number): string {
  const minor = version - 0x0301
  if (version === 0x0300) return 'SSL 3.0'
  return minor >= 0 && minor <= 3 ? `TLS 1.${minor}` : `version 0x${version.toString(16).padStart(4, '0')}`
}

const sentinels = [fromText('DOWNGRD\x01'), fromText('DOWNGRD\x00')]
