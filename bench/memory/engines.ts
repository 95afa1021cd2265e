/** A worker: pairs of engines in memory, which do nothing once their handshake is done. */
import { randomFillSync } from 'node:crypto'
import { createNobleProvider } from '../../src/crypto/noble.ts'
import { createNodeProvider } from '../../src/crypto/node.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { createClient, createServer } from '../../src/engine.ts'
import type { Connection, Identity, TrustStore, VerifiedPeer } from '../../src/types.ts'
import { createTrustStore } from '../../src/x509/index.ts'
import { work } from '../harness/child.ts'
import type { Credentials } from './credentials.ts'
import { each, type Held, held } from './held.ts'

export interface EnginesJob {
  readonly provider: 'node' | 'noble'
  readonly cipherSuite?: string
  readonly pairs: number
  readonly credentials: Credentials
  /** Whether all clients get one verdict, so that the certificates are there once; or each has what its own handshake has brought. */
  readonly sharedCertificates: boolean
}

/** For one engine each. */
export interface EnginesResult {
  readonly client: Held
  readonly server: Held
}

work(async ({ provider, cipherSuite, pairs, credentials, sharedCertificates }: EnginesJob): Promise<EnginesResult> => {
  const crypto = providerOf(provider)
  const { chain, key, root, name } = credentials
  const store = createTrustStore({ roots: [root], crypto })
  const trust = sharedCertificates ? oneVerdict(store) : store
  const identity: Identity = { chain, key: crypto.importPrivateKey(key) }
  const suites = cipherSuite === undefined ? {} : { cipherSuites: [cipherSuite] }
  const connect = () => {
    const client = createClient({ serverName: name, trust, crypto, now: Date.now, ...suites })
    const server = createServer({ identity, crypto, now: Date.now, ...suites })
    settle(client, server)
    return { client, server }
  }
  // By then the code is compiled and what it keeps for itself is there.
  for (let i = 0; i < 400; i++) connect()
  const clients: Connection[] = []
  const servers: Connection[] = []
  const none = await held()
  for (let i = 0; i < pairs; i++) {
    const { client, server } = connect()
    clients.push(client)
    servers.push(server)
  }
  const both = await held()
  servers.length = 0
  const half = await held()
  if (!clients.every(client => client.info)) throw new Error('a handshake was not done')
  return { client: each(none, half, pairs), server: each(half, both, pairs) }
})

function providerOf(name: EnginesJob['provider']): CryptoProvider {
  return name === 'node' ? createNodeProvider() : createNobleProvider({ random: size => randomFillSync(new Uint8Array(size)) })
}

/** The first chain is judged, and the verdict on it is everyone's. */
function oneVerdict(store: TrustStore): TrustStore {
  let verdict: VerifiedPeer | undefined
  return { verify: (chain, request) => (verdict ??= store.verify(chain, request)) }
}

function settle(client: Connection, server: Connection): void {
  for (let moved = true; moved; ) moved = [move(client, server), move(server, client)].includes(true)
}

function move(from: Connection, to: Connection): boolean {
  const output = from.takeOutput()
  for (const chunk of output) {
    to.receive(chunk)
    for (let event = to.poll(); event; event = to.poll()) if (event.type === 'failed') throw event.error
  }
  return output.length > 0
}
