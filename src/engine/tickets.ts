/** Stateless tickets: a session sealed under a key that only its servers know (RFC 9846 §4.7.1). */
import type { AeadKey, CipherSuite, CryptoProvider } from '../crypto/provider.ts'
import type { TicketIssuer } from '../handshake/post.ts'
import { encodeSession, openSession, type SessionState } from '../handshake/session.ts'
import type { ServerOptions, Session, TicketKeys } from '../types.ts'
import { concat, equal } from '../wire/bytes.ts'
import type { WithCrypto } from './options.ts'

/** How a server with these options issues tickets; `undefined` where it does not. */
export function ticketIssuer({
  crypto,
  tickets = 'none',
  ticketCount,
  ticketLifetime,
  maxEarlyData,
  tellSessions = false,
  now,
}: WithCrypto<ServerOptions>): TicketIssuer | undefined {
  if (tickets === 'none' || !now) return undefined
  const common = { count: ticketCount ?? 2, lifetime: ticketLifetime ?? 86_400, maxEarlyData: maxEarlyData ?? 0, random: crypto.random }
  if (tickets !== 'ask') ticketSuite(crypto)
  if (tickets === 'ask') return { ...common, tell: true, ticketOf: () => crypto.random(handleSize) }
  return { ...common, tell: tellSessions, ticketOf: state => sealTicket(crypto, tickets, now(), state) }
}

/** `key name[16] ‖ nonce[12] ‖ sealed session`; the name is authenticated too. `undefined` where no key is valid now. */
function sealTicket(crypto: CryptoProvider, keys: TicketKeys, now: number, state: SessionState): Uint8Array | undefined {
  const current = keys.keys(now).find(key => key.notAfter > now)
  if (!current) return undefined
  const nonce = crypto.random(nonceSize)
  return withKey(crypto, current.key, key => {
    const sealed: Uint8Array[] = []
    key.seal(nonce, current.name, [encodeSession(state)], sealed)
    return concat(current.name, nonce, ...sealed)
  })
}

/** The session of a ticket; `null` for whatever is not a ticket of these keys. */
export function openTicket(crypto: CryptoProvider, keys: TicketKeys, now: number, ticket: Uint8Array): Session | null {
  const name = ticket.subarray(0, nameSize)
  const found = keys.keys(now).find(key => equal(key.name, name) && key.notAfter > now)
  if (!found || ticket.length < nameSize + nonceSize) return null
  return withKey(crypto, found.key, key => {
    const plain = key.open(ticket.subarray(nameSize, nameSize + nonceSize), name, ticket.slice(nameSize + nonceSize))
    return plain ? openSession(plain) : null
  })
}

export interface RingOptions {
  readonly random: (size: number) => Uint8Array
  /** Seconds for which a key seals before the next one does. Default: 43,200. */
  readonly rotateAfter?: number
  /** Seconds for which a key opens after it has sealed last: at least the life of a ticket. Default: 86,400. */
  readonly overlap?: number
}

/** A key of a ring. Times are milliseconds since 1970. */
export interface RingKey {
  /** 16 bytes, public. */
  readonly name: Uint8Array
  /** 32 bytes, secret. */
  readonly key: Uint8Array
  readonly sealUntil: number
  readonly notAfter: number
}

/** Ticket keys that renew themselves. Servers that are to resume each other's sessions share `keys()` of one by `add` of the others. */
export class TicketKeyRing implements TicketKeys {
  readonly #random: (size: number) => Uint8Array
  readonly #rotateAfter: number
  readonly #overlap: number
  /** The newest first. */
  #keys: RingKey[] = []

  constructor({ random, rotateAfter = 43_200, overlap = 86_400 }: RingOptions) {
    this.#random = random
    this.#rotateAfter = rotateAfter * 1000
    this.#overlap = overlap * 1000
  }

  /** Those that still open; the first of them seals. A new one is made where the last has sealed for long enough. */
  keys(now: number): readonly RingKey[] {
    for (const { key, notAfter } of this.#keys) if (notAfter <= now) key.fill(0)
    this.#keys = this.#keys.filter(({ notAfter }) => notAfter > now)
    if (!this.#keys[0] || this.#keys[0].sealUntil <= now) {
      const sealUntil = now + this.#rotateAfter
      this.#keys.unshift({ name: this.#random(nameSize), key: this.#random(keySize), sealUntil, notAfter: sealUntil + this.#overlap })
    }
    return this.#keys
  }

  /** Takes a key of another ring, to seal and open with. Throws `TypeError` where name or key has the wrong length. */
  add(key: RingKey): void {
    if (key.name.length !== nameSize || key.key.length !== keySize) {
      throw new TypeError(`a ticket key has a name of ${nameSize} bytes and a key of ${keySize}`)
    }
    this.#keys = [{ ...key, name: key.name.slice(), key: key.key.slice() }, ...this.#keys].sort((a, b) => b.sealUntil - a.sealUntil)
  }
}

function withKey<T>(crypto: CryptoProvider, raw: Uint8Array, use: (key: AeadKey) => T): T {
  const key = ticketSuite(crypto).aead.key(raw)
  try {
    return use(key)
  } finally {
    key.destroy()
  }
}

/** AES-256-GCM, whichever suites are enabled: servers that share keys must agree on it. */
function ticketSuite(crypto: CryptoProvider): CipherSuite {
  const suite = crypto.cipherSuites.find(each => each.name === 'TLS_AES_256_GCM_SHA384')
  if (!suite) throw new TypeError('tickets: the provider has no AES-256-GCM to seal them with')
  return suite
}

/** Bytes of a ticket that is only a name: nobody guesses one. */
const handleSize = 32
const nameSize = 16
const keySize = 32
const nonceSize = 12
