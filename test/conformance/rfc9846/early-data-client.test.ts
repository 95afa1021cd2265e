/** Early data of clients: RFC 9846 §4.3.10, §4.3.11, §4.6, §4.7.1. */
import { describe, expect, it } from 'vitest'
import { concat, fromText } from '../../../src/wire/bytes.ts'
import { constantBytes } from '../../null-provider.ts'
import * as tls from './bytes.ts'
import { added, bytes, extension, u16, v16 } from './bytes.ts'
import { recordType, ServerPeer } from './peer.ts'
import { acceptsEarlyData, pskHello, resuming } from './resumption.ts'
import { testRules } from './rules.ts'

const decodeError = { code: 'decode-error', alert: 'decode_error' } as const
const illegalSelection = { code: 'illegal-selection', alert: 'illegal_parameter' } as const
const misplaced = { code: 'misplaced-extension', alert: 'illegal_parameter' } as const
const unexpectedMessage = { code: 'unexpected-message', alert: 'unexpected_message' } as const
const unsolicited = { code: 'unsolicited-extension', alert: 'unsupported_extension' } as const

describe('early data that a client sends', () => {
  const early = { earlyData: true } as const
  const options = resuming(early)
  const answered =
    (...messages: readonly Uint8Array[]) =>
    (server: ServerPeer) =>
      server
        .say(pskHello())
        .protect()
        .say(...messages)
  const h2 = extension('alpn', v16(tls.v8(fromText('h2'))))
  testRules([
    { section: '4.3.10', rule: 'is taken with the first key', options, client: answered(acceptsEarlyData, tls.finished()), accepted: true },
    { section: '4.3.10', rule: 'may be refused', options, client: answered(tls.encryptedExtensions(), tls.finished()), accepted: true },
    {
      section: '4.3.11',
      rule: 'is not taken with another key',
      options: resuming({ ...early, psk: [{ identity: bytes(1), key: constantBytes(32), imported: false }] }),
      client: server => server.say(pskHello(1)).protect().say(acceptsEarlyData),
      ...illegalSelection,
    },
    {
      section: '4.3.11',
      rule: 'is not taken without a key',
      options,
      client: server => server.hello().say(acceptsEarlyData),
      ...illegalSelection,
    },
    {
      section: '4.3.10',
      rule: 'is not taken with another suite',
      options,
      client: server =>
        server
          .say(pskHello(0, { cipher_suite: u16(0x1303) }))
          .protect()
          .say(acceptsEarlyData),
      ...illegalSelection,
    },
    {
      section: '4.3.10',
      rule: 'is not taken with another application protocol',
      options: resuming({ ...early, alpn: ['h2'] }),
      client: answered(tls.encryptedExtensions([h2, extension('early_data')])),
      ...illegalSelection,
    },
    {
      section: '4.3.10',
      rule: 'is not taken without its application protocol',
      options: resuming({ ...early, alpn: ['h2'] }, { alpn: fromText('h2') }),
      client: answered(acceptsEarlyData),
      ...illegalSelection,
    },
    {
      section: '4.3.10',
      rule: 'is taken with its application protocol',
      options: resuming({ ...early, alpn: ['h2'] }, { alpn: fromText('h2') }),
      client: answered(tls.encryptedExtensions([h2, extension('early_data')]), tls.finished()),
      accepted: true,
    },
    {
      section: '4.3.10',
      rule: 'is not taken where none was offered',
      options: resuming(),
      client: answered(acceptsEarlyData),
      ...unsolicited,
    },
    {
      section: '4.3.10',
      rule: 'is not taken where the ticket allows none',
      options: resuming(early, { max_early_data: 0 }),
      client: answered(acceptsEarlyData),
      ...unsolicited,
    },
    {
      section: '4.3.10',
      rule: 'is not taken after a retry',
      options,
      client: server =>
        server
          .say(
            tls.helloRetryRequest(),
            tls.serverHelloAfterRetry({
              extensions: added(tls.replaced(tls.selected, 'key_share', tls.share(tls.secp256r1)), extension('pre_shared_key', u16(0))),
            }),
          )
          .protect()
          .say(acceptsEarlyData),
      ...unsolicited,
    },
    {
      section: '4.3.10',
      rule: 'is not taken by ServerHello',
      options,
      client: server => server.say(tls.serverHello({ extensions: added(tls.selected, extension('early_data')) })),
      ...misplaced,
    },
    {
      section: '4.3.10',
      rule: 'is not taken by HelloRetryRequest',
      options,
      client: server => server.say(tls.helloRetryRequest({ extensions: added(tls.retried, extension('early_data')) })),
      ...misplaced,
    },
    {
      section: '4.3.10',
      rule: 'is taken without content',
      options,
      client: answered(tls.encryptedExtensions([extension('early_data', tls.u32(1))])),
      ...decodeError,
    },
    {
      section: '4.6',
      rule: 'is not ended by the server',
      options,
      client: answered(acceptsEarlyData, tls.endOfEarlyData),
      ...unexpectedMessage,
    },
    {
      section: '4.6',
      rule: 'is not ended by the server after the handshake',
      options,
      client: answered(acceptsEarlyData, tls.finished(), tls.endOfEarlyData),
      ...unexpectedMessage,
    },
    {
      section: '4.7.1',
      rule: 'has a limit of four bytes in a ticket',
      client: server => server.connect().say(tls.newSessionTicket({ extensions: [extension('early_data')] })),
      ...decodeError,
    },
  ])

  const said = (server: ServerPeer) =>
    server.heard
      .filter(({ type }) => type !== recordType.change_cipher_spec)
      .map(({ type, content }) => (type === recordType.handshake ? content[0] : 'data'))
  const sending = () => {
    const server = new ServerPeer(options())
    server.connection.sendEarly(bytes(1, 2))
    server.drain()
    return server
  }

  it('§4.6 taken: EndOfEarlyData goes after the Finished of the server, before that of the client', () => {
    const server = sending()
    answered(acceptsEarlyData)(server)
    expect(said(server)).toEqual([1, 'data'])
    server.say(tls.finished())
    expect(said(server)).toEqual([1, 'data', 5, 20])
  })

  it('§4.6 refused: there is no EndOfEarlyData, and nothing is sent again', () => {
    const server = sending()
    answered(tls.encryptedExtensions(), tls.finished())(server)
    expect(said(server)).toEqual([1, 'data', 20])
    expect(server.connection.info?.resumed).toBe(true)
  })

  it('§4.3.10 ended by a retry: the second hello is in plaintext and offers none, and no more is sent', () => {
    const server = sending().say(tls.helloRetryRequest())
    expect(server.connection.sendEarly(bytes(3))).toBe(0)
    const hello = server.heard.at(-1)
    expect(hello).toMatchObject({ type: recordType.handshake, protected: false })
    const [first] = server.heard
    const early = concat(u16(tls.ext.early_data), u16(0))
    expect(hexOf(first?.content)).toContain(hexOf(early))
    expect(hexOf(hello?.content)).not.toContain(hexOf(early))
  })

  it('§4.7.1 is no more than the ticket allows', () => {
    const { connection } = new ServerPeer(options())
    expect(connection.sendEarly(tls.filled(150))).toBe(100)
    expect(connection.sendEarly(bytes(1))).toBe(0)
  })
})

const hexOf = (content: Uint8Array | undefined) => Buffer.from(content ?? tls.none).toString('hex')
