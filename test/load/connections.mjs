/**
 * So many connections at once on one server in this process: each makes 100 requests of 1 KiB, one after the other, and gets 1 KiB back for each.
 * Prints how many answers were right, and how many errors either side had.
 *
 *     node test/load/connections.mjs CONNECTIONS
 */
import { once } from 'node:events'
import { connectTls, serveTls } from 'tassel/node'
import { credentials, crypto } from './credentials.mjs'

const [count, requests, size] = [Number(process.argv[2]), 100, 1024]
/** Handshakes that are begun together: a listener's queue has room for some hundreds. */
const together = 100

async function main() {
  const { identity, trust } = await credentials()
  let [errors, most, open] = [0, 0, 0]
  const server = serveTls({ identity, crypto, onError: () => errors++ }, stream => {
    most = Math.max(most, ++open)
    stream.on('close', () => open--)
    stream.on('data', data => stream.write(data.map(byte => byte ^ 0xff)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const clients = []
  while (clients.length < count) {
    const batch = Array.from({ length: Math.min(together, count - clients.length) }, () =>
      connectTls({ host: '127.0.0.1', serverName: 'localhost', port, trust, crypto }),
    )
    await Promise.all(batch.map(stream => stream.connected()))
    clients.push(...batch)
  }
  const answers = await Promise.all(clients.map((stream, i) => converse(stream, i).catch(() => errors++ && 0)))
  await Promise.all(clients.map(stream => stream.end() && once(stream, 'close')))
  server.close()
  console.log(JSON.stringify({ connections: most, answers: answers.reduce((sum, right) => sum + right, 0), errors }))
}

/** How many of the answers were right. */
function converse(stream, number) {
  return new Promise((resolve, reject) => {
    let [answered, right, got, asSent] = [0, 0, 0, true]
    const byte = () => (number * 31 + answered) & 0xff
    const ask = () => stream.write(new Uint8Array(size).fill(byte()))
    stream.on('data', data => {
      got += data.length
      asSent &&= data.every(each => each === (byte() ^ 0xff))
      if (got < size) return
      if (asSent && got === size) right++
      ;[got, asSent] = [0, true]
      if (++answered < requests) ask()
      else resolve(right)
    })
    stream.on('error', reject)
    stream.on('end', () => reject(new Error('the stream ended early')))
    ask()
  })
}

await main()
