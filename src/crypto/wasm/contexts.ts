/** The expanded AES keys in the memory of the module, of which there are fewer than there may be keys. */
import type { Layout } from './kernels.ts'

/** Which context a key has, if it is the holder of that one. Each key has a slot of its own. */
export interface Slot {
  index: number
}

/** What `AesContexts` needs of the module. */
export interface AesExpansion {
  readonly memory: Uint8Array
  readonly layout: Layout
  /** Expands the AES key of 16 or 32 bytes at `layout.key` into a context, and wipes it there. */
  expandAesKey(context: number, size: number): void
  /** Wipes a context. */
  forgetAesKey(context: number): void
}

/**
 * Who holds which context. Expanding a key takes as long as a record of some hundred bytes, so those in use stay, as many as there is static
 * memory for; then one after the other makes way.
 */
export class AesContexts {
  readonly #module: AesExpansion
  readonly #holders: (Slot | undefined)[]
  /** Indices that nobody holds, the next one last. */
  readonly #free: number[]
  #next = 0

  constructor(module: AesExpansion) {
    this.#module = module
    this.#holders = new Array(module.layout.contextCount).fill(undefined)
    this.#free = [...this.#holders.keys()].reverse()
  }

  /** The address of the context of `raw`, which is expanded if `slot` does not hold one. */
  of(slot: Slot, raw: Uint8Array): number {
    if (this.#holders[slot.index] !== slot) {
      slot.index = this.#free.pop() ?? this.#next++ % this.#holders.length
      this.#holders[slot.index] = slot
      this.#module.memory.set(raw, this.#module.layout.key)
      this.#module.expandAesKey(this.#address(slot), raw.length)
    }
    return this.#address(slot)
  }

  /** Wipes what `slot` holds, if it does. */
  release(slot: Slot): void {
    if (this.#holders[slot.index] !== slot) return
    this.#module.forgetAesKey(this.#address(slot))
    this.#holders[slot.index] = undefined
    this.#free.push(slot.index)
  }

  #address({ index }: Slot): number {
    const { contexts, contextSize } = this.#module.layout
    return contexts + index * contextSize
  }
}
