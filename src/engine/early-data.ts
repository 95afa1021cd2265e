import type { Hash } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import { exportKeyingMaterial } from '../schedule/key-schedule.ts'
import { concat } from '../wire/bytes.ts'

/** The early data of one connection: how much there may be, and what a client would have to send again. */
export class EarlyData {
  readonly #limit: number
  #bytes = 0
  /** Copies, until the server has answered: what it does not take goes back to the application. */
  #sent: Uint8Array[] = []
  #exporter: { readonly hash: Hash; readonly secret: Uint8Array } | undefined

  /** `limit`: bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** As much of `data` as may still be sent; a copy. */
  take(data: Uint8Array): Uint8Array {
    const part = data.slice(0, this.#limit - this.#bytes)
    this.#bytes += part.length
    if (part.length > 0) this.#sent.push(part)
    return part
  }

  /** Counts what a client has sent. Throws a `TlsError` where it is too much (RFC 9846 §4.7.1). */
  count(size: number): void {
    this.#bytes += size
    if (this.#bytes > this.#limit) throw new TlsError('early-data-overflow', `more than ${this.#limit} bytes of early data`)
  }

  /** The server has answered. Returns what was sent in vain. */
  settle(accepted: boolean): Uint8Array {
    const unsent = accepted ? new Uint8Array(0) : concat(...this.#sent)
    this.#sent = []
    if (!accepted) this.destroy()
    return unsent
  }

  setExporter(hash: Hash, secret: Uint8Array): void {
    this.#exporter = { hash, secret }
  }

  /** From the early exporter (RFC 9846 §7.5). `TypeError` where there is no early data. */
  export(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    if (!this.#exporter) throw new TypeError('there is no early exporter without early data')
    return exportKeyingMaterial(this.#exporter.hash, this.#exporter.secret, label, context, length)
  }

  destroy(): void {
    this.#exporter?.secret.fill(0)
    this.#exporter = undefined
  }
}
