/**
 * A relay from WebSocket to TCP, for pages that speak TLS themselves: it carries bytes and can read none of them. Needs the package `ws`.
 *
 *     node examples/relay/relay.mjs --allow example.org:443 [--allow HOST:PORT ...] [--port 8080] [--origin https://pages.example ...]
 *
 * A WebSocket to /tcp/HOST:PORT is a connection to that address, if it is allowed. The page beside this file is served too.
 */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { createWebSocketStream, WebSocketServer } from 'ws'

const list = { type: 'string', multiple: true, default: [] }
const { values } = parseArgs({ options: { allow: list, origin: list, port: { type: 'string', default: '8080' } } })
const [allowed, origins] = [new Set(values.allow), new Set(values.origin)]
const files = { '/': ['index.html', 'text/html; charset=utf-8'], '/page.js': ['page.bundle.js', 'text/javascript'] }

const webSockets = new WebSocketServer({ noServer: true, maxPayload: 4 << 20 })
const http = createServer(async ({ url }, response) => {
  const [name, type] = files[url] ?? []
  const body = name && (await readFile(new URL(name, import.meta.url)).catch(() => undefined))
  if (body) response.writeHead(200, { 'content-type': type }).end(body)
  else response.writeHead(404).end(name && `${name} is not there: README.md says how it is made\n`)
})

http.on('upgrade', (request, client, head) => {
  client.on('error', () => client.destroy())
  const refuse = status => client.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => client.destroy())
  const address = /^\/tcp\/(\S+)$/.exec(request.url)?.[1]
  // Browsers say which page asks: another site's must not use what this one may.
  if (!allowed.has(address) || !origins.has(request.headers.origin)) return refuse('403 Forbidden')
  const { hostname, port } = new URL(`tcp://${address}`)
  const server = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), allowHalfOpen: true, noDelay: true })
  let socket
  client.once('close', () => socket ?? server.destroy())
  server.on('error', () => (socket ? socket.terminate() : refuse('502 Bad Gateway')))
  server.once('connect', () => {
    webSockets.handleUpgrade(request, client, head, opened => carry((socket = opened), server))
  })
})

/** Each side is read as fast as the other takes it. A WebSocket closes both ways at once, so the end of one side is soon that of the other. */
function carry(socket, server) {
  const stream = createWebSocketStream(socket)
  stream.on('error', () => server.destroy())
  socket.on('close', code => code === 1006 && server.resetAndDestroy())
  // The peer gets what has arrived, and some time to end in order; what it still says has nobody to go to.
  stream.on('end', () => {
    server.unpipe(stream).resume()
    server.setTimeout(10_000, () => server.destroy())
  })
  stream.pipe(server).pipe(stream)
}

http.listen(Number(values.port), '127.0.0.1', () => {
  const { port } = http.address()
  for (const host of ['127.0.0.1', 'localhost']) origins.add(`http://${host}:${port}`)
  console.log(`the page is at http://127.0.0.1:${port}/, allowed are: ${[...allowed].join(', ') || 'no servers'}`)
})
