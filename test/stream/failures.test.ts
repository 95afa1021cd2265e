/** What transports, peers and applications do wrong: each has its own error, and nothing hangs or is lost. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { AeadKey, CryptoProvider } from '../../src/crypto/provider.ts'
import { TicketKeyRing } from '../../src/engine.ts'
import { type ByteStreams, ClientConnection, ServerConnection, startTls, TransportError } from '../../src/stream/index.ts'
import type { Question, Session } from '../../src/types.ts'
import { acceptWithoutVerification } from '../../src/x509/index.ts'
import { pipe } from './pipes.ts'
import { bytes, connected, crypto, outcome, quiet, say, serverIdentity, sides, textOf, trust } from './sides.ts'

const unhandled: unknown[] = []
process.on('unhandledRejection', reason => unhandled.push(reason))
afterEach(async () => {
  await quiet()
  expect(unhandled.splice(0)).toEqual([])
})

const pattern = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 0xff)

async function all({ readable }: Pick<ByteStreams, 'readable'>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readable) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function give({ writable }: Pick<ByteStreams, 'writable'>, data: Uint8Array): Promise<void> {
  const writer = writable.getWriter()
  await writer.write(data)
  await writer.close()
}

describe('A transport', () => {
  it('may give one byte at a time', async () => {
    const { near, far } = await connected({ pipe: { pieces: 1 } })
    const [answer] = await Promise.all([all(near), give(near, pattern(500)), give(far, pattern(3000)), all(far)])
    expect(answer.equals(pattern(3000))).toBe(true)
  })

  it('may give more at once than the engine would take', async () => {
    const { near, far } = await connected({ client: { limits: { inputBytes: 131_072 } } })
    const [answer] = await Promise.all([all(near), give(far, pattern(3_000_000)), give(near, bytes('')), all(far)])
    expect(answer.equals(pattern(3_000_000))).toBe(true)
  })

  it('may be slow to take the last bytes of what ends in order', async () => {
    const { near, far } = await connected()
    await near.writable.close()
    expect((await all(far)).length).toBe(0)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const given = give(far, pattern(60_000))
    for (let hour = 0; hour < 10; hour++) await vi.advanceTimersByTimeAsync(3_600_000)
    vi.useRealTimers()
    expect((await all(near)).equals(pattern(60_000))).toBe(true)
    await given
  })

  it('must give bytes', async () => {
    const readable = new ReadableStream({ pull: controller => controller.enqueue('text') }, { highWaterMark: 0 })
    const handshake = new ServerConnection({ readable, writable: new WritableStream() }, { crypto, identity: serverIdentity }).accept()
    expect(await outcome(handshake.finish())).toMatchObject({ name: 'TransportError', code: 'ERR_INVALID_ARG_TYPE' })
  })

  it('may not be somebody else’s already', () => {
    const streams = { readable: new ReadableStream<Uint8Array>(), writable: new WritableStream<Uint8Array>() }
    streams.readable.getReader()
    expect(() => new ClientConnection(streams, { crypto, trust })).toThrow(TypeError)
  })

  it.each(['before the hello', 'in the handshake', 'after data'])('that ends %s without close_notify is a truncation', async when => {
    const { client, server, pipe } = sides()
    const [handshake, accept] = [client.connect('localhost'), server.accept()]
    if (when === 'before the hello') {
      const hello = outcome(accept.receiveClientHello())
      pipe.cut('second')
      expect(await hello).toMatchObject({ code: 'truncated' })
    } else if (when === 'in the handshake') {
      const finished = outcome(handshake.finish())
      await accept.receiveClientHello()
      pipe.cut('first')
      expect(await finished).toMatchObject({ code: 'truncated' })
    } else {
      const [near, far] = await Promise.all([handshake.finish(), accept.finish()])
      const reader = far.readable.getReader()
      const first = reader.read()
      await near.writable.getWriter().write(bytes('all of it'))
      expect(Buffer.from((await first).value ?? []).toString()).toBe('all of it')
      const next = outcome(reader.read())
      pipe.cut('second')
      expect(await next).toMatchObject({ code: 'truncated' })
      expect(await outcome(far.writable.getWriter().write(bytes('x')))).toMatchObject({ code: 'truncated' })
    }
  })

  it('that is reset fails both directions, by the system’s code', async () => {
    const { near, far, pipe } = await connected()
    const [read, reading] = [outcome(near.readable.getReader().read()), outcome(far.readable.getReader().read())]
    pipe.reset()
    expect(await read).toMatchObject({ name: 'TransportError', code: 'ECONNRESET' })
    expect(await reading).toBeInstanceOf(TransportError)
    expect(await outcome(near.writable.getWriter().write(bytes('x')))).toMatchObject({ code: 'ECONNRESET' })
  })

  it('that is reset in the handshake rejects the step', async () => {
    const { client, pipe } = sides()
    const finished = outcome(client.connect('localhost').finish())
    await quiet()
    pipe.reset()
    expect(await finished).toMatchObject({ name: 'TransportError', code: 'ECONNRESET' })
  })

  it('is left open where that is asked for, with nothing lost', async () => {
    const { near, far, pipe } = await connected({ client: { leaveOpen: true }, server: { leaveOpen: true } })
    expect(await Promise.all([textOf(near), textOf(far), say(near, 'a'), say(far, 'b')])).toEqual(['b', 'a', undefined, undefined])
    await quiet()
    const [one, other] = pipe.streams
    const reader = other.readable.getReader()
    const [read] = await Promise.all([reader.read(), one.writable.getWriter().write(bytes('plain again'))])
    expect(Buffer.from(read.value ?? []).toString()).toBe('plain again')
  })
})

describe('A peer', () => {
  it('that reads slowly holds its writer back, all the way', async () => {
    const { near, far, pipe } = await connected()
    const before = pipe.moved().forth
    const writer = near.writable.getWriter()
    let written = 0
    const writing = (async () => {
      for (; written < 100; written++) await writer.write(new Uint8Array(65_536))
      await writer.close()
    })()
    await quiet()
    const waiting = written
    expect(waiting).toBeLessThan(20)
    await quiet()
    expect([written, pipe.moved().forth]).toEqual([waiting, before])
    expect((await all(far)).length).toBe(100 * 65_536)
    await writing
  })

  it('that takes nothing does not hold up whoever gives up', { timeout: 20_000 }, async () => {
    const { near, client } = await connected()
    const writer = near.writable.getWriter()
    const writing = outcome(
      (async () => {
        for (let i = 0; i < 100; i++) await writer.write(new Uint8Array(65_536))
      })(),
    )
    await quiet()
    await client.close()
    expect(await writing).toBeInstanceOf(Error)
  })

  it('does not take a chunk that close() has cut for the end', async () => {
    const { near, far, client } = await connected()
    const writing = outcome(near.writable.getWriter().write(new Uint8Array(4 << 20)))
    await quiet()
    const closed = client.close()
    expect(await outcome(all(far))).toMatchObject({ code: 'peer-alert', alert: 'internal_error' })
    await closed
    expect(await writing).toMatchObject({ code: 'aborted' })
  })

  it('may go on after our end, and we after its', async () => {
    const { near, far } = await connected()
    const [early, late] = [near.writable.getWriter(), far.writable.getWriter()]
    await early.close()
    expect(await textOf(far)).toBe('')
    const heard = textOf(near)
    for (let i = 0; i < 10; i++) await late.write(bytes(`${i}`))
    await late.close()
    expect(await heard).toBe('0123456789')
  })

  it('learns by an alert that the stream was cut', async () => {
    const { near, far } = await connected()
    const reading = outcome(all(far))
    await near.writable.abort(new Error('enough'))
    expect(await reading).toMatchObject({ code: 'peer-alert', alert: 'internal_error' })
    expect(await outcome(near.readable.getReader().read())).toMatchObject({ message: 'enough' })
  })

  it('is closed once both have ended, where the reader has cancelled', async () => {
    const { near, far } = await connected()
    await near.readable.cancel()
    expect(await Promise.all([textOf(far), near.writable.close()])).toEqual(['', undefined])
  })
})

describe('Questions', () => {
  it('that nobody answers are refused, and say what is missing', async () => {
    const { client, server } = sides({ trusting: false })
    const accepted = outcome(server.accept().finish())
    expect(await outcome(client.connect('localhost').finish())).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('peer-certificate'),
    })
    expect(await accepted).toMatchObject({ code: 'peer-alert', alert: 'access_denied' })
  })

  it('may be answered late, and the step stops after the answer', async () => {
    const onQuestion = async (question: Question) => {
      if (question.type !== 'peer-certificate') return
      await quiet()
      question.answer(acceptWithoutVerification(question.chain))
    }
    const { client, server } = sides({ trusting: false, client: { onQuestion } })
    const accepted = server.accept().finish()
    const handshake = client.connect('localhost')
    const identity = await handshake.verifyServerIdentity()
    expect([identity.verdict?.verified, identity.exportX509Chain()]).toEqual([false, [serverIdentity.chain[0]]])
    await Promise.all([handshake.finish(), accepted])
  })

  it('whose handler is done without an answer are refused', async () => {
    const { client, server } = sides({ trusting: false, client: { onQuestion: () => {} } })
    const accepted = outcome(server.accept().finish())
    expect(await outcome(client.connect('localhost').finish())).toMatchObject({
      code: 'refused',
      message: 'the question peer-certificate was still open when onQuestion had resolved',
    })
    expect(await accepted).toMatchObject({ code: 'peer-alert', alert: 'access_denied' })
  })

  it('whose handler throws end the connection with what it threw', async () => {
    const reason = new Error('the pin does not fit')
    const onQuestion = () => Promise.reject(reason)
    const { client, server } = sides({ trusting: false, client: { onQuestion } })
    const accepted = outcome(server.accept().finish())
    expect(await outcome(client.connect('localhost').finish())).toBe(reason)
    expect(await accepted).toMatchObject({ code: 'peer-alert', alert: 'access_denied' })
  })
})

it('A question that is never answered does not hold up whoever gives up', async () => {
  const { client, server } = sides({ trusting: false, client: { onQuestion: () => new Promise(() => {}) } })
  const accepted = outcome(server.accept().finish())
  const handshake = client.connect('localhost')
  const finished = outcome(handshake.finish())
  await quiet()
  await handshake.abort('bad_certificate')
  expect(await finished).toMatchObject({ code: 'aborted', alert: 'bad_certificate' })
  expect(await accepted).toMatchObject({ code: 'peer-alert', alert: 'bad_certificate' })
})

it('A server that has nothing to prove itself with tells its user, and its client', async () => {
  const [near, far] = pipe().streams
  const finished = outcome(new ClientConnection(near, { crypto, trust }).connect('localhost').finish())
  const handshake = new ServerConnection(far, { crypto }).accept()
  await handshake.receiveClientHello()
  expect(await outcome(handshake.finish())).toMatchObject({ name: 'TypeError', message: expect.stringContaining('no identity') })
  expect(await finished).toMatchObject({ code: 'peer-alert', alert: 'internal_error' })
})

it('A name that can’t be one ends the transport of whoever has nothing else to end it by', async () => {
  const [near, far] = pipe().streams
  const started = outcome(startTls(near, { serverName: 'no name', crypto, trust }))
  expect(await textOf(far)).toBe('')
  expect(await started).toBeInstanceOf(TypeError)
})

it('An answer that can’t be is told to the user, and ends the handshake for the client too', async () => {
  const { client, server } = sides()
  const finished = outcome(client.connect('localhost').finish())
  const handshake = server.accept()
  await handshake.receiveClientHello()
  handshake.configureGroups(['no such group'])
  expect(await outcome(handshake.finish())).toBeInstanceOf(TypeError)
  expect(await finished).toMatchObject({ code: 'peer-alert', alert: 'internal_error' })
})

it('A writer learns of a failure on its own side although nobody reads', async () => {
  const { near } = await connected({ client: { crypto: failingAfter(3) } })
  const writer = near.writable.getWriter()
  const writing = (async () => {
    for (let i = 0; i < 10; i++) await writer.write(new Uint8Array(20_000))
  })()
  expect(await outcome(writing)).toMatchObject({ code: 'internal' })
})

it('A signal that lives longer does not keep a connection that has ended', async () => {
  const { signal } = new AbortController()
  const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
  const { near, far } = await connected({ client: { signal } })
  const [[type, listener] = []] = added.mock.calls
  expect([added.mock.calls.length, type, removed.mock.calls.length]).toEqual([1, 'abort', 0])
  await Promise.all([textOf(near), textOf(far), say(near, 'a'), say(far, 'b')])
  expect(removed).toHaveBeenCalledWith('abort', listener)
})

/** A provider whose ciphers fail after so many records of application data. */
function failingAfter(records: number): CryptoProvider {
  const cipherSuites = crypto.cipherSuites.map(suite => {
    const key = (raw: Uint8Array): AeadKey => {
      const made = suite.aead.key(raw)
      let left = records
      return {
        seal: (nonce, aad, plain, out) => {
          if (left-- <= 0) throw new Error('the cipher is broken')
          made.seal(nonce, aad, plain, out)
        },
        open: (nonce, aad, sealed) => made.open(nonce, aad, sealed),
        destroy: () => made.destroy(),
      }
    }
    return { ...suite, aead: { ...suite.aead, key } }
  })
  return { ...crypto, cipherSuites }
}

