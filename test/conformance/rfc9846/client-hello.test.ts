/** What a server makes of ClientHello, the first and the second: RFC 9846 §4.2.2, §4.3.1, §9.2, appendix E. */
import { describe, expect, it } from 'vitest'
import { concat, fromText } from '../../../src/wire/bytes.ts'
import * as tls from './bytes.ts'
import { added, bytes, extension, offered, replaced, u16, v8, v16, without } from './bytes.ts'
import { ClientPeer, plainRecord, type Rule, recordType } from './peer.ts'
import { testRules } from './rules.ts'

const decodeError = { code: 'decode-error', alert: 'decode_error' } as const
const unsupportedVersion = { code: 'unsupported-version', alert: 'protocol_version' } as const
const illegalHello = { code: 'illegal-hello', alert: 'illegal_parameter' } as const
const missingExtension = { code: 'missing-extension', alert: 'missing_extension' } as const
const unexpectedMessage = { code: 'unexpected-message', alert: 'unexpected_message' } as const
const recordTypeFault = { code: 'record-type', alert: 'unexpected_message' } as const

const hello = (change: Partial<tls.ClientHelloFields>) => (client: ClientPeer) => client.say(tls.clientHello(change))
const helloWith = (extensions: readonly tls.Ext[]) => hello({ extensions })

