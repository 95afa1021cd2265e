/** Table D of docs/coverage.md: the rows about runtimes that have no TLS, or none of their own. The whole suite for them is in `test/runtimes`. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { certificates, scratch } from '../drivers/scratch.ts'
import { describeWith, findProgram, listeningPort, start } from '../interop/child.ts'
import { bundle, root } from '../runtimes/bundle.ts'
import { startWorker, workerd } from '../runtimes/workerd.ts'

const table = 'D. `ring` in WASIX: the operations and the uses'
const openssl = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })

describeWith(openssl, table, () => {
  it('runs where the runtime has no TLS and no Node: a JavaScript engine inside WebAssembly', async () => {
    const { ca, stranger } = await certificates()
    const port = await startServer()
    const guest = join(scratch('guest'), 'guest.js')
    writeFileSync(guest, await bundle('examples/quickjs-guest.mjs', { global: 'guest' }))
    const fetch = (authority: string) => run('examples/quickjs.mjs', guest, 'localhost', `${port}`, authority)
    expect(await fetch(ca)).toMatch(agreed)
    expect(await fetch(stranger.ca)).toMatch(/^issuer-unknown: /)
  })
})

describeWith(workerd.missing === undefined ? openssl : workerd, table, () => {
  it('CDN and edge', async () => {
    const { ca, stranger } = await certificates()
    const port = await startServer()
    const ask = async (authority: string) => {
      const worker = await startWorker('examples/worker.mjs', { CA: readFileSync(authority, 'utf8') })
      const response = await fetch(`${worker}?host=localhost&port=${port}`)
      return { status: response.status, text: await response.text() }
    }
    expect(await ask(ca)).toEqual({ status: 200, text: expect.stringMatching(agreed) })
    expect(await ask(stranger.ca)).toEqual({ status: 502, text: expect.stringMatching(/^issuer-unknown: /) })
  })
})

/** OpenSSL's page about the connection that it was asked over. */
const agreed = /^HTTP\/1\.0 200 ok\r\n.*\n {4}Protocol {2}: TLSv1\.3\n {4}Cipher {4}: TLS_CHACHA20_POLY1305_SHA256\n/is

async function startServer(): Promise<number> {
  const { server } = await certificates()
  return listeningPort(start(openssl, ['s_server', '-accept', '127.0.0.1:0', '-www', '-tls1_3', '-cert', server.cert, '-key', server.key]))
}

/** What a program of this Node.js prints. */
function run(file: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: root, timeout: 60_000, killSignal: 'SIGKILL' } as const
    execFile(process.execPath, [file, ...args], options, (error, stdout) => (error ? reject(error) : resolve(stdout)))
  })
}
