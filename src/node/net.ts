/** TLS over TCP, in one call for each role. */
import { createServer as createNetServer, type Server, Socket } from 'node:net'
import { createServer } from '../engine.ts'
import type { ClientOptions, ServerOptions } from '../types.ts'
import { withDefaults } from './defaults.ts'
import { TlsStream } from './stream.ts'
import type { TlsStreamOptions } from './stream-options.ts'

export interface ConnectOptions extends Omit<ClientOptions, 'serverName'>, TlsStreamOptions {
  host: string
  /** 1 to 65535. */
  port: number
  /** The name that the certificate must carry. Default: `host`. */
  serverName?: string
}

export interface ServeOptions extends ServerOptions, TlsStreamOptions {
  /** Receives the failure of one connection, before or after its handshake. It costs that connection alone. */
  onError?: (error: Error, stream: TlsStream) => void
}

/** Connects to `host`:`port`. The stream can be written to at once; `connected()` tells when and what was agreed. */
export function connectTls(options: ConnectOptions): TlsStream {
  const { host, port, serverName = host, ...rest } = options
  const socket = new Socket({ allowHalfOpen: true }).setNoDelay(true)
  // The stream first: a mistake in the options must not leave a socket behind.
  const stream = TlsStream.client(socket, { ...rest, serverName })
  socket.connect({ host, port })
  return stream
}

/** A TCP server that calls `onConnection` for each finished handshake; `listen()` and `close()` are the caller's. */
export function serveTls(options: ServeOptions, onConnection: (stream: TlsStream) => void): Server {
  // A mistake in the options is told here, not to the first client.
  createServer(withDefaults(options))
  return createNetServer({ allowHalfOpen: true, noDelay: true }, socket => {
    const stream = TlsStream.server(socket, options)
    stream.on('error', error => options.onError?.(error, stream))
    stream.once('secureConnect', () => onConnection(stream))
  })
}
