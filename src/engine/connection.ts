/**
 * The connection: here handshake and records are joined, and here are the queue of events, the questions and the closing. What a peer does
 * wrong ends in the event `failed`; what the caller does wrong throws `TypeError`.
 */

import { type AlertName, alerts, TlsError } from '../error.ts'
import type { Role } from '../handshake/auth.ts'
import { Conversation } from '../handshake/conversation.ts'
import type { Ask, Dialogue, Io } from '../handshake/dialogue.ts'
import type { Established } from '../handshake/established.ts'
import { PostHandshake, type TicketIssuer } from '../handshake/post.ts'
import type { CommonOptions, Connection, ConnectionInfo, ExportOptions, HandshakeProgress, Limits, TlsEvent } from '../types.ts'
import { nameOfMessage } from '../wire/messages.ts'
import type { Answers } from './answers.ts'
import { serverEndPoint } from './channel-binding.ts'
import { EarlyData } from './early-data.ts'
import { Effects } from './effects.ts'
import { asTlsError } from './faults.ts'
import { describeConnection, describeProgress } from './info.ts'
import { Input } from './input.ts'
import { limitsOf, type WithCrypto } from './options.ts'
import { Output } from './output.ts'
import { questionEvent, withVerdict } from './questions.ts'

/** What makes an engine the client's or the server's. */
export interface Part {
  readonly role: Role
  readonly options: WithCrypto<CommonOptions>
  readonly answers: Answers
  readonly handshake: (io: Io) => Dialogue<Established>
  readonly tickets?: TicketIssuer
  /** Bytes: what a client may send early with its session, what a server takes. */
  readonly maxEarlyData?: number
  /** Whether a client's first hello may have gone to another connection. */
  readonly stateless?: boolean
}

/** Use `createClient` and `createServer`: they check the options. */
export class Engine implements Connection {
  readonly role: Role
  readonly #options: WithCrypto<CommonOptions>
  readonly #answers: Answers
  readonly #tickets: TicketIssuer | undefined
  readonly #stateless: boolean
  readonly #limits: Limits
  readonly #input: Input
  readonly #output: Output
  readonly #events: TlsEvent[] = []
  readonly #early: EarlyData
  readonly #effects: Effects
  #conversation: Conversation<Established> | undefined
  #post: PostHandshake | undefined
  #info: ConnectionInfo | undefined
  /** Whether an event waits for its answer. */
  #asking = false
  /** Whether the caller is between a `poll()` that gave an event and one that gave none: no need to wake it. */
  #draining = false
  /** Whether a call is at work: callbacks (`trace`, `keyLog` …) may look, but not change anything. */
  #working = false
  #failed = false
  #inputEnded = false
  #endReceived = false
  #helloHeard = false
  #changeCipherSpecs = 0
  #warningAlerts = 0

