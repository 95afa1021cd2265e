/**
 * Drives a connection over byte streams: only as far as somebody waits for, so that nothing moves on the transport while nobody does. One loop
 * serves all: take events until there is one to act on, write what came of it, read more.
 */
import { type AlertName, TlsError, type TransportError } from '../error.ts'
import type { Connection, ConnectionInfo, Question, ServerConnection, Session, TlsEvent, VerifiedPeer } from '../types.ts'
import { type StreamTransport, settledSoon } from './transport.ts'

export interface DriverOptions {
  /** Answers what neither options nor steps do, before what it returns resolves: a question that is still open then is refused. */
  readonly onQuestion?: ((question: Question) => void | Promise<void>) | undefined
  readonly onSession?: ((session: Session) => void) | undefined
}

/** What is done about a question: it is left open while nothing moves, it was answered, or the one that is returned goes to `onQuestion`. */
export type Reaction = 'hold' | 'answered' | Question

/** A request for the client's certificate after the handshake. */
interface LaterRequest {
  answer?: { readonly peer: VerifiedPeer | undefined }
}

/** Bytes of application data that may wait for their reader while something else is awaited. */
const mostWaiting = 1 << 20

export class Driver {
  readonly connection: Connection | ServerConnection
  readonly #transport: StreamTransport
  readonly #options: DriverOptions
  /** Asked about each question before anybody else. */
  onAsk: (question: Question) => Reaction = question => question
  /** A question that is left open, while nothing moves. */
  held: Question | undefined
  #data: Uint8Array[] = []
  #waiting = 0
  #peerEnded = false
  #ended = false
  #failure: Error | undefined
  #reading: Promise<void> | undefined
  /** Handlers of questions at work, which the loop waits for. */
  #answering: Promise<void> | undefined
  #dataTaken: (() => void) | undefined
  readonly #later: LaterRequest[] = []
  #asked: Question | undefined
  /** Whether a part of what is being sent has not been taken yet. */
  #isHalfSent = false
  readonly #onOver: ((failure?: Error) => void)[] = []
  /** Ends the wait for a handler that may never answer. */
  #giveUp: (() => void) | undefined

