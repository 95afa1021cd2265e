import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectTcp, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { pattern } from '../node/pair.ts'
import { events, interrupt, killAll, run, type Serving, serve, start } from './command.ts'
import { type Files, writeCredentials } from './credentials.ts'

let folder: string
let files: Files
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tassel-cli-'))
  files = await writeCredentials(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(killAll)

const identity = () => ['--cert', files.cert, '--key', files.key]
const address = ({ port }: Serving) => `127.0.0.1:${port}`
const trusting = (server: Serving) => ['connect', address(server), '--servername', 'localhost', '--ca', files.ca]

describe('tassel connect and tassel serve', () => {
  it('carry 8 MiB through standard input and output both ways', async () => {
    const server = await serve([...identity(), '--echo'])
    const data = pattern(8 * 2 ** 20)
    const { code, stdout, stderr } = await run(trusting(server), data)
    expect(stderr).toContain('closed: 8388608 bytes received, 8388608 sent')
    expect(code).toBe(0)
    expect(stdout.equals(data)).toBe(true)
  })

  it('say what was agreed, for people', async () => {
    const server = await serve([...identity(), '--echo', '--alpn', 'x,y'])
    const { stderr } = await run([...trusting(server), '--alpn', 'y', '--groups', 'P-256', '--ciphers', 'aes-256-gcm'])
    expect(stderr).toMatch(/connected in .* ms: TLSv1.3 TLS_AES_256_GCM_SHA384 secp256r1 ecdsa_secp256r1_sha256, alpn y, name localhost/)
    expect(stderr).toMatch(/certificate 0: .*localhost.*\(verified\)/)
    const { stderr: served } = await interrupt(server)
    expect(served).toMatch(/^#1 127\.0\.0\.1:\d+: connected/)
  })

  it('say what was agreed, as JSON', async () => {
    const server = await serve([...identity(), '--echo', '--json'])
    const { code, stderr } = await run([...trusting(server), '--json', '--alpn', 'a'], 'hello')
    expect(code).toBe(0)
    const [connected, first, second, closed, ...more] = events(stderr)
    expect(more).toEqual([])
    expect([first, second]).toMatchObject([{ event: 'session' }, { event: 'session' }])
    expect(connected).toMatchObject({
      event: 'connected',
      protocol: 'TLSv1.3',
      alpn: null,
      serverName: 'localhost',
      resumed: false,
      verified: true,
    })
    expect(connected?.peer).toEqual([expect.stringContaining('localhost')])
    expect(closed).toMatchObject({ event: 'closed', received: 5, sent: 5 })
    const { code: interrupted, stdout, stderr: notes } = await interrupt(server)
    expect(interrupted).toBe(0)
    expect(events(String(stdout))).toEqual([{ event: 'listening', host: '127.0.0.1', port: server.port }])
    expect(events(notes).map(({ event, connection }) => [event, connection])).toEqual([
      ['connected', 1],
      ['closed', 1],
    ])
  })

  it('work on either provider', async () => {
    for (const [ours, theirs] of [
      ['node', 'noble'],
      ['noble', 'node'],
      ['noble', 'noble'],
    ] as const) {
      const server = await serve([...identity(), '--echo', '--provider', theirs])
      const { code, stdout } = await run([...trusting(server), '--provider', ours], 'across providers')
      expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: 'across providers' })
      await interrupt(server)
    }
  })

  it('retry the hello where the server wants another group', async () => {
    const server = await serve([...identity(), '--echo', '--groups', 'p384'])
    const { code, stderr } = await run([...trusting(server), '--groups', 'x25519,P-384', '--json'])
    expect(code).toBe(0)
    expect(events(stderr)[0]).toMatchObject({ group: 'secp384r1', retried: true })
  })

  it('agree on an application protocol, or fail with the alert for it', async () => {
    const server = await serve([...identity(), '--echo', '--alpn', 'h2,http/1.1'])
    const agreed = await run([...trusting(server), '--alpn', 'http/1.1', '--json'])
    expect(events(agreed.stderr)[0]).toMatchObject({ alpn: 'http/1.1' })
    const refused = await run([...trusting(server), '--alpn', 'spdy/3', '--json'])
    expect(refused.code).toBe(1)
    expect(events(refused.stderr)).toMatchObject([
      { event: 'failed', alert: 'no_application_protocol', origin: 'peer', code: 'peer-alert' },
    ])
  })

  it('write a key log in the NSS format that is the same on both sides', async () => {
    const [ours, theirs] = [join(folder, 'client.log'), join(folder, 'server.log')]
    const server = await serve([...identity(), '--echo', '--keylog', theirs])
    await run([...trusting(server), '--keylog', ours])
    await interrupt(server)
    const lines = readFileSync(ours, 'utf8').trimEnd().split('\n')
    expect(lines.sort()).toEqual(readFileSync(theirs, 'utf8').trimEnd().split('\n').sort())
    expect(lines.map(line => line.split(' ')[0])).toEqual(
      expect.arrayContaining([
        'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
        'SERVER_HANDSHAKE_TRAFFIC_SECRET',
        'CLIENT_TRAFFIC_SECRET_0',
        'SERVER_TRAFFIC_SECRET_0',
      ]),
    )
    for (const line of lines) expect(line).toMatch(/^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]{64,96}$/)
  })
})

