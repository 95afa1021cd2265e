/** What a TLS stream can be told beside the options of its connection. */
import type { Question } from '../types.ts'

export interface TlsStreamOptions {
  /**
   * Answers what the options left open, at once or later. A question without a handler is refused; a handler that throws ends the stream
   * with what it threw, and where that is a `TlsError`, with its alert.
   */
  onQuestion?: (question: Question) => void | Promise<void>
  /** Whether this side may go on writing once the peer has ended. Default: false, the writable side then ends by itself. */
  allowHalfOpen?: boolean
  /** Milliseconds from now until `secureConnect` must have come; 0: no limit. Default 30 000. */
  handshakeTimeout?: number
  /**
   * Milliseconds that the transport gets, once the stream is destroyed, to deliver the last bytes and to end, before it is destroyed too. What has ended
   * in order is first delivered, however slowly the peer takes it. Default 2 000.
   */
  closeTimeout?: number
  /**
   * Whether chunks of the transport are copied first, for the sake of others who hold them. Default: where the provider decrypts in place,
   * unless the transport is a `net.Socket`, whose chunks nobody else has.
   */
  copyInput?: boolean
  /**
   * What it is when the transport ends in order and the peer has not said close_notify: an error, or, as in Node.js's own TLS, the end of
   * what is read. An attacker can then cut what comes short, unseen. It is always an error before `secureConnect`. Default: `error`.
   */
  truncation?: 'error' | 'end'
  /**
   * What the peer hears of a stream that is destroyed before its end: an alert, or, as from Node.js's own TLS, nothing but the end of the
   * transport. An alert of the connection's own, for what the peer did, goes out in any case. Default: `alert`.
   */
  cutOff?: 'alert' | 'silence'
  /** Bytes that wait for the reader, and for the writer, before they are held back. Default 65,536. */
  highWaterMark?: number
  /** Whether `close` is emitted at the end, as for any stream. Default: true. */
  emitClose?: boolean
}
