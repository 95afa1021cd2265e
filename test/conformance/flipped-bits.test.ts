/**
 * Every single bit of every flight, flipped: the connection fails, with an alert on the wire where there is somebody to tell. Only the version
 * bytes of record headers, which TLS ignores, change nothing. No throw, no hang, no success with other data.
 *
 * Both sides are made deterministic (random source, key shares, an Ed25519 signature), so that the flights can be recorded once and each flipped
 * flight goes to a fresh engine that is in the state it was recorded for.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import type { DiffieHellmanGroup } from '../../src/crypto/key-exchange.ts'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { createClient, createServer } from '../../src/engine.ts'
import type { ClientOptions, Connection, Identity, ServerOptions, TrustStore } from '../../src/types.ts'
import { concat, toHex } from '../../src/wire/bytes.ts'
import { type Credentials, credentials } from '../credentials.ts'
import { Side } from '../pair.ts'
import { providers } from '../providers.ts'

let minted: Credentials
beforeAll(async () => {
  minted = await credentials('Ed25519')
})

const request = new TextEncoder().encode('a request that matters')
const response = new TextEncoder().encode('a response that matters')

interface Flight {
  readonly from: 'client' | 'server'
  readonly bytes: Uint8Array
}

describe.each(providers())('on the provider $name', provider => {
  const flavours = [
    { name: 'with a certificate on the server', clientAuth: undefined, keyShares: ['x25519'] },
    { name: 'with certificates on both sides', clientAuth: 'require' as const, keyShares: ['x25519'] },
    { name: 'with a retry', clientAuth: undefined, keyShares: [] },
  ]
  it.each(flavours)('no flipped bit goes unnoticed in a handshake $name', { timeout: 600_000 }, ({ clientAuth, keyShares }) => {
    const identity = signingOnce(minted.identity(provider))
    const [trust, ofClient, ofServer] = [minted.trust(provider), deterministic(provider, 1), deterministic(provider, 2)]
    const create = {
      client: () => client(ofClient, trust, { keyShares, identity: clientAuth ? identity : null }),
      server: () => server(ofServer, trust, { identity, ...(clientAuth && { clientAuth }) }),
    }
    const flights = record(create)
    const counts = { failed: 0, truncated: 0, ignored: 0 }
    for (const [index, flight] of flights.entries()) {
      const receiver = flight.from === 'client' ? 'server' : 'client'
      const wanted = outcome(receive(create[receiver](), receiver, flights, flights))
      for (let bit = 0; bit < flight.bytes.length * 8; bit++) {
        const flipped = flights.map((each, i) => (i === index ? { ...each, bytes: flip(each.bytes, bit) } : each))
        const side = receive(create[receiver](), receiver, flipped, flights)
        const place = `bit ${bit % 8} of byte ${bit >> 3} in flight ${index} (${flight.from})`
        if (side.error) {
          const truncated = side.error.code === 'truncated'
          if (!truncated) expect(side.error.alert, `${place}: ${side.error.code}`).toBeDefined()
          if (!truncated) expect(side.error.origin, place).toBe('local')
          expect(isPrefix(side.data, receiver === 'client' ? response : request), place).toBe(true)
          counts[truncated ? 'truncated' : 'failed']++
        } else {
          expect(outcome(side), place).toEqual(wanted)
          expect(isVersionByte(flight.bytes, bit >> 3), `${place} was ignored`).toBe(true)
          counts.ignored++
        }
      }
    }
    const bits = flights.reduce((sum, { bytes }) => sum + bytes.length * 8, 0)
    expect(counts.failed + counts.truncated + counts.ignored).toBe(bits)
    expect(counts.failed).toBeGreaterThan(bits * 0.9)
    console.log(
      `${provider.name}: ${bits} bits flipped: ${counts.failed} failed with an alert, ${counts.truncated} waited for more until the transport ended, ${counts.ignored} in version bytes of records`,
    )
  })
})

/** The flights of one whole connection: handshake, a request, a response, both closings. */
function record(create: { client: () => Connection; server: () => Connection }): readonly Flight[] {
  const ends = { client: new Side(create.client()), server: new Side(create.server()) }
  const flights: Flight[] = []
  const fly = (from: 'client' | 'server') => {
    ends[from].drain()
    const bytes = concat(...ends[from].connection.takeOutput())
    flights.push({ from, bytes })
    ends[from === 'client' ? 'server' : 'client'].connection.receive(bytes.slice())
    ends[from === 'client' ? 'server' : 'client'].drain()
  }
  while (!ends.server.connected) {
    fly('client')
    if (!ends.server.connected) fly('server')
  }
  ends.client.connection.send(request)
  ends.client.connection.end()
  fly('client')
  ends.server.connection.send(response)
  ends.server.connection.end()
  fly('server')
  expect(ends.client.data).toEqual(response)
  expect(ends.server.data).toEqual(request)
  return flights
}