  constructor(connection: Connection | ServerConnection, transport: StreamTransport, options: DriverOptions) {
    this.connection = connection
    this.#transport = transport
    this.#options = options
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  /** `tell` is called once, when the connection has failed, or has ended in order. */
  whenOver(tell: (failure?: Error) => void): void {
    this.#onOver.push(tell)
  }

  /** Goes on until a question is held or the handshake is over; gives what was agreed in the latter case. Rejects with what failed. */
  async handshake(): Promise<ConnectionInfo | undefined> {
    const info = await this.#until(() => (this.held === undefined ? this.connection.info : null))
    if (info) await this.#flush()
    return info ?? undefined
  }

  /** The next bytes of the peer; `undefined` after its close_notify. Rejects with what failed. */
  async nextData(): Promise<Uint8Array | undefined> {
    const data = await this.#until(() => this.#data.shift() ?? (this.#peerEnded ? null : undefined))
    this.#waiting -= data?.length ?? 0
    this.#dataTaken?.()
    // The reader is at the end, and need not wait long for what the peer takes slowly.
    if (data === null) await settledSoon(this.#closeIfOver())
    return data ?? undefined
  }

  /** Resolves when all of it is on its way and the transport wants more. */
  async send(data: Uint8Array): Promise<void> {
    for (let rest = data; rest.length > 0 && this.#failure === undefined; ) {
      const taken = this.connection.send(rest)
      rest = rest.subarray(taken)
      this.#isHalfSent = rest.length > 0
      await this.#flush()
      // Nothing is taken of whoever has failed, which an event tells; perhaps nobody reads who would take it.
      if (taken === 0) while (this.#failure === undefined && this.#poll());
    }
    if (this.#failure) throw this.#failure
  }

  /** Sends close_notify; the peer may go on. Resolves when it is on its way, and where the peer has ended before, when all has left. */
  async end(): Promise<void> {
    if (this.#failure) throw this.#failure
    this.#ended = true
    this.connection.end()
    await this.#flush()
    await this.#closeIfOver()
  }

  /** The client's answer to a request after the handshake. Reads as long as it takes; the data that comes meanwhile waits for its reader. */
  async requestClientCertificate(): Promise<VerifiedPeer | undefined> {
    const { connection } = this
    if (!('requestClientCertificate' in connection)) throw new TypeError('a certificate is asked of clients')
    connection.requestClientCertificate()
    const request: LaterRequest = {}
    this.#later.push(request)
    for (;;) {
      const isFull = () => this.#waiting >= mostWaiting
      const found = await this.#until(() => request.answer ?? (this.#peerEnded ? 'ended' : isFull() ? 'full' : undefined))
      if (found === 'ended') throw new TlsError('truncated', 'the peer has ended without an answer to the request', { origin: 'peer' })
      if (found !== 'full') return found.peer
      await this.#dataIsTaken()
    }
  }

  /** Nobody reads any more: for this side, the peer has ended. */
  async stopReading(): Promise<void> {
    this.#peerEnded = true
    this.#data = []
    await settledSoon(this.#closeIfOver())
  }

  /** Ends the connection with an alert, and resolves when that is on its way. `reason`: what whoever still waits is told. */
  async abort(alert: AlertName, reason: Error): Promise<void> {
    this.connection.abort(alert)
    this.#fail(reason)
    await this.#transport.destroy(reason)
  }

  /**
   * close_notify, unless it was sent, and the end of the transport without waiting for the peer's. What still waits is told that it was closed.
   * In the middle of a chunk, an alert: what was cut must not look like what ended. Resolves when all has left, or the peer took nothing for some time.
   */
  async close(): Promise<void> {
    if (this.#ended && this.#peerEnded) {
      void this.#closeIfOver().catch(() => {})
      return this.#transport.destroy()
    }
    const reason = new TlsError('aborted', 'the connection was closed on this side')
    if (this.#isHalfSent) return this.abort('internal_error', reason)
    this.connection.end()
    this.#fail(reason)
    await this.#transport.destroy()
  }

  /** One after the other: events, output, input; until `look` finds something. */
  async #until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (this.#failure) throw this.#failure
      if (this.#poll()) continue
      await this.#flush()
      if (this.#failure) throw this.#failure
      if (this.#answering) await this.#answering
      else if (this.connection.waitingFor === 'answer') this.#refuseOpen()
      else await this.#readMore()
    }
  }

  /** Takes one event. False where there is none. */
  #poll(): boolean {
    const event = this.connection.poll()
    if (event) this.#take(event)
    return event !== undefined
  }

  #take(event: TlsEvent): void {
    switch (event.type) {
      case 'data':
        this.#data.push(event.data)
        this.#waiting += event.data.length
        break
      case 'end':
        this.#peerEnded = true
        break
      case 'failed':
        this.#fail(event.error)
        break
      case 'session':
        this.#options.onSession?.(event.session)
        break
      case 'peer-authenticated':
        this.#answerRequest(event.peer)
        break
      case 'connected':
      case 'keys-updated':
      case 'retry-requested':
      case 'early-data-result':
        break
      default:
        this.#ask(event)
    }
  }

  #answerRequest(peer: VerifiedPeer | undefined): void {
    const request = this.#later.shift()
    if (request) request.answer = { peer }
  }

  #ask(question: Question): void {
    this.#asked = question
    const reaction = this.onAsk(question)
    if (reaction === 'hold') this.held = question
    if (reaction === 'hold' || reaction === 'answered') return
    const { onQuestion } = this.#options
    if (!onQuestion) {
      this.#refuse(new TlsError('refused', `nobody answers the question ${question.type}: give the option for it, or onQuestion`))
      return
    }
    this.answerLater(async () => onQuestion(reaction))
  }

  /** Lets `answer` answer a question in its own time. What it throws ends the connection; a `TlsError` with its own alert. */
  answerLater(answer: () => Promise<void>): void {
    const failed = new Promise<void>(resolve => {
      this.#giveUp = resolve
    })
    const answered = Promise.race([answer(), failed])
      .catch((reason: unknown) => this.#refuse(reason instanceof Error ? reason : new Error(String(reason))))
      .finally(() => {
        if (this.#answering === answered) this.#answering = undefined
      })
    this.#answering = answered
  }

  /** Whoever was asked is done, and nothing the peer sends could be an answer. */
  #refuseOpen(): void {
    this.#refuse(new TlsError('refused', `the question ${this.#asked?.type} was still open when onQuestion had resolved`))
  }

  #refuse(reason: Error): void {
    if (this.#failure) return
    this.connection.abort((reason instanceof TlsError && reason.alert) || 'access_denied')
    this.#fail(reason)
  }

  /** One read at a time, whoever waits for it. */
  #readMore(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readOnce(): Promise<void> {
    try {
      const chunk = await this.#transport.read()
      if (this.#failure) return
      if (chunk) this.connection.receive(chunk)
      else this.connection.receiveEnd()
    } catch (fault) {
      this.#fail(fault as TransportError)
    }
  }

  async #flush(): Promise<void> {
    try {
      await this.#transport.write(this.connection.takeOutput())
    } catch (fault) {
      this.#fail(fault as TransportError)
    }
  }

  /** The first failure is the reason of all. Its alert, if it has one, leaves before the transport does. */
  #fail(failure: Error): void {
    if (this.#failure) return
    this.#failure = failure
    this.#tellOver(failure)
    this.#giveUp?.()
    this.#dataTaken?.()
    void this.#transport.destroy(failure, this.connection.takeOutput())
  }

  async #closeIfOver(): Promise<void> {
    if (!this.#ended || !this.#peerEnded) return
    this.#tellOver()
    await this.#transport.close()
  }

  #tellOver(failure?: Error): void {
    for (const tell of this.#onOver.splice(0)) tell(failure)
  }

  #dataIsTaken(): Promise<void> {
    return new Promise(resolve => {
      this.#dataTaken = () => {
        this.#dataTaken = undefined
        resolve()
      }
    })
  }
}
