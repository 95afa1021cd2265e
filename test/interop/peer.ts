/** What the tests ask of another implementation. A driver a peer (`openssl.ts`, `gnutls.ts`, ...) says how that one does it. */
import type { AlertName } from '../../src/error.ts'
import type { Credential, KeyKind } from './credentials.ts'
import type { Inbox } from './inbox.ts'

/** What is left out is as the peer likes it. Names are IANA's. */
export interface PeerOptions {
  readonly suites?: readonly string[]
  /** Preferred first; a client sends its key share for the first. */
  readonly groups?: readonly string[]
  /** Only this version, not 1.3. */
  readonly version?: 'TLSv1.2'
  readonly alpn?: readonly string[]
  /** What it proves itself with. A server has one in any case. */
  readonly credential?: Credential
  /** A PEM file. A client verifies the server against it, a server requires a certificate of the client from it. */
  readonly ca?: string
  /** The peer is to tell all it can in `agreed()`; in exchange it need not carry data. */
  readonly verbose?: boolean
}

/** What the peer says was agreed, as far as it says so. */
export interface Agreed {
  readonly suite?: string
  readonly group?: string
  readonly alpn?: string
  readonly serverName?: string
}

/** The other end of one connection. */
export interface PeerEnd {
  /** The application data that it received. */
  readonly inbox: Inbox
  /** Sends application data. A peer that echoes is not asked to. */
  send(data: Uint8Array): void
  /** Sends close_notify. */
  end(): void
  /** Takes the process, or the socket, away at once, without close_notify. */
  kill(): void
  /** Where it ends with the connection: resolves when it has, to whether it was content. */
  readonly closed?: Promise<boolean>
  agreed(): Promise<Agreed>
  /** The code point of the alert that it says it received. */
  alert(): Promise<number>
}

export interface PeerServer extends PeerEnd {
  readonly port: number
}

export interface Peer {
  readonly groups: readonly string[]
  /** Keys of certificates that it can use, and verify. */
  readonly keys: readonly KeyKind[]
  readonly server: Habits & {
    /** Sends back the lines of text that it gets, and nothing else. */
    readonly echoes?: boolean
    /** The alert that it sends to a client of TLS 1.3 when it has TLS 1.2 only; our client offers no cipher suite of that version. */
    readonly refusesVersion: AlertName
    /** For one connection on 127.0.0.1; resolves once it listens. */
    start(options: PeerOptions): Promise<PeerServer>
  }
  readonly client: Habits & {
    /** The most bytes that it takes in good time, where that is little. */
    readonly atMost?: number
    start(port: number, options: PeerOptions): Promise<PeerEnd>
  }
}

/** Where implementations differ and the RFC lets them. */
export interface Habits {
  /** How it ends a connection with a certificate of an unknown authority. */
  readonly disbelieves: AlertName | 'by leaving'
  /** Closes after our close_notify without one of its own, although RFC 9846 §6.1 wants one. */
  readonly leavesSilently?: boolean
  /** Can't be told to send close_notify first. */
  readonly neverEnds?: boolean
  /** Goes on sending after our close_notify. */
  readonly outlivesEnd?: boolean
  /** Goes on reading after its own close_notify. */
  readonly hearsAfterEnd?: boolean
}

export const suites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'] as const

/** The groups that every peer has. */
export const classicGroups = ['x25519', 'secp256r1', 'secp384r1', 'secp521r1'] as const
export const hybrid = 'X25519MLKEM768'
