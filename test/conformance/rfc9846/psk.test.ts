/** Pre-shared keys and their modes: RFC 9846 §4.2.2, §4.3.9, §4.3.11, §9.2. */
import { describe, expect, it } from 'vitest'
import { concat, fromText } from '../../../src/wire/bytes.ts'
import { constantBytes } from '../../null-provider.ts'
import * as tls from './bytes.ts'
import { added, bytes, extension, replaced, u16, v8, v16, without } from './bytes.ts'
import { ClientPeer, ServerPeer } from './peer.ts'
import { crypto, dhe, modes, now, offeredTicket, pskHello, resumable, resuming } from './resumption.ts'
import { testRules } from './rules.ts'

const decodeError = { code: 'decode-error', alert: 'decode_error' } as const
const illegalSelection = { code: 'illegal-selection', alert: 'illegal_parameter' } as const
const misplaced = { code: 'misplaced-extension', alert: 'illegal_parameter' } as const
const missingExtension = { code: 'missing-extension', alert: 'missing_extension' } as const
const unsolicited = { code: 'unsolicited-extension', alert: 'unsupported_extension' } as const
const unexpectedMessage = { code: 'unexpected-message', alert: 'unexpected_message' } as const

const { offered, selected } = tls
const finish = [tls.encryptedExtensions(), tls.finished()]
const proof = [tls.encryptedExtensions(), tls.certificate(), tls.certificateVerify(), tls.finished()]
const withoutShare = { extensions: [extension('supported_versions', tls.tls13), extension('pre_shared_key', u16(0))] }
const externalPsk = { identity: fromText('one'), key: constantBytes(32), imported: false }

describe('psk_key_exchange_modes', () => {
  const psk = tls.preSharedKeys([offeredTicket()])
  const hello = (...extensions: readonly tls.Ext[]) => ({
    options: resumable,
    server: (client: ClientPeer) => client.say(tls.helloWith(added(offered, ...extensions))),
  })
  testRules([
    { section: '4.3.9', rule: 'goes with pre_shared_key', ...hello(psk), ...missingExtension },
    { section: '4.3.9', rule: 'goes with pre_shared_key where no key of it is known', server: hello(psk).server, ...missingExtension },
    { section: '4.3.9', rule: 'is not empty', ...hello(modes(), psk), ...decodeError },
    {
      section: '4.3.9',
      rule: 'has nothing after its list',
      ...hello(extension('psk_key_exchange_modes', bytes(1, 1, 1)), psk),
      ...decodeError,
    },
    {
      section: '4.3.9',
      rule: 'is not for ServerHello',
      client: server => server.say(tls.serverHello({ extensions: added(selected, dhe) })),
      ...misplaced,
    },
    {
      section: '4.3.9',
      rule: 'is not for EncryptedExtensions',
      client: server => server.hello().say(tls.encryptedExtensions([dhe])),
      ...misplaced,
    },
    {
      section: '4.3.9',
      rule: 'psk_ke that was not offered is refused',
      options: resuming(),
      client: server => server.say(tls.serverHello(withoutShare)),
      ...illegalSelection,
    },
    {
      section: '4.3.9',
      rule: 'psk_dhe_ke that was not offered is refused',
      options: resuming({ pskModes: ['psk_ke'] }),
      client: server => server.say(pskHello()),
      ...illegalSelection,
    },
    {
      section: '4.3.9',
      rule: 'psk_ke that was offered is taken',
      options: resuming({ pskModes: ['psk_ke'] }),
      client: server =>
        server
          .say(tls.serverHello(withoutShare))
          .protect()
          .say(...finish),
      accepted: true,
    },
    {
      section: '9.2',
      rule: 'a ServerHello with neither key_share nor pre_shared_key is refused',
      options: resuming({ pskModes: ['psk_ke', 'psk_dhe_ke'] }),
      client: server => server.say(tls.serverHello({ extensions: [extension('supported_versions', tls.tls13)] })),
      ...missingExtension,
    },
    {
      section: '9.2',
      rule: 'supported_groups without key_share is refused beside a PSK too',
      options: resumable,
      server: client => client.say(tls.helloWith(added(without(offered, 'key_share'), dhe, psk))),
      ...missingExtension,
    },
    {
      section: '9.2',
      rule: 'key_share without supported_groups is refused beside a PSK too',
      options: resumable,
      server: client => client.say(tls.helloWith(added(without(offered, 'supported_groups'), dhe, psk))),
      ...missingExtension,
    },
    {
      section: '9.2',
      rule: 'a PSK that is not known needs signature_algorithms in its place',
      options: resumable,
      server: client =>
        client.say(tls.helloWith(added(without(offered, 'signature_algorithms'), dhe, tls.preSharedKeys([{ identity: bytes(1) }])))),
      ...missingExtension,
    },
    {
      section: '9.2',
      rule: 'a PSK that is known needs no signature_algorithms',
      options: resumable,
      server: client =>
        client
          .say(tls.helloWith(added(without(offered, 'signature_algorithms'), dhe, psk)))
          .protect()
          .say(tls.finished()),
      accepted: true,
    },
  ])

  it.each([
    ['psk_ke alone, which the server does not use', [0]],
    ['modes that nobody knows', [2, 0xaa]],
  ])('§4.3.9 %s: a server selects no PSK, and issues no ticket', (_, codes) => {
    const client = new ClientPeer(resumable)
      .say(tls.helloWith(added(offered, modes(...codes), psk)))
      .protect()
      .say(tls.finished())
    expect(client.connection.info?.resumed).toBe(false)
    expect(client.heard.some(({ content }) => content[0] === 4)).toBe(false)
  })

  it('§4.3.9 psk_ke: a server sends no key_share', () => {
    const client = new ClientPeer({ ...resumable, pskModes: ['psk_ke'] })
    client
      .say(tls.helloWith(added(offered, modes(0, 1), psk)))
      .protect()
      .say(tls.finished())
    expect(client.connection.info).toMatchObject({ resumed: true, group: undefined })
  })
})

