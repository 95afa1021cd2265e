/** The streams of bytes of components, as jco has them, and WHATWG streams. */

/** The readable end of a `stream<u8>` that a guest hands to a host. */
export interface GuestStream {
  /** The next values, at most `count`. */
  read(options: { readonly count: number }): Promise<GuestRead>
  /** Lets go of it: the guest's writer is told that nobody reads. */
  [Symbol.dispose]?(): void
}

export interface GuestRead {
  readonly value?: Uint8Array | readonly number[] | number | undefined
  readonly done?: boolean | undefined
}

/** The most that is asked of a guest at a time: four records. */
const readSize = 65_536

/** What the guest writes; nothing is taken from it before the reader asks. */
export function readableOf(stream: GuestStream | ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  if (stream instanceof ReadableStream) return stream
  return new ReadableStream<Uint8Array>(
    {
      // A pull that gave nothing would not be repeated: an empty read is no end.
      async pull(controller) {
        for (;;) {
          const { value, done } = await stream.read({ count: readSize })
          const bytes = bytesOf(value)
          if (bytes.length > 0) controller.enqueue(bytes)
          if (done) controller.close()
          if (bytes.length > 0 || done) return
        }
      },
      cancel: () => stream[Symbol.dispose]?.(),
    },
    { highWaterMark: 0 },
  )
}

function bytesOf(value: GuestRead['value']): Uint8Array {
  if (value instanceof Uint8Array) return value
  return Uint8Array.from(typeof value === 'number' ? [value] : (value ?? []))
}
