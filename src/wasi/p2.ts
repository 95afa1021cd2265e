/**
 * `wasi:tls@0.2.0-draft` for components that jco has transpiled: over any streams of `wasi:io`, for guests that are suspended while they wait
 * (JSPI), and for those that hold the thread.
 */
import { TlsError } from '../error.ts'
import { createClient } from '../index.ts'
import type { ClientOptions } from '../types.ts'
import { Channel, type ChannelOptions } from './channel.ts'
import type { InputSource, InputStreamLike, OutputSink, OutputStreamLike, PollableLike, WasiIo } from './io.ts'
import { defineStreams, type Streams } from './streams.ts'
import { type Found, holding, suspending, type Waiting } from './waiting.ts'
import { ReadableSource, WritableSink } from './web-streams.ts'

/** How connections are made: the guest chooses a name and no more. `trust` is needed, or `onQuestion` to answer `peer-certificate`. */
interface P2Options extends Omit<ClientOptions, 'serverName' | 'earlyData' | 'wake'>, ChannelOptions {}

export interface P2TlsOptions extends P2Options {
  /** The implementation of `wasi:io` whose streams the guest has otherwise. Its `block` returns promises. Default: the one of this package. */
  readonly io?: WasiIo
  /** Ends the connections at any time. Its `reason` is what guests are told. */
  readonly signal?: AbortSignal
}

export interface P2TlsSyncOptions extends P2Options {
  /** The implementation of `wasi:io` whose streams the guest has otherwise, such as `io` of preview2-shim in Node.js: its `poll` blocks. */
  readonly io: WasiIo
}

/** The interfaces as a transpiled component imports them. */
export interface P2Tls {
  readonly 'wasi:io/error': { readonly Error: new (message: string) => object }
  readonly 'wasi:io/poll': { readonly Pollable: new () => object; poll(list: readonly PollableLike[]): Uint32Array | Promise<Uint32Array> }
  readonly 'wasi:io/streams': { readonly InputStream: new () => object; readonly OutputStream: new () => object }
  readonly 'wasi:tls/types': TlsTypes
}

/** For guests that JSPI suspends: what waits returns a promise. */
export function createP2Tls({ io = ownIo, signal, ...options }: P2TlsOptions = {}): P2Tls {
  const streams = io === ownIo ? own : defineStreams(io, suspending)
  return imports(io, streams, defineTls(options, { streams, waiting: suspending, signal }))
}

/**
 * For guests that can't be suspended, on the streams of an implementation that blocks. Nothing moves while the guest is at work on something else,
 * and questions have to be answered at once. Of two streams that are spliced, the TLS one has to be the one that is told to.
 */
export function createP2TlsSync({ io, ...options }: P2TlsSyncOptions): P2Tls {
  const waiting = holding(list => io.poll.poll(list as readonly never[]))
  const streams = defineStreams(io, waiting)
  return imports(io, streams, defineTls(options, { streams, waiting }))
}

/** An `input-stream` for guests of `createP2Tls`: what is read from `readable`, which it locks. */
export function inputStreamOf(readable: ReadableStream<Uint8Array>): InputStreamLike {
  return new own.InputStream(new ReadableSource(readable))
}

/** An `output-stream` for guests of `createP2Tls`: what is written to it goes to `writable`, which it locks. Dropping it closes that. */
export function outputStreamOf(writable: WritableStream<Uint8Array>): OutputStreamLike {
  return new own.OutputStream(new WritableSink(writable))
}

/** A `pollable` for guests of `createP2Tls`, ready when the promise has settled. */
export function pollableOf(settled: Promise<unknown>): PollableLike {
  let isReady = false
  const block = settled.then(
    () => {
      isReady = true
    },
    () => {
      isReady = true
    },
  )
  const ready = () => isReady
  return new own.Pollable({ ready, waits: () => [{ ready, block: () => block }] })
}

/** No streams but those of this package: nothing to inherit. */
const ownIo: WasiIo = {
  error: { Error: class {} },
  poll: { Pollable: class {}, poll: () => [] },
  streams: { InputStream: class {}, OutputStream: class {} },
}

const own = defineStreams(ownIo, suspending)

function imports({ error, poll: { Pollable }, streams }: WasiIo, { poll }: Streams, types: TlsTypes): P2Tls {
  return { 'wasi:io/error': error, 'wasi:io/poll': { Pollable, poll }, 'wasi:io/streams': streams, 'wasi:tls/types': types }
}

interface Surroundings {
  readonly streams: Streams
  readonly waiting: Waiting
  readonly signal?: AbortSignal | undefined
}

export type TlsTypes = ReturnType<typeof defineTls>

/** The outer result fails where it was taken before, the inner one where the handshake did. */
type Outcome<T> = { readonly tag: 'ok'; readonly val: T } | { readonly tag: 'err'; readonly val: object }
type Taken<T> = { readonly tag: 'ok'; readonly val: Outcome<T> } | { readonly tag: 'err'; readonly val: undefined }

