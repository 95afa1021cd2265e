/** The engine's surface as types: options, questions, facts, and the connection itself. */
import type { CodePoint, CryptoProvider, PrivateKey } from './crypto/provider.ts'
import type { AlertName, TlsError } from './error.ts'

// ── Credentials and verdicts ────────────────────────────────────────────────────────────────────────────────────────

/** What one side proves itself with. */
export interface Identity {
  /** Default: `X509`. For a raw public key, `chain` is its DER SubjectPublicKeyInfo alone (RFC 7250). */
  readonly type?: CertificateType
  /** DER certificates, the end entity first, each certified by the next; the root may be left out. */
  readonly chain: readonly Uint8Array[]
  readonly key: PrivateKey
  /** The names that a server serves with it: `example.com`, `*.example.com`. Left out: any, where no other identity names the one that is asked for. */
  readonly serverNames?: readonly string[]
  /** A DER OCSP response, stapled where the peer asks for one. */
  readonly ocsp?: Uint8Array
  /** Serialised SCTs (RFC 6962), sent where the peer asks for them. */
  readonly scts?: readonly Uint8Array[]
}

export type CertificateType = 'X509' | 'RawPublicKey'

/** A codec for certificate chains (RFC 8879): either direction may be missing. */
export interface CertificateCompression {
  readonly algorithm: 'zlib' | 'brotli' | 'zstd'
  compress?(data: Uint8Array): Uint8Array
  /** Unpacks to exactly `length` bytes; throws rather than to make more. */
  decompress?(data: Uint8Array, length: number): Uint8Array
}

/** What a client's certificate must hold: the DER of an OID, and of the extension's values (RFC 9846 §4.3.5). */
export interface OidFilter {
  readonly oid: Uint8Array
  readonly values: Uint8Array
}

/** The verdict on a peer's chain. Only a trust store, or `acceptWithoutVerification`, makes one; a look-alike is refused. */
export interface VerifiedPeer {
  /** The certificates that the peer sent, DER, the end entity first. */
  readonly chain: readonly Uint8Array[]
  /** What `chain` is: certificates, or one SubjectPublicKeyInfo. */
  readonly certificateType: CertificateType
  /** The end entity's DER SubjectPublicKeyInfo: the key that must have signed the handshake. */
  readonly spki: Uint8Array
  /** The subjects of `chain`, readable (`CN=example.com,O=Example`). */
  readonly subjects: readonly string[]
  /** False where the application accepted the chain without verification. */
  readonly verified: boolean
}

export interface VerifyRequest {
  /** The reference identity: a DNS name or an IP address as text. `undefined`: any name (client certificates). */
  readonly name: string | undefined
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number
  /** What the peer is used as: decides the extended key usage that its certificate must allow. */
  readonly purpose: 'server' | 'client'
  /** What the chain is. Default: `X509`. */
  readonly certificateType?: CertificateType
  /** The stapled OCSP response, DER. */
  readonly ocsp?: Uint8Array
  readonly scts?: readonly Uint8Array[]
  /** CRLs and OCSP responses, DER, that the application fetched for this chain, where the store judges revocation. */
  readonly crls?: readonly Uint8Array[]
  readonly fetchedOcsp?: readonly Uint8Array[]
}

/** Judges chains. `createTrustStore` of `tassel/x509` makes one. */
export interface TrustStore {
  /** Throws a `TlsError` that names the certificate and the rule that failed (`tassel/x509`: a `CertificateError`). */
  verify(chain: readonly Uint8Array[], request: VerifyRequest): VerifiedPeer
}

/** What one handshake leaves for the next. `toBytes` holds a secret key: store it like one. */
export interface Session {
  /** The name that the first connection was made to. */
  readonly serverName: string | undefined
  readonly alpn: string | undefined
  /** Milliseconds since 1970. */
  readonly expires: number
  /** How many bytes of early data the server takes; 0: none. */
  readonly maxEarlyData: number
  /** The server's name for the session: opaque to the client, a key of the store where the server keeps sessions itself. */
  readonly ticket: Uint8Array
  /** The certificates that the peer proved itself with. */
  readonly peerChain: readonly Uint8Array[]
  toBytes(): Uint8Array
}

