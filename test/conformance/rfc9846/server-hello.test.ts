/** What a client makes of ServerHello and HelloRetryRequest: RFC 9846 §4.2.3, §4.2.4, §4.3.1, appendix E. */
import { describe, expect, it } from 'vitest'
import { concat, fromText, toHex } from '../../../src/wire/bytes.ts'
import * as tls from './bytes.ts'
import { added, bytes, extension, replaced, selected, u16, v8, v16, without } from './bytes.ts'
import { ServerPeer } from './peer.ts'
import { testRules } from './rules.ts'

const decodeError = { code: 'decode-error', alert: 'decode_error' } as const
const unsupportedVersion = { code: 'unsupported-version', alert: 'protocol_version' } as const
const illegalSelection = { code: 'illegal-selection', alert: 'illegal_parameter' } as const
const illegalRetry = { code: 'illegal-retry', alert: 'illegal_parameter' } as const
const missingExtension = { code: 'missing-extension', alert: 'missing_extension' } as const
const unexpectedMessage = { code: 'unexpected-message', alert: 'unexpected_message' } as const
const unsolicited = { code: 'unsolicited-extension', alert: 'unsupported_extension' } as const
const misplaced = { code: 'misplaced-extension', alert: 'illegal_parameter' } as const

const answer = (change: Partial<tls.ServerHelloFields>) => (server: ServerPeer) => server.say(tls.serverHello(change))
const retry =
  (change: Partial<tls.ServerHelloFields> = {}) =>
  (server: ServerPeer) =>
    server.say(tls.helloRetryRequest(change))

const tls12Extensions = [
  extension('extended_main_secret'),
  extension('renegotiation_info', bytes(0)),
  extension('server_name'),
  extension('alpn', v16(v8(fromText('h2')))),
]

