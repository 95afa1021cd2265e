/** What clients offer in pre_shared_key, and what a server makes of it: RFC 9846 §4.2.2, §4.3.11. */
import { describe, expect, it } from 'vitest'
import type { ServerOptions } from '../../../src/types.ts'
import { concat, fromText } from '../../../src/wire/bytes.ts'
import { constantBytes } from '../../null-provider.ts'
import * as tls from './bytes.ts'
import { added, bytes, extension, u16, v8, v16 } from './bytes.ts'
import { ClientPeer } from './peer.ts'
import { crypto, dhe, helloWithPsks, modes, offeredTicket, resumable, ticket } from './resumption.ts'
import { testRules } from './rules.ts'

const decodeError = { code: 'decode-error', alert: 'decode_error' } as const
const illegalHello = { code: 'illegal-hello', alert: 'illegal_parameter' } as const
const illegalValue = { code: 'illegal-value', alert: 'illegal_parameter' } as const
const missingExtension = { code: 'missing-extension', alert: 'missing_extension' } as const
const badBinder = { code: 'bad-binder', alert: 'decrypt_error' } as const
const unexpectedMessage = { code: 'unexpected-message', alert: 'unexpected_message' } as const

const { offered } = tls
const externalPsk = { identity: fromText('one'), key: constantBytes(32), imported: false }

describe('pre_shared_key in ClientHello', () => {
  const hello = (extensions: readonly tls.Ext[]) => ({
    options: resumable,
    server: (client: ClientPeer) => client.say(tls.helloWith(added(offered, ...extensions))),
  })
  const psk = offeredTicket()
  const binder = (value: Uint8Array) => hello([dhe, tls.preSharedKeys([{ ...psk, binder: value }])])
  const raw = (content: Uint8Array) => hello([dhe, extension('pre_shared_key', content)])
  const identities = v16(v16(psk.identity), tls.u32(0))
  testRules([
    {
      section: '4.3.11',
      rule: 'is the last extension',
      ...hello([dhe, tls.preSharedKeys([psk]), extension('early_data')]),
      ...illegalValue,
    },
    {
      section: '4.3.11',
      rule: 'is the last extension, even before one that nobody knows',
      ...hello([dhe, tls.preSharedKeys([psk]), extension(tls.unassigned)]),
      ...illegalValue,
    },
    {
      section: '4.3.11',
      rule: 'is the last extension for a server without sessions too',
      server: hello([tls.preSharedKeys([psk]), dhe]).server,
      ...illegalValue,
    },
    { section: '4.3.11', rule: 'a wrong binder is refused', ...binder(tls.filled(32, 8)), ...badBinder },
    { section: '4.3.11', rule: 'a binder with one bit changed is refused', ...binder(concat(constantBytes(31), bytes(6))), ...badBinder },
    { section: '4.3.11', rule: 'a binder that is longer is refused', ...binder(constantBytes(33)), ...badBinder },
    { section: '4.3.11', rule: 'a binder that is shorter than any hash is refused', ...binder(constantBytes(31)), ...decodeError },
    {
      section: '4.3.11',
      rule: 'more identities than binders are refused',
      ...hello([dhe, tls.preSharedKeys([psk, psk], [constantBytes(32)])]),
      ...illegalHello,
    },
    {
      section: '4.3.11',
      rule: 'more binders than identities are refused',
      ...hello([dhe, tls.preSharedKeys([psk], [constantBytes(32), constantBytes(32)])]),
      ...illegalHello,
    },
    {
      section: '4.3.11',
      rule: 'more binders than identities are refused by a server without sessions too',
      server: hello([dhe, tls.preSharedKeys([psk], [constantBytes(32), constantBytes(32)])]).server,
      ...illegalHello,
    },
    { section: '4.3.11', rule: 'no identities are refused', ...raw(concat(v16(), v16(v8(constantBytes(32))))), ...decodeError },
    {
      section: '4.3.11',
      rule: 'an empty identity is refused',
      ...raw(concat(v16(v16(), tls.u32(0)), v16(v8(constantBytes(32))))),
      ...decodeError,
    },
    { section: '4.3.11', rule: 'no binders are refused', ...raw(concat(identities, v16())), ...decodeError },
    { section: '4.3.11', rule: 'absent binders are refused', ...raw(identities), ...decodeError },
    {
      section: '4.3.11',
      rule: 'an identity without its age is refused',
      ...raw(concat(v16(v16(psk.identity)), v16(v8(constantBytes(32))))),
      ...decodeError,
    },
    {
      section: '4.3.11',
      rule: 'bytes after the binders are refused',
      ...raw(concat(identities, v16(v8(constantBytes(32))), bytes(0))),
      ...decodeError,
    },
    { section: '4.3.11', rule: 'the form of a ServerHello is refused', ...raw(u16(0)), ...decodeError },
    {
      section: '4.3.11',
      rule: 'the binder of the key that is selected has to fit, wherever it stands',
      ...hello([dhe, tls.preSharedKeys([{ identity: bytes(1) }, { ...psk, binder: tls.filled(32, 1) }])]),
      ...badBinder,
    },
    {
      section: '4.3.11',
      rule: 'the binder of a key that is not known is not judged',
      options: resumable,
      server: client =>
        client
          .say(helloWithPsks([{ identity: bytes(1), binder: tls.filled(32, 1) }, psk]))
          .protect()
          .say(tls.finished()),
      accepted: true,
    },
    {
      section: '4.3.11',
      rule: 'keys that are not known lead to a full handshake',
      options: resumable,
      server: client =>
        client
          .say(helloWithPsks([{ identity: bytes(1), binder: tls.filled(32, 1) }]))
          .protect()
          .say(tls.finished()),
      accepted: true,
    },
    {
      section: '4.3.11',
      rule: 'a wrong binder of an external key is refused',
      options: { crypto, psk: [externalPsk] },
      server: client => client.say(helloWithPsks([{ identity: externalPsk.identity, binder: tls.filled(32, 1) }])),
      ...badBinder,
    },
    {
      section: '4.3.11',
      rule: 'the age of an external key is ignored',
      options: { crypto, psk: [externalPsk] },
      server: client =>
        client
          .say(helloWithPsks([{ identity: externalPsk.identity, age: 12345 }]))
          .protect()
          .say(tls.finished()),
      accepted: true,
    },
    {
      section: '4.4.2',
      rule: 'a Certificate after a PSK was selected is out of place',
      options: { ...resumable, clientAuth: 'request' },
      server: client => client.say(helloWithPsks()).protect().say(tls.certificate()),
      ...unexpectedMessage,
    },
  ])

  const notResumed: readonly { name: string; psk: tls.OfferedPsk; more?: Partial<ServerOptions> }[] = [
    { name: 'a ticket that has expired', psk: { identity: ticket({ lifetime: 0 }) } },
    { name: 'a ticket of the future', psk: { identity: ticket({ issued_at: 1e7 }) } },
    { name: 'a ticket for another name', psk: { identity: ticket({ server_name: fromText('other') }) } },
    { name: 'a ticket for another hash, whose suites the client does not offer', psk: { identity: ticket({ cipher_suite: 0x1302 }) } },
    { name: 'a ticket for a suite that is not enabled', psk: { identity: ticket({ cipher_suite: 0x1304 }) } },
    { name: 'a ticket under another key', psk: { identity: concat(tls.filled(16, 1), ticket().subarray(16)) } },
    { name: 'part of a ticket', psk: { identity: ticket().subarray(0, 40) } },
    { name: 'a session without a client certificate, where one is needed', psk: offeredTicket(), more: { clientAuth: 'require' } },
  ]
  it.each(notResumed.map(each => [each.name, each] as const))('§4.3.11 %s is passed over, its binder too', (_, each) => {
    const {
      psk: { identity },
      more = {},
    } = each
    const client = new ClientPeer({ ...resumable, ...more }).say(helloWithPsks([{ identity, binder: tls.filled(32, 1) }])).protect()
    client.say(...(more.clientAuth ? [tls.certificate(), tls.certificateVerify()] : []), tls.finished())
    expect(client.error).toBeUndefined()
    expect(client.connection.info?.resumed).toBe(false)
  })

  it('§4.2.2 only so many keys are looked up', () => {
    const unknown = Array.from({ length: 8 }, (_, i) => ({ identity: bytes(i) }))
    const resumed = (keys: readonly tls.OfferedPsk[]) =>
      new ClientPeer(resumable).say(helloWithPsks(keys)).protect().say(tls.finished()).connection.info?.resumed
    expect(resumed([...unknown.slice(1), psk])).toBe(true)
    expect(resumed([...unknown, psk])).toBe(false)
  })
})

