/** HTTP/1.1 over Tassel, by Node's own parser: what a program of others is to fetch and to send. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { ServeOptions } from '../../src/node/index.ts'
import { pattern } from '../node/pair.ts'
import { type OurServer, serve } from './tassel.ts'

/** `GET /SIZE` gives that many bytes of `pattern`; `POST` answers with the SHA-256 of the body, in hexadecimal. */
export function serveHttp(options: Partial<ServeOptions> = {}): Promise<OurServer> {
  const http = createServer(async (request, response) => {
    if (request.method === 'POST') {
      const digest = createHash('sha256')
      await pipeline(request, digest)
      response.end(digest.digest('hex'))
    } else {
      response.end(pattern(Number(request.url?.slice(1))))
    }
  })
  return serve({ alpn: ['http/1.1'], ...options }, stream => void http.emit('connection', stream))
}
