/** What a handshake is allowed to do: the options, with names resolved to algorithms. Lists are in order of preference. */
import type { CipherSuite, CodePoint, CryptoProvider, KeyExchange, SignatureVerifier } from '../crypto/provider.ts'
import type { Identity, ShapeExtensions } from '../types.ts'

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
}

export interface ServerSettings extends CommonSettings {
  readonly identities: readonly Identity[]
  readonly clientAuth: 'request' | 'require' | undefined
  readonly certificateAuthorities: readonly Uint8Array[]
}
