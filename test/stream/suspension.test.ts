/** A handshake over streams stands still where it should, and may be given up wherever it stands. */
import { afterEach, describe, expect, it } from 'vitest'
import { type ByteStreams, ClientConnection, type ClientHandshake, type ServerHandshake } from '../../src/stream/index.ts'
import { clientIdentity, connected, outcome, quiet, type Sides, serverIdentity, sides } from './sides.ts'

const unhandled: unknown[] = []
process.on('unhandledRejection', reason => unhandled.push(reason))
afterEach(async () => {
  await quiet()
  expect(unhandled.splice(0)).toEqual([])
})

/** Where a client, or a server, can stand: how it gets there, with a peer that goes on as far as it can. */
const clientStops: Record<string, (handshake: ClientHandshake) => Promise<unknown>> = {
  'before the first step': async () => {},
  'at the server identity': handshake => handshake.verifyServerIdentity(),
  'at the identity request': handshake => handshake.receiveClientIdentityRequest(),
  'at both, one after the other': async handshake => {
    await handshake.verifyServerIdentity()
    await handshake.receiveClientIdentityRequest()
  },
}
const serverStops: Record<string, (handshake: ServerHandshake) => Promise<unknown>> = {
  'before the first step': async () => {},
  'at the hello': handshake => handshake.receiveClientHello(),
  'at the client identity': handshake => handshake.requestClientIdentity(),
  'at both, one after the other': async handshake => {
    await handshake.receiveClientHello()
    await handshake.requestClientIdentity()
  },
}

/** A client at its stop, with a server that asks for an identity and goes on as far as it can. */
async function clientAt(stop: (handshake: ClientHandshake) => Promise<unknown>, made: Sides) {
  const accept = made.server.accept()
  const server = outcome(accept.requestClientIdentity().then(() => accept.finish()))
  const handshake = made.client.connect('localhost')
  await stop(handshake)
  return { handshake, peer: server }
}

async function serverAt(stop: (handshake: ServerHandshake) => Promise<unknown>, made: Sides) {
  const client = outcome(made.client.connect('localhost').finish())
  const handshake = made.server.accept()
  await stop(handshake)
  return { handshake, peer: client }
}

function isConnected(seen: unknown): seen is ByteStreams {
  return typeof seen === 'object' && seen !== null && 'readable' in seen
}

const stops = [
  ...Object.entries(clientStops).map(([where, stop]) => ({ where: `a client ${where}`, at: (made: Sides) => clientAt(stop, made) })),
  ...Object.entries(serverStops).map(([where, stop]) => ({ where: `a server ${where}`, at: (made: Sides) => serverAt(stop, made) })),
]
const options = { client: { identity: clientIdentity } }

describe.each(stops)('$where', ({ where, at }) => {
  it('reads and writes nothing until it goes on, and then finishes', async () => {
    const made = sides(options)
    const { handshake, peer } = await at(made)
    await quiet()
    const before = made.pipe.moved()
    await quiet()
    expect(made.pipe.moved()).toEqual(before)
    expect(await handshake.finish()).toHaveProperty('readable')
    expect(await peer).toHaveProperty('writable')
  })

  it('can be aborted with an alert of its own, which the peer gets', async () => {
    const made = sides(options)
    const { handshake, peer } = await at(made)
    // A client may have said all that it has to say, and learns of it when it reads.
    const heard = peer.then(seen => (isConnected(seen) ? outcome(seen.readable.getReader().read()) : seen))
    await handshake.abort('bad_certificate')
    // Before the first step nothing was said, and nobody is there to hear it.
    const alert = where.endsWith('first step') ? { code: 'truncated' } : { code: 'peer-alert', alert: 'bad_certificate' }
    expect(await heard).toMatchObject(alert)
    expect(() => handshake.finish()).toThrow(/after the end of the handshake: it was aborted/)
  })

  it('ends by its signal, with the reason for whoever waits', async () => {
    const [controller, reason] = [new AbortController(), new Error('no time')]
    const signal = { signal: controller.signal }
    const made = sides({
      client: { ...options.client, ...(where.startsWith('a client') && signal) },
      ...(where.startsWith('a server') && { server: signal }),
    })
    const { handshake, peer } = await at(made)
    controller.abort(reason)
    await quiet()
    expect(await outcome(handshake.finish())).toBe(reason)
    if (!where.endsWith('first step')) await peer
  })

  it('is closed by its connection', async () => {
    const made = sides(options)
    const { handshake, peer } = await at(made)
    await (where.startsWith('a client') ? made.client : made.server)[Symbol.asyncDispose]()
    expect(await outcome(handshake.finish())).toBeInstanceOf(Error)
    if (!where.endsWith('first step')) await peer
  })
})

