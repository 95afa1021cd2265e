/** Early data as a server takes it, or not: RFC 9846 §4.3.10, §4.6, §4.7.1, §8. */
import { describe, expect, it } from 'vitest'
import type { ServerOptions } from '../../../src/types.ts'
import { concat, fromText } from '../../../src/wire/bytes.ts'
import * as tls from './bytes.ts'
import { added, bytes, extension } from './bytes.ts'
import { ClientPeer, plainRecord, recordType } from './peer.ts'
import { dhe, earlyHello, helloWithPsks, now, offeredTicket, resumable, ticket } from './resumption.ts'
import { testRules } from './rules.ts'

const badRecordMac = { code: 'bad-record-mac', alert: 'bad_record_mac' } as const
const decodeError = { code: 'decode-error', alert: 'decode_error' } as const
const illegalHello = { code: 'illegal-hello', alert: 'illegal_parameter' } as const
const overflow = { code: 'early-data-overflow', alert: 'unexpected_message' } as const
const unexpectedMessage = { code: 'unexpected-message', alert: 'unexpected_message' } as const
const interleaved = { code: 'interleaved-message', alert: 'unexpected_message' } as const
const acrossKeys = { code: 'message-across-keys', alert: 'unexpected_message' } as const

/** Early data for a server without its key: too short to hold a tag, so that it can't be opened without cryptography either. */
const sealed = (size = 15) => plainRecord(recordType.application_data, tls.filled(size))
const finish = [tls.endOfEarlyData, tls.finished()]

describe('early data that a server takes', () => {
  const taken = (act: (client: ClientPeer) => unknown, more: Partial<ServerOptions> = {}) => ({
    options: { ...resumable, ...more },
    server: (client: ClientPeer) => act(client.say(earlyHello()).protect()),
  })
  testRules([
    {
      section: '4.3.10',
      rule: 'comes before EndOfEarlyData',
      ...taken(client =>
        client
          .data()
          .data()
          .say(...finish),
      ),
      accepted: true,
    },
    { section: '4.3.10', rule: 'may be none', ...taken(client => client.say(...finish)), accepted: true },
    {
      section: '4.6',
      rule: 'ends with EndOfEarlyData, not with Finished',
      ...taken(client => client.data().say(tls.finished())),
      ...unexpectedMessage,
    },
    {
      section: '4.6',
      rule: 'ends with EndOfEarlyData, not with a Certificate',
      ...taken(client => client.say(tls.certificate())),
      ...unexpectedMessage,
    },
    {
      section: '4.6',
      rule: 'does not go on after EndOfEarlyData',
      ...taken(client => client.say(tls.endOfEarlyData).data()),
      ...unexpectedMessage,
    },
    { section: '4.6', rule: 'ends once', ...taken(client => client.say(tls.endOfEarlyData, tls.endOfEarlyData)), ...unexpectedMessage },
    {
      section: '4.6',
      rule: 'does not end after the handshake',
      ...taken(client => client.say(...finish, tls.endOfEarlyData)),
      ...unexpectedMessage,
    },
    { section: '4.6', rule: 'ends without content', ...taken(client => client.say(tls.message(5, bytes(0)))), ...decodeError },
    {
      section: '5.1',
      rule: 'ends in a record of its own',
      ...taken(client => client.say(concat(tls.endOfEarlyData, tls.finished()))),
      ...acrossKeys,
    },
    {
      section: '5.1',
      rule: 'does not come in the middle of EndOfEarlyData',
      ...taken(client => client.say(tls.endOfEarlyData.subarray(0, 2)).data()),
      ...interleaved,
    },
    { section: '4.7.3', rule: 'takes no KeyUpdate', ...taken(client => client.say(tls.keyUpdate(0))), ...unexpectedMessage },
    { section: '4.2.2', rule: 'takes no second ClientHello', ...taken(client => client.say(earlyHello())), ...unexpectedMessage },
    { section: '4.3.10', rule: 'is authentic', ...taken(client => client.raw(sealed())), ...badRecordMac },
    { section: '4.3.10', rule: 'is authentic after some that was', ...taken(client => client.data().raw(sealed())), ...badRecordMac },
    {
      section: '4.3.10',
      rule: 'is protected',
      ...taken(client => client.raw(plainRecord(recordType.handshake, tls.finished()))),
      code: 'record-unprotected',
      alert: 'unexpected_message',
    },
    {
      section: '4.7.1',
      rule: 'is as long as the ticket says',
      ...taken(client => client.data(tls.filled(100)).say(...finish)),
      accepted: true,
    },
    { section: '4.7.1', rule: 'is no longer than the ticket says', ...taken(client => client.data(tls.filled(101))), ...overflow },
    {
      section: '4.7.1',
      rule: 'is no longer than the ticket says in several records',
      ...taken(client => client.data(tls.filled(99)).data()),
      ...overflow,
    },
    {
      section: '5.4',
      rule: 'may be empty only so often',
      ...taken(client => {
        for (let i = 0; i < 33; i++) client.data(tls.none)
      }),
      code: 'too-many-empty-records',
      alert: 'unexpected_message',
    },
    {
      section: '5',
      rule: 'may be followed by a change_cipher_spec',
      ...taken(client =>
        client
          .data()
          .changeCipherSpec(1)
          .say(...finish),
      ),
      accepted: true,
    },
  ])

  it('§4.3.10 reaches the application marked as early, and later data is not', () => {
    const { connection } = new ClientPeer(resumable)
    const peer = new ClientPeer(resumable).say(earlyHello()).protect()
    expect(connection.info).toBeUndefined()
    peer
      .data()
      .say(...finish)
      .data()
    expect(peer.events.filter(type => type !== 'session')).toEqual(['data', 'connected', 'data'])
  })
})

