/** examples/relay/https.mjs in Node.js, over a WebSocket that leads to a server in memory: what a server may answer. */
import { afterEach, expect, it, vi } from 'vitest'
import { type ByteStreams, ServerConnection } from '../../src/stream/index.ts'
import { pipe } from '../stream/pipes.ts'
import { authority, crypto, outcome, say, serverIdentity } from '../stream/sides.ts'

type Get = (url: string, relay: string, roots: string) => Promise<unknown>
const { get }: { get: Get } = await import(new URL('../../examples/relay/https.mjs', import.meta.url).href)

afterEach(() => vi.unstubAllGlobals())

/** A WebSocket that is open, as much of it as is used. */
class Socket extends EventTarget {
  readonly readyState = 1
  readonly bufferedAmount = 0
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>

  constructor({ readable, writable }: ByteStreams) {
    super()
    this.#writer = writable.getWriter()
    void this.#read(readable)
  }

  send(data: Uint8Array): void {
    this.#writer.write(data).catch(() => {})
  }

  close(): void {
    this.#writer.close().catch(() => {})
  }

  async #read(readable: ReadableStream<Uint8Array>): Promise<void> {
    for await (const chunk of readable) this.dispatchEvent(new MessageEvent('message', { data: chunk.slice().buffer }))
    this.dispatchEvent(new Event('close'))
  }
}

async function answered(answer: string): Promise<unknown> {
  const [near, far] = pipe().streams
  class Leading extends Socket {
    constructor() {
      super(near)
    }
  }
  vi.stubGlobal('WebSocket', Leading)
  const server = new ServerConnection(far, { crypto, identity: serverIdentity }).accept().finish()
  const got = outcome(get('https://localhost/', 'ws://relay', authority.certificatePem))
  const streams = await server
  await streams.readable.getReader().read()
  await say(streams, answer)
  return got
}

const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

it('puts the chunks of an answer together', async () => {
  const { body } = (await answered(`${head}5;x=y\r\nhello\r\nA\r\n, everyone\r\n0\r\n\r\n`)) as { body: Uint8Array }
  expect(String(Buffer.from(body))).toBe('hello, everyone')
})

it.each(['-6\r\n', '-0\r\n', 'zz\r\n', '5g\r\n', 'ffff\r\n'])('refuses a chunk whose size is %j', async size => {
  expect(await answered(`${head}${size}hello\r\n0\r\n\r\n`)).toMatchObject({ message: 'a chunk of the answer has no end' })
})
