/**
 * What no single rule names: whatever a peer sends and however it is cut, nothing is thrown, nothing hangs, memory stays bounded, and every
 * failure is told. Without cryptography, so that changed messages are read all the way down.
 */
import { describe, expect, it } from 'vitest'
import { createClient, createServer } from '../../../src/engine.ts'
import { TlsError } from '../../../src/error.ts'
import type { ClientOptions, Connection, ServerConnection, ServerOptions, TlsEvent } from '../../../src/types.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { acceptWithoutVerification } from '../../../src/x509/verdict.ts'
import { constantBytes, nullKey, nullProvider } from '../../null-provider.ts'
import * as tls from './bytes.ts'
import { bytes, u16, v16 } from './bytes.ts'
import { plainRecord, protectedRecord, recordType } from './peer.ts'
import { crypto, helloWithPsks, offeredTicket, pskHello, resumable, resuming } from './resumption.ts'

const { handshake, alert, application_data, change_cipher_spec } = recordType
const identity = { chain: [tls.endEntity], key: nullKey }

/** A record of a script, before it is put on the wire. */
interface Step {
  readonly type: number
  readonly protected: boolean
  readonly content: Uint8Array
}

const plain = (content: Uint8Array, type: number = handshake): Step => ({ type, protected: false, content })
const sealed = (content: Uint8Array, type: number = handshake): Step => ({ type, protected: true, content })
const afterHandshake = [sealed(tls.keyUpdate(1)), sealed(bytes(1, 2, 3), application_data), sealed(bytes(1, 0), alert)]

/** Nothing is compressed: what comes out is what went in. */
const compressed = { certificateCompression: [{ algorithm: 'zlib' as const, decompress: (data: Uint8Array) => data }] }

const clientSubject = (options: Partial<ClientOptions> = {}) =>
  createClient({ crypto: nullProvider, serverName: 'server', keyShares: ['x25519'], alpn: ['h2'], identity, ...options })
const serverSubject = (options: Partial<ServerOptions> = {}) =>
  createServer({ crypto: nullProvider, alpn: ['h2'], clientAuth: 'request', identity, ...options })

const scripts: readonly { readonly name: string; readonly create: () => Connection; readonly steps: readonly Step[] }[] = [
  {
    name: 'a client',
    create: () => clientSubject(),
    steps: [
      plain(tls.helloRetryRequest({ extensions: tls.added(tls.retried, tls.extension('cookie', v16(bytes(1, 2)))) })),
      plain(bytes(1), change_cipher_spec),
      plain(tls.serverHelloAfterRetry()),
      sealed(tls.encryptedExtensions([tls.extension('alpn', v16(tls.v8(bytes(0x68, 0x32)))), tls.extension('server_name')])),
      sealed(tls.certificateRequest(tls.added(tls.requested, tls.extension('certificate_authorities', v16(v16(bytes(1))))))),
      sealed(tls.certificate()),
      sealed(tls.certificateVerify()),
      sealed(tls.finished()),
      sealed(tls.newSessionTicket({ extensions: [tls.extension('early_data', tls.u32(5))] })),
      ...afterHandshake,
    ],
  },
  {
    name: 'a server',
    create: () => serverSubject(),
    steps: [
      plain(tls.helloWith(tls.offeredWithoutShare)),
      plain(tls.clientHello()),
      plain(bytes(1), change_cipher_spec),
      sealed(tls.certificate()),
      sealed(tls.certificateVerify()),
      sealed(tls.finished()),
      ...afterHandshake,
    ],
  },
  {
    name: 'a client with a session and early data',
    create: () => {
      const client = createClient({
        serverName: 'server',
        ...resuming({ ...compressed, earlyData: true, postHandshakeAuth: true, identity })(),
        crypto,
      })
      client.sendEarly(bytes(1, 2, 3))
      return client
    },
    steps: [
      plain(pskHello()),
      sealed(tls.encryptedExtensions([tls.extension('server_name'), tls.extension('early_data')])),
      sealed(tls.finished()),
      sealed(tls.newSessionTicket({ extensions: [tls.extension('early_data', tls.u32(5))] })),
      sealed(tls.certificateRequest(tls.requested, tls.v8(bytes(1)))),
      ...afterHandshake,
    ],
  },
  {
    name: 'a client with a session that is refused',
    create: () =>
      createClient({ serverName: 'server', ...resuming({ ...compressed, earlyData: true, keyShares: ['x25519'], identity })(), crypto }),
    steps: [
      plain(tls.helloRetryRequest()),
      plain(tls.serverHelloAfterRetry()),
      sealed(tls.encryptedExtensions()),
      sealed(tls.compressedCertificate()),
      sealed(tls.certificateVerify()),
      sealed(tls.finished()),
      ...afterHandshake,
    ],
  },
  {
    name: 'a server with early data that asks later',
    create: () => asking(createServer({ ...resumable, ...compressed, crypto, identity, recordSizeLimit: 5000 })),
    steps: [
      plain(
        helloWithPsks(
          [offeredTicket(), { identity: bytes(1) }],
          [tls.extension('early_data'), tls.extension('post_handshake_auth'), tls.extension('record_size_limit', u16(300))],
        ),
      ),
      sealed(bytes(1, 2, 3), application_data),
      sealed(tls.endOfEarlyData),
      sealed(tls.finished()),
      sealed(bytes(4), application_data),
      sealed(tls.compressedCertificate({ content: tls.certificate(undefined, tls.v8(constantBytes(16))).subarray(4) })),
      sealed(tls.certificateVerify()),
      sealed(tls.finished()),
      ...afterHandshake,
    ],
  },
]

