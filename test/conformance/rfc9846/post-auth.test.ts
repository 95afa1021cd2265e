/** Client authentication after the handshake: RFC 9846 §4.3.6, §4.7.2. */
import { describe, expect, it } from 'vitest'
import { constantBytes } from '../../null-provider.ts'
import * as tls from './bytes.ts'
import { added, bytes, extension, replaced, u16, v8, v16, v24 } from './bytes.ts'
import { ClientPeer, ServerPeer } from './peer.ts'
import { testRules } from './rules.ts'

const decodeError = { code: 'decode-error', alert: 'decode_error' } as const
const illegalValue = { code: 'illegal-value', alert: 'illegal_parameter' } as const
const misplaced = { code: 'misplaced-extension', alert: 'illegal_parameter' } as const
const missingExtension = { code: 'missing-extension', alert: 'missing_extension' } as const
const unexpectedMessage = { code: 'unexpected-message', alert: 'unexpected_message' } as const
const interleaved = { code: 'interleaved-message', alert: 'unexpected_message' } as const

/** What the null provider takes for a random context. */
const context = v8(constantBytes(16))
const certificate = tls.certificate(undefined, context)
const answer = [certificate, tls.certificateVerify(), tls.finished()]
const request = tls.certificateRequest(tls.requested, v8(bytes(1)))

/** A server whose client may be asked, and is. */
function asked(options: ConstructorParameters<typeof ClientPeer>[0] = {}): ClientPeer {
  return ask(new ClientPeer(options))
}

function ask(client: ClientPeer): ClientPeer {
  client
    .say(tls.helloWith(added(tls.offered, extension('post_handshake_auth'))))
    .protect()
    .say(tls.finished())
  if ('requestClientCertificate' in client.connection && typeof client.connection.requestClientCertificate === 'function') {
    client.connection.requestClientCertificate()
  }
  client.drain()
  return client
}

describe('a CertificateRequest after the handshake', () => {
  const requested = (message: Uint8Array) => ({
    options: { postHandshakeAuth: true },
    client: (server: ServerPeer) => server.connect().say(message),
  })
  testRules([
    { section: '4.7.2', rule: 'is answered', ...requested(request), accepted: true },
    {
      section: '4.7.2',
      rule: 'needs the offer of post_handshake_auth',
      client: server => server.connect().say(request),
      ...unexpectedMessage,
    },
    { section: '4.4.2', rule: 'has a context', ...requested(tls.certificateRequest()), ...illegalValue },
    { section: '4.4.2', rule: 'has signature_algorithms', ...requested(tls.certificateRequest([], v8(bytes(1)))), ...missingExtension },
    { section: '4.4.2', rule: 'has its extensions field', ...requested(tls.certificateRequest(tls.none, v8(bytes(1)))), ...decodeError },
    {
      section: '4.3',
      rule: 'holds no key_share',
      ...requested(tls.certificateRequest(added(tls.requested, extension('key_share')), v8(bytes(1)))),
      ...misplaced,
    },
    { section: '4.7.2', rule: 'is no message for servers', server: client => ask(client).say(request), ...unexpectedMessage },
    {
      section: '4.7.2',
      rule: 'may come 16 times',
      options: { postHandshakeAuth: true },
      client: server => server.connect().say(...Array(16).fill(request)),
      accepted: true,
    },
    {
      section: '4.7.2',
      rule: 'is a flood the 17th time',
      options: { postHandshakeAuth: true },
      client: server => server.connect().say(...Array(17).fill(request)),
      code: 'too-many-requests',
      alert: 'unexpected_message',
    },
  ])

  it('§4.7.2 a client answers with its context, and with Finished, all together', () => {
    const server = new ServerPeer({ postHandshakeAuth: true }).connect()
    const before = server.heard.length
    server.say(request)
    const [answered, ...rest] = server.heard.slice(before)
    expect(rest).toEqual([])
    expect(answered?.content.subarray(0, 6)).toEqual(tls.certificate(undefined, v8(bytes(1))).subarray(0, 6))
    expect(answered?.content.subarray(-36)).toEqual(tls.finished())
  })

  it.each([
    ['has no certificate', { identity: null }, request],
    [
      'has none for these schemes',
      {},
      tls.certificateRequest(replaced(tls.requested, 'signature_algorithms', v16(u16(0x0804))), v8(bytes(1))),
    ],
  ])('§4.7.2 a client that %s sends an empty Certificate and Finished', (_, options, message) => {
    const server = new ServerPeer({ postHandshakeAuth: true, ...options }).connect()
    const before = server.heard.length
    server.say(message)
    const contents = server.heard.slice(before).map(({ content }) => content)
    expect(Buffer.concat(contents)).toEqual(Buffer.concat([tls.certificate(v24(), v8(bytes(1))), tls.finished()]))
  })
})

