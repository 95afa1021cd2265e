/** What connections of both roles have in common. */
import type { ConnectionInfo, ExportOptions } from '../types.ts'
import { Link, type LinkOptions } from './link.ts'
import type { ByteStreams } from './transport.ts'

/** A connection over a pair of byte streams, which it locks. What it has agreed on fills in as the handshake goes. */
export class StreamConnection {
  protected readonly link: Link

  /** Throws `TypeError` where a stream is locked. */
  constructor(streams: ByteStreams, options: LinkOptions) {
    this.link = new Link(streams, options)
  }

  get alpnId(): string | undefined {
    return this.link.progress?.alpn
  }

  get cipherSuite(): string | undefined {
    return this.link.progress?.cipherSuite
  }

  get protocolVersion(): 'TLSv1.3' | undefined {
    return this.cipherSuite === undefined ? undefined : 'TLSv1.3'
  }

  /** All that was agreed; `undefined` until the handshake is over. */
  get info(): ConnectionInfo | undefined {
    return this.link.info
  }

  /** Keying material for the application (RFC 9846 §7.5). `TypeError` before the handshake is over. */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number, options?: ExportOptions): Uint8Array {
    return this.link.driver.connection.exportKeyingMaterial(label, context, length, options)
  }

  /** What ties another protocol's authentication to this connection: `tls-exporter` (RFC 9266) or `tls-server-end-point` (RFC 5929). As of `Connection`. */
  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Uint8Array {
    return this.link.driver.connection.channelBinding(type)
  }

  /** Ends in order what is connected, without waiting for the peer to end too; aborts a handshake. */
  close(): Promise<void> {
    return this.link.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
