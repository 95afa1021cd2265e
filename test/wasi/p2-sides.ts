/** What a guest of the 0.2 host does, as JavaScript, and a server at the other end. */
import { ServerConnection, type ServerConnectionOptions } from '../../src/stream/index.ts'
import { createP2Tls, inputStreamOf, outputStreamOf, type P2Tls, type P2TlsOptions } from '../../src/wasi/index.ts'
import { type Pipe, pipe } from '../stream/pipes.ts'
import { crypto, serverIdentity, trust } from '../stream/sides.ts'

/** The resources as a guest sees them: what waits gives a promise, or not, as the host is. */
export type Future = ReturnType<P2Tls['wasi:tls/types']['ClientHandshake']['finish']>
export type Taken = NonNullable<ReturnType<Future['get']>>
export type Streams = Extract<Extract<Taken, { tag: 'ok' }>['val'], { tag: 'ok' }>['val']

export interface Sides {
  readonly tls: P2Tls
  readonly pipe: Pipe
  readonly server: ServerConnection
  readonly input: ReturnType<typeof inputStreamOf>
  readonly output: ReturnType<typeof outputStreamOf>
  readonly begin: (serverName?: string) => Future
}

export interface SidesOptions {
  readonly tls?: P2TlsOptions
  readonly server?: ServerConnectionOptions
  /** Whether the host has a trust store. Default: true. */
  readonly trusting?: boolean
}

export function sides(options: SidesOptions = {}): Sides {
  const made = pipe()
  const [near, far] = made.streams
  const tls = createP2Tls({ crypto, ...(options.trusting !== false && { trust }), ...options.tls })
  const [input, output] = [inputStreamOf(near.readable), outputStreamOf(near.writable)]
  const { ClientHandshake } = tls['wasi:tls/types']
  return {
    tls,
    pipe: made,
    server: new ServerConnection(far, { crypto, identity: serverIdentity, ...options.server }),
    input,
    output,
    begin: (serverName = 'localhost') => ClientHandshake.finish(new ClientHandshake(serverName, input, output)),
  }
}

/** Waits for the outcome and takes it. */
export async function take(future: Future): Promise<Taken> {
  await future.subscribe().block()
  const taken = future.get()
  if (taken === undefined) throw new Error('it was ready, and there is nothing')
  return taken
}

/** The connection and its streams. */
export async function streamsOf(future: Future): Promise<Streams> {
  const taken = await take(future)
  if (taken.tag === 'ok' && taken.val.tag === 'ok') return taken.val.val
  throw new Error(`no connection: ${errorOf(taken)}`)
}

/** The debug string of the `io-error` that a handshake ended with. */
export function errorOf(taken: Taken): string {
  if (taken.tag === 'ok' && taken.val.tag === 'err') return debugStringOf(taken.val.val)
  throw new Error(`no error: ${JSON.stringify(taken)}`)
}

/** What an operation throws: `closed`, or the debug string of what failed. */
export async function fault(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (thrown) {
    const { tag, val } = thrown as { tag?: string; val?: unknown }
    if (tag === 'closed') return 'closed'
    if (tag === 'last-operation-failed') return debugStringOf(val)
    throw thrown
  }
  throw new Error('nothing was thrown')
}

/** All that comes until `closed`, read as a guest does that waits for each piece. */
export async function readAll(input: Streams[1]): Promise<string> {
  const chunks: Uint8Array[] = []
  for (;;) {
    try {
      chunks.push(await input.blockingRead(16_384n))
    } catch (thrown) {
      if ((thrown as { tag?: string }).tag !== 'closed') throw thrown
      return Buffer.concat(chunks).toString()
    }
  }
}

function debugStringOf(error: unknown): string {
  return (error as { toDebugString(): string }).toDebugString()
}
