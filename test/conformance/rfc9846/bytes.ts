/**
 * The messages of TLS 1.3 as bytes, written down without the codecs of `src/wire`: a second opinion on the format, and free to break every
 * rule. Each builder makes what the null provider lets pass; each field may be replaced by any bytes, its length prefix included.
 */
import { concat, fromText } from '../../../src/wire/bytes.ts'
import { constantBytes } from '../../null-provider.ts'
import { rfcCertificate } from '../../vectors.ts'

export const bytes = (...values: readonly number[]) => Uint8Array.from(values)
export const u16 = (...values: readonly number[]) => bytes(...values.flatMap(value => [value >> 8, value & 0xff]))
export const u24 = (value: number) => bytes(value >> 16, (value >> 8) & 0xff, value & 0xff)
export const u32 = (value: number) => u16(Math.floor(value / 0x10000), value % 0x10000)
/** A vector with a length of 1, 2 or 3 bytes. */
export const v8 = (...parts: readonly Uint8Array[]) => prefixed(1, parts)
export const v16 = (...parts: readonly Uint8Array[]) => prefixed(2, parts)
export const v24 = (...parts: readonly Uint8Array[]) => prefixed(3, parts)
export const none = bytes()
export const filled = (size: number, value = 7) => new Uint8Array(size).fill(value)

function prefixed(width: 1 | 2 | 3, parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(...parts)
  const length = { 1: bytes(body.length), 2: u16(body.length), 3: u24(body.length) }[width]
  return concat(length, body)
}

// ── Extensions ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const ext = {
  server_name: 0,
  status_request: 5,
  supported_groups: 10,
  signature_algorithms: 13,
  use_srtp: 14,
  heartbeat: 15,
  alpn: 16,
  signed_certificate_timestamp: 18,
  client_certificate_type: 19,
  server_certificate_type: 20,
  padding: 21,
  extended_main_secret: 23,
  compress_certificate: 27,
  record_size_limit: 28,
  pre_shared_key: 41,
  early_data: 42,
  supported_versions: 43,
  cookie: 44,
  psk_key_exchange_modes: 45,
  certificate_authorities: 47,
  oid_filters: 48,
  post_handshake_auth: 49,
  signature_algorithms_cert: 50,
  key_share: 51,
  renegotiation_info: 0xff01,
} as const

export type ExtName = keyof typeof ext
export const grease = 0x2a2a
/** A code point that nobody has registered. */
export const unassigned = 0x4d4d

export interface Ext {
  readonly type: number
  readonly data: Uint8Array
}

export function extension(type: ExtName | number, data: Uint8Array = none): Ext {
  return { type: typeof type === 'number' ? type : ext[type], data }
}

/** A list of extensions without those of a type, with another content for it, or with one more. */
export const without = (list: readonly Ext[], name: ExtName) => list.filter(({ type }) => type !== ext[name])
export const replaced = (list: readonly Ext[], name: ExtName, data: Uint8Array) =>
  list.map(each => (each.type === ext[name] ? { ...each, data } : each))
export const added = (list: readonly Ext[], ...more: readonly Ext[]) => [...list, ...more]

function block(list: readonly Ext[]): Uint8Array {
  return v16(...list.map(({ type, data }) => concat(u16(type), v16(data))))
}

/** A list of extensions, or the bytes that stand in its place. */
type Extensions = readonly Ext[] | Uint8Array

function encoded(extensions: Extensions): Uint8Array {
  return extensions instanceof Uint8Array ? extensions : block(extensions)
}

// ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────────

export function message(type: number, ...body: readonly Uint8Array[]): Uint8Array {
  return concat(bytes(type), v24(...body))
}

export const tls12 = u16(0x0303)
export const tls13 = u16(0x0304)
export const x25519 = 0x001d
export const secp256r1 = 0x0017
export const share = (group: number, size = 32) => concat(u16(group), v16(constantBytes(size)))

/** What the client of these tests offers. */
export const offered: readonly Ext[] = [
  extension('server_name', v16(bytes(0), v16(fromText('server')))),
  extension('supported_groups', v16(u16(x25519, secp256r1))),
  extension('signature_algorithms', v16(u16(0x0403))),
  extension('supported_versions', v8(tls13)),
  extension('key_share', v16(share(x25519))),
]
/** The same without a share, which needs a retry, and the second hello. */
export const offeredWithoutShare = replaced(offered, 'key_share', v16())

export interface ClientHelloFields {
  readonly legacy_version: Uint8Array
  readonly random: Uint8Array
  readonly legacy_session_id: Uint8Array
  readonly cipher_suites: Uint8Array
  readonly legacy_compression_methods: Uint8Array
  readonly extensions: Extensions
  readonly trailing: Uint8Array
}

