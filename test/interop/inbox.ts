/** What comes out of a stream, kept until a test asks for it: a stream that is read all the time never blocks who writes. */
import type { Readable } from 'node:stream'

export class Inbox {
  #chunks: Buffer[] = []
  #length = 0
  #over: Error | undefined
  #wake: (() => void)[] = []
  #preamble = ''
  #waitsFor: RegExp | undefined

  /** `preamble`: a text that ends with this comes before the data. It is part of what was said, and not of what can be taken. */
  constructor(source: Readable, name: string, options: { preamble?: RegExp | undefined } = {}) {
    this.#waitsFor = options.preamble
    const over = (why: string, cause?: Error) => {
      this.#over ??= new Error(`${name} ${why}`, { cause })
      this.#woken()
    }
    source.on('data', (chunk: Buffer) => {
      this.#add(chunk)
      this.#woken()
    })
    source.on('end', () => over('has ended'))
    source.on('error', error => over(`failed: ${error.message}`, error))
    source.on('close', () => over('was closed'))
  }

  /** The next `size` bytes. Rejects where the stream is over before. */
  async take(size: number): Promise<Buffer> {
    return this.#until(() => {
      if (this.#length < size || this.#waitsFor !== undefined) return undefined
      const all = Buffer.concat(this.#chunks)
      this.#chunks = [all.subarray(size)]
      this.#length -= size
      return all.subarray(0, size)
    }, `${size} bytes`)
  }

  /** All that is left, once the stream is over. */
  async rest(): Promise<Buffer> {
    return this.#until(() => (this.#over === undefined ? undefined : Buffer.concat(this.#chunks)), 'the end')
  }

  /** The first match in what has come and was not taken. Rejects where the stream is over before. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#until(() => pattern.exec(this.text) ?? undefined, String(pattern))
  }

  /** What has come and was not taken. */
  get text(): string {
    return this.#preamble + Buffer.concat(this.#chunks).toString('latin1')
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    const end = this.#waitsFor?.exec(this.text)
    if (!end) return
    const length = end.index + end[0].length
    this.#preamble = this.text.slice(0, length)
    this.#chunks = [Buffer.concat(this.#chunks).subarray(length)]
    this.#length -= length
    this.#waitsFor = undefined
  }

  async #until<T>(look: () => T | undefined, wanted: string): Promise<T> {
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (this.#over !== undefined)
        throw new Error(`${this.#over.message} before ${wanted}; it said: ${this.text.slice(-2000)}`, { cause: this.#over.cause })
      await new Promise<void>(resolve => this.#wake.push(resolve))
    }
  }

  #woken(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}
