/** Records: RFC 9846 §5. */
import { describe, expect, it } from 'vitest'
import { concat } from '../../../src/wire/bytes.ts'
import * as tls from './bytes.ts'
import { bytes, u16 } from './bytes.ts'
import { ClientPeer, plainRecord, protectedRecord, recordType, ServerPeer } from './peer.ts'
import { testRules } from './rules.ts'

const unexpectedMessage = { code: 'unexpected-message', alert: 'unexpected_message' } as const
const overflow = { code: 'record-overflow', alert: 'record_overflow' } as const
const emptyRecord = { code: 'empty-record', alert: 'unexpected_message' } as const
const unprotected = { code: 'record-unprotected', alert: 'unexpected_message' } as const
const interleaved = { code: 'interleaved-message', alert: 'unexpected_message' } as const
const acrossKeys = { code: 'message-across-keys', alert: 'unexpected_message' } as const
const changeCipherSpec = { code: 'change-cipher-spec', alert: 'unexpected_message' } as const
const recordTypeFault = { code: 'record-type', alert: 'unexpected_message' } as const
const tooManyEmpty = { code: 'too-many-empty-records', alert: 'unexpected_message' } as const
const tooLong = { code: 'message-too-long', alert: 'decode_error' } as const

const { handshake, alert, application_data } = recordType
const half = (message: Uint8Array) => message.subarray(0, message.length >> 1)
const header = (type: number, length: number) => concat(bytes(type), tls.tls12, u16(length))

describe('change_cipher_spec', () => {
  testRules([
    { section: '5', rule: 'may not come before the first ClientHello', server: client => client.changeCipherSpec(1), ...changeCipherSpec },
    {
      section: '5',
      rule: 'may come after ClientHello',
      server: client => client.say(tls.clientHello()).changeCipherSpec(1).protect().say(tls.finished()),
      accepted: true,
    },
    {
      section: '5',
      rule: 'may come between two ClientHellos',
      server: client => client.helloWithoutShare().changeCipherSpec(1).hello().say(tls.finished()),
      accepted: true,
    },
    { section: '5', rule: 'may come before ServerHello', client: server => server.changeCipherSpec(1).connect(), accepted: true },
    {
      section: '5',
      rule: 'may not come after the server’s Finished',
      client: server => server.connect().changeCipherSpec(1),
      ...changeCipherSpec,
    },
    {
      section: '5',
      rule: 'may not come after the client’s Finished',
      server: client => client.connect().changeCipherSpec(1),
      ...changeCipherSpec,
    },
    { section: '5', rule: 'holds 1', client: server => server.hello().changeCipherSpec(2), ...changeCipherSpec },
    { section: '5', rule: 'holds one byte', server: client => client.hello().changeCipherSpec(1, 1), ...changeCipherSpec },
    { section: '5', rule: 'is not empty', client: server => server.changeCipherSpec(), ...emptyRecord },
    {
      section: '5',
      rule: 'is not protected',
      client: server => server.hello().record(recordType.change_cipher_spec, bytes(1)),
      ...unexpectedMessage,
    },
    {
      section: '5',
      rule: 'is not protected after the handshake either',
      server: client => client.connect().record(recordType.change_cipher_spec, bytes(1)),
      ...unexpectedMessage,
    },
    {
      section: '5',
      rule: 'is a flood the ninth time',
      client: server => {
        for (let i = 0; i < 9; i++) server.changeCipherSpec(1)
      },
      ...changeCipherSpec,
    },
    {
      section: '5.1',
      rule: 'does not come in the middle of a handshake message',
      client: server => {
        const [first, second] = [tls.serverHello().subarray(0, 20), tls.serverHello().subarray(20)]
        server.say(first).changeCipherSpec(1).say(second)
      },
      ...interleaved,
    },
    {
      section: '5.1',
      rule: 'does not come in the middle of a protected handshake message',
      server: client => client.hello().say(half(tls.finished())).changeCipherSpec(1),
      ...interleaved,
    },
  ])
})

