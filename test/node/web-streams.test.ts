/** A socket of Node's as WHATWG streams. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { byteStreams } from '../../src/node/index.ts'
import { bytes, outcome, quiet, textOf } from '../stream/sides.ts'

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

it('fails with a socket that fails, and destroys one that nobody reads', async () => {
  const reset = await sockets()
  const failing = byteStreams(reset.near)
  reset.far.resetAndDestroy()
  expect(await outcome(textOf(failing))).toMatchObject({ code: 'ECONNRESET' })

  const { near, far } = await sockets()
  far.write('to nobody')
  await byteStreams(near).readable.cancel()
  expect(near.destroyed).toBe(true)
})
