/** `wasi:io` 0.2: what is used of an implementation, and what the streams of this package stand on. */

/** The resource `pollable`. `block` returns a promise where the guest can be suspended, and blocks where it can't. */
export interface PollableLike {
  ready(): boolean
  block(): void | Promise<void>
  [Symbol.dispose]?(): void
}

/** Of the resource `input-stream`: what TLS reads a transport with. Throws `StreamFault`. */
export interface InputStreamLike {
  read(length: bigint): Uint8Array
  subscribe(): PollableLike
  [Symbol.dispose]?(): void
}

/** Of the resource `output-stream`: what TLS writes to a transport with. Throws `StreamFault`. */
export interface OutputStreamLike {
  checkWrite(): bigint
  write(contents: Uint8Array): void
  flush(): void
  subscribe(): PollableLike
  [Symbol.dispose]?(): void
}

/** `stream-error`, as the streams throw it. `val`: the resource `error`. */
export interface StreamFault {
  readonly tag: 'closed' | 'last-operation-failed'
  readonly val?: { toDebugString?(): string; readonly cause?: unknown }
}

/** The three interfaces, with the classes that jco checks a host's resources against. preview2-shim exports them by these names. */
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
  /** No more than there is room for. The contents are the caller's again when it returns. */
  put(contents: Uint8Array): void
  /** Hands on all that was put; there is room again when it has. */
  flush(): void
  drop(): void
}

/** What is thrown, if it is what a stream throws. */
export function asStreamFault(fault: unknown): StreamFault | undefined {
  if (typeof fault !== 'object' || fault === null || !('tag' in fault)) return undefined
  return fault.tag === 'closed' || fault.tag === 'last-operation-failed' ? (fault as StreamFault) : undefined
}

/** Why a stream of the transport failed, as an error: its own reason where that is known. */
export function reasonOf(fault: unknown): Error {
  const { tag, val } = asStreamFault(fault) ?? {}
  if (val?.cause instanceof Error) return val.cause
  if (tag === 'closed') return new Error('it takes nothing any more', { cause: fault })
  if (tag !== undefined) return new Error(val?.toDebugString?.() ?? 'it does not say why', { cause: fault })
  return fault instanceof Error ? fault : new Error(String(fault))
}
