/** What a handshake ends with. */
import type { CipherSuite, CodePoint, KeyExchange } from '../crypto/provider.ts'
import type { Identity, VerifiedPeer } from '../types.ts'

export interface Established {
  readonly suite: CipherSuite
  readonly group: KeyExchange
  /** The scheme that the server signed with. */
  readonly signatureScheme: CodePoint
  readonly alpn: Uint8Array | undefined
  readonly serverName: string | undefined
  readonly peer: VerifiedPeer | undefined
  readonly localIdentity: Identity | undefined
  readonly retried: boolean
  readonly secrets: Secrets
}

/** Secrets that outlive the handshake. Their owner erases them. */
export interface Secrets {
  readonly clientTraffic: Uint8Array
  readonly serverTraffic: Uint8Array
  readonly exporter: Uint8Array
  readonly resumption: Uint8Array
}
