/** Extensions, message by message: RFC 9846 §4.3, §4.4. */
import { describe, expect, it } from 'vitest'
import { concat, fromText } from '../../../src/wire/bytes.ts'
import * as tls from './bytes.ts'
import { added, bytes, type ExtName, extension, none, offered, replaced, u16, u32, v8, v16, without } from './bytes.ts'
import { type ClientPeer, type Rule, ServerPeer } from './peer.ts'
import { testRules } from './rules.ts'

const decodeError = { code: 'decode-error', alert: 'decode_error' } as const
const illegalHello = { code: 'illegal-hello', alert: 'illegal_parameter' } as const
const illegalValue = { code: 'illegal-value', alert: 'illegal_parameter' } as const
const illegalSelection = { code: 'illegal-selection', alert: 'illegal_parameter' } as const
const repeated = { code: 'repeated-extension', alert: 'illegal_parameter' } as const
const misplaced = { code: 'misplaced-extension', alert: 'illegal_parameter' } as const
const unsolicited = { code: 'unsolicited-extension', alert: 'unsupported_extension' } as const
const missingExtension = { code: 'missing-extension', alert: 'missing_extension' } as const

describe('in every message, an extension comes once', () => {
  const twice = (list: readonly tls.Ext[]) => added(list, ...list.slice(0, 1))
  const unknown = [extension(tls.unassigned), extension(tls.unassigned)]
  testRules([
    { section: '4.3', rule: 'ClientHello', server: client => client.say(tls.helloWith(twice(offered))), ...repeated },
    {
      section: '4.3',
      rule: 'ClientHello, one that nobody knows',
      server: client => client.say(tls.helloWith(added(offered, ...unknown))),
      ...repeated,
    },
    {
      section: '4.3',
      rule: 'ServerHello',
      client: server => server.say(tls.serverHello({ extensions: twice(tls.selected) })),
      ...repeated,
    },
    {
      section: '4.3',
      rule: 'HelloRetryRequest',
      client: server => server.say(tls.helloRetryRequest({ extensions: twice(tls.retried) })),
      ...repeated,
    },
    {
      section: '4.3',
      rule: 'EncryptedExtensions',
      client: server => server.hello().say(tls.encryptedExtensions(twice([extension('server_name')]))),
      ...repeated,
    },
    {
      section: '4.3',
      rule: 'CertificateRequest',
      client: server => server.hello().say(tls.encryptedExtensions(), tls.certificateRequest(twice(tls.requested))),
      ...repeated,
    },
    {
      section: '4.3',
      rule: 'Certificate',
      client: server => server.hello().say(tls.encryptedExtensions(), tls.certificate(tls.v24(tls.entry(tls.endEntity, unknown)))),
      ...repeated,
    },
    {
      section: '4.3',
      rule: 'NewSessionTicket',
      client: server => server.connect().say(tls.newSessionTicket({ extensions: unknown })),
      ...repeated,
    },
  ])
})

