/** What only shows in numbers: replayed early data, and ticket keys that rotate while connections come. */
import { beforeAll, expect, it } from 'vitest'
import { createNodeProvider } from '../../src/crypto/node.ts'
import { createReplayGuard, TicketKeyRing } from '../../src/engine.ts'
import type { Session } from '../../src/types.ts'
import { concat } from '../../src/wire/bytes.ts'
import { type Credentials, credentials } from '../credentials.ts'
import type { Side } from '../pair.ts'
import { pairOf, pattern } from './setup.ts'

const provider = createNodeProvider()
let minted: Credentials
beforeAll(async () => {
  minted = await credentials('P-256')
})

function sessionsOf(side: Side): readonly Session[] {
  return side.events.flatMap(event => (event.type === 'session' ? [event.session] : []))
}

it('of 10,000 replayed flights with early data each is taken once, by one of two servers that share a guard', { timeout: 300_000 }, () => {
  const [flightCount, replays] = [500, 20]
  const tickets = new TicketKeyRing({ random: provider.random })
  const earlyDataGuard = createReplayGuard()
  const pskModes = ['psk_ke', 'psk_dhe_ke'] as const
  const server = { tickets, maxEarlyData: 100, ticketCount: 250, earlyDataGuard, pskModes }
  const flights: Uint8Array[] = []
  while (flights.length < flightCount) {
    const first = pairOf(provider, minted, { server, client: { groups: ['x25519'], pskModes, limits: { tickets: 250 } } }).run()
    for (const session of sessionsOf(first.client)) {
      const { connection } = pairOf(provider, minted, { server, client: { session, earlyData: true, groups: ['x25519'], pskModes } }).client
      connection.sendEarly(pattern(20))
      flights.push(concat(...connection.takeOutput()))
    }
  }
  const taken = new Map<number, number>()
  for (let i = 0; i < flightCount * replays; i++) {
    // Neighbours in time are different flights; each server sees every one of them.
    const flight = (i * 7) % flightCount
    const { connection } = pairOf(provider, minted, { server: { ...server, ticketCount: 0 } }).server
    connection.receive((flights[flight] as Uint8Array).slice())
    for (let event = connection.poll(); event; event = connection.poll()) {
      expect(event.type).toBe('data')
      taken.set(flight, (taken.get(flight) ?? 0) + 1)
    }
  }
  expect(taken.size).toBe(flightCount)
  expect([...taken.values()].every(count => count === 1)).toBe(true)
  console.log(`${flightCount * replays} flights replayed, ${taken.size} taken, each once`)
})

it('while ticket keys rotate no handshake fails: it resumes, or it is a full one', { timeout: 300_000 }, () => {
  const tickets = new TicketKeyRing({ random: provider.random, rotateAfter: 5, overlap: 8 })
  const waiting: Session[] = []
  const counts = { resumed: 0, full: 0 }
  for (let i = 0; i < 400; i++) {
    // Each connection is some 0.7 seconds after the one before; sessions wait up to 20 of them.
    const now = () => minted.now + i * 700
    const session = waiting.length > 20 ? waiting.splice((i * 13) % waiting.length, 1)[0] : undefined
    const client = { now, groups: ['x25519'], ...(session && { session }) }
    const pair = pairOf(provider, minted, { client, server: { tickets, now, ticketLifetime: 3600 } }).run()
    expect(pair.client.error ?? pair.server.error).toBeUndefined()
    expect(pair.client.connected && pair.server.connected).toBe(true)
    const { resumed } = pair.client.connection.info ?? {}
    counts[resumed ? 'resumed' : 'full']++
    waiting.push(...sessionsOf(pair.client).slice(0, 1))
  }
  expect(counts.resumed).toBeGreaterThan(50)
  expect(counts.full).toBeGreaterThan(50)
  console.log(`400 connections over ${Math.round((400 * 0.7) / 5)} rotations: ${counts.resumed} resumed, ${counts.full} full, none failed`)
})
