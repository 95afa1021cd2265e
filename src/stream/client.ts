/** The client's side of the consumer-driven interface: a handshake that stops where its user wants to look, and moves only when told to. */
import type { AlertName } from '../error.ts'
import { createClient } from '../index.ts'
import type { ClientOptions, ConnectionInfo, ExportOptions, Question } from '../types.ts'
import type { PublicIdentity } from '../x509/index.ts'
import { alpnIds } from './alpn.ts'
import { ClientIdentityRequest } from './identity-request.ts'
import { Link, type LinkOptions } from './link.ts'
import { Steps } from './steps.ts'
import type { ByteStreams } from './transport.ts'

/** `trust` is needed, or `onQuestion` to answer `peer-certificate`. */
export interface ClientConnectionOptions extends Omit<ClientOptions, 'serverName' | 'earlyData' | 'wake' | 'reviewPeer'>, LinkOptions {}

/** Answers a request after the handshake; the client stays unknown where it does not respond until what is returned resolves. */
export type ClientIdentityRequestHandler = (request: ClientIdentityRequest) => void | Promise<void>

/** A connection over a pair of byte streams, which it locks. What it has agreed on fills in as the handshake goes. */
export class ClientConnection {
  readonly #link: Link
  readonly #options: ClientConnectionOptions
  #serverName: string | undefined
  /**
   * Set before the handshake begins, it lets the server ask for a certificate later (RFC 9846 §4.7.2), and answers. Without it the option
   * `identity` does, where `postHandshakeAuth` is set.
   */
  onClientIdentityRequest: ClientIdentityRequestHandler | undefined

  /** Throws `TypeError` where a stream is locked. */
  constructor(streams: ByteStreams, options: ClientConnectionOptions = {}) {
    this.#link = new Link(streams, options)
    this.#options = options
  }

