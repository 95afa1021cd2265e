/** After the handshake, and what belongs there but comes earlier: RFC 9846 §4.2.2, §4.6, §4.7. */
import { describe, expect, it } from 'vitest'
import { concat } from '../../../src/wire/bytes.ts'
import * as tls from './bytes.ts'
import { bytes, v16 } from './bytes.ts'
import { ClientPeer, type Peer, protectedRecord, recordType, ServerPeer } from './peer.ts'
import { testRules } from './rules.ts'

const decodeError = { code: 'decode-error', alert: 'decode_error' } as const
const illegalValue = { code: 'illegal-value', alert: 'illegal_parameter' } as const
const unexpectedMessage = { code: 'unexpected-message', alert: 'unexpected_message' } as const
const acrossKeys = { code: 'message-across-keys', alert: 'unexpected_message' } as const
const tooManyUpdates = { code: 'too-many-key-updates', alert: 'unexpected_message' } as const
const tooManyTickets = { code: 'too-many-tickets', alert: 'unexpected_message' } as const

const times = (count: number, make: () => Uint8Array) => Array.from({ length: count }, make)
/** Both roles once connected, under one name. */
const connected = (act: (peer: Peer) => unknown) => ({ client: (server: ServerPeer) => act(server.connect()) })
const connectedServer = (act: (peer: Peer) => unknown) => ({ server: (client: ClientPeer) => act(client.connect()) })

describe('KeyUpdate', () => {
  testRules([
    { section: '4.7.3', rule: 'request_update 2 is refused', ...connected(peer => peer.say(tls.keyUpdate(2))), ...illegalValue },
    {
      section: '4.7.3',
      rule: 'request_update 255 is refused by a server',
      ...connectedServer(peer => peer.say(tls.keyUpdate(255))),
      ...illegalValue,
    },
    { section: '4.7.3', rule: 'a KeyUpdate without content is refused', ...connected(peer => peer.say(tls.keyUpdate())), ...decodeError },
    { section: '4.7.3', rule: 'a KeyUpdate of two bytes is refused', ...connected(peer => peer.say(tls.keyUpdate(0, 0))), ...decodeError },
    {
      section: '4.7.3',
      rule: 'a client refuses one instead of Finished',
      client: server => server.authenticate().say(tls.keyUpdate(0)),
      ...unexpectedMessage,
    },
    {
      section: '4.7.3',
      rule: 'a client refuses one after ServerHello',
      client: server => server.hello().say(tls.keyUpdate(0)),
      ...unexpectedMessage,
    },
    {
      section: '4.7.3',
      rule: 'a server refuses one instead of Finished',
      server: client => client.hello().say(tls.keyUpdate(0)),
      ...unexpectedMessage,
    },
    {
      section: '4.7.3',
      rule: 'a server refuses one instead of ClientHello',
      server: client => client.say(tls.keyUpdate(0)),
      ...unexpectedMessage,
    },
    {
      section: '5.1',
      rule: 'a second message in its record is refused',
      ...connected(peer => peer.say(concat(tls.keyUpdate(0), tls.keyUpdate(0)))),
      ...acrossKeys,
    },
    {
      section: '5.1',
      rule: 'part of a message in its record is refused',
      ...connected(peer => peer.say(concat(tls.keyUpdate(0), tls.newSessionTicket().subarray(0, 3)))),
      ...acrossKeys,
    },
    {
      section: '5.1',
      rule: 'a second message in its record is refused by a server',
      ...connectedServer(peer => peer.say(concat(tls.keyUpdate(1), tls.keyUpdate(0)))),
      ...acrossKeys,
    },
    {
      section: '4.7.3',
      rule: '32 in a row are read',
      ...connected(peer => peer.say(...times(32, () => tls.keyUpdate(0)))),
      accepted: true,
    },
    {
      section: '4.7.3',
      rule: '33 in a row are a flood',
      ...connected(peer => peer.say(...times(33, () => tls.keyUpdate(0)))),
      ...tooManyUpdates,
    },
    {
      section: '4.7.3',
      rule: 'records without content between them do not make them fewer',
      ...connectedServer(peer => {
        for (let i = 0; i < 33; i++) peer.data(tls.none).say(tls.keyUpdate(1))
      }),
      ...tooManyUpdates,
    },
    {
      section: '4.7.3',
      rule: 'application data between them makes them no flood',
      ...connected(peer => {
        for (let i = 0; i < 100; i++) peer.say(tls.keyUpdate(0)).data()
      }),
      accepted: true,
    },
    {
      section: '4.7.3',
      rule: 'one in records of a byte each is read',
      ...connected(peer => {
        for (const byte of tls.keyUpdate(0)) peer.record(recordType.handshake, bytes(byte))
      }),
      accepted: true,
    },
  ])

  it.each([
    ['client', () => new ServerPeer().connect()],
    ['server', () => new ClientPeer().connect()],
  ])('§4.7.3 a silent %s answers many requests with one KeyUpdate, before its next data', (_, connect) => {
    const peer: Peer = connect()
    const before = peer.heard.length
    const requests = times(5, () => protectedRecord(recordType.handshake, tls.keyUpdate(1)))
    peer.connection.receive(concat(...requests))
    peer.connection.send(bytes(1))
    // Whatever the events were, the answer must go before the data.
    peer.drain()
    peer.connection.send(bytes(2))
    peer.drain()
    const after = peer.heard.slice(before)
    const answers = after.filter(({ type }) => type === recordType.handshake)
    expect(answers.length).toBeGreaterThanOrEqual(1)
    for (const { content } of answers) expect(content).toEqual(tls.keyUpdate(0))
    expect(after.findIndex(({ type }) => type === recordType.handshake)).toBeLessThan(after.findIndex(({ content }) => content[0] === 2))
  })

  it('§4.7.3 an answer is not asked for again before it comes', () => {
    const peer = new ServerPeer().connect()
    const before = peer.heard.length
    const requests = () => peer.heard.slice(before).map(({ content }) => content[4])
    for (let i = 0; i < 3; i++) peer.connection.updateKeys({ requestPeer: true })
    peer.drain()
    expect(requests()).toEqual([1, 0, 0])
    peer.say(tls.keyUpdate(0))
    peer.connection.updateKeys({ requestPeer: true })
    peer.drain()
    expect(requests()).toEqual([1, 0, 0, 1])
  })
})