export function clientHello(change: Partial<ClientHelloFields> = {}): Uint8Array {
  return message(
    1,
    change.legacy_version ?? tls12,
    change.random ?? constantBytes(32),
    change.legacy_session_id ?? v8(constantBytes(32)),
    change.cipher_suites ?? v16(u16(0x1301, 0x1303)),
    change.legacy_compression_methods ?? v8(bytes(0)),
    encoded(change.extensions ?? offered),
    change.trailing ?? none,
  )
}

/** A ClientHello with these extensions. */
export const helloWith = (extensions: readonly Ext[]) => clientHello({ extensions })

export const selected: readonly Ext[] = [extension('supported_versions', tls13), extension('key_share', share(x25519))]

export interface ServerHelloFields {
  readonly legacy_version: Uint8Array
  readonly random: Uint8Array
  readonly legacy_session_id_echo: Uint8Array
  readonly cipher_suite: Uint8Array
  readonly legacy_compression_method: Uint8Array
  readonly extensions: Extensions
  readonly trailing: Uint8Array
}

export function serverHello(change: Partial<ServerHelloFields> = {}): Uint8Array {
  return message(
    2,
    change.legacy_version ?? tls12,
    change.random ?? filled(32, 9),
    change.legacy_session_id_echo ?? v8(constantBytes(32)),
    change.cipher_suite ?? u16(0x1301),
    change.legacy_compression_method ?? bytes(0),
    encoded(change.extensions ?? selected),
    change.trailing ?? none,
  )
}

const retryRandom = Uint8Array.from(Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex'))
export const retried: readonly Ext[] = [extension('supported_versions', tls13), extension('key_share', u16(secp256r1))]

export function helloRetryRequest(change: Partial<ServerHelloFields> = {}): Uint8Array {
  return serverHello({ random: retryRandom, extensions: retried, ...change })
}

/** The ServerHello that fits `helloRetryRequest()`. */
export function serverHelloAfterRetry(change: Partial<ServerHelloFields> = {}): Uint8Array {
  return serverHello({ extensions: replaced(selected, 'key_share', share(secp256r1)), ...change })
}

export const encryptedExtensions = (extensions: Extensions = [], trailing = none) => message(8, encoded(extensions), trailing)

export const requested: readonly Ext[] = [extension('signature_algorithms', v16(u16(0x0403)))]
export const certificateRequest = (extensions: Extensions = requested, context = v8()) => message(13, context, encoded(extensions))

export const endEntity = rfcCertificate(3)
export const entry = (certificate = endEntity, extensions: Extensions = []) => concat(v24(certificate), encoded(extensions))
export const certificate = (list = v24(entry()), context = v8()) => message(11, context, list)
export const certificateVerify = (scheme = 0x0403, signature = v16(constantBytes(64))) => message(15, u16(scheme), signature)
export const finished = (verifyData = constantBytes(32)) => message(20, verifyData)
export const keyUpdate = (...request: readonly number[]) => message(24, bytes(...request))
export const endOfEarlyData = message(5)

export interface TicketFields {
  readonly ticket_lifetime: number
  readonly ticket_nonce: Uint8Array
  readonly ticket: Uint8Array
  readonly extensions: Extensions
}

export function newSessionTicket(change: Partial<TicketFields> = {}): Uint8Array {
  return message(
    4,
    u32(change.ticket_lifetime ?? 60),
    u32(0),
    change.ticket_nonce ?? v8(bytes(1)),
    change.ticket ?? v16(constantBytes(16)),
    encoded(change.extensions ?? []),
  )
}

/** RFC 8879. Without compression the message in it is as it would be alone, less its header. */
export function compressedCertificate(change: { algorithm?: number; length?: number; content?: Uint8Array } = {}): Uint8Array {
  const content = change.content ?? certificate().subarray(4)
  return message(25, u16(change.algorithm ?? 1), u24(change.length ?? content.length), v24(content))
}

export interface OfferedPsk {
  readonly identity: Uint8Array
  readonly age?: number
  readonly binder?: Uint8Array
}

/** `pre_shared_key` of a ClientHello. The null provider's binders are all the same. */
export function preSharedKeys(psks: readonly OfferedPsk[], binders = psks.map(({ binder }) => binder ?? constantBytes(32))): Ext {
  const identities = psks.map(({ identity, age = 0 }) => concat(v16(identity), u32(age)))
  return extension('pre_shared_key', concat(v16(...identities), v16(...binders.map(binder => v8(binder)))))
}