describe("a client's answer after the handshake", () => {
  const answered = (...messages: readonly Uint8Array[]) => ({ server: (client: ClientPeer) => ask(client).say(...messages) })
  testRules([
    { section: '4.7.2', rule: 'is Certificate, CertificateVerify and Finished', ...answered(...answer), accepted: true },
    {
      section: '4.7.2',
      rule: 'may be an empty Certificate and Finished',
      ...answered(tls.certificate(v24(), context), tls.finished()),
      accepted: true,
    },
    {
      section: '4.7.2',
      rule: 'has the context of the request',
      ...answered(tls.certificate(undefined, v8(constantBytes(15)))),
      ...illegalValue,
    },
    { section: '4.7.2', rule: 'has a context', ...answered(tls.certificate()), ...illegalValue },
    {
      section: '4.7.2',
      rule: 'has the context of the request where it is empty too',
      ...answered(tls.certificate(v24(), v8(bytes(1)))),
      ...illegalValue,
    },
    { section: '4.7.2', rule: 'comes once', ...answered(...answer, certificate), ...unexpectedMessage },
    {
      section: '4.7.2',
      rule: 'comes only when it was asked for',
      server: client => client.connect().say(certificate),
      ...unexpectedMessage,
    },
    { section: '4.7.2', rule: 'has its CertificateVerify', ...answered(certificate, tls.finished()), ...unexpectedMessage },
    {
      section: '4.7.2',
      rule: 'has no CertificateVerify after an empty Certificate',
      ...answered(tls.certificate(v24(), context), tls.certificateVerify()),
      ...unexpectedMessage,
    },
    {
      section: '4.7.2',
      rule: 'begins with Certificate, not with CertificateVerify',
      ...answered(tls.certificateVerify()),
      ...unexpectedMessage,
    },
    { section: '4.7.2', rule: 'begins with Certificate, not with Finished', ...answered(tls.finished()), ...unexpectedMessage },
    {
      section: '4.5.3',
      rule: 'has a Finished that fits',
      ...answered(certificate, tls.certificateVerify(), tls.finished(tls.filled(32, 1))),
      code: 'bad-finished',
      alert: 'decrypt_error',
    },
    {
      section: '4.5.3',
      rule: 'has a Finished that fits after an empty Certificate',
      ...answered(tls.certificate(v24(), context), tls.finished(tls.filled(32, 1))),
      code: 'bad-finished',
      alert: 'decrypt_error',
    },
    {
      section: '4.5.3',
      rule: 'has a Finished of the right length',
      ...answered(certificate, tls.certificateVerify(), tls.finished(constantBytes(31))),
      ...decodeError,
    },
    {
      section: '4.5.2',
      rule: 'is signed with a scheme that was offered',
      ...answered(certificate, tls.certificateVerify(0x0804)),
      code: 'signature-scheme-not-offered',
      alert: 'illegal_parameter',
    },
    { section: '4.7.2', rule: 'is not interrupted by a KeyUpdate', ...answered(certificate, tls.keyUpdate(0)), ...unexpectedMessage },
    { section: '4.7.2', rule: 'is not interrupted by data', server: client => ask(client).say(certificate).data(), ...interleaved },
    {
      section: '4.7.2',
      rule: 'is not interrupted by a record without content',
      server: client => ask(client).say(certificate, tls.certificateVerify()).data(tls.none),
      ...interleaved,
    },
    {
      section: '4.7.2',
      rule: 'may wait for data and KeyUpdates',
      server: client =>
        ask(client)
          .data()
          .say(tls.keyUpdate(0))
          .data()
          .say(...answer)
          .data(),
      accepted: true,
    },
    {
      section: '4.5.1',
      rule: 'holds no extension that was not asked for',
      ...answered(tls.certificate(v24(tls.entry(undefined, [extension('status_request', bytes(1, 0, 0, 1, 0))])), context)),
      code: 'unsolicited-extension',
      alert: 'unsupported_extension',
    },
  ])

  it('§4.7.2 is told, with who it is', () => {
    const client = asked().say(...answer)
    expect(client.events.at(-1)).toBe('peer-authenticated')
    expect(client.connection.info?.peer?.chain).toEqual([tls.endEntity])
  })
})
