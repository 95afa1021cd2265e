/** Messages after the handshake (RFC 9846 §4.7). They come in any order: a table, not a dialogue. */
import { TlsError } from '../error.ts'
import { nextTrafficSecret } from '../schedule/key-schedule.ts'
import type { Limits } from '../types.ts'
import { decodeMessage, encodeMessage, type Message, type MessageName, nameOfMessage } from '../wire/messages.ts'
import type { Role } from './auth.ts'
import type { Io } from './dialogue.ts'
import type { Established } from './established.ts'

interface Surroundings {
  readonly role: Role
  readonly established: Established
  readonly io: Io
  readonly limits: Limits
  /** Whether messages can still leave: not after close_notify. */
  readonly maySend: () => boolean
  readonly keysUpdated: (direction: 'in' | 'out') => void
}

/** Owns the application traffic secrets, and erases each as it is replaced. */
export class PostHandshake {
  readonly #around: Surroundings
  readonly #secrets: { in: Uint8Array; out: Uint8Array }
  readonly #handlers: Partial<Record<MessageName, (bytes: Uint8Array) => void>>
  /** KeyUpdates since the last application data. */
  #keyUpdates = 0
  #tickets = 0
  /** The peer asked for new keys and has not got them yet. */
  #replyDue = false
  /** We asked for new keys and have not got them yet. */
  #requestOpen = false

  constructor(around: Surroundings) {
    this.#around = around
    const { clientTraffic, serverTraffic } = around.established.secrets
    const client = around.role === 'client'
    this.#secrets = client ? { in: serverTraffic, out: clientTraffic } : { in: clientTraffic, out: serverTraffic }
    this.#handlers = {
      key_update: bytes => this.#keyUpdate(decodeMessage('key_update', bytes)),
      ...(client ? { new_session_ticket: bytes => this.#newSessionTicket(decodeMessage('new_session_ticket', bytes)) } : {}),
    }
  }

  /** A whole handshake message. Throws a `TlsError` or `DecodeError` where it may not come. */
  hear(bytes: Uint8Array): void {
    const name = nameOfMessage(bytes)
    const handle = name && this.#handlers[name]
    if (!handle) throw new TlsError('unexpected-message', `${name ?? `a message of type ${bytes[0]}`} came after the handshake`)
    handle(bytes)
  }

  /** Application data came: the peer does more than to update keys. */
  heardData(): void {
    this.#keyUpdates = 0
  }

  /** Sends KeyUpdate and changes the sending keys. A request that the peer has not answered yet is not repeated. */
  updateKeys(requestPeer: boolean): void {
    const request = requestPeer && !this.#requestOpen
    if (request) this.#requestOpen = true
    this.#replyDue = false
    this.#around.io.send('key_update', encodeMessage('key_update', { request_update: request ? requested : notRequested }).bytes)
    this.#renew('out')
  }

  /** Answers the peer's requests to update keys, any number of them at once. */
  settle(): void {
    if (this.#replyDue && this.#around.maySend()) this.updateKeys(false)
  }

  destroy(): void {
    this.#secrets.in.fill(0)
    this.#secrets.out.fill(0)
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

  /** Sessions are not resumed yet; a ticket is checked, counted and let go. */
  #newSessionTicket({ body: { ticket_lifetime: lifetime } }: Message<'new_session_ticket'>): void {
    if (lifetime > longestTicket) throw new TlsError('illegal-value', `ticket_lifetime is ${lifetime} seconds, more than seven days`)
    const { limits } = this.#around
    if (++this.#tickets > limits.tickets) throw new TlsError('too-many-tickets', `more than ${limits.tickets} tickets`)
  }

  #renew(direction: 'in' | 'out'): void {
    const { established, io, keysUpdated } = this.#around
    const { suite } = established
    const secret = nextTrafficSecret(suite.hash, this.#secrets[direction])
    this.#secrets[direction].fill(0)
    this.#secrets[direction] = secret
    io.keys(direction, 'application', suite, secret)
    keysUpdated(direction)
  }
}

/** KeyUpdateRequest. */
const notRequested = 0
const requested = 1

/** Seconds (RFC 9846 §4.7.1). */
const longestTicket = 604800
