/**
 * A Cloudflare Worker that speaks TLS itself, over a TCP socket: with an authority of its own here, which `fetch` can't be told; so it can with pins,
 * client certificates, pre-shared keys, or a protocol that is not HTTP. Configured: `CA`, a text; `tassel.wasm`, a file of `wasmBytes()`.
 *
 *     curl 'http://worker/?host=localhost&port=8443'
 *
 * Whoever may ask it chooses where it connects to; `CA` decides who is asked for the page. One for everybody needs a list of hosts instead.
 */
import { connect } from 'cloudflare:sockets'
import { createWasmProvider, loadWasm } from 'tassel/crypto/wasm'
import { ClientConnection } from 'tassel/stream'
import { createTrustStore } from 'tassel/x509'
import kernels from 'tassel.wasm'

export default {
  async fetch(request, { CA }) {
    const { searchParams } = new URL(request.url)
    try {
      return new Response(await page(searchParams.get('host'), searchParams.get('port') ?? '443', CA))
    } catch (error) {
      return new Response(`${error.code ?? error.name}: ${error.message}`, { status: 502 })
    }
  },
}

/** What the server answers, headers and all. */
async function page(hostname, port, ca) {
  await loadWasm(kernels)
  const crypto = createWasmProvider({ random: size => globalThis.crypto.getRandomValues(new Uint8Array(size)) })
  const trust = createTrustStore({ roots: [ca], crypto })
  const handshake = new ClientConnection(connect({ hostname, port: Number(port) }), { crypto, trust }).connect(hostname)
  const { readable, writable } = await handshake.finish()
  const writer = writable.getWriter()
  await writer.write(new TextEncoder().encode(`GET / HTTP/1.0\r\nHost: ${hostname}\r\n\r\n`))
  const answer = await new Response(readable).text()
  await writer.close()
  return answer
}
