/** The client's side of a `TLSSocket`. */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { createClient, sessionFromBytes } from '../../engine.ts'
import type {
  CertificateRequestQuestion,
  ClientOptions,
  Connection,
  ConnectionInfo,
  ExternalPsk,
  PeerCertificateQuestion,
  Question,
  Session,
} from '../../types.ts'
import { acceptWithoutVerification, parseCertificate } from '../../x509/index.ts'
import { type AlpnProtocols, protocolNames } from './alpn.ts'
import { detailedCertificate, lineOf, type PeerCertificate } from './certificates.ts'
import { asError, bytesOf, coded, invalidType } from './errors.ts'
import { checkServerIdentity, hasDnsName } from './identity-check.ts'
import { externalPsk, type PskBytes } from './psk.ts'
import type { SecureContext } from './secure-context.ts'
import { Side } from './side.ts'
import type { Problem } from './verification.ts'

export interface ClientSideOptions {
  /** Sent as SNI. An empty string: none is. */
  servername?: string | undefined
  /** The name that the certificate is checked for, where `servername` gives none. Default: `localhost`. */
  host?: string | undefined
  checkServerIdentity?: ((hostname: string, cert: PeerCertificate) => Error | undefined) | undefined
  rejectUnauthorized?: boolean | undefined
  ALPNProtocols?: AlpnProtocols | undefined
  /** What `session` gave, or `getSession`. */
  session?: Uint8Array | undefined
  requestOCSP?: boolean | undefined
  /** TLS 1.3 has no hint: it is null. */
  pskCallback?: ((hint: null) => ClientPsk | null | undefined) | undefined
  enableTrace?: boolean | undefined
}

export interface ClientPsk {
  readonly psk: PskBytes
  readonly identity: string
}

export class ClientSide extends Side {
  readonly isServer = false
  readonly #options: ClientSideOptions
  readonly #hostname: string

  constructor(context: SecureContext, options: ClientSideOptions) {
    super(context, { enableTrace: options.enableTrace ?? false, rejectUnauthorized: options.rejectUnauthorized !== false })
    const { checkServerIdentity: check, pskCallback } = options
    for (const [name, value] of Object.entries({ servername: options.servername, host: options.host })) {
      if (value && typeof value !== 'string') throw invalidType(`options.${name}`, 'a string', value)
    }
    if (check !== undefined && typeof check !== 'function') throw invalidType('options.checkServerIdentity', 'a function', check)
    if (pskCallback !== undefined && typeof pskCallback !== 'function') throw invalidType('pskCallback', 'a function', pskCallback)
    this.#options = options
    this.#hostname = options.servername || options.host || 'localhost'
  }

  open(wake: () => void): Connection {
    const { ALPNProtocols, servername, requestOCSP = false } = this.#options
    const psk = this.#preSharedKey()
    const session = this.#sessionToResume()
    const options: ClientOptions & ReturnType<Side['common']> = {
      ...this.common(wake),
      serverName: asServerName(this.#hostname),
      sendServerName: servername !== undefined && servername !== '',
      alpn: protocolNames(ALPNProtocols),
      requestOcsp: requestOCSP,
      keyLog: line => this.socket.emit('keylog', Buffer.from(`${line}\n`, 'latin1')),
      ...(psk && { psk: [psk] }),
      ...(session && { session }),
    }
    return createClient(options)
  }

  answer(question: Question): void | Promise<void> {
    if (question.type === 'peer-certificate') return this.#judgeServer(question)
    if (question.type === 'certificate-request') return this.#identify(question)
    if (question.type === 'sign') return this.sign(question)
    throw new Error(`${question.type} is a question to servers`)
  }

  conclude({ resumed, peer }: ConnectionInfo): Error | undefined {
    const problem = resumed && peer ? this.#problemOfResumed(peer.chain, peer.verified) : undefined
    if (resumed && !this.tolerates(problem)) return this.refusal
    this.authorized = this.authorizationError === null
    return undefined
  }

  tellSession(session: Session): void {
    // To write one down takes a while, and most sockets have nobody who would keep it.
    if (this.socket.listenerCount('session') > 0) this.socket.emit('session', Buffer.from(session.toBytes()))
  }

  get servername(): string | false {
    return this.#options.servername || false
  }

  #judgeServer(question: PeerCertificateQuestion): void {
    const { chain, ocsp } = question
    if (this.#options.requestOCSP) this.socket.emit('OCSPResponse', ocsp ? Buffer.from(ocsp) : null)
    const { peer, problem } = this.judge(chain, { purpose: 'server', ocsp })
    const found = problem ?? this.#identityProblem()
    if (!this.tolerates(found)) question.refuse(found?.alert)
    // A session must not make the next connection believe what this one does not.
    else question.answer(found ? acceptWithoutVerification(chain) : peer)
  }

  /** As in Node.js, a session that was believed is not asked for its name again; its certificates may have expired since. */
  #problemOfResumed(chain: readonly Uint8Array[], wasBelieved: boolean): Problem | undefined {
    const { problem } = this.judge(chain, { purpose: 'server' })
    return problem ?? (wasBelieved ? undefined : this.#identityProblem())
  }

  #identityProblem(): Problem | undefined {
    const { checkServerIdentity: check = checkServerIdentity } = this.#options
    const [leaf] = this.peer?.chain ?? []
    if (!this.peer || !leaf) return undefined
    if (check === checkServerIdentity && hasDnsName(this.#hostname, parseCertificate(leaf))) return undefined
    const cert = detailedCertificate(lineOf(this.peer))
    const error: unknown = cert && check(this.#hostname, cert)
    return error ? { error: asError(error), alert: 'bad_certificate' } : undefined
  }

  /** The first identity that the server can verify; none where there is none. */
  #identify({ signatureSchemes, answer }: CertificateRequestQuestion): void {
    this.share(signatureSchemes)
    answer(this.context.identities.find(({ key }) => key.schemes.some(scheme => signatureSchemes.includes(scheme))) ?? null)
  }

  #preSharedKey(): ExternalPsk | undefined {
    const given = this.#options.pskCallback?.(null)
    if (given === undefined || given === null) return undefined
    if (typeof given !== 'object') throw invalidType('what pskCallback returns', '{ psk, identity } or null', given)
    if (typeof given.identity !== 'string') throw invalidType('identity', 'a string', given.identity)
    return externalPsk(Buffer.from(given.identity), given.psk)
  }

  /** What is no session of this module, or is one with another server, is passed over, as Node.js does. */
  #sessionToResume(): Session | undefined {
    const { session } = this.#options
    if (session === undefined || session === null) return undefined
    if (!ArrayBuffer.isView(session)) throw invalidType('options.session', 'a Buffer', session)
    try {
      const found = sessionFromBytes(bytesOf(session))
      return found.serverName === asServerName(this.#hostname) ? found : undefined
    } catch (error) {
      if (error instanceof TypeError) return undefined
      throw error
    }
  }
}

/** Internationalised names as A-labels, which is what certificates and the engine have. */
function asServerName(hostname: string): string {
  if (isIP(hostname) || /^[\x21-\x7e]{1,255}$/.test(hostname)) return hostname
  const ascii = domainToASCII(hostname)
  if (ascii !== '') return ascii
  throw coded(new TypeError(`${JSON.stringify(hostname)} is no host name`), 'ERR_INVALID_ARG_VALUE')
}
