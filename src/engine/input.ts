/** The way in: chunks become records, records become messages, data and alerts. */
import type { CipherSuite } from '../crypto/provider.ts'
import { type AlertName, alertName, TlsError } from '../error.ts'
import { Assembler } from '../handshake/assembler.ts'
import type { Epoch } from '../handshake/dialogue.ts'
import { contentType } from '../record/content-type.ts'
import { Protection } from '../record/protection.ts'
import { RecordReader } from '../record/reader.ts'
import { trafficKey } from '../schedule/key-schedule.ts'
import type { Limits } from '../types.ts'

export type Incoming =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  /** `alert` is undefined for a description without a name, which `code` then gives. */
  | { readonly kind: 'alert'; readonly bytes: Uint8Array; readonly alert: AlertName | undefined; readonly code: number }
  | { readonly kind: 'change_cipher_spec'; readonly bytes: Uint8Array }

export class Input {
  /** What the keys in use are for; `undefined`: there are none yet. */
  epoch: Epoch | undefined
  readonly #limits: Limits
  readonly #reader: RecordReader
  readonly #assembler: Assembler

  constructor(limits: Limits) {
    this.#limits = limits
    this.#reader = new RecordReader({ emptyRecords: limits.emptyRecords })
    this.#assembler = new Assembler(limits.handshakeMessage)
  }

  /** Bytes received and not yet given out. */
  get buffered(): number {
    return this.#reader.buffered
  }

  /** Whether a record or a message is begun and not complete. */
  get interrupted(): boolean {
    return this.#reader.midRecord || this.#assembler.pending
  }

  /** The chunk is owned from now on. Throws a `TlsError` where more waits already than the limit allows. */
  push(chunk: Uint8Array): void {
    // Judged before the chunk is added: one chunk of any size is the caller's choice, to go on without polling is not.
    if (this.buffered > this.#limits.inputBytes) {
      throw new TlsError('input-overflow', `${this.buffered} bytes of input wait, more than limits.inputBytes`)
    }
    this.#reader.push(chunk)
  }

  /** The next thing that has come whole. Throws a `TlsError` where the records are at fault. */
  next(): Incoming | undefined {
    for (;;) {
      const message = this.#assembler.next()
      if (message) return { kind: 'message', bytes: message }
      const record = this.#reader.next()
      if (!record) return undefined
      if (record.type === contentType.handshake) this.#assembler.push(record.fragment)
      else return this.#other(record.type, record.fragment)
    }
  }

  /** New keys, from the next record on: they change between whole messages only (RFC 9846 §5.1). */
  useKeys(epoch: Epoch, suite: CipherSuite, secret: Uint8Array): void {
    if (this.#assembler.pending) throw new TlsError('message-across-keys', 'handshake data went on where the keys change')
    this.#reader.setProtection(protectionOf(suite, secret))
    this.epoch = epoch
  }

  /** The longest content of protected records, padding included, in bytes. */
  limitRecords(size: number): void {
    this.#reader.plaintextLimit = size
  }

  /** Lets pass what can't be opened: early data that is not taken. */
  skipEarlyData(): void {
    this.#reader.skipEarlyData(this.#limits.skippedEarlyData)
  }

  /** Erases the keys and drops what was not read. */
  destroy(): void {
    this.#reader.destroy()
  }

  #other(type: number, bytes: Uint8Array): Incoming {
    if (this.#assembler.pending) {
      throw new TlsError('interleaved-message', `a record of type ${type} came in the middle of a handshake message`)
    }
    if (type === contentType.application_data) return { kind: 'data', bytes }
    if (type === contentType.change_cipher_spec) return { kind: 'change_cipher_spec', bytes }
    const [, code] = bytes
    if (bytes.length !== 2 || code === undefined) throw new TlsError('record-malformed', `an alert of ${bytes.length} bytes`)
    return { kind: 'alert', bytes, code, alert: alertName(code) }
  }
}

/** One direction's protection under a traffic secret. */
export function protectionOf(suite: CipherSuite, secret: Uint8Array): Protection {
  const { key, iv } = trafficKey(suite, secret)
  const protection = new Protection(suite, { key, iv })
  key.fill(0)
  iv.fill(0)
  return protection
}
