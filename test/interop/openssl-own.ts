/** What only OpenSSL's programs can show: key logs, KeyUpdates of their own, and a server that ends first. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pattern } from '../node/pair.ts'
import { type Child, listeningPort, type Program, start } from './child.ts'
import { serveCommand, tassel } from './command.ts'
import { hash } from './contract/pairs.ts'
import { authority, scratch } from './credentials.ts'
import { clientArguments, serverArguments } from './openssl.ts'
import { connect, type Ours, serve } from './tassel.ts'

export function testOpenssl(program: Program): void {
  describe('key logs', () => {
    it('of our client and its server agree', async () => {
      const file = join(scratch(), 'server.keys')
      const lines: string[] = []
      const theirs = start(program, [...(await serverArguments({})), '-keylogfile', file])
      const ours = await connect(await listeningPort(theirs), { keyLog: line => lines.push(line) })
      await ours.connected()
      ours.stream.end()
      await theirs.ended
      expect(lines.sort()).toEqual(secretsIn(file))
    })

    it('of our server and its client agree', async () => {
      const file = join(scratch(), 'client.keys')
      const lines: string[] = []
      const server = await serve({ keyLog: line => lines.push(line) })
      const theirs = start(program, [...clientArguments(server.port, {}), '-keylogfile', file])
      await server.accepted
      theirs.stdin.end()
      await theirs.ended
      expect(lines.sort()).toEqual(secretsIn(file))
    })
  })

  it('exports the same keying material as our server', async () => {
    const server = await serve()
    const args = clientArguments(server.port, { verbose: true })
    const theirs = start(program, [...args, '-keymatexport', 'EXPORTER-test', '-keymatexportlen', '40'])
    const [, theirMaterial] = await theirs.stdout.said(/Keying material: ([0-9A-F]+)\n/)
    const { stream } = await server.accepted
    const ourMaterial = stream.exportKeyingMaterial('EXPORTER-test', undefined, 40)
    expect(Buffer.from(ourMaterial).toString('hex').toUpperCase()).toBe(theirMaterial)
  })

  describe('new keys of the peer', () => {
    // The command k renews the sending keys, K asks for the other side's too; a client's message leaves with its next data, a server's at once.
    for (const { command, directions } of [
      { command: 'k', directions: ['in'] },
      { command: 'K', directions: ['in', 'out'] },
    ]) {
      it(`come from its client by ${command}`, async () => {
        const server = await serve()
        const theirs = start(program, clientArguments(server.port, { verbose: true }))
        await theirs.stdout.said(/SSL handshake has read/)
        const ours = await server.accepted
        await renewed({ ours, theirs, command, directions, done: theirs.stderr.said(/KEYUPDATE/) })
      })

      it(`come from its server by ${command}`, async () => {
        const theirs = start(program, await serverArguments({ verbose: true }))
        const ours = await connect(await listeningPort(theirs))
        await ours.connected()
        await theirs.stdout.said(/CIPHER is/)
        await renewed({ ours, theirs, command, directions, done: once(ours.stream, 'keysUpdated') })
      })
    }
  })

  it('ends first, as a server that sends back every line reversed', async () => {
    const theirs = start(program, [...(await serverArguments({ verbose: true })), '-rev'])
    const ours = await connect(await listeningPort(theirs))
    ours.stream.write('abc\n')
    expect(String(await ours.inbox.take(4))).toBe('cba\n')
    ours.stream.write('CLOSE\n')
    expect(await ours.closed).toBeUndefined()
    expect(ours.stream.readableEnded).toBe(true)
  })

  it('verifies our server strictly by name and purpose', async () => {
    const server = await serve()
    const { certFile } = await authority()
    const args = ['-CAfile', certFile, '-verify_return_error', '-verify_hostname', 'localhost', '-purpose', 'sslserver', '-x509_strict']
    const theirs = start(program, [...clientArguments(server.port, { verbose: true }), ...args])
    await theirs.stdout.said(/Verify return code: 0 \(ok\)/)
    await server.accepted
  })
}

/** The command line against OpenSSL's. */
export function testCommand(program: Program): void {
  const data = pattern(2 ** 20)

  it('tassel connect carries data to and from its server', async () => {
    const { certFile } = await authority()
    const theirs = start(program, await serverArguments({}))
    const port = await listeningPort(theirs)
    const ours = start(tassel, ['connect', `127.0.0.1:${port}`, '--servername', 'localhost', '--ca', certFile, '--groups', 'P-384'])
    await ours.stderr.said(/connected in .*: TLSv1\.3 TLS_AES_128_GCM_SHA256 secp384r1 ecdsa_secp256r1_sha256, name localhost\n/)
    ours.stdin.write(data)
    theirs.stdin.write(data)
    expect(hash(await theirs.stdout.take(data.length))).toBe(hash(data))
    expect(hash(await ours.stdout.take(data.length))).toBe(hash(data))
    ours.stdin.end()
    expect(await ours.ended).toBe(0)
    expect(await theirs.ended).toBe(0)
  })

  it('tassel serve carries data to and from its client', async () => {
    const { certFile } = await authority()
    const ours = await serveCommand('--echo', '--alpn', 'echo')
    const theirs = start(program, clientArguments(ours.port, { alpn: ['echo'], ca: certFile }))
    theirs.stdin.write(data)
    expect(hash(await theirs.stdout.take(data.length))).toBe(hash(data))
    theirs.stdin.end()
    await ours.stderr.said(/^#1 .* closed: 1048576 bytes received, 1048576 sent\n/m)
    expect(await theirs.ended).toBe(0)
  })
}

interface Renewal {
  ours: Ours
  theirs: Child
  command: string
  /** When the program has obeyed: what is written before would be part of the command. */
  done: Promise<unknown>
  directions: readonly string[]
}

/** Renews the keys by the program's command, then sends data both ways. */
async function renewed({ ours, theirs, command, done, directions }: Renewal): Promise<void> {
  const seen: string[] = []
  ours.stream.on('keysUpdated', direction => seen.push(direction))
  theirs.stdin.write(`${command}\n`)
  await done
  theirs.stdin.write('hello\n')
  expect(String(await ours.inbox.take(6))).toBe('hello\n')
  ours.stream.write('and hello back\n')
  await theirs.stdout.said(/and hello back\n/)
  expect(seen).toEqual(directions)
}

function secretsIn(file: string): string[] {
  const lines = readFileSync(file, 'latin1').split('\n')
  return lines.filter(line => line !== '' && !line.startsWith('#')).sort()
}