describe('Certificates', () => {
  it('of an unknown authority end the connection with status 1 and the code', async () => {
    const server = await serve([...identity(), '--echo'])
    const { code, stdout, stderr } = await run(['connect', address(server), '--servername', 'localhost', '--ca', files.otherCa, '--json'])
    expect({ code, stdout: String(stdout) }).toEqual({ code: 1, stdout: '' })
    expect(events(stderr)).toMatchObject([{ event: 'failed', alert: 'unknown_ca', origin: 'local', code: 'issuer-unknown' }])
    const { stderr: served } = await interrupt(server)
    expect(served).toContain('the peer sent unknown_ca')
  })

  it('are not believed without a CA that Node.js ships', async () => {
    const server = await serve([...identity(), '--echo'])
    const { code, stderr } = await run(['connect', address(server), '--servername', 'localhost'])
    expect(stderr).toContain('issuer-unknown')
    expect(code).toBe(1)
  })

  it('for another name end the connection with status 1', async () => {
    const server = await serve([...identity(), '--echo'])
    const { code, stderr } = await run(['connect', address(server), '--servername', 'example.org', '--ca', files.ca, '--json'])
    expect(code).toBe(1)
    expect(events(stderr)).toMatchObject([{ event: 'failed', code: 'certificate-name-mismatch' }])
  })

  it('are believed whatever they are with --insecure, which the summary says', async () => {
    const server = await serve([...identity(), '--echo'])
    const { code, stdout, stderr } = await run(['connect', address(server), '--insecure'], 'hi')
    expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: 'hi' })
    expect(stderr).toContain('NOT VERIFIED')
  })

  it('made on the spot can be written to a file and trusted from there', async () => {
    const out = join(folder, 'self-signed.pem')
    for (const provider of ['node', 'noble']) {
      const server = await serve(['--self-signed', 'my.example', '--cert-out', out, '--echo', '--provider', provider])
      const { code, stdout, stderr } = await run(['connect', address(server), '--servername', 'my.example', '--ca', out], 'trusted')
      expect(stderr).toContain('(verified)')
      expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: 'trusted' })
      await interrupt(server)
    }
  })

  it('of clients are required with --client-auth require', async () => {
    const server = await serve([...identity(), '--echo', '--client-auth', 'require', '--ca', files.ca, '--json'])
    const without = await run([...trusting(server), '--json'])
    expect(without.code).toBe(1)
    expect(events(without.stderr)).toContainEqual(
      expect.objectContaining({ event: 'failed', alert: 'certificate_required', origin: 'peer' }),
    )
    const withOne = await run([...trusting(server), '--cert', files.clientCert, '--key', files.clientKey], 'let me in')
    expect({ code: withOne.code, stdout: String(withOne.stdout) }).toEqual({ code: 0, stdout: 'let me in' })
    const { stderr } = await interrupt(server)
    expect(events(stderr)).toMatchObject([
      { event: 'failed', connection: 1, code: 'certificate-required' },
      { event: 'connected', connection: 2, peer: [expect.stringContaining('client')], verified: true },
      { event: 'closed', connection: 2 },
    ])
  })

  it('of clients may be missing with --client-auth request, but not wrong', async () => {
    const server = await serve([...identity(), '--echo', '--client-auth', 'request', '--ca', files.ca])
    expect((await run(trusting(server), 'anonymous')).code).toBe(0)
    const wrong = await run([...trusting(server), '--cert', files.otherCert, '--key', files.otherKey, '--json'])
    expect(wrong.code).toBe(1)
    expect(events(wrong.stderr)).toContainEqual(expect.objectContaining({ event: 'failed', alert: 'unknown_ca', origin: 'peer' }))
  })
})

