/** What a handshake is allowed to do: the options, with names resolved to algorithms. Lists are in order of preference. */
import type { CipherSuite, CodePoint, CryptoProvider, KeyExchange, SignatureVerifier } from '../crypto/provider.ts'
import type { Identity, ShapeExtensions } from '../types.ts'
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
  /** What may be resumed or proved with, at this moment: the session's age counts on. */
  readonly pskCandidates: () => readonly PskCandidate[]
}

export interface ServerSettings extends CommonSettings {
  readonly identities: readonly Identity[]
  readonly clientAuth: 'request' | 'require' | undefined
  readonly certificateAuthorities: readonly Uint8Array[]
  /** External PSKs that are known beforehand. */
  readonly psks: readonly PskCandidate[]
  /** Bytes; 0: none is taken. */
  readonly maxEarlyData: number
  /** Milliseconds by which the stated age of a ticket may be wrong. */
  readonly earlyDataWindow: number
  /** Milliseconds since 1970; `undefined` without a clock: nothing is resumed then. */
  readonly now: (() => number) | undefined
}
