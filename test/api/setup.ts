/** Connections for the tests of the surface: a pair on one provider, with certificates that fit. */
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { createClient, createServer } from '../../src/engine.ts'
import type { ClientOptions, ServerOptions } from '../../src/types.ts'
import type { Credentials } from '../credentials.ts'
import { Pair, type PairOptions } from '../pair.ts'

export interface Setup extends PairOptions {
  readonly client?: Partial<ClientOptions>
  readonly server?: Partial<ServerOptions>
}

/** A client and a server that would agree, but for what the setup changes. Not yet run. */
export function pairOf(crypto: CryptoProvider, minted: Credentials, { client, server, ...options }: Setup = {}): Pair {
  const now = () => minted.now
  return new Pair(
    createClient({ crypto, serverName: 'localhost', trust: minted.trust(crypto), now, identity: null, ...client }),
    createServer({ crypto, identity: minted.identity(crypto), now, ...server }),
    options,
  )
}

/** Bytes that differ from place to place. */
export function pattern(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 0xff)
}
