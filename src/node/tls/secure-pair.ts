/** `tls.createSecurePair`, which Node.js has given up for `TLSSocket`: two streams, of which one is plaintext. */
import { EventEmitter } from 'node:events'
import { type Duplex, duplexPair } from 'node:stream'
import type { SecureContext } from './secure-context.ts'
import { TLSSocket, type TLSSocketOptions } from './socket.ts'

/** `encrypted` is for the wire, `cleartext` for the application. Event: `secure`. */
export class SecurePair extends EventEmitter {
  readonly encrypted: Duplex
  readonly cleartext: TLSSocket

  constructor(
    secureContext: SecureContext | undefined,
    isServer: boolean,
    requestCert: boolean,
    rejectUnauthorized: boolean,
    options: TLSSocketOptions,
  ) {
    super()
    const [outside, inside] = duplexPair()
    this.encrypted = outside
    this.cleartext = new TLSSocket(inside, { ...options, secureContext, isServer, requestCert, rejectUnauthorized })
    this.cleartext.once('secure', () => this.emit('secure'))
  }

  destroy(): void {
    this.cleartext.destroy()
    this.encrypted.destroy()
  }
}

export function createSecurePair(
  context?: SecureContext,
  isServer = false,
  requestCert = false,
  rejectUnauthorized = false,
  options: TLSSocketOptions = {},
): SecurePair {
  return new SecurePair(context, isServer, requestCert, rejectUnauthorized, options)
}
