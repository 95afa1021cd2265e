/**
 * Runs a guest of test/wasi/guests on what was built of this package, in any runtime that has what it needs; with `sync`, on the sockets of
 * preview2-shim in Node. Its standard input is the request; prints what the guest returns, as JSON: `answer`, or `error`.
 *
 *     guest-host.mjs p2|p3|sync PORT SERVER-NAME CA-IN-BASE64
 */
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import process from 'node:process'
import { createWasmProvider } from '../../dist/crypto/wasm.js'
import { byteStreams } from '../../dist/node/index.js'
import { createP2Tls, createP2TlsSync, createP3Tls, inputStreamOf, outputStreamOf, readableOf } from '../../dist/wasi/index.js'
import { createTrustStore } from '../../dist/x509/index.js'

const [face, portText, serverName, ca] = process.argv.slice(2)
const port = Number(portText)
const crypto = createWasmProvider({ random: size => globalThis.crypto.getRandomValues(new Uint8Array(size)) })
const options = { crypto, trust: createTrustStore({ roots: [new Uint8Array(Buffer.from(ca, 'base64'))], crypto }) }

/** For each face: where its guest is, and what that imports. */
const faces = {
  async p2() {
    const { readable, writable } = await dial()
    return {
      folder: 'p2/jspi',
      imports: { ...createP2Tls(options), dial: { default: () => [inputStreamOf(readable), outputStreamOf(writable)] } },
    }
  },
  async p3() {
    const { readable, writable } = await dial()
    const exchange = outgoing => {
      // It ends early where the server does.
      readableOf(outgoing)
        .pipeTo(writable)
        .catch(() => {})
      return readable
    }
    return { folder: 'p3/jspi', imports: { ...createP3Tls(options), exchange: { default: exchange } } }
  },
  async sync() {
    const { io, sockets } = await import('../../.peers/jco/node_modules/@bytecodealliance/preview2-shim/dist/nodejs/index.js')
    const dial = () => {
      const socket = sockets.tcpCreateSocket.createTcpSocket('ipv4')
      socket.startConnect(sockets.instanceNetwork.instanceNetwork(), { tag: 'ipv4', val: { port, address: [127, 0, 0, 1] } })
      socket.subscribe().block()
      return socket.finishConnect()
    }
    return { folder: 'p2/sync', imports: { ...createP2TlsSync({ ...options, io }), dial: { default: dial } } }
  },
}

const { folder, imports } = await faces[face]()
const guest = new URL(`guests/${folder}/`, import.meta.url)
const { instantiate } = await import(new URL('guest.js', guest))
const exported = await instantiate(async file => WebAssembly.compile(await readFile(new URL(file, guest))), imports)
const result = await outcome()
console.log(JSON.stringify(result))
// A guest that trapped has let go of nothing; after any other end, nothing keeps the process.
if (result.trap !== undefined) process.exit(1)

async function outcome() {
  try {
    return { answer: new TextDecoder().decode(await exported.request(serverName, await input())) }
  } catch (error) {
    // What a component returns as an error is in `payload`; anything else is a trap.
    return typeof error.payload === 'string' ? { error: error.payload } : { trap: String(error) }
  }
}

async function input() {
  const chunks = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

async function dial() {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return byteStreams(socket)
}
