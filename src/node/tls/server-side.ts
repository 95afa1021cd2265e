/** The server's side of a `TLSSocket`. */
import type { EventEmitter } from 'node:events'
import { cipherSuiteNames } from '../../crypto/code-points.ts'
import { createServer, sessionFromBytes } from '../../engine.ts'
import type {
  ClientHelloAnswer,
  ClientHelloInfo,
  ClientHelloQuestion,
  Connection,
  ConnectionInfo,
  ExternalPsk,
  Identity,
  PeerCertificateQuestion,
  Question,
  ServerOptions,
  Session,
  SessionLookupQuestion,
} from '../../types.ts'
import { decodeMessage, find } from '../../wire/index.ts'
import { type Certificate, parseCertificate, sameName } from '../../x509/index.ts'
import { type AlpnProtocols, protocolNames } from './alpn.ts'
import { asError, bytesOf, coded, invalidType, opensslError } from './errors.ts'
import { externalPsk, type PskBytes } from './psk.ts'
import { checkContext, type SecureContext } from './secure-context.ts'
import { Side } from './side.ts'
import type { TLSSocket } from './socket.ts'

type Callback<T> = (error: Error | null | undefined, value?: T | null) => void

export interface ServerSideOptions {
  requestCert?: boolean | undefined
  rejectUnauthorized?: boolean | undefined
  ALPNProtocols?: AlpnProtocols | undefined
  /** Chooses among the protocols that the client offers; `undefined` refuses it. `servername` is false where the client names none. */
  ALPNCallback?: ((offer: { servername: string | false; protocols: string[] }) => string | undefined) | undefined
  SNICallback?: ((servername: string, callback: Callback<SecureContext>) => void) | undefined
  pskCallback?: ((socket: TLSSocket, identity: string) => PskBytes | null | undefined) | undefined
  enableTrace?: boolean | undefined
  /** Emits `OCSPRequest`, `newSession`, `resumeSession` and `keylog`: the `Server` that the socket belongs to. */
  server?: EventEmitter | undefined
}

/** Throws coded errors for options that can't be. */
export function checkServerOptions(options: ServerSideOptions): void {
  if (options.ALPNCallback && options.ALPNProtocols) {
    throw coded(new TypeError('ALPNCallback and ALPNProtocols exclude each other'), 'ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS')
  }
  for (const name of ['ALPNCallback', 'SNICallback', 'pskCallback'] as const) {
    const callback = options[name]
    if (callback !== undefined && callback !== null && typeof callback !== 'function')
      throw invalidType(`options.${name}`, 'a function', callback)
  }
  protocolNames(options.ALPNProtocols)
}

export class ServerSide extends Side {
  readonly isServer = true
  /** The name that the client has asked for; false: none. */
  servername: string | false = false
  /** What `setKeyCert` gave, for this connection. */
  keyCert: SecureContext | undefined
  readonly requestCert: boolean
  readonly #options: ServerSideOptions
  /** The one that the name led to. */
  #named: SecureContext | undefined

  constructor(context: SecureContext, options: ServerSideOptions) {
    super(context, { enableTrace: options.enableTrace ?? false, rejectUnauthorized: options.rejectUnauthorized !== false })
    checkServerOptions(options)
    this.#options = options
    this.requestCert = options.requestCert === true
  }

