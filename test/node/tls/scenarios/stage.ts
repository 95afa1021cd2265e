/** What scenarios are made of: a function from the modules of both ends to what was observed there, in a form that can be compared. */
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { Duplex, type Readable } from 'node:stream'
import { type Coded, dial, serve, type Tls } from '../face.ts'

export { ca, clientFiles, dial, meet, otherFiles, serve, serverFiles, type Tls } from '../face.ts'

export interface Pair {
  readonly client: Tls
  readonly server: Tls
}

export interface Scenario {
  /** A sentence. */
  readonly title: string
  /** Whose behaviour it observes. `both`: also each with the other's; `one`: a module by itself, given as both. Default: `both`. */
  readonly subject?: 'both' | 'client' | 'server' | 'one'
  readonly play: (pair: Pair) => unknown
}

type Entry = readonly [event: string, ...details: unknown[]]

/** Writes down the events, in their order, with their arguments; chunks that follow each other are one. */
export function watch(emitter: NodeJS.EventEmitter, events: readonly string[], log: Entry[] = []): Entry[] {
  for (const event of events) {
    emitter.on(event, (...details: unknown[]) => {
      const before = log.at(-1)
      if (event === 'data' && before?.[0] === 'data') log[log.length - 1] = ['data', `${before[1]}${details[0]}`]
      else log.push([event, ...(event === 'data' ? [String(details[0])] : details.map(comparable))])
    })
  }
  return log
}

/** Errors as their codes, bytes as their number, streams and functions as what they are. */
export function comparable(value: unknown): unknown {
  if (value instanceof Error) return fault(value)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (value instanceof Duplex) return 'a stream'
  if (typeof value === 'function') return 'a function'
  return value
}

/** What programs look at in an error. */
export function fault(error: unknown): { name: string; code: string | undefined } | null {
  if (!(error instanceof Error)) return null
  return { name: error.name, code: (error as Coded).code }
}

/** What the call gives, or throws. */
export function attempt(act: () => unknown): unknown {
  try {
    return comparable(act())
  } catch (error) {
    return { thrown: fault(error) }
  }
}

/** The names of the properties that are asked for, with their values. */
export function snapshot(object: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map(name => [name, comparable(Reflect.get(object, name))]))
}

/** Resolves when `close` has been told, and whatever goes with it. */
export async function closed(stream: { readonly closed?: boolean; once(event: 'close', listener: () => void): unknown }): Promise<void> {
  if (!stream.closed) await new Promise<void>(resolve => void stream.once('close', resolve))
  await settled()
}

/** Everything that is read up to the end. */
export async function textFrom(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

/** Resolves when all that is due by now, in this process and on the loopback, has been told. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}

/** A TCP server of raw bytes. It ends with its connections, which the caller ends. */
export async function listenRaw(onConnection: (socket: net.Socket) => void): Promise<{ port: number; close(): void }> {
  const server = net.createServer(socket => {
    socket.on('error', () => {})
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() }
}

/** A TCP client of raw bytes. */
export async function dialRaw(port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const { port, close } = await listenRaw(() => {})
  close()
  return port
}

/** A server that echoes, and a client of it. */
export async function echo({ client, server }: Pair, options: Parameters<typeof dial>[2] = {}) {
  const served = await serve(server)
  served.server.on('secureConnection', socket => void socket.pipe(socket))
  return { ...served, client: dial(client, served.port, options) }
}

/** A TCP relay to the port. `near` is its socket to the client, `far` the one to the server; `sent` what the client has sent. */
export async function relay(port: number): Promise<{ port: number; met: Promise<{ near: net.Socket; far: net.Socket; sent: Buffer[] }> }> {
  const { promise: met, resolve } = deferred<{ near: net.Socket; far: net.Socket; sent: Buffer[] }>()
  const listener = await listenRaw(near => {
    const far = net.connect(port, '127.0.0.1').on('error', () => {})
    const sent: Buffer[] = []
    near.on('data', chunk => sent.push(chunk)).pipe(far)
    far.pipe(near)
    listener.close()
    resolve({ near, far, sent })
  })
  return { port: listener.port, met }
}

function deferred<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>(given => (resolve = given))
  return { promise, resolve }
}
