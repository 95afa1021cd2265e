/** Alerts: RFC 9846 §6. */
import { describe, expect, it } from 'vitest'
import { type AlertName, alertName, alerts } from '../../../src/error.ts'
import { concat } from '../../../src/wire/bytes.ts'
import * as tls from './bytes.ts'
import { bytes } from './bytes.ts'
import { ClientPeer, type Peer, plainRecord, protectedRecord, recordType, ServerPeer } from './peer.ts'
import { testRules } from './rules.ts'

const malformed = { code: 'record-malformed', alert: 'decode_error' } as const
const emptyRecord = { code: 'empty-record', alert: 'unexpected_message' } as const
const unprotected = { code: 'record-unprotected', alert: 'unexpected_message' } as const
const tooManyAlerts = { code: 'too-many-alerts', alert: 'unexpected_message' } as const

const closeNotify = [1, alerts.close_notify] as const
const userCanceled = [1, alerts.user_canceled] as const

describe('the form of an alert', () => {
  testRules([
    { section: '5.1', rule: 'one byte is not an alert', client: server => server.alert(2), ...malformed },
    { section: '5.1', rule: 'three bytes are not an alert', server: client => client.alert(2, 40, 0), ...malformed },
    {
      section: '5.1',
      rule: 'two alerts do not share a record',
      client: server => server.connect().alert(...userCanceled, ...closeNotify),
      ...malformed,
    },
    { section: '5.1', rule: 'an alert is not split', server: client => client.connect().alert(1).alert(0), ...malformed },
    { section: '5.1', rule: 'a plaintext record of alert is not empty', server: client => client.alert(), ...emptyRecord },
    { section: '5.4', rule: 'a protected record of alert is not empty', client: server => server.connect().alert(), ...emptyRecord },
    {
      section: '6',
      rule: 'a client refuses plaintext alerts once the server has used its key',
      client: server => server.connect().raw(plainRecord(recordType.alert, bytes(2, 40))),
      ...unprotected,
    },
    {
      section: '6',
      rule: 'a server refuses plaintext alerts once the client has used its key',
      server: client => client.connect().raw(plainRecord(recordType.alert, bytes(...closeNotify))),
      ...unprotected,
    },
    {
      section: '6',
      rule: 'a plaintext alert of three bytes is refused where keys are in use',
      server: client => client.hello().raw(plainRecord(recordType.alert, bytes(2, 40, 0))),
      ...unprotected,
    },
    {
      section: '6.1',
      rule: 'user_canceled is a flood the fifth time',
      client: server => {
        for (let i = 0; i < 5; i++) server.alert(...userCanceled)
      },
      ...tooManyAlerts,
    },
    {
      section: '6.1',
      rule: 'user_canceled is a flood after the handshake too',
      server: client => {
        client.connect()
        for (let i = 0; i < 5; i++) client.alert(...userCanceled)
      },
      ...tooManyAlerts,
    },
    {
      section: '6.1',
      rule: 'user_canceled does not end the handshake',
      client: server => {
        server
          .hello()
          .alert(...userCanceled)
          .say(tls.encryptedExtensions(), tls.certificate(), tls.certificateVerify(), tls.finished())
      },
      accepted: true,
    },
  ])
})

/** What a peer's alert must come to: no answer, and nothing more. */
function expectPeerAlert(peer: Peer, alert: AlertName | undefined): void {
  const heard = peer.heard.length
  expect(peer.error).toMatchObject({ code: 'peer-alert', alert, origin: 'peer' })
  expect(peer.events.at(-1)).toBe('failed')
  expect(peer.connection.waitingFor).toBe('nothing')
  peer.data()
  expect(peer.connection.send(bytes(1))).toBe(0)
  peer.connection.end()
  peer.drain()
  expect(peer.heard).toHaveLength(heard)
}

