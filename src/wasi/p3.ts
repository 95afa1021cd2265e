/**
 * `wasi:tls@0.3.0-draft` for components that jco has transpiled: a connector between a guest's streams. A `stream<u8>` is a `ReadableStream`
 * here, a future a promise, and a `result` that can't be thrown is `{ tag, val }`.
 */
import { TlsError } from '../error.ts'
import { type ByteStreams, ClientConnection, type ClientConnectionOptions } from '../stream/index.ts'
import { debugString } from './failure.ts'
import { type GuestStream, readableOf } from './guest-stream.ts'

/** How connections are made: the guest chooses a name and no more. `trust` is needed, or `onQuestion` to answer `peer-certificate`. */
export interface P3TlsOptions extends Omit<ClientConnectionOptions, 'received' | 'leaveOpen'> {}

/** The interfaces as a transpiled component imports them. */
export interface P3Tls {
  readonly 'wasi:tls/types': { readonly Error: typeof P3Error }
  readonly 'wasi:tls/client': { readonly Connector: new () => Connector }
}

export function createP3Tls(options: P3TlsOptions = {}): P3Tls {
  class HostConnector extends Connector {
    constructor() {
      super(options)
    }
  }
  return { 'wasi:tls/types': { Error: P3Error }, 'wasi:tls/client': { Connector: HostConnector } }
}

/** The resource `error`. */
export class P3Error {
  /** What it was on this side: a `TlsError`, mostly. */
  readonly cause: unknown

  constructor(cause: unknown) {
    this.cause = cause
  }

  /** `issuer-unknown: …`: the code of the fault, and what was wrong. */
  toDebugString(): string {
    return debugString(this.cause)
  }
}

/** `result<_, error>` as the value of a future. */
export type P3Result = { readonly tag: 'ok'; readonly val: undefined } | { readonly tag: 'err'; readonly val: P3Error }

/** A stream that the connector gives, and what becomes of it. */
export type P3Stream = readonly [stream: ReadableStream<Uint8Array>, result: Promise<P3Result>]

/**
 * The resource `connector`. `send` and `receive` are each called once, before `connect`; where they are not, the guest made a mistake for which the
 * interface has no error, and `TypeError` is thrown: a trap.
 */
export class Connector {
  readonly #options: P3TlsOptions
  #sending: Sending | undefined
  #receiving: Receiving | undefined
  #over = false

  constructor(options: P3TlsOptions) {
    this.#options = options
  }

