/** A page over TLS over what Node.js, Deno and Bun have of TCP. Arguments: the port on localhost, and the PEM file of whom to believe. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { argv } from 'node:process'
import { createWasmProvider } from '../../../src/crypto/wasm.ts'
import { byteStreams } from '../../../src/node/web-streams.ts'
import { type ByteStreams, ClientConnection } from '../../../src/stream/index.ts'
import { createTrustStore } from '../../../src/x509/index.ts'

/** What is used of Deno. */
interface DenoLike {
  connect(address: { readonly hostname: string; readonly port: number }): Promise<ByteStreams>
}

const { Deno } = globalThis as { Deno?: DenoLike }
const [port, ca = ''] = argv.slice(2)
const address = { hostname: 'localhost', port: Number(port) }
const provider = createWasmProvider({ random: size => crypto.getRandomValues(new Uint8Array(size)) })
const trust = createTrustStore({ roots: [readFileSync(ca, 'utf8')], crypto: provider })
const streams = Deno ? await Deno.connect(address) : byteStreams(connect({ ...address, host: address.hostname, allowHalfOpen: true }))
const { readable, writable } = await new ClientConnection(streams, { crypto: provider, trust }).connect(address.hostname).finish()
const writer = writable.getWriter()
await writer.write(new TextEncoder().encode('GET / HTTP/1.0\r\n\r\n'))
console.log(await new Response(readable).text())
await writer.close()