it('A signal that is over already ends the first step, and nothing is sent', async () => {
  const reason = new Error('too late')
  const { client, pipe } = sides({ client: { signal: AbortSignal.abort(reason) } })
  expect(await outcome(client.connect('localhost').finish())).toBe(reason)
  expect(pipe.moved()).toEqual({ forth: 0, back: 0 })
})

it('A signal ends a connection in use, both directions', async () => {
  const [controller, reason] = [new AbortController(), new Error('shut down')]
  const { near, far } = await connected({ client: { signal: controller.signal } })
  const [ours, theirs] = [outcome(near.readable.getReader().read()), outcome(all(far))]
  controller.abort(reason)
  expect(await ours).toBe(reason)
  expect(await theirs).toMatchObject({ code: 'peer-alert', alert: 'internal_error' })
})

it('Sessions are told, and resume, with the identity that they began with', async () => {
  const sessions: Session[] = []
  const server = { tickets: new TicketKeyRing({ random: crypto.random }) }
  const first = await connected({ client: { onSession: session => sessions.push(session) }, server })
  const heard = textOf(first.near)
  await Promise.all([say(first.far, 'x'), say(first.near, 'y'), textOf(first.far)])
  expect(await heard).toBe('x')
  expect(sessions.length).toBe(2)
  const [session] = sessions
  const again = sides({ client: { ...(session && { session }) }, server })
  const handshake = again.client.connect('localhost')
  const accepted = again.server.accept().finish()
  expect((await handshake.verifyServerIdentity()).exportX509Chain()).toEqual([serverIdentity.chain[0]])
  await Promise.all([handshake.finish(), accepted])
  expect(again.client.info?.resumed).toBe(true)
})