describe('early data that a server does not take', () => {
  const rejected = (act: (client: ClientPeer) => unknown, more: Partial<ServerOptions> = {}) => ({
    options: { ...resumable, maxEarlyData: 0, limits: { skippedEarlyData: 70 }, ...more },
    server: (client: ClientPeer) => act(client.say(earlyHello()).protect()),
  })
  const retried = (act: (client: ClientPeer) => unknown) => ({
    options: { ...resumable, limits: { skippedEarlyData: 70 } },
    server: (client: ClientPeer) =>
      act(client.say(tls.helloWith(added(tls.offeredWithoutShare, dhe, extension('early_data'), tls.preSharedKeys([offeredTicket()]))))),
  })
  const second = helloWithPsks()
  testRules([
    {
      section: '4.3.10',
      rule: 'is passed over up to the handshake',
      ...rejected(client => client.raw(sealed(), sealed()).say(tls.finished())),
      accepted: true,
    },
    {
      section: '4.3.10',
      rule: 'is passed over up to the limit',
      ...rejected(client => client.raw(...Array(4).fill(sealed())).say(tls.finished())),
      accepted: true,
    },
    {
      section: '4.3.10',
      rule: 'is passed over no further than the limit',
      ...rejected(client => client.raw(...Array(5).fill(sealed()))),
      ...overflow,
    },
    {
      section: '4.3.10',
      rule: 'is not passed over once a record was opened',
      ...rejected(client => client.say(tls.finished().subarray(0, 9)).raw(sealed())),
      ...badRecordMac,
    },
    { section: '4.6', rule: 'is not ended by EndOfEarlyData', ...rejected(client => client.say(tls.endOfEarlyData)), ...unexpectedMessage },
    {
      section: '4.3.10',
      rule: 'does not go on under the keys of the handshake',
      ...rejected(client => client.data()),
      ...unexpectedMessage,
    },
    {
      section: '4.3.10',
      rule: 'is passed over without a session too',
      options: { limits: { skippedEarlyData: 70 } },
      server: client =>
        client
          .say(tls.helloWith(added(tls.offered, extension('early_data'))))
          .protect()
          .raw(sealed())
          .say(tls.finished()),
      accepted: true,
    },
    {
      section: '4.3.10',
      rule: 'is not passed over where none was offered',
      options: resumable,
      server: client => client.say(helloWithPsks()).protect().raw(sealed()),
      ...badRecordMac,
    },
    {
      section: '4.3.10',
      rule: 'is passed over up to the second ClientHello',
      ...retried(client => client.raw(sealed(), sealed()).say(second).protect().say(tls.finished())),
      accepted: true,
    },
    {
      section: '4.3.10',
      rule: 'is passed over up to the second ClientHello no further than the limit',
      ...retried(client => client.raw(...Array(5).fill(sealed()))),
      ...overflow,
    },
    {
      section: '4.3.10',
      rule: 'is not passed over after the second ClientHello',
      ...retried(client => client.say(second).protect().raw(sealed())),
      ...badRecordMac,
    },
    {
      section: '4.3.10',
      rule: 'is not offered by the second ClientHello',
      ...retried(client => client.say(earlyHello())),
      ...illegalHello,
    },
    {
      section: '4.6',
      rule: 'is not ended by EndOfEarlyData in plaintext',
      ...retried(client => client.say(tls.endOfEarlyData)),
      ...unexpectedMessage,
    },
    {
      section: '4.3.10',
      rule: 'is not passed over before any hello',
      options: resumable,
      server: client => client.raw(sealed()),
      code: 'record-unprotected',
      alert: 'unexpected_message',
    },
    {
      section: '4.3.10',
      rule: 'has no content in ClientHello',
      options: resumable,
      server: client => client.say(helloWithPsks([offeredTicket()], [extension('early_data', bytes(0))])),
      ...decodeError,
    },
  ])

  const alpn = fromText('h2')
  const age = (error: number) => ({ ...offeredTicket(), age: now + 5 + error })
  const accepted = tls.encryptedExtensions([extension('server_name'), extension('early_data')])
  const takes = ({ heard }: ClientPeer) => heard.some(({ content }) => hexOf(content).startsWith(hexOf(accepted)))
  const conditions: readonly { name: string; psks?: readonly tls.OfferedPsk[]; more?: Partial<ServerOptions>; outcome?: 'taken' }[] = [
    { name: '§4.3.10 under the same conditions', outcome: 'taken' },
    { name: '§4.3.10 for a key that is not the first', psks: [{ identity: bytes(1) }, offeredTicket()] },
    { name: '§4.3.10 for a key that is the first of two', psks: [offeredTicket(), { identity: bytes(1) }], outcome: 'taken' },
    { name: '§4.3.10 with another suite of the same hash', psks: [{ ...offeredTicket({ cipher_suite: 0x1303 }) }] },
    { name: '§4.3.10 with another application protocol', psks: [offeredTicket({ alpn })] },
    { name: '§4.3.10 for a ticket without early data', psks: [offeredTicket({ max_early_data: 0 })] },
    { name: '§4.3.10 for a ticket with another limit', psks: [offeredTicket({ max_early_data: 101 })] },
    { name: '§4.3.10 for another name', psks: [offeredTicket({ server_name: fromText('other') })] },
    { name: '§8.3 at the edge of the window', psks: [age(10_000)], outcome: 'taken' },
    { name: '§8.3 with an age that is too high', psks: [age(10_001)] },
    { name: '§8.3 with an age that is too low', psks: [age(-501)], more: { earlyDataWindow: 500 } },
    { name: '§8.3 with an age of almost 2^32', psks: [{ ...offeredTicket(), age: 0xffffffff }] },
    {
      name: '§8.3 with an age that wraps, which is the right one',
      psks: [{ identity: ticket({ ticket_age_add: 0xffffffff }), age: now - 1 }],
      outcome: 'taken',
    },
    { name: '§8.3 with an age that is not obfuscated', psks: [{ identity: ticket({ ticket_age_add: 0x80000000 }), age: now }] },
    { name: '§8 where the guard says no', more: { earlyDataGuard: { claim: () => false } } },
  ]
  it.each(conditions.map(each => [each.name, each.outcome ?? 'passed over', each] as const))('%s: it is %s', (_, outcome, each) => {
    const { psks = [offeredTicket()], more = {} } = each
    const taken = outcome === 'taken'
    const client = new ClientPeer({ ...resumable, ...more }).say(earlyHello(psks)).protect()
    expect(takes(client)).toBe(taken)
    client.say(...(taken ? finish : [tls.finished()]))
    expect(client.error).toBeUndefined()
    expect(client.connection.info).toBeDefined()
  })

  it('§8 the same hello has its early data taken once, and is resumed again', () => {
    const { earlyDataGuard: _, ...options } = resumable
    const again = {
      ...options,
      tickets: { keys: (at: number) => (typeof resumable.tickets === 'object' ? resumable.tickets.keys(at) : []) },
    }
    const taken = () => takes(new ClientPeer(again).say(earlyHello()))
    expect([taken(), taken(), taken()]).toEqual([true, false, false])
  })
})

const hexOf = (content: Uint8Array | undefined) => Buffer.from(content ?? tls.none).toString('hex')
