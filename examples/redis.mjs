/**
 * A client of Redis over Tassel: sets, increments, and reads. Needs the package `ioredis`.
 *
 *     node examples/redis.mjs rediss://localhost:6379 ca.pem client.pem client.key
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { AbstractConnector, Redis } from 'ioredis'
import * as tls from 'tassel/node'

const [url, ...files] = process.argv.slice(2)
const { hostname: host, port } = new URL(url)
const [ca, cert, key] = files.map(file => readFileSync(file))

/** ioredis asks it for each connection. */
class Connector extends AbstractConnector {
  async connect() {
    this.stream = tls.connect({ host, port: port || 6379, servername: host, ca, cert, key })
    await once(this.stream, 'secureConnect')
    return this.stream
  }
}

const redis = new Redis({ Connector, lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 })
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
