/**
 * `node:tls`, on this engine: the same names, options, events and error codes, as Node.js has them where TLS 1.3 was negotiated. A bundler or a
 * loader can put this module in the place of `node:tls`.
 */
import { convertALPNProtocols } from './alpn.ts'
import { connect } from './connect.ts'
import { checkServerIdentity } from './identity-check.ts'
import { DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MAX_VERSION, DEFAULT_MIN_VERSION, defaults, getCiphers } from './names.ts'
import { getCACertificates, rootCertificates } from './roots.ts'
import { createSecureContext, SecureContext } from './secure-context.ts'
import { createSecurePair } from './secure-pair.ts'
import { createServer, Server } from './server.ts'
import { TLSSocket } from './socket.ts'

/** How often, and within how many seconds, a client of older versions may renegotiate. TLS 1.3 has no renegotiation. */
export const CLIENT_RENEG_LIMIT = 3
export const CLIENT_RENEG_WINDOW = 600

export type { AlpnProtocols } from './alpn.ts'
export type { DetailedPeerCertificate, PeerCertificate } from './certificates.ts'
export type { ConnectionOptions } from './connect.ts'
export type { ExternalSigner } from './identities.ts'
export type { IdentityError } from './identity-check.ts'
export type { EphemeralKeyInfo } from './names.ts'
export type { SecureContextOptions } from './secure-context.ts'
export type { SecurePair } from './secure-pair.ts'
export type { TlsOptions } from './server.ts'
export type { CipherNameAndProtocol, TLSSocketOptions } from './socket.ts'
export {
  checkServerIdentity,
  connect,
  convertALPNProtocols,
  createSecureContext,
  createSecurePair,
  createServer,
  DEFAULT_CIPHERS,
  DEFAULT_ECDH_CURVE,
  DEFAULT_MAX_VERSION,
  DEFAULT_MIN_VERSION,
  getCACertificates,
  getCiphers,
  rootCertificates,
  SecureContext,
  Server,
  TLSSocket,
}

/** An object of its own, as in Node.js: what it has can be replaced, and its defaults are those of the contexts to come. */
export default Object.assign(defaults, {
  CLIENT_RENEG_LIMIT,
  CLIENT_RENEG_WINDOW,
  SecureContext,
  Server,
  TLSSocket,
  checkServerIdentity,
  connect,
  convertALPNProtocols,
  createSecureContext,
  createSecurePair,
  createServer,
  getCACertificates,
  getCiphers,
  rootCertificates,
})
