/** Errors as Node.js's modules make them: with a code that programs compare. */
import type { AlertName, FaultCode } from '../../error.ts'
import { TlsError, TransportError } from '../../error.ts'

export interface CodedError extends Error {
  code: string
}

/** The error with its code, and whatever else it carries. */
export function coded<E extends Error, More extends object>(error: E, code: string, more?: More): E & CodedError & More {
  return Object.assign(error, { code }, more)
}

/** Whatever was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** The same bytes, copied. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength).slice()
}

export function invalidType(name: string, wanted: string, value: unknown): CodedError {
  return coded(new TypeError(`${name} has to be ${wanted}, not ${describe(value)}`), 'ERR_INVALID_ARG_TYPE')
}

export function invalidValue(name: string, wanted: string, value: unknown): CodedError {
  return coded(new TypeError(`${name} has to be ${wanted}, not ${describe(value)}`), 'ERR_INVALID_ARG_VALUE')
}

/** Before the handshake was done the transport was gone. Node.js's words: programs look for them. */
export function disconnected({ isServer, destination }: End, cause?: unknown): CodedError {
  const message = isServer ? 'socket hang up' : 'Client network socket disconnected before secure TLS connection was established'
  return coded(new Error(message, { cause }), 'ECONNRESET', destination)
}

/** Which end of which connection an error is about. */
export interface End {
  readonly isServer: boolean
  /** Where a client was told to connect to. */
  readonly destination?: Destination | undefined
}

export interface Destination {
  readonly path: string | undefined
  readonly host: string | undefined
  readonly port: number | string | undefined
  readonly localAddress: string | undefined
}

/** What a client has sent instead of a ClientHello, from its first bytes. */
function strayReason(first: string): string {
  if (/^(GET|POST|HEAD|PUT) /.test(first)) return 'http request'
  return first.startsWith('CONNE') ? 'https proxy request' : 'wrong version number'
}

/**
 * What ended the connection, as Node.js would call it: the transport's own error, OpenSSL's code for what TLS has found, its code for the
 * peer's alert. The error that was found here is the `cause`. `secured`: whether the handshake was done; `first`: what a client's first bytes were.
 */
export function asNodeError(error: Error, end: End & { readonly secured: boolean; readonly first: string }): Error {
  const { secured, first } = end
  if (error instanceof TransportError) {
    if (error.cause instanceof Error) return error.cause
    return secured || error.code !== 'ERR_STREAM_PREMATURE_CLOSE' ? error : disconnected(end, error)
  }
  if (!(error instanceof TlsError)) return error
  if (error.code === 'truncated' && !secured) return disconnected(end, error)
  if (error.code === 'record-type') return opensslError(strayReason(first), error)
  const reason = error.code === 'peer-alert' ? peerAlertReason(error.alert) : (reasons[error.code] ?? error.code.replaceAll('-', ' '))
  return opensslError(reason, error)
}

/** As OpenSSL's errors look in Node.js: the code is made of the reason. */
export function opensslError(reason: string, cause?: Error): CodedError {
  const detail = cause ? `: ${cause.message}` : ''
  const code = `ERR_SSL_${reason.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`
  return coded(new Error(`SSL routines: ${reason}${detail}`, { cause }), code, { library: 'SSL routines', reason })
}

/** OpenSSL names alerts by the version of the protocol that they came with. */
function peerAlertReason(alert: AlertName | undefined): string {
  if (alert === undefined) return 'unknown alert type'
  return alertReasons[alert] ?? `tlsv1 alert ${alert.replaceAll('_', ' ')}`
}

const alertReasons: Readonly<Partial<Record<AlertName, string>>> = {
  close_notify: 'unexpected eof while reading',
  unexpected_message: 'sslv3 alert unexpected message',
  bad_record_mac: 'sslv3 alert bad record mac',
  handshake_failure: 'sslv3 alert handshake failure',
  bad_certificate: 'sslv3 alert bad certificate',
  unsupported_certificate: 'sslv3 alert unsupported certificate',
  certificate_revoked: 'sslv3 alert certificate revoked',
  certificate_expired: 'sslv3 alert certificate expired',
  certificate_unknown: 'sslv3 alert certificate unknown',
  illegal_parameter: 'sslv3 alert illegal parameter',
  user_canceled: 'tlsv1 alert user cancelled',
  missing_extension: 'tlsv13 alert missing extension',
  certificate_required: 'tlsv13 alert certificate required',
  unsupported_extension: 'tlsv1 unsupported extension',
  unrecognized_name: 'tlsv1 unrecognized name',
  bad_certificate_status_response: 'tlsv1 bad certificate status response',
}

/** What OpenSSL says of the same faults; of others, our own name is the reason. */
const reasons: Readonly<Partial<Record<FaultCode, string>>> = {
  'bad-record-mac': 'decryption failed or bad record mac',
  'record-overflow': 'packet length too long',
  'record-malformed': 'wrong version number',
  'record-unprotected': 'bad record type',
  'decode-error': 'length mismatch',
  'unexpected-message': 'unexpected message',
  'unsupported-version': 'unsupported protocol',
  'downgrade-detected': 'inappropriate fallback',
  'no-common-cipher-suite': 'no shared cipher',
  'no-common-group': 'no suitable key share',
  'no-common-signature-scheme': 'no suitable signature algorithm',
  'no-common-application-protocol': 'no application protocol',
  'no-identity': 'no suitable signature algorithm',
  'certificate-required': 'peer did not return a certificate',
  'signature-scheme-not-offered': 'wrong signature type',
  'bad-signature': 'bad signature',
  'bad-finished': 'digest check failed',
  'bad-binder': 'binder does not verify',
  truncated: 'unexpected eof while reading',
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'object' && value !== null ? `an ${value.constructor?.name ?? 'object'}` : String(value)
}