describe('error alerts', () => {
  const names = Object.keys(alerts).filter((name): name is AlertName => name !== 'close_notify' && name !== 'user_canceled')

  it.each(names)('§6.2 %s ends the connection whatever its level', name => {
    for (const level of [1, 2, 0, 255]) {
      expectPeerAlert(new ServerPeer().connect().alert(level, alerts[name]), name)
      expectPeerAlert(new ClientPeer().connect().alert(level, alerts[name]), name)
    }
  })

  it('§6 an alert that is not known ends the connection too, whatever its level', () => {
    for (let code = 0; code < 256; code++) {
      if (alertName(code) !== undefined) continue
      expectPeerAlert(new ServerPeer().connect().alert(1, code), undefined)
    }
  })

  it.each([
    ['a client before ServerHello', () => new ServerPeer().alert(2, alerts.handshake_failure)],
    ['a client within the handshake', () => new ServerPeer().hello().alert(2, alerts.handshake_failure)],
    ['a server before ClientHello', () => new ClientPeer().alert(2, alerts.handshake_failure)],
    ['a server within the handshake', () => new ClientPeer().hello().alert(2, alerts.handshake_failure)],
    [
      'a server from a client without keys',
      () => new ClientPeer().hello().raw(plainRecord(recordType.alert, bytes(2, alerts.handshake_failure))),
    ],
  ])('§6.2 an error alert ends %s', (_, make) => {
    expectPeerAlert(make(), 'handshake_failure')
  })
})

describe('closure alerts', () => {
  const roles = [
    ['client', (): Peer => new ServerPeer().connect()],
    ['server', (): Peer => new ClientPeer().connect()],
  ] as const

  it.each(roles)('§6.1 after close_notify a %s ignores whatever comes', (_, connect) => {
    for (const level of [1, 2, 77]) {
      const peer = connect()
      peer.alert(level, alerts.close_notify)
      expect(peer.events.at(-1)).toBe('end')
      const count = peer.events.length
      const heard = peer.heard.length
      peer
        .data()
        .say(tls.message(99))
        .alert(2, 40)
        .raw(tls.filled(100), plainRecord(recordType.handshake, bytes(1)))
      peer.connection.receiveEnd()
      peer.drain()
      expect(peer.events).toHaveLength(count)
      expect(peer.heard).toHaveLength(heard)
      expect(peer.connection.waitingFor).toBe('nothing')
    }
  })

  it.each(roles)('§6.1 what follows close_notify in the same chunk is ignored by a %s too', (_, connect) => {
    const peer = connect()
    const records = [
      protectedRecord(recordType.alert, bytes(...closeNotify)),
      protectedRecord(recordType.application_data, bytes(1)),
      tls.filled(30),
    ]
    peer.raw(concat(...records))
    expect(peer.events.at(-1)).toBe('end')
    expect(peer.events).not.toContain('data')
  })

  it.each(roles)('§6.1 after close_notify a %s may still send, and end', (_, connect) => {
    const peer = connect().alert(...closeNotify)
    expect(peer.connection.send(bytes(1, 2, 3))).toBe(3)
    peer.connection.end()
    peer.drain()
    expect(peer.heard.slice(-2).map(({ type, content }) => [type, ...content])).toEqual([
      [23, 1, 2, 3],
      [21, ...closeNotify],
    ])
  })

  it.each(roles)('§6.1 data before close_notify reaches a %s', (_, connect) => {
    const peer = connect().raw(
      concat(protectedRecord(recordType.application_data, bytes(1)), protectedRecord(recordType.alert, bytes(...closeNotify))),
    )
    expect(peer.events.slice(-2)).toEqual(['data', 'end'])
  })

  it.each(roles)('§6.1 without close_notify the end of the transport is a truncation to a %s', (_, connect) => {
    const peer = connect()
    peer.connection.receiveEnd()
    peer.drain()
    expect(peer.error).toMatchObject({ code: 'truncated', origin: 'transport', alert: undefined })
  })

  it('§6.1 close_notify within the handshake ends it', () => {
    expectPeerAlert(new ServerPeer().alert(...closeNotify), 'close_notify')
    expectPeerAlert(new ServerPeer().authenticate().alert(...closeNotify), 'close_notify')
    expectPeerAlert(
      new ClientPeer()
        .hello()
        .alert(...userCanceled)
        .alert(...closeNotify),
      'close_notify',
    )
  })

  it('§6.1 user_canceled after the handshake is ignored', () => {
    const peer = new ServerPeer()
      .connect()
      .alert(...userCanceled)
      .data()
      .alert(...closeNotify)
    expect(peer.events.slice(-2)).toEqual(['data', 'end'])
  })

  it('§6.1 a handshake that is canceled here says user_canceled and close_notify', () => {
    const peer = new ClientPeer().hello()
    peer.connection.end()
    peer.drain()
    expect(peer.heard.slice(-2).map(({ content }) => [...content])).toEqual([[...userCanceled], [...closeNotify]])
    expect(peer.error).toMatchObject({ code: 'aborted', alert: 'user_canceled', origin: 'local' })
  })
})
