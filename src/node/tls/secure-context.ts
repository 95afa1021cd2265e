/** What many connections share: keys, certificates, whom to believe, which algorithms. */
import type { CommonOptions, Identity } from '../../types.ts'
import { nodeProvider } from '../defaults.ts'
import { type CodedError, coded, invalidType, invalidValue } from './errors.ts'
import { type IdentityOptions, identitiesOf } from './identities.ts'
import { defaults, groupsOf, schemesOf, suitesOf } from './names.ts'
import { checkTicketKeys, SessionTickets } from './session-tickets.ts'
import { authoritiesOf, type Believed, believedBy, type TrustOptions, withIssuers } from './trust.ts'
import { checkVersions, type VersionOptions } from './versions.ts'

/** The options of `tls.createSecureContext`. What is gone in TLS 1.3 is taken and means nothing, as in Node.js on 1.3. */
export interface SecureContextOptions extends IdentityOptions, TrustOptions, VersionOptions {
  /** An OpenSSL cipher list, of which the names of TLS 1.3 count. Default: `DEFAULT_CIPHERS`. */
  ciphers?: string | undefined
  /** Groups, preferred first, joined by colons: `X25519:P-256`. Default: `auto`, the provider's. */
  ecdhCurve?: string | undefined
  /** Signature algorithms, preferred first, joined by colons. Default: the provider's. */
  sigalgs?: string | undefined
  /** Whether a server goes by its own preference among suites. Default: true. */
  honorCipherOrder?: boolean | undefined
  /** Bytes that sessions are bound to: servers with another one do not resume them. */
  sessionIdContext?: string | undefined
  /** Seconds for which a server resumes a session. Default: 300. */
  sessionTimeout?: number | undefined
  /** 48 bytes, of which 16 name the key and 32 are it. Default: random. */
  ticketKeys?: Uint8Array | undefined
  /** Gone: give an external signer as `key`. */
  clientCertEngine?: unknown
  privateKeyEngine?: unknown
  privateKeyIdentifier?: unknown
  /** Gone in TLS 1.3. */
  dhparam?: unknown
}

/** The algorithms of a context, as the engine names them. */
type Algorithms = Pick<CommonOptions, 'cipherSuites' | 'groups' | 'signatureSchemes' | 'certificateSignatureSchemes'>

/** Made by `createSecureContext`. Immutable; `context` is there for those who look whether it is one. */
export class SecureContext {
  readonly identities: readonly Identity[]
  readonly algorithms: Algorithms
  readonly honorCipherOrder: boolean
  /** Seconds. */
  readonly sessionTimeout: number
  readonly tickets: SessionTickets
  readonly #believed: () => Believed

  constructor(options: SecureContextOptions = {}) {
    if (typeof options !== 'object') throw invalidType('options', 'an object', options)
    checkGone(options)
    checkVersions(options)
    const { identities, authorities } = identitiesOf(options, nodeProvider())
    // As OpenSSL does it, what is missing of a chain is looked for in `ca`.
    this.identities = identities.map(identity => ({ ...identity, chain: withIssuers(identity.chain, authoritiesOf(options.ca)) }))
    this.algorithms = algorithmsOf(options)
    this.honorCipherOrder = options.honorCipherOrder ?? true
    this.sessionTimeout = sessionTimeoutOf(options.sessionTimeout)
    const { ticketKeys = null } = options
    this.tickets = new SessionTickets(
      ticketKeys === null ? nodeProvider().random(48) : checkTicketKeys(ticketKeys),
      optionalString('sessionIdContext', options.sessionIdContext),
    )
    this.#believed = believedBy(options, authorities)
  }

  get context(): this {
    return this
  }

  get believed(): Believed {
    return this.#believed()
  }
}

/** Throws coded errors for what is malformed, for what excludes TLS 1.3, and for options that have no place here. */
export function createSecureContext(options?: SecureContextOptions | null): SecureContext {
  return new SecureContext(options ?? {})
}

/** A context as it is, or one made of options. */
export function contextOf(given: SecureContext | SecureContextOptions | null | undefined): SecureContext {
  return typeof given === 'object' && given !== null && 'identities' in given ? checkContext(given) : createSecureContext(given)
}

/** Throws `ERR_TLS_INVALID_CONTEXT` for what is no context: one of `node:tls` is none. */
export function checkContext(value: unknown): SecureContext {
  if (value instanceof SecureContext) return value
  throw coded(new TypeError('context must be a SecureContext: createSecureContext of this module makes one'), 'ERR_TLS_INVALID_CONTEXT')
}

function checkGone({ clientCertEngine, privateKeyEngine, privateKeyIdentifier, dhparam }: SecureContextOptions): void {
  const isMissing = dhparam === undefined || dhparam === null
  if (!isMissing && typeof dhparam !== 'string' && !ArrayBuffer.isView(dhparam))
    throw invalidType('options.dhparam', 'a string or a view of bytes', dhparam)
  for (const [name, value] of Object.entries({ clientCertEngine, privateKeyEngine, privateKeyIdentifier })) {
    if (value !== undefined && value !== null) throw replaced(name)
  }
}

function replaced(name: string): CodedError {
  const message = `options.${name} is for engines of OpenSSL, which are not used here: give key as an external signer, { schemes, sign(scheme, message) }`
  return coded(new Error(message), 'ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED')
}

function algorithmsOf({ ciphers, ecdhCurve, sigalgs }: SecureContextOptions): Algorithms {
  const groups = groupsOf(optionalString('ecdhCurve', ecdhCurve) ?? defaults.DEFAULT_ECDH_CURVE)
  const schemes = optionalString('sigalgs', sigalgs)
  if (schemes === '') throw invalidValue('options.sigalgs', 'a list of signature algorithms', schemes)
  return {
    cipherSuites: suitesOf(optionalString('ciphers', ciphers) || defaults.DEFAULT_CIPHERS),
    ...(groups && { groups }),
    ...(schemes !== undefined && signatureAlgorithms(schemesOf(schemes))),
  }
}

/** RSA PKCS#1 is for certificates alone. */
function signatureAlgorithms(schemes: readonly string[]): Algorithms {
  const signatureSchemes = schemes.filter(each => !each.startsWith('rsa_pkcs1_') && each !== 'ecdsa_sha1')
  if (signatureSchemes.length > 0) return { signatureSchemes, certificateSignatureSchemes: schemes }
  throw coded(new Error(`sigalgs: none of ${schemes.join(', ')} can sign a handshake of TLS 1.3`), 'ERR_CRYPTO_OPERATION_FAILED')
}

function optionalString(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  throw invalidType(`options.${name}`, 'a string', value)
}

function sessionTimeoutOf(value: unknown): number {
  if (value === undefined || value === null) return 300
  if (typeof value !== 'number') throw invalidType('options.sessionTimeout', 'a number', value)
  if (Number.isInteger(value) && value >= 0) return value
  throw coded(new RangeError(`options.sessionTimeout is a number of seconds, not ${value}`), 'ERR_OUT_OF_RANGE')
}
