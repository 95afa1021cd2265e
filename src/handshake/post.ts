/** Messages after the handshake (RFC 9846 §4.7). They come in any order: a table, not a dialogue. */
import { TlsError } from '../error.ts'
import { exportKeyingMaterial, nextTrafficSecret, resumptionPsk } from '../schedule/key-schedule.ts'
import type { Identity, Limits, Session, VerifiedPeer } from '../types.ts'
import { decode, encode, uint32 } from '../wire/codec.ts'
import { extension, find } from '../wire/extensions.ts'
import { decodeMessage, encodeMessage, type Message, type MessageName, nameOfMessage } from '../wire/messages.ts'
import type { Role } from './auth.ts'
import { certificateTypeCodes } from './certificate-type.ts'
import { Conversation } from './conversation.ts'
import type { Io } from './dialogue.ts'
import type { Established, Secrets } from './established.ts'
import { answerLater, requestCertificate } from './post-auth.ts'
import { optionalText, type SessionState, sessionOf } from './session.ts'

/** The effects that messages after the handshake have. */
export interface PostIo extends Pick<Io, 'send' | 'keys'> {
  /** Whether messages can leave: not after close_notify, nor while the output is full. */
  readonly maySend: boolean
  keysUpdated(direction: 'in' | 'out'): void
  /** A session to resume. */
  session(session: Session): void
}

interface Surroundings {
  readonly role: Role
  readonly established: Omit<Established, 'secrets'>
  readonly io: PostIo
  readonly limits: Limits
  readonly random: (size: number) => Uint8Array
  /** Milliseconds since 1970; without a clock there are no sessions. */
  readonly now: (() => number) | undefined
  /** Servers that resume. */
  readonly tickets: TicketIssuer | undefined
}

/** How a server names the sessions that it will resume. */
export interface TicketIssuer {
  /** How many to send after the handshake. */
  readonly count: number
  /** Seconds. */
  readonly lifetime: number
  /** Bytes that a client may send early with a ticket. */
  readonly maxEarlyData: number
  readonly random: (size: number) => Uint8Array
  /** The ticket of a session: it holds the session, or is the name under which the application keeps it. `undefined`: there can be none now. */
  ticketOf(state: SessionState): Uint8Array | undefined
  /** Whether the application is told of the sessions, as one has to be that keeps them. */
  readonly tell: boolean
}

