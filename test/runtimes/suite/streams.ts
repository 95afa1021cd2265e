/** `tassel/stream` over this runtime's own WHATWG streams. */
import {
  acceptTls,
  type ByteStreams,
  ClientConnection,
  type ClientConnectionOptions,
  PrivateIdentity,
  ServerConnection,
  type ServerConnectionOptions,
  startTls,
  TransportError,
} from '../../../src/stream/index.ts'
import { concat, fromText } from '../../../src/wire/bytes.ts'
import { type Pipe, type PipeOptions, pipe } from '../../stream/pipes.ts'
import { client as clientCredential, ecdsaP256, other, root } from './credentials.ts'
import { assert, failure, fromHex, outcome, pattern, type RuntimeTest, same, sameBytes, type World } from './kit.ts'
import { identityOf, trustIn } from './pairs.ts'

interface Options {
  readonly client?: ClientConnectionOptions
  readonly server?: ServerConnectionOptions
  readonly pipe?: PipeOptions
}

/** Neither has begun. */
function sides(world: World, options: Options = {}): { client: ClientConnection; server: ServerConnection; pipe: Pipe } {
  const { provider: crypto, now } = world
  const made = pipe(options.pipe)
  const [near, far] = made.streams
  const client = new ClientConnection(near, { crypto, now, trust: trustIn(world, root), ...options.client })
  const server = new ServerConnection(far, { crypto, now, identity: identityOf(world, ecdsaP256), ...options.server })
  return { client, server, pipe: made }
}

async function connected(world: World, options: Options = {}) {
  const made = sides(world, options)
  const [near, far] = await Promise.all([made.client.connect('localhost').finish(), made.server.accept().finish()])
  return { ...made, near, far }
}

/** All that comes to the end. */
async function all({ readable }: Pick<ByteStreams, 'readable'>): Promise<Uint8Array> {
  const reader = readable.getReader()
  const chunks: Uint8Array[] = []
  for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value)
  return concat(...chunks)
}

/** Writes all of it and closes. */
async function give({ writable }: Pick<ByteStreams, 'writable'>, ...chunks: readonly Uint8Array[]): Promise<void> {
  const writer = writable.getWriter()
  for (const chunk of chunks) await writer.write(chunk)
  await writer.close()
}

const next = ({ readable }: Pick<ByteStreams, 'readable'>) => outcome(readable.getReader().read())
const write = ({ writable }: Pick<ByteStreams, 'writable'>) => outcome(writable.getWriter().write(pattern(1)))

