/** lemon-tls, by its `TLSSocket` over a TCP socket. A client offers all its suites, and a share for X25519: the rest is the server's choice. */
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { load } from './installed.ts'
import { type Library, openSocket, StreamLine, settled } from './library.ts'

interface LemonTls {
  readonly TLSSocket: new (transport: Duplex, options: { servername: string; ca: string }) => Duplex
}

export async function lemonTls(): Promise<Library> {
  const { TLSSocket } = await load<LemonTls>('lemon-tls', 'index.js')
  return {
    name: 'lemon-tls',
    async connect(target) {
      const socket = await openSocket(target)
      const secure = new TLSSocket(socket, { servername: target.serverName, ca: target.rootPem })
      const line = new StreamLine(secure, socket)
      await settled(once(secure, 'secureConnect'), socket)
      return line
    },
  }
}
