/**
 * A client of Redis over Tassel: sets, increments, and reads. Needs the package `ioredis`.
 *
 *     node examples/redis.mjs rediss://localhost:6379 ca.pem client.pem client.key
 */
import { readFileSync } from 'node:fs'
import { AbstractConnector, Redis } from 'ioredis'
import { connectTls, createNodeProvider } from 'tassel/node'
import { createTrustStore, loadIdentity } from 'tassel/x509'

const [url, ca, cert, key] = process.argv.slice(2)
const { hostname: host, port } = new URL(url)
const crypto = createNodeProvider()
const trust = createTrustStore({ roots: [readFileSync(ca, 'utf8')], crypto })
const identity = cert ? loadIdentity({ cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8'), crypto }) : null

/** ioredis asks it for each connection. */
class Connector extends AbstractConnector {
  async connect() {
    this.stream = connectTls({ host, port: Number(port || 6379), trust, identity })
    await this.stream.connected()
    return this.stream
  }
}

// The socket is `connectTls`' own, with no delays: ioredis has nothing to set.
const redis = new Redis({ Connector, noDelay: false, keepAlive: null, lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 })
redis.on('error', error => console.error(`${error.code}: ${error.message}`))
try {
  await redis.set('visits', 41)
  await redis
    .pipeline()
    .incr('visits')
    .set('binary', Buffer.from([0, 255, 10]))
    .exec()
  console.log(await redis.get('visits'), await redis.getBuffer('binary'))
  await redis.quit()
} catch {
  process.exitCode = 1
}
