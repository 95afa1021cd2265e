/** The server's side of the consumer-driven interface. */
import type { AlertName } from '../error.ts'
import { createServer } from '../index.ts'
import type {
  ClientHelloAnswer,
  ConnectionInfo,
  ExportOptions,
  Identity,
  OidFilter,
  Question,
  ServerOptions,
  TrustStore,
} from '../types.ts'
import type { PublicIdentity } from '../x509/index.ts'
import { alpnIds } from './alpn.ts'
import { ClientHello } from './client-hello.ts'
import { Link, type LinkOptions } from './link.ts'
import { Steps } from './steps.ts'
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

/** A connection over a pair of byte streams, which it locks. What it has agreed on fills in as the handshake goes. */
export class ServerConnection {
  readonly #link: Link
  readonly #options: ServerConnectionOptions
  #accepted = false

  /** Throws `TypeError` where a stream is locked. */
  constructor(streams: ByteStreams, options: ServerConnectionOptions = {}) {
    this.#link = new Link(streams, options)
    this.#options = options
  }

  /** The handshake, not yet begun: once. */
  accept(): ServerHandshake {
    if (this.#accepted) throw new TypeError('accept() was called before')
    this.#accepted = true
    return new ServerHandshake(this.#link, this.#options)
  }

  /** The name that the client asked for. */
  get serverName(): string | undefined {
    return this.#link.progress?.serverName
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
    return this.#link.localIdentity
  }

  get clientIdentity(): PublicIdentity | undefined {
    return this.#link.peerIdentity
  }

  /** All that was agreed; `undefined` until the handshake is over. */
  get info(): ConnectionInfo | undefined {
    return this.#link.info
  }

  /**
   * Asks for the client's identity after the handshake (RFC 9846 §4.7.2), judged by the trust store of the handshake; `undefined` where
   * the client has none to show. `TypeError` where it did not offer to be asked. What the client sends meanwhile waits to be read.
   */
  async requestClientIdentity(): Promise<PublicIdentity | undefined> {
    const peer = await this.#link.driver.requestClientCertificate()
    return peer && this.#link.peerIdentity
  }

  /** Keying material for the application (RFC 9846 §7.5). `TypeError` before the handshake is over. */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number, options?: ExportOptions): Uint8Array {
    return this.#link.exportKeyingMaterial(label, context, length, options)
  }

  /** Ends in order what is connected, without waiting for the client to end too; aborts a handshake. */
  close(): Promise<void> {
    return this.#link.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const steps = ['receiveClientHello', 'requestClientIdentity', 'finish'] as const

/**
 * A handshake that stands still until a step is taken, and again when the step is done: meanwhile nothing is read or written. Steps may be
 * left out, but for `finish`; each is taken at most once, and in this order. A call out of order throws `TypeError`, a step rejects with what failed.
 */
export class ServerHandshake {
  readonly #link: Link
  readonly #options: ServerConnectionOptions
  readonly #steps = new Steps(steps)
  /** What the hello is answered with, beside the options. */
  readonly #answer: ClientHelloAnswer = {}
  /** The question at which the step under way is done. */
  #stop: Question['type'] | undefined

  /** See `ServerConnection.accept`. */
  constructor(link: Link, options: ServerConnectionOptions) {
    this.#link = link
    this.#options = options
  }

  /** Identities in descending preference: the first that fits the client's server name and signature schemes serves. Until the hello is answered. */
  configureServerIdentities(identities: readonly Identity[]): void {
    this.#steps.checkSetting('configureServerIdentities', 'receiveClientHello')
    if (identities.length === 0) throw new TypeError('configureServerIdentities() needs an identity')
    this.#answer.identity = identities
  }

  /** Application protocols, preferred first: text, or 1 to 255 bytes each. Until the hello is answered. */
  configureAlpnIds(ids: readonly (string | Uint8Array)[]): void {
    this.#steps.checkSetting('configureAlpnIds', 'receiveClientHello')
    this.#answer.alpn = alpnIds(ids)
  }

  /** By IANA name, preferred first. Until the hello is answered. */
  configureCipherSuites(names: readonly string[]): void {
    this.#steps.checkSetting('configureCipherSuites', 'receiveClientHello')
    this.#answer.cipherSuites = names
  }

  /** By IANA name, preferred first. Until the hello is answered. */
  configureGroups(names: readonly string[]): void {
    this.#steps.checkSetting('configureGroups', 'receiveClientHello')
    this.#answer.groups = names
  }

  /** What the client says first. The next step answers it. */
  receiveClientHello(): Promise<ClientHello> {
    return this.#steps.take('receiveClientHello', async () => {
      await this.#advance('client-hello')
      const { held } = this.#link.driver
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
    return this.#steps.take('requestClientIdentity', async () => {
      const { required = false, trust, authorities, signatureSchemes, oidFilters } = options
      Object.assign(this.#answer, {
        clientAuth: required ? 'require' : 'request',
        ...(trust && { trust }),
        ...(authorities && { certificateAuthorities: authorities }),
        ...(signatureSchemes && { clientSignatureSchemes: signatureSchemes }),
        ...(oidFilters && { oidFilters }),
      } satisfies ClientHelloAnswer)
      const info = await this.#advance('peer-certificate')
      if (info) this.#link.connected(info)
      return this.#link.peerIdentity
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
    // Without an identity the hello is a question, which a step may want to see.
    const { identity: _, ...options } = this.#options
    this.#link.start(
      () => createServer({ ...options, reviewPeer: true }),
      question => this.#react(question),
    )
  }

  /** Answers what the last step stopped at. */
  #settle(): void {
    const { driver } = this.#link
    const { held } = driver
    driver.held = undefined
    if (held?.type === 'client-hello') this.#answerHello(held)
    if (held?.type === 'peer-certificate' && held.verdict) held.answer(held.verdict)
  }

  #react(question: Question): 'hold' | 'answered' | Question {
    if (question.type === 'peer-certificate') return this.#link.meetPeer(question, this.#stop === 'peer-certificate')
    if (question.type !== 'client-hello') return question
    if (this.#stop === 'client-hello') return 'hold'
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
