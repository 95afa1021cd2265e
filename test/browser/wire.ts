/** What a relay sees: a TCP connection in the middle that records all bytes of both directions, and may change them. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach } from 'vitest'

export type Direction = 'to server' | 'to client'

export interface Wire {
  readonly port: number
  /** All that has passed in this direction, over all connections. */
  seen(direction: Direction): Buffer
}

const servers = new Set<Server>()
const sockets = new Set<Socket>()

afterEach(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers) server.close()
  sockets.clear()
  servers.clear()
})

/** Listens on a free port. Server and sockets end with the test. */
export async function listen(server: Server): Promise<number> {
  servers.add(server)
  server.on('connection', socket => void sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

/**
 * A wire to `to`. `change` sees each chunk, and how many bytes have passed before it, and may write into it. Where it gives `cut`, the chunk is
 * the first that does not arrive: the direction ends before it.
 */
export async function startWire(
  to: number,
  change: (direction: Direction, chunk: Buffer, from: number) => unknown = () => {},
): Promise<Wire> {
  const seen: Record<Direction, Buffer[]> = { 'to server': [], 'to client': [] }
  const whole = (direction: Direction) => Buffer.concat(seen[direction])
  const port = await listen(
    createServer({ allowHalfOpen: true }, near => {
      const far = connect({ host: '127.0.0.1', port: to, allowHalfOpen: true })
      sockets.add(far)
      const carry = (direction: Direction, from: Socket, into: Socket) => {
        from.on('error', () => into.destroy())
        from.on('end', () => into.end())
        from.on('data', chunk => {
          if (change(direction, chunk, whole(direction).length) === 'cut') {
            into.end()
            from.pause()
            return
          }
          seen[direction].push(chunk)
          if (!into.write(chunk)) from.pause()
        })
        into.on('drain', () => from.resume())
      }
      carry('to server', near, far)
      carry('to client', far, near)
    }),
  )
  return { port, seen: whole }
}

export interface TlsRecord {
  /** 20: change_cipher_spec, 22: handshake, 23: application data, and what else is encrypted. */
  readonly type: number
  readonly length: number
}

/** The TLS records that `bytes` are. Throws where they are anything else. */
export function recordsOf(bytes: Buffer): TlsRecord[] {
  const records: TlsRecord[] = []
  for (let at = 0; at < bytes.length; ) {
    const [type, version, length] = [bytes.readUInt8(at), bytes.readUInt16BE(at + 1), bytes.readUInt16BE(at + 3)]
    const isRecord = [20, 22, 23].includes(type) && [0x0301, 0x0303].includes(version) && length > 0 && length <= 16_640
    if (!isRecord || at + 5 + length > bytes.length)
      throw new Error(`no TLS record at ${at}: ${bytes.subarray(at, at + 5).toString('hex')}`)
    records.push({ type, length })
    at += 5 + length
  }
  return records
}
