/**
 * Handshakes of two Node streams, `tassel/node` and `node:tls` in turns, over a pair of Duplexes in memory or over TCP on the loopback. A
 * handshake is over once both sides are connected and the client has the tickets that the server sends, which `node:tls` always does;
 * then both are destroyed, and that is waited for too.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import * as tls from 'node:tls'
import { createNodeProvider } from '../../src/crypto/node.ts'
import { sessionFromBytes, TicketKeyRing } from '../../src/engine.ts'
import { connectTls, serveTls, TlsStream } from '../../src/node/index.ts'
import type { ClientOptions, ServerOptions } from '../../src/types.ts'
import type { Contender } from '../harness/measure.ts'
import { optionsOf, sessionWith } from './engines.ts'
import { type Credentials, chainOf, hasPsk, type Scenario, serverName } from './scenarios.ts'

const cipherSuite = 'TLS_AES_128_GCM_SHA256'
/** As many as `node:tls` sends. */
const ticketCountOf = ({ kind }: Scenario) => (hasPsk(kind) ? 0 : 2)

/** Two contenders, and how to be rid of what they listen on. */
export interface Contest {
  readonly contenders: readonly Contender[]
  close(): void
}

export async function inMemory(scenario: Scenario, credentials: Credentials): Promise<Contest> {
  const tassel = tasselOptions(scenario, credentials)
  const openssl = await nodeTlsOptions(scenario, credentials)
  return {
    contenders: [
      {
        name: 'tassel/node',
        run() {
          const [one, other] = duplexPair()
          return handshake(scenario, TlsStream.client(one, tassel.client()), Promise.resolve(TlsStream.server(other, tassel.server)))
        },
      },
      {
        name: 'node:tls',
        run() {
          const [one, other] = duplexPair()
          const server = new tls.TLSSocket(other, { isServer: true, ...openssl.server })
          return handshake(scenario, tls.connect({ socket: one, ...openssl.client }), Promise.resolve(server))
        },
      },
    ],
    close() {},
  }
}

export async function overTcp(scenario: Scenario, credentials: Credentials): Promise<Contest> {
  const tassel = tasselOptions(scenario, credentials)
  const openssl = await nodeTlsOptions(scenario, credentials)
  const accepted = new Accepted()
  const servers = [
    serveTls(tassel.server, stream => accepted.give(stream)),
    // What tls.Server does, but with a stream that is the same as in memory.
    createNetServer({ noDelay: true }, socket => {
      const stream = new tls.TLSSocket(socket, { isServer: true, ...openssl.server })
      stream.once('secure', () => accepted.give(stream))
    }),
  ]
  const [tasselPort, nodePort] = await Promise.all(servers.map(listening))
  return {
    contenders: [
      {
        name: 'tassel/node',
        run: () => handshake(scenario, connectTls({ host, port: tasselPort ?? 0, ...tassel.client() }), accepted.next()),
      },
      {
        name: 'node:tls',
        run: () => handshake(scenario, tls.connect({ host, port: nodePort ?? 0, ...openssl.client }).setNoDelay(true), accepted.next()),
      },
    ],
    close: () => {
      for (const server of servers) server.close()
    },
  }
}

const host = '127.0.0.1'

async function listening(server: ReturnType<typeof createNetServer>): Promise<number> {
  await once(server.listen(0, host), 'listening')
  return (server.address() as AddressInfo).port
}

/** The server's end of the connection that is being made. */
class Accepted {
  #resolve: (stream: Duplex) => void = () => {}

  next(): Promise<Duplex> {
    return new Promise(resolve => {
      this.#resolve = resolve
    })
  }

  give(stream: Duplex): void {
    this.#resolve(stream)
  }
}

async function handshake(scenario: Scenario, client: Duplex, accepting: Promise<Duplex>): Promise<void> {
  client.resume()
  const ready = Promise.all([connected(client, ticketCountOf(scenario)), accepting.then(secured)])
  const [, server] = await ready
  const closed = [client, server].map(stream => new Promise(resolve => stream.once('close', resolve)))
  client.destroy()
  server.destroy()
  await Promise.all(closed)
}

function connected(client: Duplex, tickets: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = tickets + 1
    const come = () => --left === 0 && resolve()
    client.once('secureConnect', come).on('session', come).once('error', reject)
  })
}

function secured(server: Duplex): Promise<Duplex> {
  const done = server instanceof TlsStream ? server.info !== undefined : (server as tls.TLSSocket).getFinished() !== undefined
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    if (done) resolve(server)
    else server.once(server instanceof TlsStream ? 'secureConnect' : 'secure', () => resolve(server))
  })
}

// ── Options ─────────────────────────────────────────────────────────────────────────────────────────────────────────

interface TasselOptions {
  client(): ClientOptions
  readonly server: ServerOptions
}

function tasselOptions(scenario: Scenario, credentials: Credentials): TasselOptions {
  const crypto = createNodeProvider()
  const { client, server } = optionsOf(scenario, credentials, crypto, cipherSuite)
  const tickets = server.tickets ?? new TicketKeyRing({ random: crypto.random })
  const issuing = { ...server, tickets, ticketCount: ticketCountOf(scenario) }
  if (!hasPsk(scenario.kind)) return { client: () => client, server: issuing }
  const session = sessionWith(client, issuing)
  return { client: () => ({ ...client, session: sessionFromBytes(session) }), server: issuing }
}

interface NodeTlsOptions {
  readonly client: tls.ConnectionOptions
  readonly server: tls.TLSSocketOptions
}

async function nodeTlsOptions(scenario: Scenario, credentials: Credentials): Promise<NodeTlsOptions> {
  const common = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: cipherSuite, ecdhCurve: curves[scenario.group] } as const
  const ca = pem(credentials.root.certificateDer)
  const identityOf = (whose: 'server' | 'client') => ({
    cert: chainOf(credentials, credentials[whose]).map(pem).join(''),
    key: credentials[whose].privateKeyPem,
  })
  const mutual = scenario.kind === 'mutual'
  const client = {
    secureContext: tls.createSecureContext({ ...common, ca, ...(mutual && identityOf('client')) }),
    servername: serverName,
  }
  const server = {
    secureContext: tls.createSecureContext({ ...common, ...(mutual && { ca }), ...identityOf('server') }),
    ...(mutual && { requestCert: true, rejectUnauthorized: true }),
  }
  if (!hasPsk(scenario.kind)) return { client, server }
  const [one, other] = duplexPair()
  const first = tls.connect({ socket: one, ...client }).resume()
  const second = new tls.TLSSocket(other, { isServer: true, ...server })
  const [session] = (await once(first, 'session')) as [Buffer]
  first.destroy()
  second.destroy()
  return { client: { ...client, session }, server }
}

const curves = { x25519: 'X25519', X25519MLKEM768: 'X25519MLKEM768' }

function pem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