/** A key that both sides got outside of TLS. */
export interface ExternalPsk {
  /** 1 to 65,535 bytes. */
  readonly identity: Uint8Array
  /** At least 16 bytes with the strength of a key, not a password (RFC 9257). */
  readonly key: Uint8Array
  /** The hash that the key was made for. Default: `sha256`. */
  readonly hash?: 'sha256' | 'sha384'
  /** Whether it passes the importer of RFC 9258, on both sides. Default: true. Most other libraries need false. */
  readonly imported?: boolean
  /** What the key was derived from, for the importer. */
  readonly context?: Uint8Array
}

/** The keys that a server seals its tickets with; share them, and any server resumes what another began. */
export interface TicketKeys {
  /** The key to seal with comes first; all that are not past `notAfter` (milliseconds since 1970) open. Asked for at each use. */
  keys(now: number): readonly { readonly name: Uint8Array; readonly key: Uint8Array; readonly notAfter: number }[]
}

export interface CookieOptions {
  readonly key: Uint8Array
  /** Whether every client has to come back with a cookie, so that nothing is done for one that can't be reached. Default: false. */
  readonly always?: boolean
  /** Seconds for which a cookie is good. Default: 30. */
  readonly lifetime?: number
}

/** Remembers the hellos whose early data was taken. */
export interface ReplayGuard {
  /** True the first time that this binder is seen, false ever after. `now`: milliseconds since 1970. */
  claim(binder: Uint8Array, now: number): boolean
}

// ── Options: what is left out is asked ──────────────────────────────────────────────────────────────────────────────

export interface CommonOptions {
  /** Required in `tassel/engine`; the package's main entry fills in the portable provider. */
  crypto?: CryptoProvider
  /** Application protocols, preferred first, each 1 to 255 characters of one byte (RFC 7301). */
  alpn?: readonly string[]
  /** IANA names, preferred first. Default: all of the provider's, in its order. So it is for the next three. */
  cipherSuites?: readonly string[]
  groups?: readonly string[]
  signatureSchemes?: readonly string[]
  /** Schemes accepted in certificates (`signature_algorithms_cert`). Default: `signatureSchemes` and `rsa_pkcs1_*`. */
  certificateSignatureSchemes?: readonly string[]
  /** Keys from outside of TLS, preferred first. */
  psk?: readonly ExternalPsk[]
  /**
   * How PSKs are used: with a key exchange, or alone, without forward secrecy. Default: `['psk_dhe_ke']`. An empty list: not at all; to a client that
   * says so no server sends tickets.
   */
  pskModes?: readonly ('psk_dhe_ke' | 'psk_ke')[]
  /** Whether to ask the peer for a stapled OCSP response, and for SCTs. Default: false. */
  requestOcsp?: boolean
  requestScts?: boolean
  /** Codecs for certificate chains, preferred first. Default: none. */
  certificateCompression?: readonly CertificateCompression[]
  /** What servers, and clients, may prove themselves with (RFC 7250), preferred first. Default: `['X509']`. */
  serverCertificateTypes?: readonly CertificateType[]
  clientCertificateTypes?: readonly CertificateType[]
  /** The longest record that this side takes, with its content type: 64 to 16,385 bytes (RFC 8449). Default: a server answers with 16,385, a client does not ask. */
  recordSizeLimit?: number
  /** How many bytes of padding to add to a record with this many bytes of content; clamped to what fits. Default: none. */
  padding?: (plaintextLength: number) => number
  /** Whose certificates to believe. Left out: the question `peer-certificate`. */
  trust?: TrustStore
  /**
   * Whether `peer-certificate` is asked although `trust` has judged and found nothing wrong: for whoever wants to look too, and to stop there. The
   * answer may be the question's `verdict`. Default: false.
   */
  reviewPeer?: boolean
  /** The clock, milliseconds since 1970. Needed where `trust` is given. */
  now?: () => number
  /** Receives one line of the NSS key log format (RFC 9850) for each secret, without a line end. */
  keyLog?: (line: string) => void
  /** Receives every handshake message, alert and change_cipher_spec as it passes. */
  trace?: (event: TraceEvent) => void
  /** Called when an answer given outside `poll()` made output or events: "come and poll me". */
  wake?: () => void
  limits?: Partial<Limits>
  /** Middlebox compatibility mode (RFC 9846 appendix E.4). Default: true. A server follows its client. */
  compatibilityMode?: boolean
  /** Rewrites the list of extensions of a message before it leaves: order, additions, omissions. For shaping and for replays. */
  shapeExtensions?: ShapeExtensions
}

