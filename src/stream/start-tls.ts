/** TLS from the middle of a conversation on: SMTP's STARTTLS, PostgreSQL's SSLRequest and their like. */
import { ClientConnection, type ClientConnectionOptions } from './client.ts'
import { ServerConnection, type ServerConnectionOptions } from './server.ts'
import type { ByteStreams } from './transport.ts'

export interface StartTlsOptions extends ClientConnectionOptions {
  /** The DNS name or IP address that the server's certificate must carry. */
  readonly serverName: string
}

/** What was agreed, and the application's streams. */
export interface Started<Connection> extends ByteStreams {
  readonly connection: Connection
}

/**
 * The client's side, once both have agreed to begin, and both streams are unlocked again. What was read beyond the peer's last plain message goes into
 * `received`: it is the beginning of TLS. Never treat it as the answer to a plain command: whoever sits between could have put it there.
 */
export async function startTls(streams: ByteStreams, { serverName, ...options }: StartTlsOptions): Promise<Started<ClientConnection>> {
  const connection = new ClientConnection(streams, options)
  return { connection, ...(await connection.connect(serverName).finish()) }
}

/** The server's side. A ClientHello that came together with the plain command goes into `received`. */
export async function acceptTls(streams: ByteStreams, options: ServerConnectionOptions): Promise<Started<ServerConnection>> {
  const connection = new ServerConnection(streams, options)
  return { connection, ...(await connection.accept().finish()) }
}
