/** `wasi:tls` for WebAssembly components that jco has transpiled: TLS as a host gives it, over whatever carries the guest's bytes. */
export { TlsError, TransportError } from '../error.ts'
export type { GuestRead, GuestStream } from './guest-stream.ts'
export { Connector, createP3Tls, P3Error, type P3Result, type P3Stream, type P3Tls, type P3TlsOptions } from './p3.ts'
