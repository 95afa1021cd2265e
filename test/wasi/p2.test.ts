/** The host of wasi:tls@0.2.0-draft for guests that are suspended, whose part is played by JavaScript. */
import { describe, expect, it } from 'vitest'
import type { ByteStreams } from '../../src/stream/index.ts'
import { outputStreamOf, pollableOf, TlsError } from '../../src/wasi/index.ts'
import { bytes, outcome, quiet, say, stranger, textOf } from '../stream/sides.ts'
import { errorOf, fault, readAll, type Sides, type Streams, sides, streamsOf, take } from './p2-sides.ts'

interface Connected extends Sides {
  readonly far: ByteStreams
  readonly connection: Streams[0]
  readonly incoming: Streams[1]
  readonly outgoing: Streams[2]
}

async function connected(made: Sides = sides()): Promise<Connected> {
  const [far, [connection, incoming, outgoing]] = await Promise.all([made.server.accept().finish(), streamsOf(made.begin())])
  return { ...made, far, connection, incoming, outgoing }
}

describe('a connection', () => {
  it('carries data both ways, and is half-closed by close-output', async () => {
    const { far, connection, incoming, outgoing } = await connected()
    await outgoing.blockingWriteAndFlush(bytes('a question'))
    connection.closeOutput()
    expect(await textOf(far)).toBe('a question')
    expect(await fault(() => outgoing.checkWrite())).toBe('closed')
    const [answer] = await Promise.all([readAll(incoming), say(far, 'an answer after the end of the question')])
    expect(answer).toBe('an answer after the end of the question')
    expect(await fault(() => incoming.read(1n))).toBe('closed')
  })

  it('is had once from its future, and not before it is there', async () => {
    const { server, begin } = sides()
    const future = begin()
    expect(future.get()).toBe(undefined)
    expect(future.subscribe().ready()).toBe(false)
    await Promise.all([server.accept().finish(), streamsOf(future)])
    expect(future.get()).toEqual({ tag: 'err', val: undefined })
  })

  it('gives what is there and no more where the guest does not wait', async () => {
    const { far, incoming, tls } = await connected()
    const arrival = incoming.subscribe()
    expect([arrival.ready(), incoming.read(100n)]).toEqual([false, new Uint8Array(0)])
    void far.writable.getWriter().write(bytes('some words'))
    const never = pollableOf(new Promise(() => {}))
    expect(await tls['wasi:io/poll'].poll([never, arrival])).toEqual(Uint32Array.of(1))
    expect(Buffer.from(incoming.read(4n)).toString()).toBe('some')
    expect(incoming.skip(1n)).toBe(1n)
    expect(Buffer.from(incoming.read(100n)).toString()).toBe('words')
    expect(() => tls['wasi:io/poll'].poll([])).toThrow(new TypeError('poll() of nothing'))
  })

  it('takes no more from the guest than the server reads, and says so by check-write', async () => {
    const { far, outgoing } = await connected()
    const sent = await fill(outgoing)
    expect(sent).toBeLessThan(1 << 20)
    expect(() => outgoing.write(new Uint8Array(1))).toThrow(new TypeError('write() of more than check-write has allowed'))
    const reader = far.readable.getReader()
    const room = outgoing.subscribe().block()
    for (let read = 0; read < sent; ) read += (await reader.read()).value?.length ?? 0
    await room
    expect(outgoing.checkWrite()).toBeGreaterThan(0n)
  })

  it('takes from the server no more than the guest reads', async () => {
    const { far, incoming, pipe } = await connected()
    const total = 4 << 20
    const written = (async () => {
      const writer = far.writable.getWriter()
      for (let at = 0; at < total; at += 65_536) await writer.write(new Uint8Array(65_536))
      await writer.close()
    })()
    expect((await incoming.blockingRead(1n)).length).toBe(1)
    await quiet()
    expect(pipe.moved().back).toBeLessThan(1 << 20)
    expect((await readAll(incoming)).length).toBe(total - 1)
    await written
  })

  it('splices and writes zeroes', async () => {
    const { far, incoming, outgoing, connection } = await connected()
    const echo = (async () => {
      await far.readable.pipeTo(far.writable)
    })()
    await outgoing.blockingWriteZeroesAndFlush(3n)
    outgoing.writeZeroes(2n)
    await outgoing.blockingFlush()
    let moved = 0n
    while (moved < 5n) moved += await outgoing.blockingSplice(incoming, 10n)
    connection.closeOutput()
    expect(await readAll(incoming)).toBe('\0'.repeat(5))
    expect(moved).toBe(5n)
    await echo
  })
})

