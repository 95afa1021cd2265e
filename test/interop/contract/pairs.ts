/** A connection of Tassel's with a peer, in either role, and data over it. */
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { TlsStreamOptions } from '../../../src/node/index.ts'
import type { ClientOptions, CommonOptions, ConnectionInfo, Identity, ServerOptions } from '../../../src/types.ts'
import { pattern } from '../../node/pair.ts'
import { authority } from '../credentials.ts'
import type { Peer, PeerEnd, PeerOptions } from '../peer.ts'
import { connect, type Ours, serve } from '../tassel.ts'

/** Tassel's; the peer has the other. */
export type Role = 'client' | 'server'

export interface Connected {
  readonly ours: Ours
  readonly theirs: PeerEnd
  readonly info: ConnectionInfo
  /** Whether what we send comes back and nothing else. */
  readonly echoed: boolean
}

export interface PairOptions {
  readonly role: Role
  /** What only the other role knows is ignored. */
  readonly ours?: CommonOptions &
    Pick<TlsStreamOptions, 'allowHalfOpen'> &
    Pick<ServerOptions, 'clientAuth'> &
    Pick<ClientOptions, 'keyShares'> & { identity?: Identity }
  readonly theirs?: PeerOptions
}

/** Connects the two; the handshake is done on our side. The peer verifies our server against the tests' authority. */
export async function connected(peer: Peer, { role, ours: options = {}, theirs: settings = {} }: PairOptions): Promise<Connected> {
  if (role === 'client') {
    const theirs = await peer.server.start(settings)
    const ours = await connect(theirs.port, options)
    return { ours, theirs, info: await ours.connected(), echoed: peer.server.echoes ?? false }
  }
  const server = await serve(options)
  const theirs = await peer.client.start(server.port, { ca: (await authority()).certFile, ...settings })
  const ours = await server.accepted
  return { ours, theirs, info: await ours.connected(), echoed: false }
}

/** Sends `size` bytes each way at the same time (to a peer that echoes: there and back) and compares what came. */
export async function exchange({ ours, theirs, echoed }: Connected, size: number): Promise<void> {
  if (echoed) {
    const sent = lines(size)
    ours.stream.write(sent)
    expect(hash(await ours.inbox.take(size))).toBe(hash(sent))
    return
  }
  const [sent, back] = [pattern(size), pattern(size + 7).subarray(7)]
  ours.stream.write(sent)
  theirs.send(back)
  const [there, here] = await Promise.all([theirs.inbox.take(size), ours.inbox.take(size)])
  expect(hash(there)).toBe(hash(sent))
  expect(hash(here)).toBe(hash(back))
}

/** Lines of text, `size` bytes with the last line's end: numbered, so that a lost or repeated piece shows. */
function lines(size: number): Buffer {
  const text = Array.from({ length: Math.ceil(size / 16) }, (_, i) => `line ${i}\n`.padStart(16, '.')).join('')
  return Buffer.from(text.slice(text.length - size))
}

export function hash(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
