/** HTTP over TLS, by undici, node:http2 and ws, to nginx. */
import { beforeAll, describe, expect, it } from 'vitest'
import { describeWith } from '../interop/child.ts'
import { startEcho } from './echo.ts'
import { runExample, runNode } from './example.ts'
import { large, nginx, startNginx } from './nginx.ts'
import { certificates } from './scratch.ts'
import type { Server } from './server.ts'

describeWith(nginx, 'nginx', () => {
  let server: Server
  beforeAll(async () => {
    server = await startNginx({ upstream: await startEcho() })
  })

  describe('by undici', () => {
    const fetch = (path: string, ...args: readonly string[]) =>
      runExample('undici.mjs', [`https://localhost:${server.port}${path}`, ...args])

    it.each([
      ['HTTP/1.1', 'http/1.1', 'HTTP/1.1'],
      ['HTTP/2', 'h2,http/1.1', 'HTTP/2.0'],
    ])('answers in %s', async (_name, alpn, spoken) => {
      const { ca } = await certificates()
      const stdout = `200 TLSv1.3 TLS_AES_256_GCM_SHA384 ${spoken}\n`
      expect(await fetch('/tls', ca, alpn)).toEqual({ code: 0, stdout, stderr: '' })
    })

    it.each(['http/1.1', 'h2'])('lets a client in by its certificate, over %s', async alpn => {
      const { ca, client, stranger } = await certificates()
      expect(await fetch('/private', ca, alpn, client.cert, client.key)).toEqual({ code: 0, stdout: '200 CN=tassel\n', stderr: '' })
      expect(await fetch('/private', ca, alpn)).toMatchObject({ code: 0, stdout: '403 NONE\n' })
      // nginx completes such a handshake, and answers in plain words.
      expect(await fetch('/private', ca, alpn, stranger.cert, stranger.key)).toMatchObject({ stdout: expect.stringMatching(/^400 /) })
    })

    it('is not believed where its authority is another', async () => {
      const { stranger } = await certificates()
      const stderr = expect.stringMatching(/^UNABLE_TO_VERIFY_LEAF_SIGNATURE: /)
      expect(await fetch('/tls', stranger.ca)).toMatchObject({ code: 1, stdout: '', stderr })
    })

    it.each(['http/1.1', 'h2'])('gives 8 MiB over %s', async alpn => {
      const { ca } = await certificates()
      const { stdout } = await fetch('/large', ca, alpn)
      expect(stdout === `200 ${large}\n`).toBe(true)
    })
  })

  it('answers many requests at once by node:http2', async () => {
    const { ca } = await certificates()
    const paths = Array.from({ length: 50 }, (_, index) => `/tls?${index}`)
    const answers = paths.map(path => `${path} 200 TLSv1.3 TLS_AES_128_GCM_SHA256 HTTP/2.0\n`)
    const ended = await runExample('http2.mjs', [`https://localhost:${server.port}`, ca, ...paths])
    expect(ended).toEqual({ code: 0, stdout: answers.join(''), stderr: '' })
  })

  it('is not believed by node:http2 where its authority is another', async () => {
    const { stranger } = await certificates()
    const ended = await runExample('http2.mjs', [`https://localhost:${server.port}`, stranger.ca, '/tls'])
    expect(ended).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(/^issuer-unknown: /) })
  })

  it('carries a WebSocket by ws', async () => {
    const { ca } = await certificates()
    const messages = ['one', 'two', 'x'.repeat(100_000)]
    const ended = await runExample('websocket.mjs', [`wss://localhost:${server.port}/echo`, ca, ...messages])
    expect(ended).toEqual({ code: 0, stdout: `${messages.join('\n')}\n1000 all said\n`, stderr: '' })
  })

  it('answers by node:https and node:http2 where Tassel is in the place of node:tls', async () => {
    const { ca, client } = await certificates()
    const script = `
      import { readFileSync } from 'node:fs'
      import { connect } from 'node:http2'
      import { get } from 'node:https'
      import { text } from 'node:stream/consumers'
      const [url, ...files] = process.argv.slice(1)
      const [ca, cert, key] = files.map(file => readFileSync(file))
      const response = await new Promise((resolve, reject) => get(url + '/private', { ca, cert, key }, resolve).on('error', reject))
      console.log(response.statusCode, response.socket.authorized, await text(response))
      const session = connect(url, { ca, cert, key })
      console.log(await text(session.request({ ':path': '/tls' })))
      session.close()`
    const url = `https://localhost:${server.port}`
    const stdout = '200 true CN=tassel\nTLSv1.3 TLS_AES_256_GCM_SHA384 HTTP/2.0\n'
    const ended = await runNode([
      '--import',
      './instead-of-node-tls.mjs',
      '--input-type=module',
      '-e',
      script,
      url,
      ca,
      client.cert,
      client.key,
    ])
    expect(ended).toEqual({ code: 0, stdout, stderr: '' })
  })
})
