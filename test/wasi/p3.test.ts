/** The host of wasi:tls@0.3.0-draft, between streams of JavaScript where a component has its own. */
import { describe, expect, it } from 'vitest'
import type { ByteStreams } from '../../src/stream/index.ts'
import { P3Error, TlsError, TransportError } from '../../src/wasi/index.ts'
import { bytes, outcome, quiet, say, stranger, textOf } from '../stream/sides.ts'
import { connectTo, type Guest, guest, newConnector } from './p3-sides.ts'

const ok = { tag: 'ok', val: undefined }

async function connected(made: Guest = guest()): Promise<Guest & { readonly far: ByteStreams }> {
  const [far] = await Promise.all([made.server.accept().finish(), made.connect()])
  return { ...made, far }
}

/** What an `error` says that a promise rejects with, or a future gives. */
async function told(work: Promise<unknown>): Promise<string> {
  const end = await outcome(work)
  const failure = end instanceof P3Error ? end : (end as { readonly val?: unknown }).val
  if (!(failure instanceof P3Error)) throw new Error(`no error: ${String(end)}`)
  return failure.toDebugString()
}

describe('a connection', () => {
  it('carries cleartext both ways, and ends each with close_notify', async () => {
    const { far, cleartext, received, sent, read } = await connected()
    await cleartext.write(bytes('a question'))
    await cleartext.close()
    expect(await textOf(far)).toBe('a question')
    expect(await sent).toEqual(ok)
    const [answer] = await Promise.all([textOf({ readable: received }), say(far, 'an answer after the end of the question')])
    expect(answer).toBe('an answer after the end of the question')
    expect(await read).toEqual(ok)
  })

  it('holds back what is written before the handshake', async () => {
    const made = guest()
    void made.cleartext.write(bytes('early bird'))
    await quiet()
    expect([made.taken(), made.pipe.moved()]).toEqual([0, { forth: 0, back: 0 }])
    const { far } = await connected(made)
    void made.cleartext.close()
    expect(await textOf(far)).toBe('early bird')
  })

  it('has the result of send when close_notify has been read by the transport, not before', async () => {
    const made = guest()
    const [far] = await Promise.all([made.server.accept().finish(), made.connect()])
    let left = false
    void made.sent.then(() => {
      left = true
    })
    // The server reads nothing, and so the transport soon takes nothing more.
    const flood = Array.from({ length: 20 }, () => made.cleartext.write(new Uint8Array(16_384)))
    void made.cleartext.close()
    await quiet()
    expect(left).toBe(false)
    let length = 0
    for await (const chunk of far.readable) length += chunk.length
    await Promise.all(flood)
    expect([length, await made.sent]).toEqual([20 * 16_384, ok])
  })

  it('takes from the guest no more than the server reads', async () => {
    const { far, cleartext, taken } = await connected()
    const total = 4 << 20
    const written = (async () => {
      for (let at = 0; at < total; at += 65_536) await cleartext.write(new Uint8Array(65_536))
      await cleartext.close()
    })()
    await quiet()
    expect(taken()).toBeLessThan(1 << 20)
    let length = 0
    for await (const chunk of far.readable) length += chunk.length
    await written
    expect(length).toBe(total)
  })

  it('takes from the server no more than the guest reads', async () => {
    const { far, received, pipe } = await connected()
    const total = 4 << 20
    const written = (async () => {
      const writer = far.writable.getWriter()
      for (let at = 0; at < total; at += 65_536) await writer.write(new Uint8Array(65_536))
      await writer.close()
    })()
    await quiet()
    expect(pipe.moved().back).toBeLessThan(1 << 20)
    let length = 0
    for await (const chunk of received) length += chunk.length
    await written
    expect(length).toBe(total)
  })

  it('carries 64 MiB each way at once', async () => {
    const { far, cleartext, received, sent, read } = await connected()
    const total = 64 << 20
    const chunk = Uint8Array.from({ length: 1 << 16 }, (_, index) => (index * 7) % 251)
    const fill = async (writer: WritableStreamDefaultWriter<Uint8Array>) => {
      for (let at = 0; at < total; at += chunk.length) await writer.write(chunk)
      await writer.close()
    }
    const check = async (readable: ReadableStream<Uint8Array>) => {
      let at = 0
      for await (const part of readable) {
        for (let index = 0; index < part.length; index += 4093) {
          if (part[index] !== chunk[(at + index) % chunk.length]) throw new Error(`byte ${at + index} is another`)
        }
        at += part.length
      }
      return at
    }
    const [there, back] = await Promise.all([check(far.readable), check(received), fill(cleartext), fill(far.writable.getWriter())])
    expect([there, back, await sent, await read]).toEqual([total, total, ok, ok])
  })
})

