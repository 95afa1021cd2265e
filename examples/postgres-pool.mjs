/**
 * A pool of connections to PostgreSQL. Nothing here is of Tassel: pg encrypts by `node:tls`, and the module that is loaded before it has put
 * Tassel in that place. Needs the package `pg`.
 *
 *     node --import ./examples/instead-of-node-tls.mjs examples/postgres-pool.mjs postgres://user@localhost/postgres ca.pem client.pem client.key
 */
import { readFileSync } from 'node:fs'
import pg from 'pg'

const [connectionString, ...files] = process.argv.slice(2)
const [ca, cert, key] = files.map(file => readFileSync(file, 'utf8'))
const pool = new pg.Pool({ connectionString, max: 4, ssl: { ca, ...(cert && { cert, key }) } })

const question = 'SELECT pid, ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
try {
  const answers = await Promise.all(Array.from({ length: 4 }, () => pool.query(question)))
  const seen = answers.map(({ rows: [row] }) => row)
  console.log(JSON.stringify({ connections: new Set(seen.map(({ pid }) => pid)).size, versions: seen.map(({ version }) => version) }))
} catch (error) {
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
}
await pool.end()
