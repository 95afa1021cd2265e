/** How bytes go through: reading, writing, counting. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { closed, dial, echo, meet, relay, type Scenario, serve, settled, snapshot, textFrom, watch } from './stage.ts'

const mebibyte = Buffer.alloc(2 ** 20, 'all that there is to say, and some more of it. ')

export const data: readonly Scenario[] = [
  {
    title: 'A mebibyte each way at once arrives whole, and both ends count it',
    async play(pair) {
      const { client, peer } = await meet(pair)
      const digest = async (stream: Readable) => {
        const hash = createHash('sha256')
        for await (const chunk of stream) hash.update(chunk)
        return hash.digest('hex')
      }
      client.end(mebibyte)
      peer.end(Buffer.from(mebibyte).reverse())
      const digests = await Promise.all([digest(client), digest(peer)])
      await Promise.all([closed(client), closed(peer)])
      return { digests, counts: [client, peer].map(each => snapshot(each, ['bytesRead', 'bytesWritten'])) }
    },
  },
  {
    title: 'bytesWritten counts what is on its way, bytesRead what has come',
    async play(pair) {
      const { client, peer } = await meet(pair)
      client.write('0123456789')
      const at = client.bytesWritten
      client.write(Buffer.alloc(90))
      const then = client.bytesWritten
      await once(peer, 'data')
      await settled()
      return { at, then, later: client.bytesWritten }
    },
  },
  {
    title: 'Write callbacks come in the order of the writes, without an argument that says more',
    async play(pair) {
      const { client } = await echo(pair)
      const told: unknown[] = []
      for (const text of ['a', 'b', '', 'c']) client.write(text, (...args) => told.push([text, args[0] ?? null]))
      client.end('d', () => told.push('end'))
      const text = await textFrom(client)
      return { told, text }
    },
  },
  {
    title: 'Text is written in the encoding that is named, and bytes of any view as they are',
    async play(pair) {
      const { client } = await echo(pair)
      client.write('c3a9', 'hex')
      client.write('w6k=', 'base64')
      client.write('\u00e9', 'latin1')
      client.setDefaultEncoding('utf16le')
      client.write('h')
      client.write(new Uint8Array([1, 2, 3]))
      client.end()
      const chunks: Buffer[] = []
      for await (const chunk of client) chunks.push(chunk)
      return Buffer.concat(chunks).toString('hex')
    },
  },
  {
    title: 'setEncoding gives text, and joins characters that come in two halves',
    async play(pair) {
      const { client, peer } = await meet(pair)
      const same = client.setEncoding('utf8') === client
      const log = watch(client, ['data', 'end'])
      const [first, second] = [Buffer.from('€ and').subarray(0, 1), Buffer.from('€ and').subarray(1)]
      peer.write(first)
      await settled()
      peer.end(second)
      await once(client, 'end')
      return { same, log, encoding: client.readableEncoding, type: typeof log[0]?.[1] }
    },
  },
  {
    title: 'A paused socket gives nothing until it is resumed',
    async play(pair) {
      const { client, peer } = await meet(pair)
      client.pause()
      const log = watch(client, ['data', 'pause', 'resume', 'end'])
      peer.end('in good time')
      await settled()
      const before = [...log, client.isPaused()]
      client.resume()
      await once(client, 'end')
      return { before, log, paused: client.isPaused() }
    },
  },
  {
    title: 'read and readable give what is asked for, null when there is not so much, and the rest at the end',
    async play(pair) {
      const { client, peer } = await meet(pair)
      const before = client.read()
      peer.write('0123456789')
      await once(client, 'readable')
      const parts = [client.read(4), client.read(100), client.read(2)].map(part => (part === null ? null : String(part)))
      client.unshift('again ')
      peer.end()
      const rest = await textFrom(client)
      return { before, parts, rest }
    },
  },
  {
    title: 'A socket is an async iterable, and leaving the loop destroys it',
    async play(pair) {
      const { client, peer } = await meet(pair)
      const log = watch(client, ['end', 'error', 'close'])
      peer.write('first')
      const seen: string[] = []
      for await (const chunk of client) {
        seen.push(String(chunk))
        break
      }
      await closed(client)
      return { seen, log, destroyed: client.destroyed }
    },
  },
  {
    title: 'stream.pipeline carries a source through the socket, and the echo into a sink',
    async play(pair) {
      const { client } = await echo(pair)
      const sink = new PassThrough()
      const [text] = await Promise.all([textFrom(sink), pipeline(Readable.from(['piped ', 'through ', 'both']), client, sink)])
      await closed(client)
      return { text, destroyed: client.destroyed }
    },
  },
  {
    title: 'pipe ends its destination, unless it is told not to',
    async play(pair) {
      const { client, peer } = await meet(pair)
      const source = new PassThrough()
      source.pipe(client, { end: false })
      source.end('by pipe, ')
      await once(source, 'end')
      await settled()
      const open = client.writable
      client.end('by hand')
      return { open, text: await textFrom(peer) }
    },
  },
  {
    title: 'cork gathers, uncork sends, and the counts of a corked socket tell of it',
    async play(pair) {
      const { client, peer } = await meet(pair)
      await settled()
      client.cork()
      client.write('one ')
      client.write('two ')
      const corked = snapshot(client, ['writableCorked', 'writableLength'])
      const log = watch(peer, ['data'])
      await settled()
      const before = [...log]
      client.uncork()
      await once(peer, 'data')
      return { corked, before, log, after: client.writableCorked }
    },
  },
  {
    title: 'write is false beyond the high-water mark, drain follows, and the option highWaterMark sets it',
    async play({ client, server }) {
      const { port, accepted } = await serve(server)
      const socket = dial(client, port, { highWaterMark: 2048 } as object)
      const peer = await accepted
      const marks = snapshot(socket, ['readableHighWaterMark', 'writableHighWaterMark'])
      const taken = [socket.write(Buffer.alloc(1000)), socket.write(Buffer.alloc(3000))]
      peer.resume()
      await once(socket, 'drain')
      return { marks, taken, length: socket.writableLength, needs: socket.writableNeedDrain }
    },
  },
  {
    title: 'The high-water marks, where nobody sets them',
    async play(pair) {
      const { client, peer } = await meet(pair)
      return [client, peer].map(each => snapshot(each, ['readableHighWaterMark', 'writableHighWaterMark', 'readableObjectMode']))
    },
  },
  {
    title: 'A writer whose peer does not read is held back, and goes on when it does',
    async play(pair) {
      const { client, peer } = await meet(pair)
      peer.pause()
      let written = 0
      const chunk = Buffer.alloc(2 ** 16)
      for (let free = true; free && written < 1000; written++) free = client.write(chunk)
      const held = written < 1000 && client.writableNeedDrain
      let read = 0
      peer.on('data', given => (read += given.length))
      peer.resume()
      client.end()
      await once(peer, 'end')
      return { held, all: read === written * chunk.length }
    },
  },
  {
    title: 'setMaxSendFragment bounds the records from then on, and says whether the size will do',
    subject: 'client',
    async play({ client, server }) {
      const { port, accepted } = await serve(server)
      const between = await relay(port)
      const socket = dial(client, between.port)
      await once(socket, 'secureConnect')
      const peer = await accepted
      const { sent } = await between.met
      const answers = [0, 511, 16_385, 1024].map(size => socket.setMaxSendFragment(size))
      await settled()
      const before = Buffer.concat(sent).length
      socket.end(Buffer.alloc(4000, 'x'))
      const { length } = await textFrom(peer)
      return { answers, length, records: recordLengths(Buffer.concat(sent).subarray(before)) }
    },
  },
  {
    title: 'The option onread puts what is read into the buffer that it names',
    subject: 'client',
    async play({ client, server }) {
      const { port, server: listener } = await serve(server)
      listener.on('secureConnection', socket => void socket.end('into this buffer'))
      const buffer = Buffer.alloc(8)
      const parts: string[] = []
      const callback = (size: number, given: Uint8Array) => {
        parts.push(Buffer.from(given.subarray(0, size)).toString())
        if (parts.length === 1) setImmediate(() => socket.resume())
        return given === buffer && parts.length > 1
      }
      const socket = dial(client, port, { onread: { buffer, callback } } as object)
      const log = watch(socket, ['data', 'end'])
      await closed(socket)
      return { text: parts.join(''), most: Math.max(...parts.map(part => part.length)) <= 8, log }
    },
  },
]

/** Bytes in each record, without its header. */
function recordLengths(wire: Buffer): number[] {
  const lengths = []
  for (let at = 0; at + 5 <= wire.length; at += 5 + wire.readUInt16BE(at + 3)) lengths.push(wire.readUInt16BE(at + 3))
  return lengths
}
