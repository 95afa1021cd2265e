/** A guest's streams around a connector of the 0.3 host, and a server at their other end. */
import { ServerConnection, type ServerConnectionOptions } from '../../src/stream/index.ts'
import { Connector, createP3Tls, type P3Result, type P3TlsOptions } from '../../src/wasi/index.ts'
import { type Pipe, pipe } from '../stream/pipes.ts'
import { crypto, serverIdentity, trust } from '../stream/sides.ts'

export interface Guest {
  readonly connector: Connector
  readonly connect: (serverName?: string) => Promise<void>
  /** What the guest writes. */
  readonly cleartext: WritableStreamDefaultWriter<Uint8Array>
  /** How many bytes of it the host has taken. */
  readonly taken: () => number
  readonly received: ReadableStream<Uint8Array>
  readonly sent: Promise<P3Result>
  readonly read: Promise<P3Result>
  /** The carrying of ciphertext to the transport, as a guest does it: ends with the stream. */
  readonly carried: Promise<void>
  readonly pipe: Pipe
  readonly server: ServerConnection
}

export const newConnector = (options: P3TlsOptions = {}) => new (createP3Tls({ crypto, trust, ...options })['wasi:tls/client'].Connector)()

export const connectTo = (connector: Connector, serverName = 'localhost') => Connector.connect(connector, serverName)

export function guest(options: { readonly tls?: P3TlsOptions; readonly server?: ServerConnectionOptions } = {}): Guest {
  const connector = newConnector(options.tls)
  const made = pipe()
  const [near, far] = made.streams
  let taken = 0
  const source = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, to) => {
      taken += chunk.length
      to.enqueue(chunk)
    },
  })
  const [ciphertext, sent] = connector.send(source.readable)
  const [received, read] = connector.receive(near.readable)
  const carried = ciphertext.pipeTo(near.writable)
  // Tests that break the transport don't look.
  carried.catch(() => {})
  return {
    connector,
    connect: serverName => connectTo(connector, serverName),
    cleartext: source.writable.getWriter(),
    taken: () => taken,
    received,
    sent,
    read,
    carried,
    pipe: made,
    server: new ServerConnection(far, { crypto, identity: serverIdentity, ...options.server }),
  }
}
