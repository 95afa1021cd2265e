/** What every TLS library is asked to do, each in the way that its own documentation shows. */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A server to meet: one certificate, one cipher suite, one group. */
export interface Target {
  /** On 127.0.0.1. */
  readonly port: number
  readonly serverName: string
  /** The authority behind the server's certificate. */
  readonly rootPem: string
  /** IANA's name, and so is the next. */
  readonly cipherSuite: string
  readonly group: string
}

export interface Library {
  readonly name: string
  /** Resolves when this side's handshake is done, and the server authenticated. Rejects with whatever came instead. */
  connect(target: Target): Promise<Line>
}

/** One connection. */
export interface Line {
  /** Sends the request; resolves when `size` bytes have come, each piece shown to `see`. One at a time. */
  ask(request: Uint8Array, size: number, see: (piece: Uint8Array) => void): Promise<void>
  /** Drops the connection, without close_notify: how it ends is not compared. Resolves when the socket is closed. */
  close(): Promise<void>
}

/** A socket that is connected: everybody gets the same kind, without Nagle's delay. */
export function openSocket({ port }: Target): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new Socket().setNoDelay(true).once('error', reject)
    socket.connect({ host: '127.0.0.1', port }, () => resolve(socket))
  })
}

/** What `handshake` resolves to; the socket of one that fails is closed. */
export async function settled<T>(handshake: Promise<T>, socket: Duplex): Promise<T> {
  try {
    return await handshake
  } catch (error) {
    await closeSocket(socket)
    throw error
  }
}

export function closeSocket(socket: Duplex): Promise<void> {
  return new Promise(resolve => {
    if (socket.closed) return resolve()
    socket.on('error', () => {}).once('close', () => resolve())
    socket.destroy()
  })
}

/** Counts the data that a library hands over by itself, until there is enough. */
export class Answer {
  #missing = 0
  #see: (piece: Uint8Array) => void = () => {}
  #resolve: () => void = () => {}
  #reject: (error: Error) => void = () => {}
  #failure: Error | undefined

  expect(size: number, see: (piece: Uint8Array) => void): Promise<void> {
    this.#missing = size
    this.#see = see
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      if (this.#failure) reject(this.#failure)
    })
  }

  readonly take = (piece: Uint8Array): void => {
    this.#missing -= piece.length
    if (this.#missing < 0) return this.fail(new Error(`${-this.#missing} bytes too many came`))
    this.#see(piece)
    if (this.#missing === 0) this.#resolve()
  }

  readonly fail = (error: Error): void => {
    this.#failure ??= error
    this.#reject(this.#failure)
  }
}

/** The line of a library whose connections are streams. */
export class StreamLine implements Line {
  readonly #stream: Duplex
  readonly #transport: Duplex
  readonly #answer = new Answer()

  constructor(stream: Duplex, transport: Duplex) {
    this.#stream = stream.on('data', this.#answer.take).on('error', this.#answer.fail)
    this.#transport = transport
  }

  ask(request: Uint8Array, size: number, see: (piece: Uint8Array) => void): Promise<void> {
    const answered = this.#answer.expect(size, see)
    this.#stream.write(request)
    return answered
  }

  async close(): Promise<void> {
    this.#stream.destroy()
    await closeSocket(this.#transport)
  }
}

/** `make`'s results, one for each key: what a program makes once and uses for all its connections. */
export function kept<T>(make: (key: string) => T): (key: string) => T {
  const all = new Map<string, T>()
  return key => {
    const there = all.get(key) ?? make(key)
    all.set(key, there)
    return there
  }
}
