/** `wasi:tls` for WebAssembly components that jco has transpiled: TLS as a host gives it, over whatever carries the guest's bytes. */
export { TlsError, TransportError } from '../error.ts'
export { type GuestRead, type GuestStream, readableOf } from './guest-stream.ts'
export type { InputStreamLike, OutputStreamLike, PollableLike, WasiIo } from './io.ts'
export { createP2Tls, inputStreamOf, outputStreamOf, type P2TlsOptions, pollableOf } from './p2.ts'
export { createP2TlsSync, type P2TlsSyncOptions } from './p2-sync.ts'
export type { ClientConnection, ClientHandshake, FutureClientStreams, P2Tls, Result, TlsTypes } from './p2-types.ts'
export { Connector, createP3Tls, P3Error, type P3Result, type P3Stream, type P3Tls, type P3TlsOptions } from './p3.ts'
export type { InputStream, OutputStream } from './resources.ts'