describe('pre_shared_key in a second ClientHello', () => {
  const retriedOffer = (psks: readonly tls.OfferedPsk[]) => added(tls.offeredWithoutShare, dhe, tls.preSharedKeys(psks))
  const second = (...extensions: readonly tls.Ext[]) => tls.helloWith(added(offered, ...extensions))
  const retry = (...more: readonly tls.Ext[]) => ({
    options: resumable,
    server: (client: ClientPeer) => client.say(tls.helloWith(retriedOffer([offeredTicket()])), second(...more)),
  })
  testRules([
    {
      section: '4.2.2',
      rule: 'has a binder of its own that fits',
      ...retry(dhe, tls.preSharedKeys([{ ...offeredTicket(), binder: tls.filled(32, 1) }])),
      ...badBinder,
    },
    { section: '4.2.2', rule: 'has its modes', ...retry(tls.preSharedKeys([offeredTicket()])), ...missingExtension },
    { section: '4.2.2', rule: 'does not change its modes', ...retry(modes(0, 1), tls.preSharedKeys([offeredTicket()])), ...illegalHello },
    {
      section: '4.2.2',
      rule: 'is not new',
      options: resumable,
      server: client => client.say(tls.helloWith(added(tls.offeredWithoutShare, dhe)), second(dhe, tls.preSharedKeys([offeredTicket()]))),
      ...illegalHello,
    },
    {
      section: '4.2.2',
      rule: 'may leave out keys: what is selected is what is left',
      options: resumable,
      server: client =>
        client
          .say(tls.helloWith(retriedOffer([{ identity: bytes(9) }, offeredTicket()])), second(dhe, tls.preSharedKeys([offeredTicket()])))
          .protect()
          .say(tls.finished()),
      accepted: true,
    },
    {
      section: '4.2.2',
      rule: 'may be gone: the server proves itself by its certificate',
      options: resumable,
      server: client =>
        client
          .say(tls.helloWith(retriedOffer([offeredTicket()])), second(dhe))
          .protect()
          .say(tls.finished()),
      accepted: true,
    },
  ])
})
