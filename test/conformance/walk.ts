/** Every sequence of messages up to a length, from a hostile peer: which of them complete a handshake or an authentication, and what else passes. */
import { createClient, createServer } from '../../src/engine.ts'
import type { ClientOptions, Connection, ServerOptions, TlsEvent } from '../../src/types.ts'
import { acceptWithoutVerification } from '../../src/x509/verdict.ts'
import { constantBytes, nullKey, nullProvider } from '../null-provider.ts'
import * as tls from './rfc9846/bytes.ts'
import { plainRecord, protectedRecord, recordType } from './rfc9846/peer.ts'
import * as resumption from './rfc9846/resumption.ts'

const { added, extension, offered, offeredWithoutShare } = tls
const psk = tls.preSharedKeys([resumption.offeredTicket()])
const early = extension('early_data')
/** certificate_request_context of a request after the handshake: what the null provider takes for random. */
const context = tls.v8(constantBytes(16))
const withCompression = extension('compress_certificate', tls.v8(tls.u16(1)))

/** The messages of a peer. Without cryptography each is a constant, so that any can be put at any place. */
const messages: Readonly<Record<string, Uint8Array>> = {
  client_hello: tls.clientHello(),
  'client_hello with a PSK': tls.helloWith(added(offered, resumption.dhe, withCompression, psk)),
  'client_hello with early data': tls.helloWith(added(offered, resumption.dhe, withCompression, early, psk)),
  'client_hello with early data, without a share': tls.helloWith(added(offeredWithoutShare, resumption.dhe, withCompression, early, psk)),
  'client_hello that may be asked later': tls.helloWith(added(offered, extension('post_handshake_auth'))),
  server_hello: tls.serverHello(),
  'server_hello with the PSK': resumption.pskHello(),
  'server_hello for the retry': tls.serverHelloAfterRetry(),
  'server_hello for the retry, with the PSK': tls.serverHello({
    extensions: added(tls.replaced(tls.selected, 'key_share', tls.share(tls.secp256r1)), extension('pre_shared_key', tls.u16(0))),
  }),
  hello_retry_request: tls.helloRetryRequest(),
  encrypted_extensions: tls.encryptedExtensions(),
  'encrypted_extensions with early data': resumption.acceptsEarlyData,
  certificate_request: tls.certificateRequest(),
  'certificate_request with a context': tls.certificateRequest(tls.requested, context),
  certificate: tls.certificate(),
  'certificate, empty': tls.certificate(tls.v24()),
  'certificate with the context': tls.certificate(undefined, context),
  'certificate with the context, empty': tls.certificate(tls.v24(), context),
  compressed_certificate: tls.compressedCertificate(),
  'compressed_certificate with the context': tls.compressedCertificate({ content: tls.certificate(undefined, context).subarray(4) }),
  certificate_verify: tls.certificateVerify(),
  finished: tls.finished(),
  end_of_early_data: tls.endOfEarlyData,
  new_session_ticket: tls.newSessionTicket(),
  key_update: tls.keyUpdate(0),
}
const data = 'application data'
const sealed = 'a record that does not open'
export const kinds: readonly string[] = [...Object.keys(messages), data, sealed]

export interface Walk {
  readonly create: () => Connection
  /** What every sequence begins with. Default: nothing. */
  readonly prefix?: readonly string[]
  /** Messages of a sequence, without the prefix. */
  readonly longest: number
}

export interface Found {
  /** Sequences at whose last message the handshake was complete. */
  readonly handshakes: string[]
  /** Sequences at whose last message the client had authenticated after the handshake. */
  readonly authentications: string[]
  /** Kinds that passed right after the handshake. */
  readonly afterwards: Set<string>
  /** Alerts that refused a message that was out of place. */
  readonly alerts: Set<string>
  walked: number
}

/** Beyond the handshake one message more is tried, unless the prefix holds the handshake already. */
export function walk(subject: Walk): Found {
  const found: Found = { handshakes: [], authentications: [], afterwards: new Set(), alerts: new Set(), walked: 0 }
  const { prefix = [], longest } = subject
  const visit = (sequence: readonly string[], connectedBefore: boolean) => {
    for (const kind of kinds) {
      const next = [...sequence, kind]
      const events = run(subject.create(), [...prefix, ...next])
      found.walked++
      const failed = events.find(event => event.type === 'failed')
      if (failed?.type === 'failed') {
        found.alerts.add(`${failed.error.alert} for ${kind}`)
        continue
      }
      const connected = events.some(event => event.type === 'connected')
      const authenticated = events.some(event => event.type === 'peer-authenticated')
      if (connected && !connectedBefore && prefix.length === 0) found.handshakes.push(next.join(' > '))
      if (authenticated) found.authentications.push(next.join(' > '))
      if (connectedBefore) found.afterwards.add(kind)
      const goesOn = prefix.length > 0 ? !authenticated : !connectedBefore
      if (goesOn && next.length < longest) visit(next, connected)
    }
  }
  visit([], prefix.length > 0)
  found.handshakes.sort()
  found.authentications.sort()
  return found
}

/** Plays a sequence. A server that may ask for a certificate after the handshake asks at once. */
function run(connection: Connection, sequence: readonly string[]): TlsEvent[] {
  const events: TlsEvent[] = []
  let isProtected = false
  for (const kind of sequence) {
    connection.receive(record(kind, isProtected))
    isProtected ||= /^server_hello|^client_hello(?!.*without a share)/.test(kind)
    for (let event = connection.poll(); event; event = connection.poll()) {
      events.push(event)
      if (event.type === 'peer-certificate') event.answer(acceptWithoutVerification(event.chain))
      if (event.type === 'connected' && sequence[0] === 'client_hello that may be asked later') ask(connection)
    }
  }
  return events
}

function ask(connection: Connection): void {
  if (!('requestClientCertificate' in connection) || typeof connection.requestClientCertificate !== 'function') throw new Error('a client')
  connection.requestClientCertificate()
}

/** The record of a kind, under the protection (without cryptography) of the moment. */
function record(kind: string, isProtected: boolean): Uint8Array {
  if (kind === sealed) return plainRecord(recordType.application_data, tls.filled(15))
  const type = kind === data ? recordType.application_data : recordType.handshake
  const content = messages[kind] ?? tls.bytes(1, 2, 3)
  return isProtected ? protectedRecord(type, content) : plainRecord(type, content)
}

const identity = { chain: [tls.endEntity], key: nullKey }
/** Nothing is compressed: the message as it is. */
const certificateCompression = [{ algorithm: 'zlib', decompress: (bytes: Uint8Array) => bytes }] as const

export function client(options: Partial<ClientOptions> = {}): Connection {
  return createClient({ crypto: nullProvider, serverName: 'server', keyShares: ['x25519'], identity, ...options })
}

/** A client that offers a session, and takes compressed certificates. */
export function resumingClient(options: Partial<ClientOptions> = {}): Connection {
  return client({ ...resumption.resuming({ certificateCompression })(), ...options })
}

/** A server that resumes, takes early data, and takes compressed certificates. */
export function resumingServer(options: Partial<ServerOptions> = {}): Connection {
  return createServer({ ...resumption.resumable, crypto: resumption.crypto, identity, certificateCompression, ...options })
}
