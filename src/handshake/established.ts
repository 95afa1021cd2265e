/** What a handshake ends with. */
import type { CipherSuite, CodePoint, KeyExchange } from '../crypto/provider.ts'
import type { CertificateType, Identity, VerifiedPeer } from '../types.ts'
import type { Exchange } from './exchange.ts'
import type { PskCandidate } from './psk.ts'
import type { ClientSettings, ServerSettings } from './settings.ts'

export interface Established {
  readonly suite: CipherSuite
  /** `undefined` where a PSK was used alone. */
  readonly group: KeyExchange | undefined
  /** The scheme that the server signed with; `undefined` where a PSK was used. */
  readonly signatureScheme: CodePoint | undefined
  /** The PSK that the handshake stands on. */
  readonly psk: PskCandidate | undefined
  /** The handshake itself, whose transcript goes on where the client authenticates later; `undefined`: it has not offered to. */
  readonly later: LaterAuthentication | undefined
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

/** What client authentication after the handshake goes on from. */
export type LaterAuthentication =
  | { readonly role: 'client'; readonly exchange: Exchange<ClientSettings>; readonly type: CertificateType }
  | { readonly role: 'server'; readonly exchange: Exchange<ServerSettings>; readonly type: CertificateType }

/** Secrets that outlive the handshake. Their owner erases them. */
export interface Secrets {
  readonly clientTraffic: Uint8Array
  readonly serverTraffic: Uint8Array
  readonly exporter: Uint8Array
  readonly resumption: Uint8Array
}