/** Asks for a certificate as soon as it is connected, where the client has offered that. */
function asking(server: ServerConnection): Connection {
  const poll = server.poll.bind(server)
  server.poll = () => {
    const event = poll()
    if (event?.type !== 'connected') return event
    try {
      server.requestClientCertificate()
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
    return event
  }
  return server
}

/** Numbers that look random, the same each time (xorshift). */
function generator(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

type Random = ReturnType<typeof generator>

/** Bytes with a change that is small but may be anything. */
function mutated(random: Random, whole: Uint8Array): Uint8Array {
  const at = random(whole.length + 1)
  const size = 1 + random(8)
  const junk = Uint8Array.from({ length: size }, () => [0, 1, 0xff, random(256)][random(4)] ?? 0)
  const replace = [concat(whole.subarray(0, at), junk, whole.subarray(at + size)), concat(whole.subarray(0, at), junk, whole.subarray(at))]
  return replace[random(4)] ?? concat(whole.subarray(0, at), whole.subarray(at + size))
}

/** A handshake message whose body is changed and whose length is right again. */
function mutatedMessage(random: Random, message: Uint8Array): Uint8Array {
  const body = mutated(random, message.subarray(4))
  return concat(message.subarray(0, 1), tls.u24(body.length), body)
}

function mutatedSteps(random: Random, steps: readonly Step[]): readonly Step[] {
  const at = random(steps.length)
  const step = steps[at] ?? plain(tls.none)
  const other = steps[random(steps.length)] ?? step
  const before = steps.slice(0, at)
  const after = steps.slice(at + 1)
  switch (random(7)) {
    case 0:
      return [...before, step, step, ...after]
    case 1:
      return [...before, ...after]
    case 2:
      return [...before, other, step, ...after]
    case 3:
      return [...before, { ...step, protected: !step.protected }, ...after]
    case 4:
      return [...before, { ...step, type: random(30) }, ...after]
    case 5:
      return [...before, { ...step, content: mutated(random, step.content) }, ...after]
    default:
      return [...before, step.type === handshake ? { ...step, content: mutatedMessage(random, step.content) } : step, ...after]
  }
}

function onWire(steps: readonly Step[]): Uint8Array {
  return concat(...steps.map(step => (step.protected ? protectedRecord(step.type, step.content) : plainRecord(step.type, step.content))))
}

function cut(random: Random, whole: Uint8Array): readonly Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < whole.length; ) {
    const size = 1 + random([3, 40, 400, 4000][random(4)] ?? 1)
    chunks.push(whole.slice(at, at + size))
    at += size
  }
  return chunks
}

