/**
 * The server that all libraries meet, in a process of its own: node:tls, TLS 1.3 alone. Its parent sends it an `Order`, and gets a port
 * for each of the targets; it ends with its parent. What a client asks for is described in pattern.ts.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { pattern } from './pattern.ts'

export interface Order {
  readonly key: string
  readonly cert: string
  /** By OpenSSL's names. */
  readonly targets: readonly { readonly ciphers: string; readonly ecdhCurve: string }[]
}

process.once('message', (order: Order) => {
  Promise.all(order.targets.map(target => listen(order, target))).then(
    ports => process.send?.(ports),
    error => {
      throw error
    },
  )
})
process.once('disconnect', () => process.exit())

async function listen({ key, cert }: Order, { ciphers, ecdhCurve }: Order['targets'][number]): Promise<number> {
  const server = createServer({ key, cert, ciphers, ecdhCurve, minVersion: 'TLSv1.3', noDelay: true }, answerRequests)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

function answerRequests(socket: TLSSocket): void {
  let head = Buffer.alloc(0)
  // Whoever has what it asked for is gone at once.
  socket.on('error', () => {})
  socket.on('data', data => {
    for (head = Buffer.concat([head, data]); head.length >= 4; head = head.subarray(4)) send(socket, head.readUInt32BE())
  })
}

/** As fast as the socket takes it. */
function send(socket: TLSSocket, left: number): void {
  let room = true
  while (left > 0 && room) {
    const piece = pattern.subarray(0, left)
    left -= piece.length
    room = socket.write(piece)
  }
  if (left > 0) socket.once('drain', () => send(socket, left))
}
