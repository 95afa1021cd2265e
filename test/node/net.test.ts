import { once } from 'node:events'
import { createServer as createHttpServer, request } from 'node:http'
import { connect, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { connectTls, type ServeOptions, serveTls, type TlsStream, TransportError } from '../../src/node/index.ts'
import { credentials } from './credentials.ts'
import { outcome, pattern, received } from './pair.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

describe('TLS over TCP', () => {
  it('serves many connections at once', async () => {
    const port = await listen(stream => void stream.pipe(stream))
    const data = pattern(60_000)
    const echoes = Array.from({ length: 30 }, async (_, i) => {
      const client = await open(port)
      client.end(data.subarray(i))
      return (await received(client)).equals(data.subarray(i))
    })
    expect(await Promise.all(echoes)).toEqual(Array(30).fill(true))
  })

  it('takes writes before it is connected', async () => {
    const port = await listen(stream => void stream.pipe(stream))
    const client = await open(port)
    client.end('early words')
    expect(String(await received(client))).toBe('early words')
  })

  it('keeps a bad client from the others and reports it', async () => {
    const errors: Error[] = []
    const port = await listen(stream => void stream.pipe(stream), { onError: error => errors.push(error) })
    const garbage = connect(port, '127.0.0.1')
    garbage.end('garbage')
    garbage.resume()
    await once(garbage, 'close')
    const client = await open(port)
    client.end('fine')
    expect(String(await received(client))).toBe('fine')
    expect(errors).toMatchObject([{ name: 'TlsError' }])
  })

  it('reports a refused connection as the failure of the transport', async () => {
    const port = await listen(() => {})
    const [server] = servers.splice(0)
    server?.close()
    if (server !== undefined) await once(server, 'close')
    const error = await outcome(await open(port))
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({ code: 'ECONNREFUSED', origin: 'transport', message: expect.stringContaining('ECONNREFUSED') })
  })

  it('takes the host for the name where no name is given', async () => {
    const port = await listen(stream => stream.end())
    const { trust } = await credentials()
    const client = connectTls({ host: 'localhost', port, trust, identity: null })
    expect((await client.connected()).serverName).toBe('localhost')
    client.destroy()
  })

  it('delivers a whole answer to a client that ends its own side first', async () => {
    const data = pattern(3_000_000)
    const port = await listen(stream => void received(stream).then(() => stream.end(data)), { allowHalfOpen: true })
    const client = await open(port)
    client.end('request')
    expect((await received(client)).equals(data)).toBe(true)
  })

  it('throws for mistakes in the options at once, on both sides', async () => {
    const { identity, trust } = await credentials()
    expect(() => serveTls({ identity, groups: ['none such'] }, () => {})).toThrow(TypeError)
    expect(() => connectTls({ host: 'localhost', port: 1, trust, alpn: [''] })).toThrow(TypeError)
  })

  it("carries HTTP between Node's own client and server", async () => {
    const http = createHttpServer((incoming, response) => response.end(`you asked for ${incoming.url}`))
    const port = await listen(stream => void http.emit('connection', stream))
    const client = await open(port)
    const ask = request({ createConnection: () => client, path: '/page', host: 'localhost' }).end()
    const [response] = await once(ask, 'response')
    expect(String(await received(response))).toBe('you asked for /page')
    client.destroy()
  })
})

async function listen(onConnection: (stream: TlsStream) => void, options: Partial<ServeOptions> = {}): Promise<number> {
  const { identity } = await credentials()
  const server = serveTls({ identity, ...options }, onConnection).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

async function open(port: number): Promise<TlsStream> {
  const { trust } = await credentials()
  return connectTls({ host: '127.0.0.1', port, serverName: 'localhost', trust, identity: null })
}
