/** The two implementations over the two transports: a pair of connected streams of each. */
import { once } from 'node:events'
import { createServer as createNetServer, connect as netConnect, type Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import tls from 'node:tls'
import { createNodeProvider, TlsStream } from '../../src/node/index.ts'
import { identityOf, pemOf, serverName, trustOf } from '../identity.ts'

export const stacks = ['tassel/node', 'node:tls'] as const
export type Stack = (typeof stacks)[number]
export const transports = ['memory', 'tcp'] as const
export type Transport = (typeof transports)[number]

export interface Ends {
  readonly client: Duplex
  readonly server: Duplex
}

/** Connected, the handshake done, flowing, and nothing on the way. */
export async function connectStreams(stack: Stack, transport: Transport): Promise<Ends> {
  const wires = transport === 'memory' ? duplexPair() : await tcpPair()
  const ends = stack === 'tassel/node' ? await tassel(wires) : await nodeTls(wires)
  for (const end of [ends.client, ends.server]) end.on('error', () => {}).resume()
  return ends
}

export async function closeStreams(pairs: readonly Ends[]): Promise<void> {
  for (const { client, server } of pairs) {
    client.destroy()
    server.destroy()
    if (!server.closed) await once(server, 'close')
  }
}

const suite = 'TLS_AES_128_GCM_SHA256'

async function tassel([clientWire, serverWire]: readonly [Duplex, Duplex]): Promise<Ends> {
  const crypto = createNodeProvider()
  const cipherSuites = [suite]
  const server = TlsStream.server(serverWire, { crypto, identity: identityOf(crypto), cipherSuites })
  const client = TlsStream.client(clientWire, { crypto, trust: trustOf(crypto), serverName, cipherSuites })
  await Promise.all([client.connected(), server.connected()])
  if (client.info?.cipherSuite !== suite) throw new Error('another suite was agreed')
  return { client, server }
}

async function nodeTls([clientWire, serverWire]: readonly [Duplex, Duplex]): Promise<Ends> {
  const options = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: suite } as const
  const { ca, ...identity } = pemOf()
  const server = new tls.TLSSocket(serverWire, { isServer: true, secureContext: tls.createSecureContext({ ...options, ...identity }) })
  const client = tls.connect({ ...options, socket: clientWire, ca, servername: serverName })
  await Promise.all([once(client, 'secureConnect'), once(server, 'secure')])
  if (client.getCipher().name !== suite) throw new Error('another suite was agreed')
  return { client, server }
}

async function tcpPair(): Promise<readonly [Socket, Socket]> {
  const listener = createNetServer({ noDelay: true }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the listener has no port')
  const client = netConnect({ port: address.port, host: '127.0.0.1', noDelay: true })
  const [server] = (await once(listener, 'connection')) as [Socket]
  listener.close()
  return [client, server]
}
