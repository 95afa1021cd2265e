/**
 * What connections hold. Idle ones, first engines alone, then with their sockets beside those of node:tls: a process for each kind makes
 * thousands of pairs and looks at itself before and after. And what is held while a long stream flows: nothing that a record has left.
 *
 * No tickets are issued: a session is the application's from its event on, and is no part of the connection.
 */
import { inChild } from './harness/child.ts'
import { type Figure, figure } from './harness/measure.ts'
import type { Cell } from './harness/report.ts'
import type { Session } from './harness/session.ts'
import { type Credentials, mintCredentials } from './memory/credentials.ts'
import type { EnginesJob, EnginesResult } from './memory/engines.ts'
import type { Held } from './memory/held.ts'
import type { SocketsJob } from './memory/sockets.ts'
import type { StreamJob, StreamResult } from './memory/stream.ts'

export async function run(session: Session): Promise<void> {
  const credentials = await mintCredentials()
  await idleEngines(session, credentials)
  await idleSockets(session, credentials)
  await longStreams(session, credentials)
}

const KiB = 1024

// ── Engines ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const engineJobs: readonly (readonly [string, Pick<EnginesJob, 'provider' | 'cipherSuite' | 'sharedCertificates'>])[] = [
  ['node', { provider: 'node', sharedCertificates: true }],
  ['noble', { provider: 'noble', sharedCertificates: true }],
  ['noble, AES-128-GCM', { provider: 'noble', cipherSuite: 'TLS_AES_128_GCM_SHA256', sharedCertificates: true }],
  ['node, each its own certificates', { provider: 'node', sharedCertificates: false }],
]

async function idleEngines(session: Session, credentials: Credentials): Promise<void> {
  const pairs = session.quick ? 1000 : 5000
  const columns = ['heap B', 'array buffers B', 'other native B', 'heap + buffers B']
  const table = session.table(`An idle engine: mean of ${pairs} clients and ${pairs} servers`, columns)
  for (const [name, job] of engineJobs) {
    session.progress(`idle engines, ${name}`)
    const { client, server } = await inChild<EnginesResult>(new URL('./memory/engines.js', import.meta.url), { ...job, pairs, credentials })
    for (const [role, { heap, buffers, native }] of Object.entries({ client, server })) {
      const judged = job.sharedCertificates && job.cipherSuite === undefined
      table.row(`${role}, ${name}`, {
        'heap B': bytes(heap),
        'array buffers B': bytes(buffers),
        'other native B': bytes(native),
        'heap + buffers B': { ...bytes(heap + buffers), ...(judged && { bar: { atMost: 6 * KiB } }) },
      })
    }
  }
}

// ── Sockets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

async function idleSockets(session: Session, credentials: Credentials): Promise<void> {
  const pairs = session.quick ? 500 : 2000
  const columns = ['heap kB', 'buffers kB', 'other native kB', 'resident kB', '÷ node:tls', 'without TCP kB', 'without, ÷ node:tls']
  const table = session.table(`An idle pair over loopback TCP, both ends: mean of ${pairs}`, columns)
  const measured = new Map<SocketsJob['stack'], Held>()
  for (const stack of ['tcp', 'node:tls', 'tassel', 'face'] as const) {
    session.progress(`idle sockets, ${stack}`)
    measured.set(stack, await inChild<Held>(new URL('./memory/sockets.js', import.meta.url), { stack, pairs, credentials }))
  }
  const residentOf = (stack: SocketsJob['stack']) => measured.get(stack)?.resident ?? Number.NaN
  const tcp = residentOf('tcp')
  for (const [stack, { heap, buffers, native, resident }] of measured) {
    table.row(rowNames[stack], {
      'heap kB': kilobytes(heap),
      'buffers kB': kilobytes(buffers),
      'other native kB': kilobytes(native),
      'resident kB': kilobytes(resident),
      '÷ node:tls': { ...share(resident / residentOf('node:tls')), ...(stack === 'tassel' && { bar: { atMost: 0.3 } }) },
      'without TCP kB': kilobytes(resident - tcp),
      'without, ÷ node:tls': share((resident - tcp) / (residentOf('node:tls') - tcp)),
    })
  }
}

const rowNames: Readonly<Record<SocketsJob['stack'], string>> = {
  tcp: 'tcp',
  'node:tls': 'node:tls',
  tassel: 'tassel/node',
  face: 'tassel/node in the place of node:tls',
}

// ── Streams ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const recordSize = 2 ** 14
/** Less than the smallest thing that a record could leave behind, and more than V8's own bookkeeping goes up and down by. */
const leastLeak = 2

async function longStreams(session: Session, credentials: Credentials): Promise<void> {
  const size = session.quick ? 2 ** 28 : 2 ** 30
  const columns = ['first quarter kB', 'last quarter kB', 'left by a record B', 'garbage at most kB']
  const table = session.table(`What is held while ${size / 2 ** 20} MiB flow, heap and array buffers`, columns)
  for (const [name, over] of [
    ['two engines in memory', 'memory'],
    ['tassel/node over loopback TCP', 'tcp'],
  ] as const) {
    session.progress(`a stream, ${name}`)
    const job: StreamJob = { over, bytes: size, credentials }
    const { live, peak } = await inChild<StreamResult>(new URL('./memory/stream.js', import.meta.url), job)
    const held = live.map(({ heap, buffers }) => heap + buffers)
    const quarter = held.length >> 2
    const [first, last] = [figure(held.slice(0, quarter)), figure(held.slice(-quarter))]
    const records = (0.75 * size) / recordSize
    table.row(name, {
      'first quarter kB': { figure: scaledTo(first), digits: 1 },
      'last quarter kB': { figure: scaledTo(last), digits: 1 },
      'left by a record B': { figure: exactly((last.median - first.median) / records), digits: 2, bar: { atMost: leastLeak } },
      'garbage at most kB': kilobytes(peak),
    })
  }
}

function scaledTo({ median, low, high }: Figure): Figure {
  return { median: median / 1000, low: low / 1000, high: high / 1000 }
}

function bytes(value: number): Cell {
  return { figure: exactly(value), digits: 0 }
}

function kilobytes(value: number): Cell {
  return { figure: exactly(value / 1000), digits: 1 }
}

function share(value: number): Cell {
  return { figure: exactly(value), digits: 2 }
}

function exactly(value: number): Figure {
  return { median: value, low: value, high: value }
}
