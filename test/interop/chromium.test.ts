/** Headless Chromium, whose TLS is BoringSSL's, as a client of HTTP. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pattern } from '../node/pair.ts'
import { describeWith, findProgram, start } from './child.ts'
import { serveCommand } from './command.ts'
import { hash } from './contract/pairs.ts'
import { authority, scratch, type TestAuthority } from './credentials.ts'
import { serveHttp } from './http.ts'

const program = findProgram({ name: 'chromium', command: ['chromium'], probe: ['--version'], hint: 'apt-get install chromium' })
const certutil = findProgram({ name: 'certutil', command: ['certutil'], probe: ['--build-flags'], hint: 'apt-get install libnss3-tools' })
const size = 8 * 2 ** 20

describeWith(program.missing === undefined ? certutil : program, 'Chromium', () => {
  it('shows the page of tassel serve --http, and agrees on the hybrid group', async () => {
    const { port } = await serveCommand('--http')
    const { page } = await dump(`https://localhost:${port}/`, await authority())
    expect(page).toMatch(/protocol<\/th><td>TLSv1\.3\n.*cipher suite<\/th><td>TLS_AES_128_GCM_SHA256\n.*group<\/th><td>X25519MLKEM768\n/)
    expect(page).toMatch(/server name<\/th><td>localhost\n/)
  })

  it('retries with P-384 where we have nothing else', async () => {
    const { port } = await serveCommand('--http', '--groups', 'P-384')
    const { page } = await dump(`https://localhost:${port}/`, await authority())
    expect(page).toMatch(/group<\/th><td>secp384r1\n.*hello retry<\/th><td>yes\n/s)
  })

  it('fetches and sends 8 MiB', async () => {
    const { port } = await serveHttp()
    const { page } = await dump(`https://localhost:${port}/page?${size}`, await authority())
    expect(page).toContain(`fetched ${hash(pattern(size))}, sent ${hash(pattern(size))}`)
  })

  it('does not believe an unknown authority, and tells us', async () => {
    const server = await serveHttp()
    const { page, log } = await dump(`https://localhost:${server.port}/page?1`, undefined)
    expect(await server.failed).toMatchObject({ code: 'peer-alert', alert: 'certificate_unknown' })
    expect(page).not.toContain('<p>')
    // ERR_CERT_AUTHORITY_INVALID
    expect(log).toContain('net_error -202')
  })
})

/** The document of a page, once its scripts have run. `ca` is imported into the browser's own store of authorities. */
async function dump(url: string, ca: TestAuthority | undefined): Promise<{ page: string; log: string }> {
  const home = mkdtempSync(join(scratch(), 'chromium-'))
  const store = join(home, '.pki', 'nssdb')
  mkdirSync(store, { recursive: true })
  execFileSync('certutil', ['-d', `sql:${store}`, '-N', '--empty-password'])
  if (ca) execFileSync('certutil', ['-d', `sql:${store}`, '-A', '-t', 'C,,', '-n', 'interop', '-i', ca.certFile])
  const child = start(program, [...quiet, `--user-data-dir=${join(home, 'profile')}`, '--dump-dom', url], { home })
  expect(await child.ended, child.stderr.text).toBe(0)
  return { page: child.stdout.text, log: child.stderr.text }
}

/** No window, no GPU, and nothing over the network but what is asked for. */
const quiet = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--virtual-time-budget=30000',
]
