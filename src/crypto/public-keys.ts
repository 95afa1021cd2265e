/** Public keys, opened: read, judged, and given to the library. The same ones come again and again, those of issuers above all, so they are kept. */
import { type RsaLimits, rsaFault, type SignatureLibrary, type Verifier } from './signatures.ts'
import { type PublicKey, readPublicKey } from './spki.ts'

export interface OpenKey {
  readonly key: PublicKey
  /** The scheme must fit the key. May throw anything for a malformed signature. */
  readonly verify: Verifier
}

/** Keeps the keys that were asked for last: as many as fit into `capacity` bytes of SubjectPublicKeyInfo. */
export class PublicKeys {
  readonly #library: SignatureLibrary
  readonly #limits: RsaLimits
  readonly #capacity: number
  /** By their octets, the one that has waited longest first. */
  readonly #kept = new Map<string, OpenKey>()
  #size = 0

  constructor(library: SignatureLibrary, limits: RsaLimits, capacity = 65_536) {
    this.#library = library
    this.#limits = limits
    this.#capacity = capacity
  }

  /** Bytes of SubjectPublicKeyInfo that are kept. */
  get size(): number {
    return this.#size
  }

  /** Throws, for whatever reason the library may have, where the key is malformed or must not be used. */
  open(spki: Uint8Array): OpenKey {
    if (spki.length > longestKept) return this.#read(spki)
    const octets = String.fromCharCode(...spki)
    const known = this.#kept.get(octets)
    if (known) this.#kept.delete(octets)
    // A copy with a buffer of its own: `slice` of a Buffer is a view.
    const key = known ?? this.#read(new Uint8Array(spki))
    this.#kept.set(octets, key)
    if (!known) this.#forget(spki.length)
    return key
  }

  #read(spki: Uint8Array): OpenKey {
    const key = readPublicKey(spki)
    const fault = 'key' in key ? rsaFault(key.key, this.#limits) : undefined
    if (fault !== undefined) throw new Error(`The public key cannot be used: ${fault}`)
    return { key, verify: this.#library.verifier(key, spki) }
  }

  /** Makes up for `added` bytes. */
  #forget(added: number): void {
    this.#size += added
    for (const octets of this.#kept.keys()) {
      if (this.#size <= this.#capacity) return
      this.#kept.delete(octets)
      this.#size -= octets.length
    }
  }
}

/** Bytes; longer than the keys of all algorithms here. */
const longestKept = 4096
