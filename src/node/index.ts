/** TLS for Node.js: connections as streams, on the Node provider unless told otherwise. */
export { createNodeProvider } from '../crypto/node.ts'
export { sessionFromBytes, TicketKeyRing } from '../engine.ts'
export { TlsError, TransportError } from '../error.ts'
export { type ConnectOptions, connectTls, type ServeOptions, serveTls } from './net.ts'
export { type NodeRootsOptions, nodeRoots } from './roots.ts'
export { TlsStream, type TlsStreamOptions } from './stream.ts'
export { byteStreams } from './web-streams.ts'