describe('a failure', () => {
  it('of the handshake is the error of connect and both results, and leaves its alert in the stream', async () => {
    const made = guest({ tls: { trust: stranger } })
    const accepted = outcome(made.server.accept().finish())
    expect(await told(made.connect())).toMatch(/^issuer-unknown: /)
    expect(await told(made.sent)).toMatch(/^issuer-unknown: /)
    expect(await told(made.read)).toMatch(/^issuer-unknown: /)
    expect(await textOf({ readable: made.received })).toBe('')
    expect(await accepted).toMatchObject({ code: 'peer-alert', alert: 'unknown_ca' })
  })

  it('of the server is told by its alert', async () => {
    const made = guest({ tls: { alpn: ['two'] }, server: { alpn: ['one'] } })
    void outcome(made.server.accept().finish())
    expect(await told(made.connect())).toMatch(/^peer-alert: .*no_application_protocol/)
  })

  it('is a name that can’t be one', async () => {
    const { connect, sent, carried } = guest()
    expect(await told(connect('no name'))).toMatch(/^serverName is a DNS name/)
    expect(await told(sent)).toMatch(/^serverName is a DNS name/)
    await carried
  })

  it('is a transport that ends without close_notify: data comes whole, then the result says truncated', async () => {
    const { far, received, read, pipe } = await connected()
    const writer = far.writable.getWriter()
    void writer.write(bytes('half a sent')).catch(() => {})
    const reader = received.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('half a sent')
    pipe.cut('first')
    expect(await reader.read()).toEqual({ done: true, value: undefined })
    expect(await told(read)).toMatch(/^truncated: /)
  })

  it('is a transport that ends in the handshake', async () => {
    const made = guest()
    const connecting = told(made.connect())
    await quiet()
    made.pipe.cut('first')
    expect(await connecting).toMatch(/^truncated: /)
  })

  it('is a transport that is reset', async () => {
    const { received, read, cleartext, sent, pipe, carried } = await connected()
    void outcome(carried)
    pipe.reset()
    expect(await textOf({ readable: received })).toBe('')
    const result = await read
    expect(result.tag === 'err' && result.val.cause).toBeInstanceOf(TransportError)
    expect(await told(read)).toMatch(/^ECONNRESET: /)
    void cleartext.write(bytes('to nobody')).catch(() => {})
    expect(await told(sent)).toMatch(/^ECONNRESET: /)
  })
})

describe('a guest’s mistake', () => {
  it('is to call send or receive twice', () => {
    const connector = newConnector()
    connector.send(new ReadableStream())
    expect(() => connector.send(new ReadableStream())).toThrow(new TypeError('send() was called before'))
    connector.receive(new ReadableStream())
    expect(() => connector.receive(new ReadableStream())).toThrow(new TypeError('receive() was called before'))
  })

  it('is to call send, receive or connect after connect', async () => {
    const { connector, connect } = await connected()
    expect(() => connector.send(new ReadableStream())).toThrow(new TypeError('send() after connect()'))
    expect(() => connector.receive(new ReadableStream())).toThrow(new TypeError('receive() after connect()'))
    await expect(connect()).rejects.toThrow(new TypeError('connect() was called before'))
  })

  it('is to connect without send or receive, which is an error that says which', async () => {
    const bare = newConnector()
    const [, received] = bare.receive(new ReadableStream())
    expect(await told(connectTo(bare))).toBe('aborted: send() was not called before connect()')
    expect(await told(received)).toBe('aborted: send() was not called before connect()')
    const other = newConnector()
    other.send(new ReadableStream())
    expect(await told(connectTo(other))).toBe('aborted: receive() was not called before connect()')
  })

  it('is to make two handshakes over one transport', async () => {
    const { pipe } = await connected()
    expect(() => newConnector().receive(pipe.streams[0].readable)).toThrow(new TypeError('receive() of a stream that has another reader'))
  })
})

describe('whoever lets go', () => {
  it('of a connector ends its streams', async () => {
    const { connector, sent, read, received, carried } = guest()
    connector[Symbol.dispose]()
    expect(await told(sent)).toBe('aborted: the connector was dropped before connect()')
    expect(await told(read)).toBe('aborted: the connector was dropped before connect()')
    expect(await textOf({ readable: received })).toBe('')
    await carried
  })

  it('of the ciphertext ends the connection', async () => {
    const connector = newConnector()
    const [ciphertext, sent] = connector.send(new ReadableStream())
    connector.receive(new ReadableStream())
    await ciphertext.cancel(new Error('gone'))
    expect(await told(connectTo(connector))).toBe('ERR_TRANSPORT: the transport failed: gone')
    expect(await told(sent)).toBe('ERR_TRANSPORT: the transport failed: gone')
  })

  it('of the cleartext that comes is content, and what it sends still arrives', async () => {
    const { far, cleartext, received, sent, read, carried } = await connected()
    await received.cancel()
    expect(await read).toEqual(ok)
    await cleartext.write(bytes('still here'))
    await cleartext.close()
    expect(await textOf(far)).toBe('still here')
    expect(await sent).toEqual(ok)
    await carried
  })

  it('on the host’s side aborts by its signal, at any moment', async () => {
    const early = new AbortController()
    const before = guest({ tls: { signal: early.signal } })
    const connecting = told(before.connect())
    await quiet()
    early.abort(new TlsError('aborted', 'enough'))
    expect(await connecting).toBe('aborted: enough')

    const late = new AbortController()
    const made = guest({ tls: { signal: late.signal } })
    const { far, received, read } = await connected(made)
    const heard = outcome(textOf(far))
    late.abort(new TlsError('aborted', 'enough'))
    expect(await textOf({ readable: received })).toBe('')
    expect(await told(read)).toBe('aborted: enough')
    expect(await heard).toMatchObject({ code: 'peer-alert', alert: 'internal_error' })
  })
})
