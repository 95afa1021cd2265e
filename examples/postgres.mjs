/**
 * A client of PostgreSQL over Tassel, which asks the server how it sees the connection. Needs the package `pg`.
 *
 *     node examples/postgres.mjs postgres://user@localhost:5432/postgres ca.pem client.pem client.key
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import pg from 'pg'
import * as tls from 'tassel/node'

const [url, ...files] = process.argv.slice(2)
const [ca, cert, key] = files.map(file => readFileSync(file))

/** Connects, asks for TLS in PostgreSQL's own words (SSLRequest), and goes on in TLS. */
async function connect({ hostname: host, port }) {
  const socket = net.connect({ host, port: Number(port || 5432), allowHalfOpen: true })
  socket.write(Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47))
  const [answer] = await once(socket, 'data')
  // Nor with more than that answer: what came in the clear would pass for the server's word later.
  if (String(answer) !== 'S') throw new Error('the server has no TLS')
  const stream = tls.connect({ socket, servername: host, ca, cert, key })
  await once(stream, 'secureConnect')
  // pg wants to connect by itself.
  return Object.assign(stream, { connect: () => process.nextTick(() => stream.emit('connect')) })
}

try {
  const stream = await connect(new URL(url))
  const client = new pg.Client({ connectionString: url, stream, ssl: false, enableChannelBinding: true })
  await client.connect()
  const { rows } = await client.query('SELECT ssl, version, cipher, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
  console.log(JSON.stringify(rows[0]))
  await client.end()
} catch (error) {
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
}
