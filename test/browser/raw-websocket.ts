/** A WebSocket as bytes on a socket, so that a test decides when it is read. */
import { once } from 'node:events'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import type { Relay } from './relay.ts'

/** What becomes of an upgrade: the status, and the socket where it is 101. */
export async function upgrade(relay: Relay, path: string, origin = relay.page.slice(0, -1)): Promise<{ status: number; socket?: Socket }> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16, 1).toString('base64'),
    ...(origin !== '' && { origin }),
  }
  const asking = request({ host: '127.0.0.1', port: relay.port, path, headers }).end()
  const refused = once(asking, 'response').then(([response]) => ({ status: Number(response.statusCode) }))
  const opened = once(asking, 'upgrade').then(([response, socket]) => ({ status: Number(response.statusCode), socket: socket as Socket }))
  return Promise.race([refused, opened])
}

/** A binary message (RFC 6455 §5.2), shorter than 64 KiB, with a mask of zeros, which leaves it as it is. */
export function message(data: Uint8Array): Buffer {
  return frame(0x82, data)
}

/** A Close frame with the status 1000. */
export const closing = frame(0x88, Buffer.from([0x03, 0xe8]))

function frame(first: number, data: Uint8Array): Buffer {
  const header =
    data.length < 126 ? Buffer.from([first, 0x80 | data.length]) : Buffer.from([first, 0x80 | 126, data.length >> 8, data.length & 0xff])
  return Buffer.concat([header, Buffer.alloc(4), data])
}

/** The opcodes and contents of the frames in `bytes`, as a server sends them; what is not whole yet is left out. */
export function frames(bytes: Buffer): { readonly opcode: number; readonly data: Buffer }[] {
  const found: { opcode: number; data: Buffer }[] = []
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = bytes.readUInt8(at + 1)
    const header = short < 126 ? 2 : short === 126 ? 4 : 10
    if (at + header > bytes.length) break
    const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    if (at + header + size > bytes.length) break
    found.push({ opcode: bytes.readUInt8(at) & 0x0f, data: bytes.subarray(at + header, at + header + size) })
    at += header + size
  }
  return found
}
