/** What a connection and its handshake share: the transport, the driver once there is one, and who proved itself. */
import { type AlertName, TlsError } from '../error.ts'
import type { Connection, ConnectionInfo, Question, ServerConnection, VerifiedPeer } from '../types.ts'
import { PrivateIdentity, PublicIdentity } from '../x509/index.ts'
import { cleartext } from './cleartext.ts'
import { Driver, type DriverOptions, type Reaction } from './driver.ts'
import { type ByteStreams, StreamTransport, type TransportOptions } from './transport.ts'

export interface LinkOptions extends TransportOptions, DriverOptions {
  /** Ends the connection at any time: with an alert, and its `reason` for whoever waits. */
  readonly signal?: AbortSignal
}

export class Link {
  readonly #transport: StreamTransport
  readonly #options: LinkOptions
  #driver: Driver | undefined
  /** Why there will be no driver. */
  #gone: Error | undefined
  peerIdentity: PublicIdentity | undefined
  readonly #onAbort = () => void this.abort(undefined, asError(this.#options.signal?.reason))

  constructor(streams: ByteStreams, options: LinkOptions) {
    this.#transport = new StreamTransport(streams, options)
    this.#options = options
    const { signal } = options
    if (signal?.aborted) this.#onAbort()
    else signal?.addEventListener('abort', this.#onAbort)
  }

  get started(): boolean {
    return this.#driver !== undefined
  }

  /** Throws what ended the connection before it began. */
  start(create: () => Connection | ServerConnection, onAsk: Driver['onAsk']): Driver {
    if (this.#gone) throw this.#gone
    const driver = new Driver(create(), this.#transport, this.#options)
    driver.onAsk = onAsk
    driver.whenOver(() => this.#letGo())
    this.#driver = driver
    return driver
  }

  get info(): ConnectionInfo | undefined {
    return this.#driver?.connection.info
  }

  get progress() {
    return this.#driver?.connection.progress
  }

  /** What this side proved itself with; `undefined` also for a raw public key. */
  get localIdentity(): PublicIdentity | undefined {
    const identity = this.info?.localIdentity
    if (identity === undefined || identity.type === 'RawPublicKey') return undefined
    return identity instanceof PrivateIdentity ? identity.publicIdentity() : new PublicIdentity(identity.chain)
  }

  get driver(): Driver {
    if (!this.#driver) throw new TypeError('the handshake has not begun')
    return this.#driver
  }

  /** The application's streams; the handshake is over. */
  connected({ peer }: ConnectionInfo): ByteStreams {
    if (peer) this.peerIdentity ??= PublicIdentity.ofPeer(peer)
    return cleartext(this.driver)
  }

  /** A question about a peer that the trust store believes: remembers it, and goes on. Others are for the application, whose verdict is kept for `hold`. */
  meetPeer(question: Question & { type: 'peer-certificate' }, hold: boolean): Reaction {
    if (question.verdict) {
      this.peerIdentity = PublicIdentity.ofPeer(question.verdict)
      if (hold) return 'hold'
      question.answer(question.verdict)
      return 'answered'
    }
    const answer = (verdict: VerifiedPeer) => {
      this.peerIdentity = PublicIdentity.ofPeer(verdict)
      if (hold) this.driver.held = { ...question, verdict }
      else question.answer(verdict)
    }
    return { ...question, answer }
  }

  /** Sends an alert, and resolves when it has left, or the peer took nothing for two seconds. */
  async abort(given?: AlertName, cause?: Error): Promise<void> {
    this.#letGo()
    // A connection that was cut must not look like one that ended: user_canceled goes with a close_notify.
    const alert = given ?? (this.info ? 'internal_error' : 'user_canceled')
    const reason = cause ?? new TlsError('aborted', 'the connection was aborted on this side', { alert })
    if (this.#driver) return this.#driver.abort(alert, reason)
    this.#gone ??= reason
    await this.#transport.destroy(reason)
  }

  /** Ends in order what is connected, without waiting for the peer to end too; aborts a handshake. */
  async close(): Promise<void> {
    this.#letGo()
    if (!this.info) return this.abort()
    await this.driver.close()
  }

  /** A signal may live longer than the connection, and must not keep it. */
  #letGo(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
