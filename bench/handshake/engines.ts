/** Handshakes between two of Tassel's engines, without any transport: what one gives, the other gets. */
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { createClient, createServer, sessionFromBytes, TicketKeyRing } from '../../src/engine.ts'
import type { ClientOptions, Connection, ServerOptions, Session, TraceEvent } from '../../src/types.ts'
import { createTrustStore } from '../../src/x509/index.ts'
import { type Credentials, chainOf, hasPsk, type Scenario, serverName } from './scenarios.ts'

export interface OptionsOfBoth {
  readonly client: ClientOptions & { readonly crypto: CryptoProvider }
  readonly server: ServerOptions & { readonly crypto: CryptoProvider }
}

/** What an application prepares once for all its connections. */
export function optionsOf(scenario: Scenario, credentials: Credentials, crypto: CryptoProvider, cipherSuite: string): OptionsOfBoth {
  const trust = createTrustStore({ roots: [credentials.root.certificateDer], crypto })
  const common = { crypto, trust, now: Date.now, cipherSuites: [cipherSuite], groups: [scenario.group] }
  const identityOf = (whose: 'server' | 'client') => ({
    chain: chainOf(credentials, credentials[whose]),
    key: crypto.importPrivateKey(credentials[whose].privateKeyPkcs8),
  })
  return {
    client: { ...common, serverName, ...(scenario.kind === 'mutual' && { identity: identityOf('client') }) },
    server: {
      ...common,
      identity: identityOf('server'),
      ...(scenario.kind === 'mutual' && { clientAuth: 'require' }),
      ...(hasPsk(scenario.kind) && { tickets: new TicketKeyRing({ random: crypto.random }), ticketCount: 0 }),
      ...(scenario.kind === '0-RTT' && { maxEarlyData: 16_384 }),
    },
  }
}

/** Milliseconds that the calls of each side took. */
export interface Spent {
  client: number
  server: number
}

/** One handshake of a scenario, ready to be repeated. What each side spends is added to `spent`. */
export function handshakeOf({ kind }: Scenario, { client, server }: OptionsOfBoth, spent: Spent): () => void {
  if (!hasPsk(kind))
    return () =>
      shake(
        () => createClient(client),
        () => createServer(server),
        spent,
      )
  const session = sessionWith(client, server)
  const earlyData = kind === '0-RTT'
  return () => {
    const resuming = { ...client, earlyData, session: sessionFromBytes(session) }
    shake(
      () => {
        const connection = createClient(resuming)
        if (earlyData) connection.sendEarly(request)
        return connection
      },
      () => createServer(server),
      spent,
    )
  }
}

const request = new Uint8Array(200)

/** The bytes of a session to resume. */
export function sessionWith(client: OptionsOfBoth['client'], server: OptionsOfBoth['server']): Uint8Array {
  let session: Session | undefined
  const issuing = { ...server, ticketCount: 1 }
  shake(
    () => createClient(client),
    () => createServer(issuing),
    { client: 0, server: 0 },
    found => {
      session = found
    },
  )
  if (!session) throw new Error('the server issued no ticket')
  return session.toBytes()
}

/** The handshake messages, sizes in bytes: what a transcript is made of. */
export function messageSizes(scenario: Scenario, options: OptionsOfBoth): readonly number[] {
  const sizes: number[] = []
  const trace = ({ direction, kind, bytes }: TraceEvent) => {
    if (direction === 'out' && kind !== 'alert' && kind !== 'change_cipher_spec') sizes.push(bytes.length)
  }
  const traced = { client: { ...options.client, trace }, server: { ...options.server, trace } }
  handshakeOf(scenario, traced, { client: 0, server: 0 })()
  return sizes
}

function shake(begin: () => Connection, accept: () => Connection, spent: Spent, onSession?: (session: Session) => void): void {
  let at = performance.now()
  const lap = (side: keyof Spent) => {
    const now = performance.now()
    spent[side] += now - at
    at = now
  }
  const client = begin()
  let output = client.takeOutput()
  lap('client')
  const server = accept()
  while (output.length > 0) {
    output = turn(server, output)
    lap('server')
    output = turn(client, output, onSession)
    lap('client')
  }
  if (!client.info || !server.info) throw new Error('the handshake did not end')
}

/** Mutate, then drain. */
function turn(connection: Connection, input: readonly Uint8Array[], onSession?: (session: Session) => void): Uint8Array[] {
  for (const chunk of input) connection.receive(chunk)
  for (let event = connection.poll(); event; event = connection.poll()) {
    if (event.type === 'failed') throw event.error
    if (event.type === 'session') onSession?.(event.session)
  }
  return connection.takeOutput()
}
