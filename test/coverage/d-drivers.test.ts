/**
 * Table D of docs/coverage.md, what `ring` served in WASIX: the rows that need servers of others, or programs as clients. What else these do is in
 * `test/drivers` and `test/interop`.
 */
import { randomBytes, webcrypto } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createNodeProvider } from '../../src/node/index.ts'
import { mintAuthority } from '../../src/testing/index.ts'
import { createTrustStore } from '../../src/x509/index.ts'
import { type EnclaveOptions, newMaker, startEnclave } from '../drivers/enclave.ts'
import { runExample } from '../drivers/example.ts'
import { keptKey } from '../drivers/kept-key.ts'
import { mosquitto, startMosquitto } from '../drivers/mosquitto.ts'
import { nginx, startNginx } from '../drivers/nginx.ts'
import { postgres, startPostgres } from '../drivers/postgres.ts'
import { certificates, scratch } from '../drivers/scratch.ts'
import { describeWith, findProgram, listeningPort, type Program, start } from '../interop/child.ts'
import { serveCommand, tassel } from '../interop/command.ts'
import { authority } from '../interop/credentials.ts'
import { connect, serve } from '../interop/tassel.ts'

const table = 'D. `ring` in WASIX: the operations and the uses'
const openssl = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })
const curl = findProgram({ name: 'curl', command: ['curl'], probe: ['--version'], hint: 'apt-get install curl' })

/** The first of them that is missing, or one that is there. */
const all = (first: Program, ...others: readonly Program[]): Program => others.find(({ missing }) => missing !== undefined) ?? first

describeWith(all(nginx, openssl), table, () => {
  it('secure API access, third-party integrations (custom CA, mTLS)', async () => {
    const { ca, client, server, stranger } = await certificates()
    const { port } = await startNginx()
    const fetch = (url: string, authority: string, ...files: readonly string[]) =>
      runExample('undici.mjs', [url, authority, 'http/1.1', ...files])
    const api = `https://localhost:${port}/private`
    expect(await fetch(api, ca, client.cert, client.key)).toEqual({ code: 0, stdout: '200 CN=tassel\n', stderr: '' })
    expect(await fetch(api, ca)).toMatchObject({ stdout: '403 NONE\n' })
    expect(await fetch(api, stranger.ca)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^UNABLE_TO_VERIFY_LEAF_SIGNATURE: /),
    })

    const args = ['-accept', '127.0.0.1:0', '-www', '-tls1_3', '-cert', server.cert, '-key', server.key]
    const page = start(openssl, ['s_server', ...args, '-CAfile', ca, '-Verify', '2', '-verify_return_error'])
    const third = `https://localhost:${await listeningPort(page)}/`
    const { stdout } = await fetch(third, ca, client.cert, client.key)
    expect(stdout).toMatch(/^200 .*New, TLSv1\.3, Cipher is TLS_.*Subject: CN ?= ?tassel/s)
    expect(await fetch(third, ca)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('certificate_required') })
  })
})

describeWith(postgres, table, () => {
  it('secure database connections', async () => {
    const { ca, client } = await certificates()
    const { port } = await startPostgres()
    const { code, stdout } = await runExample('postgres.mjs', [`postgres://tassel@localhost:${port}/postgres`, ca, client.cert, client.key])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ ssl: true, version: 'TLSv1.3', client_dn: '/CN=tassel' })
  })
})

describeWith(all(nginx, curl), table, () => {
  it('ingress and egress', async () => {
    const inside = await serveCommand('--http')
    const { certFile } = await authority()
    const client = start(curl, ['--silent', '--show-error', '--tlsv1.3', '--cacert', certFile, `https://localhost:${inside.port}/`])
    expect(await client.ended).toBe(0)
    expect(client.stdout.text).toContain('protocol<td>TLSv1.3\n')

    const { ca } = await certificates()
    const { port } = await startNginx()
    const out = start(tassel, ['connect', `localhost:${port}`, '--ca', ca, '--alpn', 'http/1.1'])
    // Not ended yet: nginx takes a client that has closed its half for one that is gone.
    out.stdin.write('GET /tls HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    await out.stdout.said(/HTTP\/1\.1$/)
    out.stdin.end()
    expect(await out.ended).toBe(0)
    expect(out.stdout.text).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nTLSv1\.3 TLS_AES_128_GCM_SHA256 HTTP\/1\.1$/s)
  })
})

