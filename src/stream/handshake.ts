/** What handshakes of both roles have in common. */
import type { AlertName } from '../error.ts'
import type { Connection, ConnectionInfo, Question } from '../types.ts'
import type { Reaction } from './driver.ts'
import type { Link } from './link.ts'
import { Steps } from './steps.ts'
import type { ByteStreams } from './transport.ts'

/**
 * A handshake that stands still until a step is taken, and again when the step is done: meanwhile nothing is read or written. Steps may be
 * left out, but for `finish`; each is taken at most once, and in their order. A call out of order throws `TypeError`, a step rejects with what failed.
 */
export abstract class StreamHandshake<Step extends string> {
  protected readonly link: Link
  protected readonly steps: Steps<Step | 'finish'>
  /** The question at which the step under way is done. */
  protected stop: Question['type'] | undefined

  constructor(link: Link, order: readonly Step[]) {
    this.link = link
    this.steps = new Steps([...order, 'finish'])
  }

  /** Goes on to the end. The streams carry the application's data from then on. */
  finish(): Promise<ByteStreams> {
    return this.steps.take('finish', async () => {
      const info = await this.advance(undefined)
      if (!info) throw new TypeError('the handshake stopped where nobody asked it to')
      return this.link.connected(info)
    })
  }

  /** Ends the handshake with an alert, `user_canceled` unless a reason is given; also while a step is under way. Resolves when it has left. */
  abort(reason?: AlertName): Promise<void> {
    this.steps.end('it was aborted')
    return this.link.abort(reason)
  }

  /** The engine, made at the first step. */
  protected abstract create(): Connection
  /** Answers what the last step stopped at. */
  protected abstract settle(held: Question): void
  protected abstract react(question: Question): Reaction

  /** Goes on to a question of this type, or to the end, where it gives what was agreed. What goes wrong on this side ends the connection too. */
  protected async advance(stop: Question['type'] | undefined): Promise<ConnectionInfo | undefined> {
    this.stop = stop
    if (!this.link.started) this.#start()
    const { driver } = this.link
    try {
      const { held } = driver
      driver.held = undefined
      if (held) this.settle(held)
      return await driver.handshake()
    } catch (error) {
      if (driver.failure === undefined && error instanceof Error) void this.link.abort('internal_error', error)
      throw error
    }
  }

  #start(): void {
    try {
      this.link.start(
        () => this.create(),
        question => this.react(question),
      )
    } catch (error) {
      // No other step can follow, and who called startTls has nothing but this error.
      void this.link.abort()
      throw error
    }
  }
}
