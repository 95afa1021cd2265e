import { once } from 'node:events'
import { Duplex, duplexPair, PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import type { AeadKey, CryptoProvider } from '../../src/crypto/provider.ts'
import { createNodeProvider, TlsError, TlsStream, TransportError } from '../../src/node/index.ts'
import type { Connection, Fact, Question } from '../../src/types.ts'
import { acceptWithoutVerification } from '../../src/x509/index.ts'
import { credentials } from './credentials.ts'
import { byteWires, outcome, pattern, received, settled, tlsPair } from './pair.ts'

describe('A pair of TLS streams', () => {
  it('carries data both ways and tells both sides what was agreed', async () => {
    const { client, server } = await tlsPair({ client: { alpn: ['h2', 'x'] }, server: { alpn: ['x'] } })
    client.end('from the client')
    server.end('from the server')
    expect((await Promise.all([received(client), received(server)])).map(String)).toEqual(['from the server', 'from the client'])
    expect(client.info).toMatchObject({ protocolVersion: 'TLSv1.3', alpn: 'x', serverName: 'localhost' })
    expect(server.info).toMatchObject({ protocolVersion: 'TLSv1.3', alpn: 'x', serverName: 'localhost' })
    expect([client.bytesRead, client.bytesWritten, server.bytesRead, server.bytesWritten]).toEqual([15, 15, 15, 15])
  })

  it('resolves connected() on both sides, before and after the fact', async () => {
    const { client, server } = await tlsPair()
    const [info] = await Promise.all([client.connected(), server.connected()])
    expect(await client.connected()).toBe(info)
  })

  it('works where the transport gives one byte at a time', async () => {
    const { client, server } = await tlsPair({ wires: byteWires() })
    client.end(pattern(3000))
    server.end(pattern(2000))
    const [fromServer, fromClient] = await Promise.all([received(client), received(server)])
    expect(fromServer.equals(pattern(2000))).toBe(true)
    expect(fromClient.equals(pattern(3000))).toBe(true)
  })

  it('takes chunks of the transport that are larger than the engine may hold', async () => {
    const { client, server } = await tlsPair({ client: { limits: { inputBytes: 131_072 } }, wires: joiningWires() })
    const data = pattern(2_000_000)
    server.end(data)
    client.end()
    expect((await received(client)).equals(data)).toBe(true)
  })

  it('leaves the chunks of a stream in between as they were, whatever the provider does to its input', async () => {
    const wires = duplexPair()
    const crypto = scribbling(createNodeProvider())
    const seen: { chunk: Buffer; copy: Buffer }[] = []
    wires[0].prependListener('data', (chunk: Buffer) => seen.push({ chunk, copy: Buffer.from(chunk) }))
    const { client, server } = await tlsPair({ wires, client: { crypto } })
    server.end('secret')
    client.end()
    await Promise.all([received(client), received(server)])
    expect(seen.length).toBeGreaterThan(0)
    for (const { chunk, copy } of seen) expect(chunk.equals(copy)).toBe(true)
  })

  it('hands on what fills its memory, and copies what would keep a large chunk for little', async () => {
    const chunk = Buffer.alloc(65_536, 1)
    const views = [chunk.subarray(0, 16_384), chunk.subarray(16_384, 16_448)]
    const facts = views.map((data): Fact => ({ type: 'data', early: false, data }))
    const stream = new TlsStream(deaf(), () => playing([...facts, { type: 'end' }]))
    const read: Buffer[] = []
    stream.on('data', (data: Buffer) => read.push(data))
    await once(stream, 'end')
    expect(read.map(data => data.length)).toEqual([16_384, 64])
    expect(read.map(data => data.buffer === chunk.buffer)).toEqual([true, false])
  })

  it('sends what is written within one tick in one record', async () => {
    const { client, server, wires } = await tlsPair()
    await Promise.all([client.connected(), server.connected()])
    const chunks: number[] = []
    wires[1].on('data', (chunk: Buffer) => chunks.push(chunk.length))
    for (let i = 0; i < 10; i++) client.write(Buffer.alloc(64))
    expect(chunks).toEqual([])
    await once(server, 'readable')
    expect(chunks).toEqual([5 + 640 + 1 + 16])
    client.destroy()
    server.destroy()
  })

  it('updates keys and exports the same keying material on both sides', async () => {
    const { client, server } = await tlsPair()
    await Promise.all([client.connected(), server.connected()])
    const updated = Promise.all([once(server, 'keysUpdated'), once(client, 'keysUpdated')])
    client.updateKeys({ requestPeer: true })
    client.end('after')
    server.end('too')
    expect((await Promise.all([received(server), received(client)])).map(String)).toEqual(['after', 'too'])
    await updated
    const label = 'EXPORTER-test'
    expect(client.exportKeyingMaterial(label, undefined, 32)).toEqual(server.exportKeyingMaterial(label, undefined, 32))
  })
})

describe('Backpressure', () => {
  it('stops a sender whose peer does not read, and loses nothing when it does', async () => {
    const { client, server } = await tlsPair()
    await Promise.all([client.connected(), server.connected()])
    const data = pattern(8_000_000)
    expect(server.write(data)).toBe(false)
    // Nobody reads the client: what is under way fills the buffers between the two, and no more.
    expect(await settled(() => server.bytesWritten)).toBeLessThan(3_000_000)
    expect(client.readableLength).toBeLessThan(200_000)
    server.end()
    client.end()
    expect((await received(client)).equals(data)).toBe(true)
  })

  it('holds the writer while the transport is full', async () => {
    const held: (() => void)[] = []
    const [near, far] = duplexPair()
    const slow = throttled(near, held)
    const { client, server } = await tlsPair({ wires: [slow.wire, far] })
    await Promise.all([client.connected(), server.connected()])
    slow.hold = true
    let told = false
    client.write(pattern(4_000_000), () => (told = true))
    server.resume()
    expect(await settled(() => client.bytesWritten)).toBeLessThan(2_000_000)
    expect(told).toBe(false)
    slow.hold = false
    for (const release of held.splice(0)) release()
    client.end()
    server.end()
    client.resume()
    await Promise.all([once(client, 'close'), once(server, 'close')])
    expect(told).toBe(true)
    expect(server.bytesRead).toBe(4_000_000)
  })

  it('lets a slow reader take a record at a time', async () => {
    const { client, server } = await tlsPair()
    const data = pattern(300_000)
    server.end(data)
    client.end()
    const pieces: Buffer[] = []
    for await (const piece of client) {
      pieces.push(piece)
      await new Promise(setImmediate)
    }
    expect(Buffer.concat(pieces).equals(data)).toBe(true)
  })
})

describe('Any rhythm', () => {
  it.each([1, 2, 3, 4])('of writing, reading and pausing delivers everything (seed %i)', async seed => {
    const random = generator(seed)
    const { client, server } = await tlsPair({
      client: { allowHalfOpen: true },
      server: { allowHalfOpen: true },
      wires: seed % 2 === 0 ? byteWires() : duplexPair(),
    })
    const size = seed % 2 === 0 ? 20_000 : 1_500_000
    const data = pattern(size)
    const writing = [client, server].map(async stream => {
      for (let at = 0; at < size; ) {
        const next = at + 1 + Math.floor(random() ** 4 * 150_000)
        if (!stream.write(data.subarray(at, next))) await once(stream, 'drain')
        if (random() < 0.3) await new Promise(setImmediate)
        at = next
      }
      stream.end()
    })
    const reading = [client, server].map(stream => {
      stream.on('data', () => {
        if (random() > 0.2) return
        stream.pause()
        setImmediate(() => stream.resume())
      })
      return received(stream)
    })
    const [atClient, atServer] = await Promise.all(reading)
    await Promise.all(writing)
    expect([atClient, atServer].map(bytes => bytes?.equals(data))).toEqual([true, true])
  })
})

describe('Closing', () => {
  it('ends the reader at the close_notify of the peer, and goes on writing where half-open is allowed', async () => {
    const { client, server } = await tlsPair({ server: { allowHalfOpen: true } })
    client.end('request')
    expect(String(await received(server))).toBe('request')
    expect(server.writable).toBe(true)
    server.end('response')
    expect(String(await received(client))).toBe('response')
  })

  it('ends this side by itself where half-open is not allowed', async () => {
    const { client, server } = await tlsPair()
    client.end()
    server.resume()
    client.resume()
    await Promise.all([once(client, 'close'), once(server, 'close')])
    expect(server.writableFinished).toBe(true)
    expect(client.readableEnded).toBe(true)
  })

  it('closes the transports behind the last bytes', async () => {
    // Far longer than a test may take: it is the peer's end that closes them.
    const closeTimeout = 3_600_000
    const { client, server, wires } = await tlsPair({ client: { closeTimeout }, server: { closeTimeout } })
    client.end()
    server.resume()
    client.resume()
    await Promise.all(wires.map(wire => once(wire, 'close')))
  })

  it('lets a slow peer take the last bytes of what ended in order, whatever the time for that', async () => {
    const { client, server, wires } = await tlsPair({ client: { closeTimeout: 1 }, server: { allowHalfOpen: true, closeTimeout: 1 } })
    client.end()
    await received(server)
    let take = () => {}
    const taken = new Promise<void>(resolve => (take = resolve))
    const write = wires[1]._write.bind(wires[1])
    wires[1]._write = (chunk, encoding, done) => void taken.then(() => write(chunk, encoding, done))
    server.end(pattern(1000))
    await once(server, 'close')
    await new Promise(resolve => setTimeout(resolve, 50))
    take()
    expect((await received(client)).equals(pattern(1000))).toBe(true)
  })

  it('reads and drops what still comes, so that a peer that goes on writing gets the alert and the end', async () => {
    const [near, far] = duplexPair()
    const { identity } = await credentials()
    const server = TlsStream.server(near, { identity, closeTimeout: 3_600_000 })
    const failed = outcome(server)
    const closed = Promise.all([near, far].map(wire => once(wire, 'close')))
    far.resume().end(pattern(1_000_000))
    expect(await failed).toBeInstanceOf(TlsError)
    await closed
  })

  it('gives a slow reader all that had arrived when the transport broke', async () => {
    const { client, server, wires } = await tlsPair({ wires: joiningWires() })
    await Promise.all([client.connected(), server.connected()])
    server.write(pattern(150_000))
    await settled(() => client.readableLength)
    expect(client.readableLength).toBeLessThan(100_000)
    const failed = outcome(client)
    wires[0].destroy(new Error('cable cut'))
    await settled(() => client.readableLength)
    client.resume()
    expect(await failed).toBeInstanceOf(TransportError)
    expect(client.bytesRead).toBe(150_000)
    server.destroy()
  })

  it('reports a transport that ends without close_notify, behind the data that came before', async () => {
    const { client, server, wires } = await tlsPair()
    await Promise.all([client.connected(), server.connected()])
    server.write('part')
    await settled(() => client.readableLength)
    wires[1].end()
    await settled(() => client.readableLength)
    const failed = outcome(client)
    expect(String(client.read())).toBe('part')
    const error = await failed
    expect(error).toBeInstanceOf(TlsError)
    expect(error).toMatchObject({ code: 'truncated', origin: 'transport' })
    server.destroy()
  })

  it('tells the peer of a destroyed stream in the middle of the handshake', async () => {
    const { identity } = await credentials()
    const onQuestion = (question: Question) => {
      client.destroy()
      if (question.type === 'client-hello') question.answer({ identity })
    }
    const { client, server } = await tlsPair({ asks: ['server'], server: { onQuestion } })
    const [clientEnd, serverEnd] = [client.connected(), outcome(server)]
    await expect(clientEnd).rejects.toThrow('closed before the handshake was done')
    // user_canceled is a warning; the close_notify behind it ends the handshake (RFC 9846 §6.1).
    expect(await serverEnd).toMatchObject({ code: 'peer-alert', origin: 'peer', alert: 'close_notify' })
  })

  it('does not let a destroyed stream look like one that ended', async () => {
    const { client, server } = await tlsPair()
    await Promise.all([client.connected(), server.connected()])
    const atServer = outcome(server)
    client.write('half of it')
    client.destroy()
    server.resume()
    expect(await atServer).toMatchObject({ code: 'peer-alert', alert: 'internal_error' })
    expect(server.readableEnded).toBe(false)
  })

  it('fails a waiting write when the stream is destroyed', async () => {
    const { client } = await tlsPair({ wires: [deaf(), deaf()] })
    const written = new Promise(resolve => client.write('never', resolve))
    client.destroy()
    expect(await written).toBeInstanceOf(Error)
  })

  it('destroys a transport whose peer never reads once the time is over', async () => {
    const wire = deaf()
    const { client } = await tlsPair({ wires: [wire, deaf()], client: { closeTimeout: 20 } })
    await settled(() => wire.writableLength)
    client.destroy()
    await once(wire, 'close')
    expect(wire.destroyed).toBe(true)
  })
})

describe('Failures', () => {
  it('delivers the alert of a failed handshake before the transport ends', async () => {
    const { client, server } = await tlsPair({ client: { serverName: 'other.example' } })
    const [atClient, atServer] = await Promise.all([outcome(client), outcome(server)])
    expect(atClient).toMatchObject({ code: 'certificate-name-mismatch', origin: 'local', alert: 'bad_certificate' })
    expect(atServer).toMatchObject({ code: 'peer-alert', origin: 'peer', alert: 'bad_certificate' })
  })

  it('rejects connected() with the failure', async () => {
    const { client, server } = await tlsPair({ client: { alpn: ['a'] }, server: { alpn: ['b'] } })
    const atServer = outcome(server)
    await expect(client.connected()).rejects.toMatchObject({ alert: 'no_application_protocol' })
    expect(await atServer).toMatchObject({ code: 'no-common-application-protocol' })
    await expect(client.connected()).rejects.toMatchObject({ alert: 'no_application_protocol' })
  })

  it('answers bytes that are not TLS with an alert', async () => {
    const [near, far] = duplexPair()
    const { identity } = await credentials()
    const server = TlsStream.server(near, { identity })
    const failed = outcome(server)
    far.write('GET / HTTP/1.0\r\n\r\n')
    const answer = buffer(far)
    expect(await failed).toBeInstanceOf(TlsError)
    // One plaintext alert record: type 21, version 3.3, two bytes, fatal.
    expect([...(await answer).subarray(0, 6)]).toEqual([21, 3, 3, 0, 2, 2])
  })

  it('passes a failure of the transport on with its code', async () => {
    const { client, server, wires } = await tlsPair()
    await Promise.all([client.connected(), server.connected()])
    const failed = outcome(client)
    wires[0].destroy(Object.assign(new Error('cable cut'), { code: 'ECONNRESET' }))
    const error = await failed
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({ code: 'ECONNRESET', origin: 'transport', message: 'the transport failed: cable cut' })
    server.destroy()
  })

  it('fails where the transport is destroyed without an error', async () => {
    const { client, server, wires } = await tlsPair()
    await Promise.all([client.connected(), server.connected()])
    const failed = outcome(client)
    wires[0].destroy()
    expect(await failed).toMatchObject({ code: 'truncated' })
    server.destroy()
  })

  it('refuses a transport that gives strings', async () => {
    const wire = new PassThrough({ encoding: 'latin1' })
    const { trust } = await credentials()
    const client = TlsStream.client(wire, { serverName: 'localhost', trust })
    expect(await outcome(client)).toMatchObject({ origin: 'transport', message: expect.stringContaining('strings') })
  })

  it('ends a handshake that takes too long', async () => {
    const { client } = await tlsPair({ wires: [deaf(), deaf()], client: { handshakeTimeout: 5 } })
    expect(await outcome(client)).toMatchObject({ code: 'ETIMEDOUT', origin: 'transport' })
  })

  it('throws for a mistake in the options before the transport is touched', async () => {
    const [wire] = duplexPair()
    expect(() => TlsStream.client(wire, { serverName: 'localhost', groups: ['none such'] })).toThrow(TypeError)
    expect(wire.listenerCount('data')).toBe(0)
  })
})

describe('Questions', () => {
  it('are answered now or later', async () => {
    const { identity } = await credentials()
    const asked: string[] = []
    const onQuestion = async (question: Question) => {
      asked.push(question.type)
      if (question.type === 'client-hello') question.answer({ identity })
      await new Promise(setImmediate)
      if (question.type === 'peer-certificate') question.answer(acceptWithoutVerification(question.chain))
    }
    const { client, server } = await tlsPair({
      client: { trust: undefined as never, onQuestion },
      server: { identity: undefined as never, onQuestion },
    })
    const [info] = await Promise.all([client.connected(), server.connected()])
    expect(asked).toEqual(['client-hello', 'peer-certificate'])
    expect(info.peer?.verified).toBe(false)
    client.destroy()
    server.destroy()
  })

  it('that nobody answers end the connection and say which option is missing', async () => {
    const { client, server } = await tlsPair({ asks: ['client'] })
    const [atClient, atServer] = await Promise.all([outcome(client), outcome(server)])
    expect(atClient).toMatchObject({ code: 'refused', message: expect.stringContaining('peer-certificate') })
    expect(atClient?.message).toContain('trust')
    expect(atServer).toMatchObject({ code: 'peer-alert' })
  })

  it('whose handler throws or rejects end the connection with its reason', async () => {
    const boom = new Error('the key store is down')
    for (const onQuestion of [
      () => Promise.reject(boom),
      () => {
        throw boom
      },
    ]) {
      const { client, server } = await tlsPair({ asks: ['server'], server: { onQuestion } })
      const atClient = outcome(client)
      expect(await outcome(server)).toBe(boom)
      expect(await atClient).toMatchObject({ code: 'peer-alert' })
    }
  })
})

/** Pseudo-random numbers from 0 to 1, the same for the same seed (xorshift). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** A connection that plays back these events and does nothing else. */
function playing(events: Fact[]): Connection {
  return {
    receive: () => {},
    receiveEnd: () => {},
    poll: () => events.shift(),
    waitingFor: 'input',
    takeOutput: () => [],
    pendingOutput: 0,
    pendingInput: 0,
    send: () => 0,
    sendEarly: () => 0,
    end: () => {},
    abort: () => {},
    limitFragments: () => {},
    updateKeys: () => {},
    exportKeyingMaterial: () => new Uint8Array(0),
    role: 'client',
    channelBinding: () => new Uint8Array(0),
    info: undefined,
    progress: { cipherSuite: undefined, alpn: undefined, serverName: undefined },
  }
}

/** A provider that overwrites what it has opened, as decrypting in place does. */
function scribbling(crypto: CryptoProvider): CryptoProvider {
  const cipherSuites = crypto.cipherSuites.map(suite => {
    const key = (raw: Uint8Array) => {
      const inner = suite.aead.key(raw)
      const open: AeadKey['open'] = (nonce, aad, sealed) => {
        const plain = inner.open(nonce, aad, sealed.slice())
        sealed.fill(0)
        return plain
      }
      return { seal: inner.seal.bind(inner), open, destroy: inner.destroy.bind(inner) }
    }
    return { ...suite, aead: { ...suite.aead, key } }
  })
  return { ...crypto, cipherSuites, leavesSealed: false }
}

/** A transport that takes one write and never finishes it, and never gives anything. */
function deaf(): Duplex {
  return new Duplex({ read: () => {}, write: () => {} })
}

/** A pair that collects what is written until nothing more comes, and then gives it as one chunk. */
function joiningWires(): [Duplex, Duplex] {
  const sides: [Duplex, Duplex] = [joiner(() => sides[1]), joiner(() => sides[0])]
  return sides
}

function joiner(other: () => Duplex): Duplex {
  let waiting: Uint8Array[] = []
  const side = new Duplex({
    writableHighWaterMark: 1e9,
    read: () => {},
    write: (chunk: Uint8Array, _encoding, done) => {
      if (waiting.push(chunk) === 1) setImmediate(deliver)
      done()
    },
    final: done => {
      deliver()
      other().push(null)
      done()
    },
  })
  const deliver = () => {
    if (waiting.length > 0) other().push(Buffer.concat(waiting))
    waiting = []
  }
  return side
}

/** A wire over `inner` whose writes stay open while `hold` is set; `held` collects what lets them go. */
function throttled(inner: Duplex, held: (() => void)[]): { wire: Duplex; hold: boolean } {
  const state = { hold: false }
  const wire = new Duplex({
    read: () => void inner.resume(),
    write: (chunk: Uint8Array, _encoding, done) => {
      if (state.hold) held.push(() => void inner.write(chunk, done))
      else inner.write(chunk, done)
    },
    final: done => void inner.end(done),
  })
  inner.on('data', chunk => wire.push(chunk))
  inner.on('end', () => wire.push(null))
  return Object.assign(state, { wire })
}
