/** The host of wasi:tls@0.2.0-draft for guests that hold the thread: all of it happens within these calls. */
import { describe, expect, it } from 'vitest'
import { bytes, stranger, trust } from '../stream/sides.ts'
import { HeldSides, reset } from './held-sides.ts'
import { errorOf, type Future, type Taken } from './p2-sides.ts'

/** Waits for the outcome, without a promise, and takes it. */
function take(future: Future): Taken {
  expect(future.subscribe().block()).toBe(undefined)
  const taken = future.get()
  if (taken === undefined) throw new Error('it was ready, and there is nothing')
  return taken
}

function connected(sides = new HeldSides()) {
  const taken = take(sides.begin())
  if (taken.tag === 'err' || taken.val.tag === 'err') throw new Error(errorOf(taken))
  const [connection, incoming, outgoing] = taken.val.val
  // For the server, the handshake is over when it has read the last message.
  sides.turn()
  return { sides, connection, incoming, outgoing }
}

const heard = (sides: HeldSides) => Buffer.concat(sides.heard).toString()

/** What an operation throws: `closed`, or the debug string of what failed. */
function fault(work: () => unknown): string {
  try {
    work()
  } catch (thrown) {
    const { tag, val } = thrown as { tag?: string; val?: { toDebugString(): string } }
    return val?.toDebugString() ?? String(tag)
  }
  throw new Error('nothing was thrown')
}

describe('a connection', () => {
  it('carries data both ways, and is half-closed by close-output', () => {
    const { sides, connection, incoming, outgoing } = connected()
    outgoing.blockingWriteAndFlush(bytes('a question'))
    connection.closeOutput()
    sides.turn()
    expect(heard(sides)).toBe('a question')
    expect(sides.events.at(-1)).toEqual({ type: 'end' })
    expect(fault(() => outgoing.checkWrite())).toBe('closed')
    sides.server.send(bytes('an answer after the end of the question'))
    sides.server.end()
    expect(String(Buffer.from(incoming.blockingRead(9n) as Uint8Array))).toBe('an answer')
    expect(incoming.blockingSkip(1000n)).toBe(30n)
    expect(fault(() => incoming.blockingRead(1n))).toBe('closed')
  })

  it('takes as much as the transport does, and no more while the server does not read', () => {
    const { sides, incoming, outgoing, connection } = connected()
    sides.reads = false
    let sent = 0n
    for (let room = outgoing.checkWrite(); room > 0n; room = outgoing.checkWrite()) {
      outgoing.write(new Uint8Array(Number(room)))
      sent += room
    }
    expect(sent).toBeGreaterThan(65_536n)
    expect(sent).toBeLessThan(200_000n)
    expect(outgoing.subscribe().ready()).toBe(false)
    expect([incoming.subscribe().ready(), incoming.read(1n)]).toEqual([false, new Uint8Array(0)])
    sides.reads = true
    outgoing.subscribe().block()
    outgoing.blockingFlush()
    connection.closeOutput()
    while (sides.turn());
    expect(heard(sides).length).toBe(Number(sent))
    expect(sides.events.at(-1)).toEqual({ type: 'end' })
  })

  it('tells the transport to pass on also what it could not take at once', () => {
    const { sides, outgoing } = connected()
    const calls: string[] = []
    const { write, flush } = sides.output
    sides.output.write = contents => {
      calls.push('write')
      write(contents)
    }
    sides.output.flush = () => {
      calls.push('flush')
      flush()
    }
    outgoing.write(new Uint8Array(50_000))
    while (sides.turn()) outgoing.checkWrite()
    expect(heard(sides).length).toBe(50_000)
    expect(calls.at(-1)).toBe('flush')
  })

  it('takes what check-write has allowed although TLS has had something to say since', () => {
    const { sides, incoming, outgoing } = connected()
    sides.reads = false
    outgoing.write(new Uint8Array(60_000))
    sides.reads = true
    sides.server.updateKeys({ requestPeer: true })
    sides.turn()
    sides.reads = false
    const room = Number(outgoing.checkWrite())
    expect(incoming.read(1n).length).toBe(0)
    expect(() => outgoing.write(new Uint8Array(room + 1))).toThrow(TypeError)
    outgoing.write(new Uint8Array(room))
    expect(outgoing.checkWrite()).toBe(0n)
  })

  it('splices, and lets go of each pollable that it has waited for', () => {
    const { sides, outgoing } = connected()
    const [answers, calls] = [[new Uint8Array(0), bytes('x')], [] as string[]]
    const source = {
      read: () => answers.shift() ?? new Uint8Array(0),
      subscribe: () => {
        calls.push('subscribed')
        return { ready: () => true, block: () => {}, [Symbol.dispose]: () => void calls.push('dropped') }
      },
    }
    expect(outgoing.blockingSplice(source, 10n)).toBe(1n)
    while (sides.turn());
    expect([heard(sides), calls]).toEqual(['x', ['subscribed', 'dropped']])
  })

  it('waits for streams of both implementations in one list', () => {
    const { sides, incoming } = connected()
    const list = [sides.output.subscribe(), incoming.subscribe()]
    expect(sides.tls['wasi:io/poll'].poll(list)).toEqual(Uint32Array.of(0))
    expect(incoming.read(1n)).toEqual(new Uint8Array(0))
    sides.server.send(bytes('x'))
    sides.turn()
    expect(sides.tls['wasi:io/poll'].poll(list)).toEqual(Uint32Array.of(0, 1))
  })

  it('is had once from its future', () => {
    const sides = new HeldSides()
    const future = sides.begin()
    expect([future.get(), future.subscribe().ready()]).toEqual([undefined, false])
    take(future)
    expect(future.get()).toEqual({ tag: 'err', val: undefined })
  })

  it('lets go of the transport with the last of its parts', () => {
    const { sides, connection, incoming, outgoing } = connected()
    outgoing.write(bytes('the last words'))
    outgoing[Symbol.dispose]()
    incoming[Symbol.dispose]()
    expect(sides.dropped).toEqual([])
    connection[Symbol.dispose]()
    expect(sides.dropped).toEqual(['pollable of input', 'input', 'output'])
    sides.turn()
    expect(heard(sides)).toBe('the last words')
    expect(sides.events.some(({ type }) => type === 'end')).toBe(false)
  })
})