describe('ClientHello', () => {
  testRules([
    { section: '4.2.2', rule: 'legacy_version 0x0304 is refused', server: hello({ legacy_version: u16(0x0304) }), ...unsupportedVersion },
    { section: '4.2.2', rule: 'legacy_version 0x0302 is refused', server: hello({ legacy_version: u16(0x0302) }), ...unsupportedVersion },
    { section: 'E.5', rule: 'legacy_version 0x0300 is refused', server: hello({ legacy_version: u16(0x0300) }), ...unsupportedVersion },
    {
      section: 'E.2',
      rule: 'a hello without supported_versions is one of TLS 1.2',
      server: helloWith(without(offered, 'supported_versions')),
      ...unsupportedVersion,
    },
    {
      section: '4.3.1',
      rule: 'without supported_versions, legacy_version 0x0304 does not make it TLS 1.3',
      server: hello({ legacy_version: u16(0x0304), extensions: without(offered, 'supported_versions') }),
      ...unsupportedVersion,
    },
    {
      section: '4.2.2',
      rule: 'a hello without an extensions field is one of TLS 1.2',
      server: hello({ extensions: tls.none }),
      ...unsupportedVersion,
    },
    { section: '4.2.2', rule: 'a hello with an empty extensions field is one of TLS 1.2', server: helloWith([]), ...unsupportedVersion },
    {
      section: '4.3.1',
      rule: 'supported_versions may lack 0x0304',
      server: helloWith(replaced(offered, 'supported_versions', v8(u16(0x0303, 0x0302)))),
      ...unsupportedVersion,
    },
    {
      section: '4.3.1',
      rule: 'drafts and GREASE are no TLS 1.3',
      server: helloWith(replaced(offered, 'supported_versions', v8(u16(0x7f1c, tls.grease)))),
      ...unsupportedVersion,
    },
    {
      section: '4.2.2',
      rule: 'compression beside null is refused',
      server: hello({ legacy_compression_methods: v8(bytes(0, 1)) }),
      ...illegalHello,
    },
    {
      section: '4.2.2',
      rule: 'compression before null is refused',
      server: hello({ legacy_compression_methods: v8(bytes(1, 0)) }),
      ...illegalHello,
    },
    { section: '4.2.2', rule: 'null twice is refused', server: hello({ legacy_compression_methods: v8(bytes(0, 0)) }), ...illegalHello },
    {
      section: '4.2.2',
      rule: 'compression without null is refused',
      server: hello({ legacy_compression_methods: v8(bytes(64)) }),
      ...illegalHello,
    },
    {
      section: '4.2.2',
      rule: 'an empty list of compression methods is refused',
      server: hello({ legacy_compression_methods: v8() }),
      ...decodeError,
    },
    {
      section: '4.2.2',
      rule: 'a session id of 33 bytes is refused',
      server: hello({ legacy_session_id: v8(tls.filled(33)) }),
      ...decodeError,
    },
    { section: '4.2.2', rule: 'an empty list of cipher suites is refused', server: hello({ cipher_suites: v16() }), ...decodeError },
    {
      section: '4.2.2',
      rule: 'half a cipher suite is refused',
      server: hello({ cipher_suites: v16(bytes(0x13, 0x01, 0x13)) }),
      ...decodeError,
    },
    {
      section: '4.2.2',
      rule: 'cipher suites that run past the message are refused',
      server: hello({ cipher_suites: concat(u16(0xfffe), u16(0x1301)) }),
      ...decodeError,
    },
    { section: '4.2.2', rule: 'bytes after the extensions are refused', server: hello({ trailing: bytes(0) }), ...decodeError },
    {
      section: '4.2.2',
      rule: 'extensions that run past the message are refused',
      server: hello({ extensions: concat(u16(100), bytes(0)) }),
      ...decodeError,
    },
    {
      section: '4.3',
      rule: 'an extension that runs past the block is refused',
      server: hello({ extensions: v16(u16(tls.unassigned, 5), bytes(1, 2)) }),
      ...decodeError,
    },
    { section: '4.3', rule: 'half an extension header is refused', server: hello({ extensions: v16(bytes(0, 43, 0)) }), ...decodeError },
    {
      section: '4.2.2',
      rule: 'a hello that ends within random is refused',
      server: client => client.say(tls.message(1, tls.tls12, tls.filled(20))),
      ...decodeError,
    },
    {
      section: '4.2.1',
      rule: 'no cipher suite in common',
      server: hello({ cipher_suites: v16(u16(0xc02f, 0x1304, tls.grease)) }),
      code: 'no-common-cipher-suite',
      alert: 'handshake_failure',
    },
    {
      section: '4.2.1',
      rule: 'no group in common',
      server: helloWith(replaced(replaced(offered, 'supported_groups', v16(u16(0x0100))), 'key_share', v16())),
      code: 'no-common-group',
      alert: 'handshake_failure',
    },
    {
      section: '4.2.1',
      rule: 'no signature scheme in common',
      server: helloWith(replaced(offered, 'signature_algorithms', v16(u16(0x0804, 0x0807)))),
      code: 'no-common-signature-scheme',
      alert: 'handshake_failure',
    },
    {
      section: '4.2.1',
      rule: 'a server may have no identity for a client',
      options: { identity: [] },
      server: hello({}),
      code: 'no-identity',
      alert: 'handshake_failure',
    },
    {
      section: '6.2',
      rule: 'no application protocol in common',
      options: { alpn: ['h2'] },
      server: helloWith(added(offered, extension('alpn', v16(v8(fromText('http/1.1')))))),
      code: 'no-common-application-protocol',
      alert: 'no_application_protocol',
    },
    {
      section: '9.2',
      rule: 'signature_algorithms is needed',
      server: helloWith(without(offered, 'signature_algorithms')),
      ...missingExtension,
    },
    { section: '9.2', rule: 'supported_groups is needed', server: helloWith(without(offered, 'supported_groups')), ...missingExtension },
    { section: '9.2', rule: 'key_share is needed', server: helloWith(without(offered, 'key_share')), ...missingExtension },
    {
      section: '4.2.2',
      rule: 'the first message is a ClientHello, not a Finished',
      server: client => client.say(tls.finished()),
      ...unexpectedMessage,
    },
    {
      section: '4.2.2',
      rule: 'the first message is no ServerHello',
      server: client => client.say(tls.serverHello()),
      ...unexpectedMessage,
    },
    { section: '4', rule: 'the first message is of no unknown type', server: client => client.say(tls.message(99)), ...unexpectedMessage },
    {
      section: '4.2.2',
      rule: 'a second hello without a retry is out of place',
      server: client => client.hello().say(tls.clientHello()),
      ...unexpectedMessage,
    },
    {
      section: 'E.5',
      rule: 'a CLIENT-HELLO of SSL 2.0 is not read',
      server: client => client.raw(concat(bytes(0x80, 0x1c, 1, 3, 3, 0, 3, 0, 0, 0, 16, 0, 0x13, 1), tls.filled(16))),
      ...recordTypeFault,
    },
    {
      section: '5',
      rule: 'a request of HTTP is not TLS',
      server: client => client.raw(fromText('GET / HTTP/1.1\r\n\r\n')),
      ...recordTypeFault,
    },
    { section: '5', rule: 'zeros are not TLS', server: client => client.raw(bytes(0, 0, 0)), ...recordTypeFault },
  ])
})