describe('tassel serve', () => {
  it('serves one connection with --once: standard input to it, its data to standard output', async () => {
    const server = await serve([...identity(), '--once'])
    const client = start(trusting(server))
    server.child.stdin.end('from the server')
    client.child.stdin.end('from the client')
    const [atServer, atClient] = await Promise.all([server.ended, client.ended])
    expect([atServer.code, atClient.code]).toEqual([0, 0])
    expect(String(atClient.stdout)).toBe('from the server')
    expect(String(atServer.stdout)).toBe(`listening on 127.0.0.1:${server.port}\nfrom the client`)
  })

  it('sends all of its input with --once, though the client ended first', async () => {
    const server = await serve([...identity(), '--once'])
    const data = pattern(3_000_000)
    const { ended } = server
    const got = run(trusting(server))
    server.child.stdin.end(data)
    const { code, stdout } = await got
    expect(code).toBe(0)
    expect(stdout.equals(data)).toBe(true)
    expect((await ended).code).toBe(0)
  })

  it('does not wait for ever for input that nobody ends', async () => {
    const server = await serve([...identity(), '--once'])
    const { code, stderr } = await run(trusting(server), 'done')
    expect(stderr).toContain('closed: 0 bytes received, 4 sent')
    expect(code).toBe(0)
    expect(String((await server.ended).stdout)).toMatch(/\ndone$/)
  })

  it('ends with the status of its one connection', async () => {
    const server = await serve([...identity(), '--once', '--json'])
    await run(['connect', address(server), '--servername', 'localhost', '--ca', files.otherCa])
    const { code, stderr } = await server.ended
    expect(code).toBe(1)
    expect(events(stderr)).toMatchObject([{ event: 'failed', alert: 'unknown_ca', origin: 'peer' }])
  })

  it('loses nothing but their own connections to bad clients', async () => {
    const server = await serve([...identity(), '--echo', '--json'])
    const steady = start(trusting(server))
    steady.child.stdin.write('before, ')
    await once(steady.child.stdout, 'data')

    const garbage = connectTcp(server.port, '127.0.0.1')
    garbage.end('this is not TLS at all\r\n')
    expect((await buffer(garbage)).subarray(0, 3)).toEqual(Buffer.of(21, 3, 3))
    const silent = connectTcp(server.port, '127.0.0.1')
    await once(silent, 'connect')
    silent.destroy()
    // The start of a ClientHello's record, and no more.
    const half = connectTcp(server.port, '127.0.0.1')
    half.end(Buffer.of(22, 3, 1, 0, 100, 1, 0))
    await buffer(half)
    const reset = connectTcp(server.port, '127.0.0.1')
    await once(reset, 'connect')
    reset.resetAndDestroy()

    expect((await run(trusting(server), 'fine')).code).toBe(0)
    steady.child.stdin.end('after')
    const { code, stdout } = await steady.ended
    // The first piece was read by the listener above and by the buffer alike.
    expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: 'before, after' })
    const { code: served, stderr } = await interrupt(server)
    expect(served).toBe(0)
    expect(events(stderr).filter(({ event }) => event === 'failed')).toHaveLength(4)
  })

  it('serves many at once', async () => {
    const server = await serve([...identity(), '--echo'])
    const clients = Array.from({ length: 6 }, () => start(trusting(server)))
    for (const { child } of clients) child.stdin.write('one ')
    await Promise.all(clients.map(({ child }) => once(child.stdout, 'data')))
    for (const { child } of clients) child.stdin.end('two')
    for (const { code, stdout } of await Promise.all(clients.map(({ ended }) => ended))) {
      expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: 'one two' })
    }
  })

  it('answers HTTP requests on a connection that stays open, with what was agreed', async () => {
    const server = await serve([...identity(), '--http'])
    const requests =
      'GET /first?<b> HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /second HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody'
    const { child, ended } = start([...trusting(server), '--alpn', 'h2,http/1.1'])
    child.stdin.write(requests)
    const { code, stdout } = await ended
    const answer = String(stdout)
    expect(code).toBe(0)
    expect(answer.match(/^HTTP\/1\.1 200 OK/gm)).toHaveLength(2)
    expect(answer).toContain('GET /first?&#60;b&#62; HTTP/1.1')
    for (const fact of ['TLSv1.3', 'http/1.1', 'localhost', 'POST /second']) expect(answer).toContain(fact)
  })

  it('says that a port is taken and ends with status 3', async () => {
    const server = await serve([...identity()])
    const { code, stderr } = await run(['serve', ...identity(), '--port', String(server.port)])
    expect(stderr).toMatch(/EADDRINUSE/)
    expect(code).toBe(3)
  })
})

