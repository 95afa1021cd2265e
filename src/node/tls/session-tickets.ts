/** The keys of a server's session tickets, as Node.js handles them: 48 bytes, of which 16 are the name. */
import { createHash, createHmac } from 'node:crypto'
import type { TicketKeys } from '../../types.ts'
import { bytesOf, coded, invalidType } from './errors.ts'

/** Sessions are bound to `context`: under another one the same bytes are another key, with another name. */
export class SessionTickets implements TicketKeys {
  readonly #context: string | undefined
  #bytes: Uint8Array
  #keys: ReturnType<TicketKeys['keys']>

  constructor(bytes: Uint8Array, context: string | undefined) {
    this.#context = context
    this.#bytes = bytes
    this.#keys = this.#derive()
  }

  keys(): ReturnType<TicketKeys['keys']> {
    return this.#keys
  }

  /** What the sessions of this context begin with where they are kept outside: 32 bytes. */
  get mark(): Buffer {
    return createHash('sha256')
      .update(this.#context ?? '')
      .digest()
  }

  /** A copy; servers that share it resume each other's sessions. */
  get bytes(): Buffer {
    return Buffer.from(this.#bytes)
  }

  set bytes(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#keys = this.#derive()
  }

  #derive(): ReturnType<TicketKeys['keys']> {
    const bytes = this.#context === undefined ? this.#bytes : createHmac('sha384', this.#bytes).update(this.#context).digest()
    return [{ name: bytes.subarray(0, 16), key: bytes.subarray(16, 48), notAfter: Number.POSITIVE_INFINITY }]
  }
}

/** A copy of the keys. Throws coded errors for what is none. */
export function checkTicketKeys(keys: unknown, name = 'options.ticketKeys'): Uint8Array {
  if (!ArrayBuffer.isView(keys)) throw invalidType(name, 'a Buffer or another view of bytes', keys)
  if (keys.byteLength !== 48)
    throw coded(new TypeError(`${name} must be exactly 48 bytes, not ${keys.byteLength}`), 'ERR_INVALID_ARG_VALUE')
  return bytesOf(keys)
}
