/** Certificates in other forms, and the size of records: RFC 8879, RFC 7250, RFC 6066, RFC 6962, RFC 8449. */
import { describe, expect, it } from 'vitest'
import type { CertificateCompression, ClientOptions, ServerOptions } from '../../../src/types.ts'
import * as tls from './bytes.ts'
import { added, bytes, extension, u16, v8, v16, v24 } from './bytes.ts'
import { ClientPeer, type Peer, recordType, ServerPeer } from './peer.ts'
import { testRules } from './rules.ts'

const decodeError = { code: 'decode-error', alert: 'decode_error' } as const
const illegalHello = { code: 'illegal-hello', alert: 'illegal_parameter' } as const
const illegalSelection = { code: 'illegal-selection', alert: 'illegal_parameter' } as const
const illegalValue = { code: 'illegal-value', alert: 'illegal_parameter' } as const
const unsolicited = { code: 'unsolicited-extension', alert: 'unsupported_extension' } as const
const misplaced = { code: 'misplaced-extension', alert: 'illegal_parameter' } as const
const unexpectedMessage = { code: 'unexpected-message', alert: 'unexpected_message' } as const
const badCertificate = { code: 'compressed-certificate', alert: 'bad_certificate' } as const
const unsupported = { code: 'certificate-type', alert: 'unsupported_certificate' } as const
const overflow = { code: 'record-overflow', alert: 'record_overflow' } as const

describe('a compressed Certificate', () => {
  /** The message as it is: what is announced and what comes out are the test's to choose. */
  const stored: CertificateCompression = { algorithm: 'zlib', decompress: data => data }
  const throwing: CertificateCompression = {
    algorithm: 'zlib',
    decompress: () => {
      throw new RangeError('not a stream')
    },
  }
  const { compressedCertificate } = tls
  const both = (
    rule: string,
    message: Uint8Array,
    expected: typeof badCertificate | typeof illegalValue | typeof decodeError,
    codec = stored,
  ) => [
    {
      section: 'RFC 8879 §4',
      rule,
      options: { certificateCompression: [codec] },
      client: (server: ServerPeer) => server.hello().say(tls.encryptedExtensions(), message),
      ...expected,
    },
    {
      section: 'RFC 8879 §4',
      rule,
      options: { certificateCompression: [codec], clientAuth: 'request' as const },
      server: (client: ClientPeer) => client.hello().say(message),
      ...expected,
    },
  ]
  const content = tls.certificate().subarray(4)
  testRules([
    ...both('by an algorithm that was not offered is refused', compressedCertificate({ algorithm: 2 }), illegalValue),
    ...both('by an algorithm that nobody knows is refused', compressedCertificate({ algorithm: 0x4d4d }), illegalValue),
    ...both('that unpacks to more than it announces is refused', compressedCertificate({ length: content.length - 1 }), badCertificate),
    ...both('that unpacks to less than it announces is refused', compressedCertificate({ length: content.length + 1 }), badCertificate),
    ...both('that announces nothing is refused', compressedCertificate({ length: 0 }), badCertificate),
    ...both('that announces more than any message may have is refused', compressedCertificate({ length: 0xffffff }), badCertificate),
    ...both('that can not be unpacked is refused', compressedCertificate(), badCertificate, throwing),
    ...both('without content is refused', compressedCertificate({ content: tls.none, length: 5 }), decodeError),
    ...both('that holds no Certificate is refused', compressedCertificate({ content: bytes(1, 2, 3) }), decodeError),
    ...both('that holds more than a Certificate is refused', compressedCertificate({ content: Uint8Array.of(...content, 0) }), decodeError),
    ...both(
      'with a context that is not the one of the request is refused',
      compressedCertificate({ content: tls.certificate(undefined, v8(bytes(1))).subarray(4) }),
      illegalValue,
    ),
    {
      section: 'RFC 8879 §4',
      rule: 'is taken by a client that offers the algorithm',
      options: { certificateCompression: [stored] },
      client: server => server.hello().say(tls.encryptedExtensions(), compressedCertificate(), tls.certificateVerify(), tls.finished()),
      accepted: true,
    },
    {
      section: 'RFC 8879 §4',
      rule: 'is taken by a server that offers the algorithm',
      options: { certificateCompression: [stored], clientAuth: 'request' },
      server: client => client.hello().say(compressedCertificate(), tls.certificateVerify(), tls.finished()),
      accepted: true,
    },
    {
      section: 'RFC 8879 §3',
      rule: 'is out of place where no algorithm was offered to a server',
      client: server => server.hello().say(tls.encryptedExtensions(), compressedCertificate()),
      ...unexpectedMessage,
    },
    {
      section: 'RFC 8879 §3',
      rule: 'is out of place where no algorithm was offered to a client',
      options: { clientAuth: 'request' },
      server: client => client.hello().say(compressedCertificate()),
      ...unexpectedMessage,
    },
    ...[v8(), v8(bytes(0)), bytes(2, 0)].map((list, i) => ({
      section: 'RFC 8879 §3',
      rule: `is offered by a list of whole algorithms, at least one (${['none', 'half a one', 'cut'][i]})`,
      server: (client: ClientPeer) => client.say(tls.helloWith(added(tls.offered, extension('compress_certificate', list)))),
      ...decodeError,
    })),
    {
      section: 'RFC 8879 §3',
      rule: 'is not for EncryptedExtensions to offer',
      options: { certificateCompression: [stored] },
      client: server => server.hello().say(tls.encryptedExtensions([extension('compress_certificate', v8(u16(1)))])),
      ...misplaced,
    },
  ])
})

