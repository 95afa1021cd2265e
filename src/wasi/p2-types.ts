/** The resources of `wasi:tls/types@0.2.0-draft`, over a handshake that somebody else drives. */
import type { InputSource, InputStreamLike, OutputSink, OutputStreamLike, PollableLike, Source, WasiIo } from './io.ts'
import type { InputStream, OutputStream, Resources } from './resources.ts'

/** A handshake under way. Ready: it has an outcome. It owns the guest's streams. */
export interface Attempt extends Source {
  outcome(): Result<Opened, unknown> | undefined
  /** Ends it with an alert, whatever comes of it. */
  abandon(): void
}

/** A connection. */
export interface Opened {
  readonly input: InputSource
  readonly output: OutputSink
  /** close_notify, behind what was written; the peer may go on. */
  end(): void
  /** Nobody looks any more: the transport goes when it has what was written. Of what was not ended, that is as far as it went. */
  release(): void
}

export type Begin = (serverName: string, input: InputStreamLike, output: OutputStreamLike) => Attempt

/** The interfaces as a transpiled component imports them. */
export interface P2Tls {
  readonly 'wasi:io/error': { readonly Error: new (message: string) => object }
  readonly 'wasi:io/poll': { readonly Pollable: new () => object; poll(list: readonly PollableLike[]): Uint32Array | Promise<Uint32Array> }
  readonly 'wasi:io/streams': { readonly InputStream: new () => object; readonly OutputStream: new () => object }
  readonly 'wasi:tls/types': TlsTypes
}

export interface TlsTypes {
  readonly ClientHandshake: {
    /** Throws `TypeError`, a trap, for streams that another handshake has: a guest that owns them can't give them twice. */
    new (serverName: string, input: InputStreamLike, output: OutputStreamLike): ClientHandshake
    /** Begins the handshake, and consumes it. */
    finish(handshake: ClientHandshake): FutureClientStreams
  }
  readonly ClientConnection: new (connection: Shared) => ClientConnection
  readonly FutureClientStreams: new (attempt: Attempt) => FutureClientStreams
  /** Of jco's copy of the interface: whether the host grants TLS. */
  isAvailable(): boolean
}

export interface ClientHandshake {
  [Symbol.dispose](): void
}

export interface ClientConnection {
  /** Sends close_notify: nothing more goes out, what comes in goes on. */
  closeOutput(): void
  [Symbol.dispose](): void
}

export interface FutureClientStreams {
  subscribe(): PollableLike
  /** `undefined` while the handshake is under way. The outer result fails where it was taken before, the inner one where the handshake did. */
  get(): Result<Result<readonly [ClientConnection, InputStream, OutputStream], object>, undefined> | undefined
  /** Who doesn't take the connection doesn't want it. */
  [Symbol.dispose](): void
}

/** `result`, where it is not the whole of what is returned. */
export type Result<T, E> = { readonly tag: 'ok'; readonly val: T } | { readonly tag: 'err'; readonly val: E }

export function defineTls(io: WasiIo, resources: Resources, begin: Begin): P2Tls {
  /** Streams that a handshake has. */
  const claimed = new WeakSet<object>()

  class Handshake implements ClientHandshake {
    readonly #serverName: string
    readonly #streams: readonly [InputStreamLike, OutputStreamLike]
    #isOver = false

    constructor(serverName: string, input: InputStreamLike, output: OutputStreamLike) {
      for (const stream of [input, output]) {
        if (claimed.has(stream)) throw new TypeError('a stream of the transport belongs to another handshake')
      }
      for (const stream of [input, output]) claimed.add(stream)
      this.#serverName = serverName
      this.#streams = [input, output]
    }

    static finish(handshake: Handshake): Future {
      if (handshake.#isOver) throw new TypeError('finish() was called before')
      handshake.#isOver = true
      return new Future(begin(handshake.#serverName, ...handshake.#streams))
    }

    [Symbol.dispose](): void {
      if (this.#isOver) return
      this.#isOver = true
      for (const stream of this.#streams) stream[Symbol.dispose]?.()
    }
  }

  class Connection implements ClientConnection {
    readonly #shared: Shared

    constructor(shared: Shared) {
      this.#shared = shared
    }

    closeOutput(): void {
      this.#shared.opened.end()
    }

    [Symbol.dispose](): void {
      this.#shared.drop('connection')
    }
  }

  class Future implements FutureClientStreams {
    readonly #attempt: Attempt
    #isTaken = false

    constructor(attempt: Attempt) {
      this.#attempt = attempt
    }

    subscribe(): PollableLike {
      return new resources.Pollable(this.#attempt)
    }

    get(): ReturnType<FutureClientStreams['get']> {
      if (this.#isTaken) return { tag: 'err', val: undefined }
      const outcome = this.#attempt.outcome()
      if (outcome === undefined) return undefined
      this.#isTaken = true
      if (outcome.tag === 'err') return { tag: 'ok', val: { tag: 'err', val: new resources.IoError(outcome.val) } }
      const shared = new Shared(outcome.val)
      return {
        tag: 'ok',
        val: {
          tag: 'ok',
          val: [new Connection(shared), new resources.InputStream(shared.input), new resources.OutputStream(shared.output)],
        },
      }
    }

    [Symbol.dispose](): void {
      if (!this.#isTaken) this.#attempt.abandon()
      this.#isTaken = true
    }
  }

  return {
    'wasi:io/error': io.error,
    'wasi:io/poll': { Pollable: io.poll.Pollable, poll: resources.poll },
    'wasi:io/streams': io.streams,
    'wasi:tls/types': { ClientHandshake: Handshake, ClientConnection: Connection, FutureClientStreams: Future, isAvailable: () => true },
  }
}

/** A connection, and which of the guest's resources still use it. */
class Shared {
  readonly opened: Opened
  readonly #users = new Set(['connection', 'input', 'output'])

  constructor(opened: Opened) {
    this.opened = opened
  }

  get input(): InputSource {
    const { input } = this.opened
    return {
      ready: () => input.ready(),
      waits: () => input.waits(),
      take: length => input.take(length),
      drop: () => {
        input.drop()
        this.drop('input')
      },
    }
  }

  /** Dropping it does not end what it sends: that is for `close-output` to say. */
  get output(): OutputSink {
    const { output } = this.opened
    return {
      ready: () => output.ready(),
      waits: () => output.waits(),
      room: () => output.room(),
      put: contents => output.put(contents),
      flush: () => output.flush(),
      drop: () => this.drop('output'),
    }
  }

  drop(user: string): void {
    if (this.#users.delete(user) && this.#users.size === 0) this.opened.release()
  }
}
