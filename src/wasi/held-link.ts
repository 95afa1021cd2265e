/** A connection over streams that are only looked at: it is driven as far as that goes without waiting, whenever somebody looks. */
import { TlsError, TransportError } from '../error.ts'
import type { Connection, Question, Session, TlsEvent } from '../types.ts'
import type { HeldTransport } from './held-transport.ts'
import { type InputSource, type OutputSink, type PollableLike, reasonOf } from './io.ts'
import type { Opened } from './p2-types.ts'

export interface HeldLinkOptions {
  /** Answers what options don't, at once: nothing can wait here. What it throws ends the connection. */
  readonly onQuestion?: ((question: Question) => void) | undefined
  readonly onSession?: ((session: Session) => void) | undefined
}

const nothing = new Uint8Array(0)

export class HeldLink implements Opened {
  readonly #connection: Connection
  readonly #transport: HeldTransport
  readonly #options: HeldLinkOptions
  #data: Uint8Array[] = []
  #peerEnded = false
  #ended = false
  failure: Error | undefined

  constructor(connection: Connection, transport: HeldTransport, options: HeldLinkOptions) {
    this.#connection = connection
    this.#transport = transport
    this.#options = options
  }

  readonly input: InputSource = {
    ready: () => this.#arrived(),
    waits: () => this.waits(),
    take: length => this.#take(length),
    drop: () => {
      this.#peerEnded = true
      this.#data = []
    },
  }

  readonly output: OutputSink = {
    ready: () => {
      this.#flush()
      return this.failure !== undefined || this.#ended || this.#transport.room() > 0
    },
    waits: () => this.#transport.waitsForOutput(),
    room: () => this.#room(),
    put: contents => {
      for (let rest = contents; rest.length > 0 && this.failure === undefined; ) {
        const taken = this.#connection.send(rest)
        rest = rest.subarray(taken)
        this.#flush()
        // Nothing is taken of whoever has failed, which an event tells.
        if (taken === 0) for (let event = this.#connection.poll(); event; event = this.#connection.poll()) this.#handle(event)
      }
    },
    flush: () => this.#attempt(() => this.#transport.flush()),
    drop: () => {},
  }

  /** Whether the handshake is over, in one way or the other. Reads no further than that. */
  handshake(): boolean {
    const isOver = () => this.#connection.info !== undefined || this.failure !== undefined
    this.#advance(isOver)
    return isOver()
  }

  waits(): readonly PollableLike[] {
    return [this.#transport.arrival(), ...this.#transport.waitsForOutput()]
  }

  end(): void {
    if (this.#ended || this.failure) return
    this.#ended = true
    this.#connection.end()
    this.#flush()
    this.output.flush()
  }

  release(): void {
    this.#flush()
    this.#transport.release()
  }

  abort(): void {
    if (this.failure) return
    this.#connection.abort('user_canceled')
    this.#fail(new TlsError('aborted', 'the handshake was dropped'))
  }

  #arrived(): boolean {
    const hasArrived = () => this.#data.length > 0 || this.#peerEnded || this.failure !== undefined
    this.#advance(hasArrived)
    return hasArrived()
  }

  #take(length: number): Uint8Array | undefined {
    this.#arrived()
    const first = this.#data[0]
    if (first !== undefined) {
      if (first.length <= length) this.#data.shift()
      else this.#data[0] = first.subarray(length)
      return first.subarray(0, length)
    }
    if (this.#peerEnded) return undefined
    if (this.failure) throw this.failure
    return nothing
  }

  #room(): number | undefined {
    this.#flush()
    if (this.failure) throw this.failure
    return this.#ended ? undefined : this.#transport.room()
  }

  #advance(isEnough: () => boolean): void {
    for (;;) {
      for (let event = this.#next(); event; event = this.#next()) this.#handle(event)
      this.#flush()
      if (isEnough() || this.#peerEnded || !this.#receive()) return
    }
  }

  /** Leaves the rest to the connection once there is data. */
  #next(): TlsEvent | undefined {
    return this.#data.length > 0 || this.failure ? undefined : this.#connection.poll()
  }

  #handle(event: TlsEvent): void {
    switch (event.type) {
      case 'data':
        this.#data.push(event.data)
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
      case 'connected':
      case 'keys-updated':
      case 'retry-requested':
      case 'early-data-result':
      case 'peer-authenticated':
        break
      default:
        this.#ask(event)
    }
  }

  #ask(question: Question): void {
    const { onQuestion } = this.#options
    try {
      onQuestion?.(question)
    } catch (reason) {
      return this.#refuse(reason instanceof Error ? reason : new Error(String(reason)))
    }
    if (this.#connection.waitingFor !== 'answer') return
    const hint = onQuestion ? 'was not answered at once, and nothing can wait here' : 'has no answer: give the option for it, or onQuestion'
    this.#refuse(new TlsError('refused', `the question ${question.type} ${hint}`))
  }

  #refuse(reason: Error): void {
    this.#connection.abort((reason instanceof TlsError && reason.alert) || 'access_denied')
    this.#fail(reason)
  }

  /** The alert, if there is one, is in the output. */
  #fail(failure: Error): void {
    if (this.failure) return
    this.failure = failure
    this.#flush()
  }

  /** Whether the transport had something. */
  #receive(): boolean {
    return this.#attempt(() => {
      const chunk = this.#transport.read()
      if (chunk === undefined) this.#connection.receiveEnd()
      else if (chunk.length > 0) this.#connection.receive(chunk)
      else return false
      return true
    })
  }

  #flush(): void {
    this.#attempt(() => this.#transport.write(this.#connection.takeOutput()))
  }

  /** What the transport fails with ends the connection. */
  #attempt<T>(work: () => T): T | true {
    try {
      return work()
    } catch (fault) {
      const cause = reasonOf(fault)
      const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : 'ERR_TRANSPORT'
      this.#transport.release()
      this.#fail(new TransportError(code, `the transport failed: ${cause.message}`, { cause }))
      return true
    }
  }
}