/** Writes until the transport has taken nothing for some time; how much it was. */
async function fill(outgoing: Streams[2]): Promise<number> {
  let sent = 0
  for (let quietly = 0; quietly < 3; ) {
    const room = Number(outgoing.checkWrite())
    outgoing.write(new Uint8Array(room))
    sent += room
    if (room > 0) continue
    quietly++
    await quiet()
  }
  return sent
}

it('Writes of nothing leave nothing behind', async () => {
  const written: Uint8Array[] = []
  const output = outputStreamOf(new WritableStream({ write: chunk => void written.push(chunk) }))
  for (const contents of ['', 'x', '']) output.write(bytes(contents))
  await quiet()
  expect(written).toEqual([bytes('x')])
})

describe('a failure', () => {
  it('of the handshake is the io-error of the future, and its alert reaches the server', async () => {
    const { server, begin } = sides({ tls: { trust: stranger } })
    const accepted = outcome(server.accept().finish())
    expect(errorOf(await take(begin()))).toMatch(/^issuer-unknown: /)
    expect(await accepted).toMatchObject({ code: 'peer-alert', alert: 'unknown_ca' })
  })

  it('is a certificate for another name', async () => {
    const { server, begin } = sides()
    const accepted = outcome(server.accept().finish())
    expect(errorOf(await take(begin('another.example')))).toMatch(/^certificate-name-mismatch: .*another\.example/)
    expect(await accepted).toMatchObject({ code: 'peer-alert', alert: 'bad_certificate' })
  })

  it('is a name that can’t be one, and the transport is let go of', async () => {
    const { server, begin } = sides()
    expect(errorOf(await take(begin('no name')))).toMatch(/^serverName is a DNS name/)
    expect(await outcome(server.accept().finish())).toMatchObject({ code: 'truncated' })
  })

  it('is a transport that ends without close_notify: data comes whole, then it is told once', async () => {
    const { far, incoming, pipe } = await connected()
    void far.writable
      .getWriter()
      .write(bytes('half a sent'))
      .catch(() => {})
    expect(Buffer.from(await incoming.blockingRead(100n)).toString()).toBe('half a sent')
    pipe.cut('first')
    expect(await fault(() => incoming.blockingRead(1n))).toMatch(/^truncated: /)
    expect(await fault(() => incoming.blockingRead(1n))).toBe('closed')
  })

  it('is a transport that ends in the handshake', async () => {
    const { begin, pipe } = sides()
    const future = begin()
    await quiet()
    pipe.cut('first')
    expect(errorOf(await take(future))).toMatch(/^truncated: /)
  })

  it('is a transport that is reset, on both streams', async () => {
    const { incoming, outgoing, pipe } = await connected()
    pipe.reset()
    expect(await fault(() => incoming.blockingRead(1n))).toMatch(/^ECONNRESET: /)
    expect(await fault(() => outgoing.blockingWriteAndFlush(bytes('to nobody')))).toMatch(/^ECONNRESET: /)
    expect(await fault(() => outgoing.blockingWriteAndFlush(bytes('to nobody')))).toBe('closed')
  })

  it('is the host’s signal, in the handshake and after it', async () => {
    const early = new AbortController()
    const before = sides({ tls: { signal: early.signal } }).begin()
    await quiet()
    early.abort(new TlsError('aborted', 'enough'))
    expect(errorOf(await take(before))).toBe('aborted: enough')

    const late = new AbortController()
    const { far, incoming } = await connected(sides({ tls: { signal: late.signal } }))
    const heard = outcome(textOf(far))
    const reading = fault(() => incoming.blockingRead(1n))
    late.abort(new TlsError('aborted', 'enough'))
    expect(await reading).toBe('aborted: enough')
    expect(await heard).toMatchObject({ code: 'peer-alert', alert: 'internal_error' })
  })
})