/** Feeds a connection as a careful application does, to the end of the transport. */
function feed(connection: Connection, chunks: readonly Uint8Array[]): { events: TlsEvent[]; output: Uint8Array } {
  const events: TlsEvent[] = []
  const output: Uint8Array[] = []
  const drain = () => {
    for (let event = connection.poll(); event; event = connection.poll()) {
      events.push(event)
      if (events.length > 10_000) throw new Error('the events do not end')
      if (event.type !== 'peer-certificate') continue
      try {
        event.answer(acceptWithoutVerification(event.chain))
      } catch (error) {
        if (!(error instanceof TlsError)) throw error
        event.refuse(error.alert)
      }
    }
    output.push(...connection.takeOutput())
  }
  for (const chunk of chunks) {
    connection.receive(chunk)
    drain()
  }
  connection.receiveEnd()
  drain()
  return { events, output: concat(...output) }
}

/** Ended or failed, told once and last; where the fault was found here, its alert is on the wire. */
function expectCleanEnd(connection: Connection, { events, output }: { events: TlsEvent[]; output: Uint8Array }, what: string): void {
  const last = events.at(-1)
  const finals = events.filter(({ type }) => type === 'failed' || type === 'end')
  // Answers to KeyUpdate may be told after the peer's end.
  const over = last?.type === 'failed' || events.some(({ type }) => type === 'end')
  expect(over, what).toBe(true)
  expect(finals, what).toHaveLength(1)
  expect(connection.waitingFor, what).toBe('nothing')
  expect(output.length, what).toBeLessThan(10_000)
  if (last?.type !== 'failed') return
  expect(last.error.code, `${what}: ${last.error.message}`).not.toBe('internal')
  if (last.error.origin === 'local') {
    const [level, description] = last.error.alert === undefined ? [] : lastAlert(output)
    expect([level, description !== undefined], `${what}: ${last.error.message}`).toEqual([2, true])
  }
}

/** The two bytes of an alert at the end of the output, in plaintext or protected. */
function lastAlert(output: Uint8Array): readonly (number | undefined)[] {
  const isPlain = output.at(-7) === alert && output.at(-4) === 0 && output.at(-3) === 2
  return isPlain ? [output.at(-2), output.at(-1)] : [output.at(-19), output.at(-18)]
}

describe.each(scripts)('$name', ({ name, create, steps }) => {
  it('goes through the script', () => {
    const connection = create()
    const { events } = feed(connection, [onWire(steps)])
    expect(connection.info).toBeDefined()
    expect(events.map(({ type }) => type)).not.toContain('failed')
    expect(events.map(({ type }) => type)).toContain('end')
  })

  it('ends cleanly whatever becomes of a record or message', () => {
    const codes = new Map<string, number>()
    for (let seed = 0; seed < 4000; seed++) {
      const random = generator(seed)
      let changed = steps
      for (let i = random(3); i >= 0; i--) changed = mutatedSteps(random, changed)
      const connection = create()
      const result = feed(connection, cut(random, onWire(changed)))
      expectCleanEnd(connection, result, `seed ${seed}`)
      const last = result.events.at(-1)
      const code = last?.type === 'failed' ? last.error.code : 'no failure'
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
    expect(codes.size).toBeGreaterThan(12)
    console.log(`${name}: ${[...codes].map(([code, count]) => `${code} ${count}`).join(', ')}`)
  })

  it('ends cleanly whatever becomes of the bytes of the transport', () => {
    for (let seed = 0; seed < 2000; seed++) {
      const random = generator(seed)
      let wire = onWire(steps)
      for (let i = random(3); i >= 0; i--) wire = mutated(random, wire)
      const connection = create()
      expectCleanEnd(connection, feed(connection, cut(random, wire)), `seed ${seed}`)
    }
  })

  it('ends cleanly after noise', () => {
    for (let seed = 0; seed < 500; seed++) {
      const random = generator(seed)
      const noise = Uint8Array.from({ length: random(2000) }, () => random(256))
      const prefix = steps.slice(0, random(steps.length))
      const connection = create()
      expectCleanEnd(connection, feed(connection, cut(random, concat(onWire(prefix), noise))), `seed ${seed}`)
    }
  })
})
