/** Cookies (RFC 9846 §4.3.2): what a server would have to remember of the first ClientHello, in the client's keeping and under our MAC. */
import { constantTimeEqual } from '../crypto/constant-time.ts'
import type { CryptoProvider, Hash } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import type { CookieOptions } from '../types.ts'
import { concat } from '../wire/bytes.ts'
import { decode, encode, type Infer, opaque, struct, uint16, uint32 } from '../wire/codec.ts'

const description = struct({
  /** Seconds since 1970. */
  issued_at: uint32,
  cipher_suite: uint16,
  /** What the HelloRetryRequest asked a share for; 0: for none. */
  group: uint16,
  /** Of the first ClientHello. */
  hello_hash: opaque(32, 64),
})

export type CookieState = Infer<typeof description>

export function sealCookie(crypto: CryptoProvider, { key }: CookieOptions, state: CookieState): Uint8Array {
  const bytes = encode(description, state)
  return concat(bytes, macOf(crypto).hmac(key, bytes))
}

/** Throws `TlsError` for a cookie that was not made under this key, or too long ago. `now`: milliseconds since 1970. */
export function openCookie(crypto: CryptoProvider, { key, lifetime = 30 }: CookieOptions, now: number, cookie: Uint8Array): CookieState {
  const mac = macOf(crypto)
  const bytes = cookie.subarray(0, Math.max(0, cookie.length - mac.size))
  const state = constantTimeEqual(mac.hmac(key, bytes), cookie.subarray(bytes.length))
    ? decode(description, bytes, 'the cookie')
    : undefined
  if (!state) throw new TlsError('illegal-hello', 'the cookie is none of ours')
  if (Math.abs(now / 1000 - state.issued_at) > lifetime) throw new TlsError('illegal-hello', 'the cookie has expired')
  return state
}

function macOf(crypto: CryptoProvider): Hash {
  const suite = crypto.cipherSuites.find(each => each.hash.name === 'sha256')
  if (!suite) throw new TypeError('cookie: the provider has no SHA-256')
  return suite.hash
}
