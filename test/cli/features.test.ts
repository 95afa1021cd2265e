/** What the commands do beside a plain connection: new keys, exported ones, small records, algorithms that are off by default. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { pattern } from '../node/pair.ts'
import { converse, events, interrupt, killAll, run, type Serving, serve } from './command.ts'
import { type Files, writeCredentials } from './credentials.ts'

let folder: string
let files: Files
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tassel-features-'))
  files = await writeCredentials(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(killAll)

const find = (text: string, name: string) => events(text).filter(({ event }) => event === name)

describe.each([
  ['node', 'noble'],
  ['noble', 'node'],
])('With connect on %s and serve on %s', (ours, theirs) => {
  const serving = (...more: string[]) =>
    serve(['--cert', files.cert, '--key', files.key, '--echo', '--json', '--provider', theirs, ...more])
  const to = ({ port }: { port: number }, ...more: string[]) => [
    ...['connect', `127.0.0.1:${port}`, '--servername', 'localhost', '--ca', files.ca, '--provider', ours, '--json'],
    ...more,
  ]

  it('--key-update of either side changes the keys of both directions, and data goes on', async () => {
    for (const [client, server] of [
      [['--key-update'], []],
      [[], ['--key-update']],
    ] as const) {
      const started = await serving(...server)
      const { code, stdout, stderr } = await converse(to(started, ...client), 'under new keys')
      expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: 'under new keys' })
      const { stderr: served } = await interrupt(started)
      for (const text of [stderr, served]) {
        const directions = find(text, 'keys-updated').map(({ direction }) => direction)
        expect(directions.sort()).toEqual(['in', 'out'])
      }
    }
  })

  it('--export gives the same on both ends, and something else for another label', async () => {
    const exported = ['--export', 'EXPORTER-Tassel:test:40']
    const server = await serving(...exported)
    const same = await run(to(server, ...exported))
    const other = await run(to(server, '--export', 'EXPORTER-other:40'))
    const [first, second] = find((await interrupt(server)).stderr, 'exported')
    expect(find(same.stderr, 'exported')).toMatchObject([
      { label: 'EXPORTER-Tassel:test', length: 40, value: expect.stringMatching(/^[0-9a-f]{80}$/) },
    ])
    expect(find(same.stderr, 'exported')[0]?.value).toBe(first?.value)
    expect(find(other.stderr, 'exported')[0]?.value).not.toBe(second?.value)
  })

  it('--record-size-limit of either side bounds the records that it gets', async () => {
    for (const [client, server, expected] of [
      // The tag of the AEAD comes on top.
      [['--record-size-limit', '100'], [], { down: 116, up: expect.toSatisfy((size: number) => size > 1000) }],
      [['--record-size-limit', '16385'], ['--record-size-limit', '200'], { up: 216 }],
    ] as const) {
      const started = await serving(...server)
      const { port, longest, close } = await measuring(started)
      const { code, stdout } = await run(to({ port }, ...client), pattern(30_000))
      expect({ code, same: stdout.equals(pattern(30_000)) }).toEqual({ code: 0, same: true })
      expect(longest()).toMatchObject(expected)
      close()
      await interrupt(started)
    }
  })

  it('algorithms that are off by default are used where they are named', async () => {
    const named = ['--groups', 'SecP256r1MLKEM768', '--ciphers', 'AES-128-CCM']
    const server = await serving(...named)
    const { code, stderr } = await run(to(server, ...named, '--sigalgs', 'ed448,ecdsa_secp256r1_sha256'), 'x')
    expect(code).toBe(0)
    expect(find(stderr, 'connected')).toMatchObject([{ group: 'SecP256r1MLKEM768', cipherSuite: 'TLS_AES_128_CCM_SHA256' }])
    const plain = await run(to(server), 'x')
    expect(find(plain.stderr, 'failed')).toMatchObject([{ alert: 'handshake_failure', origin: 'peer' }])
  })
})

describe('For people, the commands tell', () => {
  it('of new keys and exported ones in a line each', async () => {
    const server = await serve(['--cert', files.cert, '--key', files.key, '--echo'])
    const args = ['connect', `127.0.0.1:${server.port}`, '--insecure', '--key-update', '--export', 'EXPORTER-x:4']
    const { stderr } = await run(args, 'x')
    expect(stderr).toMatch(/exported EXPORTER-x: [0-9a-f]{8}\n/)
    expect(stderr).toMatch(/keys updated: sending\n(.|\n)*keys updated: receiving\n/)
    expect(stderr).not.toContain('session')
  })
})

/** A relay before the server, and the length of the longest protected record that went through it each way. */
async function measuring({ port }: Serving) {
  const sent: { up: Buffer[]; down: Buffer[] } = { up: [], down: [] }
  const relay = createServer({ allowHalfOpen: true }, socket => {
    const onward = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {}).on('data', chunk => sent.up.push(chunk))
    onward.on('error', () => {}).on('data', chunk => sent.down.push(chunk))
    socket.pipe(onward).pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const longest = () => ({ up: longestRecord(Buffer.concat(sent.up)), down: longestRecord(Buffer.concat(sent.down)) })
  return { port: (relay.address() as AddressInfo).port, longest, close: () => void relay.close() }
}

function longestRecord(stream: Buffer): number {
  let longest = 0
  for (let at = 0; at + 5 <= stream.length; at += 5 + stream.readUInt16BE(at + 3)) {
    if (stream[at] === 23) longest = Math.max(longest, stream.readUInt16BE(at + 3))
  }
  return longest
}
