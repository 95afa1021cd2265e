/** A worker: pairs of connections over loopback TCP, both ends in this process, which do nothing once they are connected. */
import { once } from 'node:events'
import { type AddressInfo, createServer as createNetServer, type Server, connect as tcpConnect } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import nodeTls from 'node:tls'
import tassel, { connectTls, createNodeProvider, serveTls } from '../../src/node/index.ts'
import { createTrustStore } from '../../src/x509/index.ts'
import { work } from '../harness/child.ts'
import type { Credentials } from './credentials.ts'
import { each, type Held, held } from './held.ts'

export interface SocketsJob {
  /** `face` is what stands in for `node:tls`; `tcp` carries nothing: what the others need of sockets is in it. */
  readonly stack: 'tassel' | 'face' | 'node:tls' | 'tcp'
  readonly pairs: number
  readonly credentials: Credentials
}

interface Stack {
  serve(onConnection: (end: Duplex) => void): Server
  /** Resolves once the handshake is done. */
  connect(port: number): Promise<Duplex>
}

work(async ({ stack, pairs, credentials }: SocketsJob): Promise<Held> => {
  const { serve, connect } = stacks[stack](credentials)
  const ends = new Set<Duplex>()
  const server = serve(end => keep(ends, end)).listen(0, 'localhost')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const open = async (count: number) => {
    const wanted = ends.size + 2 * count
    // A few at a time: what many handshakes at once need is not what idle connections hold.
    for (let i = 0; i < count; i += 10) {
      const some = await Promise.all(Array.from({ length: Math.min(10, count - i) }, () => connect(port)))
      for (const end of some) keep(ends, end)
    }
    // The server's end may be connected a turn after the client's.
    while (ends.size < wanted) await wait(5)
  }
  // By then V8's heap has the size at which it stays, and its code is compiled.
  await open(500)
  const few = await held()
  await open(pairs)
  const many = await held()
  return each(few, many, pairs)
})

/** Nobody has anything to read, but the streams have to flow for what TLS itself says. */
function keep(ends: Set<Duplex>, end: Duplex): void {
  ends.add(end)
  end.resume()
}

const stacks: Readonly<Record<SocketsJob['stack'], (credentials: Credentials) => Stack>> = {
  tassel({ chain, key, root, name }) {
    const crypto = createNodeProvider()
    const trust = createTrustStore({ roots: [root], crypto })
    const identity = { chain, key: crypto.importPrivateKey(key) }
    return {
      serve: onConnection => serveTls({ identity, crypto }, onConnection),
      async connect(port) {
        const stream = connectTls({ host: name, port, trust, crypto })
        await stream.connected()
        return stream
      },
    }
  },
  face: credentials => stackOf(tassel as unknown as typeof nodeTls, credentials),
  'node:tls': credentials => stackOf(nodeTls, credentials),
  tcp: () => ({
    serve: onConnection => createNetServer(onConnection),
    async connect(port) {
      const socket = tcpConnect({ host: 'localhost', port })
      await once(socket, 'connect')
      return socket
    },
  }),
}

function stackOf(tls: typeof nodeTls, { chainPem, keyPem, rootPem, name }: Credentials): Stack {
  const versions = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const
  // One for all connections, as for all of a trust store: by itself node:tls makes one for each.
  const secureContext = tls.createSecureContext({ ca: rootPem, ...versions })
  return {
    serve: onConnection => tls.createServer({ cert: chainPem, key: keyPem, ...versions }, onConnection),
    async connect(port) {
      const socket = tls.connect({ host: name, port, servername: name, secureContext })
      await once(socket, 'secureConnect')
      return socket
    },
  }
}
