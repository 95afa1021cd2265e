/** A ClientHello as a server reads it: checked, and what matters picked out (RFC 9846 §4.2.2, §4.3, §9.2). */
import type { CodePoint } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import { equal, toText } from '../wire/bytes.ts'
import { type Extension, type ExtensionValue, encodeExtension, find, hostName } from '../wire/extensions.ts'
import type { ClientHello, Message } from '../wire/messages.ts'
import { leastRecordSize } from './record-size.ts'
import { legacyVersion, tls13, versionName } from './version.ts'

export interface Offer {
  readonly hello: ClientHello
  readonly serverName: string | undefined
  readonly groups: readonly CodePoint[]
  /** By group. */
  readonly shares: ReadonlyMap<CodePoint, Uint8Array>
  readonly signatureSchemes: readonly CodePoint[]
  /** What pre_shared_key names, in its order. */
  readonly psks: ExtensionValue<'pre_shared_key', 'client_hello'>['identities'] | undefined
  /** Code points of psk_key_exchange_modes. */
  readonly pskModes: readonly number[]
  readonly alpn: readonly Uint8Array[] | undefined
  readonly recordSizeLimit: number | undefined
  readonly supportedVersions: readonly CodePoint[]
  /** The whole message. */
  readonly raw: Uint8Array
}

export function readOffer({ body: hello, bytes }: Message<'client_hello'>): Offer {
  const { extensions } = hello
  const supportedVersions = readVersions(hello)
  const [compression, another] = hello.legacy_compression_methods
  if (compression !== 0 || another !== undefined) throw new TlsError('illegal-hello', 'ClientHello offers compression')
  const psks = readPsks(hello)
  const groups = find(extensions, 'supported_groups')
  const shares = find(extensions, 'key_share')
  const signatureSchemes = find(extensions, 'signature_algorithms')
  // RFC 9846 §9.2: a hello without a PSK needs all three, and the first two go together in any hello.
  if (!psks || shares) required(groups, 'supported_groups')
  if (!psks || groups) required(shares, 'key_share')
  if (!psks) required(signatureSchemes, 'signature_algorithms')
  return {
    hello,
    serverName: readServerName(find(extensions, 'server_name')),
    groups: groups ?? [],
    shares: readShares(shares ?? [], groups ?? []),
    signatureSchemes: signatureSchemes ?? [],
    psks,
    pskModes: find(extensions, 'psk_key_exchange_modes') ?? [],
    alpn: find(extensions, 'application_layer_protocol_negotiation'),
    recordSizeLimit: readRecordSizeLimit(hello),
    supportedVersions,
    raw: bytes,
  }
}

/** What a HelloRetryRequest asked for. */
export interface Retry {
  /** `undefined`: for no other share. */
  readonly group: CodePoint | undefined
  readonly cookie: Uint8Array | undefined
}

/** The second ClientHello differs from the first only as far as the HelloRetryRequest allows (RFC 9846 §4.2.2). */
export function checkRetriedOffer(first: Offer, second: Offer, asked: Retry): void {
  const [a, b] = [first.hello, second.hello]
  const same =
    equal(a.random, b.random) &&
    equal(a.legacy_session_id, b.legacy_session_id) &&
    sameNumbers(a.cipher_suites, b.cipher_suites) &&
    sameExtensions(a.extensions, b.extensions) &&
    (find(a.extensions, 'pre_shared_key') || !find(b.extensions, 'pre_shared_key'))
  if (!same) throw new TlsError('illegal-hello', 'the second ClientHello changes more than HelloRetryRequest asked for')
  if (find(b.extensions, 'early_data')) throw new TlsError('illegal-hello', 'the second ClientHello offers early data')
  if (!sameBytes(find(b.extensions, 'cookie'), asked.cookie)) {
    throw new TlsError('illegal-hello', 'the second ClientHello does not hold the cookie of the HelloRetryRequest')
  }
  checkRetriedShare(second, asked.group)
}