export interface ClientOptions extends CommonOptions {
  /** The server's DNS name or IP address: sent as `server_name` (DNS names only), and the name its certificate must carry. */
  serverName: string
  /** Whether the name is told to the server (RFC 6066 §3). Default: true. */
  sendServerName?: boolean
  /** The groups to send key shares for, a subset of `groups`. Default: the first of `groups`, and X25519 beside a hybrid with it. */
  keyShares?: readonly string[]
  /** Left out: the question `certificate-request`, should the server ask. `null`: never. */
  identity?: Identity | null
  /** To resume. It is offered once: the same object a second time is a `TypeError`. Needs `now`. */
  session?: Session
  /** Whether to offer early data with a session that takes it: `sendEarly` works at once then. Read RFC 9846 §8 before: it may be replayed. Default: false. */
  earlyData?: boolean
  /** Sends reserved values that a server must ignore (RFC 8701), so that none learns to rely on what is not promised. Default: false. */
  grease?: boolean
  /** Whether the server may ask for a certificate after the handshake (RFC 9846 §4.7.2). Default: false. */
  postHandshakeAuth?: boolean
}

export interface ServerOptions extends CommonOptions {
  /**
   * Candidates in descending preference; the first whose key can sign with a scheme of the client's serves. An empty list: pre-shared keys
   * alone. Left out: the question `client-hello`.
   */
  identity?: Identity | readonly Identity[]
  /** Whether clients are asked for a certificate, and whether one is needed. Default: not asked. */
  clientAuth?: 'request' | 'require'
  /** Makes HelloRetryRequest stateless: what it needs is in a cookie under `key`, 32 bytes or more, which servers may share. Needs `now`. */
  cookie?: CookieOptions
  /** IANA names of the schemes that a client may sign with. Default: `signatureSchemes`. */
  clientSignatureSchemes?: readonly string[]
  /** DER distinguished names for `certificate_authorities` in a CertificateRequest. */
  certificateAuthorities?: readonly Uint8Array[]
  /** For `oid_filters` in a CertificateRequest. */
  oidFilters?: readonly OidFilter[]
  /**
   * How sessions are kept: sealed into tickets under these keys, or `ask`: by the application, which gets each as a fact `session` and
   * finds it again at the question `session-lookup`. Default: `none`. Needs `now`.
   */
  tickets?: TicketKeys | 'ask' | 'none'
  /** Whether sealed sessions are told as facts `session` too. Default: false. */
  tellSessions?: boolean
  /** Whether an identity that is neither a ticket nor among `psk` is asked for: `session-lookup`, as with `tickets: 'ask'`. Default: false. */
  askForPsk?: boolean
  /** Tickets after each handshake. Default: 2. */
  ticketCount?: number
  /** Seconds, at most 604,800, which is seven days. Default: 86,400. */
  ticketLifetime?: number
  /** Bytes of early data that are taken with a ticket. Default: 0, none: early data may be replayed, and the application has to bear it. */
  maxEarlyData?: number
  /** Milliseconds by which a ticket's age, as its client states it, may be off. Default: 10,000. */
  earlyDataWindow?: number
  /** Lets each hello with early data in once. `ask`: the question `early-data`. Default: one in memory for all servers that share `tickets`. */
  earlyDataGuard?: ReplayGuard | 'ask'
}

