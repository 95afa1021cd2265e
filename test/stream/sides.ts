/** A client and a server over a pipe, with certificates that fit. */
import { randomBytes } from 'node:crypto'
import { createWasmProvider } from '../../src/crypto/wasm.ts'
import {
  type ByteStreams,
  ClientConnection,
  type ClientConnectionOptions,
  PrivateIdentity,
  ServerConnection,
  type ServerConnectionOptions,
} from '../../src/stream/index.ts'
import { type Minted, mintAuthority } from '../../src/testing/index.ts'
import { createTrustStore } from '../../src/x509/index.ts'
import { type Pipe, type PipeOptions, pipe } from './pipes.ts'

export const crypto = createWasmProvider({ random: size => new Uint8Array(randomBytes(size)) })
export const authority = await mintAuthority({ key: 'P-256', name: 'Stream Tests' })
export const serverCertificate = await authority.issue({
  names: ['localhost', 'other.example'],
  purposes: ['server', 'client'],
  key: 'P-256',
})
export const clientCertificate = await authority.issue({
  names: ['client.example'],
  purposes: ['client'],
  key: 'Ed25519',
})
export const trust = createTrustStore({ roots: [authority.certificateDer], crypto })
export const stranger = createTrustStore({ roots: [(await mintAuthority({ name: 'Another' })).certificateDer], crypto })

export const identityOf = ({ privateKeyPkcs8, certificateDer }: Minted): PrivateIdentity =>
  PrivateIdentity.parse(privateKeyPkcs8, certificateDer, { crypto })

export const serverIdentity = identityOf(serverCertificate)
export const clientIdentity = identityOf(clientCertificate)

export interface Sides {
  readonly client: ClientConnection
  readonly server: ServerConnection
  readonly pipe: Pipe
}

export interface SidesOptions {
  readonly client?: ClientConnectionOptions
  readonly server?: ServerConnectionOptions
  /** Whether both have a trust store. Default: true. */
  readonly trusting?: boolean
  readonly pipe?: PipeOptions
}

/** Neither has begun. */
export function sides({ client, server, trusting = true, pipe: pipeOptions }: SidesOptions = {}): Sides {
  const made = pipe(pipeOptions)
  const [near, far] = made.streams
  const common = { crypto, ...(trusting && { trust }) }
  return {
    client: new ClientConnection(near, { ...common, ...client }),
    server: new ServerConnection(far, { ...common, identity: serverIdentity, ...server }),
    pipe: made,
  }
}

export interface Connected extends Sides {
  readonly near: ByteStreams
  readonly far: ByteStreams
}

export async function connected(options: SidesOptions = {}): Promise<Connected> {
  const made = sides(options)
  const [near, far] = await Promise.all([made.client.connect('localhost').finish(), made.server.accept().finish()])
  return { ...made, near, far }
}

/** All that comes, as one text. */
export async function textOf({ readable }: Pick<ByteStreams, 'readable'>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readable) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Writes all of it and closes. */
export async function say({ writable }: Pick<ByteStreams, 'writable'>, text: string): Promise<void> {
  const writer = writable.getWriter()
  await writer.write(bytes(text))
  await writer.close()
}

/** Long enough for whatever would move by itself to have moved. */
export const quiet = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 30))

/** What a promise ends with, as something to compare. */
export async function outcome(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work
  } catch (error) {
    return error
  }
}
