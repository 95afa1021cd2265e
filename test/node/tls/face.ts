/** A client and a server over loopback, each by this package or by Node.js's own TLS, held to version 1.3; and certificates for them. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import nodeTls, { type ConnectionOptions, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import { afterEach } from 'vitest'
import tassel from '../../../src/node/index.ts'
import { mintAuthority } from '../../../src/testing/certificates.ts'
import { decodePem } from '../../../src/x509/index.ts'
import { bag, mac, part, pfx } from '../../x509/keys/pfx.ts'

export type Tls = typeof nodeTls

/** This package in the types of `node:tls`: what is tried on both is written once. */
export const ours = tassel as unknown as Tls
export const theirs = nodeTls
export const pairs: readonly (readonly [string, { readonly client: Tls; readonly server: Tls }])[] = [
  ['ours and ours', { client: ours, server: ours }],
  ['our client, their server', { client: ours, server: theirs }],
  ['their client, our server', { client: theirs, server: ours }],
]

export const authority = await mintAuthority()
export const ca = authority.certificatePem
export const serverFiles = filesOf(await authority.issue({ names: ['localhost', '127.0.0.1'] }))
export const otherFiles = filesOf(await authority.issue({ names: ['other.example'], key: 'RSA-2048' }))
export const clientFiles = filesOf(await authority.issue({ names: ['client.example'], purposes: ['client'] }))

/** The server's key, its certificate and its authority's in one PKCS#12 file, under the passphrase `secret`. */
export function pkcs12(): Buffer {
  const der = (pem: string) => decodePem(pem)[0]?.bytes ?? new Uint8Array(0)
  const order = { password: 'secret', prf: 'sha256' } as const
  const certificates = [serverFiles.cert, ca].map(pem => bag.certificate(der(pem)))
  const parts = [part.plain(bag.shrouded(der(serverFiles.key), order)), part.encrypted(order, ...certificates)]
  return Buffer.from(pfx(parts, mac({ password: 'secret' })))
}

export function filesOf({ certificatePem: cert, privateKeyPem: key }: { certificatePem: string; privateKeyPem: string }) {
  return { cert, key }
}

const open = new Set<{ destroy(): void }>()
const listening = new Set<Server>()

afterEach(async () => {
  for (const stream of open) stream.destroy()
  open.clear()
  await Promise.all([...listening].map(server => new Promise(resolve => server.close(resolve))))
  listening.clear()
})

/** A server on a free port. It is closed, with all its connections, when the test is over. */
export async function serve(by: Tls, options: TlsOptions = {}): Promise<{ server: Server; port: number; accepted: Promise<TLSSocket> }> {
  const server = by.createServer({ ...serverFiles, minVersion: 'TLSv1.3', ...options })
  listening.add(server)
  server.on('connection', socket => void open.add(socket))
  const accepted = once(server, 'secureConnection').then(([socket]) => socket as TLSSocket)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port, accepted }
}

/** A client that trusts the authority. Nothing is wrong with an error: who wants it listens. */
export function dial(by: Tls, port: number, options: ConnectionOptions = {}): TLSSocket {
  const socket = by.connect({ host: '127.0.0.1', port, ca, servername: 'localhost', minVersion: 'TLSv1.3', ...options })
  open.add(socket)
  socket.on('error', () => {})
  return socket
}

export interface Meeting {
  client: TLSSocket
  /** The server's end of the connection. */
  peer: TLSSocket
  server: Server
  port: number
}

/** Both ends, once both are secure. */
export async function meet(
  { client, server }: { client: Tls; server: Tls },
  options: { client?: ConnectionOptions; server?: TlsOptions } = {},
): Promise<Meeting> {
  const served = await serve(server, options.server)
  const socket = dial(client, served.port, options.client)
  const [peer] = await Promise.all([served.accepted, once(socket, 'secureConnect')])
  return { client: socket, peer, server: served.server, port: served.port }
}

export type Coded = Error & { code?: string; reason?: string; library?: string }

/** The error that the socket ends with. */
export async function failure(socket: TLSSocket): Promise<Coded> {
  const [error] = await once(socket, 'error')
  return error as Coded
}

/** What a server tells of a client that came to nothing. */
export async function clientError(server: Server): Promise<Coded> {
  const [error] = await once(server, 'tlsClientError')
  return error as Coded
}

/** The code of what `act` throws; `undefined`: nothing. */
export function codeOf(act: () => unknown): string | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return (error as Coded).code ?? String(error)
  }
}

/** All that comes until the peer ends. */
export async function textOf(socket: TLSSocket): Promise<string> {
  let text = ''
  socket.on('data', chunk => (text += chunk))
  await once(socket, 'end')
  return text
}