/** Some turns of the event loop: what would move by itself has moved. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(resolve => setTimeout(resolve, 0))
}

export const streams: readonly RuntimeTest[] = [
  {
    name: 'streams: the sides agree, and a mebibyte goes each way',
    async run(world) {
      const { near, far, client, server } = await connected(world, { client: { alpn: ['h2'] }, server: { alpn: ['h2'] } })
      same([client.alpnId, server.alpnId, server.serverName], ['h2', 'h2', 'localhost'], 'what was agreed')
      same(client.exportKeyingMaterial('EXPORTER-x', undefined, 32), server.exportKeyingMaterial('EXPORTER-x', undefined, 32), 'the keys')
      const [up, down] = [pattern(2 ** 20), pattern(2 ** 20 + 1)]
      const [there, here] = await Promise.all([all(far), all(near), give(near, up), give(far, down)])
      sameBytes([there], up, 'what the server got')
      sameBytes([here], down, 'what the client got')
    },
  },
  {
    name: 'streams: a handshake stands still at each step until the next is taken',
    async run(world) {
      const { client, server, pipe } = sides(world)
      const [connecting, accepting] = [client.connect('localhost'), server.accept()]
      await turns(5)
      same(pipe.moved(), { forth: 0, back: 0 }, 'what has moved before the first step')
      const verifying = connecting.verifyServerIdentity()
      const hello = await accepting.receiveClientHello()
      same(hello.serverName, 'localhost', 'the name in the hello')
      await turns(5)
      same(pipe.moved().back, 0, 'what the server has sent while it looks')
      const finishing = accepting.finish()
      const identity = await verifying
      same(identity.exportX509Chain(), [fromHex(ecdsaP256.certificate)], 'the identity of the server')
      same([client.info, server.info], [undefined, undefined], 'what is agreed while the client looks')
      await Promise.all([connecting.finish(), finishing])
      same(server.info?.group, 'X25519MLKEM768', 'what is agreed at the end')
    },
  },
  {
    name: 'streams: an identity that the client does not like ends the handshake with the alert of its choice',
    async run(world) {
      const { client, server } = sides(world)
      const accepted = outcome(server.accept().finish())
      const handshake = client.connect('localhost')
      await handshake.verifyServerIdentity()
      await handshake.abort('certificate_unknown')
      const error = await accepted
      failure(error, 'peer-alert', 'the server')
      same(error.alert, 'certificate_unknown', 'what the server is told')
    },
  },
  {
    name: 'streams: a chain to another root is refused, and the server is told why',
    async run(world) {
      const { client, server } = sides(world, { client: { trust: trustIn(world, other) } })
      const accepted = outcome(server.accept().finish())
      failure(await outcome(client.connect('localhost').finish()), 'issuer-unknown', 'the client')
      const error = await accepted
      failure(error, 'peer-alert', 'the server')
      same(error.alert, 'unknown_ca', 'what the server is told')
    },
  },
  {
    name: 'streams: a client proves itself when it is asked',
    async run(world) {
      const { provider: crypto } = world
      const own = PrivateIdentity.parse(fromHex(clientCredential.pkcs8), fromHex(clientCredential.certificate), { crypto })
      const { client, server } = sides(world, { client: { identity: own }, server: { trust: trustIn(world, root) } })
      const connecting = client.connect('localhost').finish()
      const accepting = server.accept()
      const identity = await accepting.requestClientIdentity({ required: true })
      same(identity?.exportX509Chain(), [fromHex(clientCredential.certificate)], 'the identity of the client')
      await Promise.all([connecting, accepting.finish()])
    },
  },
  {
    name: 'streams: a transport may give one byte at a time',
    async run(world) {
      const { near, far } = await connected(world, { pipe: { pieces: 1 }, client: { groups: ['x25519'] } })
      const [got] = await Promise.all([all(far), all(near), give(near, pattern(300)), give(far)])
      sameBytes([got], pattern(300), 'what the server got')
    },
  },
  {
    name: 'streams: a side that has closed still gets what the other sends',
    async run(world) {
      const { near, far } = await connected(world)
      await give(near)
      same((await all(far)).length, 0, 'the length of what the server got')
      const [got] = await Promise.all([all(near), give(far, pattern(100), pattern(200))])
      sameBytes([got], concat(pattern(100), pattern(200)), 'what comes after the end')
    },
  },
  {
    name: 'streams: a transport that ends without close_notify is a truncation, for readers and writers',
    async run(world) {
      const { far, pipe } = await connected(world)
      const reading = next(far)
      pipe.cut('second')
      failure(await reading, 'truncated', 'the reader')
      failure(await write(far), 'truncated', 'the writer')
    },
  },
  {
    name: 'streams: a transport that is reset fails both directions by its code',
    async run(world) {
      const { near, pipe } = await connected(world)
      const reading = next(near)
      pipe.reset()
      for (const error of [await reading, await write(near)]) {
        assert(error instanceof TransportError, `it should be a TransportError, not ${String(error)}`)
        same(error.code, 'ECONNRESET', 'the code')
      }
    },
  },
  {
    name: 'streams: a signal ends the handshake, and a connection in use',
    async run(world) {
      const [early, late, reason] = [new AbortController(), new AbortController(), new Error('enough')]
      const { client, server } = sides(world, { client: { signal: early.signal } })
      const finished = outcome(client.connect('localhost').finish())
      await server.accept().receiveClientHello()
      early.abort(reason)
      same((await finished) === reason, true, 'whether the step rejects with the reason')
      const { near, far } = await connected(world, { client: { signal: late.signal } })
      const [ours, theirs] = [next(near), next(far)]
      late.abort(reason)
      same((await ours) === reason, true, 'whether reading rejects with the reason')
      failure(await theirs, 'peer-alert', 'the peer')
    },
  },
  {
    name: 'streams: aborting the writer is told to the peer as an alert, not as an end',
    async run(world) {
      const { near, far } = await connected(world)
      const reading = next(far)
      await near.writable.abort(new Error('enough'))
      const error = await reading
      failure(error, 'peer-alert', 'the peer')
      same(error.alert, 'internal_error', 'what the peer is told')
    },
  },
  {
    name: 'streams: a slow reader holds its writer back',
    async run(world) {
      const { near, far, pipe } = await connected(world)
      const [size, count] = [65_536, 64]
      const writer = near.writable.getWriter()
      let written = 0
      const writing = (async () => {
        for (; written < count; written++) await writer.write(new Uint8Array(size))
        await writer.close()
      })()
      const before = pipe.moved().forth
      await turns(50)
      same(pipe.moved().forth, before, 'what moves while nobody reads')
      const reader = far.readable.getReader()
      let [read, ahead] = [0, 0]
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        read += next.value.length
        ahead = Math.max(ahead, written * size - read)
        await turns(1)
      }
      await writing
      same(read, size * count, 'how much was read')
      assert(ahead <= 8 * size, `the writer was ${ahead} bytes ahead of its reader`)
    },
  },
  {
    name: 'streams: TLS begins in the middle of a conversation, with nothing lost',
    async run(world) {
      const { provider: crypto, now } = world
      const [near, far] = pipe().streams
      const starting = startTls(near, { crypto, now, trust: trustIn(world, root), serverName: 'localhost' })
      const reader = far.readable.getReader()
      const { value } = await reader.read()
      reader.releaseLock()
      assert(value, 'there should be a ClientHello')
      const accepting = acceptTls(far, { crypto, now, identity: identityOf(world, ecdsaP256), received: [value] })
      const [client, server] = await Promise.all([starting, accepting])
      const [got] = await Promise.all([all(server), give(client, fromText('after'))])
      sameBytes([got], fromText('after'), 'what the server got')
    },
  },
]
