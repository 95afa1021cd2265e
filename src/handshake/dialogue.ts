/**
 * How a handshake is written: as a coroutine that reads in the order of the RFC's figure. It stops in two places only: `expect` waits
 * for a message of the peer, `ask` for a decision. There is no jump, so a message can't be skipped, repeated or early.
 */
import type { CipherSuite, Hash } from '../crypto/provider.ts'
import type {
  CertificateRequestQuestion,
  ClientHelloInfo,
  ExternalPsk,
  Identity,
  PeerCertificateQuestion,
  Session,
  VerifiedPeer,
} from '../types.ts'
import type { Message, MessageName } from '../wire/messages.ts'
import type { ServerSettings } from './settings.ts'

export type Need = { readonly expect: readonly MessageName[] } | Ask
export type Dialogue<T> = Generator<Need, T, unknown>

/** What is asked, and what the answer is. */
interface Questions {
  'client-hello': { about: { readonly hello: ClientHelloInfo }; answer: ServerSettings }
  'peer-certificate': { about: Omit<PeerCertificateQuestion, 'type' | 'answer' | 'refuse'>; answer: VerifiedPeer }
  'certificate-request': {
    about: Omit<CertificateRequestQuestion, 'type' | 'answer' | 'refuse'>
    answer: Identity | null
  }
  'session-lookup': { about: { readonly identity: Uint8Array }; answer: Session | ExternalPsk | null }
  'early-data': { about: { readonly session: Session; readonly binder: Uint8Array }; answer: boolean }
  sign: { about: { readonly scheme: number; readonly message: Uint8Array; readonly identity: Identity }; answer: Uint8Array }
}

export type QuestionName = keyof Questions
export type About<Q extends QuestionName> = Questions[Q]['about']
export type Answer<Q extends QuestionName> = Questions[Q]['answer']
export type Ask = { [Q in QuestionName]: { readonly ask: Q; readonly about: About<Q> } }[QuestionName]

/** The next message, which must be one of these; any other ends the handshake with unexpected_message. */
export function* expect<K extends MessageName>(...names: readonly K[]): Dialogue<Message<K>> {
  return (yield { expect: names }) as Message<K>
}

/** A decision that an option gives, or else the application. */
export function* ask<Q extends QuestionName>(question: Q, about: About<Q>): Dialogue<Answer<Q>> {
  return (yield { ask: question, about } as Ask) as Answer<Q>
}

/** The stages of protection, in their order. */
export type Epoch = 'early' | 'handshake' | 'application'

/** What sides agree on while a handshake goes on. */
export interface Agreed {
  readonly suite: CipherSuite
  readonly alpn: Uint8Array | undefined
  readonly serverName: string | undefined
}

/** The only effects that a handshake has. Records and QUIC differ in this alone. */
export interface Io {
  /** Puts a message into the flight, under the sending keys of now. */
  send(name: MessageName, bytes: Uint8Array): void
  /** The dummy change_cipher_spec of the compatibility mode; at most one leaves. */
  changeCipherSpec(): void
  /** New keys in one direction, from the next message on. Incoming keys change between whole messages only. */
  keys(direction: 'in' | 'out', epoch: Epoch, suite: CipherSuite, secret: Uint8Array): void
  /** The secret of the early exporter, which the receiver owns. */
  earlyExporter(hash: Hash, secret: Uint8Array): void
  /** A client's early data was taken or not. Not: what follows a HelloRetryRequest is in plaintext again. */
  earlyDataResult(accepted: boolean): void
  /** A server lets pass what it can't open: early data that it does not take. */
  skipEarlyData(): void
  /** A HelloRetryRequest with a cookie is on its way: nothing has to be remembered for it. */
  retryRequested(): void
  /** Something was agreed on: what it is, beside what was told before. */
  agreed(part: Partial<Agreed>): void
  /** The longest content of protected records in one direction, padding included, in bytes. */
  limitRecords(direction: 'in' | 'out', size: number): void
}