describe('ServerHello', () => {
  const old = { legacy_version: u16(0x0303), extensions: tls12Extensions }
  const sentinel = (last: number) => concat(tls.filled(24), fromText('DOWNGRD'), bytes(last))
  const downgrade = { code: 'downgrade-detected', alert: 'illegal_parameter' } as const

  testRules([
    { section: '4.2.3', rule: 'legacy_version 0x0304 is refused', client: answer({ legacy_version: u16(0x0304) }), ...unsupportedVersion },
    { section: '4.2.3', rule: 'legacy_version 0x0302 is refused', client: answer({ legacy_version: u16(0x0302) }), ...unsupportedVersion },
    {
      section: '4.2.3',
      rule: 'another session id is refused',
      client: answer({ legacy_session_id_echo: v8(tls.filled(32, 8)) }),
      ...illegalSelection,
    },
    { section: '4.2.3', rule: 'an empty session id is refused', client: answer({ legacy_session_id_echo: v8() }), ...illegalSelection },
    {
      section: '4.2.3',
      rule: 'part of the session id is refused',
      client: answer({ legacy_session_id_echo: v8(tls.filled(31)) }),
      ...illegalSelection,
    },
    {
      section: '4.2.3',
      rule: 'a session id where none was sent is refused',
      options: { compatibilityMode: false },
      client: answer({}),
      ...illegalSelection,
    },
    {
      section: '4.2.3',
      rule: 'a session id of 33 bytes is refused',
      client: answer({ legacy_session_id_echo: v8(tls.filled(33)) }),
      ...decodeError,
    },
    {
      section: '4.2.3',
      rule: 'a suite that was not offered is refused',
      client: answer({ cipher_suite: u16(0x1302) }),
      ...illegalSelection,
    },
    { section: '4.2.3', rule: 'a suite of TLS 1.2 is refused', client: answer({ cipher_suite: u16(0xc02f) }), ...illegalSelection },
    { section: '4.2.3', rule: 'compression is refused', client: answer({ legacy_compression_method: bytes(1) }), ...illegalSelection },
    { section: '4.2.3', rule: 'bytes after the extensions are refused', client: answer({ trailing: bytes(0) }), ...decodeError },
    {
      section: '4.2.3',
      rule: 'a hello that ends early is refused',
      client: server => server.say(tls.message(2, tls.tls12, tls.filled(30))),
      ...decodeError,
    },
    { section: 'E.1', rule: 'TLS 1.2 is refused', client: answer({ ...old, extensions: [] }), ...unsupportedVersion },
    {
      section: 'E.1',
      rule: 'TLS 1.2 is refused where the hello has no extensions field',
      client: answer({ extensions: tls.none }),
      ...unsupportedVersion,
    },
    { section: 'E.1', rule: 'TLS 1.2 is refused before its extensions are judged', client: answer(old), ...unsupportedVersion },
    { section: 'E.1', rule: 'TLS 1.1 is refused', client: answer({ ...old, legacy_version: u16(0x0302) }), ...unsupportedVersion },
    {
      section: '4.2.3',
      rule: 'TLS 1.2 from a server that knows TLS 1.3 is a downgrade',
      client: answer({ ...old, random: sentinel(1) }),
      ...downgrade,
    },
    {
      section: '4.2.3',
      rule: 'TLS 1.1 from a server that knows TLS 1.3 is a downgrade',
      client: answer({ legacy_version: u16(0x0302), random: sentinel(0), extensions: tls.none }),
      ...downgrade,
    },
    {
      section: '4.3.1',
      rule: 'supported_versions that selects TLS 1.2 is refused',
      client: answer({ extensions: replaced(selected, 'supported_versions', tls.tls12) }),
      ...illegalSelection,
    },
    {
      section: '4.3.1',
      rule: 'supported_versions that selects a later version is refused',
      client: answer({ extensions: replaced(selected, 'supported_versions', u16(0x0305)) }),
      ...illegalSelection,
    },
    {
      section: '4.3.1',
      rule: 'where supported_versions selects, legacy_version has no say',
      client: answer({ legacy_version: u16(0x0302), extensions: replaced(selected, 'supported_versions', u16(0x0302)) }),
      ...illegalSelection,
    },
    { section: '9.2', rule: 'key_share is needed', client: answer({ extensions: without(selected, 'key_share') }), ...missingExtension },
    {
      section: '4.3.8',
      rule: 'a share for a group without a share of ours is refused',
      client: answer({ extensions: replaced(selected, 'key_share', tls.share(tls.secp256r1)) }),
      ...illegalSelection,
    },
    {
      section: '4.3.8',
      rule: 'a share for a group that was not offered is refused',
      client: answer({ extensions: replaced(selected, 'key_share', tls.share(0x0018)) }),
      ...illegalSelection,
    },
    {
      section: '4.3.8',
      rule: 'an empty share is refused',
      client: answer({ extensions: replaced(selected, 'key_share', concat(u16(tls.x25519), v16())) }),
      ...decodeError,
    },
    {
      section: '4.3.8',
      rule: 'two shares are refused',
      client: answer({ extensions: replaced(selected, 'key_share', concat(tls.share(tls.x25519), tls.share(tls.secp256r1))) }),
      ...decodeError,
    },
    {
      section: '4.3.8',
      rule: 'a group alone, as in a retry, is refused',
      client: answer({ extensions: replaced(selected, 'key_share', u16(tls.x25519)) }),
      ...decodeError,
    },
    {
      section: '4.3',
      rule: 'an extension that nobody knows was not asked for',
      client: answer({ extensions: added(selected, extension(tls.unassigned)) }),
      ...unsolicited,
    },
    {
      section: '4.3.11',
      rule: 'a PSK was not offered',
      client: answer({ extensions: added(selected, extension('pre_shared_key', u16(0))) }),
      ...unsolicited,
    },
    ...(['alpn', 'server_name', 'supported_groups', 'signature_algorithms', 'early_data', 'cookie'] as const).map(name => ({
      section: '4.3',
      rule: `${name} does not belong here`,
      client: answer({ extensions: added(selected, extension(name)) }),
      ...misplaced,
    })),
    {
      section: '4',
      rule: 'EncryptedExtensions can not come first',
      client: server => server.say(tls.encryptedExtensions()),
      ...unexpectedMessage,
    },
    { section: '4', rule: 'a ClientHello is not for clients', client: server => server.say(tls.clientHello()), ...unexpectedMessage },
    {
      section: '4.2.2',
      rule: 'a HelloRequest of TLS 1.2 is not known',
      client: server => server.say(tls.message(0)),
      ...unexpectedMessage,
    },
    {
      section: '4',
      rule: 'a second ServerHello is out of place',
      client: server => server.hello().say(tls.serverHello()),
      ...unexpectedMessage,
    },
    {
      section: '4.2.3',
      rule: 'the sentinel in a hello of TLS 1.3 means nothing',
      client: server =>
        server
          .say(tls.serverHello({ random: sentinel(1) }))
          .protect()
          .say(tls.encryptedExtensions(), tls.certificate(), tls.certificateVerify(), tls.finished()),
      accepted: true,
    },
  ])
})