/** Bounds on everything that a peer can make this side hold or do. */
export interface Limits {
  /** Unread input, in bytes, beyond which `receive` fails the connection. Default 1 MiB. */
  inputBytes: number
  /** Output not yet taken, in bytes, beyond which `send` takes nothing. Default 1 MiB. */
  outputBytes: number
  /** The longest handshake message, in bytes. Default 128 KiB. */
  handshakeMessage: number
  /** Certificates in a chain. Default 16. */
  certificates: number
  /** Records in a row without content. Default 32. */
  emptyRecords: number
  /** change_cipher_spec records. Default 8. */
  changeCipherSpecs: number
  /** KeyUpdates in a row without application data between them. Default 32. */
  keyUpdates: number
  /** CertificateRequests after the handshake. Default 16. */
  certificateRequests: number
  /** NewSessionTickets of a connection. Default 64. */
  tickets: number
  /** Bytes of early data that are passed over where it is not taken. Default 64 KiB, or twice `maxEarlyData`. */
  skippedEarlyData: number
  /** user_canceled and other alerts that do not end the connection. Default 4. */
  warningAlerts: number
}

/** An extension on the wire: code point and contents. */
export interface RawExtension {
  readonly type: CodePoint
  readonly data: Uint8Array
}

export type ShapeExtensions = (message: string, extensions: readonly RawExtension[]) => readonly RawExtension[]

export interface TraceEvent {
  readonly direction: 'in' | 'out'
  /** The message's name: `client_hello`, `finished`, `alert`, `change_cipher_spec` … */
  readonly kind: string
  /** The message, with its header. */
  readonly bytes: Uint8Array
  /** What the bytes mean, outermost first; offsets into `bytes`, `to` exclusive. Found when it is read. */
  readonly fields: readonly TraceField[]
}

export interface TraceField {
  /** `extensions.key_share[0].group` */
  readonly path: string
  readonly from: number
  readonly to: number
  /** The value of a field that has no fields of its own. */
  readonly value?: unknown
}

// ── Questions and facts ─────────────────────────────────────────────────────────────────────────────────────────────

/** An answer may come at once or later. A second answer, or one of the wrong type, is a `TypeError`. */
export interface Asks<T> {
  answer(value: T): void
  /** Ends the connection: `failed` with code `refused` and this alert (default `access_denied`). */
  refuse(alert?: AlertName): void
}

export interface ClientHelloInfo {
  readonly serverName: string | undefined
  readonly alpn: readonly string[]
  readonly cipherSuites: readonly CodePoint[]
  readonly groups: readonly CodePoint[]
  readonly signatureSchemes: readonly CodePoint[]
  readonly supportedVersions: readonly CodePoint[]
  /** The whole handshake message. */
  readonly raw: Uint8Array
}

/** What a server may decide once it has seen the ClientHello. */
export type ClientHelloAnswer = Partial<
  Pick<
    ServerOptions,
    | 'identity'
    | 'alpn'
    | 'cipherSuites'
    | 'groups'
    | 'signatureSchemes'
    | 'clientAuth'
    | 'clientSignatureSchemes'
    | 'certificateAuthorities'
    | 'oidFilters'
    | 'trust'
  >
>