describe('NewSessionTicket', () => {
  const ticket = (change: Partial<tls.TicketFields>) => connected(peer => peer.say(tls.newSessionTicket(change)))
  testRules([
    { section: '4.7.1', rule: 'is ignored without resumption', ...ticket({}), accepted: true },
    { section: '4.7.1', rule: 'may live seven days', ...ticket({ ticket_lifetime: 604800 }), accepted: true },
    {
      section: '4.7.1',
      rule: 'may be for one use now, its nonce empty',
      ...ticket({ ticket_lifetime: 0, ticket_nonce: tls.v8() }),
      accepted: true,
    },
    {
      section: '4.7.1',
      rule: 'may claim to live for ever: it is kept for seven days',
      ...ticket({ ticket_lifetime: 0xffffffff }),
      accepted: true,
    },
    { section: '4.7.1', rule: 'is not empty', ...ticket({ ticket: v16() }), ...decodeError },
    { section: '4.7.1', rule: 'has its extensions field', ...ticket({ extensions: tls.none }), ...decodeError },
    { section: '4.7.1', rule: 'is not for servers', ...connectedServer(peer => peer.say(tls.newSessionTicket())), ...unexpectedMessage },
    {
      section: '4.7',
      rule: 'is not for a handshake',
      client: server => server.authenticate().say(tls.newSessionTicket()),
      ...unexpectedMessage,
    },
    {
      section: '5.1',
      rule: 'does not share the record of Finished',
      client: server => server.authenticate().say(concat(tls.finished(), tls.newSessionTicket())),
      ...acrossKeys,
    },
    {
      section: '4.7.1',
      rule: 'may come 64 times',
      ...connected(peer => peer.say(...times(64, () => tls.newSessionTicket()))),
      accepted: true,
    },
    {
      section: '4.7.1',
      rule: 'is a flood the 65th time',
      ...connected(peer => peer.say(...times(65, () => tls.newSessionTicket()))),
      ...tooManyTickets,
    },
    {
      section: '4.7.1',
      rule: 'may share a record with others',
      ...connected(peer => peer.say(concat(...times(5, () => tls.newSessionTicket())))),
      accepted: true,
    },
  ])
})

describe('what has no place after the handshake', () => {
  const messages: readonly (readonly [section: string, name: string, message: Uint8Array])[] = [
    ['4.2.2', 'ClientHello: there is no renegotiation', tls.clientHello()],
    ['4.2.2', 'HelloRequest: there is no renegotiation', tls.message(0)],
    ['4.2.3', 'ServerHello', tls.serverHello()],
    ['4.2.4', 'HelloRetryRequest', tls.helloRetryRequest()],
    ['4.4.1', 'EncryptedExtensions', tls.encryptedExtensions()],
    ['4.7.2', 'CertificateRequest, which was not offered', tls.certificateRequest(tls.requested, tls.v8(bytes(1)))],
    ['4.5.1', 'Certificate', tls.certificate()],
    ['4.5.2', 'CertificateVerify', tls.certificateVerify()],
    ['4.5.3', 'Finished', tls.finished()],
    ['4.6', 'EndOfEarlyData', tls.endOfEarlyData],
    ['4.1', 'message_hash', tls.message(254, tls.filled(32))],
    ['4', 'a message of an unknown type', tls.message(99, bytes(1))],
  ]
  testRules(
    messages.flatMap(([section, name, message]) => [
      { section, rule: `a client refuses ${name}`, ...connected(peer => peer.say(message)), ...unexpectedMessage },
      { section, rule: `a server refuses ${name}`, ...connectedServer(peer => peer.say(message)), ...unexpectedMessage },
    ]),
  )
})

describe('EndOfEarlyData in the handshake', () => {
  testRules([
    { section: '4.6', rule: 'is not for clients', client: server => server.hello().say(tls.endOfEarlyData), ...unexpectedMessage },
    {
      section: '4.6',
      rule: 'is not for a server that accepted no early data',
      server: client => client.hello().say(tls.endOfEarlyData),
      ...unexpectedMessage,
    },
  ])
})
