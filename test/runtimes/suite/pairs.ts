/** Two engines that would agree, but for what a test changes. */
import { createClient, createServer } from '../../../src/engine.ts'
import type { ClientOptions, ConnectionInfo, Identity, ServerConnection, ServerOptions, Session, TrustStore } from '../../../src/types.ts'
import { createTrustStore } from '../../../src/x509/index.ts'
import { Pair, type PairOptions, type Side } from '../../pair.ts'
import { type Credential, ecdsaP256, root } from './credentials.ts'
import { assert, fromHex, pattern, sameBytes, type World } from './kit.ts'

export interface Setup extends PairOptions {
  readonly client?: Partial<ClientOptions>
  readonly server?: Partial<ServerOptions>
}

/** Not yet run. */
export function pairOf(world: World, { client, server, ...options }: Setup = {}): Pair {
  const { provider: crypto, now } = world
  return new Pair(
    createClient({ crypto, serverName: 'localhost', trust: trustIn(world, root), now, identity: null, ...client }),
    createServer({ crypto, identity: identityOf(world, ecdsaP256), now, ...server }),
    options,
  )
}

/** Run to the end of the handshake, and then some data each way. Gives what the client and the server agreed on. */
export function talk(world: World, setup: Setup = {}): { pair: Pair; client: ConnectionInfo; server: ConnectionInfo } {
  const pair = pairOf(world, setup).run()
  const agreed = { pair, client: infoOf(pair.client, 'the client'), server: infoOf(pair.server, 'the server') }
  exchange(pair)
  return agreed
}

/** More data each way, that arrives as it was sent. */
export function exchange(pair: Pair): void {
  const { client, server } = pair
  const before = [client.data.length, server.data.length] as const
  pair.send(client, pattern(3000))
  pair.send(server, pattern(4000))
  sameBytes([server.data.subarray(before[1])], pattern(3000), 'what the server got')
  sameBytes([client.data.subarray(before[0])], pattern(4000), 'what the client got')
}

export function infoOf(side: Side, who: string): ConnectionInfo {
  const { info } = side.connection
  assert(info, `${who} is not connected: ${side.error?.message ?? side.types.join(', ')}`)
  return info
}

export function identityOf({ provider }: World, { certificate, pkcs8 }: Credential, ...issuers: readonly string[]): Identity {
  return { chain: [certificate, ...issuers].map(fromHex), key: provider.importPrivateKey(fromHex(pkcs8)) }
}

export function trustIn({ provider: crypto }: World, anchor: string): TrustStore {
  return createTrustStore({ roots: [fromHex(anchor)], crypto })
}

export function sessionOf(side: Side): Session {
  for (const event of side.events) if (event.type === 'session') return event.session
  throw new Error('there is no session')
}

export function serverOf({ server: { connection } }: Pair): ServerConnection {
  assert('requestClientCertificate' in connection, 'it should be a server')
  return connection as ServerConnection
}
