/** Two TLS streams joined by a pair of Duplex streams, and a few things to do with streams. */
import { once } from 'node:events'
import { Duplex, duplexPair } from 'node:stream'
import { TlsStream, type TlsStreamOptions } from '../../src/node/index.ts'
import type { ClientOptions, ServerOptions } from '../../src/types.ts'
import { credentials } from './credentials.ts'

export interface Pair {
  client: TlsStream
  server: TlsStream
  /** The transports below them. */
  wires: [Duplex, Duplex]
}

/** `localhost` on both sides, with a certificate that the client trusts; options may change either side. */
export async function tlsPair(
  options: {
    client?: Partial<ClientOptions> & TlsStreamOptions
    server?: Partial<ServerOptions> & TlsStreamOptions
    wires?: [Duplex, Duplex]
    /** The sides that are given no trust and no identity, and so raise questions. */
    asks?: readonly ('client' | 'server')[]
  } = {},
): Promise<Pair> {
  const { identity, trust } = await credentials()
  const wires = options.wires ?? duplexPair()
  const client = TlsStream.client(wires[0], {
    serverName: 'localhost',
    identity: null,
    ...(options.asks?.includes('client') ? {} : { trust }),
    ...options.client,
  })
  const server = TlsStream.server(wires[1], { ...(options.asks?.includes('server') ? {} : { identity }), ...options.server })
  // A test that is after an error asks for it; the other side's is then nobody's.
  for (const stream of [client, server]) stream.on('error', () => {})
  return { client, server, wires }
}

/** A pair that carries every byte in a chunk of its own. */
export function byteWires(): [Duplex, Duplex] {
  const [a, b] = duplexPair()
  return [splitting(a), splitting(b)]
}

function splitting(inner: Duplex): Duplex {
  const outer = new Duplex({
    read: () => void inner.resume(),
    write: (chunk: Uint8Array, _encoding, done) => void inner.write(chunk, done),
    final: done => void inner.end(done),
  })
  inner.pause()
  inner.on('data', (chunk: Uint8Array) => {
    let wanted = true
    for (const byte of chunk) wanted = outer.push(Uint8Array.of(byte))
    if (!wanted) inner.pause()
  })
  inner.on('end', () => outer.push(null))
  return outer
}

/** `size` bytes with a period that no record or chunk size divides, so that a lost or repeated piece shows. */
export function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >>> 8)) % 251
  return bytes
}

/** All that comes until the peer ends. Not an async iterator: that destroys the stream at its end, with what it still has to send. */
export async function received(stream: Duplex): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  stream.on('data', (chunk: Uint8Array) => chunks.push(chunk))
  await once(stream, 'end')
  return Buffer.concat(chunks)
}

/** Until nothing moves any more: `measure` gave the same for many turns of the event loop. */
export async function settled(measure: () => number): Promise<number> {
  let last = measure()
  for (let quiet = 0; quiet < 50; quiet++) {
    await new Promise(setImmediate)
    if (measure() !== last) quiet = 0
    last = measure()
  }
  return last
}

/** The error that the stream ends with; `undefined` where it closes without one. */
export function outcome(stream: Duplex): Promise<(Error & { code?: string; origin?: string; alert?: string | undefined }) | undefined> {
  return new Promise(resolve => {
    let error: Error | undefined
    stream.on('error', reason => (error = reason))
    stream.once('close', () => resolve(error))
  })
}
