/**
 * `wasi:tls@0.2.0-draft` for guests that can't be suspended, on the streams of an implementation that blocks. Nothing moves but while the guest
 * asks.
 */
import { createClient } from '../index.ts'
import type { ClientOptions } from '../types.ts'
import { HeldLink, type HeldLinkOptions } from './held-link.ts'
import { HeldTransport } from './held-transport.ts'
import type { PollableLike, WasiIo } from './io.ts'
import { type Attempt, defineTls, type Opened, type P2Tls, type Result } from './p2-types.ts'
import { defineResources } from './resources.ts'
import { holding } from './waiting.ts'

/** How connections are made: the guest chooses a name and no more. `trust` is needed, or `onQuestion` to answer `peer-certificate`. */
export interface P2TlsSyncOptions extends Omit<ClientOptions, 'serverName' | 'earlyData' | 'wake'>, HeldLinkOptions {
  /** The implementation of `wasi:io` whose streams the guest has otherwise, such as that of preview2-shim in Node.js: its `poll` blocks. */
  readonly io: WasiIo
}

/** What a component imports, without any of jco's options for what is asynchronous. Between two streams, the TLS one has to be the one that is told to splice. */
export function createP2TlsSync({ io, ...options }: P2TlsSyncOptions): P2Tls {
  const resources = defineResources(
    io,
    holding(list => io.poll.poll(list as readonly never[])),
  )
  return defineTls(io, resources, (serverName, input, output) => new HeldAttempt(serverName, new HeldTransport(input, output), options))
}

type Options = Omit<P2TlsSyncOptions, 'io'>

class HeldAttempt implements Attempt {
  readonly #transport: HeldTransport
  readonly #link: HeldLink | { readonly failure: unknown }

  constructor(serverName: string, transport: HeldTransport, { onQuestion, onSession, ...options }: Options) {
    this.#transport = transport
    try {
      // A certificate that nobody can choose is not asked about.
      const identity = options.identity ?? (onQuestion ? undefined : null)
      const connection = createClient({ ...options, ...(identity !== undefined && { identity }), serverName })
      const link = new HeldLink(connection, transport, { onQuestion, onSession })
      link.handshake()
      this.#link = link
    } catch (failure) {
      this.#link = { failure }
    }
  }

  ready(): boolean {
    return !(this.#link instanceof HeldLink) || this.#link.handshake()
  }

  waits(): readonly PollableLike[] {
    return this.#link instanceof HeldLink ? this.#link.waits() : []
  }

  outcome(): Result<Opened, unknown> | undefined {
    if (!this.ready()) return undefined
    const link = this.#link
    if (link instanceof HeldLink && link.failure === undefined) return { tag: 'ok', val: link }
    this.#transport.release()
    return { tag: 'err', val: link.failure }
  }

  abandon(): void {
    if (this.#link instanceof HeldLink) this.#link.abort()
    this.#transport.release()
  }
}
