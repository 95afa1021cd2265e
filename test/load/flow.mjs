/**
 * Sends so many MiB through a face, both ends in this process, over loopback TCP, to a reader that stops for a while three times. Prints what
 * came, and by how much the process's memory grew at most beyond what it had when the connection was there: bytes.
 *
 *     node test/load/flow.mjs FACE MEBIBYTES
 */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { byteStreams, connect as connectSecurely, createServer as createSecureServer, TlsStream } from 'tassel/node'
import { ClientConnection, ServerConnection } from 'tassel/stream'
import { createP3Tls } from 'tassel/wasi'
import { credentials, crypto } from './credentials.mjs'

const [face, mebibytes] = [process.argv[2], Number(process.argv[3])]
const total = mebibytes * 2 ** 20
const chunk = new Uint8Array(65_536).fill(7)

/** For each face: from two connected sockets, a function that sends all of it, and what is read at the other end. */
const faces = {
  async 'tassel/node'(near, far, { identity, trust }) {
    const client = TlsStream.client(near, { serverName: 'localhost', trust, crypto })
    const server = TlsStream.server(far, { identity, crypto })
    await client.connected()
    return { send: () => sendAll(client), received: server }
  },
  async 'tls.connect and tls.createServer'(near, far, { files: { ca, ...identity } }) {
    const server = createSecureServer(identity)
    const accepted = once(server, 'secureConnection')
    server.emit('connection', far)
    const client = connectSecurely({ socket: near, ca, servername: 'localhost' })
    const [[received]] = await Promise.all([accepted, once(client, 'secureConnect')])
    return { send: () => sendAll(client), received }
  },
  async 'tassel/stream'(near, far, { identity, trust }) {
    const client = new ClientConnection(byteStreams(near), { trust, crypto })
    const server = new ServerConnection(byteStreams(far), { identity, crypto })
    const [{ writable }, { readable }] = await Promise.all([client.connect('localhost').finish(), server.accept().finish()])
    return { send: () => writeAll(writable), received: readable }
  },
  /** To a guest of wasi:tls@0.3.0-draft, whose streams are those of JavaScript here. */
  async 'tassel/wasi'(near, far, { identity, trust }) {
    const { Connector } = createP3Tls({ trust, crypto })['wasi:tls/client']
    const connector = new Connector()
    const transport = byteStreams(near)
    const [ciphertext] = connector.send(new ReadableStream({ start: controller => controller.close() }))
    const [received] = connector.receive(transport.readable)
    const left = ciphertext.pipeTo(transport.writable)
    const server = new ServerConnection(byteStreams(far), { identity, crypto })
    const [{ writable }] = await Promise.all([server.accept().finish(), Connector.connect(connector, 'localhost')])
    return { send: () => Promise.all([writeAll(writable), left]), received }
  },
}

async function main() {
  const listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const near = connect({ host: '127.0.0.1', port: listener.address().port, allowHalfOpen: true })
  const [far] = await once(listener, 'connection')
  const { send, received } = await faces[face](near, far, await credentials())
  const idle = process.memoryUsage.rss()
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss() - idle)
  }, 10)
  const [bytes] = await Promise.all([readWithPauses(received), send()])
  clearInterval(watch)
  near.destroy()
  far.destroy()
  listener.close()
  console.log(JSON.stringify({ bytes, peak }))
}

async function sendAll(stream) {
  for (let sent = 0; sent < total; sent += chunk.length) if (!stream.write(chunk)) await once(stream, 'drain')
  stream.end()
}

async function writeAll(writable) {
  const writer = writable.getWriter()
  for (let sent = 0; sent < total; sent += chunk.length) await writer.write(chunk)
  await writer.close()
}

async function readWithPauses(received) {
  let [bytes, wrong, pauses] = [0, 0, 0]
  for await (const data of received) {
    bytes += data.length
    if (data[0] !== 7 || data.at(-1) !== 7) wrong++
    if (bytes < ((pauses + 1) * total) / 4) continue
    pauses++
    await wait(400)
  }
  if (wrong > 0) throw new Error(`${wrong} chunks were not what was sent`)
  return bytes
}

await main()