describe('in a ClientHello', () => {
  /** A hello with this content of an extension. */
  const holds = (name: ExtName, data: Uint8Array) => (client: ClientPeer) =>
    client.say(tls.helloWith(added(without(offered, name), extension(name, data))))
  const malformed = (name: ExtName, what: string, data: Uint8Array): Rule => ({
    section: '4.3',
    rule: `${name} ${what}`,
    server: holds(name, data),
    ...decodeError,
  })
  const identity = concat(v16(bytes(1)), u32(0))
  const binder = v8(tls.filled(32))

  testRules([
    ...(
      [
        ['supported_versions', v8(u16(0x0304))],
        ['supported_groups', v16(u16(tls.x25519))],
        ['signature_algorithms', v16(u16(0x0403))],
        ['signature_algorithms_cert', v16(u16(0x0403))],
        ['key_share', v16(tls.share(tls.x25519))],
        ['server_name', v16(bytes(0), v16(fromText('server')))],
        ['alpn', v16(v8(fromText('h2')))],
        ['cookie', v16(bytes(1))],
        ['psk_key_exchange_modes', v8(bytes(1))],
        ['certificate_authorities', v16(v16(bytes(1)))],
        ['post_handshake_auth', none],
        ['early_data', none],
        ['pre_shared_key', concat(v16(identity), v16(binder))],
      ] as const
    ).map(([name, data]) => malformed(name, 'with a byte too many', concat(data, bytes(0)))),
    malformed('supported_versions', 'that is empty', v8()),
    malformed('supported_versions', 'with half a version', v8(bytes(3, 4, 3))),
    malformed('supported_versions', 'of 256 bytes', concat(u16(256), tls.filled(256))),
    malformed('supported_versions', 'without content', none),
    malformed('supported_groups', 'that is empty', v16()),
    malformed('supported_groups', 'with half a group', v16(bytes(0, 29, 0))),
    malformed('supported_groups', 'that runs past its end', u16(4, tls.x25519)),
    malformed('signature_algorithms', 'that is empty', v16()),
    malformed('signature_algorithms', 'with half a scheme', v16(bytes(4, 3, 4))),
    malformed('signature_algorithms_cert', 'that is empty', v16()),
    malformed('key_share', 'with an empty share', v16(u16(tls.x25519), v16())),
    malformed('key_share', 'with a share that runs past the list', v16(u16(tls.x25519, 33), tls.filled(32))),
    malformed('key_share', 'with half a header', v16(bytes(0, 29, 0))),
    malformed('alpn', 'that is empty', v16()),
    malformed('alpn', 'with an empty name', v16(v8(fromText('h2')), v8())),
    malformed('alpn', 'with a name that runs past the list', v16(bytes(3), fromText('h2'))),
    malformed('server_name', 'that is empty', v16()),
    malformed('server_name', 'without content', none),
    malformed('server_name', 'with an empty name', v16(bytes(0), v16())),
    malformed('server_name', 'with a name of an unknown type', v16(bytes(1), v16(fromText('server')))),
    malformed('server_name', 'with a name that runs past the list', v16(bytes(0), u16(9), fromText('server'))),
    malformed('cookie', 'that is empty', v16()),
    malformed('psk_key_exchange_modes', 'that is empty', v8()),
    malformed('certificate_authorities', 'that is empty', v16()),
    malformed('certificate_authorities', 'with an empty name', v16(v16(), bytes(0))),
    malformed('pre_shared_key', 'without identities', concat(v16(), v16(binder))),
    malformed('pre_shared_key', 'without binders', concat(v16(identity), v16())),
    malformed('pre_shared_key', 'with an empty identity', concat(v16(v16(), u32(0), bytes(0)), v16(binder))),
    malformed('pre_shared_key', 'with a binder of 31 bytes', concat(v16(identity), v16(v8(tls.filled(31)), bytes(0)))),
    {
      section: '4.3.11',
      rule: 'pre_shared_key is the last',
      server: client => client.say(tls.helloWith([extension('pre_shared_key', concat(v16(identity), v16(binder))), ...offered])),
      ...illegalValue,
    },
    {
      section: '4.3.8',
      rule: 'a share is for a group of supported_groups',
      server: holds('key_share', v16(tls.share(0x0018))),
      ...illegalHello,
    },
    {
      section: '4.3.8',
      rule: 'a group has one share',
      server: holds('key_share', v16(tls.share(tls.x25519), tls.share(tls.x25519))),
      ...illegalHello,
    },
    {
      section: '9.2',
      rule: 'server_name has one name',
      server: holds('server_name', v16(bytes(0), v16(fromText('a')), bytes(0), v16(fromText('b')))),
      ...illegalHello,
    },
    {
      section: '9.2',
      rule: 'server_name is free of NUL',
      server: holds('server_name', v16(bytes(0), v16(fromText('server\0.example')))),
      ...illegalHello,
    },
    { section: '9.2', rule: 'server_name is ASCII', server: holds('server_name', v16(bytes(0), v16(fromText('sérver')))), ...illegalHello },
    { section: '4.3.5', rule: 'oid_filters does not belong here', server: holds('oid_filters', v16()), ...misplaced },
  ])
})

