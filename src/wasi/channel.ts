/** TLS over a pair of streams of `wasi:io`: moves as far as it can without waiting, whenever somebody looks. */
import { TlsError, TransportError } from '../error.ts'
import type { Connection, Question, Session, TlsEvent } from '../types.ts'
import { debugString } from './debug.ts'
import type { InputStreamLike, OutputStreamLike, PollableLike } from './io.ts'

export interface ChannelOptions {
  /** Answers what options don't, also later where the guest can be suspended. What it throws ends the connection. */
  readonly onQuestion?: ((question: Question) => void | Promise<void>) | undefined
  readonly onSession?: ((session: Session) => void) | undefined
}

/** Bytes of output that may wait for the transport. */
const mostWaiting = 65_536
/** Bytes that are asked of the transport at a time: four records. */
const readSize = 65_536n

const nothing = new Uint8Array(0)

export class Channel {
  readonly #connection: Connection
  readonly #input: InputStreamLike
  readonly #output: OutputStreamLike
  readonly #options: ChannelOptions
  /** Whether a promise can be waited for. */
  readonly #suspends: boolean
  /** One for each stream is enough: they tell of its state, not of a change. */
  #arrival: PollableLike | undefined
  #departure: PollableLike | undefined
  #data: Uint8Array[] = []
  #unsent: Uint8Array[] = []
  #waiting = 0
  /** `asked`: the transport is to be flushed once it has all; `begun`: it has been told to. */
  #flushing: 'asked' | 'begun' | undefined
  #peerEnded = false
  #ended = false
  #failure: Error | undefined
  /** The transport takes nothing any more. */
  #broken = false
  #answering: Promise<void> | undefined
  /** Resolves when something has happened that no stream tells of. */
  #woken: Promise<void>
  #wake: () => void = () => {}

