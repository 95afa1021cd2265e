/** Sessions from their bytes, as a client keeps them from one process to the next. */
import type { CryptoProvider } from '../crypto/provider.ts'
import { openTicket } from '../engine/tickets.ts'
import type { Session } from '../types.ts'

/**
 * The inverse of `session.toBytes()`. Throws `TypeError` for bytes that are not such. The engine gives sessions out of tickets alone, so
 * the bytes become one, under a key that lives for this call.
 */
export function sessionFromBytes(bytes: Uint8Array, crypto: CryptoProvider): Session {
  if (!(bytes instanceof Uint8Array) || bytes[0] !== format)
    throw new TypeError('these bytes are not a session in a format that is known here')
  const [name, nonce, key] = [crypto.random(16), crypto.random(12), crypto.random(32)]
  const sealed: Uint8Array[] = [name, nonce]
  const aead = crypto.cipherSuites.find(suite => suite.name === 'TLS_AES_256_GCM_SHA384')?.aead.key(key)
  aead?.seal(nonce, name, [new Uint8Array(bytes.subarray(1))], sealed)
  aead?.destroy()
  const keys = { keys: () => [{ name, key, notAfter: Number.POSITIVE_INFINITY }] }
  const session = openTicket(crypto, keys, 0, new Uint8Array(Buffer.concat(sealed)))
  key.fill(0)
  if (!session) throw new TypeError('these bytes are not a session: they are cut or changed')
  return session
}

/** The first byte of `toBytes`. */
const format = 1
