/** The engine itself over TCP: a test sees each event, and acts on the connection whenever it likes. */
import { once } from 'node:events'
import { connect as connectTcp, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import { createClient, createServer } from '../../src/engine.ts'
import type {
  ClientOptions,
  Connection,
  ConnectionInfo,
  Question,
  ServerConnection,
  ServerOptions,
  Session,
  TlsEvent,
  TrustStore,
} from '../../src/types.ts'
import { authority } from './credentials.ts'
import { nodeProvider } from './tassel.ts'

type Of<T extends TlsEvent['type']> = Extract<TlsEvent, { type: T }>
type Decide = (question: Question) => void

/** One connection and what has become of it. It answers close_notify at once. */
export class Driven<C extends Connection = Connection> {
  readonly connection: C
  /** All but `data`, in order. */
  readonly events: TlsEvent[] = []
  /** The data that came, as latin1: as early data, and after. */
  early = ''
  received = ''
  /** The longest protected record on the wire, in bytes without its header. */
  readonly longest = { in: 0, out: 0 }
  readonly #socket: Socket
  readonly #decide: Decide
  readonly #partial: Record<'in' | 'out', Buffer> = { in: Buffer.alloc(0), out: Buffer.alloc(0) }
  #waiting: (() => void)[] = []

  constructor(socket: Socket, connection: C, decide: Decide = () => {}) {
    this.connection = connection
    this.#socket = socket
    this.#decide = decide
    sockets.add(socket)
    socket.on('data', chunk => {
      this.#measure('in', chunk)
      this.act(connection => connection.receive(new Uint8Array(chunk)))
    })
    socket.on('close', () => this.act(connection => connection.receiveEnd()))
    // What a broken transport means for the connection, its close tells.
    socket.on('error', () => {})
    this.#turn()
  }

  /** Does something with the connection, then all that follows from it. */
  act(action: (connection: C) => void): void {
    action(this.connection)
    this.#turn()
  }

  send(text: string): void {
    this.act(connection => connection.send(Buffer.from(text)))
  }

  /** The first event of this type, or the nth. Rejects where the connection fails before. */
  async event<T extends TlsEvent['type']>(type: T, nth = 1): Promise<Of<T>> {
    return this.#until(() => this.all(type)[nth - 1], type)
  }

  all<T extends TlsEvent['type']>(type: T): Of<T>[] {
    return this.events.filter((event): event is Of<T> => event.type === type)
  }

  async connected(): Promise<ConnectionInfo> {
    return (await this.event('connected')).info
  }

  async session(nth = 1): Promise<Session> {
    return (await this.event('session', nth)).session
  }

  /** The data after the early data, once it has such a part. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#until(() => pattern.exec(this.received) ?? undefined, String(pattern))
  }

  /** close_notify both ways. */
  async close(): Promise<void> {
    this.act(connection => connection.end())
    await this.event('end')
  }

  #turn(): void {
    for (let event = this.connection.poll(); event; event = this.connection.poll()) this.#take(event)
    for (const chunk of this.connection.takeOutput()) {
      this.#measure('out', chunk)
      if (this.#socket.writable) this.#socket.write(chunk)
    }
    // Nothing is left to do: a peer may wait for the end of the transport.
    if (this.events.some(({ type }) => type === 'failed' || type === 'end')) this.#socket.end()
    for (const wake of this.#waiting.splice(0)) wake()
  }

  #take(event: TlsEvent): void {
    if (event.type === 'data') {
      const text = Buffer.from(event.data).toString('latin1')
      if (event.early) this.early += text
      else this.received += text
      return
    }
    this.events.push(event)
    if (event.type === 'end') this.connection.end()
    if ('answer' in event) this.#decide(event)
  }

  #measure(direction: 'in' | 'out', chunk: Uint8Array): void {
    let wire = Buffer.concat([this.#partial[direction], chunk])
    while (wire.length >= 5 && wire.length >= 5 + wire.readUInt16BE(3)) {
      const length = wire.readUInt16BE(3)
      if (wire[0] === applicationData) this.longest[direction] = Math.max(this.longest[direction], length)
      wire = wire.subarray(5 + length)
    }
    this.#partial[direction] = wire
  }

  async #until<T>(look: () => T | undefined, wanted: string): Promise<T> {
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      const [failed] = this.all('failed')
      if (failed) throw new Error(`failed before ${wanted}: ${failed.error.message}`, { cause: failed.error })
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }
}

/** The content type that protected records show. */
const applicationData = 23

export interface DialOptions extends Partial<Omit<ClientOptions, 'trust'>> {
  /** Default: believes the tests' authority. `null`: the question `peer-certificate`. */
  readonly trust?: TrustStore | null
  /** Sent before anything has come back. */
  readonly early?: string
  readonly decide?: Decide
}

/** A client of 127.0.0.1. */
export async function dial(port: number, { early, decide, trust, ...options }: DialOptions = {}): Promise<Driven> {
  const store = trust === undefined ? (await authority()).trust(nodeProvider) : trust
  const defaults = { crypto: nodeProvider, serverName: 'localhost', identity: null, now: Date.now, ...(store && { trust: store }) }
  const connection = createClient({ ...defaults, ...options })
  if (early !== undefined) connection.sendEarly(Buffer.from(early))
  return new Driven(connectTcp({ host: '127.0.0.1', port, noDelay: true }), connection, decide)
}

export interface ListenOptions extends Partial<ServerOptions> {
  readonly decide?: Decide
}

export interface Listening {
  readonly port: number
  /** The nth connection, from 1, once it is there; its handshake may not be. */
  connection(nth: number): Promise<Driven<ServerConnection>>
}

/** A server on a free port of 127.0.0.1, with a P-256 certificate of the tests' authority. */
export async function listen({ decide, ...options }: ListenOptions = {}): Promise<Listening> {
  const identity = (await (await authority()).issue('P-256')).identity(nodeProvider)
  const connections: Driven<ServerConnection>[] = []
  const server = createTcpServer({ noDelay: true }, socket => {
    connections.push(new Driven(socket, createServer({ crypto: nodeProvider, identity, now: Date.now, ...options }), decide))
    server.emit('driven')
  })
  servers.add(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  const connection = async (nth: number): Promise<Driven<ServerConnection>> => {
    const found = connections[nth - 1]
    if (found) return found
    await once(server, 'driven')
    return connection(nth)
  }
  return { port: address.port, connection }
}

const sockets = new Set<Socket>()
const servers = new Set<Server>()

afterEach(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers) server.close()
  sockets.clear()
  servers.clear()
})