describe('pre_shared_key in ServerHello', () => {
  const answer = (message: Uint8Array) => (server: ServerPeer) => server.say(message)
  const selecting = (content: Uint8Array) => tls.serverHello({ extensions: added(selected, extension('pre_shared_key', content)) })
  testRules([
    {
      section: '4.3.11',
      rule: 'selected_identity 1 of one is out of range',
      options: resuming(),
      client: answer(pskHello(1)),
      ...illegalSelection,
    },
    {
      section: '4.3.11',
      rule: 'selected_identity 65535 is out of range',
      options: resuming(),
      client: answer(pskHello(0xffff)),
      ...illegalSelection,
    },
    {
      section: '4.3.11',
      rule: 'selected_identity has two bytes',
      options: resuming(),
      client: answer(selecting(bytes(0))),
      ...decodeError,
    },
    {
      section: '4.3.11',
      rule: 'selected_identity has nothing after it',
      options: resuming(),
      client: answer(selecting(bytes(0, 0, 0))),
      ...decodeError,
    },
    {
      section: '4.3.11',
      rule: 'a suite with another hash than that of the key is refused',
      options: resuming(),
      client: answer(pskHello(0, { cipher_suite: u16(0x1302) })),
      ...illegalSelection,
    },
    {
      section: '4.3.11',
      rule: 'another suite with the same hash is taken',
      options: resuming(),
      client: server =>
        server
          .say(pskHello(0, { cipher_suite: u16(0x1303) }))
          .protect()
          .say(...finish),
      accepted: true,
    },
    {
      section: '4.3.11',
      rule: 'where the key is not selected, the handshake is a full one',
      options: resuming(),
      client: server =>
        server
          .say(tls.serverHello())
          .protect()
          .say(...proof),
      accepted: true,
    },
    {
      section: '4.3.11',
      rule: 'where the key is not selected, the certificate is needed',
      options: resuming(),
      client: server =>
        server
          .say(tls.serverHello())
          .protect()
          .say(...finish),
      ...unexpectedMessage,
    },
    {
      section: '4.3.11',
      rule: 'where the key is selected, a Certificate is out of place',
      options: resuming(),
      client: server =>
        server
          .say(pskHello())
          .protect()
          .say(...proof),
      ...unexpectedMessage,
    },
    {
      section: '4.4.2',
      rule: 'where the key is selected, a CertificateRequest is out of place',
      options: resuming(),
      client: server => server.say(pskHello()).protect().say(tls.encryptedExtensions(), tls.certificateRequest()),
      ...unexpectedMessage,
    },
    {
      section: '4.3.11',
      rule: 'an expired session is not offered, and can not be selected',
      options: resuming({ now: () => 1e6 }),
      client: answer(pskHello()),
      ...unsolicited,
    },
    {
      section: '4.3.11',
      rule: 'is not for HelloRetryRequest',
      options: resuming(),
      client: answer(tls.helloRetryRequest({ extensions: added(tls.retried, extension('pre_shared_key', u16(0))) })),
      ...misplaced,
    },
    {
      section: '4.2.2',
      rule: 'a key for another hash than that of the retry is not offered again, and can not be selected',
      options: resuming({}, { cipher_suite: 0x1302 }),
      client: server =>
        server.say(
          tls.helloRetryRequest(),
          tls.serverHelloAfterRetry({
            extensions: added(replaced(selected, 'key_share', tls.share(tls.secp256r1)), extension('pre_shared_key', u16(0))),
          }),
        ),
      ...unsolicited,
    },
    {
      section: '4.3.11',
      rule: 'an external key is selected without its certificate',
      options: { crypto, psk: [externalPsk] },
      client: server =>
        server
          .say(pskHello())
          .protect()
          .say(...finish),
      accepted: true,
    },
    {
      section: '4.3.11',
      rule: 'selected_identity 2 of a session and an external key is out of range',
      options: resuming({ psk: [externalPsk] }),
      client: answer(pskHello(2)),
      ...illegalSelection,
    },
  ])

  it('§4.3.11 a client puts it last, with the age of the ticket', () => {
    const [hello] = new ServerPeer(resuming({}, { ticket_age_add: 0xffffffff })()).heard
    const tail = concat(u16(tls.ext.pre_shared_key), v16(v16(v16(constantBytes(16)), tls.u32(now - 1)), v16(v8(constantBytes(32)))))
    expect(hello?.content.subarray(-tail.length)).toEqual(tail)
  })
})
