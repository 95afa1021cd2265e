/** Work and memory stay bounded whatever a peer sends, and callbacks that misbehave end the connection, not the program. */
import { describe, expect, it } from 'vitest'
import { TicketKeyRing } from '../../../src/engine/tickets.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { constantBytes, nullProvider } from '../../null-provider.ts'
import * as tls from './bytes.ts'
import { bytes, u16, v16 } from './bytes.ts'
import { ClientPeer, type Peer, protectedRecord, recordType, ServerPeer } from './peer.ts'

const { handshake, application_data } = recordType

describe('work and memory', () => {
  const long = concat(bytes(11), tls.u24(0x1fff0), tls.v8(), tls.u24(0x1ffec), tls.u24(0x1ffe7), tls.filled(0x1ffe7), u16(0))

  it.each([1, 100, 16384])('a message of 128 KiB arrives in records of %i bytes', size => {
    const server = new ServerPeer().hello().say(tls.encryptedExtensions())
    const events: string[] = []
    for (let at = 0; at < long.length; at += size) server.connection.receive(protectedRecord(handshake, long.subarray(at, at + size)))
    for (let event = server.connection.poll(); event; event = server.connection.poll()) events.push(event.type)
    expect(events).toEqual(['peer-certificate'])
    expect(server.connection.pendingInput).toBe(0)
  })

  it('a message of 128 KiB arrives in chunks of one byte', () => {
    const server = new ServerPeer().hello().say(tls.encryptedExtensions())
    for (let at = 0; at < long.length; at += 16384) {
      for (const byte of protectedRecord(handshake, long.subarray(at, at + 16384))) server.connection.receive(bytes(byte))
    }
    expect(server.connection.poll()?.type).toBe('peer-certificate')
  })

  it('ten thousand shares and groups are judged', () => {
    const groups = Array.from({ length: 9000 }, (_, i) => 0x2000 + i)
    const extensions = tls.replaced(
      tls.replaced(tls.offered, 'supported_groups', v16(u16(...groups))),
      'key_share',
      v16(...groups.map(group => tls.share(group, 1))),
    )
    const client = new ClientPeer()
    const hello = tls.helloWith(extensions)
    for (let at = 0; at < hello.length; at += 16384) client.record(handshake, hello.subarray(at, at + 16384))
    expect(client.error).toMatchObject({ code: 'no-common-group' })
  })

  it('answers to KeyUpdate do not fill an output that nobody takes', () => {
    const server = new ServerPeer({ limits: { outputBytes: 1000 } }).connect()
    const { connection } = server
    for (let i = 0; i < 500; i++) {
      connection.receive(concat(protectedRecord(handshake, tls.keyUpdate(1)), protectedRecord(application_data, bytes(1))))
      while (connection.poll());
    }
    expect(connection.pendingOutput).toBeLessThan(1100)
    connection.takeOutput()
    // The answer that is due goes before the data.
    expect(connection.send(bytes(1))).toBe(1)
    const [first] = connection.takeOutput()
    expect(first?.length).toBe(5)
    expect(server.error).toBeUndefined()
  })

  it('many requests to update keys in one chunk get one answer', () => {
    for (const peer of [new ServerPeer().connect(), new ClientPeer().connect()]) {
      const before = peer.heard.length
      peer.raw(concat(...Array.from({ length: 20 }, () => protectedRecord(handshake, tls.keyUpdate(1)))))
      expect(peer.heard.slice(before).map(({ content }) => content)).toEqual([tls.keyUpdate(0)])
    }
  })

  it('input that is not polled for is bounded', () => {
    const { connection } = new ServerPeer({ limits: { inputBytes: 5000 } }).connect()
    const record = protectedRecord(application_data, tls.filled(1000))
    for (let i = 0; i < 20; i++) connection.receive(record.slice())
    expect(connection.pendingInput).toBe(0)
    const types: (string | undefined)[] = []
    for (let event = connection.poll(); event; event = connection.poll()) types.push(event.type)
    // What came before is not lost.
    expect(types).toEqual(['data', 'failed'])
  })
})

