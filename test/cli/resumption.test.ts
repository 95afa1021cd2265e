/** Sessions in files, early data, and keys from outside of TLS, between the two commands. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { pattern } from '../node/pair.ts'
import { events, interrupt, killAll, run, type Serving, serve } from './command.ts'
import { type Files, writeCredentials } from './credentials.ts'

let folder: string
let files: Files
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tassel-resumption-'))
  files = await writeCredentials(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(killAll)

const find = (text: string, name: string) => events(text).filter(({ event }) => event === name)
const key = '00112233445566778899aabbccddeeff'

describe.each([
  ['node', 'noble'],
  ['noble', 'node'],
])('With connect on %s and serve on %s', (ours, theirs) => {
  const serving = (...more: string[]) =>
    serve(['--cert', files.cert, '--key', files.key, '--echo', '--json', '--provider', theirs, ...more])
  const to = ({ port }: Serving, ...more: string[]) => [
    ...['connect', `127.0.0.1:${port}`, '--servername', 'localhost', '--ca', files.ca, '--provider', ours, '--json'],
    ...more,
  ]
  /** A first connection, whose newest session is in the file. */
  const sessionFrom = async (server: Serving, ...more: string[]): Promise<string> => {
    const file = join(folder, `${ours}.session`)
    const { code, stderr } = await run(to(server, '--session-out', file, ...more), 'first')
    expect(code).toBe(0)
    expect(find(stderr, 'session').at(-1)).toMatchObject({ file })
    return file
  }

  it('a session in a file is resumed by another process', async () => {
    const server = await serving()
    const file = await sessionFrom(server)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const { code, stdout, stderr } = await run(to(server, '--session-in', file), 'second')
    expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: 'second' })
    expect(find(stderr, 'connected')).toMatchObject([{ resumed: true, signatureScheme: null, verified: true, peer: ['CN=localhost'] }])
    const { stderr: served } = await interrupt(server)
    expect(find(served, 'connected')).toMatchObject([{ resumed: false }, { resumed: true, earlyData: 'none' }])
  })

  it('early data is taken as far as it may go, and the rest follows', async () => {
    const server = await serving('--max-early-data', '1000')
    const file = await sessionFrom(server)
    const early = join(folder, 'early.bin')
    writeFileSync(early, pattern(1500))
    const { code, stdout, stderr } = await run(to(server, '--session-in', file, '--early-data', early), 'input')
    expect(code).toBe(0)
    expect(stdout.equals(Buffer.concat([pattern(1500), Buffer.from('input')]))).toBe(true)
    expect(find(stderr, 'connected')).toMatchObject([{ resumed: true, earlyData: 'accepted' }])
    expect(find(stderr, 'early-data')).toMatchObject([{ accepted: true, bytes: 1000, resent: 500 }])
    expect(find(stderr, 'closed')).toMatchObject([{ sent: 1505, received: 1505 }])
    const { stderr: served } = await interrupt(server)
    expect(find(served, 'early-data')).toMatchObject([{ connection: 2, accepted: true, bytes: 1000 }])
    expect(find(served, 'connected')[1]).toMatchObject({ earlyData: 'accepted' })
  })

  it('early data that the server rejects is sent once more, before the input', async () => {
    const server = await serving('--max-early-data', '1000')
    const file = await sessionFrom(server)
    await interrupt(server)
    // Another process has other ticket keys: it knows neither the session nor its early data.
    const other = await serving('--max-early-data', '1000')
    const early = join(folder, 'rejected.bin')
    writeFileSync(early, pattern(700))
    const { code, stdout, stderr } = await run(to(other, '--session-in', file, '--early-data', early), 'input')
    expect(code).toBe(0)
    expect(stdout.equals(Buffer.concat([pattern(700), Buffer.from('input')]))).toBe(true)
    expect(find(stderr, 'connected')).toMatchObject([{ resumed: false, earlyData: 'rejected' }])
    expect(find(stderr, 'early-data')).toMatchObject([{ accepted: false, bytes: 700, resent: 700 }])
    const { stderr: served } = await interrupt(other)
    expect(find(served, 'connected')).toMatchObject([{ earlyData: 'none' }])
    expect(find(served, 'early-data')).toEqual([])
  })

  it('early data of many records is passed over too', async () => {
    const server = await serving('--max-early-data', '500000')
    const file = await sessionFrom(server)
    await interrupt(server)
    const other = await serving('--max-early-data', '500000')
    const early = join(folder, 'much.bin')
    writeFileSync(early, pattern(400_000))
    const { code, stdout, stderr } = await run(to(other, '--session-in', file, '--early-data', early))
    expect(find(stderr, 'early-data')).toMatchObject([{ accepted: false, bytes: 400_000, resent: 400_000 }])
    expect({ code, same: stdout.equals(pattern(400_000)) }).toEqual({ code: 0, same: true })
  })

  it('early data that the session does not allow goes as ordinary data', async () => {
    const server = await serving()
    const file = await sessionFrom(server)
    const early = join(folder, 'not-allowed.bin')
    writeFileSync(early, 'not early ')
    const { stdout, stderr } = await run(to(server, '--session-in', file, '--early-data', early), 'input')
    expect(String(stdout)).toBe('not early input')
    expect(find(stderr, 'early-data')).toMatchObject([{ accepted: false, bytes: 0, resent: 10 }])
  })

  it('--tickets says how many sessions there are', async () => {
    for (const count of ['0', '3']) {
      const server = await serving('--tickets', count)
      const { stderr } = await run(to(server), 'x')
      expect(find(stderr, 'session')).toHaveLength(Number(count))
      await interrupt(server)
    }
  })

  it('a PSK proves both sides, without a certificate', async () => {
    const server = await serve(['--psk', `a:li:ce:${key}`, '--echo', '--json', '--provider', theirs])
    const { code, stdout, stderr } = await run(to(server, '--psk', `other:${key}`, '--psk', `a:li:ce:${key.toUpperCase()}`), 'by psk')
    expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: 'by psk' })
    const agreed = { pskIdentity: 'a:li:ce', resumed: false, signatureScheme: null, peer: [] }
    expect(find(stderr, 'connected')).toMatchObject([agreed])
    expect(find((await interrupt(server)).stderr, 'connected')).toMatchObject([agreed])
  })

  it('an imported PSK is told by the name it was given, and may be used alone', async () => {
    const psk = ['--psk-imported', `bob:${key}`, '--psk-modes', 'psk-ke']
    const server = await serve([...psk, '--echo', '--json', '--provider', theirs])
    const { code, stderr } = await run(to(server, ...psk), 'x')
    expect(code).toBe(0)
    expect(find(stderr, 'connected')).toMatchObject([{ pskIdentity: 'bob', group: null }])
    expect(find((await interrupt(server)).stderr, 'connected')).toMatchObject([{ pskIdentity: 'bob', group: null }])
  })

  it('a PSK with another key fails on both sides', async () => {
    const server = await serve(['--psk', `alice:${key}`, '--once', '--json', '--provider', theirs])
    const { code, stderr } = await run(to(server, '--psk', `alice:${'ff'.repeat(16)}`))
    expect(code).toBe(1)
    expect(find(stderr, 'failed')).toMatchObject([{ alert: 'decrypt_error', origin: 'peer' }])
    const served = await server.ended
    expect(served.code).toBe(1)
    expect(find(served.stderr, 'failed')).toMatchObject([{ code: 'bad-binder' }])
  })
})

