/**
 * An HTTPS client for a JavaScript engine that has nothing but the language: no sockets, WebCrypto, TextEncoder, timers. What it needs of the world
 * are functions of its host, which are globals here: random, now, send, print. See quickjs.mjs. As one script, whose exports are a global too:
 *
 *     npx rolldown examples/quickjs-guest.mjs --platform neutral --format iife --name guest --file guest.js
 */
import { createNobleProvider } from 'tassel/crypto/noble'
import { createClient } from 'tassel/engine'
import { createTrustStore } from 'tassel/x509'

const { random, now, send, print } = globalThis
let tls, request

/** `ca`: PEM. */
export function open(serverName, ca) {
  const crypto = createNobleProvider({ random: size => new Uint8Array(random(size)) })
  tls = createClient({ serverName, crypto, trust: createTrustStore({ roots: [ca], crypto }), now })
  request = Uint8Array.from(`GET / HTTP/1.0\r\nHost: ${serverName}\r\n\r\n`, letter => letter.charCodeAt(0))
  drain()
}

/** Takes an ArrayBuffer of what came; `undefined` at the end of the connection. */
export function receive(bytes) {
  if (bytes) tls.receive(new Uint8Array(bytes))
  else tls.receiveEnd()
  drain()
}

function drain() {
  for (let event = tls.poll(); event; event = tls.poll()) {
    if (event.type === 'connected') tls.send(request)
    if (event.type === 'data') print(String.fromCharCode(...event.data))
    if (event.type === 'end') tls.end()
    if (event.type === 'failed') print(`${event.error.code}: ${event.error.message}`)
  }
  for (const chunk of tls.takeOutput()) send(chunk.slice().buffer)
}
