/** Node's streams as WHATWG streams. */
import { type Duplex, finished } from 'node:stream'
import { ByteLengthQueuingStrategy, ReadableStream, WritableStream } from 'node:stream/web'
import type { ByteStreams } from '../stream/index.ts'

/**
 * A socket, or any other Duplex of bytes, for `tassel/stream`. `Duplex.toWeb` of Node itself counts what waits in chunks, as many as there may be
 * bytes, so that a peer who rests leaves all of a long stream in memory; here it is 64 KiB each way. And before Node 26 it does not tell that the
 * peer has ended while this side may still write. Give the Duplex `allowHalfOpen: true`. It is destroyed once its readable
 * was cancelled or has ended and its writable is closed, or by aborting the writable. Throws `TypeError` for one that gives text or objects.
 */
export function byteStreams(duplex: Duplex): ByteStreams {
  if (duplex.readableEncoding !== null || duplex.readableObjectMode) {
    throw new TypeError('the stream gives text or objects, not bytes: no setEncoding, no object mode')
  }
  return {
    readable: readableOf(duplex) as ByteStreams['readable'],
    writable: writableOf(duplex) as ByteStreams['writable'],
  }
}

function strategy(): ByteLengthQueuingStrategy {
  return new ByteLengthQueuingStrategy({ highWaterMark: 65_536 })
}

function readableOf(duplex: Duplex): ReadableStream<Uint8Array> {
  let letGo = () => {}
  const source = {
    start: (controller: { enqueue(chunk: Uint8Array): void; close(): void; error(reason: unknown): void; desiredSize: number | null }) => {
      const take = ({ buffer, byteOffset, length }: Uint8Array) => {
        controller.enqueue(new Uint8Array(buffer, byteOffset, length))
        if ((controller.desiredSize ?? 0) <= 0) duplex.pause()
      }
      const forget = finished(duplex, { writable: false }, error => (error ? controller.error(error) : controller.close()))
      letGo = () => {
        forget()
        duplex.off('data', take)
      }
      duplex.on('data', take).pause()
    },
    pull: () => {
      duplex.resume()
    },
    cancel: (reason: unknown) => {
      letGo()
      // What is written, or is about to be ended, must not go with the reader; what still comes is dropped.
      if (duplex.writableFinished || duplex.destroyed) return destroy(duplex, reason)
      finished(duplex, { readable: false }, () => destroy(duplex, reason))
      duplex.resume()
    },
  }
  return new ReadableStream<Uint8Array>(source, strategy())
}

function writableOf(duplex: Duplex): WritableStream<Uint8Array> {
  const sink = {
    start: (controller: { error(reason: unknown): void; readonly signal?: AbortSignal }) => {
      finished(duplex, { readable: false }, error => error && controller.error(error))
      const { signal } = controller
      // `abort` would be called once the write under way is done, which a peer that takes nothing never lets it be.
      signal?.addEventListener('abort', () => destroy(duplex, signal.reason))
    },
    write: (chunk: Uint8Array) => done(told => duplex.write(chunk, told)),
    close: () => done(told => duplex.end(told)),
  }
  return new WritableStream<Uint8Array>(sink, strategy())
}

function destroy(duplex: Duplex, reason: unknown): void {
  duplex.destroy(reason instanceof Error ? reason : undefined)
}

/** Node's callbacks as a promise. */
function done(work: (told: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => work(error => (error ? reject(error) : resolve())))
}
