/** The page of `tassel serve --http`: HTTP/1.1 over a TLS stream, by Node's own parser, about the connection it came over. */
import { createServer, type IncomingMessage } from 'node:http'
import { TlsStream } from '../node/index.ts'
import type { ConnectionInfo } from '../types.ts'

/** Takes finished connections and answers every request on them until the client closes. */
export function createPageServer(): (stream: TlsStream) => void {
  const server = createServer((request, response) => {
    // Any method, any path; a body is read and dropped, so that the next request is found behind it.
    request.resume()
    const page = render(request)
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': Buffer.byteLength(page),
      'Cache-Control': 'no-store',
    })
    response.end(request.method === 'HEAD' ? undefined : page)
  })
  return stream => void server.emit('connection', stream)
}

function render(request: IncomingMessage): string {
  const info = request.socket instanceof TlsStream ? request.socket.info : undefined
  const rows = [['request', `${request.method} ${request.url} HTTP/${request.httpVersion}`], ...(info ? describe(info) : [])]
  const lines = rows.map(([name, value]) => `<tr><th>${escapeHtml(name ?? '')}<td>${escapeHtml(value ?? '')}`)
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Tassel</title><link rel="icon" href="data:,">
<style>body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:44rem}th{text-align:left;padding-right:2rem;font-weight:600}</style>
<h1>This page came over Tassel</h1>
<table>
${lines.join('\n')}
</table>
</html>
`
}

function describe(info: ConnectionInfo): string[][] {
  return [
    ['protocol', info.protocolVersion],
    ['cipher suite', info.cipherSuite],
    ['key exchange group', info.group ?? 'none'],
    ['server signature', info.signatureScheme ?? 'none'],
    ['application protocol', info.alpn ?? 'none agreed'],
    ['server name', info.serverName ?? 'none sent'],
    ['client', info.peer === undefined ? 'anonymous' : info.peer.subjects.join(' / ')],
    ['hello retry', info.retried ? 'yes' : 'no'],
    ['resumed', info.resumed ? 'yes' : 'no'],
  ]
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
