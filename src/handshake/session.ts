/** Sessions: what one handshake leaves for the next (RFC 9846 §2.2, §4.7.1). */
import type { Session } from '../types.ts'
import { fromText, toText } from '../wire/bytes.ts'
import { type Codec, decode, encode, type Infer, opaque, struct, uint8, uint16, uint32, vector } from '../wire/codec.ts'
import { DecodeError } from '../wire/error.ts'

/** Milliseconds since 1970, as two halves. */
const time: Codec<number> = {
  shape: { kind: 'fixed', size: 8 },
  read: reader => reader.uint(4) * 2 ** 32 + reader.uint(4),
  write: (writer, value) => {
    writer.uint(4, Math.floor(value / 2 ** 32))
    writer.uint(4, value % 2 ** 32)
  },
}

const description = struct({
  cipher_suite: uint16,
  psk: opaque(32, 0xff),
  /** What the client shows; empty inside of the ticket itself. */
  ticket: opaque(0, 0xffff),
  ticket_age_add: uint32,
  issued_at: time,
  /** Seconds. */
  lifetime: uint32,
  max_early_data: uint32,
  alpn: opaque(0, 0xff),
  server_name: opaque(0, 0xff),
  peer_verified: uint8,
  /** Its certificate type. */
  peer_type: uint8,
  /** The peer's certificates, the end entity first; empty where it had none. */
  peer_chain: vector(opaque(1, 0xffffff), 0, 0xffffff),
})

export type SessionState = Infer<typeof description>

/** The format of `toBytes`: another number is another format. */
const format = 1

/** Makes a session of its state, which it takes over. */
export function sessionOf(state: SessionState): Session {
  return new StoredSession(state)
}

/** The state of a session; `undefined` for a look-alike. */
export function stateOf(session: unknown): SessionState | undefined {
  return StoredSession.stateOf(session)
}

/** Whether the session was offered before; marks it as offered. A ticket shows who is coming back, so it is used once (RFC 9846 appendix C.4). */
export function claim(session: Session): boolean {
  return StoredSession.claim(session)
}

/** The inverse of `toBytes`. Throws `TypeError` for bytes that are not such. */
export function sessionFromBytes(bytes: Uint8Array): Session {
  if (!(bytes instanceof Uint8Array) || bytes[0] !== format)
    throw new TypeError('these bytes are not a session in a format that is known here')
  const session = openSession(bytes.slice(1))
  if (!session) throw new TypeError('these bytes are not a session: they are cut or changed')
  return session
}

/** The state as it is sealed into a ticket. */
export function encodeSession(state: SessionState): Uint8Array {
  return encode(description, state)
}

/** The inverse of `encodeSession`; `null` for bytes of another format. */
export function openSession(bytes: Uint8Array): Session | null {
  try {
    return sessionOf(decode(description, bytes, 'the session'))
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return null
  }
}

/** Milliseconds since 1970 at which the session ends. */
export function expiryOf({ issued_at, lifetime }: SessionState): number {
  return issued_at + lifetime * 1000
}

class StoredSession implements Session {
  readonly #state: SessionState
  #offered = false

  constructor(state: SessionState) {
    this.#state = state
  }

  get serverName(): string | undefined {
    return this.#state.server_name.length > 0 ? toText(this.#state.server_name) : undefined
  }

  get alpn(): string | undefined {
    return this.#state.alpn.length > 0 ? toText(this.#state.alpn) : undefined
  }

  get expires(): number {
    return expiryOf(this.#state)
  }

  get maxEarlyData(): number {
    return this.#state.max_early_data
  }

  get ticket(): Uint8Array {
    return this.#state.ticket.slice()
  }

  get peerChain(): readonly Uint8Array[] {
    return this.#state.peer_chain
  }

  toBytes(): Uint8Array {
    return Uint8Array.of(format, ...encode(description, this.#state))
  }

  static stateOf(value: unknown): SessionState | undefined {
    return typeof value === 'object' && value !== null && #state in value ? value.#state : undefined
  }

  static claim(value: Session): boolean {
    if (!(#offered in value) || value.#offered) return false
    value.#offered = true
    return true
  }
}

/** Optional text as it stands in a state: ALPN and server names are never empty. */
export function optionalText(text: string | undefined): Uint8Array {
  return text === undefined ? new Uint8Array(0) : fromText(text)
}