describe('A transport that fails', () => {
  it('ends with status 3 where nobody listens', async () => {
    const listener = createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as { port: number }
    listener.close()
    await once(listener, 'close')
    const { code, stderr } = await run(['connect', `127.0.0.1:${port}`, '--json'])
    expect(code).toBe(3)
    expect(events(stderr)).toMatchObject([{ event: 'failed', alert: null, origin: 'transport', code: 'ECONNREFUSED' }])
  })

  it('ends with status 3 where the peer says nothing until --timeout', async () => {
    const listener = createServer(socket => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as { port: number }
    const { code, stderr } = await run(['connect', `127.0.0.1:${port}`, '--timeout', '0.1', '--json'])
    listener.close()
    expect(code).toBe(3)
    expect(events(stderr)).toMatchObject([{ event: 'failed', origin: 'transport', code: 'ETIMEDOUT' }])
  })

  it('ends with status 3 where the peer resets', async () => {
    const listener = createServer(socket => socket.once('data', () => socket.resetAndDestroy())).listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as { port: number }
    const { code, stderr } = await run(['connect', `127.0.0.1:${port}`, '--json'])
    listener.close()
    expect(events(stderr)).toMatchObject([{ event: 'failed', origin: 'transport', code: 'ECONNRESET' }])
    expect(code).toBe(3)
  })

  it('ends with status 1 where the peer ends without close_notify', async () => {
    const server = await serve([...identity(), '--echo'])
    // Passes everything on, then ends the connection as TCP does, which TLS must not take for the end.
    let cut = () => {}
    const cutter = createServer({ allowHalfOpen: true }, socket => {
      const onward = connectTcp(server.port, '127.0.0.1')
      socket.on('error', () => {}).pipe(onward)
      onward.on('error', () => {}).pipe(socket, { end: false })
      cut = () => void socket.end()
    }).listen(0, '127.0.0.1')
    await once(cutter, 'listening')
    const { port } = cutter.address() as { port: number }
    const { child, ended } = start(['connect', `127.0.0.1:${port}`, '--servername', 'localhost', '--ca', files.ca, '--json'])
    child.stdin.write('echo')
    await once(child.stdout, 'data')
    cut()
    const { code, stdout, stderr } = await ended
    cutter.close()
    expect({ code, stdout: String(stdout) }).toEqual({ code: 1, stdout: 'echo' })
    expect(events(stderr).filter(({ event }) => event !== 'session')).toMatchObject([
      { event: 'connected' },
      { event: 'failed', code: 'truncated', origin: 'transport' },
    ])
  })
})

describe('A command whose surroundings go away', () => {
  it('ends quietly where nobody reads its output any more', async () => {
    const server = await serve([...identity(), '--echo'])
    const { child, ended } = start(trusting(server))
    child.stdin.write('first')
    await once(child.stdout, 'data')
    ended.catch(() => {})
    child.stdout.destroy()
    const feed = setInterval(() => child.stdin.write('more'), 5)
    const stderr: Buffer[] = []
    child.stderr.on('data', chunk => stderr.push(chunk))
    await once(child, 'exit')
    clearInterval(feed)
    expect(child.exitCode).toBe(0)
    expect(String(Buffer.concat(stderr))).not.toMatch(/EPIPE|at /)
  })

  it('ends with status 130 on an interrupt, and tells the peer', async () => {
    const server = await serve([...identity(), '--echo', '--json'])
    const client = start(trusting(server))
    client.child.stdin.write('x')
    await once(client.child.stdout, 'data')
    expect((await interrupt(client)).code).toBe(130)
    const { stderr } = await interrupt(server)
    expect(events(stderr)).toContainEqual(expect.objectContaining({ event: 'failed', origin: 'peer', alert: 'internal_error' }))
  })
})