describe('A step under way', () => {
  const steps: Record<string, (made: Sides) => { step: Promise<unknown>; abort: () => Promise<void> }> = {
    'verifyServerIdentity()': ({ client }) => {
      const handshake = client.connect('localhost')
      return { step: handshake.verifyServerIdentity(), abort: () => handshake.abort() }
    },
    'finish() of a client': ({ client }) => {
      const handshake = client.connect('localhost')
      return { step: handshake.finish(), abort: () => handshake.abort() }
    },
    'receiveClientHello()': ({ server }) => {
      const handshake = server.accept()
      return { step: handshake.receiveClientHello(), abort: () => handshake.abort() }
    },
    'requestClientIdentity()': ({ server }) => {
      const handshake = server.accept()
      return { step: handshake.requestClientIdentity(), abort: () => handshake.abort() }
    },
  }
  it.each(Object.entries(steps))('%s rejects when the handshake is aborted', async (_name, take) => {
    const { step, abort } = take(sides())
    const ended = outcome(step)
    await quiet()
    await abort()
    expect(await ended).toMatchObject({ code: 'aborted', alert: 'user_canceled' })
  })

  it('lets no other be taken, and nothing be configured', async () => {
    const { client, server } = sides()
    const handshake = client.connect('localhost')
    const finished = handshake.finish()
    expect(() => handshake.verifyServerIdentity()).toThrow('verifyServerIdentity() while finish() is under way')
    expect(() => handshake.configureAlpnIds(['x'])).toThrow('configureAlpnIds() while finish() is under way')
    await Promise.all([finished, server.accept().finish()])
  })
})

describe('Steps out of order', () => {
  it('throw at once, at a client', async () => {
    const { client, server } = sides()
    const accepted = server.accept().finish()
    const handshake = client.connect('localhost')
    await handshake.receiveClientIdentityRequest()
    expect(() => handshake.receiveClientIdentityRequest()).toThrow(new TypeError('receiveClientIdentityRequest() was called before'))
    expect(() => handshake.verifyServerIdentity()).toThrow(
      new TypeError('verifyServerIdentity() comes too late: receiveClientIdentityRequest() was called'),
    )
    for (const late of [
      () => handshake.configureAlpnIds(['x']),
      () => handshake.configureGroups(['x25519']),
      () => handshake.configureCipherSuites([]),
    ])
      expect(late).toThrow(/comes too late/)
    await Promise.all([handshake.finish(), accepted])
    expect(() => handshake.finish()).toThrow(new TypeError('finish() after the end of the handshake: finish'))
  })

  it('throw at once, at a server', async () => {
    const { client, server } = sides()
    const finished = client.connect('localhost').finish()
    const handshake = server.accept()
    await handshake.requestClientIdentity()
    expect(() => handshake.receiveClientHello()).toThrow(/comes too late/)
    expect(() => handshake.requestClientIdentity()).toThrow(/was called before/)
    expect(() => handshake.configureServerIdentities([serverIdentity])).toThrow(/comes too late/)
    await Promise.all([handshake.finish(), finished])
  })

  it('leave no way back after a failure', async () => {
    const { client, server, pipe } = sides()
    const handshake = client.connect('localhost')
    const step = outcome(handshake.verifyServerIdentity())
    await server.accept().receiveClientHello()
    pipe.cut('first')
    expect(await step).toMatchObject({ code: 'truncated' })
    expect(() => handshake.finish()).toThrow(/after the end of the handshake: verifyServerIdentity\(\) failed/)
  })

  it('give each connection one handshake, and each stream one connection', async () => {
    const made = await connected()
    expect(() => made.client.connect('localhost')).toThrow(TypeError)
    expect(() => made.server.accept()).toThrow(TypeError)
    expect(() => new ClientConnection(made.pipe.streams[0])).toThrow(TypeError)
  })
})