describe('A session file', () => {
  const serving = (...more: string[]) => serve(['--cert', files.cert, '--key', files.key, '--echo', ...more])
  const to = ({ port }: Serving, ...more: string[]) => ['connect', `127.0.0.1:${port}`, '--servername', 'localhost', ...more]

  it('that others could read is for its owner alone once it holds a session, and loses what it held', async () => {
    const server = await serving()
    const file = join(folder, 'readable.session')
    writeFileSync(file, pattern(5000))
    chmodSync(file, 0o644)
    const { stderr } = await run(to(server, '--ca', files.ca, '--session-out', file))
    expect(stderr).toMatch(/session written to .*readable\.session, good until 20/)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const again = await run(to(server, '--ca', files.ca, '--session-in', file, '--session-out', file))
    expect(again.stderr).toContain('resumed')
    expect(readFileSync(file).length).toBeLessThan(5000)
  })

  it('of a connection that verified nothing is resumed with --insecure alone', async () => {
    const server = await serving()
    const file = join(folder, 'insecure.session')
    await run(to(server, '--insecure', '--session-out', file))
    expect((await run(to(server, '--ca', files.ca, '--session-in', file))).stderr).not.toContain('resumed')
    expect((await run(to(server, '--insecure', '--session-in', file))).stderr).toContain('resumed')
  })

  it('of another server, or of none, is wrong usage', async () => {
    const server = await serving()
    const file = join(folder, 'other.session')
    await run(to(server, '--ca', files.ca, '--session-out', file))
    const other = await run(['connect', 'example.org:443', '--session-in', file])
    expect(other).toMatchObject({ code: 2, stderr: expect.stringMatching(/--session-in .*: .*localhost.*example\.org/) })
    writeFileSync(file, readFileSync(file).subarray(0, 50))
    const cut = await run(['connect', 'localhost:443', '--session-in', file])
    expect(cut).toMatchObject({ code: 2, stderr: expect.stringMatching(/--session-in .*not a session/) })
  })
})
