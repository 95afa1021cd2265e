/** A bounded map from byte strings to values: what was not asked for the longest goes first. */
import { equal } from '../../wire/bytes.ts'

export interface Bounds {
  readonly entries: number
  /** Of all keys together. */
  readonly bytes: number
}

interface Entry<T> {
  readonly parts: readonly Uint8Array[]
  readonly size: number
  readonly value: T
}

/**
 * A key is a label and byte strings, all of which are compared: a fingerprint only says where to look. So whoever finds two keys with one
 * fingerprint makes them drive each other out, and no more.
 */
export class ByteCache<T> {
  readonly #bounds: Bounds
  /** By place, in the order of their last use. */
  readonly #entries = new Map<string, Entry<T>>()
  #bytes = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  get entries(): number {
    return this.#entries.size
  }

  /** Of all keys, with what each costs beside its contents. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether a key is short enough to be kept: a few long ones must not drive out all others. */
  hasRoomFor(label: string, parts: readonly Uint8Array[]): boolean {
    return sizeOf(label, parts) <= this.#bounds.bytes / 8
  }

  get(label: string, parts: readonly Uint8Array[]): T | undefined {
    const place = placeOf(label, parts)
    const entry = this.#entries.get(place)
    if (!entry || !areEqual(entry.parts, parts)) return undefined
    this.#entries.delete(place)
    this.#entries.set(place, entry)
    return entry.value
  }

  /** Keeps `parts` as they are: nobody may write to them any more. Does nothing where there is no room for them. */
  set(label: string, parts: readonly Uint8Array[], value: T): void {
    if (!this.hasRoomFor(label, parts)) return
    const place = placeOf(label, parts)
    this.#remove(place)
    const size = sizeOf(label, parts)
    this.#entries.set(place, { parts, size, value })
    this.#bytes += size
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#bounds.entries && this.#bytes <= this.#bounds.bytes) return
      this.#remove(oldest)
    }
  }

  #remove(place: string): void {
    this.#bytes -= this.#entries.get(place)?.size ?? 0
    this.#entries.delete(place)
  }
}

/** The label is compared whole: it is part of what the map is asked for. */
function placeOf(label: string, parts: readonly Uint8Array[]): string {
  return `${fingerprint(parts)} ${label}`
}

/** FNV-1a over the end of each part: certificates end with their signature, in which no two are alike. */
function fingerprint(parts: readonly Uint8Array[]): number {
  let hash = 0x811c9dc5
  for (const part of parts) {
    hash = Math.imul(hash ^ part.length, 0x01000193)
    for (let i = Math.max(0, part.length - 32); i < part.length; i++) hash = Math.imul(hash ^ (part[i] as number), 0x01000193)
  }
  return hash >>> 0
}

/** What an array costs beside its contents, so that many short ones are bounded too. */
const overhead = 64

function sizeOf(label: string, parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length + overhead, label.length)
}

function areEqual(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((part, i) => equal(part, b[i] as Uint8Array))
}
