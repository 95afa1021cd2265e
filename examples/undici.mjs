/**
 * `fetch` of undici over Tassel: HTTP/2 or HTTP/1.1, whichever of the two the server likes; a certificate for servers that ask. Needs
 * the package `undici`.
 *
 *     node examples/undici.mjs https://localhost:8443/ ca.pem h2,http/1.1 client.pem client.key
 */
import { readFileSync } from 'node:fs'
import * as tls from 'tassel/node'
import { Agent, fetch } from 'undici'

const [url, ca, protocols = 'h2,http/1.1', ...own] = process.argv.slice(2)
const [cert, key] = own.map(file => readFileSync(file))
const options = { ca: readFileSync(ca), cert, key, ALPNProtocols: protocols.split(',') }

/** undici asks for each connection in its pool. */
function connect({ hostname, port, servername }, callback) {
  const socket = tls.connect({ ...options, host: hostname, port: port || 443, servername: servername || hostname })
  socket.once('error', callback).once('secureConnect', () => callback(null, socket.off('error', callback)))
}

const dispatcher = new Agent({ connect, allowH2: true })
try {
  const response = await fetch(url, { dispatcher })
  console.log(response.status, await response.text())
} catch ({ cause }) {
  console.error(`${cause.code}: ${cause.message}`)
  process.exitCode = 1
}
await dispatcher.close()
