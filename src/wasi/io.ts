/** What is used of an implementation of `wasi:io` 0.2, and what its streams can stand on. */

/** The resource `pollable`. `block` returns a promise where the guest can be suspended, and blocks where it can't. */
export interface PollableLike {
  ready(): boolean
  block(): void | Promise<void>
  [Symbol.dispose]?(): void
}

/** Of the resource `input-stream`: what TLS reads a transport with. Throws `{ tag: 'closed' }` or `{ tag: 'last-operation-failed', val }`. */
export interface InputStreamLike {
  read(length: bigint): Uint8Array
  subscribe(): PollableLike
  [Symbol.dispose]?(): void
}

/** Of the resource `output-stream`. Throws as an input stream does. */
export interface OutputStreamLike {
  checkWrite(): bigint
  write(contents: Uint8Array): void
  flush(): void
  subscribe(): PollableLike
  [Symbol.dispose]?(): void
}

/** The three interfaces, by the classes that jco checks a host's resources against. preview2-shim exports them as `io`. */
export interface WasiIo {
  readonly error: { readonly Error: new (message: string) => object }
  readonly poll: { readonly Pollable: new () => object; poll(list: readonly never[]): unknown }
  readonly streams: { readonly InputStream: new () => object; readonly OutputStream: new () => object }
}

/** Something that is ready now, or once one of what it waits for is. */
export interface Source {
  ready(): boolean
  waits(): readonly PollableLike[]
}

/** What an input stream reads from. Ready: there are bytes, an end or a failure. */
export interface InputSource extends Source {
  /** At most `length` bytes of what is there: none where nothing is there yet, `undefined` at the end. Throws what failed. */
  take(length: number): Uint8Array | undefined
  drop(): void
}

/** What an output stream writes to. Ready: there is room, an end or a failure. */
export interface OutputSink extends Source {
  /** Bytes that it takes now; none while it flushes; `undefined` when it takes no more. Throws what failed. */
  room(): number | undefined
  /** No more than there is room for. */
  put(contents: Uint8Array): void
  /** Hands on all that was put; there is room again when it has. */
  flush(): void
  drop(): void
}
