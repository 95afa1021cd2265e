/**
 * Handshakes. Two of Tassel's engines in one process, against the bare cryptography that they can't do without (what is counted says
 * `handshake/bare.ts`); and `tassel/node` beside `node:tls` on the same transport, with the same suite, group and certificates. Chain and name are
 * judged everywhere: end entity and intermediate are sent, the root is known.
 */
import type { CryptoProvider } from '../src/crypto/provider.ts'
import { type BareCrypto, bareHandshake } from './handshake/bare.ts'
import { bareNoble } from './handshake/bare-noble.ts'
import { bareNode } from './handshake/bare-node.ts'
import { handshakeOf, messageSizes, optionsOf } from './handshake/engines.ts'
import { type Credentials, type Key, mintCredentials, nameOf, type Scenario, scenarios } from './handshake/scenarios.ts'
import { type Contest, inMemory, overTcp } from './handshake/streams.ts'
import { race, rate, scaled } from './harness/measure.ts'
import type { Bar } from './harness/report.ts'
import type { Session } from './harness/session.ts'
import { benchProviders } from './providers.ts'

export async function run(session: Session): Promise<void> {
  const credentials = new Map<Key, Credentials>()
  for (const { key } of scenarios) if (!credentials.has(key)) credentials.set(key, await mintCredentials(key))
  const issued: Issued = async ({ key }) => credentials.get(key) ?? Promise.reject(new Error('no credentials'))
  for (const provider of benchProviders()) await engines(session, provider, issued)
  await streams(session, 'in memory', inMemory, issued)
  await streams(session, 'over TCP', overTcp, issued)
}

type Issued = (scenario: Scenario) => Promise<Credentials>

const bareOf: Readonly<Record<string, (scenario: Scenario, credentials: Credentials) => BareCrypto>> = { node: bareNode, noble: bareNoble }
const suiteOf: Readonly<Record<string, string>> = { node: 'TLS_AES_128_GCM_SHA256', noble: 'TLS_CHACHA20_POLY1305_SHA256' }

/** The most that a handshake may take of the time of its bare calls. */
const engineBars: Readonly<Record<string, number>> = { node: 1.45, noble: 1.08 }

async function engines(session: Session, provider: CryptoProvider, issued: Issued): Promise<void> {
  const bare = bareOf[provider.name]
  const suite = suiteOf[provider.name]
  if (!bare || !suite) return
  const table = session.table(`Handshakes between two engines on ${provider.name}, µs`, ['client', 'server', 'both', 'bare', 'both ÷ bare'])
  for (const scenario of scenarios) {
    session.progress(`${provider.name}, ${nameOf(scenario)}`)
    const credentials = await issued(scenario)
    const options = optionsOf(scenario, credentials, provider, suite)
    const spent = { client: 0, server: 0 }
    const engine = handshakeOf(scenario, options, spent)
    const contenders = [
      { name: 'engines', run: engine },
      { name: 'bare', run: bareHandshake(scenario, bare(scenario, credentials), messageSizes(scenario, options)) },
    ]
    warmUp(engine, session)
    Object.assign(spent, { client: 0, server: 0 })
    const times = await race(contenders, session.slowPace)
    const both = times.time('engines')
    const share = spent.client / (spent.client + spent.server)
    const most = engineBars[provider.name]
    table.row(nameOf(scenario), {
      client: { figure: scaled(both, share) },
      server: { figure: scaled(both, 1 - share) },
      both: { figure: both },
      bare: { figure: times.time('bare') },
      'both ÷ bare': { figure: times.speed('bare', 'engines'), digits: 2, ...(most !== undefined && { bar: { atMost: most } }) },
    })
  }
}

/** A handshake runs so much code that the rounds which `race` leaves out would be over before it is compiled. */
function warmUp(engine: () => void, { quick }: Session): void {
  const end = performance.now() + (quick ? 300 : 2000)
  while (performance.now() < end) engine()
}

/** The least number of handshakes of tassel/node for one of node:tls. */
function streamBar({ kind, key, group }: Scenario, transport: string): Bar | undefined {
  if (key !== 'P-256' || group !== 'x25519') return undefined
  const newer = Number(process.versions.node.split('.')[0]) >= 24
  if (transport === 'over TCP') return kind === 'full' ? { atLeast: 1.2 } : undefined
  if (kind === 'full') return { atLeast: newer ? 1.1 : 1.3 }
  return kind === 'resumed' ? { atLeast: newer ? 0.95 : 1.2 } : undefined
}

/** `node:tls` has no early data, and the hybrid group only where its OpenSSL has it. */
function isCommon({ kind, group }: Scenario): boolean {
  return kind !== '0-RTT' && (group === 'x25519' || Number(process.versions.openssl.split('.')[1]) >= 5)
}

async function streams(
  session: Session,
  transport: string,
  contestOf: (scenario: Scenario, credentials: Credentials) => Promise<Contest>,
  issued: Issued,
): Promise<void> {
  const ratio = 'tassel/node ÷ node:tls'
  const table = session.table(`Handshakes a second ${transport}, both sides in one process`, ['tassel/node', 'node:tls', ratio])
  for (const scenario of scenarios.filter(isCommon)) {
    session.progress(`${transport}, ${nameOf(scenario)}`)
    const { contenders, close } = await contestOf(scenario, await issued(scenario))
    const times = await race(contenders, session.slowPace)
    close()
    const bar = streamBar(scenario, transport)
    table.row(nameOf(scenario), {
      'tassel/node': { figure: rate(1e6, times.time('tassel/node')), digits: 0 },
      'node:tls': { figure: rate(1e6, times.time('node:tls')), digits: 0 },
      [ratio]: { figure: times.speed('tassel/node', 'node:tls'), digits: 2, ...(bar && { bar }) },
    })
  }
}
