/** The server's side of the consumer-driven interface. */
import { createServer } from '../index.ts'
import type { ClientHelloAnswer, Connection, Identity, OidFilter, Question, ServerOptions, TrustStore } from '../types.ts'
import type { PublicIdentity } from '../x509/index.ts'
import { alpnIds } from './alpn.ts'
import { ClientHello } from './client-hello.ts'
import { StreamConnection } from './connection.ts'
import type { Reaction } from './driver.ts'
import { StreamHandshake } from './handshake.ts'
import type { Link, LinkOptions } from './link.ts'
import type { ByteStreams } from './transport.ts'

export interface ServerConnectionOptions
  extends Omit<ServerOptions, 'clientAuth' | 'maxEarlyData' | 'wake' | 'reviewPeer' | 'certificateAuthorities' | 'oidFilters'>,
    LinkOptions {}

/** What the server wants to know of the client's identity. */
export interface IdentityRequestOptions {
  /** Whether the handshake fails without. Default: false. */
  readonly required?: boolean
  /** Whom to believe. Default: the option `trust`, without which `onQuestion` has to judge. */
  readonly trust?: TrustStore
  /** DER distinguished names of the authorities that are believed: a hint for the client's choice. */
  readonly authorities?: readonly Uint8Array[]
  /** IANA names of the schemes that the client may sign with. Default: all that the server knows. */
  readonly signatureSchemes?: readonly string[]
  readonly oidFilters?: readonly OidFilter[]
}

export class ServerConnection extends StreamConnection {
  readonly #options: ServerConnectionOptions
  #accepted = false

  /** Throws `TypeError` where a stream is locked. */
  constructor(streams: ByteStreams, options: ServerConnectionOptions = {}) {
    super(streams, options)
    this.#options = options
  }

  /** The handshake, not yet begun: once. */
  accept(): ServerHandshake {
    if (this.#accepted) throw new TypeError('accept() was called before')
    this.#accepted = true
    return new ServerHandshake(this.link, this.#options)
  }

  /** The name that the client asked for. */
  get serverName(): string | undefined {
    return this.link.progress?.serverName
  }

  get serverIdentity(): PublicIdentity | undefined {
    return this.link.localIdentity
  }

  get clientIdentity(): PublicIdentity | undefined {
    return this.link.peerIdentity
  }

  /**
   * Asks for the client's identity after the handshake (RFC 9846 §4.7.2), judged by the trust store of the handshake; `undefined` where
   * the client has none to show. `TypeError` where it did not offer to be asked. What the client sends meanwhile waits to be read.
   */
  async requestClientIdentity(): Promise<PublicIdentity | undefined> {
    const peer = await this.link.driver.requestClientCertificate()
    return peer && this.link.peerIdentity
  }
}

/** Its steps: `receiveClientHello`, `requestClientIdentity`, `finish`. */
export class ServerHandshake extends StreamHandshake<'receiveClientHello' | 'requestClientIdentity'> {
  readonly #options: ServerConnectionOptions
  /** What the hello is answered with, beside the options. */
  readonly #answer: ClientHelloAnswer = {}

  /** See `ServerConnection.accept`. */
  constructor(link: Link, options: ServerConnectionOptions) {
    super(link, ['receiveClientHello', 'requestClientIdentity'])
    this.#options = options
  }

  /** Identities in descending preference: the first that fits the client's server name and signature schemes serves. Until the hello is answered. */
  configureServerIdentities(identities: readonly Identity[]): void {
    this.steps.checkSetting('configureServerIdentities', 'receiveClientHello')
    if (identities.length === 0) throw new TypeError('configureServerIdentities() needs an identity')
    this.#answer.identity = identities
  }

  /** Application protocols, preferred first: text, or 1 to 255 bytes each. Until the hello is answered. */
  configureAlpnIds(ids: readonly (string | Uint8Array)[]): void {
    this.steps.checkSetting('configureAlpnIds', 'receiveClientHello')
    this.#answer.alpn = alpnIds(ids)
  }

  /** By IANA name, preferred first. Until the hello is answered. */
  configureCipherSuites(names: readonly string[]): void {
    this.steps.checkSetting('configureCipherSuites', 'receiveClientHello')
    this.#answer.cipherSuites = names
  }

  /** By IANA name, preferred first. Until the hello is answered. */
  configureGroups(names: readonly string[]): void {
    this.steps.checkSetting('configureGroups', 'receiveClientHello')
    this.#answer.groups = names
  }

  /** What the client says first. The next step answers it. */
  receiveClientHello(): Promise<ClientHello> {
    return this.steps.take('receiveClientHello', async () => {
      await this.advance('client-hello')
      const { held } = this.link.driver
      if (held?.type !== 'client-hello') throw new TypeError('the handshake went on without a hello')
      return new ClientHello(held.hello)
    })
  }

  /**
   * Answers the hello, asking for the client's identity, and gives it once the trust store has found nothing wrong with it; `undefined` where
   * the client has none. Going on accepts it, `abort` refuses. That the client has the key is proved by what follows: `finish` rejects
   * otherwise. A session that is resumed asks for nothing: its client is who it was.
   */
  requestClientIdentity(options: IdentityRequestOptions = {}): Promise<PublicIdentity | undefined> {
    return this.steps.take('requestClientIdentity', async () => {
      const { required = false, trust, authorities, signatureSchemes, oidFilters } = options
      Object.assign(this.#answer, {
        clientAuth: required ? 'require' : 'request',
        ...(trust && { trust }),
        ...(authorities && { certificateAuthorities: authorities }),
        ...(signatureSchemes && { clientSignatureSchemes: signatureSchemes }),
        ...(oidFilters && { oidFilters }),
      } satisfies ClientHelloAnswer)
      const info = await this.advance('peer-certificate')
      if (info) this.link.connected(info)
      return this.link.peerIdentity
    })
  }

  protected override create(): Connection {
    // Without an identity the hello is a question, which a step may want to see.
    const { identity: _, ...options } = this.#options
    return createServer({ ...options, reviewPeer: true })
  }

  protected override settle(held: Question): void {
    if (held.type === 'client-hello') this.#answerHello(held)
    if (held.type === 'peer-certificate' && held.verdict) held.answer(held.verdict)
  }

  protected override react(question: Question): Reaction {
    if (question.type === 'peer-certificate') return this.link.meetPeer(question, this.stop === 'peer-certificate')
    if (question.type !== 'client-hello') return question
    if (this.stop === 'client-hello') return 'hold'
    const { identity, onQuestion } = this.#options
    if (identity === undefined && this.#answer.identity === undefined && onQuestion) return question
    this.#answerHello(question)
    return 'answered'
  }

  #answerHello(question: Question & { type: 'client-hello' }): void {
    const { identity } = this.#options
    const answer = { ...(identity && { identity }), ...this.#answer }
    if (!answer.identity) throw new TypeError('the server has no identity: give the option identity, or configureServerIdentities()')
    question.answer(answer)
  }
}
