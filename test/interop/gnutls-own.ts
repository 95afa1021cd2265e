/** What only GnuTLS's programs can show: new keys on command, and a server that ends first. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pattern } from '../node/pair.ts'
import { describeWith, listeningPort, type Program, start } from './child.ts'
import { hash } from './contract/pairs.ts'
import { authority, scratch } from './credentials.ts'
import { clientArguments, serverArguments } from './gnutls.ts'
import { serveHttp } from './http.ts'
import { connect, serve } from './tassel.ts'

const size = 8 * 2 ** 20

export function testGnutls({ server, client, wget }: { server: Program; client: Program; wget: Program }): void {
  it('renews its keys by ^rekey^, and asks for ours', async () => {
    const ours = await serve()
    const theirs = start(client, [...clientArguments(ours.port, {}), '--inline-commands'], { preamble: /- Simple Client Mode:\n\n/ })
    const { stream, inbox } = await ours.accepted
    const seen: string[] = []
    stream.on('keysUpdated', direction => seen.push(direction))
    theirs.stdin.write('before\n')
    expect(String(await inbox.take(7))).toBe('before\n')
    theirs.stdin.write('^rekey^\n')
    theirs.stdin.write('after\n')
    expect(String(await inbox.take(6))).toBe('after\n')
    expect(seen).toEqual(['in', 'out'])
    stream.write('and back\n')
    await theirs.stdout.said(/and back\n/)
  })

  it('ends first, as a server of a file of 8 MiB', async () => {
    const file = join(scratch(), 'data')
    writeFileSync(file, pattern(size))
    const args = (await serverArguments({})).filter(arg => arg !== '--echo')
    const theirs = start(server, [...args, '--http', '--httpdata', file])
    const { stream, inbox, closed } = await connect(await listeningPort(theirs))
    stream.write('GET / HTTP/1.0\r\n\r\n')
    expect(await closed).toBeUndefined()
    expect(stream.readableEnded).toBe(true)
    expect(hash((await inbox.rest()).subarray(-size))).toBe(hash(pattern(size)))
  })

  describeWith(wget, 'wget, which uses GnuTLS', () => {
    const run = async (...args: readonly string[]) => {
      const { certFile } = await authority()
      return start(wget, ['--ca-certificate', certFile, '--tries=1', '--no-verbose', '-O', '-', ...args])
    }

    it('fetches 8 MiB', async () => {
      const { port } = await serveHttp()
      const theirs = await run(`https://localhost:${port}/${size}`)
      expect(await theirs.ended).toBe(0)
      expect(hash(await theirs.stdout.rest())).toBe(hash(pattern(size)))
    })

    it('sends 8 MiB', async () => {
      const file = join(scratch(), 'upload')
      writeFileSync(file, pattern(size))
      const { port } = await serveHttp()
      const theirs = await run('--post-file', file, `https://localhost:${port}/`)
      expect(await theirs.ended).toBe(0)
      expect(theirs.stdout.text).toBe(hash(pattern(size)))
    })
  })
}
