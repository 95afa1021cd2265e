/** The client's side of the consumer-driven interface: a handshake that stops where its user wants to look, and moves only when told to. */
import { createClient } from '../index.ts'
import type { ClientOptions, Connection, Question } from '../types.ts'
import type { PublicIdentity } from '../x509/index.ts'
import { alpnIds } from './alpn.ts'
import { StreamConnection } from './connection.ts'
import type { Reaction } from './driver.ts'
import { StreamHandshake } from './handshake.ts'
import { ClientIdentityRequest } from './identity-request.ts'
import type { Link, LinkOptions } from './link.ts'
import type { ByteStreams } from './transport.ts'

/** `trust` is needed, or `onQuestion` to answer `peer-certificate`. */
export interface ClientConnectionOptions extends Omit<ClientOptions, 'serverName' | 'earlyData' | 'wake' | 'reviewPeer'>, LinkOptions {}

/** Answers a request after the handshake; the client stays unknown where it does not respond until what is returned resolves. */
export type ClientIdentityRequestHandler = (request: ClientIdentityRequest) => void | Promise<void>

export class ClientConnection extends StreamConnection {
  readonly #options: ClientConnectionOptions
  #serverName: string | undefined
  /**
   * Set before the handshake begins, it lets the server ask for a certificate later (RFC 9846 §4.7.2), and answers. Without it the option
   * `identity` does, where `postHandshakeAuth` is set.
   */
  onClientIdentityRequest: ClientIdentityRequestHandler | undefined

  /** Throws `TypeError` where a stream is locked. */
  constructor(streams: ByteStreams, options: ClientConnectionOptions = {}) {
    super(streams, options)
    this.#options = options
  }

  /** The handshake, not yet begun: once. `serverName`: the DNS name or IP address that the server's certificate must carry. */
  connect(serverName: string): ClientHandshake {
    if (this.#serverName !== undefined) throw new TypeError('connect() was called before')
    this.#serverName = serverName
    return new ClientHandshake(this, this.link, { ...this.#options, serverName })
  }

  get serverName(): string | undefined {
    return this.#serverName
  }

  get serverIdentity(): PublicIdentity | undefined {
    return this.link.peerIdentity
  }

  get clientIdentity(): PublicIdentity | undefined {
    return this.link.localIdentity
  }
}

/** Its steps: `verifyServerIdentity`, `receiveClientIdentityRequest`, `finish`. */
export class ClientHandshake extends StreamHandshake<'verifyServerIdentity' | 'receiveClientIdentityRequest'> {
  readonly #connection: ClientConnection
  readonly #options: ClientOptions & LinkOptions
  readonly #set: { alpn?: readonly string[]; cipherSuites?: readonly string[]; groups?: readonly string[] } = {}
  #request: ClientIdentityRequest | undefined

  /** See `ClientConnection.connect`. */
  constructor(connection: ClientConnection, link: Link, options: ClientOptions & LinkOptions) {
    super(link, ['verifyServerIdentity', 'receiveClientIdentityRequest'])
    this.#connection = connection
    this.#options = options
  }

  /** Application protocols, preferred first: text, or 1 to 255 bytes each. Before the first step. */
  configureAlpnIds(ids: readonly (string | Uint8Array)[]): void {
    this.steps.checkSetting('configureAlpnIds', undefined)
    this.#set.alpn = alpnIds(ids)
  }

  /** By IANA name, preferred first. Before the first step. */
  configureCipherSuites(names: readonly string[]): void {
    this.steps.checkSetting('configureCipherSuites', undefined)
    this.#set.cipherSuites = names
  }

  /** By IANA name, preferred first. Before the first step. */
  configureGroups(names: readonly string[]): void {
    this.steps.checkSetting('configureGroups', undefined)
    this.#set.groups = names
  }

  /**
   * The server's identity, once the trust store has found nothing wrong with it: for a look beside. Going on accepts it, `abort` refuses. That
   * the server has the key is proved by what follows: the next step rejects otherwise. Of a session that is resumed, the identity it began with.
   */
  verifyServerIdentity(): Promise<PublicIdentity> {
    return this.steps.take('verifyServerIdentity', async () => {
      const info = await this.advance('peer-certificate')
      if (info) this.link.connected(info)
      const { peerIdentity } = this.link
      if (!peerIdentity) throw new TypeError('the server has no identity: the sides know each other by a pre-shared key')
      return peerIdentity
    })
  }

  /** The server's request for the client's identity; `undefined` where it has none. What is not responded to when the handshake goes on is declined. */
  receiveClientIdentityRequest(): Promise<ClientIdentityRequest | undefined> {
    return this.steps.take('receiveClientIdentityRequest', async () => {
      await this.advance('certificate-request')
      const { held } = this.link.driver
      if (held?.type === 'certificate-request') this.#request = new ClientIdentityRequest(held)
      return this.#request
    })
  }

  protected override create(): Connection {
    // The identity is asked for, since a step may want to see the request first.
    const { identity: _, ...options } = this.#options
    const postHandshakeAuth = options.postHandshakeAuth ?? this.#connection.onClientIdentityRequest !== undefined
    return createClient({ ...options, ...this.#set, postHandshakeAuth, reviewPeer: true })
  }

  protected override settle(held: Question): void {
    if (held.type === 'peer-certificate' && held.verdict) held.answer(held.verdict)
    if (held.type === 'certificate-request') held.answer(this.#request?.close() ?? null)
  }

  protected override react(question: Question): Reaction {
    if (question.type === 'peer-certificate') return this.link.meetPeer(question, this.stop === 'peer-certificate')
    if (question.type !== 'certificate-request') return question
    const { onClientIdentityRequest: respond } = this.#connection
    if (question.postHandshake && respond) {
      this.link.driver.answerLater(async () => {
        const request = new ClientIdentityRequest(question)
        await respond(request)
        question.answer(request.close())
      })
      return 'answered'
    }
    if (this.stop === 'certificate-request' && !question.postHandshake) return 'hold'
    const { identity, onQuestion } = this.#options
    if (identity === undefined && onQuestion) return question
    question.answer(identity ?? null)
    return 'answered'
  }
}
