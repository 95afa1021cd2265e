/**
 * Every sequence of messages up to a length, through both roles: exactly the legal handshakes pass. A provider without cryptography makes
 * each message of the peer a constant, so that any message can be put at any place.
 */
import { describe, expect, it } from 'vitest'
import { createClient, createServer } from '../../src/engine.ts'
import type { Connection, ServerOptions, TlsEvent } from '../../src/types.ts'
import { concat } from '../../src/wire/bytes.ts'
import { extension } from '../../src/wire/extensions.ts'
import { encodeMessage, retryRandom } from '../../src/wire/messages.ts'
import { acceptWithoutVerification } from '../../src/x509/verdict.ts'
import { constantBytes, nullKey, nullProvider } from '../null-provider.ts'
import { rfcCertificate } from '../vectors.ts'

const longest = 8
const certificate = rfcCertificate(3)
const empty = new Uint8Array(0)

const hello = (shares: number[]) =>
  encodeMessage('client_hello', {
    legacy_version: 0x0303,
    random: constantBytes(32),
    legacy_session_id: constantBytes(32),
    cipher_suites: [0x1301],
    legacy_compression_methods: [0],
    extensions: [
      extension('client_hello', 'supported_versions', [0x0304]),
      extension('client_hello', 'supported_groups', [0x001d, 0x0017]),
      extension('client_hello', 'signature_algorithms', [0x0403]),
      extension(
        'client_hello',
        'key_share',
        shares.map(group => ({ group, key_exchange: constantBytes(32) })),
      ),
    ],
  }).bytes

const selection = { legacy_version: 0x0303, legacy_session_id_echo: constantBytes(32), cipher_suite: 0x1301, legacy_compression_method: 0 }
const serverHello = (random: Uint8Array, group: number) =>
  encodeMessage('server_hello', {
    ...selection,
    random,
    extensions: [
      extension('server_hello', 'supported_versions', 0x0304),
      extension('server_hello', 'key_share', { group, key_exchange: constantBytes(32) }),
    ],
  }).bytes

const requestContext = { certificate_request_context: empty }
const handshakeMessages: Record<string, Uint8Array> = {
  client_hello: hello([0x001d]),
  'client_hello without a share': hello([]),
  server_hello: serverHello(constantBytes(32), 0x001d),
  'server_hello for the retry': serverHello(constantBytes(32), 0x0017),
  hello_retry_request: encodeMessage('hello_retry_request', {
    ...selection,
    random: retryRandom,
    extensions: [extension('hello_retry_request', 'supported_versions', 0x0304), extension('hello_retry_request', 'key_share', 0x0017)],
  }).bytes,
  encrypted_extensions: encodeMessage('encrypted_extensions', { extensions: [] }).bytes,
  certificate_request: encodeMessage('certificate_request', {
    ...requestContext,
    extensions: [extension('certificate_request', 'signature_algorithms', [0x0403])],
  }).bytes,
  certificate: encodeMessage('certificate', { ...requestContext, certificate_list: [{ cert_data: certificate, extensions: [] }] }).bytes,
  'certificate, empty': encodeMessage('certificate', { ...requestContext, certificate_list: [] }).bytes,
  certificate_verify: encodeMessage('certificate_verify', { algorithm: 0x0403, signature: constantBytes(64) }).bytes,
  finished: encodeMessage('finished', { verify_data: constantBytes(32) }).bytes,
  end_of_early_data: encodeMessage('end_of_early_data', {}).bytes,
  new_session_ticket: encodeMessage('new_session_ticket', {
    ticket_lifetime: 60,
    ticket_age_add: 0,
    ticket_nonce: empty,
    ticket: constantBytes(16),
    extensions: [],
  }).bytes,
  key_update: encodeMessage('key_update', { request_update: 0 }).bytes,
}
const applicationData = 'application data'
const kinds = [...Object.keys(handshakeMessages), applicationData]

/** The record of `kind`, under the protection (without cryptography) that the connection expects after `before`. */
function record(kind: string, before: readonly string[], protectedAfter: RegExp): Uint8Array {
  const type = kind === applicationData ? 23 : 22
  const content = handshakeMessages[kind] ?? Uint8Array.of(1, 2, 3)
  if (!before.some(each => protectedAfter.test(each))) return concat(header(type, content.length), content)
  const inner = concat(content, Uint8Array.of(type), new Uint8Array(16))
  return concat(header(23, inner.length), inner)
}

function header(type: number, length: number): Uint8Array {
  return Uint8Array.of(type, 3, 3, length >> 8, length & 0xff)
}

interface Walk {
  readonly create: () => Connection
  /** The message after which the peer's records are protected. */
  readonly protectedAfter: RegExp
}

interface Found {
  /** Sequences at whose last message the handshake was complete. */
  readonly handshakes: Set<string>
  /** Kinds that were accepted after the handshake. */
  readonly afterwards: Set<string>
  /** Alerts that refused a message that was out of place. */
  readonly alerts: Set<string>
  walked: number
}

function walk(subject: Walk): Found {
  const found: Found = { handshakes: new Set(), afterwards: new Set(), alerts: new Set(), walked: 0 }
  const visit = (sequence: readonly string[], wasConnected: boolean) => {
    for (const kind of kinds) {
      const next = [...sequence, kind]
      const events = run(subject, next)
      found.walked++
      const failed = events.find(event => event.type === 'failed')
      if (failed?.type === 'failed') {
        found.alerts.add(`${failed.error.alert} for ${kind}`)
        continue
      }
      const isConnected = events.some(event => event.type === 'connected')
      if (isConnected && !wasConnected) found.handshakes.add(next.join(' > '))
      if (wasConnected) found.afterwards.add(kind)
      if (next.length < longest) visit(next, isConnected)
    }
  }
  visit([], false)
  return found
}

