/**
 * So many connections at once on one server in this process: each makes 100 requests of 1 KiB, one after the other, and gets 1 KiB back for each.
 * Prints how many answers were right, and how many errors either side had.
 *
 *     node test/load/connections.mjs serveTls|tls.createServer CONNECTIONS
 */
import { once } from 'node:events'
import { connect, connectTls, createServer, serveTls } from 'tassel/node'
import { credentials, crypto } from './credentials.mjs'

const [face, count, requests, size] = [process.argv[2], Number(process.argv[3]), 100, 1024]
/** Handshakes that are begun together: a listener's queue has room for some hundreds. */
const together = 100

/** For each face: a server, and a function that connects to a port. */
const faces = {
  serveTls({ identity, trust }, onError, onConnection) {
    const server = serveTls({ identity, crypto, onError }, onConnection)
    const dial = async port => {
      const stream = connectTls({ host: '127.0.0.1', serverName: 'localhost', port, trust, crypto })
      await stream.connected()
      return stream
    }
    return { server, dial }
  },
  'tls.createServer'({ files: { ca, ...identity } }, onError, onConnection) {
    const server = createServer(identity, stream => onConnection(stream.on('error', onError))).on('tlsClientError', onError)
    const dial = async port => {
      const stream = connect({ host: '127.0.0.1', servername: 'localhost', port, ca })
      await once(stream, 'secureConnect')
      return stream
    }
    return { server, dial }
  },
}

async function main() {
  let [errors, most, open] = [0, 0, 0]
  const { server, dial } = faces[face](
    await credentials(),
    () => errors++,
    stream => {
      most = Math.max(most, ++open)
      stream.on('close', () => open--)
      stream.on('data', data => stream.write(data.map(byte => byte ^ 0xff)))
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const clients = []
  while (clients.length < count) {
    const batch = Array.from({ length: Math.min(together, count - clients.length) }, () => dial(port))
    clients.push(...(await Promise.all(batch)))
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
