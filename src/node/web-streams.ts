/** Node's streams as WHATWG streams. */
import { type Duplex, finished, Readable } from 'node:stream'
import { ByteLengthQueuingStrategy, WritableStream } from 'node:stream/web'
import type { ByteStreams } from '../stream/index.ts'

/**
 * A socket, or any other Duplex of bytes, for `tassel/stream`. `Duplex.toWeb` of Node itself counts what waits in chunks, as many as there may be
 * bytes, so that a peer who rests leaves all of a long stream in memory; here it is 64 KiB each way. Give the Duplex `allowHalfOpen: true`.
 */
export function byteStreams(duplex: Duplex): ByteStreams {
  return {
    readable: Readable.toWeb(duplex, { strategy: strategy() }) as ByteStreams['readable'],
    writable: writableOf(duplex) as ByteStreams['writable'],
  }
}

function strategy(): ByteLengthQueuingStrategy {
  return new ByteLengthQueuingStrategy({ highWaterMark: 65_536 })
}

function writableOf(duplex: Duplex): WritableStream<Uint8Array> {
  const sink = {
    start: (controller: { error(reason: unknown): void }) => {
      finished(duplex, { readable: false }, error => error && controller.error(error))
    },
    write: (chunk: Uint8Array) => done(told => duplex.write(chunk, told)),
    close: () => done(told => duplex.end(told)),
    abort: (reason: unknown) => {
      duplex.destroy(reason instanceof Error ? reason : undefined)
    },
  }
  return new WritableStream<Uint8Array>(sink, strategy())
}

/** Node's callbacks as a promise. */
function done(work: (told: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => work(error => (error ? reject(error) : resolve())))
}
