/** HTTP/1.1 over Tassel, by Node's own parser: what a program of others is to fetch and to send. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { ServeOptions } from '../../src/node/index.ts'
import { pattern } from '../node/pair.ts'
import { type OurServer, serve } from './tassel.ts'

/**
 * `GET /SIZE` gives that many bytes of `pattern`. `POST` answers with the SHA-256 of the body, in hexadecimal. `GET /page?SIZE` is a page
 * that does both in a browser and shows what came of it.
 */
export function serveHttp(options: Partial<ServeOptions> = {}): Promise<OurServer> {
  const http = createServer(async (request, response) => {
    const { method, url = '' } = request
    if (method === 'POST') {
      const digest = createHash('sha256')
      await pipeline(request, digest)
      response.end(digest.digest('hex'))
    } else if (url.startsWith('/page?')) {
      response.setHeader('Content-Type', 'text/html').end(page(Number(url.slice('/page?'.length))))
    } else {
      response.end(pattern(Number(url.slice(1))))
    }
  })
  return serve({ alpn: ['http/1.1'], ...options }, stream => void http.emit('connection', stream))
}

function page(size: number): string {
  return `<!doctype html><link rel="icon" href="data:,"><p>waiting</p><script type="module">
const data = await (await fetch('/${size}')).arrayBuffer()
const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data))
const fetched = Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('')
const sent = await (await fetch('/', { method: 'POST', body: data })).text()
document.querySelector('p').textContent = 'fetched ' + fetched + ', sent ' + sent
</script>`
}