describe('ClientHello, what must be accepted', () => {
  const greased = [
    extension(tls.grease),
    ...replaced(
      replaced(
        replaced(
          replaced(offered, 'supported_groups', v16(u16(tls.grease, tls.x25519))),
          'signature_algorithms',
          v16(u16(tls.grease, 0x0403)),
        ),
        'supported_versions',
        v8(u16(tls.grease, 0x0304, 0x0303)),
      ),
      'key_share',
      v16(tls.share(tls.grease, 1), tls.share(tls.x25519)),
    ),
    extension('alpn', v16(v8(bytes(0x2a, 0x2a)), v8(fromText('h2')))),
    extension('psk_key_exchange_modes', v8(bytes(0x0b, 1))),
    extension(0xfafa, bytes(0)),
  ]
  const connect =
    (change: Partial<tls.ClientHelloFields> = {}) =>
    (client: ClientPeer) =>
      client.say(tls.clientHello(change)).protect().say(tls.finished())
  const accepted = { accepted: true } as const

  testRules([
    {
      section: '9.3',
      rule: 'GREASE is ignored wherever it stands',
      options: { alpn: ['h2'] },
      server: connect({ extensions: greased, cipher_suites: v16(u16(tls.grease, 0x1301)) }),
      ...accepted,
    },
    {
      section: '9.3',
      rule: 'extensions that nobody knows are ignored',
      server: connect({
        extensions: [
          extension(tls.unassigned, bytes(1)),
          ...offered,
          extension('extended_main_secret'),
          extension('renegotiation_info', bytes(0)),
        ],
      }),
      ...accepted,
    },
    {
      section: '4.2.2',
      rule: 'cipher suites that nobody knows are ignored',
      server: connect({ cipher_suites: v16(...Array.from({ length: 2000 }, (_, i) => u16(0x2000 + i)), u16(0x1301)) }),
      ...accepted,
    },
    { section: '4.2.2', rule: 'extensions may come in any order', server: connect({ extensions: [...offered].reverse() }), ...accepted },
    { section: '4.2.2', rule: 'a session id may be empty', server: connect({ legacy_session_id: v8() }), ...accepted },
    {
      section: '4.3.1',
      rule: 'TLS 1.2 may be offered too, and even before',
      server: connect({ extensions: replaced(offered, 'supported_versions', v8(u16(0x0303, 0x0304))) }),
      ...accepted,
    },
    {
      section: '4.2.2',
      rule: 'application protocols are ignored by a server without its own',
      server: connect({ extensions: added(offered, extension('alpn', v16(v8(fromText('h2'))))) }),
      ...accepted,
    },
    {
      section: 'E',
      rule: 'the version of a record is ignored',
      server: client => {
        for (const version of [0x0301, 0x0300, 0x0304, 0xffff]) {
          const each = new ClientPeer().raw(concat(bytes(22), u16(version), v16(tls.clientHello())))
          expect(each.error).toBeUndefined()
        }
        client.connect()
      },
      ...accepted,
    },
    {
      section: 'C.3',
      rule: 'a hello in records of one byte is read',
      server: client =>
        client
          .raw(...Array.from(tls.clientHello(), byte => plainRecord(recordType.handshake, bytes(byte))))
          .protect()
          .say(tls.finished()),
      ...accepted,
    },
  ])

  it('§E.4 a session id makes the server send change_cipher_spec after its first message, none makes it send none', () => {
    const types = (client: ClientPeer) => client.heard.map(({ type }) => type)
    expect(types(new ClientPeer().hello()).slice(0, 3)).toEqual([22, 20, 22])
    expect(types(new ClientPeer().helloWithoutShare())).toEqual([22, 20])
    expect(types(new ClientPeer().say(tls.clientHello({ legacy_session_id: v8() })))).not.toContain(20)
  })
})