describe('handshake messages in records', () => {
  testRules([
    {
      section: '5.1',
      rule: 'an alert does not come in the middle of one',
      client: server => server.hello().say(half(tls.encryptedExtensions())).alert(1, 0),
      ...interleaved,
    },
    {
      section: '5.1',
      rule: 'application data does not come in the middle of one',
      client: server => server.connect().say(half(tls.newSessionTicket())).data(),
      ...interleaved,
    },
    {
      section: '5.1',
      rule: 'a record without content does not come in the middle of one',
      server: client =>
        client
          .connect()
          .say(half(tls.keyUpdate(0)))
          .data(tls.none),
      ...interleaved,
    },
    {
      section: '5.1',
      rule: 'a client refuses what follows ServerHello in its record',
      client: server => server.say(concat(tls.serverHello(), tls.encryptedExtensions())),
      ...acrossKeys,
    },
    {
      section: '5.1',
      rule: 'a client refuses a byte that follows ServerHello in its record',
      client: server => server.say(concat(tls.serverHello(), bytes(8))),
      ...acrossKeys,
    },
    {
      section: '5.1',
      rule: 'a server refuses what follows ClientHello in its record',
      server: client => client.say(concat(tls.clientHello(), tls.finished())),
      ...acrossKeys,
    },
    {
      section: '5.1',
      rule: 'a server refuses what follows the second ClientHello',
      server: client => client.helloWithoutShare().say(concat(tls.clientHello(), bytes(20))),
      ...acrossKeys,
    },
    {
      section: '5.1',
      rule: 'a client refuses what follows Finished in its record',
      client: server => server.authenticate().say(concat(tls.finished(), bytes(4))),
      ...acrossKeys,
    },
    {
      section: '5.1',
      rule: 'a server refuses what follows Finished in its record',
      server: client => client.hello().say(concat(tls.finished(), tls.keyUpdate(0))),
      ...acrossKeys,
    },
    {
      section: '5.1',
      rule: 'messages may share records, and be split among them',
      client: server => {
        const flight = concat(tls.encryptedExtensions(), tls.certificate(), tls.certificateVerify(), tls.finished())
        server.hello()
        for (let at = 0; at < flight.length; at += 100) server.say(flight.subarray(at, at + 100))
      },
      accepted: true,
    },
    {
      section: '5.1',
      rule: 'a record of handshake is not empty',
      server: client => client.raw(plainRecord(handshake, tls.none)),
      ...emptyRecord,
    },
    {
      section: '5.4',
      rule: 'a protected record of handshake is not empty',
      client: server => server.hello().record(handshake),
      ...emptyRecord,
    },
    {
      section: '5.4',
      rule: 'padding does not make a record of handshake less empty',
      server: client => client.hello().raw(protectedRecord(handshake, tls.none, 50)),
      ...emptyRecord,
    },
    {
      section: '4',
      rule: 'a message is not longer than 128 KiB',
      server: client => client.say(concat(bytes(1), tls.u24(0x20000))),
      ...tooLong,
    },
    {
      section: '4',
      rule: 'a message is not longer than 128 KiB after the handshake',
      client: server => server.connect().say(bytes(4, 0xff, 0xff, 0xff)),
      ...tooLong,
    },
  ])
})

describe('lengths of records', () => {
  const full = 2 ** 14
  testRules([
    {
      section: '5.1',
      rule: 'a plaintext record has at most 2^14 bytes',
      server: client => client.raw(header(handshake, full + 1)),
      ...overflow,
    },
    {
      section: '5.1',
      rule: 'a plaintext record of 65535 bytes is refused before it is there',
      client: server => server.raw(header(handshake, 0xffff)),
      ...overflow,
    },
    {
      section: '5.2',
      rule: 'a protected record has at most 2^14 + 256 bytes',
      client: server => server.hello().raw(header(application_data, full + 257)),
      ...overflow,
    },
    {
      section: '5.4',
      rule: 'content and padding have at most 2^14 bytes',
      server: client => client.connect().data(tls.filled(full + 1)),
      ...overflow,
    },
    {
      section: '5.4',
      rule: 'padding counts',
      client: server => server.connect().raw(protectedRecord(application_data, bytes(1), full)),
      ...overflow,
    },
    { section: '5.4', rule: 'content of 2^14 bytes is read', client: server => server.connect().data(tls.filled(full)), accepted: true },
    {
      section: '5.4',
      rule: 'content and padding of 2^14 bytes are read',
      server: client => client.connect().raw(protectedRecord(application_data, bytes(1), full - 1)),
      accepted: true,
    },
  ])
})

