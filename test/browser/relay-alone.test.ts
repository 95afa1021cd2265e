/** examples/relay by itself: whom it lets where, how fast it reads, and how it ends. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { closing, frames, message, upgrade } from './raw-websocket.ts'
import { startRelay } from './relay.ts'
import { listen } from './wire.ts'

const open: Socket[] = []
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy()
})

/** A WebSocket through a relay, and the server's end of what it leads to. */
async function connected(): Promise<{ socket: Socket; peer: Socket }> {
  const server = createServer({ allowHalfOpen: true })
  const port = await listen(server)
  const relay = await startRelay(`127.0.0.1:${port}`)
  const [[peer], { socket }] = await Promise.all([once(server, 'connection'), upgrade(relay, `/tcp/127.0.0.1:${port}`)])
  if (!socket) throw new Error('the WebSocket did not open')
  open.push(socket, peer)
  for (const each of [socket, peer]) each.on('error', () => {})
  return { socket, peer }
}

/** All that has come so far. */
function gathered(socket: Socket): () => Buffer {
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  return () => Buffer.concat(chunks)
}

/** Writes until the socket takes no more, and nothing moves. Gives how many bytes that were. */
async function fill(socket: Socket, chunk: Buffer, most: number): Promise<number> {
  let given = 0
  const write = () => {
    while (given < most && socket.writableLength < 1 << 20) {
      given += chunk.length
      socket.write(chunk)
    }
  }
  socket.on('drain', write)
  write()
  let [last, quiet] = [-1, 0]
  while (quiet < 20) {
    await new Promise(resolve => setTimeout(resolve, 10))
    quiet = given === last ? quiet + 1 : 0
    last = given
  }
  socket.off('drain', write)
  return given
}

describe('The relay', () => {
  it('has at most 60 lines', () => {
    const text = readFileSync(new URL('../../examples/relay/relay.mjs', import.meta.url), 'utf8')
    expect(text.split('\n').length - 1).toBeLessThanOrEqual(60)
  })

  it('carries bytes both ways as they are', async () => {
    const { socket, peer } = await connected()
    const [back, forth] = [gathered(socket), gathered(peer)]
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    socket.write(message(bytes))
    peer.write(bytes)
    await expect.poll(() => [forth(), Buffer.concat(frames(back()).map(({ data }) => data))]).toEqual([bytes, bytes])
    expect(frames(back()).map(({ opcode }) => opcode)).toEqual([2])
  })

  it('refuses every address but those that are allowed, and every page but its own', async () => {
    let connections = 0
    const server = createServer(socket => socket.end())
    server.on('connection', () => connections++)
    const port = await listen(server)
    const relay = await startRelay(`127.0.0.1:${port}`, '127.0.0.1:1')
    const status = async (path: string, origin?: string) => (await upgrade(relay, path, origin)).status
    for (const path of [`/tcp/localhost:${port}`, '/tcp/127.0.0.1:22', `/tcp/127.0.0.1:${port}/`, `/127.0.0.1:${port}`, '/tcp/', '/']) {
      expect([path, await status(path)]).toEqual([path, 403])
    }
    for (const origin of ['http://attacker.example', 'null', '', `http://attacker.example:${relay.port}`]) {
      expect([origin, await status(`/tcp/127.0.0.1:${port}`, origin)]).toEqual([origin, 403])
    }
    expect(connections).toBe(0)
    expect(await status('/tcp/127.0.0.1:1')).toBe(502)
    expect(await status(`/tcp/127.0.0.1:${port}`)).toBe(101)
  })

  it('reads a server no faster than the page takes', async () => {
    const { socket, peer } = await connected()
    socket.pause()
    const most = 64 << 20
    const given = await fill(peer, Buffer.alloc(65_536), most)
    expect(given).toBeLessThan(most / 2)
    const [before, come] = [socket.bytesRead, gathered(socket)]
    socket.resume()
    peer.end()
    await expect.poll(() => frames(come()).at(-1)?.opcode, { timeout: 30_000 }).toBe(8)
    expect(socket.bytesRead).toBeGreaterThan(before)
    expect(frames(come()).reduce((sum, { opcode, data }) => sum + (opcode === 2 ? data.length : 0), 0)).toBe(given)
  })

  it('reads a page no faster than the server takes', async () => {
    const { socket, peer } = await connected()
    peer.pause()
    const [most, data] = [64 << 20, Buffer.alloc(60_000)]
    const given = await fill(socket, message(data), most)
    expect(given).toBeLessThan(most / 2)
    socket.resume().write(closing)
    const come = gathered(peer)
    peer.resume()
    await once(peer, 'end')
    expect(come().length).toBe((given / message(data).length) * data.length)
  })

  it('tells the page that the server has ended, and takes what the page still says', async () => {
    const { socket, peer } = await connected()
    const [back, forth] = [gathered(socket), gathered(peer)]
    peer.end('the last word')
    await expect.poll(() => frames(back()).map(({ opcode }) => opcode)).toEqual([2, 8])
    socket.write(message(Buffer.from('but mine')))
    socket.write(closing)
    await once(peer, 'end')
    expect(String(forth())).toBe('but mine')
  })

  it('tells the server that the page has ended, and waits for it to end too', async () => {
    const { socket, peer } = await connected()
    const [forth, errors] = [gathered(peer), [] as Error[]]
    peer.on('error', error => errors.push(error))
    socket.resume().write(Buffer.concat([message(Buffer.from('that was all')), closing]))
    await once(peer, 'end')
    expect(String(forth())).toBe('that was all')
    peer.write('nobody hears it')
    peer.end()
    await once(peer, 'close')
    expect(errors).toEqual([])
  })

  it('does not end in order what was broken off', async () => {
    const one = await connected()
    const back = gathered(one.socket)
    one.peer.resetAndDestroy()
    await once(one.socket, 'close')
    expect(frames(back())).toEqual([])
    const other = await connected()
    const error = once(other.peer, 'error')
    other.peer.resume()
    other.socket.resetAndDestroy()
    expect(await error).toMatchObject([{ code: 'ECONNRESET' }])
  })
})