  open(wake: () => void): Connection {
    const { ALPNProtocols, pskCallback, server } = this.#options
    const { tickets, sessionTimeout } = this.context
    const clientAuth = this.rejectUnauthorized ? 'require' : 'request'
    const options: ServerOptions & ReturnType<Side['common']> = {
      ...this.common(wake),
      alpn: protocolNames(ALPNProtocols),
      tickets: this.#hears('resumeSession') ? 'ask' : tickets,
      tellSessions: this.#hears('newSession'),
      ticketLifetime: Math.min(sessionTimeout, longestLifetime),
      askForPsk: pskCallback !== undefined && pskCallback !== null,
      ...(this.requestCert && { clientAuth }),
      ...(this.#hears('keylog') && {
        keyLog: (line: string) => void server?.emit('keylog', Buffer.from(`${line}\n`, 'latin1'), this.socket),
      }),
    }
    return createServer(options)
  }

  answer(question: Question): void | Promise<void> {
    switch (question.type) {
      case 'client-hello':
        return this.#greet(question)
      case 'session-lookup':
        return this.#lookUp(question)
      case 'peer-certificate':
        return this.#judgeClient(question)
      case 'sign':
        return this.sign(question)
      default:
        throw new Error(`${question.type} is no question to this server`)
    }
  }

  conclude({ resumed, peer, pskIdentity }: ConnectionInfo): Error | undefined {
    if (!this.requestCert) return undefined
    if (pskIdentity !== undefined) this.authorized = true
    else if (!peer) this.authorizationError = 'UNABLE_TO_GET_ISSUER_CERT'
    else if (resumed && !this.tolerates(this.judge(peer.chain, { purpose: 'client' }).problem)) return this.refusal
    else this.authorized = this.authorizationError === null
    return undefined
  }

  /** Node.js's listeners call back when they have stored it; nothing here has to wait for that. */
  tellSession(session: Session): void {
    const data = Buffer.concat([this.context.tickets.mark, session.toBytes()])
    this.#options.server?.emit('newSession', Buffer.from(session.ticket), data, () => {})
  }

  // ── The ClientHello ───────────────────────────────────────────────────────────────────────────────────────────────

  async #greet(question: ClientHelloQuestion): Promise<void> {
    const { hello } = question
    this.servername = hello.serverName ?? false
    this.share(hello.signatureSchemes)
    try {
      const named = hello.serverName === undefined ? undefined : await this.#contextFor(hello.serverName)
      this.#named = named
      const alpn = this.#protocol(hello)
      const context = this.keyCert ?? named ?? this.context
      const identity = await this.#stapled(context.identities, hello)
      question.answer(this.#terms(hello, identity, alpn))
    } catch (error) {
      const none = error instanceof NoProtocol
      this.refusal = none ? opensslError('no application protocol') : asError(error)
      question.refuse(none ? 'no_application_protocol' : 'internal_error')
    }
  }

  #terms(hello: ClientHelloInfo, identity: readonly Identity[], alpn: string | undefined): ClientHelloAnswer {
    const { believed, algorithms, honorCipherOrder } = this.#judging
    const subjects = this.requestCert ? believed.authorities.map(der => parseCertificate(der).subject.raw) : []
    const own = algorithms.cipherSuites ?? []
    const theirs = hello.cipherSuites.map(code => cipherSuiteNames.get(code) ?? '').filter(name => own.includes(name))
    return {
      identity,
      ...(subjects.length > 0 && { certificateAuthorities: subjects }),
      ...(alpn !== undefined && { alpn: [alpn] }),
      ...(!honorCipherOrder && theirs.length > 0 && { cipherSuites: [...new Set(theirs)] }),
    }
  }

  /** Whose word on clients counts: that of the context that the name led to. */
  get #judging(): SecureContext {
    return this.#named ?? this.context
  }

  async #contextFor(name: string): Promise<SecureContext | undefined> {
    const { SNICallback } = this.#options
    if (!SNICallback) return undefined
    const context = await fromCallback<SecureContext>(done => SNICallback.call(this.socket, name, done))
    return context === undefined ? undefined : checkContext(context)
  }

  /** What the application chooses; without a callback, or an offer, the engine does by `ALPNProtocols`. */
  #protocol({ alpn, serverName }: ClientHelloInfo): string | undefined {
    const { ALPNCallback } = this.#options
    if (!ALPNCallback || alpn.length === 0) return undefined
    const protocols = [...alpn]
    const chosen = ALPNCallback.call(this.socket, { servername: serverName ?? false, protocols })
    if (chosen === undefined) throw new NoProtocol()
    if (protocols.includes(chosen)) return chosen
    const message = `ALPN callback returned a value (${chosen}) that did not match any of the client's offered protocols (${protocols.join(', ')})`
    throw coded(new TypeError(message), 'ERR_TLS_ALPN_CALLBACK_INVALID_RESULT')
  }

  /** The identities, with what the listeners of `OCSPRequest` know of the first. */
  async #stapled(identities: readonly Identity[], { raw }: ClientHelloInfo): Promise<readonly Identity[]> {
    const [first, ...others] = identities
    const [leaf, above] = first?.chain ?? []
    if (!first || !leaf || !this.#hears('OCSPRequest') || !find(decodeMessage('client_hello', raw).body.extensions, 'status_request'))
      return identities
    const issuer = above ?? this.#issuerOf(parseCertificate(leaf))
    const ocsp = await fromCallback<Uint8Array>(done => {
      this.#options.server?.emit('OCSPRequest', Buffer.from(leaf), issuer ? Buffer.from(issuer) : null, done)
    })
    return ocsp ? [{ ...first, ocsp }, ...others] : identities
  }

  #issuerOf({ issuer }: Certificate): Uint8Array | undefined {
    return this.context.believed.authorities.find(der => sameName(parseCertificate(der).subject, issuer))
  }

  // ── Sessions, keys, clients ───────────────────────────────────────────────────────────────────────────────────────

  async #lookUp({ identity, answer }: SessionLookupQuestion): Promise<void> {
    answer((await this.#resumed(identity)) ?? this.#preSharedKey(identity) ?? null)
  }

  async #resumed(id: Uint8Array): Promise<Session | undefined> {
    if (!this.#hears('resumeSession')) return undefined
    const data = await fromCallback<Uint8Array>(done => void this.#options.server?.emit('resumeSession', Buffer.from(id), done))
    if (!ArrayBuffer.isView(data)) return undefined
    const bytes = bytesOf(data)
    const { mark } = this.context.tickets
    // The store may be one that servers with other contexts have too.
    if (!mark.equals(bytes.subarray(0, mark.length))) return undefined
    try {
      return sessionFromBytes(bytes.subarray(mark.length))
    } catch (error) {
      if (error instanceof TypeError) return undefined
      throw error
    }
  }

  #preSharedKey(identity: Uint8Array): ExternalPsk | undefined {
    const psk = this.#options.pskCallback?.call(this.socket, this.socket, Buffer.from(identity).toString())
    return psk === undefined || psk === null ? undefined : externalPsk(identity, psk)
  }

  #judgeClient(question: PeerCertificateQuestion): void {
    const { peer, problem } = this.judge(question.chain, { purpose: 'client', ocsp: question.ocsp })
    if (this.tolerates(problem)) question.answer(peer)
    else question.refuse(problem?.alert)
  }

  protected override judge(...[chain, request]: Parameters<Side['judge']>): ReturnType<Side['judge']> {
    return super.judge(chain, request, this.#judging)
  }

  #hears(event: string): boolean {
    return (this.#options.server?.listenerCount(event) ?? 0) > 0
  }
}

/** The application has chosen none of the client's protocols. */
class NoProtocol extends Error {}

/** What a callback in Node.js's style is called with; `undefined` for null. Rejects with its error. */
function fromCallback<T>(start: (done: Callback<T>) => void): Promise<T | undefined> {
  return new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value ?? undefined))))
}

/** Seconds (RFC 9846 §4.7.1). */
const longestLifetime = 604_800