describe('protection', () => {
  const badMac = { code: 'bad-record-mac', alert: 'bad_record_mac' } as const
  testRules([
    {
      section: '5.2',
      rule: 'a protected record without content is not authentic',
      client: server => server.hello().raw(header(application_data, 0)),
      ...badMac,
    },
    {
      section: '5.2',
      rule: 'a record shorter than a tag is not authentic',
      server: client => client.connect().raw(plainRecord(application_data, tls.filled(15))),
      ...badMac,
    },
    {
      section: '5.4',
      rule: 'a record of padding alone is refused',
      client: server => server.hello().raw(plainRecord(application_data, new Uint8Array(40))),
      ...unexpectedMessage,
    },
    {
      section: '5.4',
      rule: 'a record without even a type is refused',
      server: client => client.connect().raw(plainRecord(application_data, new Uint8Array(16))),
      ...unexpectedMessage,
    },
    {
      section: '5',
      rule: 'a protected record of an unknown type is refused',
      client: server => server.hello().record(24, bytes(1)),
      ...unexpectedMessage,
    },
    {
      section: '5',
      rule: 'a protected record of type 1 is refused',
      server: client => client.connect().record(1, bytes(1)),
      ...unexpectedMessage,
    },
    { section: '5', rule: 'a record of heartbeat is refused', client: server => server.raw(plainRecord(24, bytes(1))), ...recordTypeFault },
    {
      section: '5.1',
      rule: 'application data is never in plaintext',
      client: server => server.raw(plainRecord(application_data, bytes(1))),
      ...unprotected,
    },
    {
      section: '5.1',
      rule: 'a server refuses application data before ClientHello',
      server: client => client.raw(plainRecord(application_data, bytes(1))),
      ...unprotected,
    },
    {
      section: '5.2',
      rule: 'a client refuses plaintext after ServerHello',
      client: server => server.hello().raw(plainRecord(handshake, tls.encryptedExtensions())),
      ...unprotected,
    },
    {
      section: '5.2',
      rule: 'a server refuses plaintext after ClientHello',
      server: client => client.hello().raw(plainRecord(handshake, tls.finished())),
      ...unprotected,
    },
    {
      section: '5.2',
      rule: 'a client refuses plaintext after the handshake',
      client: server => server.connect().raw(plainRecord(handshake, tls.newSessionTicket())),
      ...unprotected,
    },
    {
      section: '5.2',
      rule: 'a server refuses plaintext after the handshake',
      server: client => client.connect().raw(plainRecord(handshake, tls.keyUpdate(0))),
      ...unprotected,
    },
    {
      section: '4.5.3',
      rule: 'a client refuses application data before Finished',
      client: server => server.hello().data(),
      ...unexpectedMessage,
    },
    {
      section: '4.5.3',
      rule: 'a client refuses application data instead of Finished',
      client: server => server.authenticate().data(),
      ...unexpectedMessage,
    },
    {
      section: '4.5.3',
      rule: 'a server refuses application data before Finished',
      server: client => client.hello().data(),
      ...unexpectedMessage,
    },
    {
      section: '4.5.3',
      rule: 'a server refuses even empty application data before Finished',
      server: client => client.hello().data(tls.none),
      ...unexpectedMessage,
    },
  ])
})

describe('records without content', () => {
  const empties = (count: number) => (peer: ServerPeer | ClientPeer) => {
    for (let i = 0; i < count; i++) peer.raw(protectedRecord(application_data, tls.none, i))
  }
  testRules([
    { section: '5.1', rule: 'are read, 32 in a row', client: server => empties(32)(server.connect()), accepted: true },
    { section: '5.1', rule: 'are a flood, 33 in a row', client: server => empties(33)(server.connect()), ...tooManyEmpty },
    { section: '5.1', rule: 'are a flood to a server too', server: client => empties(33)(client.connect()), ...tooManyEmpty },
    {
      section: '5.1',
      rule: 'are no flood with content between them',
      server: client => {
        client.connect()
        for (let i = 0; i < 5; i++) {
          empties(30)(client)
          client.data()
        }
      },
      accepted: true,
    },
  ])

  it('§5.4 are no events', () => {
    const server = new ServerPeer().connect()
    server.data(tls.none).data(bytes(1)).data(tls.none)
    expect(server.events.filter(event => event === 'data')).toHaveLength(1)
  })
})

describe('what this side sends', () => {
  it('§5.1 the version of a record is 0x0303, but for the first ClientHello 0x0301', () => {
    const server = new ServerPeer().say(tls.helloRetryRequest(), tls.serverHelloAfterRetry()).protect()
    server.say(tls.encryptedExtensions(), tls.certificate(), tls.certificateVerify(), tls.finished())
    const [first, ...rest] = server.heard
    expect(first?.version).toBe(0x0301)
    expect(new Set(rest.map(({ version }) => version))).toEqual(new Set([0x0303]))
    expect(
      new Set(
        new ClientPeer()
          .helloWithoutShare()
          .connect()
          .heard.map(({ version }) => version),
      ),
    ).toEqual(new Set([0x0303]))
  })

  it.each([
    ['client', (): ServerPeer | ClientPeer => new ServerPeer().hello()],
    ['server', (): ServerPeer | ClientPeer => new ClientPeer().hello()],
  ])('§6 a %s sends alerts under the key of now', (_, make) => {
    expect(make().say(tls.message(99)).heard.at(-1)).toMatchObject({ type: alert, protected: true })
  })
})