  constructor(
    connection: Connection,
    input: InputStreamLike,
    output: OutputStreamLike,
    options: ChannelOptions & { readonly suspends: boolean },
  ) {
    this.#connection = connection
    this.#input = input
    this.#output = output
    this.#options = options
    this.#suspends = options.suspends
    this.#woken = new Promise(resolve => {
      this.#wake = resolve
    })
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  get isConnected(): boolean {
    return this.#connection.info !== undefined
  }

  /** Whether the handshake is over, in one way or the other. Reads no further than that. */
  handshake(): boolean {
    this.#advance(() => this.isConnected)
    return this.isConnected || this.#failure !== undefined
  }

  /** Whether there is something to read: data, the end, or a failure. */
  arrived(): boolean {
    this.#advance(() => this.#data.length > 0)
    return this.#data.length > 0 || this.#peerEnded || this.#failure !== undefined
  }

  /** Data that has come; `undefined` after close_notify. Throws what failed. */
  take(length: number): Uint8Array | undefined {
    this.arrived()
    const first = this.#data[0]
    if (first !== undefined) {
      if (first.length <= length) this.#data.shift()
      else this.#data[0] = first.subarray(length)
      return first.subarray(0, length)
    }
    if (this.#peerEnded) return undefined
    if (this.#failure) throw this.#failure
    return nothing
  }

  /** How many bytes `send` takes; `undefined` after `end`. Throws what failed. */
  room(): number | undefined {
    this.#flush()
    if (this.#failure) throw this.#failure
    if (this.#ended) return undefined
    return this.#flushing ? 0 : Math.max(0, mostWaiting - this.#waiting)
  }

  /** No more than there is room for. */
  send(data: Uint8Array): void {
    for (let rest = data; rest.length > 0; ) {
      rest = rest.subarray(this.#connection.send(rest))
      this.#flush()
    }
  }

  /** Has the transport flush what was sent. There is no room until it has. */
  flush(): void {
    this.#flushing ??= 'asked'
    this.#flush()
  }

  /** close_notify; the peer may go on. */
  end(): void {
    if (this.#ended || this.#failure) return
    this.#ended = true
    this.#connection.end()
    this.flush()
  }

  /** Nobody reads any more. */
  stopReading(): void {
    this.#peerEnded = true
    this.#data = []
  }

  /** Ends it with an alert. `reason`: what whoever still looks is told. */
  abort(reason: Error): void {
    if (this.#failure) return
    this.#connection.abort(this.isConnected ? 'internal_error' : 'user_canceled')
    this.#fail(reason)
  }

  /** Whether the transport has all output, or takes none any more. */
  isDrained(): boolean {
    this.#flush()
    return this.#broken || this.#waiting === 0
  }

  /** What to wait for when nothing has arrived. */
  waitsForInput(): readonly PollableLike[] {
    if (this.#answering) return this.#interrupts()
    return [(this.#arrival ??= this.#input.subscribe()), ...this.waitsForOutput()]
  }

  /** What to wait for when there is no room. */
  waitsForOutput(): readonly PollableLike[] {
    const blocked = this.#waiting > 0 || this.#flushing !== undefined
    return [...(blocked ? [(this.#departure ??= this.#output.subscribe())] : []), ...this.#interrupts()]
  }

  /** Lets go of the streams. */
  release(): void {
    this.#broken = true
    for (const resource of [this.#arrival, this.#departure, this.#input, this.#output]) resource?.[Symbol.dispose]?.()
    this.#arrival = undefined
    this.#departure = undefined
  }

  #interrupts(): readonly PollableLike[] {
    return this.#suspends ? [{ ready: () => false, block: () => this.#woken }] : []
  }

  #advance(isEnough: () => boolean): void {
    for (;;) {
      this.#takeEvents()
      this.#flush()
      if (isEnough() || this.#failure || this.#peerEnded || this.#answering || !this.#receive()) return
    }
  }

  /** Leaves the rest to the connection once there is data. */
  #takeEvents(): void {
    while (this.#data.length === 0 && this.#failure === undefined && this.#answering === undefined) {
      const event = this.#connection.poll()
      if (!event) return
      this.#take(event)
    }
  }

  #take(event: TlsEvent): void {
    switch (event.type) {
      case 'data':
        if (!this.#peerEnded) this.#data.push(event.data)
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
    if (!onQuestion)
      return this.#refuse(new TlsError('refused', `nobody answers the question ${question.type}: give the option for it, or onQuestion`))
    try {
      const answered = onQuestion(question)
      if (answered && this.#suspends) this.#answerLater(answered)
      else if (this.#connection.waitingFor === 'answer') {
        this.#refuse(
          new TlsError('refused', `the question ${question.type} was not answered${answered ? ' at once, and nothing can wait here' : ''}`),
        )
      }
    } catch (reason) {
      this.#refuse(reason)
    }
  }

  #answerLater(answered: Promise<void>): void {
    this.#answering = answered
      .catch((reason: unknown) => this.#refuse(reason))
      .finally(() => {
        this.#answering = undefined
        this.#interrupt()
      })
  }

  #refuse(reason: unknown): void {
    if (this.#failure) return
    this.#connection.abort((reason instanceof TlsError && reason.alert) || 'access_denied')
    this.#fail(reason instanceof Error ? reason : new Error(String(reason)))
  }

  /** The alert, if there is one, is in the output. */
  #fail(failure: Error): void {
    this.#failure ??= failure
    this.#flushing = undefined
    this.#flush()
    this.#interrupt()
  }

  #interrupt(): void {
    this.#wake()
    this.#woken = new Promise(resolve => {
      this.#wake = resolve
    })
  }

  /** Whether the transport had something. */
  #receive(): boolean {
    try {
      const chunk = this.#input.read(readSize)
      if (chunk.length === 0) return false
      // The connection decrypts in place, and the memory may still be somebody else's.
      this.#connection.receive(chunk.slice())
    } catch (fault) {
      if (isClosed(fault)) this.#connection.receiveEnd()
      else this.#break(fault)
    }
    return true
  }

  #flush(): void {
    if (this.#broken) return
    for (const chunk of this.#connection.takeOutput()) {
      this.#unsent.push(chunk)
      this.#waiting += chunk.length
    }
    try {
      while (this.#waiting > 0 && this.#writeSome());
      if (this.#flushing === 'asked' && this.#waiting === 0) {
        this.#output.flush()
        this.#flushing = 'begun'
      }
      if (this.#flushing === 'begun' && this.#output.checkWrite() > 0n) this.#flushing = undefined
    } catch (fault) {
      this.#break(fault)
    }
  }

  #writeSome(): boolean {
    const first = this.#unsent[0] ?? nothing
    const room = Math.min(first.length, Number(this.#output.checkWrite()))
    if (room === 0) return false
    this.#output.write(first.subarray(0, room))
    this.#waiting -= room
    if (room === first.length) this.#unsent.shift()
    else this.#unsent[0] = first.subarray(room)
    return true
  }

  #break(fault: unknown): void {
    this.#broken = true
    this.#fail(transportError(fault))
  }
}

interface StreamFault {
  readonly tag: 'closed' | 'last-operation-failed'
  readonly val?: { toDebugString?(): string; readonly code?: unknown; readonly cause?: unknown }
}

function isClosed(fault: unknown): boolean {
  return isStreamFault(fault) && fault.tag === 'closed'
}

function isStreamFault(fault: unknown): fault is StreamFault {
  return typeof fault === 'object' && fault !== null && 'tag' in fault
}

/** What a stream of `wasi:io` throws, as whoever looks at the connection is told. */
function transportError(fault: unknown): TransportError {
  if (!isStreamFault(fault)) return new TransportError('ERR_TRANSPORT', `the transport failed: ${debugString(fault)}`, { cause: fault })
  const what = fault.tag === 'closed' ? 'it takes nothing any more' : (fault.val?.toDebugString?.() ?? 'it does not say why')
  return new TransportError('ERR_TRANSPORT', `the transport failed: ${what}`, { cause: fault.val })
}