describeWith(mosquitto, table, () => {
  it('IoT', async () => {
    const { ca, client } = await certificates()
    const { port, log } = await startMosquitto()
    const ended = await runExample('mqtt.mjs', [`mqtts://localhost:${port}`, ca, client.cert, client.key])
    expect(ended).toEqual({ code: 0, stdout: 'greenhouse/2/temperature: 21.5\n', stderr: '' })
    await log.said(/New client connected from .* u'tassel'\)/)
  })
})

describe(table, () => {
  it('confidential computing', async () => {
    const [maker, measurement] = [newMaker(), randomBytes(32)]
    const file = join(scratch('enclave'), 'maker.pem')
    writeFileSync(file, maker.publicPem)
    const confide = async (options: Partial<EnclaveOptions>) => {
      const enclave = await startEnclave({ maker, measurement, ...options })
      const args = [`localhost:${enclave.port}`, file, measurement.toString('hex')]
      const { code, stdout, stderr } = await runExample('attestation.ts', args, { input: 'a secret' })
      await enclave.close()
      return { code, said: stdout + stderr, received: await enclave.received }
    }
    expect(await confide({})).toEqual({ code: 0, said: '8 bytes', received: 'a secret' })
    const received = expect.stringContaining('access_denied')
    expect(await confide({ maker: undefined })).toEqual({ code: 1, said: 'no evidence\n', received })
    expect(await confide({ maker: newMaker() })).toEqual({ code: 1, said: 'evidence by another maker\n', received })
    expect(await confide({ measurement: randomBytes(32) })).toEqual({ code: 1, said: 'evidence of another program\n', received })
    expect(await confide({ ofAnotherKey: true })).toEqual({ code: 1, said: 'evidence for another key\n', received })
  })
})

describeWith(curl, table, () => {
  it('secure key management', async () => {
    const [crypto, root] = [createNodeProvider(), await mintAuthority()]
    const [server, client] = [await keptKey(root), await keptKey(root)]
    for (const { privateKey } of [server, client]) await expect(webcrypto.subtle.exportKey('pkcs8', privateKey)).rejects.toThrow()
    const trust = createTrustStore({ roots: [root.certificateDer], crypto })
    const files = scratch('kept')
    writeFileSync(join(files, 'ca.pem'), root.certificatePem)
    const ours = await serve({ crypto, trust, identity: server.identity, clientAuth: 'request', onQuestion: server.answer }, stream => {
      const whose = stream.info?.peer?.subjects[0] ?? 'nobody'
      stream.once('data', () => stream.end(`HTTP/1.1 200 OK\r\nContent-Length: ${whose.length}\r\nConnection: close\r\n\r\n${whose}`))
    })

    const url = `https://localhost:${ours.port}/`
    const theirs = start(curl, ['--silent', '--show-error', '--tlsv1.3', '--cacert', join(files, 'ca.pem'), url])
    expect(await theirs.ended).toBe(0)
    expect(theirs.stdout.text).toBe('nobody')
    expect(server.signatures()).toBe(1)

    const own = await connect(ours.port, { crypto, trust, identity: client.identity, onQuestion: client.answer })
    own.stream.write('GET / HTTP/1.1\r\n\r\n')
    expect(String(await own.inbox.rest())).toMatch(/\r\nCN=kept$/)
    expect([server.signatures(), client.signatures()]).toEqual([2, 1])
  })
})