function run({ create, protectedAfter }: Walk, sequence: readonly string[]): TlsEvent[] {
  const connection = create()
  const events: TlsEvent[] = []
  for (const [i, kind] of sequence.entries()) {
    connection.receive(record(kind, sequence.slice(0, i), protectedAfter))
    for (let event = connection.poll(); event; event = connection.poll()) {
      events.push(event)
      if (event.type === 'peer-certificate') event.answer(acceptWithoutVerification(event.chain))
    }
  }
  return events
}

const client: Walk = {
  create: () =>
    createClient({ crypto: nullProvider, serverName: 'server', keyShares: ['x25519'], identity: { chain: [certificate], key: nullKey } }),
  protectedAfter: /^server_hello/,
}
const server = (options: Partial<ServerOptions>): Walk => ({
  create: () => createServer({ crypto: nullProvider, identity: { chain: [certificate], key: nullKey }, ...options }),
  protectedAfter: /^client_hello$/,
})

/** What refuses a message at its right place for what is in it. */
const contentAlerts = {
  client: ['decode_error for certificate, empty', 'illegal_parameter for server_hello', 'illegal_parameter for server_hello for the retry'],
  server: ['illegal_parameter for client_hello without a share'],
}
const outOfPlace = (alerts: Set<string>) => [...alerts].filter(alert => !alert.startsWith('unexpected_message for ')).sort()

describe(`every sequence of ${kinds.length} kinds of message up to length ${longest}`, () => {
  it('a client completes exactly the legal handshakes', () => {
    const { handshakes, afterwards, alerts, walked } = walk(client)
    const proof = 'certificate > certificate_verify > finished'
    expect([...handshakes].sort()).toEqual(
      [
        `server_hello > encrypted_extensions > ${proof}`,
        `server_hello > encrypted_extensions > certificate_request > ${proof}`,
        `hello_retry_request > server_hello for the retry > encrypted_extensions > ${proof}`,
        `hello_retry_request > server_hello for the retry > encrypted_extensions > certificate_request > ${proof}`,
      ].sort(),
    )
    expect([...afterwards].sort()).toEqual([applicationData, 'key_update', 'new_session_ticket'])
    expect(outOfPlace(alerts)).toEqual(contentAlerts.client)
    console.log(`client: ${walked} sequences walked, ${handshakes.size} handshakes legal`)
  })

  const first = ['client_hello', 'client_hello without a share > client_hello']
  it.each([
    ['without client authentication', {}, ['finished'], []],
    [
      'that asks for a certificate',
      { clientAuth: 'request' as const },
      ['certificate > certificate_verify > finished', 'certificate, empty > finished'],
      [],
    ],
    [
      'that needs a certificate',
      { clientAuth: 'require' as const },
      ['certificate > certificate_verify > finished'],
      ['certificate_required for certificate, empty'],
    ],
  ])('a server %s completes exactly the legal handshakes', (name, options, second, alertsToo) => {
    const { handshakes, afterwards, alerts, walked } = walk(server(options))
    expect([...handshakes].sort()).toEqual(first.flatMap(hellos => second.map(rest => `${hellos} > ${rest}`)).sort())
    expect([...afterwards].sort()).toEqual([applicationData, 'key_update'])
    expect(outOfPlace(alerts)).toEqual([...alertsToo, ...contentAlerts.server])
    console.log(`server ${name}: ${walked} sequences walked, ${handshakes.size} handshakes legal`)
  })
})

describe('change_cipher_spec', () => {
  const legal = ['server_hello', 'encrypted_extensions', 'certificate', 'certificate_verify', 'finished']
  const dummy = concat(header(20, 1), Uint8Array.of(1))

  it.each(legal.map((_, i) => i))('is ignored by a client before message %i of the handshake', at => {
    const connection = client.create()
    for (const [i, kind] of legal.entries()) {
      if (i === at) connection.receive(dummy)
      connection.receive(record(kind, legal.slice(0, i), client.protectedAfter))
      for (let event = connection.poll(); event; event = connection.poll()) {
        if (event.type === 'peer-certificate') event.answer(acceptWithoutVerification(event.chain))
      }
    }
    expect(connection.info).toBeDefined()
  })

  it('ends the connection after the handshake, before the first ClientHello, with other contents, and in numbers', () => {
    const codeAfter = (connection: Connection, ...chunks: Uint8Array[]) => {
      for (const chunk of chunks) connection.receive(chunk)
      for (let event = connection.poll(); event; event = connection.poll()) {
        if (event.type === 'failed') return `${event.error.code}, ${event.error.alert}`
        if (event.type === 'peer-certificate') event.answer(acceptWithoutVerification(event.chain))
      }
      return 'accepted'
    }
    const refused = 'change-cipher-spec, unexpected_message'
    const handshake = legal.map((kind, i) => record(kind, legal.slice(0, i), client.protectedAfter))
    expect(codeAfter(client.create(), ...handshake)).toBe('accepted')
    expect(codeAfter(client.create(), ...handshake, dummy)).toBe(refused)
    expect(codeAfter(server({}).create(), dummy)).toBe(refused)
    expect(codeAfter(client.create(), concat(header(20, 1), Uint8Array.of(2)))).toBe(refused)
    expect(codeAfter(client.create(), concat(header(20, 2), Uint8Array.of(1, 1)))).toBe(refused)
    expect(codeAfter(client.create(), ...Array.from({ length: 8 }, () => dummy))).toBe('accepted')
    expect(codeAfter(client.create(), ...Array.from({ length: 9 }, () => dummy))).toBe(refused)
  })
})