export type ClientHelloQuestion = { readonly type: 'client-hello'; readonly hello: ClientHelloInfo } & Asks<ClientHelloAnswer>
export type PeerCertificateQuestion = {
  readonly type: 'peer-certificate'
  /** DER certificates as the peer sent them, the end entity first. */
  readonly chain: readonly Uint8Array[]
  readonly serverName: string | undefined
  readonly certificateType: CertificateType
  readonly ocsp: Uint8Array | undefined
  readonly scts: readonly Uint8Array[]
  /** What `trust` has found, where `reviewPeer` has this asked nevertheless. */
  readonly verdict?: VerifiedPeer
} & Asks<VerifiedPeer>
export type CertificateRequestQuestion = {
  readonly type: 'certificate-request'
  readonly signatureSchemes: readonly CodePoint[]
  /** DER distinguished names; empty where the server names none. */
  readonly authorities: readonly Uint8Array[]
  readonly certificateSignatureSchemes: readonly CodePoint[]
  readonly oidFilters: readonly OidFilter[]
  /** Whether the handshake is over already. */
  readonly postHandshake: boolean
} & Asks<Identity | null>
export type SignQuestion = {
  readonly type: 'sign'
  readonly scheme: CodePoint
  /** The octets to sign, the context string included (RFC 9846 §4.5.2); not yet hashed. */
  readonly message: Uint8Array
  readonly identity: Identity
} & Asks<Uint8Array>

export type SessionLookupQuestion = {
  readonly type: 'session-lookup'
  /** The identity that the client offers: a ticket, or the name of an external PSK. */
  readonly identity: Uint8Array
} & Asks<Session | ExternalPsk | null>

export type EarlyDataQuestion = {
  readonly type: 'early-data'
  readonly session: Session
  /** Unique to this ClientHello: whoever has seen it before is looking at a replay. */
  readonly binder: Uint8Array
} & Asks<boolean>

export type Question =
  | ClientHelloQuestion
  | PeerCertificateQuestion
  | CertificateRequestQuestion
  | SignQuestion
  | SessionLookupQuestion
  | EarlyDataQuestion

export type Fact =
  | { readonly type: 'connected'; readonly info: ConnectionInfo }
  /**
   * `data` is a view of memory that the connection does not write to again. It may be a small part of a chunk that was received: copy what
   * is kept for long.
   */
  | { readonly type: 'data'; readonly data: Uint8Array; readonly early: boolean }
  /** What became of a client's early data; `unsent` is what the server did not take, for the application to send again, or not. */
  | { readonly type: 'early-data-result'; readonly accepted: boolean; readonly unsent: Uint8Array }
  /** A session to resume later: at clients for every ticket, at servers that keep sessions themselves (`tickets: 'ask'`) or asked for it (`tellSessions`). */
  | { readonly type: 'session'; readonly session: Session }
  /** A client has answered `requestClientCertificate`; `undefined`: with none. */
  | { readonly type: 'peer-authenticated'; readonly peer: VerifiedPeer | undefined }
  | { readonly type: 'keys-updated'; readonly direction: 'in' | 'out' }
  /** A HelloRetryRequest with a cookie is in the output: this connection may be dropped, and any server with the key can go on with the second ClientHello. */
  | { readonly type: 'retry-requested' }
  /** The peer's close_notify: nothing more will come; sending is still possible. */
  | { readonly type: 'end' }
  | { readonly type: 'failed'; readonly error: TlsError }

export type TlsEvent = Question | Fact

export interface ConnectionInfo {
  readonly protocolVersion: 'TLSv1.3'
  /** IANA name: a key of `cipherSuites` of `tassel/crypto`, which has its parts. */
  readonly cipherSuite: string
  /** IANA name of the group of the key exchange, a key of `namedGroups` of `tassel/crypto`; `undefined` where a PSK was used alone. */
  readonly group: string | undefined
  /** IANA name of the scheme that the server signed with. */
  readonly signatureScheme: string | undefined
  readonly alpn: string | undefined
  /** The name that the client asked for. */
  readonly serverName: string | undefined
  /** `undefined` where the peer did not authenticate. */
  readonly peer: VerifiedPeer | undefined
  /** What this side proved itself with. */
  readonly localIdentity: Identity | undefined
  /** Whether a session was resumed: `peer` is then what the first handshake proved. */
  readonly resumed: boolean
  /** The identity of the external PSK that the sides proved themselves with, as the application gave it. */
  readonly pskIdentity: Uint8Array | undefined
  /** Whether a HelloRetryRequest was needed. */
  readonly retried: boolean
}