describe('a server that issues tickets', () => {
  const cipherSuites = nullProvider.cipherSuites.flatMap(suite => [suite, { ...suite, id: 0x1302, name: 'TLS_AES_256_GCM_SHA384' }])
  const crypto = { ...nullProvider, cipherSuites }
  const resuming = tls.added(tls.offered, tls.extension('psk_key_exchange_modes', tls.v8(bytes(1))))
  /** A client that has proved itself with a chain whose second certificate is this long. */
  const connected = (size: number) => {
    const tickets = new TicketKeyRing({ random: constantBytes })
    const client = new ClientPeer({ crypto, clientAuth: 'request', tickets, now: () => 0 }).say(tls.helloWith(resuming)).protect()
    const chain = tls.certificate(tls.v24(tls.entry(), tls.entry(tls.filled(size))))
    for (let at = 0; at < chain.length; at += 16384) client.record(handshake, chain.subarray(at, at + 16384))
    return client.say(tls.certificateVerify(), tls.finished())
  }

  it('issues none for a session that does not fit into one', () => {
    const issued = (client: Peer) => client.heard.some(({ content }) => content[0] === 4)
    expect(issued(connected(100))).toBe(true)
    const client = connected(70_000)
    expect(client.error).toBeUndefined()
    expect(client.connection.info).toBeDefined()
    expect(issued(client)).toBe(false)
  })

  it('refuses a name that no DNS name can be', () => {
    const name = (length: number) => tls.replaced(tls.offered, 'server_name', v16(bytes(0), v16(tls.filled(length, 0x61))))
    const client = new ClientPeer().say(tls.helloWith(name(256)))
    expect(client.error).toMatchObject({ code: 'illegal-hello', alert: 'illegal_parameter' })
    expect(new ClientPeer().say(tls.helloWith(name(255))).error).toBeUndefined()
  })
})

describe('callbacks', () => {
  const boom = () => {
    throw new RangeError('boom')
  }

  it.each([
    ['trace', { trace: boom }],
    ['keyLog', { keyLog: boom }],
    ['shapeExtensions', { shapeExtensions: boom }],
  ])('where %s throws, the connection fails and says so', (_, options) => {
    const peers: readonly (() => Peer)[] = [() => new ServerPeer(options).hello(), () => new ClientPeer(options).hello()]
    for (const make of peers) {
      const peer = make()
      expect(peer.error).toMatchObject({ code: 'internal', alert: 'internal_error', origin: 'local' })
      expect(peer.error?.cause).toBeInstanceOf(RangeError)
      expect(peer.alertHeard).toBe('internal_error')
      expect(peer.events.filter(type => type === 'failed')).toHaveLength(1)
      expect(peer.connection.waitingFor).toBe('nothing')
    }
  })

  it.each([
    'receive',
    'poll',
    'send',
    'end',
    'abort',
    'updateKeys',
    'receiveEnd',
  ] as const)('a callback that calls %s ends the connection, and says why', method => {
    let act = () => {}
    const server = new ServerPeer({ trace: () => act() }).connect()
    const { connection } = server
    const calls = {
      receive: () => connection.receive(bytes(1)),
      poll: () => connection.poll(),
      send: () => connection.send(bytes(1)),
      end: () => connection.end(),
      abort: () => connection.abort(),
      updateKeys: () => connection.updateKeys(),
      receiveEnd: () => connection.receiveEnd(),
    }
    act = () => {
      act = () => {}
      calls[method]()
    }
    server.say(tls.newSessionTicket())
    expect(server.error).toMatchObject({ code: 'internal', alert: 'internal_error' })
    expect(server.error?.cause).toBeInstanceOf(TypeError)
    expect(server.alertHeard).toBe('internal_error')
    expect(server.events.at(-1)).toBe('failed')
  })
})