describe('in EncryptedExtensions', () => {
  const holds = (list: readonly tls.Ext[]) => (server: ServerPeer) => server.hello().say(tls.encryptedExtensions(list))
  const h2 = { alpn: ['h2', 'http/1.1'] }
  const forbidden = [
    'key_share',
    'supported_versions',
    'signature_algorithms',
    'signature_algorithms_cert',
    'cookie',
    'pre_shared_key',
    'psk_key_exchange_modes',
    'status_request',
    'signed_certificate_timestamp',
    'padding',
    'compress_certificate',
    'certificate_authorities',
    'oid_filters',
    'post_handshake_auth',
  ] as const
  testRules([
    ...forbidden.map(name => ({ section: '4.4.1', rule: `${name} is forbidden`, client: holds([extension(name)]), ...misplaced })),
    {
      section: '4.3',
      rule: 'an extension that nobody knows was not asked for',
      client: holds([extension(tls.unassigned)]),
      ...unsolicited,
    },
    { section: '4.3', rule: 'GREASE was not asked for', client: holds([extension(tls.grease)]), ...unsolicited },
    { section: '4.3', rule: 'ALPN was not asked for', client: holds([extension('alpn', v16(v8(fromText('h2'))))]), ...unsolicited },
    { section: '4.3', rule: 'early_data was not asked for', client: holds([extension('early_data')]), ...unsolicited },
    {
      section: '4.3',
      rule: 'record_size_limit was not asked for',
      client: holds([extension('record_size_limit', u16(100))]),
      ...unsolicited,
    },
    { section: '4.3', rule: 'use_srtp was not asked for', client: holds([extension('use_srtp')]), ...unsolicited },
    {
      section: '4.3',
      rule: 'server_name was not sent to an address',
      options: { serverName: '127.0.0.1' },
      client: holds([extension('server_name')]),
      ...unsolicited,
    },
    { section: '4.3', rule: 'server_name is empty', client: holds([extension('server_name', bytes(0))]), ...decodeError },
    {
      section: '4.3',
      rule: 'a protocol that was not offered is refused',
      options: h2,
      client: holds([extension('alpn', v16(v8(fromText('h3'))))]),
      ...illegalSelection,
    },
    {
      section: '4.3',
      rule: 'two protocols are refused',
      options: h2,
      client: holds([extension('alpn', v16(v8(fromText('h2')), v8(fromText('http/1.1'))))]),
      ...illegalSelection,
    },
    { section: '4.3', rule: 'no protocol in ALPN is refused', options: h2, client: holds([extension('alpn', v16())]), ...decodeError },
    {
      section: '4.3',
      rule: 'an empty protocol is refused',
      options: h2,
      client: holds([extension('alpn', v16(v8(), bytes(0)))]),
      ...decodeError,
    },
    {
      section: '4.3',
      rule: 'an extension that runs past the block is refused',
      client: server => server.hello().say(tls.encryptedExtensions(v16(u16(0, 2)))),
      ...decodeError,
    },
    {
      section: '4.4.1',
      rule: 'bytes after the extensions are refused',
      client: server => server.hello().say(tls.encryptedExtensions([], bytes(0))),
      ...decodeError,
    },
    { section: '4.4.1', rule: 'the extensions field is needed', client: server => server.hello().say(tls.message(8)), ...decodeError },
    {
      section: '4.3.7',
      rule: 'supported_groups tells a preference, and server_name that the name was used',
      client: server =>
        server
          .hello()
          .say(
            tls.encryptedExtensions([extension('supported_groups', v16(u16(0x0018, tls.x25519))), extension('server_name')]),
            tls.certificate(),
            tls.certificateVerify(),
            tls.finished(),
          ),
      accepted: true,
    },
  ])

  it('§4.3 the protocol that was selected is the connection’s', () => {
    const server = new ServerPeer(h2)
    server
      .hello()
      .say(
        tls.encryptedExtensions([extension('alpn', v16(v8(fromText('http/1.1'))))]),
        tls.certificate(),
        tls.certificateVerify(),
        tls.finished(),
      )
    expect(server.connection.info?.alpn).toBe('http/1.1')
  })
})

describe('in a CertificateRequest', () => {
  const holds = (list: readonly tls.Ext[], context?: Uint8Array) => (server: ServerPeer) =>
    server.hello().say(tls.encryptedExtensions(), tls.certificateRequest(list, context))
  testRules([
    { section: '4.4.2', rule: 'signature_algorithms is needed', client: holds([]), ...missingExtension },
    {
      section: '4.4.2',
      rule: 'signature_algorithms is not empty',
      client: holds(replaced(tls.requested, 'signature_algorithms', v16())),
      ...decodeError,
    },
    { section: '4.4.2', rule: 'the context is empty within the handshake', client: holds(tls.requested, v8(bytes(1))), ...illegalValue },
    ...(['alpn', 'key_share', 'supported_groups', 'supported_versions', 'early_data', 'cookie', 'padding'] as const).map(name => ({
      section: '4.3',
      rule: `${name} does not belong here`,
      client: holds(added(tls.requested, extension(name))),
      ...misplaced,
    })),
    {
      section: '4.3.4',
      rule: 'certificate_authorities is not empty',
      client: holds(added(tls.requested, extension('certificate_authorities', v16()))),
      ...decodeError,
    },
    {
      section: '4.3.5',
      rule: 'a filter has an OID',
      client: holds(added(tls.requested, extension('oid_filters', v16(v8(), v16())))),
      ...decodeError,
    },
    {
      section: '9.3',
      rule: 'extensions that nobody knows are ignored',
      client: server => {
        holds([
          extension(tls.unassigned, bytes(1)),
          extension(tls.grease),
          ...tls.requested,
          extension('oid_filters', v16(v8(bytes(1)), v16())),
        ])(server)
        server.say(tls.certificate(), tls.certificateVerify(), tls.finished())
      },
      accepted: true,
    },
  ])
})

