/** examples/relay: a page in Chromium that speaks TLS itself with a server that a browser can't reach, through a relay that can't read. */
import { execFileSync } from 'node:child_process'
import { createServer as createHttpsServer } from 'node:https'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { mintAuthority } from '../../src/testing/index.ts'
import { describeWith } from '../interop/child.ts'
import { Chromium, chromium } from './chromium.ts'
import { startRelay } from './relay.ts'
import { listen, recordsOf, startWire } from './wire.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const answer = 'What was found is nobody else’s business. '.repeat(5000)

const isViolation = (text: string): boolean => /Security Policy/i.test(text)

describeWith(chromium, 'A page that speaks TLS, through a relay', () => {
  let browser: Chromium
  let authority: Awaited<ReturnType<typeof mintAuthority>>
  beforeAll(async () => {
    // As examples/relay/README.md has it.
    const bundle = ['examples/relay/page.mjs', '--file', 'examples/relay/page.bundle.js', '--minify']
    execFileSync(process.execPath, [`${root}node_modules/rolldown/bin/cli.mjs`, ...bundle], { cwd: root, stdio: 'pipe' })
    authority = await mintAuthority({ name: 'Relay Tests' })
    browser = new Chromium()
  })
  afterAll(() => browser?.close())

  /** Node's own TLS as the server. */
  async function serve() {
    const { certificatePem: cert, privateKeyPem: key } = await authority.issue({ names: ['localhost'] })
    const asked: string[] = []
    const alerts: string[] = []
    const server = createHttpsServer({ cert, key, minVersion: 'TLSv1.3' }, (request, response) => {
      asked.push(`${request.method} ${request.url} for ${request.headers.host}`)
      // In pieces of no stated length, which HTTP/1.1 sends as chunks.
      response.writeHead(200, { 'content-type': 'text/plain' })
      for (let at = 0; at < answer.length; at += 30_000) response.write(answer.slice(at, at + 30_000))
      response.end()
    })
    server.on('tlsClientError', error => alerts.push(error.message))
    return { port: await listen(server), asked, alerts }
  }

  /** Fills in the form, as a person would, and waits for what comes of it. */
  async function ask(relay: string, url: string, roots: string): Promise<Record<string, string>> {
    const page = await browser.open(relay)
    const shown = await page.evaluate(`(async () => {
      const form = document.querySelector('form')
      form.elements.url.value = ${JSON.stringify(url)}
      form.elements.roots.value = ${JSON.stringify(roots)}
      form.querySelector('button').click()
      const text = id => document.getElementById(id).textContent
      while (!['done', 'failed'].includes(text('state'))) await new Promise(resolve => setTimeout(resolve, 5))
      return Object.fromEntries(['state', 'error', 'connection', 'status', 'body'].map(id => [id, text(id)]))
    })()`)
    expect(page.complaints.filter(isViolation)).toEqual([])
    return shown as Record<string, string>
  }

  it('fetches what a server has whose chain it has judged, and the relay sees ciphertext only', async () => {
    const server = await serve()
    const wire = await startWire(server.port)
    const relay = await startRelay(`localhost:${wire.port}`)
    const shown = await ask(relay.page, `https://localhost:${wire.port}/a-secret-question?of=mine`, authority.certificatePem)
    expect(shown).toMatchObject({ state: 'done', error: '', status: 'HTTP/1.1 200 OK', body: answer })
    expect(shown.connection).toMatch(/^TLSv1\.3, TLS_\S+, \S+\nCN=localhost$/)
    expect(server.asked).toEqual([`GET /a-secret-question?of=mine for localhost:${wire.port}`])

    const [sent, received] = [wire.seen('to server'), wire.seen('to client')]
    expect(received.length).toBeGreaterThan(Buffer.byteLength(answer))
    for (const text of ['a-secret-question', 'GET ', 'HTTP/1.1', 'Host:', 'nobody else', 'text/plain', 'CN=', 'Relay Tests']) {
      expect([text, sent.includes(text), received.includes(text)]).toEqual([text, false, false])
    }
    // That the search would find something: the name of the server is what TLS 1.3 tells in the clear.
    expect(sent.includes('localhost')).toBe(true)
    // After the hellos, every record looks like application data, but for the change_cipher_spec that old middleboxes want.
    const types = (bytes: Buffer) => recordsOf(bytes).map(({ type }) => type)
    expect(types(sent)).toMatchObject([
      22,
      20,
      ...types(sent)
        .slice(2)
        .map(() => 23),
    ])
    expect(types(received)).toMatchObject([
      22,
      20,
      ...types(received)
        .slice(2)
        .map(() => 23),
    ])
    expect(types(sent).length).toBeGreaterThan(3)
    expect(types(received).length).toBeGreaterThan(10)
  })

  it.each([
    ['in the handshake', 600],
    ['in the answer', 50_000],
  ])('fails where the relay changes one bit %s', async (_where, place) => {
    const server = await serve()
    const wire = await startWire(server.port, (direction, chunk, from) => {
      const at = place - from
      if (direction === 'to client' && at >= 0 && at < chunk.length) chunk[at] = (chunk[at] ?? 0) ^ 1
    })
    const relay = await startRelay(`localhost:${wire.port}`)
    const shown = await ask(relay.page, `https://localhost:${wire.port}/`, authority.certificatePem)
    expect(shown).toMatchObject({ state: 'failed', body: '', status: '' })
    expect(shown.error).toMatch(/^TlsError bad-record-mac: /)
  })

  it('shows nothing of an answer that the relay cuts short', async () => {
    const server = await serve()
    const wire = await startWire(server.port, (direction, _chunk, from) => (direction === 'to client' && from > 50_000 ? 'cut' : undefined))
    const relay = await startRelay(`localhost:${wire.port}`)
    const shown = await ask(relay.page, `https://localhost:${wire.port}/`, authority.certificatePem)
    expect(shown).toMatchObject({ state: 'failed', body: '', status: '' })
    expect(shown.error).toMatch(/^TlsError truncated: /)
  })

  it('believes no server whose chain leads to an unknown root, and tells it nothing', async () => {
    const server = await serve()
    const relay = await startRelay(`localhost:${server.port}`)
    const strangers = [(await mintAuthority({ name: 'Another' })).certificatePem, '']
    for (const roots of strangers) {
      const shown = await ask(relay.page, `https://localhost:${server.port}/secret`, roots)
      expect(shown).toMatchObject({ state: 'failed', body: '', connection: '' })
      expect(shown.error).toMatch(/^CertificateError issuer-unknown: /)
    }
    // The page knows before its word has come through the relay.
    await vi.waitFor(() => expect(server.alerts).toEqual(strangers.map(() => expect.stringMatching(/alert unknown ca/))), {
      timeout: 10_000,
    })
    expect(server.asked).toEqual([])
  })

  it('believes no server of another name', async () => {
    const server = await serve()
    const relay = await startRelay(`127.0.0.1:${server.port}`)
    const shown = await ask(relay.page, `https://127.0.0.1:${server.port}/`, authority.certificatePem)
    expect(shown.error).toMatch(/^CertificateError certificate-name-mismatch: /)
    expect(server.asked).toEqual([])
  })

  it('is held to its own relay by a policy that it does not break', async () => {
    const relay = await startRelay()
    const page = await browser.open(relay.page)
    expect(await page.evaluate(`fetch('http://localhost:1/').catch(error => error.name)`)).toBe('TypeError')
    await vi.waitFor(() => expect(page.complaints).toContainEqual(expect.stringContaining('connect-src')))
  })

  it('does not reach what the relay does not allow', async () => {
    const server = await serve()
    const relay = await startRelay('localhost:1')
    const shown = await ask(relay.page, `https://localhost:${server.port}/`, authority.certificatePem)
    expect(shown).toMatchObject({ state: 'failed', error: 'TransportError ERR_WEBSOCKET: the WebSocket did not open' })
    expect(server.alerts).toEqual([])
  })
})
