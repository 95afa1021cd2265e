/** Headless Chromium, told what to do over a pipe: pages that are open for as long as a test likes, and can be used as a person would. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { findProgram, type Program } from '../interop/child.ts'

export const chromium: Program = findProgram({
  name: 'chromium',
  command: ['chromium'],
  probe: ['--version'],
  hint: 'apt-get install chromium',
})

interface Answer {
  readonly id?: number
  readonly method?: string
  readonly sessionId?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly message: string }
}

/** The DevTools protocol: JSON texts with a zero behind each, on the file descriptors 3 and 4. */
export class Chromium {
  readonly #process: ChildProcess
  readonly #home: string
  readonly #out: Writable
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (reason: Error) => void }>()
  readonly #listeners = new Set<(event: Answer) => void>()
  readonly ended: Promise<void>
  #rest = ''
  #last = 0

  constructor() {
    if (chromium.missing !== undefined) throw new Error(chromium.missing)
    this.#home = mkdtempSync(join(tmpdir(), 'tassel-chromium-'))
    const [file] = chromium.command
    const args = [...quiet, `--user-data-dir=${join(this.#home, 'profile')}`, '--remote-debugging-pipe', 'about:blank']
    this.#process = spawn(file, args, {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOME: this.#home },
    })
    this.#out = this.#process.stdio[3] as Writable
    this.#out.on('error', () => {})
    const input = this.#process.stdio[4] as Readable
    input.setEncoding('utf8').on('data', (text: string) => this.#hear(text))
    this.ended = once(this.#process, 'exit').then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error('chromium has ended'))
    })
  }

  /** A page, once it is loaded. */
  async open(url: string): Promise<Page> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true })
    const page = new Page(this, String(sessionId))
    await page.load(url)
    return page
  }

  async send(method: string, params: object, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#last
    const answered = new Promise<Answer>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    this.#out.write(`${JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) })}\0`)
    const { result = {}, error } = await answered
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }

  /** Calls `listener` for each event of a page. */
  listen(sessionId: string, listener: (method: string, params: Readonly<Record<string, unknown>>) => void): void {
    this.#listeners.add(({ method, params = {}, sessionId: of }) => {
      if (method !== undefined && of === sessionId) listener(method, params)
    })
  }

  async close(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.send('Browser.close', {}).catch(() => {})
      const kill = setTimeout(() => this.#process.kill('SIGKILL'), 5_000)
      await this.ended
      clearTimeout(kill)
    }
    // The processes below it end a little later, and may still write.
    await rm(this.#home, { recursive: true, force: true, maxRetries: 20 })
  }

  #hear(text: string): void {
    const parts = (this.#rest + text).split('\0')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) {
      const answer = JSON.parse(part) as Answer
      const { id = 0 } = answer
      this.#waiting.get(id)?.resolve(answer)
      this.#waiting.delete(id)
      for (const listener of this.#listeners) listener(answer)
    }
  }
}

export class Page {
  readonly #chromium: Chromium
  readonly #session: string
  /** What the browser has complained about, such as violations of the page's security policy. */
  readonly complaints: string[] = []

  constructor(browser: Chromium, session: string) {
    this.#chromium = browser
    this.#session = session
  }

  async load(url: string): Promise<void> {
    const loaded = new Promise<void>(resolve => {
      this.#chromium.listen(this.#session, (method, params) => {
        if (method === 'Page.loadEventFired') resolve()
        if (method === 'Log.entryAdded') this.complaints.push(JSON.stringify(params))
      })
    })
    for (const domain of ['Page', 'Log', 'Runtime']) await this.#chromium.send(`${domain}.enable`, {}, this.#session)
    await this.#chromium.send('Page.navigate', { url }, this.#session)
    await loaded
  }

  /** What a JavaScript expression gives, or its promise resolves to, as JSON can carry it. */
  async evaluate(expression: string): Promise<unknown> {
    const asked = { expression, awaitPromise: true, returnByValue: true }
    const { result, exceptionDetails } = await this.#chromium.send('Runtime.evaluate', asked, this.#session)
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails))
    return (result as { readonly value?: unknown }).value
  }
}

/** No window, no GPU, and nothing over the network but what is asked for. */
const quiet = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
]
