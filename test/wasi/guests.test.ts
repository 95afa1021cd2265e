/** WebAssembly components whose TLS is ours, in the runtimes that can run them, against Node's own servers. */
import { once } from 'node:events'
import { createServer as createHttps } from 'node:https'
import { createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { expect, it } from 'vitest'
import { describeWith, type Program } from '../interop/child.ts'
import { quiet } from '../stream/sides.ts'
import { credentials, type Face, holding, listen, request, suspending } from './guests.ts'

const { key, cert, ca } = credentials
const body = 'all of it, '.repeat(40_000)

const runs: readonly (readonly [runtime: string, program: Program, face: Face, title: string])[] = [
  ...Object.entries(suspending).flatMap(([runtime, program]) => [
    [runtime, program, 'p2', 'wasi:tls@0.2.0-draft'] as const,
    [runtime, program, 'p3', 'wasi:tls@0.3.0-draft'] as const,
  ]),
  ['this Node.js, which holds the thread', holding, 'sync', 'wasi:tls@0.2.0-draft'],
]

for (const [runtime, program, face, title] of runs) {
  describeWith(program, `A guest of ${title} on ${runtime}`, () => {
    it('makes an HTTPS request, and sees the end as what it is', async () => {
      const seen: (string | undefined)[] = []
      const server = createHttps({ key, cert, minVersion: 'TLSv1.3' }, ({ url }, response) => {
        seen.push(url)
        response.end(body)
      })
      const { answer } = await request(program, face, { port: await listen(server), ca })
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      expect(answer?.slice(-body.length)).toBe(body)
      expect(seen).toEqual(['/path'])
    })

    it('sends more than fits anywhere, to a server that reads later', async () => {
      const size = 4 << 20
      const server = createHttps({ key, cert, minVersion: 'TLSv1.3' }, async (incoming, response) => {
        await quiet()
        let length = 0
        for await (const chunk of incoming) length += (chunk as Uint8Array).length
        response.end(`${length} bytes`)
      })
      const head = `POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`
      const { answer } = await request(program, face, { port: await listen(server), ca, request: head + 'x'.repeat(size) })
      expect(answer).toMatch(/\r\n\r\n4194304 bytes$/)
    })

    it('is told of a certificate for another name, and so is the server', async () => {
      const server = createHttps({ key, cert, minVersion: 'TLSv1.3' })
      const refused = once(server, 'tlsClientError')
      const { error } = await request(program, face, { port: await listen(server), ca, serverName: 'other.example' })
      expect(error).toMatch(/^certificate-name-mismatch: .*other\.example/)
      const [{ message }] = (await refused) as [Error]
      expect(message).toMatch(/alert bad certificate/)
    })

    it('is told of a connection that is cut, not that it ended', async () => {
      const server = createServer({ allowHalfOpen: true }, raw => {
        const secure = new TLSSocket(raw, { isServer: true, key, cert, minVersion: 'TLSv1.3' })
        secure.once('data', () => secure.write('HTTP/1.1 200 OK\r\n', () => raw.end()))
        for (const socket of [raw, secure] as Socket[]) socket.on('error', () => {})
      })
      const { error } = await request(program, face, { port: await listen(server), ca })
      expect(error).toMatch(/^truncated: /)
    })
  })
}
