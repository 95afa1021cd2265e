/** What was written to a stream and the connection has yet to take, and whom to tell when it has. */
import type { Connection } from '../types.ts'
import { withoutFirst } from './chunks.ts'

export type Done = (error?: Error | null) => void

export class Outgoing {
  /** Bytes that the connection has taken, of all writes; and of the one that is not done yet. */
  taken = 0
  takenOfWrite = 0
  #unsent: Uint8Array[] = []
  #done: Done | undefined

  /** Whether somebody waits to be told. */
  get pending(): boolean {
    return this.#done !== undefined
  }

  get empty(): boolean {
    return this.#unsent.length === 0
  }

  write(chunks: Uint8Array[], done: Done): void {
    this.#unsent = chunks.filter(chunk => chunk.length > 0)
    this.#done = done
  }

  /** Gives the connection what it takes; whether it took any. */
  send(connection: Connection): boolean {
    const taken = connection.send(this.#unsent)
    this.#unsent = withoutFirst(this.#unsent, taken)
    this.taken += taken
    this.takenOfWrite += taken
    return taken > 0
  }

  /** Tells the writer that all was taken; whether there was one. */
  complete(): boolean {
    const done = this.#done
    if (done === undefined) return false
    this.#done = undefined
    this.takenOfWrite = 0
    done()
    return true
  }

  fail(error: Error): void {
    this.#done?.(error)
  }
}
