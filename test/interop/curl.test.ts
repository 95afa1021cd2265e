/** curl, which uses OpenSSL, as a client of HTTP. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pattern } from '../node/pair.ts'
import { describeWith, findProgram, start } from './child.ts'
import { serveCommand } from './command.ts'
import { hash } from './contract/pairs.ts'
import { authority, scratch, stranger } from './credentials.ts'
import { serveHttp } from './http.ts'
import { classicGroups, suites } from './peer.ts'
import { nodeProvider } from './tassel.ts'

const program = findProgram({ name: 'curl', command: ['curl'], probe: ['--version'], hint: 'apt-get install curl' })
const size = 8 * 2 ** 20

describeWith(program, 'curl', () => {
  const curl = async (...args: readonly string[]) => {
    const { certFile } = await authority()
    return start(program, ['--silent', '--show-error', '--tlsv1.3', '--max-time', '60', '--cacert', certFile, ...args])
  }

  it('fetches the page of tassel serve --http', async () => {
    const { port } = await serveCommand('--http')
    const theirs = await curl('--verbose', `https://localhost:${port}/`)
    expect(await theirs.ended).toBe(0)
    expect(theirs.stdout.text).toMatch(/protocol<td>TLSv1\.3\n.*cipher suite<td>TLS_AES_128_GCM_SHA256\n.*group<td>x25519\n/)
    expect(theirs.stderr.text).toContain('SSL connection using TLSv1.3 / TLS_AES_128_GCM_SHA256')
    expect(theirs.stderr.text).toContain('SSL certificate verify ok')
  })

  it('fetches twice over one connection', async () => {
    const { port, stderr } = await serveCommand('--http')
    const theirs = await curl(`https://localhost:${port}/first`, `https://localhost:${port}/second`)
    expect(await theirs.ended).toBe(0)
    expect(theirs.stdout.text).toMatch(/GET \/first HTTP.*GET \/second HTTP/s)
    await stderr.said(/^#1 .* closed: .*$/m)
    expect(stderr.text).not.toMatch(/^#2 /m)
  })

  for (const suite of suites) {
    for (const group of classicGroups) {
      it(`agrees on ${suite} and ${group} with tassel serve`, async () => {
        const { port } = await serveCommand('--http', '--ciphers', suite, '--groups', group)
        const curve = group.replace('secp256r1', 'prime256v1').replace('x', 'X')
        const theirs = await curl('--tls13-ciphers', suite, '--curves', curve, `https://localhost:${port}/`)
        expect(await theirs.ended).toBe(0)
        expect(theirs.stdout.text).toContain(`cipher suite<td>${suite}\n`)
        expect(theirs.stdout.text).toContain(`group<td>${group}\n`)
      })
    }
  }

  it('fetches 8 MiB', async () => {
    const { port } = await serveHttp()
    const theirs = await curl(`https://localhost:${port}/${size}`)
    expect(await theirs.ended).toBe(0)
    expect(hash(await theirs.stdout.rest())).toBe(hash(pattern(size)))
  })

  it('sends 8 MiB', async () => {
    const file = join(scratch(), 'upload')
    writeFileSync(file, pattern(size))
    const { port } = await serveHttp()
    const theirs = await curl('--data-binary', `@${file}`, `https://localhost:${port}/`)
    expect(await theirs.ended).toBe(0)
    expect(theirs.stdout.text).toBe(hash(pattern(size)))
  })

  it('authenticates itself', async () => {
    const { issue, certFile } = await authority()
    const client = await issue('RSA-2048')
    const { port } = await serveCommand('--http', '--client-auth', 'require', '--ca', certFile)
    const theirs = await curl('--cert', client.certFile, '--key', client.keyFile, `https://localhost:${port}/`)
    expect(await theirs.ended).toBe(0)
    expect(theirs.stdout.text).toContain('client<td>CN=localhost')
  })

  it('does not believe an unknown authority, and tells us', async () => {
    const identity = (await (await stranger()).issue('P-256')).identity(nodeProvider)
    const server = await serveHttp({ identity })
    const theirs = await curl(`https://localhost:${server.port}/1`)
    expect(await server.failed).toMatchObject({ code: 'peer-alert', alert: 'unknown_ca' })
    // CURLE_PEER_FAILED_VERIFICATION
    expect(await theirs.ended).toBe(60)
  })

  it('is turned away with TLS 1.2', async () => {
    const server = await serveHttp()
    const theirs = await curl('--tlsv1.2', '--tls-max', '1.2', `https://localhost:${server.port}/1`)
    expect(await server.failed).toMatchObject({ code: 'unsupported-version' })
    // CURLE_SSL_CONNECT_ERROR
    expect(await theirs.ended).toBe(35)
    expect(theirs.stderr.text).toContain('alert protocol version')
  })
})