/** Owns the secrets that outlive the handshake, and erases each as it is replaced, or at once where nothing will need it. */
export class PostHandshake {
  /** By the role that hears them. One table for all connections, which are many and mostly idle. */
  static readonly #handlers: Readonly<Record<Role, Handlers>> = {
    client: {
      key_update: (post, bytes) => post.#keyUpdate(decodeMessage('key_update', bytes)),
      new_session_ticket: (post, bytes) => post.#newSessionTicket(decodeMessage('new_session_ticket', bytes)),
      certificate_request: (post, bytes) => post.#certificateRequest(decodeMessage('certificate_request', bytes)),
    },
    server: {
      key_update: (post, bytes) => post.#keyUpdate(decodeMessage('key_update', bytes)),
      certificate: (post, bytes) => post.#certificate(bytes),
      compressed_certificate: (post, bytes) => post.#certificate(bytes),
    },
  }

  readonly #around: Surroundings
  readonly #secrets: { in: Uint8Array; out: Uint8Array; readonly exporter: Uint8Array; readonly resumption: Uint8Array | undefined }
  /** KeyUpdates since the last application data. */
  #keyUpdates = 0
  #tickets = 0
  #ticketsIssued = 0
  /** The peer asked for new keys and has not got them yet. */
  #replyDue = false
  /** We asked for new keys and have not got them yet. */
  #requestOpen = false

  /** Client authentication that is under way. */
  #authentication: Conversation<Identity | VerifiedPeer | undefined> | undefined
  /** Whether the client's messages are coming: they come without others between them. */
  #authenticating = false
  #requests = 0
  /** Who the peer has turned out to be since. */
  #peer: VerifiedPeer | undefined

  constructor(around: Surroundings, { clientTraffic, serverTraffic, exporter, resumption }: Secrets) {
    this.#around = around
    const { role, now, tickets } = around
    const client = role === 'client'
    const [incoming, outgoing] = client ? [serverTraffic, clientTraffic] : [clientTraffic, serverTraffic]
    const resumes = now !== undefined && (client || tickets !== undefined)
    if (!resumes) resumption.fill(0)
    this.#secrets = { in: incoming, out: outgoing, exporter, resumption: resumes ? resumption : undefined }
  }

  /** A whole handshake message. Throws a `TlsError` or `DecodeError` where it may not come. */
  hear(bytes: Uint8Array): void {
    if (this.#authenticating) return this.#authentication?.hear(bytes)
    const name = nameOfMessage(bytes)
    const handle = name && PostHandshake.#handlers[this.#around.role][name]
    if (!handle) throw new TlsError('unexpected-message', `${name ?? `a message of type ${bytes[0]}`} came after the handshake`)
    handle(this, bytes)
  }

  /** What may have a question open. */
  get conversation(): Conversation<Identity | VerifiedPeer | undefined> | undefined {
    return this.#authentication
  }

  /** Why the client can't be asked for a certificate now; `undefined`: it can. */
  get requestHindrance(): string | undefined {
    if (this.#around.established.later?.role !== 'server') return 'the client has not offered to authenticate after the handshake'
    return this.#authentication && 'the client is being asked for a certificate already'
  }

  /** Asks the client for a certificate, where nothing hinders that. */
  requestCertificate(): void {
    const { established, random } = this.#around
    if (this.requestHindrance !== undefined || established.later?.role !== 'server') return
    const circumstances = { ...established.later, suite: established.suite, clientTraffic: () => this.#secrets.in }
    this.#authentication = new Conversation(requestCertificate(circumstances, random(contextSize)))
  }

  /** Once a dialogue has moved: who the client has proved to be, nobody perhaps, where a server's authentication of it is over by that. */
  concludeAuthentication(): { readonly peer: VerifiedPeer | undefined } | undefined {
    if (!this.#authentication?.done) return undefined
    const { result } = this.#authentication
    this.#authentication = undefined
    this.#authenticating = false
    if (this.#around.role === 'client') return undefined
    this.#peer = result as VerifiedPeer | undefined
    return { peer: this.#peer }
  }

  #certificateRequest(request: Message<'certificate_request'>): void {
    const { established, limits } = this.#around
    if (established.later?.role !== 'client') throw new TlsError('unexpected-message', 'certificate_request came, which was not offered')
    if (++this.#requests > limits.certificateRequests) {
      throw new TlsError('too-many-requests', `more than ${limits.certificateRequests} CertificateRequests`)
    }
    const circumstances = { ...established.later, suite: established.suite, clientTraffic: () => this.#secrets.out }
    this.#authentication = new Conversation(answerLater(circumstances, request))
  }

  /** The first message of the client's answer. */
  #certificate(bytes: Uint8Array): void {
    if (!this.#authentication) throw new TlsError('unexpected-message', 'a Certificate came, which was not asked for')
    this.#authenticating = true
    this.#authentication.hear(bytes)
  }

  /** Application data came: the peer does more than to update keys, unless it is empty. */
  heardData(size: number): void {
    if (this.#authenticating) throw new TlsError('interleaved-message', 'application data came between the messages of an authentication')
    if (size > 0) this.#keyUpdates = 0
  }

  /** Sends KeyUpdate and changes the sending keys. A request that the peer has not answered yet is not repeated. */
  updateKeys(requestPeer: boolean): void {
    const request = requestPeer && !this.#requestOpen
    if (request) this.#requestOpen = true
    this.#replyDue = false
    this.#around.io.send('key_update', encodeMessage('key_update', { request_update: request ? requested : notRequested }).bytes)
    this.#renew('out')
  }

  /** Answers the peer's requests to update keys, any number of them at once. Due before the next application data (RFC 9846 §4.7.3). */
  settle(): void {
    if (this.#replyDue && this.#around.io.maySend) this.updateKeys(false)
  }

  /** Sends a NewSessionTicket (RFC 9846 §4.7.1). Does nothing where the client can't use one. */
  issueTicket(): void {
    const { tickets, now, established, io } = this.#around
    const { resumption } = this.#secrets
    if (!tickets || !now || !resumption || !established.resumable) return
    const { lifetime, maxEarlyData } = tickets
    const nonce = encode(uint32, this.#ticketsIssued++)
    const state = this.#sessionState(resumption, {
      nonce,
      lifetime,
      ageAdd: decode(uint32, tickets.random(4), 'ticket_age_add'),
      issuedAt: now(),
      ticket: none,
      maxEarlyData,
    })
    const ticket = tickets.ticketOf(state)
    if (!tickets.tell) state.psk.fill(0)
    // A ticket holds the client's chain, and that may be longer than a ticket can be.
    if (!ticket || ticket.length > 0xffff) return
    const message = encodeMessage('new_session_ticket', {
      ticket_lifetime: state.lifetime,
      ticket_age_add: state.ticket_age_add,
      ticket_nonce: nonce,
      ticket,
      extensions: maxEarlyData > 0 ? [extension('new_session_ticket', 'early_data', maxEarlyData)] : [],
    })
    io.send('new_session_ticket', message.bytes)
    if (tickets.tell) io.session(sessionOf({ ...state, ticket }))
  }

  /** Keying material for an application (RFC 9846 §7.5): see `exportKeyingMaterial`. */
  export(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    return exportKeyingMaterial(this.#around.established.suite.hash, this.#secrets.exporter, label, context, length)
  }

  destroy(): void {
    for (const secret of Object.values(this.#secrets)) secret?.fill(0)
  }

  /** RFC 9846 §4.7.3. */
  #keyUpdate({ body: { request_update: request } }: Message<'key_update'>): void {
    if (request !== requested && request !== notRequested) throw new TlsError('illegal-value', `request_update is ${request}`)
    const { limits } = this.#around
    if (++this.#keyUpdates > limits.keyUpdates) {
      throw new TlsError('too-many-key-updates', `more than ${limits.keyUpdates} KeyUpdates without application data between them`)
    }
    this.#requestOpen = false
    this.#replyDue ||= request === requested
    this.#renew('in')
  }

  #newSessionTicket({ body }: Message<'new_session_ticket'>): void {
    const { limits, now, io } = this.#around
    if (++this.#tickets > limits.tickets) throw new TlsError('too-many-tickets', `more than ${limits.tickets} tickets`)
    // A ticket is kept for seven days at most, whatever the server says; none is dropped for saying more (RFC 9846 §4.7.1).
    const lifetime = Math.min(body.ticket_lifetime, longestTicket)
    const { resumption } = this.#secrets
    if (!now || !resumption || lifetime === 0) return
    const maxEarlyData = find(body.extensions, 'early_data') ?? 0
    const { ticket, ticket_nonce: nonce, ticket_age_add: ageAdd } = body
    const fields = { nonce, lifetime, ageAdd, issuedAt: now(), ticket: ticket.slice(), maxEarlyData }
    io.session(sessionOf(this.#sessionState(resumption, fields)))
  }

  #sessionState(resumption: Uint8Array, { nonce, lifetime, ageAdd, issuedAt, ticket, maxEarlyData }: TicketFields): SessionState {
    const { suite, alpn, serverName, peer, psk } = this.#around.established
    const first = psk?.session
    const proven = this.#peer ?? peer
    return {
      cipher_suite: suite.id,
      psk: resumptionPsk(suite.hash, resumption, nonce),
      ticket,
      ticket_age_add: ageAdd,
      issued_at: issuedAt,
      lifetime,
      max_early_data: maxEarlyData,
      alpn: alpn ?? none,
      server_name: optionalText(serverName),
      // A session that was resumed hands on what the first handshake proved.
      peer_verified: proven ? Number(proven.verified) : (first?.peer_verified ?? 0),
      peer_type: proven ? certificateTypeCodes[proven.certificateType] : (first?.peer_type ?? 0),
      peer_chain: proven?.chain ?? first?.peer_chain ?? [],
    }
  }

  #renew(direction: 'in' | 'out'): void {
    const { established, io } = this.#around
    const { suite } = established
    const secret = nextTrafficSecret(suite.hash, this.#secrets[direction])
    this.#secrets[direction].fill(0)
    this.#secrets[direction] = secret
    io.keys(direction, 'application', suite, secret)
    io.keysUpdated(direction)
  }
}

type Handlers = Readonly<Partial<Record<MessageName, (post: PostHandshake, bytes: Uint8Array) => void>>>

interface TicketFields {
  readonly nonce: Uint8Array
  /** Seconds. */
  readonly lifetime: number
  readonly ageAdd: number
  readonly issuedAt: number
  readonly ticket: Uint8Array
  readonly maxEarlyData: number
}

const none = new Uint8Array(0)
/** Bytes of certificate_request_context: unlike any other on the connection. */
const contextSize = 16

/** KeyUpdateRequest. */
const notRequested = 0
const requested = 1

/** Seconds (RFC 9846 §4.7.1). */
const longestTicket = 604800