  constructor(part: Part) {
    const { role, options, answers, tickets, stateless = false, handshake } = part
    // Not the part whole: the handshake holds its settings, and is soon over.
    this.role = role
    this.#options = options
    this.#answers = answers
    this.#tickets = tickets
    this.#stateless = stateless
    this.#limits = limitsOf(options, part.maxEarlyData)
    this.#input = new Input(this.#limits)
    this.#output = new Output(this.#limits.outputBytes, { initialClientHello: role === 'client', padding: options.padding })
    this.#early = new EarlyData(part.maxEarlyData ?? 0)
    const { trace } = options
    this.#effects = new Effects({ input: this.#input, output: this.#output, early: this.#early, events: this.#events, trace })
    this.#guard(() => {
      this.#conversation = new Conversation(handshake(this.#effects.forHandshake()))
    })
  }

  get info(): ConnectionInfo | undefined {
    return this.#info
  }

  get progress(): HandshakeProgress {
    return this.#info ?? describeProgress(this.#effects.agreed ?? {})
  }

  get waitingFor(): 'input' | 'answer' | 'nothing' {
    if (this.#failed || this.#endReceived) return 'nothing'
    return this.#asking ? 'answer' : 'input'
  }

  get pendingInput(): number {
    return this.#input.buffered
  }

  get pendingOutput(): number {
    return this.#output.pending
  }

  receive(chunk: Uint8Array): void {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('receive takes a Uint8Array')
    if (this.#failed || this.#endReceived) return
    if (this.#inputEnded) throw new TypeError('receive after receiveEnd')
    this.#guard(() => this.#input.push(chunk))
    this.#advance()
  }

  receiveEnd(): void {
    this.#inputEnded = true
    this.#advance()
  }

  poll(): TlsEvent | undefined {
    if (this.#events.length === 0) this.#advance()
    const event = this.#events.shift()
    this.#draining = event !== undefined
    return event
  }

  takeOutput(): Uint8Array[] {
    return this.#output.take()
  }

  send(data: Uint8Array | readonly Uint8Array[]): number {
    const pieces = data instanceof Uint8Array ? [data] : data
    if (!Array.isArray(pieces) || !pieces.every(piece => piece instanceof Uint8Array))
      throw new TypeError('send takes a Uint8Array or a list of them')
    if (this.#failed) return 0
    const post = this.#connected('send')
    if (this.#output.ended) throw new TypeError('send after end')
    let taken = 0
    this.#guard(() => {
      post.settle()
      taken = this.#output.data(pieces, () => post.updateKeys(false))
    })
    return taken
  }

  sendEarly(data: Uint8Array): number {
    if (!(data instanceof Uint8Array)) throw new TypeError('sendEarly takes a Uint8Array')
    if (this.#failed || this.#output.epoch !== 'early') return 0
    const part = this.#early.take(data.subarray(0, this.#output.room))
    this.#guard(() => this.#output.data([part], () => {}))
    return part.length
  }

  end(): void {
    if (this.#failed || this.#output.ended) return
    if (!this.#post) return this.abort('user_canceled')
    this.#guard(() => this.#sendAlert('close_notify'))
    this.#output.ended = true
  }

  abort(alert: AlertName = 'user_canceled'): void {
    if (!(alert in alerts)) throw new TypeError(`no alert is called ${alert}`)
    this.#guard(() => this.#fail(new TlsError('aborted', 'the connection was aborted on this side', { alert })))
  }

  limitFragments(size: number): void {
    this.#output.limitFragments(size)
  }

  updateKeys(options: { readonly requestPeer?: boolean } = {}): void {
    if (this.#failed) return
    const post = this.#connected('updateKeys')
    if (this.#output.ended) throw new TypeError('updateKeys after end')
    this.#guard(() => post.updateKeys(options.requestPeer ?? false))
  }

  requestClientCertificate(): void {
    if (this.#failed) return
    const post = this.#connected('requestClientCertificate')
    if (this.#output.ended) throw new TypeError('requestClientCertificate after end')
    const hindrance = post.requestHindrance
    if (hindrance !== undefined) throw new TypeError(hindrance)
    this.#guard(() => post.requestCertificate())
  }

  issueTicket(): void {
    if (this.#failed) return
    const post = this.#connected('issueTicket')
    if (!this.#tickets) throw new TypeError('issueTicket needs the option tickets')
    if (this.#output.ended) throw new TypeError('issueTicket after end')
    this.#guard(() => post.issueTicket())
  }

  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number, options: ExportOptions = {}): Uint8Array {
    if (options.early) return this.#early.export(label, context, length)
    const post = this.#connected('exportKeyingMaterial')
    if (this.#failed) throw new TypeError('exportKeyingMaterial of a connection that has failed')
    return post.export(label, context, length)
  }

  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array {
    if (type === 'tls-exporter') return this.exportKeyingMaterial('EXPORTER-Channel-Binding', undefined, 32)
    if (type !== 'tls-server-end-point') throw new TypeError(`no channel binding is called ${String(type)}`)
    if (!this.#info) throw new TypeError('channelBinding before connected')
    return serverEndPoint(this.#options.crypto, this.role, this.#info)
  }

  /** Sends a handshake message that was encoded elsewhere, under the keys of now. For replays; the surface does not offer it. */
  sendHandshakeMessage(bytes: Uint8Array): void {
    this.#output.message(bytes)
  }

  // ── Input ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Goes on until there is an event for the caller, or nothing to go on with. */
  #advance(): void {
    this.#guard(() => {
      while (!this.#failed && !this.#asking && this.#events.length === 0 && this.#step());
      // When all is read: a peer that asks for new keys many times gets them once.
      if (!this.#failed && this.#events.length === 0) this.#post?.settle()
    })
  }

  /** One message, or what else a record holds. False where more input is needed. */
  #step(): boolean {
    if (this.#endReceived) return false
    const incoming = this.#input.next()
    if (!incoming) {
      if (this.#inputEnded) throw this.#truncation()
      return false
    }
    const { kind, bytes } = incoming
    if (kind === 'data') this.#takeData(bytes)
    else this.#effects.trace('in', kind === 'message' ? nameOfMessage(bytes) : kind, bytes)
    if (kind === 'message') this.#hear(bytes)
    if (kind === 'alert') this.#takeAlert(incoming.alert, incoming.code)
    if (kind === 'change_cipher_spec') this.#takeChangeCipherSpec(bytes)
    return true
  }

  #truncation(): TlsError {
    const when = this.#post ? "without the peer's close_notify" : 'during the handshake'
    const where = this.#input.interrupted ? ', in the middle of a record or message' : ''
    return new TlsError('truncated', `the transport ended ${when}${where}`, { origin: 'transport' })
  }

  #takeData(data: Uint8Array): void {
    const early = this.#input.epoch === 'early'
    if (!this.#post && !early) throw new TlsError('unexpected-message', 'application data came during the handshake')
    if (early) this.#early.count(data.length)
    this.#post?.heardData(data.length)
    if (data.length === 0) return
    this.#events.push({ type: 'data', data, early })
  }

  /** Between the first ClientHello and the peer's Finished it means nothing; elsewhere, and with other contents, it may not be (RFC 9846 §5). */
  #takeChangeCipherSpec(bytes: Uint8Array): void {
    // A server without memory may have met the client's first hello before (RFC 9846 §4.3.2).
    const mayCome = !this.#post && (this.role === 'client' || this.#helloHeard || this.#stateless)
    if (!mayCome || bytes.length !== 1 || bytes[0] !== 1) {
      throw new TlsError('change-cipher-spec', 'a change_cipher_spec that may not be here')
    }
    if (++this.#changeCipherSpecs > this.#limits.changeCipherSpecs) {
      throw new TlsError('change-cipher-spec', 'too many change_cipher_spec records')
    }
  }

  /** RFC 9846 §6: the level says nothing; everything but these two is fatal. */
  #takeAlert(alert: AlertName | undefined, code: number): void {
    if (alert === 'close_notify' && this.#post) {
      this.#endReceived = true
      this.#input.destroy()
      this.#events.push({ type: 'end' })
    } else if (alert === 'user_canceled') {
      if (++this.#warningAlerts > this.#limits.warningAlerts) throw new TlsError('too-many-alerts', 'too many user_canceled alerts')
    } else {
      throw new TlsError('peer-alert', `the peer sent the alert ${alert ?? code}`, { alert, origin: 'peer' })
    }
  }

  #hear(message: Uint8Array): void {
    if (this.#post) this.#post.hear(message)
    else this.#conversation?.hear(message)
    this.#helloHeard = true
    this.#converse()
  }

  /** After the dialogue has moved: is it done, or does it ask? */
  #converse(): void {
    const conversation = this.#post?.conversation ?? this.#conversation
    if (!conversation) return
    for (let question = conversation.question; question; question = conversation.question) {
      const given = this.#answers.given(question)
      if (!given) return this.#ask(question)
      if (given.review) return this.#ask(withVerdict(question, given.answer))
      conversation.answer(given.answer)
    }
    this.#concludeAuthentication()
    if (this.#conversation?.result) this.#connect(this.#conversation.result)
  }

  #connect({ secrets, ...established }: Established): void {
    this.#conversation = undefined
    this.#effects.agreed = undefined
    const { now, crypto } = this.#options
    const [role, io, limits, tickets] = [this.role, this.#effects, this.#limits, this.#tickets]
    this.#post = new PostHandshake({ role, established, io, limits, now, random: crypto.random, tickets }, secrets)
    this.#info = describeConnection(established)
    this.#events.push({ type: 'connected', info: this.#info })
    for (let i = 0; i < (this.#tickets?.count ?? 0); i++) this.#post.issueTicket()
  }

  /** Once the client's answer to `requestClientCertificate` is there. */
  #concludeAuthentication(): void {
    const concluded = this.#post?.concludeAuthentication()
    if (!concluded || !this.#info) return
    const { peer } = concluded
    if (peer) this.#info = { ...this.#info, peer }
    this.#events.push({ type: 'peer-authenticated', peer })
  }

  // ── Questions ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #ask(question: Ask): void {
    this.#asking = true
    this.#events.push(
      questionEvent(question, {
        answer: value => {
          if (this.#failed) return
          const answer = this.#answers.accept(question, value)
          this.#goOn(() => {
            const conversation = this.#post?.conversation ?? this.#conversation
            conversation?.answer(answer)
            this.#converse()
          })
        },
        refuse: alert => this.#goOn(() => this.#fail(new TlsError('refused', `${question.ask} was refused`, { alert }))),
      }),
    )
  }

  /** The open question is settled: does what follows from it. Nothing follows once the connection has failed. */
  #goOn(act: () => void): void {
    if (this.#failed) return
    this.#asking = false
    this.#guard(act)
    this.#advance()
    if (!this.#draining) this.#options.wake?.()
  }

  // ── Output ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #sendAlert(alert: AlertName): void {
    const bytes = this.#output.alert(alert)
    this.#effects.trace('out', 'alert', bytes)
    // RFC 9846 §6.1: user_canceled must be followed by close_notify.
    if (alert === 'user_canceled') this.#sendAlert('close_notify')
  }

  // ── Faults ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #connected(what: string): PostHandshake {
    if (!this.#post) throw new TypeError(`${what} before connected`)
    return this.#post
  }

  /** Whatever goes wrong inside is the end of the connection, and an event; it never reaches the caller as an exception. */
  #guard(work: () => void): void {
    if (this.#working) throw new TypeError('the connection was called from within a callback of its own')
    this.#working = true
    try {
      work()
    } catch (error) {
      this.#fail(asTlsError(error))
    } finally {
      this.#working = false
    }
  }

  #fail(error: TlsError): void {
    if (this.#failed) return
    this.#failed = true
    if (error.origin === 'local' && error.alert && !this.#output.ended) this.#sayFarewell(error.alert)
    this.#asking = false
    this.#conversation?.stop()
    this.#conversation = undefined
    this.#early.destroy()
    this.#post?.destroy()
    this.#input.destroy()
    this.#output.destroy()
    this.#events.push({ type: 'failed', error })
  }

  /** The alert leaves if it can: neither a key that is used up nor a `trace` that throws must hide why the connection ends. */
  #sayFarewell(alert: AlertName): void {
    try {
      this.#sendAlert(alert)
    } catch {
      // There is nobody left to tell.
    }
  }
}