describe('a guest’s mistake', () => {
  it('is to finish a handshake twice', () => {
    const { tls, input, output } = sides()
    const { ClientHandshake } = tls['wasi:tls/types']
    const handshake = new ClientHandshake('localhost', input, output)
    ClientHandshake.finish(handshake)
    expect(() => ClientHandshake.finish(handshake)).toThrow(new TypeError('finish() was called before'))
  })

  it('is to make two handshakes over one transport', async () => {
    const { tls, input, output } = await connected()
    const { ClientHandshake } = tls['wasi:tls/types']
    expect(() => new ClientHandshake('localhost', input, output)).toThrow(
      new TypeError('a stream of the transport belongs to another handshake'),
    )
  })

  it('is to write more at once than the interface allows', async () => {
    const { outgoing } = await connected()
    expect(() => outgoing.blockingWriteAndFlush(new Uint8Array(4097))).toThrow(TypeError)
    expect(() => outgoing.writeZeroes(1n << 32n)).toThrow(TypeError)
  })
})

describe('whoever lets go', () => {
  it('of a handshake that is not begun lets go of the transport', async () => {
    const { tls, input, output, server } = sides()
    new tls['wasi:tls/types'].ClientHandshake('localhost', input, output)[Symbol.dispose]()
    expect(await outcome(server.accept().finish())).toMatchObject({ code: 'truncated' })
  })

  it('of a handshake under way aborts it', async () => {
    const { server, begin } = sides({ trusting: false, tls: { onQuestion: () => new Promise(() => {}) } })
    const accepted = outcome(server.accept().finish())
    const future = begin()
    await quiet()
    future[Symbol.dispose]()
    // Which is said by user_canceled and this.
    expect(await accepted).toMatchObject({ code: 'peer-alert', alert: 'close_notify' })
  })

  it('of all but the input still reads to the end', async () => {
    const { far, connection, incoming, outgoing } = await connected()
    connection.closeOutput()
    connection[Symbol.dispose]()
    outgoing[Symbol.dispose]()
    const [answer] = await Promise.all([readAll(incoming), say(far, 'for you alone'), textOf(far)])
    expect(answer).toBe('for you alone')
  })

  it('of everything after close-output has sent what was written, and the end of it', async () => {
    const { far, connection, incoming, outgoing } = await connected()
    outgoing.write(bytes('a word'))
    connection.closeOutput()
    for (const resource of [outgoing, incoming, connection]) resource[Symbol.dispose]()
    expect(await textOf(far)).toBe('a word')
  })

  it('of everything while the server does not read has sent as much as the transport takes by and by', async () => {
    const { far, connection, incoming, outgoing } = await connected()
    const sent = await fill(outgoing)
    connection.closeOutput()
    for (const resource of [outgoing, incoming, connection]) resource[Symbol.dispose]()
    await quiet()
    expect((await textOf(far)).length).toBe(sent)
  })

  it('of everything lets go of a transport whose peer takes nothing', { timeout: 20_000 }, async () => {
    const { input, output, connection, incoming, outgoing } = await connected()
    const dropped = [input, output].map(
      stream =>
        new Promise<void>(resolve => {
          Object.assign(stream, { [Symbol.dispose]: resolve })
        }),
    )
    await fill(outgoing)
    for (const resource of [outgoing, incoming, connection]) resource[Symbol.dispose]()
    await Promise.all(dropped)
  })

  it('of everything without close-output has sent what was written, and no end of it', async () => {
    const { far, connection, incoming, outgoing } = await connected()
    const reader = far.readable.getReader()
    outgoing.write(bytes('half a sent'))
    for (const resource of [outgoing, incoming, connection]) resource[Symbol.dispose]()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('half a sent')
    expect(await outcome(reader.read())).toMatchObject({ code: 'truncated' })
  })
})
