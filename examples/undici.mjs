/**
 * `fetch` of undici over Tassel: HTTP/2 or HTTP/1.1, whichever of the two the server likes; a certificate for servers that ask. Needs
 * the package `undici`.
 *
 *     node examples/undici.mjs https://localhost:8443/ ca.pem h2,http/1.1 client.pem client.key
 */
import { readFileSync } from 'node:fs'
import { connectTls, createNodeProvider } from 'tassel/node'
import { createTrustStore, loadIdentity } from 'tassel/x509'
import { Agent, fetch } from 'undici'

const [url, ca, protocols = 'h2,http/1.1', cert, key] = process.argv.slice(2)
const crypto = createNodeProvider()
const trust = createTrustStore({ roots: [readFileSync(ca, 'utf8')], crypto })
const identity = cert ? loadIdentity({ cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8'), crypto }) : null

/** undici asks for each connection in its pool. It goes by `alpnProtocol`, and lets a process end whose connections are idle. */
async function connect({ hostname, port }, callback) {
  const options = { host: hostname, port: Number(port || 443), alpn: protocols.split(','), trust, identity }
  try {
    const stream = connectTls(options)
    const { alpn } = await stream.connected()
    const [ref, unref] = [() => stream.transport.ref(), () => stream.transport.unref()]
    callback(null, Object.assign(stream, { alpnProtocol: alpn, ref, unref }))
  } catch (error) {
    callback(error)
  }
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
