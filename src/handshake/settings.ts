/** What a handshake is allowed to do: the options, with names resolved to algorithms. Lists are in order of preference. */
import type { CipherSuite, CodePoint, CryptoProvider, KeyExchange, SignatureVerifier } from '../crypto/provider.ts'
import type { CertificateType, CookieOptions, Identity, OidFilter, ShapeExtensions } from '../types.ts'
import type { PskCandidate, PskMode } from './psk.ts'

export interface CommonSettings {
  readonly crypto: CryptoProvider
  readonly cipherSuites: readonly CipherSuite[]
  readonly groups: readonly KeyExchange[]
  /** For CertificateVerify: never rsa_pkcs1. */
  readonly verifiers: readonly SignatureVerifier[]
  /** For the signatures in certificates. */
  readonly certificateSignatureSchemes: readonly CodePoint[]
  /** Application protocols as they stand on the wire. */
  readonly alpn: readonly Uint8Array[]
  readonly pskModes: readonly PskMode[]
  readonly compatibilityMode: boolean
  readonly maxCertificates: number
  /** Bytes. */
  readonly maxHandshakeMessage: number
  /** Whether a stapled OCSP response, and SCTs, are asked of the peer. */
  readonly requestOcsp: boolean
  readonly requestScts: boolean
  readonly compressors: readonly { readonly algorithm: CodePoint; readonly compress: (data: Uint8Array) => Uint8Array }[]
  readonly decompressors: readonly {
    readonly algorithm: CodePoint
    readonly decompress: (data: Uint8Array, length: number) => Uint8Array
  }[]
  /** What a server may prove itself with, and a client, preferred first. */
  readonly serverCertificateTypes: readonly CertificateType[]
  readonly clientCertificateTypes: readonly CertificateType[]
  /** record_size_limit of this side; `undefined`: not sent by a client. */
  readonly recordSizeLimit: number | undefined
  readonly shapeExtensions: ShapeExtensions | undefined
  /** One secret under its label of the NSS key log format. */
  readonly logSecret: (label: string, clientRandom: Uint8Array, secret: Uint8Array) => void
}

export interface ClientSettings extends CommonSettings {
  readonly serverName: string
  /** What goes into `server_name`; `undefined` for an IP address, which is not sent. */
  readonly sentServerName: string | undefined
  readonly keyShares: readonly KeyExchange[]
  readonly earlyData: boolean
  readonly postHandshakeAuth: boolean
  readonly grease: boolean
  /** What may be resumed or proved with, at this moment: the session's age counts on. */
  readonly pskCandidates: () => readonly PskCandidate[]
}

export interface ServerSettings extends CommonSettings {
  readonly identities: readonly Identity[]
  readonly clientAuth: 'request' | 'require' | undefined
  /** For a client's CertificateVerify. */
  readonly clientVerifiers: readonly SignatureVerifier[]
  readonly certificateAuthorities: readonly Uint8Array[]
  readonly oidFilters: readonly OidFilter[]
  readonly cookie: CookieOptions | undefined
  /** External PSKs that are known beforehand. */
  readonly psks: readonly PskCandidate[]
  /** Bytes; 0: none is taken. */
  readonly maxEarlyData: number
  /** Milliseconds by which the stated age of a ticket may be wrong. */
  readonly earlyDataWindow: number
  /** Milliseconds since 1970; `undefined` without a clock: nothing is resumed then. */
  readonly now: (() => number) | undefined
}