/** One end alone, fed with what the other once sent; it says what it said then, as long as it still can. */
function receive(connection: Connection, role: 'client' | 'server', flights: readonly Flight[], original: readonly Flight[]): Side {
  const side = new Side(connection)
  const output: Uint8Array[] = []
  for (const [i, { from, bytes }] of flights.entries()) {
    if (from !== role) {
      connection.receive(bytes.slice())
      side.drain()
    } else if (i >= original.length - 2 && side.connected && !side.error) {
      connection.send(role === 'client' ? request : response)
      connection.end()
    }
    output.push(...connection.takeOutput())
  }
  connection.receiveEnd()
  side.drain()
  output.push(...connection.takeOutput())
  if (side.error?.origin === 'local') expect(endsInAlert(concat(...output)), side.error.code).toBe(true)
  return side
}

/** Whether the last record is an alert by its length, in plaintext or protected. (The alert of the failure, or the close_notify before it.) */
function endsInAlert(output: Uint8Array): boolean {
  let last = output
  for (let at = 0; at < output.length; at += last.length) last = output.subarray(at, at + recordSize(output, at))
  return (last[0] === 21 && last.length === 7) || (last[0] === 23 && last.length === 24)
}

function recordSize(bytes: Uint8Array, at: number): number {
  return 5 + ((bytes[at + 3] ?? 0) << 8) + (bytes[at + 4] ?? 0)
}

function outcome(side: Side): unknown {
  return { types: side.types, data: toHex(side.data), info: side.connection.info?.cipherSuite }
}

function isPrefix(data: Uint8Array, whole: Uint8Array): boolean {
  return data.length <= whole.length && data.every((byte, i) => byte === whole[i])
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice()
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return flipped
}

/** Bytes 1 and 2 of each record of a flight. */
function isVersionByte(flight: Uint8Array, at: number): boolean {
  for (let start = 0; start < flight.length; start += recordSize(flight, start)) {
    if (at === start + 1 || at === start + 2) return true
  }
  return false
}

function client(crypto: CryptoProvider, trust: TrustStore, options: Partial<ClientOptions>): Connection {
  return createClient({ crypto, serverName: 'localhost', groups: ['x25519'], trust, now: () => minted.now, ...options })
}

function server(crypto: CryptoProvider, trust: TrustStore, options: Partial<ServerOptions>): Connection {
  return createServer({ crypto, trust, now: () => minted.now, ...options })
}

/**
 * The same "random" values and key shares at each start. So most of what is agreed, signed and verified is the same too, and is computed once: a flipped
 * bit that reaches it makes another question of it.
 */
function deterministic(provider: CryptoProvider, seed: number): CryptoProvider {
  const privateKey = new Uint8Array(32).fill(seed * 17)
  return {
    ...provider,
    random: size => new Uint8Array(size).fill(seed),
    groups: provider.groups
      .filter(each => each.name === 'x25519')
      .map(group => {
        const { pairOf } = group as DiffieHellmanGroup
        const { share } = pairOf(privateKey)
        const agree = remembered((peer: Uint8Array) => pairOf(privateKey).agree(peer))
        const pair = () => ({ share: share.slice(), agree: (peer: Uint8Array) => agree(peer).slice() })
        return {
          group: group.group,
          name: group.name,
          generate: pair,
          respond: peer => {
            const { share, agree } = pair()
            return { share, secret: agree(peer) }
          },
        }
      }),
    verifiers: provider.verifiers.map(verifier => ({ ...verifier, verify: remembered(verifier.verify.bind(verifier)) })),
  }
}

/** What signs with Ed25519 says the same of the same message. */
function signingOnce({ chain, key }: Identity): Identity {
  const sign = remembered((message: Uint8Array) => key.sign?.(key.schemes[0] ?? 0, message))
  return { chain, key: { ...key, sign: (_scheme, message) => sign(message) ?? new Uint8Array(0) } }
}

function remembered<Args extends readonly Uint8Array[], Result>(compute: (...args: Args) => Result): (...args: Args) => Result {
  const results = new Map<string, Result>()
  return (...args) => {
    const question = args.map(toHex).join(' ')
    if (!results.has(question)) results.set(question, compute(...args))
    return results.get(question) as Result
  }
}