describe('the second ClientHello', () => {
  const first = tls.offeredWithoutShare
  /** Two hellos, the second with `change`. Ends with Finished, which an accepted hello lets come. */
  const secondOf = (before: readonly tls.Ext[], change: Partial<tls.ClientHelloFields>) => (client: ClientPeer) =>
    client.say(tls.helloWith(before), tls.clientHello(change)).protect().say(tls.finished())
  const second = (change: Partial<tls.ClientHelloFields>) => secondOf(first, change)
  const secondWith = (extensions: readonly tls.Ext[]) => second({ extensions })
  const alpn = extension('alpn', v16(v8(fromText('h2'))))

  const refused = (rule: string, server: (client: ClientPeer) => unknown): Rule => ({ section: '4.2.2', rule, server, ...illegalHello })
  const accepted = (rule: string, server: (client: ClientPeer) => unknown, section = '4.2.2'): Rule => ({
    section,
    rule,
    server,
    accepted: true,
  })

  testRules([
    accepted('may add the share that was asked for', second({})),
    accepted(
      'may change padding',
      secondOf(added(first, extension('padding', bytes(0))), { extensions: added(offered, extension('padding', bytes(0, 0))) }),
    ),
    accepted('may add padding', secondWith(added(offered, extension('padding', bytes(0))))),
    accepted('leaves early_data out', secondOf(added(first, extension('early_data')), { extensions: offered })),
    refused('keeps random', second({ random: tls.filled(32, 8) })),
    refused('keeps the session id', second({ legacy_session_id: v8(tls.filled(32, 8)) })),
    refused('keeps the cipher suites', second({ cipher_suites: v16(u16(0x1301)) })),
    refused('keeps the order of the cipher suites', second({ cipher_suites: v16(u16(0x1303, 0x1301)) })),
    refused('offers no compression', second({ legacy_compression_methods: v8(bytes(0, 1)) })),
    refused('adds no extension', secondWith(added(offered, alpn))),
    refused('adds no extension that nobody knows', secondWith(added(offered, extension(tls.unassigned)))),
    refused('drops no extension', secondWith(without(offered, 'server_name'))),
    refused('keeps server_name', secondWith(replaced(offered, 'server_name', v16(bytes(0), v16(fromText('other')))))),
    refused('keeps signature_algorithms', secondWith(replaced(offered, 'signature_algorithms', v16(u16(0x0403, 0x0804))))),
    refused('keeps supported_groups', secondWith(replaced(offered, 'supported_groups', v16(u16(tls.x25519))))),
    refused('keeps supported_versions', secondWith(replaced(offered, 'supported_versions', v8(u16(0x0304, 0x0303))))),
    refused(
      'keeps extensions that nobody knows',
      secondOf(added(first, extension(tls.unassigned, bytes(1))), { extensions: added(offered, extension(tls.unassigned, bytes(2))) }),
    ),
    refused('has the share that was asked for', secondWith(first)),
    refused('has no share for another group', secondWith(replaced(offered, 'key_share', v16(tls.share(tls.secp256r1))))),
    refused('has one share only', secondWith(replaced(offered, 'key_share', v16(tls.share(tls.x25519), tls.share(tls.secp256r1))))),
    refused('has no early_data', secondOf(added(first, extension('early_data')), { extensions: added(offered, extension('early_data')) })),
    refused('adds no early_data', secondWith(added(offered, extension('early_data')))),
    refused('has no cookie that was not given', secondWith(added(offered, extension('cookie', v16(bytes(1)))))),
    { section: '9.2', rule: 'has key_share', server: secondWith(without(offered, 'key_share')), ...missingExtension },
    { section: '4.2.2', rule: 'keeps legacy_version', server: second({ legacy_version: u16(0x0304) }), ...unsupportedVersion },
    {
      section: '4',
      rule: 'is needed: another message in its place is refused',
      server: client => client.helloWithoutShare().say(tls.finished()),
      ...unexpectedMessage,
    },
    {
      section: '4.2.2',
      rule: 'has no third beside it',
      server: client => client.say(tls.helloWith(first), tls.clientHello()).protect().say(tls.clientHello()),
      ...unexpectedMessage,
    },
  ])
})
