/** Byte streams in memory: what one end writes, the other reads, with a count of what has moved and means to break it. */
import type { ByteStreams } from '../../src/stream/index.ts'

export interface PipeOptions {
  /** How many bytes are handed on at a time. Default: chunks as they were written. */
  readonly pieces?: number
}

export interface Pipe {
  readonly streams: readonly [ByteStreams, ByteStreams]
  /** Bytes that have reached the second end, and the first. */
  readonly moved: () => { readonly forth: number; readonly back: number }
  /** Breaks both directions as a reset does. */
  reset(): void
  /** Ends what the second reads, or the first, without a word of TLS. */
  cut(side: 'first' | 'second'): void
}

/** Bytes that a writer may be ahead, as with a socket. */
const room = 65_536

/** Nothing comes out of it before its reader asks. */
export function pipe({ pieces = Number.POSITIVE_INFINITY }: PipeOptions = {}): Pipe {
  const [forth, back] = [lane(pieces), lane(pieces)]
  return {
    streams: [
      { readable: back.readable, writable: forth.writable },
      { readable: forth.readable, writable: back.writable },
    ],
    moved: () => ({ forth: forth.moved(), back: back.moved() }),
    reset: () => {
      const reason = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
      for (const { controller } of [forth, back]) controller.error(reason)
    },
    cut: side => (side === 'second' ? forth : back).controller.terminate(),
  }
}

function lane(pieces: number) {
  let moved = 0
  let controller: TransformStreamDefaultController<Uint8Array> | undefined
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(
    {
      start: given => {
        controller = given
      },
      transform: (chunk, to) => {
        moved += chunk.length
        for (let from = 0; from < chunk.length; from += pieces) to.enqueue(chunk.slice(from, from + pieces))
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: room }),
    { highWaterMark: 0 },
  )
  if (!controller) throw new Error('the stream was not started')
  return { readable, writable, controller, moved: () => moved }
}