describe('a failure', () => {
  it('of the handshake is the io-error of the future, and its alert reaches the server', () => {
    const sides = new HeldSides({ trust: stranger })
    expect(errorOf(take(sides.begin()))).toMatch(/^issuer-unknown: /)
    sides.turn()
    expect(sides.events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'peer-alert', alert: 'unknown_ca' } })
    expect(sides.dropped).toContain('output')
  })

  it('is a certificate for another name, or a name that can’t be one', () => {
    expect(errorOf(take(new HeldSides().begin('another.example')))).toMatch(/^certificate-name-mismatch: /)
    expect(errorOf(take(new HeldSides().begin('no name')))).toMatch(/^serverName is a DNS name/)
  })

  it('is a transport that ends without close_notify, after what came', () => {
    const { sides, incoming } = connected()
    sides.server.send(bytes('half a sent'))
    sides.turn()
    expect(String(Buffer.from(incoming.blockingRead(100n) as Uint8Array))).toBe('half a sent')
    sides.fault = { tag: 'closed' }
    expect(fault(() => incoming.blockingRead(1n))).toMatch(/^truncated: /)
    expect(fault(() => incoming.blockingRead(1n))).toBe('closed')
  })

  it('is a transport that is reset, on both streams and in the handshake', () => {
    const { sides, incoming, outgoing } = connected()
    sides.fault = reset
    expect(fault(() => incoming.blockingRead(1n))).toBe('ERR_TRANSPORT: the transport failed: connection-reset')
    expect(fault(() => outgoing.blockingWriteAndFlush(bytes('to nobody')))).toBe('ERR_TRANSPORT: the transport failed: connection-reset')
    expect(fault(() => outgoing.blockingWriteAndFlush(bytes('to nobody')))).toBe('closed')

    const early = new HeldSides()
    const future = early.begin()
    early.fault = reset
    expect(errorOf(take(future))).toBe('ERR_TRANSPORT: the transport failed: connection-reset')
  })

  it('of the transport wakes whoever waits for room', () => {
    const { sides, outgoing } = connected()
    sides.reads = false
    for (let room = outgoing.checkWrite(); room > 0n; room = outgoing.checkWrite()) outgoing.write(new Uint8Array(Number(room)))
    const departure = outgoing.subscribe()
    expect(departure.ready()).toBe(false)
    sides.fault = reset
    expect(departure.ready()).toBe(true)
    expect(fault(() => outgoing.checkWrite())).toBe('ERR_TRANSPORT: the transport failed: connection-reset')
  })

  it('is a server that aborts, which is told on both streams', () => {
    const { sides, incoming, outgoing } = connected()
    sides.server.abort('internal_error')
    sides.turn()
    expect(fault(() => incoming.blockingRead(1n))).toMatch(/^peer-alert: .*internal_error/)
    expect(fault(() => outgoing.blockingWriteAndFlush(bytes('to nobody')))).toMatch(/^peer-alert: .*internal_error/)
  })

  it('is a question that nobody answers, or not at once', () => {
    expect(errorOf(take(new HeldSides({}).begin()))).toMatch(/^refused: the question peer-certificate has no answer/)
    const later = new HeldSides({ onQuestion: () => {} })
    expect(errorOf(take(later.begin()))).toBe('refused: the question peer-certificate was not answered at once, and nothing can wait here')
    const thrown = new HeldSides({
      onQuestion: () => {
        throw new Error('not this one')
      },
    })
    expect(errorOf(take(thrown.begin()))).toBe('not this one')
    expect(take(new HeldSides({ trust, onQuestion: () => {} }).begin())).toMatchObject({ tag: 'ok', val: { tag: 'ok' } })
  })
})

describe('a guest’s mistake', () => {
  it('is to finish a handshake twice, or to make two over one transport', () => {
    const { tls, input, output } = new HeldSides()
    const { ClientHandshake } = tls['wasi:tls/types']
    const handshake = new ClientHandshake('localhost', input, output)
    expect(() => new ClientHandshake('localhost', input, output)).toThrow(
      new TypeError('a stream of the transport belongs to another handshake'),
    )
    ClientHandshake.finish(handshake)
    expect(() => ClientHandshake.finish(handshake)).toThrow(new TypeError('finish() was called before'))
  })

  it('is to drop a handshake under way, of which the server is told', () => {
    const sides = new HeldSides()
    const future = sides.begin()
    future[Symbol.dispose]()
    sides.turn()
    expect(sides.events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'peer-alert' } })
    expect(sides.dropped).toEqual(['input', 'output'])
  })
})
