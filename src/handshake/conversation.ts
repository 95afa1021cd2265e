import { TlsError } from '../error.ts'
import { decodeMessage, nameOfMessage } from '../wire/messages.ts'
import type { Ask, Dialogue, Need } from './dialogue.ts'

/** Drives a dialogue: feeds it the messages and answers that it waits for, and refuses every other. */
export class Conversation<T> {
  readonly #dialogue: Dialogue<T>
  #need: Need | undefined
  #result: T | undefined

  constructor(dialogue: Dialogue<T>) {
    this.#dialogue = dialogue
    this.#advance(undefined)
  }

  /** What the dialogue ended with. */
  get result(): T | undefined {
    return this.#result
  }

  /** Whether the dialogue is over; its result may be nothing. */
  get done(): boolean {
    return this.#need === undefined
  }

  /** The question that is open. */
  get question(): Ask | undefined {
    return this.#need && 'ask' in this.#need ? this.#need : undefined
  }

  /** A whole handshake message. Throws a `TlsError` or `DecodeError` where it is not one that may come now. */
  hear(bytes: Uint8Array): void {
    const wanted = this.#need && 'expect' in this.#need ? this.#need.expect : []
    const name = nameOfMessage(bytes)
    if (name === undefined || !wanted.includes(name)) {
      throw new TlsError('unexpected-message', `${name ?? `a message of type ${bytes[0]}`} came where ${wanted.join(' or ')} was expected`)
    }
    this.#advance(decodeMessage(name, bytes))
  }

  /** The answer to the open question. */
  answer(value: unknown): void {
    this.#advance(value)
  }

  /** Ends the dialogue where it stands, so that it erases its secrets. */
  stop(): void {
    this.#dialogue.return(undefined as T)
    this.#need = undefined
  }

  #advance(input: unknown): void {
    const step = this.#dialogue.next(input)
    this.#need = step.done ? undefined : step.value
    if (step.done) this.#result = step.value
  }
}
