/** A WebSocket as a pair of byte streams: how a browser reaches a TCP server, through a relay that only ever sees ciphertext. */
import { TransportError } from '../error.ts'
import type { ByteStreams } from './transport.ts'

/** What is used of a `WebSocket`, the browser's or another. */
export interface WebSocketLike {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount: number
  send(data: Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

export interface WebSocketOptions {
  /** Bytes that may wait for their reader: a WebSocket can't be told to wait, so beyond it is closed. Default: 16 MiB. */
  readonly maxWaiting?: number
}

/**
 * Resolves when the socket is open; rejects with `TransportError` where it does not open. Each chunk is a binary message; a text message, and one
 * that is too many, fail the streams.
 */
export async function webSocketStreams(socket: WebSocketLike, { maxWaiting = 16 << 20 }: WebSocketOptions = {}): Promise<ByteStreams> {
  socket.binaryType = 'arraybuffer'
  const readable = incoming(socket, maxWaiting)
  await opened(socket)
  return { readable, writable: outgoing(socket) }
}

const connecting = 0
const open = 1

function opened(socket: WebSocketLike): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState === open) return resolve()
    const fail = () => reject(new TransportError('ERR_WEBSOCKET', 'the WebSocket did not open'))
    if (socket.readyState !== connecting) return fail()
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', fail)
    socket.addEventListener('close', fail)
  })
}

function incoming(socket: WebSocketLike, maxWaiting: number): ReadableStream<Uint8Array> {
  const size = (chunk: Uint8Array) => chunk.length
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let over = false
        const end = (finish: () => void) => {
          if (!over) finish()
          over = true
        }
        const fail = (message: string) => end(() => controller.error(new TransportError('ERR_WEBSOCKET', message)))
        socket.addEventListener('message', ({ data }) => {
          if (over) return
          if (!(data instanceof ArrayBuffer)) fail('the WebSocket gave something else than bytes')
          else if (maxWaiting + (controller.desiredSize ?? 0) < data.byteLength) fail('the WebSocket gave more than its reader takes')
          else controller.enqueue(new Uint8Array(data))
          if (over) socket.close()
        })
        socket.addEventListener('error', () => fail('the WebSocket failed'))
        socket.addEventListener('close', () => end(() => controller.close()))
      },
      cancel: () => socket.close(),
    },
    // Nothing is asked of the socket, which gives what it gets: `desiredSize` is what waits, below zero.
    { highWaterMark: 0, size },
  )
}

/** Bytes that may wait in the socket before the writer does. */
const mostBuffered = 1 << 20
/** Milliseconds between two looks at it: a WebSocket does not say when it has sent. */
const pause = 5

function outgoing(socket: WebSocketLike): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    async write(chunk) {
      while (socket.readyState === open && socket.bufferedAmount > mostBuffered) await new Promise(resolve => setTimeout(resolve, pause))
      if (socket.readyState !== open) throw new TransportError('ERR_WEBSOCKET', 'the WebSocket is closed')
      // A copy: it sends later, and takes no memory that is shared.
      socket.send(new Uint8Array(chunk))
    },
    close: () => socket.close(1000),
    abort: () => socket.close(),
  })
}
