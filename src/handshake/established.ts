/** What a handshake ends with. */
import type { CipherSuite, CodePoint, KeyExchange } from '../crypto/provider.ts'
import type { Identity, VerifiedPeer } from '../types.ts'
import type { PskCandidate } from './psk.ts'

export interface Established {
  readonly suite: CipherSuite
  /** `undefined` where a PSK was used alone. */
  readonly group: KeyExchange | undefined
  /** The scheme that the server signed with; `undefined` where a PSK was used. */
  readonly signatureScheme: CodePoint | undefined
  /** The PSK that the handshake stands on. */
  readonly psk: PskCandidate | undefined
  /** Whether the client can use tickets, as far as it has said. */
  readonly resumable: boolean
  readonly alpn: Uint8Array | undefined
  readonly serverName: string | undefined
  /** Who proved itself in this handshake. Where a session was resumed, its state says who did in the first. */
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
