/** The application's side of a connection: what it reads and writes. */
import type { Driver } from './driver.ts'
import type { ByteStreams } from './transport.ts'

/**
 * `readable` takes from the transport no more than its reader asks for, so a slow reader slows the peer down. It ends at the peer's close_notify
 * alone; a transport that ends without is an error. `writable` is done with a chunk when the transport wants more; closing it sends
 * close_notify, and the other direction goes on; aborting it ends the connection with an alert.
 */
export function cleartext(driver: Driver): ByteStreams {
  const readable = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const data = await driver.nextData()
        if (data) controller.enqueue(data)
        else controller.close()
      },
      cancel: () => driver.stopReading(),
    },
    { highWaterMark: 0 },
  )
  const writable = new WritableStream<Uint8Array>({
    start: controller => driver.whenOver(failure => failure && controller.error(failure)),
    write: chunk => {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('a connection takes Uint8Array')
      return driver.send(chunk)
    },
    close: () => driver.end(),
    // Not user_canceled, which goes with a close_notify: a stream that was cut must not look like one that ended.
    abort: (reason: unknown) => driver.abort('internal_error', reason instanceof Error ? reason : new Error(String(reason))),
  })
  return { readable, writable }
}
