import type { AeadKey, CipherSuite } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'

/**
 * One direction's key with its sequence number (RFC 9846 §5.2, §5.3). Each record, sealed or opened, takes one number; a number is
 * spent before the AEAD is called, so that no failure can make a nonce serve twice.
 */
export class Protection {
  readonly suite: CipherSuite
  readonly #key: AeadKey
  /**
   * The nonce of the record before, which is the IV XOR the sequence number below; at first the IV itself. An AEAD keeps no reference,
   * so the next nonce takes its place: to keep the IV beside it would make each idle connection 400 bytes heavier.
   */
  readonly #nonce: Uint8Array
  #nonceHigh = 0
  #nonceLow = 0
  /** The 64-bit sequence number as two halves: a number loses precision beyond 2^53, and a bigint costs an allocation a record. */
  #high: number
  #low: number
  #wrapped = false

  /** Copies `keys`. `sequence` is the number of the first record, 0 to 2^64 - 1; anything else, or a wrong length, is a `TypeError`. */
  constructor(suite: CipherSuite, keys: { readonly key: Uint8Array; readonly iv: Uint8Array }, sequence = 0n) {
    const { keySize } = suite.aead
    if (keys.key.length !== keySize) throw new TypeError(`${suite.name} takes a key of ${keySize} bytes, not ${keys.key.length}`)
    if (keys.iv.length < 8) throw new TypeError(`An IV has at least 8 bytes, not ${keys.iv.length}`)
    if (sequence < 0n || sequence >= 1n << 64n) throw new TypeError(`A sequence number has 64 bits: ${sequence} is out of range`)
    this.suite = suite
    this.#key = suite.aead.key(keys.key)
    this.#nonce = new Uint8Array(keys.iv)
    this.#high = Number(sequence >> 32n)
    this.#low = Number(sequence & 0xffffffffn)
  }

  /** The number that the next record will take. */
  get sequence(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low)
  }

  /** How many records may still be sealed under this key (§5.5): change it before this reaches 0. */
  get remaining(): number {
    return this.#wrapped ? 0 : Math.max(0, this.suite.aead.sealLimit - this.#spent)
  }

  /** Appends the protected form of `plain` to `out`. Throws a `TlsError` `key-exhausted` at the AEAD's limit. */
  seal(header: Uint8Array, plain: readonly Uint8Array[], out: Uint8Array[]): void {
    if (this.#spent >= this.suite.aead.sealLimit) {
      throw new TlsError('key-exhausted', `The key has protected ${this.#spent} records, as many as ${this.suite.name} may`)
    }
    this.#key.seal(this.#nextNonce(), header, plain, out)
  }

  /**
   * The plaintext of a record's body, which may be decrypted in place; `undefined` where it is not authentic. No limit but that of
   * the sequence number holds here: §5.5 asks receivers not to enforce one.
   */
  open(header: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    return this.#key.open(this.#nextNonce(), header, sealed)
  }

  /** As `open`, for a record that may be of another key: only one that opens takes a number. */
  tryOpen(header: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const [high, low] = [this.#high, this.#low]
    const opened = this.open(header, sealed)
    if (opened === undefined) [this.#high, this.#low] = [high, low]
    return opened
  }

  /** Erases the key. The protection is unusable afterwards. */
  destroy(): void {
    this.#key.destroy()
    this.#nonce.fill(0)
  }

  get #spent(): number {
    return this.#high * 2 ** 32 + this.#low
  }

  #nextNonce(): Uint8Array {
    if (this.#wrapped) throw new TlsError('key-exhausted', 'The sequence number of this key would wrap')
    xorHalf(this.#nonce, this.#nonce.length - 8, this.#nonceHigh ^ this.#high)
    xorHalf(this.#nonce, this.#nonce.length - 4, this.#nonceLow ^ this.#low)
    this.#nonceHigh = this.#high
    this.#nonceLow = this.#low
    this.#low = (this.#low + 1) >>> 0
    if (this.#low === 0) this.#high = (this.#high + 1) >>> 0
    this.#wrapped = this.#low === 0 && this.#high === 0
    return this.#nonce
  }
}

/** XORs `half`, 32 bits in network byte order, into `nonce` at `offset`. */
function xorHalf(nonce: Uint8Array, offset: number, half: number): void {
  for (let i = 0; i < 4; i++) nonce[offset + i] = (nonce[offset + i] ?? 0) ^ (half >>> (24 - 8 * i))
}
