/**
 * Streams: bulk data one way and both ways, small writes, and round trips, through `tassel/node` and `node:tls` over the same transports
 * (an in-memory pair, TCP on loopback) in the same process, both on TLS_AES_128_GCM_SHA256; and what two engines do without any stream.
 */
import type { Duplex } from 'node:stream'
import { type Contender, race, rate, scaled } from './harness/measure.ts'
import type { Bar } from './harness/report.ts'
import type { Session } from './harness/session.ts'
import { engineBulk } from './stream/engines.ts'
import { closeStreams, connectStreams, type Ends, type Stack, stacks, type Transport, transports } from './stream/stacks.ts'

const MiB = 2 ** 20
const since24 = Number(process.versions.node.split('.')[0]) >= 24

export async function run(session: Session): Promise<void> {
  await engines(session)
  for (const transport of transports) {
    const bulkBar = { atLeast: transport === 'memory' && since24 ? 0.85 : 0.75 }
    const pieces = session.quick ? 64 : 256
    await compare(session, transport, {
      what: 'bulk one way, 64 KiB writes',
      unit: { name: 'MB/s', amount: pieces * chunk.length },
      bar: bulkBar,
      work: ends => bulk(ends.client, ends.server, pieces),
    })
    await compare(session, transport, {
      what: 'bulk both ways, 64 KiB writes',
      unit: { name: 'MB/s', amount: pieces * chunk.length },
      work: async ({ client, server }) => {
        await Promise.all([bulk(client, server, pieces / 2), bulk(server, client, pieces / 2)])
      },
    })
    await compare(session, transport, {
      what: 'writes of 64 bytes, 64 in a tick',
      unit: { name: 'writes/ms', amount: 64 * 64 * 1000 },
      bar: { atLeast: 1 },
      work: ends => smallWrites(ends, 64, 64),
    })
    await compare(session, transport, {
      what: 'round trips of 64 bytes',
      unit: { name: 'µs a trip', trips: 100 },
      bar: { atMost: 0.9 },
      work: ends => pingPong(ends, 100),
    })
  }
}

interface Comparison {
  readonly what: string
  /** A rate of so many a microsecond of work, or the time of one of so many trips. */
  readonly unit: { readonly name: string; readonly amount?: number; readonly trips?: number }
  readonly bar?: Bar
  readonly work: (ends: Ends) => Promise<void>
}

async function compare(session: Session, transport: Transport, { what, unit, bar, work }: Comparison): Promise<void> {
  session.progress(`${transport}, ${what}`)
  const table = session.table(`Streams over ${transport}: ${what}`, [unit.name, '÷ node:tls'])
  const pairs = new Map<Stack, Ends>()
  for (const stack of stacks) pairs.set(stack, await connectStreams(stack, transport))
  const contenders = [...pairs].map(([name, ends]): Contender => ({ name, run: () => work(ends) }))
  const result = await race(contenders, session.slowPace)
  for (const stack of stacks) {
    const time = result.time(stack)
    const ratio = unit.trips === undefined ? result.speed(stack, 'node:tls') : result.speed('node:tls', stack)
    table.row(stack, {
      [unit.name]: { figure: unit.trips === undefined ? rate(unit.amount ?? 1, time) : scaled(time, 1 / unit.trips) },
      ...(stack === 'tassel/node' && { '÷ node:tls': { figure: ratio, digits: 2, ...(bar && { bar }) } }),
    })
  }
  await closeStreams([...pairs.values()])
}

async function engines(session: Session): Promise<void> {
  const table = session.table('Two engines in memory, no streams: bulk one way, 64 KiB a call', ['MB/s', '÷ bare AEAD'])
  for (const { name, bytes, contenders } of engineBulk(session.quick ? 4 * MiB : 16 * MiB)) {
    session.progress(`engines, ${name}`)
    const result = await race(contenders, session.slowPace)
    table.row(name, {
      'MB/s': { figure: rate(bytes, result.time('engines')) },
      '÷ bare AEAD': { figure: result.speed('engines', 'bare'), digits: 2 },
    })
  }
}

const chunk = new Uint8Array(65_536).fill(7)

/** Writes so many chunks, as fast as the stream takes them, and waits until all has arrived. */
async function bulk(from: Duplex, to: Duplex, chunks: number): Promise<void> {
  const arrived = received(to, chunks * chunk.length)
  for (let i = 0; i < chunks; i++) if (!from.write(chunk)) await drained(from)
  await arrived
}

const small = new Uint8Array(64).fill(7)

async function smallWrites({ client, server }: Ends, ticks: number, perTick: number): Promise<void> {
  const arrived = received(server, ticks * perTick * small.length)
  for (let tick = 0; tick < ticks; tick++) {
    for (let i = 0; i < perTick; i++) client.write(small)
    await new Promise(setImmediate)
  }
  await arrived
}

async function pingPong({ client, server }: Ends, trips: number): Promise<void> {
  const echo = () => server.write(small)
  server.on('data', echo)
  for (let trip = 0; trip < trips; trip++) {
    const answer = received(client, small.length)
    client.write(small)
    await answer
  }
  server.off('data', echo)
}

function received(stream: Duplex, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = bytes
    const count = (data: Uint8Array) => {
      left -= data.length
      if (left > 0) return
      stream.off('data', count).off('close', closed)
      if (left < 0) reject(new Error('more came than was sent'))
      else resolve()
    }
    const closed = () => reject(new Error('the stream was closed'))
    stream.on('data', count).once('close', closed)
  })
}

function drained(stream: Duplex): Promise<void> {
  return new Promise(resolve => stream.once('drain', resolve))
}
