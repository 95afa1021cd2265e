/**
 * Tassel: TLS 1.3 (RFC 9846) as a state machine. Bytes in, bytes out, events out; no sockets, no clock, no randomness of its own.
 *
 * Here the portable provider and the runtime's clock and random source are the defaults. `tassel/engine` has none.
 */
import type { CryptoProvider } from './crypto/provider.ts'
import { createWasmProvider } from './crypto/wasm.ts'
import * as engine from './engine.ts'
import type { ClientOptions, CommonOptions, Connection, ServerConnection, ServerOptions } from './types.ts'

export { createReplayGuard, type ReplayGuardOptions, type RingKey, type RingOptions, sessionFromBytes, TicketKeyRing } from './engine.ts'
export type { AlertName, FaultCode, FaultOrigin } from './error.ts'
export { TlsError } from './error.ts'
export type * from './types.ts'

/** A client's connection; its ClientHello is in the output at once. Throws `TypeError` for options that can't be. */
export function createClient(options: ClientOptions): Connection {
  return engine.createClient(withDefaults(options))
}

/** A server's connection, one for each client. Throws `TypeError` for options that can't be. */
export function createServer(options: ServerOptions): ServerConnection {
  return engine.createServer(withDefaults(options))
}

function withDefaults<O extends CommonOptions>(options: O): O & { crypto: CryptoProvider } {
  return { ...options, crypto: options.crypto ?? portableProvider(), now: options.now ?? Date.now }
}

let portable: CryptoProvider | undefined

function portableProvider(): CryptoProvider {
  portable ??= createWasmProvider({ random })
  return portable
}

/** The Web Crypto random source, which every current runtime but a bare JavaScript engine has. */
function random(size: number): Uint8Array {
  const { crypto } = globalThis as { crypto?: { getRandomValues(target: Uint8Array): Uint8Array } }
  if (!crypto) throw new TypeError('this runtime has no random source: give the option crypto, createWasmProvider({ random })')
  const bytes = new Uint8Array(size)
  // getRandomValues gives at most 65,536 bytes a call.
  for (let from = 0; from < size; from += 65_536) crypto.getRandomValues(bytes.subarray(from, from + 65_536))
  return bytes
}
