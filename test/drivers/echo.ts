/** A server of WebSockets by `ws`, without TLS, that sends every message back: what nginx is the proxy of. */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'
import { inPeers } from '../interop/child.ts'

/** What is used of `ws`, whose types are no dependency either. */
interface Socket {
  on(event: 'message', listener: (data: Buffer, binary: boolean) => void): void
  send(data: Buffer, options: { binary: boolean }): void
}
interface SocketServer extends NodeJS.EventEmitter {
  address(): AddressInfo
  on(event: 'connection', listener: (socket: Socket) => void): this
  close(): void
}
interface Package {
  WebSocketServer: new (options: { port: number; host: string }) => SocketServer
}

const servers: SocketServer[] = []

afterAll(() => {
  for (const server of servers) server.close()
})

/** Resolves to its port. */
export async function startEcho(): Promise<number> {
  const { WebSocketServer } = createRequire(inPeers('drivers/'))('ws') as Package
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  servers.push(server)
  server.on('connection', socket => socket.on('message', (data, binary) => socket.send(data, { binary })))
  await once(server, 'listening')
  return server.address().port
}
