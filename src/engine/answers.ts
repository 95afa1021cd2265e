/** Who answers a question: the option of that name, or where it was left out, the application. */
import { TlsError } from '../error.ts'
import { typeOfCode } from '../handshake/certificate-type.ts'
import type { About, Ask } from '../handshake/dialogue.ts'
import { stateOf } from '../handshake/session.ts'
import type { ServerSettings } from '../handshake/settings.ts'
import type {
  ClientHelloAnswer,
  ClientOptions,
  CommonOptions,
  ExternalPsk,
  Identity,
  ServerOptions,
  Session,
  VerifiedPeer,
} from '../types.ts'
import { equal } from '../wire/bytes.ts'
import { isVerifiedPeer } from '../x509/verdict.ts'
import { serverSettings, type WithCrypto } from './options.ts'
import { isExternalPsk } from './psk-options.ts'
import { guardOf } from './replay-guard.ts'
import { openTicket } from './tickets.ts'

export interface Answers {
  /** What the options say, for the application to review or for good; `undefined` where it must be asked. */
  given(question: Ask): { readonly answer: unknown; readonly review?: boolean } | undefined
  /** The application's answer, in the form that the handshake takes. Throws `TypeError` for one that can't be; nothing has changed then. */
  accept(question: Ask, value: unknown): unknown
}

export function clientAnswers(options: WithCrypto<ClientOptions>): Answers {
  return {
    given: question => {
      if (question.ask === 'peer-certificate') return verdict(options, 'server', question.about)
      if (question.ask === 'certificate-request' && options.identity !== undefined) return { answer: options.identity }
      return undefined
    },
    accept: acceptCommon,
  }
}

/** `settings` are those of the options. */
export function serverAnswers(options: WithCrypto<ServerOptions>, settings: ServerSettings): Answers {
  /** The options, and what the answer to `client-hello` has changed in them. */
  let current = options
  /** Until they are asked for, which they are once: they must not live as long as the connection. */
  let settled: ServerSettings | undefined = settings
  return {
    given: question => {
      if (question.ask === 'client-hello' && options.identity !== undefined) {
        const answer = settled
        settled = undefined
        return { answer }
      }
      if (question.ask === 'session-lookup') return lookUp(current, question.about.identity)
      if (question.ask === 'early-data') return claim(current, question.about.binder)
      if (question.ask === 'peer-certificate') return verdict(current, 'client', question.about)
      return undefined
    },
    accept: (question, value) => {
      if (question.ask === 'session-lookup') return believed(current, acceptCommon(question, value))
      if (question.ask !== 'client-hello') return acceptCommon(question, value)
      const answered = { ...current, ...answerToClientHello(value) }
      const anew = serverSettings(answered)
      if (answered.identity === undefined) throw new TypeError('the answer to client-hello holds no identity; refuse() ends the connection')
      current = answered
      return anew
    },
  }
}

function verdict({ trust, now, reviewPeer = false }: CommonOptions, purpose: 'server' | 'client', about: About<'peer-certificate'>) {
  if (!trust || !now) return undefined
  const { chain, serverName: name, certificateType, ocsp, scts } = about
  const request = { name, now: now(), purpose, certificateType, scts, ...(ocsp && { ocsp }) }
  const answer = verdictOn(
    chain,
    judge(() => trust.verify(chain, request)),
  )
  return { answer, review: reviewPeer }
}

/** A trust store that is not ours may refuse by any error. */
function judge(verify: () => VerifiedPeer): VerifiedPeer {
  try {
    return verify()
  } catch (cause) {
    if (cause instanceof TlsError) throw cause
    throw new TlsError('peer-refused', cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** Stateless tickets are opened here; where the application keeps the sessions, or other keys, it is asked. */
function lookUp(options: WithCrypto<ServerOptions>, identity: Uint8Array) {
  const { crypto, tickets = 'none', now, askForPsk = false } = options
  if (tickets === 'ask') return undefined
  const opened = tickets === 'none' || !now ? null : openTicket(crypto, tickets, now(), identity)
  return opened === null && askForPsk ? undefined : { answer: believed(options, opened) }
}

/**
 * What was found, unless it is a session whose client would not be believed now: its certificate has expired since, or the ticket is of
 * another server, which shares the keys but believes others. The client then proves itself anew.
 */
function believed<T>({ trust, now }: ServerOptions, found: T): T | null {
  const session = stateOf(found)
  if (!trust || !now || !session || session.peer_chain.length === 0) return found
  const certificateType = typeOfCode(session.peer_type)
  try {
    trust.verify(session.peer_chain, { name: undefined, now: now(), purpose: 'client', certificateType, scts: [] })
    return found
  } catch {
    return null
  }
}

function claim({ earlyDataGuard, tickets, now }: ServerOptions, binder: Uint8Array) {
  const guard = earlyDataGuard ?? (typeof tickets === 'object' ? guardOf(tickets) : undefined)
  if (guard === 'ask') return undefined
  return { answer: guard !== undefined && now !== undefined && guard.claim(binder, now()) }
}

function acceptCommon(question: Ask, value: unknown): VerifiedPeer | Identity | Session | ExternalPsk | Uint8Array | boolean | null {
  switch (question.ask) {
    case 'peer-certificate':
      return verdictOn(question.about.chain, value)
    case 'certificate-request':
      if (isIdentityOrNull(value)) return value
      throw new TypeError('the answer to certificate-request is an Identity, or null for none')
    case 'sign':
      if (value instanceof Uint8Array && value.length > 0) return value
      throw new TypeError('the answer to sign is the signature, a Uint8Array that is not empty')
    case 'session-lookup':
      if (value === null || stateOf(value) || isExternalPsk(value)) return value as Session | ExternalPsk | null
      throw new TypeError('the answer to session-lookup is a Session, an ExternalPsk, or null for none')
    case 'early-data':
      if (typeof value === 'boolean') return value
      throw new TypeError('the answer to early-data is true or false')
    case 'client-hello':
      throw new TypeError('client-hello is a question to servers')
  }
}

/** A verdict is good for the chain that it was made for, and for no other. */
function verdictOn(chain: readonly Uint8Array[], value: unknown): VerifiedPeer {
  if (!isVerifiedPeer(value)) throw new TypeError('a verdict is a VerifiedPeer: a trust store or acceptWithoutVerification makes one')
  const same = value.chain.length === chain.length && value.chain.every((certificate, i) => equal(certificate, chain[i] ?? none))
  if (!same) throw new TypeError('the VerifiedPeer was made for another chain')
  return value
}

function answerToClientHello(value: unknown): ClientHelloAnswer {
  if (typeof value === 'object' && value !== null) return value
  throw new TypeError('the answer to client-hello is an object of server options')
}

function isIdentityOrNull(value: unknown): value is Identity | null {
  return value === null || (typeof value === 'object' && 'chain' in value && 'key' in value)
}

const none = new Uint8Array(0)
