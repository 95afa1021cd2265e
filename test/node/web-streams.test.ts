/** A socket of Node's as WHATWG streams. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterEach, expect, it } from 'vitest'
import { byteStreams } from '../../src/node/index.ts'
import { ClientConnection, ServerConnection } from '../../src/stream/index.ts'
import { bytes, crypto, outcome, quiet, serverIdentity, textOf, trust } from '../stream/sides.ts'

const open: { destroy(): void }[] = []

afterEach(() => {
  for (const each of open.splice(0)) each.destroy()
})

async function sockets(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, allowHalfOpen: true })
  const [far] = (await once(server, 'connection')) as [Socket]
  server.close()
  open.push(near, far)
  return { near, far }
}

it('tells that the peer has ended while this side still writes', async () => {
  const { near, far } = await sockets()
  const { readable, writable } = byteStreams(near)
  far.end('the last words')
  expect(await textOf({ readable })).toBe('the last words')
  const writer = writable.getWriter()
  await writer.write(bytes('an answer to them'))
  await writer.close()
  expect(String(Buffer.concat(await far.toArray()))).toBe('an answer to them')
})

it('takes no more from a socket than its reader asks for, and loses nothing', async () => {
  const { near, far } = await sockets()
  const { readable } = byteStreams(near)
  const total = 16 << 20
  far.end(Buffer.alloc(total, 7))
  await quiet()
  expect(near.bytesRead).toBeLessThan(1 << 20)
  let length = 0
  for await (const chunk of readable) length += chunk.length
  expect(length).toBe(total)
})

it('fails with a socket that fails, and destroys one that nobody reads once nobody writes to it', async () => {
  const reset = await sockets()
  const failing = byteStreams(reset.near)
  reset.far.resetAndDestroy()
  expect(await outcome(textOf(failing))).toMatchObject({ code: 'ECONNRESET' })

  const { near, far } = await sockets()
  far.write('to nobody')
  const { readable, writable } = byteStreams(near)
  await readable.cancel()
  expect(near.destroyed).toBe(false)
  await Promise.all([once(near, 'close'), writable.close()])
  expect(String(Buffer.concat(await far.toArray()))).toBe('')
})

it('destroys a socket whose writer gives up, although the peer takes nothing', async () => {
  const { near } = await sockets()
  const writer = byteStreams(near).writable.getWriter()
  void outcome(writer.write(new Uint8Array(32 << 20)))
  await quiet()
  void outcome(writer.abort(new Error('enough')))
  expect(near.destroyed).toBe(true)
})

it('gives a peer that reads late all that was written before close(), and its end', async () => {
  const { near, far } = await sockets()
  const client = new ClientConnection(byteStreams(near), { crypto, trust })
  const server = new ServerConnection(byteStreams(far), { crypto, identity: serverIdentity })
  const [ours, theirs] = await Promise.all([client.connect('localhost').finish(), server.accept().finish()])
  const writer = ours.writable.getWriter()
  let written = 0
  // Half of what the streams hold, so that the write is done; until the system takes nothing any more.
  for (; near.writableLength === 0; written += 30_000) {
    await writer.write(new Uint8Array(30_000))
    await new Promise(setImmediate)
  }
  const closed = client.close()
  let read = 0
  for await (const chunk of theirs.readable) read += chunk.length
  await closed
  expect(read).toBe(written)
})

it('refuses a stream of text or objects at once', async () => {
  const { near } = await sockets()
  expect(() => byteStreams(near.setEncoding('utf8'))).toThrow(TypeError)
  expect(() => byteStreams(new PassThrough({ objectMode: true }))).toThrow(TypeError)
  expect(() => byteStreams(new PassThrough())).not.toThrow()
})
