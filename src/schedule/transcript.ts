/** The running hash over the handshake's messages (RFC 9846 §4.1). */
import type { Hash, Hasher } from '../crypto/provider.ts'

/**
 * Messages are added whole, with their headers, in the order in which they were sent. The hash function is known only once a cipher
 * suite is chosen; until then the messages are kept. Asking for a digest earlier, and choosing twice, throw `TypeError`.
 */
export class Transcript {
  #early: Uint8Array[] = []
  #hash: Hash | undefined
  #running: Hasher | undefined

  /** Adds one message, or consecutive ones. The bytes are copied or hashed before this returns. */
  add(message: Uint8Array): void {
    if (this.#running === undefined) this.#early.push(new Uint8Array(message))
    else this.#running.update(message)
  }

  /** Fixes the hash function. */
  choose(hash: Hash): void {
    if (this.#hash !== undefined) throw new TypeError('The hash of the transcript is chosen already')
    this.#hash = hash
    this.#running = hash.create()
    for (const message of this.#early) this.#running.update(message)
    this.#early = []
  }

  /**
   * For HelloRetryRequest: what was added so far, which must be the first ClientHello alone, becomes the synthetic message
   * `message_hash` that holds its digest. Call it before the HelloRetryRequest is added.
   */
  replaceByMessageHash(): void {
    this.startFromMessageHash(this.#chosen().running.digest())
  }

  /** Begins with the synthetic message `message_hash` of a first ClientHello that is not at hand: a cookie has kept its digest. */
  startFromMessageHash(digest: Uint8Array): void {
    const { hash } = this.#chosen()
    const header = new Uint8Array([messageHash, 0, 0, hash.size])
    this.#running = hash.create().update(header).update(digest)
  }

  /** The hash over everything that was added so far. */
  digest(): Uint8Array {
    return this.#chosen().running.clone().digest()
  }

  /** The hash over everything that was added so far and then `extra`, which is not added: a PSK binder covers part of a message. */
  digestWith(extra: Uint8Array): Uint8Array {
    return this.#chosen().running.clone().update(extra).digest()
  }

  /** An independent copy: what is added to one is not in the other. */
  fork(): Transcript {
    const { hash, running } = this.#chosen()
    const copy = new Transcript()
    copy.#hash = hash
    copy.#running = running.clone()
    return copy
  }

  #chosen(): { hash: Hash; running: Hasher } {
    if (this.#hash === undefined || this.#running === undefined) throw new TypeError('The hash of the transcript is not chosen yet')
    return { hash: this.#hash, running: this.#running }
  }
}

/** HandshakeType message_hash. */
const messageHash = 254