  /** The handshake, not yet begun: once. `serverName`: the DNS name or IP address that the server's certificate must carry. */
  connect(serverName: string): ClientHandshake {
    if (this.#serverName !== undefined) throw new TypeError('connect() was called before')
    this.#serverName = serverName
    return new ClientHandshake(this, this.#link, { ...this.#options, serverName })
  }

  get serverName(): string | undefined {
    return this.#serverName
  }

  get alpnId(): string | undefined {
    return this.#link.progress?.alpn
  }

  get cipherSuite(): string | undefined {
    return this.#link.progress?.cipherSuite
  }

  get protocolVersion(): 'TLSv1.3' | undefined {
    return this.cipherSuite === undefined ? undefined : 'TLSv1.3'
  }

  get serverIdentity(): PublicIdentity | undefined {
    return this.#link.peerIdentity
  }

  get clientIdentity(): PublicIdentity | undefined {
    return this.#link.localIdentity
  }

  /** All that was agreed; `undefined` until the handshake is over. */
  get info(): ConnectionInfo | undefined {
    return this.#link.info
  }

  /** Keying material for the application (RFC 9846 §7.5). `TypeError` before the handshake is over. */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number, options?: ExportOptions): Uint8Array {
    return this.#link.exportKeyingMaterial(label, context, length, options)
  }

  /** Ends in order what is connected, without waiting for the server to end too; aborts a handshake. */
  close(): Promise<void> {
    return this.#link.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const steps = ['verifyServerIdentity', 'receiveClientIdentityRequest', 'finish'] as const

/**
 * A handshake that stands still until a step is taken, and again when the step is done: meanwhile nothing is read or written. Steps may be
 * left out, but for `finish`; each is taken at most once, and in this order. A call out of order throws `TypeError`, a step rejects with what failed.
 */
export class ClientHandshake {
  readonly #connection: ClientConnection
  readonly #link: Link
  readonly #options: ClientOptions & LinkOptions
  readonly #steps = new Steps(steps)
  readonly #set: { alpn?: readonly string[]; cipherSuites?: readonly string[]; groups?: readonly string[] } = {}
  /** The question at which the step under way is done. */
  #stop: Question['type'] | undefined
  #request: ClientIdentityRequest | undefined

  /** See `ClientConnection.connect`. */
  constructor(connection: ClientConnection, link: Link, options: ClientOptions & LinkOptions) {
    this.#connection = connection
    this.#link = link
    this.#options = options
  }

  /** Application protocols, preferred first: text, or 1 to 255 bytes each. Before the first step. */
  configureAlpnIds(ids: readonly (string | Uint8Array)[]): void {
    this.#steps.checkSetting('configureAlpnIds', undefined)
    this.#set.alpn = alpnIds(ids)
  }

  /** By IANA name, preferred first. Before the first step. */
  configureCipherSuites(names: readonly string[]): void {
    this.#steps.checkSetting('configureCipherSuites', undefined)
    this.#set.cipherSuites = names
  }

  /** By IANA name, preferred first. Before the first step. */
  configureGroups(names: readonly string[]): void {
    this.#steps.checkSetting('configureGroups', undefined)
    this.#set.groups = names
  }

  /**
   * The server's identity, once the trust store has found nothing wrong with it: for a look beside. Going on accepts it, `abort` refuses. That
   * the server has the key is proved by what follows: the next step rejects otherwise. Of a session that is resumed, the identity it began with.
   */
  verifyServerIdentity(): Promise<PublicIdentity> {
    return this.#steps.take('verifyServerIdentity', async () => {
      const info = await this.#advance('peer-certificate')
      if (info) this.#link.connected(info)
      const { peerIdentity } = this.#link
      if (!peerIdentity) throw new TypeError('the server has no identity: the sides know each other by a pre-shared key')
      return peerIdentity
    })
  }

  /** The server's request for the client's identity; `undefined` where it has none. What is not responded to when the handshake goes on is declined. */
  receiveClientIdentityRequest(): Promise<ClientIdentityRequest | undefined> {
    return this.#steps.take('receiveClientIdentityRequest', async () => {
      await this.#advance('certificate-request')
      const { held } = this.#link.driver
      if (held?.type === 'certificate-request') this.#request = new ClientIdentityRequest(held)
      return this.#request
    })
  }

  /** Goes on to the end. The streams carry the application's data from then on. */
  finish(): Promise<ByteStreams> {
    return this.#steps.take('finish', async () => {
      const info = await this.#advance(undefined)
      if (!info) throw new TypeError('the handshake stopped where nobody asked it to')
      return this.#link.connected(info)
    })
  }

  /** Ends the handshake with an alert, `user_canceled` unless a reason is given; also while a step is under way. Resolves when it has left. */
  abort(reason?: AlertName): Promise<void> {
    this.#steps.end('it was aborted')
    return this.#link.abort(reason)
  }

  async #advance(stop: Question['type'] | undefined): Promise<ConnectionInfo | undefined> {
    this.#stop = stop
    if (!this.#link.started) this.#start()
    else this.#settle()
    return this.#link.driver.handshake()
  }

  #start(): void {
    // The identity is asked for, since a step may want to see the request first.
    const { identity: _, ...options } = this.#options
    const postHandshakeAuth = options.postHandshakeAuth ?? this.#connection.onClientIdentityRequest !== undefined
    this.#link.start(
      () => createClient({ ...options, ...this.#set, postHandshakeAuth, reviewPeer: true }),
      question => this.#react(question),
    )
  }

  /** Answers what the last step stopped at. */
  #settle(): void {
    const { driver } = this.#link
    const { held } = driver
    driver.held = undefined
    if (held?.type === 'peer-certificate' && held.verdict) held.answer(held.verdict)
    if (held?.type === 'certificate-request') held.answer(this.#request?.close() ?? null)
  }

  #react(question: Question): 'hold' | 'answered' | Question {
    if (question.type === 'peer-certificate') return this.#link.meetPeer(question, this.#stop === 'peer-certificate')
    if (question.type !== 'certificate-request') return question
    const { onClientIdentityRequest: respond } = this.#connection
    if (question.postHandshake && respond) {
      this.#link.driver.answerLater(async () => {
        const request = new ClientIdentityRequest(question)
        await respond(request)
        question.answer(request.close())
      })
      return 'answered'
    }
    if (this.#stop === 'certificate-request' && !question.postHandshake) return 'hold'
    const { identity, onQuestion } = this.#options
    if (identity === undefined && onQuestion) return question
    question.answer(identity ?? null)
    return 'answered'
  }
}
