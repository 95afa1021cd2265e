/** What a stream makes of writes: gathered within a tick, kept while a socket is full, and cut short by an end. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { connectTls, serveTls, type TlsStream } from '../../src/node/index.ts'
import { credentials } from './credentials.ts'
import { pattern, received, tlsPair } from './pair.ts'

it('that come before an end in the same tick arrive all', async () => {
  const { client, server } = await tlsPair()
  await Promise.all([client.connected(), server.connected()])
  const data = pattern(500)
  for (let at = 0; at < data.length; at += 50) client.write(data.subarray(at, at + 50))
  client.end()
  server.end()
  client.resume()
  expect((await received(server)).equals(data)).toBe(true)
})

it('that come before a destruction in the same tick fail, each with its own callback, and throw nothing', async () => {
  const { client, server } = await tlsPair()
  await Promise.all([client.connected(), server.connected()])
  const ends: unknown[] = []
  for (let i = 0; i < 3; i++) client.write('lost', error => ends.push(error))
  client.destroy()
  server.resume()
  await new Promise(resolve => server.once('close', resolve))
  expect(ends).toHaveLength(3)
  for (const end of ends) expect(end).toBeInstanceOf(Error)
})

it('of a listener that answers while it reads go out in order', async () => {
  const { client, server } = await tlsPair()
  await Promise.all([client.connected(), server.connected()])
  server.on('data', (data: Buffer) => {
    for (const byte of data) server.write(Uint8Array.of(byte + 1))
  })
  server.once('end', () => server.end())
  client.end(Uint8Array.of(1, 2, 3))
  expect([...(await received(client))]).toEqual([2, 3, 4])
})

it('to sockets that are full wait, and each peer reads what was meant for it', async () => {
  const { identity, trust } = await credentials()
  const size = 12_000_000
  const server = serveTls({ identity }, stream => {
    stream.once('data', (which: Buffer) => stream.end(shifted(size, which[0] ?? 0)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const clients = Array.from(
    { length: 4 },
    (): TlsStream => connectTls({ host: '127.0.0.1', port: address.port, serverName: 'localhost', trust }),
  )
  for (const [i, client] of clients.entries()) client.write(Uint8Array.of(i))
  // Nobody reads for a while: the sockets fill up, and what is written waits.
  await new Promise(resolve => setTimeout(resolve, 200))
  const all = await Promise.all(
    clients.map(client => {
      const whole = received(client)
      client.end()
      return whole
    }),
  )
  for (const [i, data] of all.entries()) expect(data.equals(shifted(size, i))).toBe(true)
  server.close()
})

it('to a socket that resets in the middle of them end in one error, and no exception', async () => {
  const { identity } = await credentials()
  const errors: unknown[] = []
  const server = serveTls({ identity, onError: error => errors.push(error) }, () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  // A man in the middle that lets the handshake pass, and then resets both ends.
  const middle = createServer(near => {
    const far = connect(address.port, '127.0.0.1')
    near
      .on('error', () => {})
      .pipe(far.on('error', () => {}))
      .pipe(near)
    middle.once('reset', () => {
      near.resetAndDestroy()
      far.resetAndDestroy()
    })
  })
  middle.listen(0, '127.0.0.1')
  await once(middle, 'listening')
  const front = middle.address()
  if (front === null || typeof front === 'string') throw new Error('no port')
  const { trust } = await credentials()
  const client = connectTls({ host: '127.0.0.1', port: front.port, serverName: 'localhost', trust })
  const failed = once(client, 'error')
  await client.connected()
  for (let i = 0; i < 100; i++) client.write(Buffer.alloc(65_536))
  middle.emit('reset')
  const [error] = await failed
  expect(error).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE|truncated)$/) })
  client.destroy()
  server.close()
  middle.close()
  await Promise.all([once(server, 'close'), once(middle, 'close')])
  expect(errors).toHaveLength(1)
})

/** A pattern of its own for each `by`. */
function shifted(size: number, by: number): Buffer {
  return pattern(size + by).subarray(by)
}
