/** How certificates go between the two commands: later, stapled, compressed, as raw keys, and as garbage. */
import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createNodeProvider, serveTls } from '../../src/node/index.ts'
import { privateKeyToPkcs8 } from '../../src/x509/index.ts'
import { pattern } from '../node/pair.ts'
import { converse, events, interrupt, killAll, run, type Serving, serve } from './command.ts'
import { type Files, writeCredentials } from './credentials.ts'

let folder: string
let files: Files
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tassel-certificates-'))
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
  const to = ({ port }: Serving, ...more: string[]) => [
    ...['connect', `127.0.0.1:${port}`, '--servername', 'localhost', '--provider', ours, '--json'],
    ...more,
  ]
  const trusting = (server: Serving, ...more: string[]) => to(server, '--ca', files.ca, ...more)
  const clientIdentity = () => ['--cert', files.clientCert, '--key', files.clientKey]

  it('a client that offers it is asked for its certificate once connected', async () => {
    const server = await serving('--post-handshake-auth', '--ca', files.ca)
    expect((await converse(trusting(server, ...clientIdentity(), '--post-handshake-auth'))).code).toBe(0)
    expect((await converse(trusting(server, '--post-handshake-auth'))).code).toBe(0)
    expect((await converse(trusting(server, ...clientIdentity()))).code).toBe(0)
    const { stderr } = await interrupt(server)
    expect(find(stderr, 'connected')).toMatchObject([{ peer: [] }, { peer: [] }, { peer: [] }])
    expect(find(stderr, 'peer-authenticated')).toMatchObject([
      { connection: 1, offered: true, peer: ['CN=client.example'], verified: true },
      { connection: 2, offered: true, peer: [], verified: false },
      { connection: 3, offered: false, peer: [], verified: false },
    ])
    expect(find(stderr, 'failed')).toEqual([])
  })

  it('a certificate of another authority after the handshake ends the connection', async () => {
    const server = await serving('--post-handshake-auth', '--ca', files.ca)
    const { code, stderr } = await converse(trusting(server, '--cert', files.otherCert, '--key', files.otherKey, '--post-handshake-auth'))
    expect(find(stderr, 'failed')).toMatchObject([{ alert: 'unknown_ca', origin: 'peer' }])
    expect(code).toBe(1)
  })

  it('a stapled OCSP response is shown to whoever asks for it', async () => {
    const ocsp = join(folder, 'response.der')
    const response = Buffer.concat([Buffer.of(0x30, 0x81, 0xc8), pattern(200)])
    writeFileSync(ocsp, response)
    const server = await serving('--ocsp', ocsp)
    const shown = async (args: string[]) => find((await run(args)).stderr, 'connected')[0]?.ocsp
    expect(await shown(trusting(server, '--request-ocsp'))).toBe(response.toString('base64'))
    expect(await shown(to(server, '--insecure', '--request-ocsp'))).toBe(response.toString('base64'))
    expect(await shown(trusting(server))).toBe(null)
  })

  it('certificates are compressed where both sides are told to', async () => {
    const server = await serving('--compress-certificates')
    const compressed = async (args: string[]) => find((await run(args)).stderr, 'connected')[0]
    expect(await compressed(trusting(server, '--compress-certificates'))).toMatchObject({ certificateCompressed: true, verified: true })
    expect(await compressed(trusting(server))).toMatchObject({ certificateCompressed: false, verified: true })
  })

  it('raw public keys are believed where --ca holds them, or with --insecure', async () => {
    const key = join(folder, 'server-key.pem')
    writeFileSync(key, createPublicKey(readFileSync(files.cert)).export({ type: 'spki', format: 'pem' }))
    const server = await serving('--certificate-types', 'X509,raw')
    const peer = async (args: string[]) => events((await run(args)).stderr)[0]
    const raw = { certificateType: 'RawPublicKey', peer: ['(raw public key)'] }
    expect(await peer(to(server, '--ca', key, '--certificate-types', 'raw'))).toMatchObject({ ...raw, verified: true })
    expect(await peer(to(server, '--insecure', '--certificate-types', 'raw'))).toMatchObject({ ...raw, verified: false })
    expect(await peer(trusting(server))).toMatchObject({ certificateType: 'X509', verified: true })
    expect(await peer(trusting(server, '--certificate-types', 'raw'))).toMatchObject({ event: 'failed', code: 'raw-key-unknown' })
  })

  it('a client may prove itself by a raw public key too', async () => {
    const key = join(folder, 'client-key-public.pem')
    writeFileSync(key, createPublicKey(readFileSync(files.clientCert)).export({ type: 'spki', format: 'pem' }))
    const server = await serving('--certificate-types', 'raw', '--client-auth', 'require', '--ca', key)
    const { code, stdout } = await run(to(server, '--insecure', '--certificate-types', 'raw', ...clientIdentity()), 'x')
    expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: 'x' })
    const { stderr } = await interrupt(server)
    expect(find(stderr, 'connected')).toMatchObject([{ certificateType: 'RawPublicKey', verified: true }])
  })
})

describe('A server whose certificate is garbage', () => {
  const crypto = createNodeProvider()
  const garbage = [
    ['nothing like DER', pattern(200)],
    ['a DER sequence of nothing', Uint8Array.of(0x30, 0)],
    ['half a certificate', undefined],
  ] as const

  it.each(garbage)('%s, ends connect with status 1 and the alert for it, --insecure or not', async (_, bytes) => {
    const key = crypto.importPrivateKey(privateKeyToPkcs8(readFileSync(files.key, 'utf8')))
    const whole = Buffer.from(readFileSync(files.cert, 'utf8').replace(/-----[A-Z ]+-----|\s/g, ''), 'base64')
    const chain = [bytes ?? new Uint8Array(whole.subarray(0, whole.length >> 1))]
    const told: unknown[] = []
    const server = serveTls({ identity: { chain, key }, onError: error => told.push(error) }, () => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    for (const trust of [['--insecure'], ['--ca', files.ca], ['--insecure', '--provider', 'noble']]) {
      const { code, stdout, stderr } = await run(
        ['connect', `127.0.0.1:${port}`, '--servername', 'localhost', '--json', ...trust],
        'secret',
      )
      expect({ code, stdout: String(stdout) }).toEqual({ code: 1, stdout: '' })
      expect(events(stderr)).toMatchObject([
        {
          event: 'failed',
          code: 'certificate-malformed',
          alert: 'bad_certificate',
          origin: 'local',
          message: expect.stringMatching(/certificate/),
        },
      ])
    }
    server.close()
    await once(server, 'close')
    expect(told).toMatchObject(Array(3).fill({ code: 'peer-alert', alert: 'bad_certificate' }))
  })
})
