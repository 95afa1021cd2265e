/**
 * A client of PostgreSQL over Tassel, which asks the server how it sees the connection. Needs the package `pg`.
 *
 *     node examples/postgres.mjs postgres://user@localhost:5432/postgres ca.pem client.pem client.key
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import pg from 'pg'
import { createNodeProvider, TlsStream } from 'tassel/node'
import { createTrustStore, loadIdentity } from 'tassel/x509'

const [url, ca, cert, key] = process.argv.slice(2)
const crypto = createNodeProvider()
const trust = createTrustStore({ roots: [readFileSync(ca, 'utf8')], crypto })
const identity = cert ? loadIdentity({ cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8'), crypto }) : null

/** Connects, asks for TLS in PostgreSQL's own words (SSLRequest), and goes on in TLS. */
async function connectPostgres({ hostname: host, port }) {
  const socket = connect({ host, port: Number(port || 5432), noDelay: true, allowHalfOpen: true })
  socket.write(Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47))
  const [answer] = await once(socket, 'data')
  if (String(answer) !== 'S') throw new Error('the server has no TLS')
  const stream = TlsStream.client(socket, { serverName: host, trust, identity })
  await stream.connected()
  // What pg does to a socket that it was given: it is connected already.
  return Object.assign(stream, { connect: () => process.nextTick(() => stream.emit('connect')), setNoDelay() {} })
}

try {
  const stream = await connectPostgres(new URL(url))
  const client = new pg.Client({ connectionString: url, stream, ssl: false })
  await client.connect()
  const { rows } = await client.query('SELECT ssl, version, cipher, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
  console.log(JSON.stringify(rows[0]))
  await client.end()
} catch (error) {
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
}