function defineTls(options: P2Options, { streams, waiting, signal }: Surroundings) {
  const { InputStream, OutputStream, Pollable, IoError } = streams
  /** Streams that a handshake has. */
  const claimed = new WeakSet<object>()

  /** The resource `client-handshake`. */
  class ClientHandshake {
    readonly #serverName: string
    readonly #streams: readonly [InputStreamLike, OutputStreamLike]
    #isOver = false

    /** Throws `TypeError`, a trap, for streams that another handshake has: a guest that owns them can't give them twice. */
    constructor(serverName: string, input: InputStreamLike, output: OutputStreamLike) {
      for (const stream of [input, output]) {
        if (claimed.has(stream)) throw new TypeError('a stream of the transport belongs to another handshake')
        claimed.add(stream)
      }
      this.#serverName = serverName
      this.#streams = [input, output]
    }

    /** Begins the handshake, and consumes this. */
    static finish(handshake: ClientHandshake): FutureClientStreams {
      return handshake.#finish()
    }

    [Symbol.dispose](): void {
      if (this.#isOver) return
      this.#isOver = true
      for (const stream of this.#streams) stream[Symbol.dispose]?.()
    }

    #finish(): FutureClientStreams {
      if (this.#isOver) throw new TypeError('finish() was called before')
      this.#isOver = true
      const { onQuestion, onSession, ...given } = options
      // A certificate that nobody can choose is not asked about.
      const identity = given.identity ?? (onQuestion ? undefined : null)
      try {
        const connection = createClient({ ...given, ...(identity !== undefined && { identity }), serverName: this.#serverName })
        const channel = new Channel(connection, ...this.#streams, { onQuestion, onSession, suspends: waiting.suspends })
        return new FutureClientStreams(new Shared(channel))
      } catch (failure) {
        for (const stream of this.#streams) stream[Symbol.dispose]?.()
        return new FutureClientStreams(failure)
      }
    }
  }

  /** The resource `client-connection`. */
  class ClientConnection {
    readonly #shared: Shared

    constructor(shared: Shared) {
      this.#shared = shared
    }

    /** Sends close_notify: nothing more goes out, what comes in goes on. */
    closeOutput(): void {
      this.#shared.end()
    }

    [Symbol.dispose](): void {
      this.#shared.drop('connection')
    }
  }

  /** The resource `future-client-streams`. */
  class FutureClientStreams {
    /** What failed before there was anything to share. */
    readonly #attempt: Shared | { readonly failure: unknown }
    #isTaken = false

    constructor(attempt: unknown) {
      this.#attempt = attempt instanceof Shared ? attempt : { failure: attempt }
      if (attempt instanceof Shared) attempt.begin()
    }

    subscribe(): InstanceType<typeof Pollable> {
      const attempt = this.#attempt
      if (!(attempt instanceof Shared)) return new Pollable({ ready: () => true, waits: () => [] })
      return new Pollable({ ready: () => attempt.channel.handshake(), waits: () => attempt.channel.waitsForInput() })
    }

    /** `undefined` while the handshake is under way. */
    get(): Taken<readonly [ClientConnection, object, object]> | undefined {
      const attempt = this.#attempt
      if (attempt instanceof Shared && !attempt.channel.handshake()) return undefined
      if (this.#isTaken) return { tag: 'err', val: undefined }
      this.#isTaken = true
      if (!(attempt instanceof Shared)) return { tag: 'ok', val: { tag: 'err', val: new IoError(attempt.failure) } }
      const { failure } = attempt.channel
      if (failure) attempt.dropAll()
      if (failure) return { tag: 'ok', val: { tag: 'err', val: new IoError(failure) } }
      const parts = [new ClientConnection(attempt), new InputStream(attempt.input), new OutputStream(attempt.output)] as const
      return { tag: 'ok', val: { tag: 'ok', val: parts } }
    }

    /** Who doesn't take the connection doesn't want it. */
    [Symbol.dispose](): void {
      if (this.#isTaken || !(this.#attempt instanceof Shared)) return
      this.#isTaken = true
      this.#attempt.channel.abort(new TlsError('aborted', 'the handshake was dropped'))
      this.#attempt.dropAll()
    }
  }

  /** A channel, and which of the guest's resources still use it. */
  class Shared {
    readonly channel: Channel
    readonly #users = new Set<Part>(['connection', 'input', 'output'])
    readonly #onAbort = () => this.channel.abort(asError(signal?.reason))

    constructor(channel: Channel) {
      this.channel = channel
    }

    begin(): void {
      if (signal?.aborted) this.#onAbort()
      else signal?.addEventListener('abort', this.#onAbort)
      waiting.meanwhile(
        () => (this.channel.handshake() ? done : undefined),
        () => this.channel.waitsForInput(),
      )
    }

    get input(): InputSource {
      const { channel } = this
      return {
        ready: () => channel.arrived(),
        waits: () => channel.waitsForInput(),
        take: length => channel.take(length),
        drop: () => {
          channel.stopReading()
          this.drop('input')
        },
      }
    }

    get output(): OutputSink {
      const { channel } = this
      return {
        ready: () => channel.failure !== undefined || channel.room() !== 0,
        waits: () => channel.waitsForOutput(),
        room: () => channel.room(),
        put: contents => {
          channel.send(contents)
          this.#drain(() => {})
        },
        flush: () => channel.flush(),
        drop: () => this.drop('output'),
      }
    }

    end(): void {
      this.channel.end()
      this.#drain(() => {})
    }

    dropAll(): void {
      for (const part of [...this.#users]) this.drop(part)
    }

    /** The transport goes with the last user, and after the last byte: of what was not ended, that is as far as it went. */
    drop(part: Part): void {
      this.#users.delete(part)
      if (this.#users.size > 0) return
      signal?.removeEventListener('abort', this.#onAbort)
      this.#drain(() => this.channel.release())
    }

    #drain(then: () => void): void {
      const { channel } = this
      waiting.meanwhile(
        () => {
          if (!channel.isDrained()) return undefined
          then()
          return done
        },
        () => channel.waitsForOutput(),
      )
    }
  }

  return { ClientHandshake, ClientConnection, FutureClientStreams, isAvailable: () => true }
}

type Part = 'connection' | 'input' | 'output'

const done: Found<void> = { value: undefined }

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
