/** Tassel's side of a test: a client or a server over TCP, its data in an inbox. */
import { once } from 'node:events'
import type { Server } from 'node:net'
import { afterEach } from 'vitest'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { type ConnectOptions, connectTls, type ServeOptions, serveTls, type TlsStream } from '../../src/node/index.ts'
import type { ConnectionInfo } from '../../src/types.ts'
import { providers } from '../providers.ts'
import { authority } from './credentials.ts'
import { Inbox } from './inbox.ts'

const [node, noble] = providers()
if (node === undefined || noble === undefined) throw new Error('there are two providers')
export const nodeProvider: CryptoProvider = node
export const nobleProvider: CryptoProvider = noble

export type Failure = Error & { readonly code?: string; readonly alert?: string; readonly origin?: string }

export interface Ours {
  readonly stream: TlsStream
  readonly inbox: Inbox
  /** Settles when the stream has closed: with its error, or with `undefined` where it closed in order. */
  readonly closed: Promise<Failure | undefined>
  /** What was agreed, once it was. */
  connected(): Promise<ConnectionInfo>
}

/** A client of 127.0.0.1 that believes the tests' authority. */
export async function connect(port: number, options: Partial<ConnectOptions> = {}): Promise<Ours> {
  const crypto = options.crypto ?? nodeProvider
  const trust = (await authority()).trust(crypto)
  return follow(connectTls({ host: '127.0.0.1', port, serverName: 'localhost', identity: null, trust, ...options, crypto }))
}

export interface OurServer {
  readonly port: number
  /** The first connection whose handshake is done. */
  readonly accepted: Promise<Ours>
  /** The first failure of any connection. */
  readonly failed: Promise<Failure>
}

/**
 * A server on a free port of 127.0.0.1, with a P-256 certificate of the tests' authority. `handle` gets every connection, in place of
 * `accepted`.
 */
export async function serve(options: Partial<ServeOptions> = {}, handle?: (stream: TlsStream) => void): Promise<OurServer> {
  const crypto = options.crypto ?? nodeProvider
  const identity = options.identity ?? (await (await authority()).issue('P-256')).identity(crypto)
  const [accepted, failed] = [deferred<Ours>(), deferred<Failure>()]
  // A test that is after the failure does not wait for the connection.
  accepted.promise.catch(() => {})
  const onError = (error: Error) => {
    failed.resolve(error)
    accepted.reject(error)
  }
  const server = serveTls({ ...options, crypto, identity, onError }, handle ?? (stream => accepted.resolve(follow(stream))))
  servers.add(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return { port: address.port, accepted: accepted.promise, failed: failed.promise }
}

const streams = new Set<TlsStream>()
const servers = new Set<Server>()

afterEach(() => {
  for (const stream of streams) stream.destroy()
  for (const server of servers) server.close()
  streams.clear()
  servers.clear()
})

function follow(stream: TlsStream): Ours {
  streams.add(stream)
  let failure: Failure | undefined
  stream.on('error', error => (failure = error))
  const closed = new Promise<Failure | undefined>(resolve => stream.once('close', () => resolve(failure)))
  return { stream, inbox: new Inbox(stream, 'the stream'), closed, connected: () => stream.connected() }
}

/** A promise and what settles it. */
function deferred<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (reason: Error) => void = () => {}
  const promise = new Promise<T>((onValue, onReason) => {
    resolve = onValue
    reject = onReason
  })
  return { promise, resolve, reject }
}