describe('in a Certificate', () => {
  const withEntry = (list: readonly tls.Ext[]) => tls.certificate(tls.v24(tls.entry(tls.endEntity, list)))
  const fromServer = (list: readonly tls.Ext[]) => (server: ServerPeer) => server.hello().say(tls.encryptedExtensions(), withEntry(list))
  const fromClient = (list: readonly tls.Ext[]) => (client: ClientPeer) => client.hello().say(withEntry(list))
  const options = { clientAuth: 'require' as const }
  testRules([
    {
      section: '4.5.1',
      rule: 'status_request was not asked for',
      client: fromServer([extension('status_request', bytes(1, 0, 0, 1, 0))]),
      ...unsolicited,
    },
    {
      section: '4.5.1',
      rule: 'a timestamp was not asked for',
      client: fromServer([extension('signed_certificate_timestamp', v16(v16(bytes(1))))]),
      ...unsolicited,
    },
    {
      section: '4.3',
      rule: 'an extension that nobody knows was not asked for',
      client: fromServer([extension(tls.unassigned)]),
      ...unsolicited,
    },
    { section: '4.3', rule: 'server_name does not belong here', client: fromServer([extension('server_name')]), ...misplaced },
    {
      section: '4.5.1',
      rule: 'a client answers nothing that was not asked for either',
      options,
      server: fromClient([extension('status_request', bytes(1, 0, 0, 1, 0))]),
      ...unsolicited,
    },
    {
      section: '4.3',
      rule: 'an extension of a client that nobody knows was not asked for',
      options,
      server: fromClient([extension(tls.unassigned)]),
      ...unsolicited,
    },
    {
      section: '4.3',
      rule: 'key_share of a client does not belong here',
      options,
      server: fromClient([extension('key_share')]),
      ...misplaced,
    },
    {
      section: '4.5.1',
      rule: 'what the client asked for may be answered',
      options: {
        shapeExtensions: (message, list) =>
          message === 'client_hello' ? [...list, { type: tls.ext.status_request, data: bytes(1, 0, 0, 0, 0) }] : list,
      },
      client: server =>
        fromServer([extension('status_request', bytes(1, 0, 0, 1, 0))])(server).say(tls.certificateVerify(), tls.finished()),
      accepted: true,
    },
    {
      section: '4.5.1',
      rule: 'what the server asked for may be answered',
      options: {
        ...options,
        shapeExtensions: (message, list) =>
          message === 'certificate_request' ? [...list, { type: tls.ext.status_request, data: none }] : list,
      },
      server: client =>
        fromClient([extension('status_request', bytes(1, 0, 0, 1, 0))])(client).say(tls.certificateVerify(), tls.finished()),
      accepted: true,
    },
  ])
})

describe('in a NewSessionTicket', () => {
  const holds = (list: readonly tls.Ext[]) => (server: ServerPeer) => server.connect().say(tls.newSessionTicket({ extensions: list }))
  testRules([
    {
      section: '4.7.1',
      rule: 'extensions that nobody knows are ignored',
      client: holds([extension(tls.unassigned, bytes(1)), extension(tls.grease)]),
      accepted: true,
    },
    { section: '4.7.1', rule: 'early_data holds a size', client: holds([extension('early_data')]), ...decodeError },
    { section: '4.3', rule: 'supported_groups does not belong here', client: holds([extension('supported_groups')]), ...misplaced },
    { section: '4.3', rule: 'key_share does not belong here', client: holds([extension('key_share')]), ...misplaced },
  ])
})
