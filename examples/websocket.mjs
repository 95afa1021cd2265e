/**
 * A WebSocket of `ws` over Tassel: sends each message once its echo of the one before has come. Needs the package `ws`.
 *
 *     node examples/websocket.mjs wss://localhost:8443/echo ca.pem one two three
 */
import { readFileSync } from 'node:fs'
import { connectTls, createNodeProvider } from 'tassel/node'
import { createTrustStore } from 'tassel/x509'
import { WebSocket } from 'ws'

const [url, ca, ...messages] = process.argv.slice(2)
const trust = createTrustStore({ roots: [readFileSync(ca, 'utf8')], crypto: createNodeProvider() })

const socket = new WebSocket(url, {
  createConnection: ({ host, port }) => connectTls({ host, port: Number(port), alpn: ['http/1.1'], trust, identity: null }),
})
const next = () => (messages.length > 0 ? socket.send(messages.shift()) : socket.close(1000, 'all said'))

socket.on('open', next)
socket.on('message', data => {
  console.log(String(data))
  next()
})
socket.on('close', (code, reason) => console.log(code, String(reason)))
socket.on('error', error => {
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
})