/** The one key share that was asked for, and no other. */
export function checkRetriedShare({ shares }: Offer, group: CodePoint | undefined): void {
  if (group !== undefined && (shares.size !== 1 || !shares.has(group))) {
    throw new TlsError('illegal-hello', 'the second ClientHello does not hold the one key share that was asked for')
  }
}

function readVersions(hello: ClientHello): readonly CodePoint[] {
  const versions = find(hello.extensions, 'supported_versions')
  if (!versions)
    throw new TlsError('unsupported-version', `the client speaks ${versionName(hello.legacy_version)} at most; only TLS 1.3 is spoken here`)
  if (!versions.includes(tls13)) {
    throw new TlsError('unsupported-version', `the client offers ${versions.map(versionName).join(', ')}; only TLS 1.3 is spoken here`)
  }
  if (hello.legacy_version !== legacyVersion) throw new TlsError('unsupported-version', 'legacy_version of ClientHello is not 0x0303')
  return versions
}

/** RFC 8449 §4: what is above the maximum is for later versions, and means the maximum. */
function readRecordSizeLimit({ extensions }: ClientHello): number | undefined {
  const limit = find(extensions, 'record_size_limit')
  if (limit !== undefined && limit < leastRecordSize) throw new TlsError('illegal-hello', `record_size_limit is ${limit}`)
  return limit
}

/** RFC 9846 §4.3.9, §4.3.11. */
function readPsks({ extensions }: ClientHello): Offer['psks'] {
  const offered = find(extensions, 'pre_shared_key')
  if (!offered) return undefined
  required(find(extensions, 'psk_key_exchange_modes'), 'psk_key_exchange_modes beside pre_shared_key')
  const { identities, binders } = offered
  if (identities.length !== binders.length) {
    throw new TlsError('illegal-hello', `pre_shared_key has ${identities.length} identities and ${binders.length} binders`)
  }
  return identities
}

/** The one host name (RFC 6066 §3): ASCII without blanks, 1 to 255 bytes, as long as a DNS name may be. */
function readServerName(list: ExtensionValue<'server_name', 'client_hello'> | undefined): string | undefined {
  if (!list) return undefined
  const names = list.filter(each => each.name_type === hostName)
  const [first] = names
  if (!first || names.length > 1) throw new TlsError('illegal-hello', 'server_name holds more than one host_name')
  if (first.host_name.length > 255 || first.host_name.some(byte => byte <= 0x20 || byte >= 0x7f))
    throw new TlsError('illegal-hello', 'host_name is not a DNS name in ASCII')
  return toText(first.host_name)
}

function readShares(
  entries: ExtensionValue<'key_share', 'client_hello'>,
  groups: readonly CodePoint[],
): ReadonlyMap<CodePoint, Uint8Array> {
  const offered = new Set(groups)
  const shares = new Map<CodePoint, Uint8Array>()
  for (const { group, key_exchange } of entries) {
    if (!offered.has(group)) throw new TlsError('illegal-hello', `key_share holds group ${group}, which supported_groups does not`)
    if (shares.has(group)) throw new TlsError('illegal-hello', `key_share holds two shares for group ${group}`)
    shares.set(group, key_exchange)
  }
  return shares
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TlsError('missing-extension', `ClientHello has no ${name}`)
  return value
}

function sameExtensions(a: readonly Extension<'client_hello'>[], b: readonly Extension<'client_hello'>[]): boolean {
  const [left, right] = [fixedExtensions(a), fixedExtensions(b)]
  return left.size === right.size && [...left].every(([type, data]) => sameBytes(data, right.get(type)))
}

/** Those that a retry may not touch, by code point. */
function fixedExtensions(extensions: readonly Extension<'client_hello'>[]): Map<number, Uint8Array> {
  return new Map(extensions.filter(({ name }) => !variable.has(name)).map(each => [each.type, encodeExtension('client_hello', each)]))
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equal(a, b)
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

const variable: ReadonlySet<string | undefined> = new Set(['key_share', 'early_data', 'cookie', 'pre_shared_key', 'padding'])
