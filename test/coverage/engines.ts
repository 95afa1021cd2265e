/** Two connections without any transport, for rows that need none. */
import { type ClientOptions, createClient, createServer, type ServerOptions } from '../../src/index.ts'
import { Pair, type PairOptions } from '../pair.ts'
import { crypto, serverIdentity, trust } from '../stream/sides.ts'

export interface Setup extends PairOptions {
  readonly client?: Partial<ClientOptions>
  readonly server?: Partial<ServerOptions>
}

/** Both would agree, but for what the setup changes. Run until nothing moves. */
export function engines({ client, server, ...options }: Setup = {}): Pair {
  return new Pair(
    createClient({ crypto, serverName: 'localhost', trust, identity: null, ...client }),
    createServer({ crypto, trust, identity: serverIdentity, ...server }),
    options,
  ).run()
}
