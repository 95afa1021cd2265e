import { afterEach, describe, expect, it } from 'vitest'
import { type WebSocketLike, webSocketStreams } from '../../src/stream/index.ts'
import { bytes, outcome, quiet } from './sides.ts'

const unhandled: unknown[] = []
process.on('unhandledRejection', reason => unhandled.push(reason))
afterEach(async () => {
  await quiet()
  expect(unhandled.splice(0)).toEqual([])
})

type Listener = (event: { readonly data: unknown }) => void

/** A WebSocket that does what the test says. */
class Socket implements WebSocketLike {
  binaryType = 'blob'
  readyState = 0
  bufferedAmount = 0
  readonly sent: Uint8Array[] = []
  readonly #listeners: { readonly type: string; readonly listener: Listener }[] = []

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push({ type, listener })
  }

  send(data: Uint8Array): void {
    this.sent.push(data)
  }

  close(): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.tell('close')
  }

  open(): this {
    this.readyState = 1
    this.tell('open')
    return this
  }

  give(data: unknown): void {
    this.tell('message', data)
  }

  tell(type: string, data?: unknown): void {
    for (const each of this.#listeners) if (each.type === type) each.listener({ data })
  }
}

const buffer = (size: number): ArrayBuffer => new ArrayBuffer(size)

describe('A WebSocket as streams', () => {
  it('waits until it is open, asks for array buffers, and carries messages as chunks', async () => {
    const socket = new Socket()
    const streams = webSocketStreams(socket)
    socket.open()
    const { readable, writable } = await streams
    expect(socket.binaryType).toBe('arraybuffer')
    socket.give(Uint8Array.of(1, 2, 3).buffer)
    expect((await readable.getReader().read()).value).toEqual(Uint8Array.of(1, 2, 3))
    const writer = writable.getWriter()
    await writer.write(bytes('out'))
    await writer.close()
    expect([socket.sent.map(String), socket.readyState]).toEqual([[String(bytes('out'))], 3])
  })

  it('loses nothing that comes before anybody reads, and ends where the socket is closed', async () => {
    const socket = new Socket().open()
    const { readable } = await webSocketStreams(socket)
    for (const size of [1, 2, 3]) socket.give(buffer(size))
    socket.close()
    const sizes: number[] = []
    for await (const chunk of readable) sizes.push(chunk.length)
    expect(sizes).toEqual([1, 2, 3])
  })

  it.each([
    ['is closed already', (socket: Socket) => socket.close()],
    ['fails', (socket: Socket) => socket.tell('error')],
  ])('rejects where the socket %s instead of opening', async (_how, spoil) => {
    const socket = new Socket()
    const streams = outcome(webSocketStreams(socket))
    spoil(socket)
    expect(await streams).toMatchObject({ name: 'TransportError', code: 'ERR_WEBSOCKET' })
  })

  it('fails, and closes the socket, at a message that is text', async () => {
    const socket = new Socket().open()
    const { readable } = await webSocketStreams(socket)
    socket.give('text')
    expect(await outcome(readable.getReader().read())).toMatchObject({ code: 'ERR_WEBSOCKET', message: expect.stringContaining('bytes') })
    expect(socket.readyState).toBe(3)
  })

  it('holds as much as it may, and not a byte more', async () => {
    const socket = new Socket().open()
    const { readable } = await webSocketStreams(socket, { maxWaiting: 10 })
    const reader = readable.getReader()
    for (const size of [4, 6]) socket.give(buffer(size))
    expect((await reader.read()).value?.length).toBe(4)
    socket.give(buffer(4))
    expect(socket.readyState).toBe(1)
    socket.give(buffer(1))
    expect(socket.readyState).toBe(3)
    expect(await outcome(reader.read())).toMatchObject({ message: 'the WebSocket gave more than its reader takes' })
  })

  it('has its writer wait while the socket holds a lot, and fails it where the socket is gone', async () => {
    const socket = new Socket().open()
    const { writable } = await webSocketStreams(socket)
    const writer = writable.getWriter()
    socket.bufferedAmount = 2 << 20
    const writing = writer.write(bytes('late'))
    await quiet()
    expect(socket.sent).toEqual([])
    socket.bufferedAmount = 0
    await writing
    expect(socket.sent.length).toBe(1)
    socket.close()
    expect(await outcome(writer.write(bytes('never')))).toMatchObject({ code: 'ERR_WEBSOCKET' })
  })
})
