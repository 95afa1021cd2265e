/** HTTPS for a page, over any WebSocket that leads to the server: TLS ends here, so whoever carries the bytes can't read them. */
import { createWasmProvider } from 'tassel/crypto/wasm'
import { mozillaRoots } from 'tassel/roots'
import { ClientConnection, webSocketStreams } from 'tassel/stream'
import { createTrustStore } from 'tassel/x509'

const provider = createWasmProvider({ random: size => crypto.getRandomValues(new Uint8Array(size)) })

/**
 * Gets `url` by way of the relay at `relay` (`ws://localhost:8080`). `roots`: PEM of whom to believe; empty: Mozilla's roots. Resolves to what was
 * agreed and what was answered; rejects with a `TlsError` or a `TransportError`. Nothing of the request leaves before the server has proved who it is.
 */
export async function get(url, relay, roots = '') {
  const { protocol, hostname, host, port, pathname, search } = new URL(url)
  if (protocol !== 'https:') throw new TypeError('the address begins with https://')
  const trust = createTrustStore(
    roots.trim() === '' ? { roots: mozillaRoots(), profile: 'web', crypto: provider } : { roots: [roots], crypto: provider },
  )
  const socket = new WebSocket(`${relay}/tcp/${hostname}:${port || 443}`)
  const connection = new ClientConnection(await webSocketStreams(socket), { trust, crypto: provider, alpn: ['http/1.1'], identity: null })
  try {
    const { readable, writable } = await connection.connect(hostname.replace(/^\[|\]$/g, '')).finish()
    const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nAccept: */*\r\n\r\n`
    await writable.getWriter().write(new TextEncoder().encode(request))
    return { info: connection.info, ...(await parse(await all(readable))) }
  } finally {
    await connection.close()
  }
}

/** The server says by close_notify that this was all: what was cut short is an error. */
async function all(readable) {
  const reader = readable.getReader()
  const chunks = []
  for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value)
  return joined(chunks)
}

async function parse(bytes) {
  const end = find(bytes, '\r\n\r\n', 0)
  const [status, ...lines] = text(bytes.subarray(0, end)).split('\r\n')
  const headers = new Headers(lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]))
  const body = bytes.subarray(end + 4)
  return { status, headers, body: headers.get('transfer-encoding') === 'chunked' ? await joined([...chunksOf(body)]) : body }
}

/** RFC 9112 §7.1. */
function* chunksOf(bytes) {
  for (let at = 0; ; ) {
    const begin = find(bytes, '\r\n', at) + 2
    // Digits alone: a size below zero would go round and round.
    const size = Number.parseInt(/^[\da-f]+(?=[\r; \t])/i.exec(text(bytes.subarray(at, begin)))?.[0], 16)
    if (size === 0) return
    if (!(begin + size <= bytes.length)) throw new TypeError('a chunk of the answer has no end')
    yield bytes.subarray(begin, begin + size)
    at = begin + size + 2
  }
}

function find(bytes, text, from) {
  const codes = Array.from(text, character => character.charCodeAt(0))
  for (let at = from; at + codes.length <= bytes.length; at++) if (codes.every((code, i) => bytes[at + i] === code)) return at
  throw new TypeError('this is no answer of HTTP/1.1')
}

const text = bytes => new TextDecoder().decode(bytes)
const joined = async chunks => new Uint8Array(await new Blob(chunks).arrayBuffer())