describe('certificate types', () => {
  const raw = { serverCertificateTypes: ['RawPublicKey'] } as const
  const either = { serverCertificateTypes: ['RawPublicKey', 'X509'] } as const
  const types = (name: 'server_certificate_type' | 'client_certificate_type', ...codes: readonly number[]) =>
    extension(name, bytes(...codes))
  const told =
    (...list: readonly tls.Ext[]) =>
    (server: ServerPeer) =>
      server.hello().say(tls.encryptedExtensions(list))
  const hello =
    (...list: readonly tls.Ext[]) =>
    (client: ClientPeer) =>
      client.say(tls.helloWith(added(tls.offered, ...list)))
  const clientRaw: Partial<ServerOptions> = { clientAuth: 'request', clientCertificateTypes: ['RawPublicKey'] }
  testRules([
    {
      section: 'RFC 7250 §4.2',
      rule: 'that were not asked for are refused',
      client: told(types('server_certificate_type', 2)),
      ...unsolicited,
    },
    {
      section: 'RFC 7250 §4.2',
      rule: 'of clients that were not asked for are refused',
      client: told(types('client_certificate_type', 2)),
      ...unsolicited,
    },
    {
      section: 'RFC 7250 §4.2',
      rule: 'that were not offered are refused',
      options: either,
      client: told(types('server_certificate_type', 1)),
      ...illegalSelection,
    },
    {
      section: 'RFC 7250 §4.2',
      rule: 'of clients that were not offered are refused',
      options: { clientCertificateTypes: ['RawPublicKey'] },
      client: told(types('client_certificate_type', 0)),
      ...illegalSelection,
    },
    {
      section: 'RFC 7250 §4.2',
      rule: 'are one, not a list',
      options: either,
      client: told(types('server_certificate_type', 1, 2)),
      ...decodeError,
    },
    {
      section: 'RFC 7250 §4.2',
      rule: 'may go unanswered where X.509 was offered',
      options: either,
      client: server => server.connect(),
      accepted: true,
    },
    { section: 'RFC 7250 §4.2', rule: 'may not go unanswered where X.509 was not offered', options: raw, client: told(), ...unsupported },
    {
      section: 'RFC 7250 §4.2',
      rule: 'raw keys stand alone',
      options: raw,
      client: server =>
        server.hello().say(tls.encryptedExtensions([types('server_certificate_type', 2)]), tls.certificate(v24(tls.entry(), tls.entry()))),
      ...illegalValue,
    },
    {
      section: 'RFC 7250 §4.2',
      rule: 'in ServerHello are misplaced',
      options: either,
      client: server => server.say(tls.serverHello({ extensions: added(tls.selected, types('server_certificate_type', 2)) })),
      ...misplaced,
    },
    {
      section: 'RFC 7250 §4.2',
      rule: 'that a server has not are refused',
      server: hello(types('server_certificate_type', 1, 2)),
      ...unsupported,
    },
    {
      section: 'RFC 7250 §4.2',
      rule: 'that a server does not take are refused',
      options: clientRaw,
      server: hello(types('client_certificate_type', 1, 0)),
      ...unsupported,
    },
    { section: 'RFC 7250 §4.2', rule: 'that a client leaves out mean X.509', options: clientRaw, server: hello(), ...unsupported },
    { section: 'RFC 7250 §4.1', rule: 'are not an empty list', server: hello(types('server_certificate_type', 0)), ...decodeError },
    { section: 'RFC 7250 §4.1', rule: 'are not cut', server: hello(types('server_certificate_type', 2, 0)), ...decodeError },
    {
      section: 'RFC 7250 §4.2',
      rule: 'of clients do not matter to a server that asks for no certificate',
      server: client =>
        hello(types('client_certificate_type', 1, 2))(client)
          .protect()
          .say(tls.finished()),
      accepted: true,
    },
  ])
})

