/** Client authentication after the handshake (RFC 9846 §4.7.2). The transcript of the handshake goes on, for this exchange alone. */

import type { CipherSuite } from '../crypto/provider.ts'
import type { CertificateType, Identity, VerifiedPeer } from '../types.ts'
import type { Message } from '../wire/messages.ts'
import { answerRequest, hearClientCertificate, readRequest, sayCertificateRequest } from './client-auth.ts'
import type { Dialogue, Io } from './dialogue.ts'
import { type Exchange, hearFinished, sayFinished } from './exchange.ts'
import type { ClientSettings, ServerSettings } from './settings.ts'

interface Circumstances<S extends ClientSettings | ServerSettings> {
  readonly exchange: Exchange<S>
  readonly suite: CipherSuite
  readonly type: CertificateType
  /** The client's application traffic secret of the moment: the base of its Finished. */
  readonly clientTraffic: () => Uint8Array
}

/** The server's side: CertificateRequest, and the client's answer. */
export function* requestCertificate(
  { exchange, suite, type, clientTraffic }: Circumstances<ServerSettings>,
  context: Uint8Array,
): Dialogue<VerifiedPeer | undefined> {
  const own = { ...exchange, transcript: exchange.transcript.fork() }
  const terms = sayCertificateRequest(own, context, type)
  const client = yield* hearClientCertificate(own, terms)
  yield* hearFinished(own, suite.hash, clientTraffic())
  return client?.peer
}

/** The client's side. Its messages leave together: nothing may come between them, however long a decision takes. */
export function* answerLater(
  { exchange, suite, type, clientTraffic }: Circumstances<ClientSettings>,
  request: Message<'certificate_request'>,
): Dialogue<Identity | undefined> {
  const held: Parameters<Io['send']>[] = []
  const io: Io = { ...exchange.io, send: (name, bytes) => held.push([name, bytes]) }
  const own = { ...exchange, io, transcript: exchange.transcript.fork() }
  own.transcript.add(request.bytes)
  const identity = yield* answerRequest(own, readRequest(request.body, 'post-handshake'), type)
  sayFinished(own, suite.hash, clientTraffic())
  for (const message of held) exchange.io.send(...message)
  return identity
}
