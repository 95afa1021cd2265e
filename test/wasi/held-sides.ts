/** An implementation of `wasi:io` that holds the thread, as preview2-shim's does in Node, and a server that moves when somebody waits. */
import { createServer } from '../../src/index.ts'
import type { ServerConnection, TlsEvent } from '../../src/types.ts'
import { createP2TlsSync, type P2Tls, type P2TlsSyncOptions, type PollableLike, type WasiIo } from '../../src/wasi/index.ts'
import { crypto, serverIdentity, trust } from '../stream/sides.ts'

/** Bytes that the transport takes before somebody waits for it. */
const room = 20_000

class HeldError extends Error {
  toDebugString(): string {
    return this.message
  }
}
class HeldPollable {}
class HeldInput {}
class HeldOutput {}

export class HeldSides {
  readonly server: ServerConnection = createServer({ identity: serverIdentity, crypto, now: Date.now })
  /** What the server has been told, but for data. */
  readonly events: TlsEvent[] = []
  /** What the server has read. */
  readonly heard: Uint8Array[] = []
  /** Whether the server reads. */
  reads = true
  /** Streams of the transport that the guest or its host has let go of. */
  readonly dropped: string[] = []
  /** What the transport's streams throw from now on. */
  fault: unknown
  readonly tls: P2Tls
  #toServer: Uint8Array[] = []
  #toGuest: Uint8Array[] = []
  #waiting = 0

  constructor(options: Omit<P2TlsSyncOptions, 'io'> = { trust }) {
    this.tls = createP2TlsSync({ crypto, ...options, io: this.#io() })
  }

  begin(serverName = 'localhost') {
    const { ClientHandshake } = this.tls['wasi:tls/types']
    return ClientHandshake.finish(new ClientHandshake(serverName, this.input, this.output))
  }

  /** One exchange. False where nothing moved. */
  turn(): boolean {
    if (!this.reads) return false
    const [sent, before] = [this.#toServer, this.#toGuest.length + this.events.length]
    this.#toServer = []
    this.#waiting = 0
    for (const chunk of sent) this.server.receive(chunk)
    for (let event = this.server.poll(); event; event = this.server.poll()) {
      if (event.type === 'data') this.heard.push(event.data)
      else this.events.push(event)
    }
    this.#toGuest.push(...this.server.takeOutput())
    return sent.length > 0 || this.#toGuest.length + this.events.length > before
  }

  readonly input = Object.assign(new HeldInput(), {
    read: (length: bigint) => {
      this.#check()
      const chunk = this.#toGuest.shift() ?? new Uint8Array(0)
      if (chunk.length > length) this.#toGuest.unshift(chunk.subarray(Number(length)))
      return chunk.subarray(0, Number(length))
    },
    subscribe: () => this.#pollable('input', () => this.#toGuest.length > 0),
    [Symbol.dispose]: () => void this.dropped.push('input'),
  })

  readonly output = Object.assign(new HeldOutput(), {
    checkWrite: () => {
      this.#check()
      return BigInt(room - this.#waiting)
    },
    write: (contents: Uint8Array) => {
      this.#check()
      this.#waiting += contents.length
      if (this.#waiting > room) throw new Error('more was written than there is room for')
      this.#toServer.push(contents.slice())
    },
    flush: () => this.#check(),
    subscribe: () => this.#pollable('output', () => this.#waiting < room),
    [Symbol.dispose]: () => void this.dropped.push('output'),
  })

  #check(): void {
    if (this.fault !== undefined) throw this.fault
  }

  #pollable(of: string, ready: () => boolean): PollableLike {
    return Object.assign(new HeldPollable(), {
      ready: () => this.fault !== undefined || ready(),
      block: () => {},
      [Symbol.dispose]: () => void this.dropped.push(`pollable of ${of}`),
    })
  }

  #io(): WasiIo {
    const poll = (list: readonly PollableLike[]) => {
      while (!list.some(each => each.ready())) if (!this.turn()) throw new Error('this would wait forever')
    }
    return {
      error: { Error: HeldError },
      poll: { Pollable: HeldPollable, poll },
      streams: { InputStream: HeldInput, OutputStream: HeldOutput },
    }
  }
}

/** What a stream throws of a socket that was reset. */
export const reset = { tag: 'last-operation-failed', val: new HeldError('connection-reset') }
