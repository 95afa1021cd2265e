import type { CipherSuite } from '../crypto/provider.ts'
import type { Agreed, Epoch, Io } from '../handshake/dialogue.ts'
import type { PostIo } from '../handshake/post.ts'
import type { CommonOptions, Session, TlsEvent } from '../types.ts'
import { annotateMessage, type MessageName } from '../wire/messages.ts'
import type { EarlyData } from './early-data.ts'
import type { Input } from './input.ts'
import type { Output } from './output.ts'

interface Parts {
  readonly input: Input
  readonly output: Output
  readonly early: EarlyData
  readonly events: TlsEvent[]
  readonly trace: CommonOptions['trace']
}

/** What messages have an effect on: the two directions, early data, and the queue of events. */
export class Effects implements PostIo {
  readonly #input: Input
  readonly #output: Output
  readonly #early: EarlyData
  readonly #events: TlsEvent[]
  readonly #trace: CommonOptions['trace']
  /** What was agreed on so far; let go of when the handshake is over. */
  agreed: Partial<Agreed> | undefined

  constructor({ input, output, early, events, trace }: Parts) {
    this.#input = input
    this.#output = output
    this.#early = early
    this.#events = events
    this.#trace = trace
  }

  /** Those of a handshake: functions that may be taken out of the object. They end with it; an idle connection does without. */
  forHandshake(): Io {
    return {
      send: (name, bytes) => this.send(name, bytes),
      changeCipherSpec: () => {
        if (this.#output.changeCipherSpec()) this.trace('out', 'change_cipher_spec', Uint8Array.of(1))
      },
      keys: (direction, epoch, suite, secret) => this.keys(direction, epoch, suite, secret),
      limitRecords: (direction, size) => this.#way(direction).limitRecords(size),
      earlyExporter: (hash, secret) => this.#early.setExporter(hash, secret),
      earlyDataResult: accepted => {
        if (!accepted) this.#output.dropKeys()
        this.#events.push({ type: 'early-data-result', accepted, unsent: this.#early.settle(accepted) })
      },
      agreed: part => {
        this.agreed = { ...this.agreed, ...part }
      },
      retryRequested: () => this.#events.push({ type: 'retry-requested' }),
      skipEarlyData: () => this.#input.skipEarlyData(),
    }
  }

  get maySend(): boolean {
    return !this.#output.ended && this.#output.room > 0
  }

  send(name: MessageName, bytes: Uint8Array): void {
    // Nothing follows close_notify (RFC 9846 §6.1): neither may the answer to a question that was still open then.
    if (this.#output.ended) return
    this.trace('out', name, bytes)
    this.#output.message(bytes)
  }

  keys(direction: 'in' | 'out', epoch: Epoch, suite: CipherSuite, secret: Uint8Array): void {
    this.#way(direction).useKeys(epoch, suite, secret)
  }

  keysUpdated(direction: 'in' | 'out'): void {
    this.#events.push({ type: 'keys-updated', direction })
  }

  session(session: Session): void {
    this.#events.push({ type: 'session', session })
  }

  /** Tells the option `trace`, if there is one. `kind`: a message's name, `alert`, `change_cipher_spec`; `undefined`: a message without a name. */
  trace(direction: 'in' | 'out', kind: string | undefined, bytes: Uint8Array): void {
    if (!this.#trace) return
    const message = kind !== 'alert' && kind !== 'change_cipher_spec'
    this.#trace({
      direction,
      kind: kind ?? `unknown (${bytes[0]})`,
      bytes,
      // Not everyone who listens reads it, and it is what costs.
      get fields() {
        return message ? annotateMessage(bytes) : []
      },
    })
  }

  #way(direction: 'in' | 'out'): Input | Output {
    return direction === 'in' ? this.#input : this.#output
  }
}
