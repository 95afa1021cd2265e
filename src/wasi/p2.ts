/**
 * `wasi:tls@0.2.0-draft` for components that jco has transpiled, over any streams of `wasi:io`: for guests that JSPI suspends while they wait.
 * For those that hold the thread see `p2-sync.ts`.
 */
import { ClientConnection, type ClientConnectionOptions } from '../stream/index.ts'
import type { InputStreamLike, OutputStreamLike, PollableLike, WasiIo } from './io.ts'
import { type Attempt, defineTls, type Opened, type P2Tls, type Result } from './p2-types.ts'
import { defineResources } from './resources.ts'
import { ReadableSource, settling, WritableSink } from './sources.ts'
import { IoTransport } from './transport.ts'
import { suspending } from './waiting.ts'

/** How connections are made: the guest chooses a name and no more. `trust` is needed, or `onQuestion` to answer `peer-certificate`. */
export interface P2TlsOptions extends Omit<ClientConnectionOptions, 'received' | 'leaveOpen'> {
  /** The implementation of `wasi:io` whose streams the guest has otherwise. Its `block` returns promises. Default: the one of this package. */
  readonly io?: WasiIo
}

/** What a component imports, for `--async-imports` of `wasi:io/poll#poll` and whatever is called `blocking` or `block`. */
export function createP2Tls({ io = ownIo, ...options }: P2TlsOptions = {}): P2Tls {
  const resources = io === ownIo ? own : defineResources(io, suspending)
  return defineTls(io, resources, (serverName, input, output) => new SuspendedAttempt(serverName, new IoTransport(input, output), options))
}

/** An `input-stream` for guests of `createP2Tls` without `io`: what is read from `readable`, which it locks. */
export function inputStreamOf(readable: ReadableStream<Uint8Array>): InputStreamLike {
  return new own.InputStream(new ReadableSource(readable))
}

/** An `output-stream` for guests of `createP2Tls` without `io`: what is written to it goes to `writable`, which it locks. Dropping it closes that. */
export function outputStreamOf(writable: WritableStream<Uint8Array>): OutputStreamLike {
  return new own.OutputStream(new WritableSink(writable))
}

/** A `pollable` for guests of `createP2Tls` without `io`, ready when the promise has settled. */
export function pollableOf(settled: Promise<unknown>): PollableLike {
  return new own.Pollable(settling(settled))
}

/** No streams but those of this package: nothing to inherit. */
const ownIo: WasiIo = {
  error: { Error: class {} },
  poll: { Pollable: class {}, poll: () => [] },
  streams: { InputStream: class {}, OutputStream: class {} },
}

const own = defineResources(ownIo, suspending)

/** Milliseconds that a server has to take what a guest has left behind. */
const leaveTimeout = 2000

/** A handshake that goes on by itself, over `tassel/stream`. */
class SuspendedAttempt implements Attempt {
  readonly #connection: ClientConnection
  readonly #settled: ReturnType<typeof settling>
  #outcome: Result<Opened, unknown> | undefined

  constructor(serverName: string, transport: IoTransport, options: ClientConnectionOptions) {
    this.#connection = new ClientConnection(transport, options)
    this.#settled = settling(this.#connect(serverName, transport))
  }

  ready(): boolean {
    return this.#settled.ready()
  }

  waits(): readonly PollableLike[] {
    return this.#settled.waits()
  }

  outcome(): Result<Opened, unknown> | undefined {
    return this.#outcome
  }

  abandon(): void {
    void this.#connection.close()
  }

  async #connect(serverName: string, transport: IoTransport): Promise<void> {
    try {
      const { readable, writable } = await this.#connection.connect(serverName).finish()
      const sink = new WritableSink(writable)
      const release = async () => {
        await briefly(sink.settled().then(() => transport.settled()))
        // Without a word: what was not ended must not look as if it was.
        transport.release()
        await this.#connection.close()
      }
      const opened = { input: new ReadableSource(readable), output: sink, end: () => sink.drop(), release: () => void release() }
      this.#outcome = { tag: 'ok', val: opened }
    } catch (failure) {
      this.#outcome = { tag: 'err', val: failure }
      // The transport may take its time for the alert.
      void this.#connection.close()
    }
  }
}

/** Waits for it, but not for ever. */
async function briefly(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, leaveTimeout)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