describe('what is stapled to a Certificate', () => {
  const stapled = (options: Partial<ClientOptions>, ...list: readonly tls.Ext[]) => ({
    options,
    client: (server: ServerPeer) => server.hello().say(tls.encryptedExtensions(), tls.certificate(v24(tls.entry(undefined, list)))),
  })
  const ocsp = { requestOcsp: true }
  const scts = { requestScts: true }
  testRules([
    {
      section: 'RFC 6066 §8',
      rule: 'is an OCSP response',
      ...stapled(ocsp, extension('status_request', bytes(2, 0, 0, 1, 0))),
      ...illegalValue,
    },
    {
      section: 'RFC 6066 §8',
      rule: 'is a response that is not empty',
      ...stapled(ocsp, extension('status_request', bytes(1, 0, 0, 0))),
      ...decodeError,
    },
    {
      section: 'RFC 6066 §8',
      rule: 'is a whole response',
      ...stapled(ocsp, extension('status_request', bytes(1, 0, 0, 2, 0))),
      ...decodeError,
    },
    {
      section: 'RFC 6962 §3.3',
      rule: 'is a list of timestamps that is not empty',
      ...stapled(scts, extension('signed_certificate_timestamp', v16())),
      ...decodeError,
    },
    {
      section: 'RFC 6962 §3.3',
      rule: 'is a list of timestamps that are not empty',
      ...stapled(scts, extension('signed_certificate_timestamp', v16(v16()))),
      ...decodeError,
    },
  ])
})