// ── The connection ──────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * One TLS connection without a transport. The loop of every user: *mutate; drain `poll()`; drain `takeOutput()`*. Every call runs to
 * quiescence and returns. A peer's fault is the event `failed`, its alert already in the output; it never throws. A caller's mistake
 * throws `TypeError`.
 */
export interface Connection {
  /** Which side this is. */
  readonly role: 'client' | 'server'
  /** Bytes from the transport. The connection owns the chunk from now on and may decrypt inside it. */
  receive(chunk: Uint8Array): void
  /** The transport ended. Without the peer's close_notify this is a truncation: `failed` with code `truncated`. */
  receiveEnd(): void
  /** The next question or fact; `undefined` when there is none now. */
  poll(): TlsEvent | undefined
  /** What the connection waits for once `poll()` is drained; `nothing` when no input can matter any more. */
  readonly waitingFor: 'input' | 'answer' | 'nothing'
  /** Bytes for the transport, in order, ready for writev. */
  takeOutput(): Uint8Array[]
  /** Bytes that `takeOutput` would give. */
  readonly pendingOutput: number
  /** Bytes received and not yet processed; stop reading the transport while this is large. */
  readonly pendingInput: number
  /**
   * Application data for the peer. Returns how many bytes it took; fewer than given means: drain the output first. 0 also once the
   * connection has failed. `TypeError` before `connected` and after `end()`.
   */
  send(data: Uint8Array | readonly Uint8Array[]): number
  /**
   * Early data, from the start of the connection until the server's answer. Returns how many bytes it took: no more than the session's
   * `maxEarlyData` in all; 0 where early data is not, or no longer, on. The fact `early-data-result` tells what became of it.
   */
  sendEarly(data: Uint8Array): number
  /** close_notify: no more data from this side. The peer may go on. A second call does nothing. */
  end(): void
  /** Ends the connection with this alert: `failed` with code `aborted`. */
  abort(alert?: AlertName): void
  /** The most content, in bytes, of the records that leave from now on: 1 to 16,384. Where the peer has set a lower limit, that one holds. */
  limitFragments(size: number): void
  /** New sending keys (RFC 9846 §4.7.3), and if asked the peer's too. `TypeError` before `connected`. */
  updateKeys(options?: { readonly requestPeer?: boolean }): void
  /** Keying material for the application (RFC 9846 §7.5), 1 to 255 hash lengths. `TypeError` before `connected`, and without early data for `early`. */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number, options?: ExportOptions): Uint8Array
  /** `tls-exporter` (RFC 9266), 32 bytes, or `tls-server-end-point` (RFC 5929). `TypeError` where there is no such binding. */
  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array
  /** Filled once `connected`. */
  readonly info: ConnectionInfo | undefined
  /** Before `connected`, the part of it that is agreed: the suite from ServerHello on, ALPN from EncryptedExtensions on. */
  readonly progress: HandshakeProgress
}

/** What is agreed so far; `undefined` where it is not, or where there is none. */
export interface HandshakeProgress {
  readonly cipherSuite: string | undefined
  readonly alpn: string | undefined
  /** The name that the client asked for, at a server; a client knows itself. */
  readonly serverName: string | undefined
}

export interface ExportOptions {
  /** From the early exporter: both sides have it where early data is taken, and it may be replayed like it. Default: false. */
  readonly early?: boolean
}

export interface ServerConnection extends Connection {
  /** Asks the client for a certificate (RFC 9846 §4.7.2); the fact `peer-authenticated` follows. `TypeError` where the client does not offer that. */
  requestClientCertificate(): void
  /** Sends a NewSessionTicket, beside those that follow each handshake. `TypeError` before `connected`, and without `tickets`. */
  issueTicket(): void
}
