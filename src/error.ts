/**
 * Every failure of a connection, named once. The table below is the only place that says which alert a fault puts on the wire
 * (RFC 9846 §6.2).
 */

/** Alert descriptions by code point (RFC 9846 §6; the TLS Alerts registry). */
export const alerts = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  record_overflow: 22,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  missing_extension: 109,
  unsupported_extension: 110,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  unknown_psk_identity: 115,
  certificate_required: 116,
  general_error: 117,
  no_application_protocol: 120,
} as const

export type AlertName = keyof typeof alerts

/** One name for each misbehaviour, and the alert that answers it. `undefined`: nothing is said to the peer. */
export const faults = {
  // Records
  'bad-record-mac': 'bad_record_mac',
  'record-overflow': 'record_overflow',
  'record-malformed': 'decode_error',
  'record-unprotected': 'unexpected_message',
  'record-type': 'unexpected_message',
  'empty-record': 'unexpected_message',
  'too-many-empty-records': 'unexpected_message',
  'change-cipher-spec': 'unexpected_message',
  'key-exhausted': 'internal_error',
  // The wire
  'decode-error': 'decode_error',
  'illegal-value': 'illegal_parameter',
  'repeated-extension': 'illegal_parameter',
  'misplaced-extension': 'illegal_parameter',
  'unsolicited-extension': 'unsupported_extension',
  'missing-extension': 'missing_extension',
  // The dialogue
  'unexpected-message': 'unexpected_message',
  'interleaved-message': 'unexpected_message',
  'message-across-keys': 'unexpected_message',
  'message-too-long': 'decode_error',
  'too-many-key-updates': 'unexpected_message',
  'too-many-tickets': 'unexpected_message',
  'too-many-alerts': 'unexpected_message',
  'too-many-certificates': 'bad_certificate',
  'compressed-certificate': 'bad_certificate',
  'certificate-type': 'unsupported_certificate',
  'too-many-requests': 'unexpected_message',
  // Negotiation
  'unsupported-version': 'protocol_version',
  'downgrade-detected': 'illegal_parameter',
  'no-common-cipher-suite': 'handshake_failure',
  'no-common-group': 'handshake_failure',
  'no-common-signature-scheme': 'handshake_failure',
  'no-common-application-protocol': 'no_application_protocol',
  'name-not-served': 'unrecognized_name',
  'no-identity': 'handshake_failure',
  'illegal-hello': 'illegal_parameter',
  'illegal-retry': 'illegal_parameter',
  'illegal-key-share': 'illegal_parameter',
  'illegal-selection': 'illegal_parameter',
  // Authentication
  'certificate-missing': 'decode_error',
  'certificate-required': 'certificate_required',
  'signature-scheme-not-offered': 'illegal_parameter',
  'bad-signature': 'decrypt_error',
  'bad-finished': 'decrypt_error',
  'bad-binder': 'decrypt_error',
  'early-data-overflow': 'unexpected_message',
  // Certificates
  'certificate-malformed': 'bad_certificate',
  'certificate-signature': 'bad_certificate',
  'certificate-algorithm': 'unsupported_certificate',
  'certificate-key': 'unsupported_certificate',
  'certificate-not-yet-valid': 'certificate_expired',
  'certificate-expired': 'certificate_expired',
  'certificate-name-mismatch': 'bad_certificate',
  'certificate-not-a-ca': 'bad_certificate',
  'certificate-path-length': 'bad_certificate',
  'certificate-key-usage': 'unsupported_certificate',
  'certificate-purpose': 'unsupported_certificate',
  'certificate-critical-extension': 'unsupported_certificate',
  'certificate-budget': 'bad_certificate',
  'certificate-name-constraint': 'bad_certificate',
  'certificate-policy': 'bad_certificate',
  'certificate-profile': 'bad_certificate',
  'certificate-pin': 'bad_certificate',
  'certificate-transparency': 'bad_certificate',
  'certificate-revoked': 'certificate_revoked',
  'certificate-distrusted': 'certificate_unknown',
  'revocation-unknown': 'certificate_unknown',
  'crl-malformed': 'bad_certificate',
  'ocsp-malformed': 'bad_certificate_status_response',
  'ocsp-missing': 'bad_certificate_status_response',
  'issuer-unknown': 'unknown_ca',
  'raw-key-unknown': 'certificate_unknown',
  'peer-refused': 'certificate_unknown',
  // Ours, the caller's and the transport's
  refused: 'access_denied',
  aborted: 'user_canceled',
  'local-signature': 'internal_error',
  'input-overflow': 'internal_error',
  internal: 'internal_error',
  truncated: undefined,
  'peer-alert': undefined,
} as const satisfies Record<string, AlertName | undefined>

export type FaultCode = keyof typeof faults

/** Whose the failure was: found here, told by the peer's alert, or the transport's (its end without close_notify). */
export type FaultOrigin = 'local' | 'peer' | 'transport'

/**
 * Why a connection failed. `alert` is what was sent to the peer (`origin: 'local'`) or what the peer sent (`origin: 'peer'`);
 * `undefined` where the transport ended early, and where the peer's alert has no name.
 */
export class TlsError extends Error {
  override readonly name: string = 'TlsError'
  readonly code: FaultCode
  readonly alert: AlertName | undefined
  readonly origin: FaultOrigin

  constructor(code: FaultCode, message: string, options: { alert?: AlertName | undefined; origin?: FaultOrigin; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.alert = options.alert ?? faults[code]
    this.origin = options.origin ?? 'local'
  }
}

/** The bytes could not be carried: refused, reset, timed out, closed too early. `code` is the system's (`ECONNRESET`) where it has one. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly origin = 'transport'
  readonly code: string

  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.code = code
  }
}

/** The name of an alert's code point, or `undefined` for one that the registry of this engine does not know. */
export function alertName(code: number): AlertName | undefined {
  return alertNames.get(code)
}

const alertNames = new Map(Object.entries(alerts).map(([name, code]) => [code as number, name as AlertName]))
