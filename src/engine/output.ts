/** The way out: messages, data and alerts become records, within the limits of key and queue. */
import type { CipherSuite } from '../crypto/provider.ts'
import { type AlertName, alerts } from '../error.ts'
import type { Epoch } from '../handshake/dialogue.ts'
import { contentType, maxPlaintext } from '../record/content-type.ts'
import { RecordWriter, type RecordWriterOptions } from '../record/writer.ts'
import { protectionOf } from './input.ts'

export class Output {
  /** What the keys in use are for; `undefined`: there are none. */
  epoch: Epoch | undefined
  /** Whether close_notify was sent, which nothing may follow. */
  ended = false
  readonly #limit: number
  readonly #writer: RecordWriter
  #saidChangeCipherSpec = false
  /** Bytes of content: what this side wants at most, and what the peer takes. */
  #ownFragmentLimit = maxPlaintext
  #peersFragmentLimit = maxPlaintext

  /** `limit`: bytes that may wait. */
  constructor(limit: number, options: RecordWriterOptions) {
    this.#limit = limit
    this.#writer = new RecordWriter(options)
  }

  /** Bytes that `take` would give. */
  get pending(): number {
    return this.#writer.pending
  }

  /** Bytes for which there is room. */
  get room(): number {
    return Math.max(0, this.#limit - this.#writer.pending)
  }

  take(): Uint8Array[] {
    return this.#writer.take()
  }

  message(bytes: Uint8Array): void {
    this.#writer.queueHandshake(bytes)
  }

  /** Whether it left: only the first does. */
  changeCipherSpec(): boolean {
    if (this.#saidChangeCipherSpec) return false
    this.#saidChangeCipherSpec = true
    this.#writer.writeChangeCipherSpec()
    return true
  }

  alert(alert: AlertName): Uint8Array {
    const level = alert === 'close_notify' || alert === 'user_canceled' ? warning : fatal
    const bytes = Uint8Array.of(level, alerts[alert])
    this.#writer.write(contentType.alert, bytes)
    return bytes
  }

  /**
   * As much of `pieces`, taken as if they were joined, as there is room for; says how many bytes that were. `renewKey` is called in good
   * time before the key's limit (RFC 9846 §5.5).
   */
  data(pieces: readonly Uint8Array[], renewKey: () => void): number {
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0)
    let taken = 0
    while (taken < size && this.room > 0) {
      if (this.#writer.remaining <= reservedRecords) renewKey()
      const most = Math.max(1, this.#writer.remaining - reservedRecords) * this.#writer.fragmentLimit
      const count = Math.min(size - taken, this.room, most)
      this.#writer.write(contentType.application_data, count === size ? pieces : slice(pieces, taken, count))
      taken += count
    }
    return taken
  }

  useKeys(epoch: Epoch, suite: CipherSuite, secret: Uint8Array): void {
    this.#writer.setProtection(protectionOf(suite, secret))
    this.epoch = epoch
  }

  /** Back to plaintext: after a HelloRetryRequest early data is over. */
  dropKeys(): void {
    this.#writer.setProtection(undefined)
    this.epoch = undefined
  }

  /** The longest content of protected records, padding included, in bytes. */
  limitRecords(size: number): void {
    this.#peersFragmentLimit = size
    this.#writer.fragmentLimit = Math.min(size, this.#ownFragmentLimit)
  }

  /** The same, as this side wants it; `TypeError` for what can't be. */
  limitFragments(size: number): void {
    if (!(Number.isInteger(size) && size >= 1 && size <= maxPlaintext)) throw new TypeError(`a record has 1 to 16,384 bytes, not ${size}`)
    this.#ownFragmentLimit = size
    this.#writer.fragmentLimit = Math.min(size, this.#peersFragmentLimit)
  }

  /** Erases the key. What is written stays to be taken. */
  destroy(): void {
    this.#writer.destroy()
  }
}

/** `count` bytes of the pieces from the byte `from` on. */
function slice(pieces: readonly Uint8Array[], from: number, count: number): Uint8Array[] {
  const part: Uint8Array[] = []
  let start = 0
  for (const piece of pieces) {
    const cut = piece.subarray(Math.max(0, from - start), Math.max(0, from + count - start))
    if (cut.length > 0) part.push(cut)
    start += piece.length
  }
  return part
}

/** AlertLevel. */
const warning = 1
const fatal = 2
/** Records of a key that are kept for the KeyUpdate and the alerts that may have to follow. */
const reservedRecords = 8