describe('record_size_limit', () => {
  const limit = (value: number) => extension('record_size_limit', u16(value))
  const told = (value: number) => (server: ServerPeer) => server.hello().say(tls.encryptedExtensions([limit(value)]))
  const hello = (value: number) => (client: ClientPeer) => client.say(tls.helloWith(added(tls.offered, limit(value)))).protect()
  const own = { recordSizeLimit: 200 }
  const limitedClient = (act: (peer: Peer) => unknown) => ({
    options: own,
    client: (server: ServerPeer) => {
      told(16385)(server)
      for (const message of [tls.certificate(), tls.certificateVerify(), tls.finished()]) {
        for (let at = 0; at < message.length; at += 199) server.record(recordType.handshake, message.subarray(at, at + 199))
      }
      act(server)
    },
  })
  const limitedServer = (act: (peer: Peer) => unknown) => ({
    options: own,
    server: (client: ClientPeer) => act(hello(16385)(client).say(tls.finished())),
  })
  testRules([
    ...[0, 1, 63].flatMap(value => [
      { section: 'RFC 8449 §4', rule: `a limit of ${value} bytes is refused`, options: own, client: told(value), ...illegalValue },
      { section: 'RFC 8449 §4', rule: `a limit of ${value} bytes is refused`, server: hello(value), ...illegalHello },
    ]),
    { section: 'RFC 8449 §4', rule: 'a limit over 2^14 + 1 is refused', options: own, client: told(16386), ...illegalValue },
    {
      section: 'RFC 8449 §4',
      rule: 'a limit over 2^14 + 1 is for later versions',
      server: client => hello(65535)(client).say(tls.finished()),
      accepted: true,
    },
    { section: 'RFC 8449 §4', rule: 'a limit that was not asked for is refused', client: told(1000), ...unsolicited },
    {
      section: 'RFC 8449 §4',
      rule: 'a limit has two bytes',
      options: own,
      client: server => server.hello().say(tls.encryptedExtensions([extension('record_size_limit', bytes(200))])),
      ...decodeError,
    },
    {
      section: 'RFC 8449 §4',
      rule: 'a limit has two bytes',
      server: client => client.say(tls.helloWith(added(tls.offered, extension('record_size_limit', bytes(0, 0, 0))))),
      ...decodeError,
    },
    {
      section: 'RFC 8449 §4',
      rule: 'a limit in ServerHello is misplaced',
      options: own,
      client: server => server.say(tls.serverHello({ extensions: added(tls.selected, limit(200)) })),
      ...misplaced,
    },
    {
      section: 'RFC 8449 §4',
      rule: 'records up to the limit are read',
      ...limitedClient(peer => peer.data(tls.filled(199))),
      accepted: true,
    },
    {
      section: 'RFC 8449 §4',
      rule: 'records up to the limit are read',
      ...limitedServer(peer => peer.data(tls.filled(199))),
      accepted: true,
    },
    {
      section: 'RFC 8449 §4',
      rule: 'records over the limit are refused',
      ...limitedClient(peer => peer.data(tls.filled(200))),
      ...overflow,
    },
    {
      section: 'RFC 8449 §4',
      rule: 'records over the limit are refused',
      ...limitedServer(peer => peer.data(tls.filled(200))),
      ...overflow,
    },
    {
      section: 'RFC 8449 §4',
      rule: 'handshake records over the limit are refused',
      options: own,
      client: server => told(64)(server).say(tls.certificate()),
      ...overflow,
    },
    {
      section: 'RFC 8449 §4',
      rule: 'handshake records over the limit are refused',
      options: { ...own, clientAuth: 'request' },
      server: client => hello(64)(client).say(tls.certificate()),
      ...overflow,
    },
    {
      section: 'RFC 8449 §4',
      rule: 'without an offer of the client there is no limit',
      options: own,
      server: client => client.connect().data(tls.filled(16384)),
      accepted: true,
    },
  ])

  it('RFC 8449 §4 a server keeps to the limit from its first protected record on', () => {
    const { heard } = hello(64)(new ClientPeer())
    const sizes = heard.filter(each => each.protected).map(({ content }) => content.length)
    expect(Math.max(...sizes)).toBe(63)
  })

  it('RFC 8449 §4 a client keeps to the limit once it is told', () => {
    const server = new ServerPeer({ recordSizeLimit: 16385 })
    told(64)(server).say(tls.certificateRequest(), tls.certificate(), tls.certificateVerify(), tls.finished())
    const sizes = server.heard.filter(each => each.protected).map(({ content }) => content.length)
    expect(Math.max(...sizes)).toBe(63)
  })
})
