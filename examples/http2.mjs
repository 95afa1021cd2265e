/**
 * `node:http2` over Tassel: as many requests as there are paths, all at once on one connection.
 *
 *     node examples/http2.mjs https://localhost:8443 ca.pem / /favicon.ico
 */
import { readFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { text } from 'node:stream/consumers'
import { connectTls, createNodeProvider } from 'tassel/node'
import { createTrustStore } from 'tassel/x509'

const [url, ca, ...paths] = process.argv.slice(2)
const { hostname: host, port } = new URL(url)
const trust = createTrustStore({ roots: [readFileSync(ca, 'utf8')], crypto: createNodeProvider() })

const session = connect(url, {
  createConnection: () => connectTls({ host, port: Number(port || 443), alpn: ['h2'], trust, identity: null }),
})
session.on('error', error => {
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
})

async function get(path) {
  const stream = session.request({ ':path': path })
  let status
  stream.on('response', headers => (status = headers[':status']))
  const body = await text(stream)
  return `${path} ${status} ${body}`
}
const answers = await Promise.allSettled(paths.map(get))
for (const { value } of answers) if (value) console.log(value)
session.close()
