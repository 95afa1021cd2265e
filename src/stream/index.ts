/** TLS over any pair of WHATWG byte streams, driven by its user step by step. */
export { TlsError, TransportError } from '../error.ts'
export { loadIdentity, PrivateIdentity, PublicIdentity } from '../x509/index.ts'
export {
  ClientConnection,
  type ClientConnectionOptions,
  ClientHandshake,
  type ClientIdentityRequestHandler,
} from './client.ts'
export { ClientHello } from './client-hello.ts'
export { ClientIdentityRequest } from './identity-request.ts'
export { type IdentityRequestOptions, ServerConnection, type ServerConnectionOptions, ServerHandshake } from './server.ts'
export { acceptTls, type Started, type StartTlsOptions, startTls } from './start-tls.ts'
export type { ByteStreams } from './transport.ts'
export { type WebSocketLike, type WebSocketOptions, webSocketStreams } from './websocket.ts'