  /**
   * What is written to `cleartext`, protected, once the handshake is over; nothing of it is taken before. When it closes, close_notify follows, and the
   * result is there when that was read.
   */
  send(cleartext: GuestStream | ReadableStream<Uint8Array>): P3Stream {
    this.#check('send', this.#sending, cleartext)
    this.#sending = new Sending(readableOf(cleartext))
    return [this.#sending.ciphertext, this.#sending.result]
  }

  /** What the server sends: ends at its close_notify. An end without is a truncation; as a stream can't fail, the result tells. */
  receive(ciphertext: GuestStream | ReadableStream<Uint8Array>): P3Stream {
    this.#check('receive', this.#receiving, ciphertext)
    this.#receiving = new Receiving(readableOf(ciphertext))
    return [this.#receiving.cleartext, this.#receiving.result]
  }

  /** The handshake, over what `send` gave and `receive` was given. Consumes the connector. Rejects with `P3Error`. */
  static async connect(connector: Connector, serverName: string): Promise<void> {
    await connector.#connect(serverName)
  }

  /** The guest let go of it without `connect`. */
  [Symbol.dispose](): void {
    if (!this.#over) this.#end(new TlsError('aborted', 'the connector was dropped before connect()'))
  }

  async #connect(serverName: string): Promise<void> {
    if (this.#over) throw new TypeError('connect() was called before')
    const [sending, receiving] = [this.#sending, this.#receiving]
    if (!sending || !receiving) {
      const failure = new TlsError('aborted', `${sending ? 'receive' : 'send'}() was not called before connect()`)
      this.#end(failure)
      throw new P3Error(failure)
    }
    this.#over = true
    let connection: ClientConnection | undefined
    try {
      const readable = endingAfter(sending.left, receiving.ciphertext)
      connection = new ClientConnection({ readable, writable: sending.transport }, this.#options)
      const cleartext = await connection.connect(serverName).finish()
      receiving.begin(cleartext.readable)
      sending.begin(cleartext.writable)
    } catch (failure) {
      this.#end(failure)
      // The guest may take its time to read the alert.
      void connection?.close()
      throw new P3Error(failure)
    }
  }

  #end(failure: unknown): void {
    this.#over = true
    this.#sending?.fail(failure)
    this.#receiving?.fail(failure)
  }

  #check(what: string, earlier: unknown, stream: GuestStream | ReadableStream<Uint8Array>): void {
    if (this.#over) throw new TypeError(`${what}() after connect()`)
    if (earlier) throw new TypeError(`${what}() was called before`)
    if (stream instanceof ReadableStream && stream.locked) throw new TypeError(`${what}() of a stream that has another reader`)
  }
}

/** From the guest's cleartext to its transport. */
class Sending {
  readonly #cleartext: ReadableStream<Uint8Array>
  readonly #outcome = new Outcome()
  /** Where the connection writes to. A write is done when it was read: so long it is not on its way. */
  readonly transport: WritableStream<Uint8Array>
  readonly ciphertext: ReadableStream<Uint8Array>
  /** Resolves when all of it was read, or never will be. */
  readonly left: Promise<void>

  constructor(cleartext: ReadableStream<Uint8Array>) {
    this.#cleartext = cleartext
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const reader = readable.getReader()
    this.transport = writable
    let tellLeft = () => {}
    this.left = new Promise(resolve => {
      tellLeft = resolve
    })
    // Its reader comes back for the end once it has the rest. It says how it ended by the result alone.
    this.ciphertext = readableFrom(Promise.resolve(reader), tellLeft)
    reader.closed.catch(tellLeft)
  }

  get result(): Promise<P3Result> {
    return this.#outcome.result
  }

  begin(writable: ByteStreams['writable']): void {
    // Whichever of the two fails, the other one is ended too.
    this.#cleartext.pipeTo(writable).then(
      () => this.#outcome.settle(),
      failure => this.#outcome.settle(failure),
    )
  }

  fail(failure: unknown): void {
    this.#outcome.settle(failure)
    void this.#cleartext.cancel(failure).catch(() => {})
    // The connection, if there was one, writes its alert and closes; without one nobody does.
    if (!this.transport.locked) this.transport.close().catch(() => {})
  }
}

/** From the guest's transport to its cleartext. */
class Receiving {
  readonly #outcome = new Outcome()
  readonly ciphertext: ReadableStream<Uint8Array>
  readonly cleartext: ReadableStream<Uint8Array>
  #begin: (cleartext: Reader) => void = () => {}
  #fail: (failure: unknown) => void = () => {}

  constructor(ciphertext: ReadableStream<Uint8Array>) {
    this.ciphertext = ciphertext
    const connected = new Promise<Reader>((resolve, reject) => {
      this.#begin = resolve
      this.#fail = reject
    })
    // Nobody may ask.
    connected.catch(() => {})
    this.cleartext = readableFrom(connected, failure => this.#outcome.settle(failure))
  }

  get result(): Promise<P3Result> {
    return this.#outcome.result
  }

  begin(readable: ReadableStream<Uint8Array>): void {
    this.#begin(readable.getReader())
  }

  fail(failure: unknown): void {
    this.#outcome.settle(failure)
    this.#fail(failure)
    if (!this.ciphertext.locked) void this.ciphertext.cancel(failure).catch(() => {})
  }
}

/** A future that is settled once: what comes first counts. */
class Outcome {
  readonly result: Promise<P3Result>
  #resolve: (result: P3Result) => void = () => {}

  constructor() {
    this.result = new Promise(resolve => {
      this.#resolve = resolve
    })
  }

  settle(failure?: unknown): void {
    this.#resolve(failure === undefined ? { tag: 'ok', val: undefined } : { tag: 'err', val: new P3Error(failure) })
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

/** The same bytes, as a stream that ends where its source fails; `ended` is told with what. A reader that goes ends the source. */
function readableFrom(opened: Promise<Reader>, ended: (failure?: unknown) => void): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await (await opened).read()
          if (!done) return controller.enqueue(value)
          ended()
        } catch (failure) {
          ended(failure)
        }
        controller.close()
      },
      async cancel(reason) {
        ended()
        await opened.then(
          source => source.cancel(reason),
          () => {},
        )
      },
    },
    { highWaterMark: 0 },
  )
}

/** The same bytes; it lets go of its source only after `other`. Both directions may be one socket, and the last words should leave first. */
function endingAfter(other: Promise<void>, source: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel(reason) {
        await other
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