describe('HelloRetryRequest', () => {
  const { retried } = tls
  testRules([
    {
      section: '9.2',
      rule: 'supported_versions is needed',
      client: retry({ extensions: without(retried, 'supported_versions') }),
      ...unsupportedVersion,
    },
    { section: '4.2.4', rule: 'legacy_version 0x0304 is refused', client: retry({ legacy_version: u16(0x0304) }), ...unsupportedVersion },
    {
      section: '4.2.4',
      rule: 'another session id is refused',
      client: retry({ legacy_session_id_echo: v8(tls.filled(32, 8)) }),
      ...illegalSelection,
    },
    {
      section: '4.2.4',
      rule: 'a suite that was not offered is refused',
      client: retry({ cipher_suite: u16(0x1302) }),
      ...illegalSelection,
    },
    { section: '4.2.4', rule: 'compression is refused', client: retry({ legacy_compression_method: bytes(1) }), ...illegalSelection },
    {
      section: '4.3.1',
      rule: 'a version that was not offered is refused',
      client: retry({ extensions: replaced(retried, 'supported_versions', u16(0x0305)) }),
      ...illegalSelection,
    },
    {
      section: '4.3.8',
      rule: 'a group that was not offered is refused',
      client: retry({ extensions: replaced(retried, 'key_share', u16(0x0018)) }),
      ...illegalRetry,
    },
    {
      section: '4.3.8',
      rule: 'a group that has its share already is refused',
      client: retry({ extensions: replaced(retried, 'key_share', u16(tls.x25519)) }),
      ...illegalRetry,
    },
    {
      section: '4.3.8',
      rule: 'a group that has its share already is refused beside a cookie too',
      client: retry({ extensions: added(replaced(retried, 'key_share', u16(tls.x25519)), extension('cookie', v16(bytes(1)))) }),
      ...illegalRetry,
    },
    {
      section: '4.2.4',
      rule: 'a retry that asks for no change is refused',
      client: retry({ extensions: without(retried, 'key_share') }),
      ...illegalRetry,
    },
    {
      section: '4.3.2',
      rule: 'an empty cookie is refused',
      client: retry({ extensions: added(retried, extension('cookie', v16())) }),
      ...decodeError,
    },
    {
      section: '4.3.8',
      rule: 'a whole share instead of a group is refused',
      client: retry({ extensions: replaced(retried, 'key_share', tls.share(tls.secp256r1)) }),
      ...decodeError,
    },
    {
      section: '4.2.4',
      rule: 'an extension that nobody knows was not asked for',
      client: retry({ extensions: added(retried, extension(tls.unassigned)) }),
      ...unsolicited,
    },
    {
      section: '4.3',
      rule: 'supported_groups does not belong here',
      client: retry({ extensions: added(retried, extension('supported_groups', v16(u16(23)))) }),
      ...misplaced,
    },
    {
      section: '4.2.4',
      rule: 'a second retry is out of place',
      client: server => server.say(tls.helloRetryRequest(), tls.helloRetryRequest()),
      ...unexpectedMessage,
    },
    {
      section: '4.2.4',
      rule: 'a second retry is out of place after a cookie too',
      client: server =>
        server.say(
          tls.helloRetryRequest({ extensions: added(without(retried, 'key_share'), extension('cookie', v16(bytes(1)))) }),
          tls.helloRetryRequest(),
        ),
      ...unexpectedMessage,
    },
    {
      section: '4.2.4',
      rule: 'a ServerHello with another suite than the retry is refused',
      client: server => server.say(tls.helloRetryRequest(), tls.serverHelloAfterRetry({ cipher_suite: u16(0x1303) })),
      ...illegalSelection,
    },
    {
      section: '4.3.8',
      rule: 'a ServerHello with the group of the first share is refused',
      client: server => server.say(tls.helloRetryRequest(), tls.serverHello()),
      ...illegalSelection,
    },
    {
      section: '4.2.4',
      rule: 'a ServerHello with another version than the retry is refused',
      client: server =>
        server.say(
          tls.helloRetryRequest(),
          tls.serverHelloAfterRetry({
            extensions: [extension('supported_versions', u16(0x0303)), extension('key_share', tls.share(tls.secp256r1))],
          }),
        ),
      ...illegalSelection,
    },
    {
      section: '4.2.4',
      rule: 'a ServerHello of TLS 1.2 after a retry is refused',
      client: server => server.say(tls.helloRetryRequest(), tls.serverHelloAfterRetry({ extensions: [] })),
      ...unsupportedVersion,
    },
    {
      section: '4.2.4',
      rule: 'EncryptedExtensions after a retry is out of place',
      client: server => server.say(tls.helloRetryRequest(), tls.encryptedExtensions()),
      ...unexpectedMessage,
    },
  ])

  it('§4.2.2 the second ClientHello is the first, with the share that was asked for and the cookie', () => {
    const server = new ServerPeer()
    const cookie = v16(tls.filled(300, 5))
    server.say(tls.helloRetryRequest({ extensions: added(retried, extension('cookie', cookie)) }))
    const [first, ...rest] = server.heard
    const second = rest.at(-1)
    expect(rest.map(({ type }) => type)).toEqual([20, 22])
    const fixed = (content: Uint8Array | undefined) => toHex(content?.subarray(4, 4 + 2 + 32 + 33 + 6 + 2) ?? tls.none)
    expect(fixed(second?.content)).toBe(fixed(first?.content))
    expect(toHex(second?.content ?? tls.none)).toContain(toHex(concat(u16(tls.ext.cookie), v16(cookie))))
    expect(toHex(second?.content ?? tls.none)).toContain(toHex(concat(u16(tls.ext.key_share), v16(v16(tls.share(tls.secp256r1))))))
    expect(toHex(second?.content ?? tls.none)).not.toContain(toHex(tls.share(tls.x25519)))
    server.say(tls.serverHelloAfterRetry()).protect()
    server.say(tls.encryptedExtensions(), tls.certificate(), tls.certificateVerify(), tls.finished())
    expect(server.connection.info?.retried).toBe(true)
  })

  it('§4.2.4 a cookie alone repeats the first ClientHello, its share included', () => {
    const server = new ServerPeer()
    server.say(tls.helloRetryRequest({ extensions: added(without(retried, 'key_share'), extension('cookie', v16(bytes(42)))) }))
    expect(toHex(server.heard.at(-1)?.content ?? tls.none)).toContain(toHex(v16(tls.share(tls.x25519))))
    server.say(tls.serverHello()).protect()
    server.say(tls.encryptedExtensions(), tls.certificate(), tls.certificateVerify(), tls.finished())
    expect(server.error).toBeUndefined()
    expect(server.connection.info?.retried).toBe(true)
  })
})
