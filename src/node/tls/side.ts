/** What is different in a client's socket and a server's: the connection that they open, and how they answer its questions. */
import type { CommonOptions, Connection, ConnectionInfo, Question, Session, SignQuestion, TraceEvent, VerifiedPeer } from '../../types.ts'
import { nodeProvider } from '../defaults.ts'
import { signerOf } from './identities.ts'
import type { SecureContext } from './secure-context.ts'
import type { TLSSocket } from './socket.ts'
import { describeTrace } from './trace.ts'
import { judge, type Problem, type Verdict, type VerificationRequest } from './verification.ts'

export abstract class Side {
  abstract readonly isServer: boolean
  /** As the properties of `TLSSocket`. */
  authorized = false
  authorizationError: string | null = null
  /** Who the peer is, or claims to be while it is judged. */
  peer: VerifiedPeer | undefined
  /** Why a question was refused, in Node.js's terms. */
  refusal: Error | undefined
  /** The schemes that the peer accepts, and that there are here. */
  sharedSigalgs: readonly number[] = []
  /** `verify_data` of each direction. */
  readonly finished: { in?: Uint8Array; out?: Uint8Array } = {}
  /** The latest session. */
  session: Session | undefined
  tracing: boolean
  readonly context: SecureContext
  readonly rejectUnauthorized: boolean
  #socket: TLSSocket | undefined

  constructor(context: SecureContext, { enableTrace, rejectUnauthorized }: { enableTrace: boolean; rejectUnauthorized: boolean }) {
    this.context = context
    this.tracing = enableTrace
    this.rejectUnauthorized = rejectUnauthorized
  }

  /** Opens the connection; before the socket is there, which waits for it. */
  abstract open(wake: () => void): Connection
  abstract answer(question: Question): void | Promise<void>
  /** There is a session to resume. */
  abstract tellSession(session: Session): void
  /** The name that the client has asked for; false: none. */
  abstract readonly servername: string | false
  /** The handshake is done: fills `authorized`, and returns why the peer is not to be talked to. */
  abstract conclude(info: ConnectionInfo): Error | undefined

  /** Nothing calls back before the constructor of the socket is done. */
  get socket(): TLSSocket {
    if (!this.#socket) throw new Error('the socket is not there yet')
    return this.#socket
  }

  set socket(socket: TLSSocket) {
    this.#socket = socket
  }

  /** What both roles tell the engine. */
  protected common(wake: () => void): CommonOptions & Required<Pick<CommonOptions, 'crypto' | 'now'>> {
    return { ...this.context.algorithms, crypto: nodeProvider(), now: Date.now, wake, trace: event => this.#passes(event) }
  }

  protected judge(chain: readonly Uint8Array[], request: Omit<VerificationRequest, 'intermediates'>, by = this.context): Verdict {
    const { trust, intermediates } = by.believed
    const verdict = judge(trust, chain, { ...request, intermediates })
    this.peer = verdict.peer
    return verdict
  }

  /** Whether the handshake may go on with this problem; where not, `refusal` says why. */
  protected tolerates(problem: Problem | undefined): boolean {
    // An error of the application's own need not have a code; that there is one must show all the same.
    this.authorizationError = problem ? problem.error.code || problem.error.message : null
    if (!problem || !this.rejectUnauthorized) return true
    this.refusal = problem.error
    return false
  }

  protected async sign({ identity, scheme, message, answer }: SignQuestion): Promise<void> {
    const sign = signerOf(identity)
    if (!sign) throw new Error('the private key can not sign')
    answer(await sign(scheme, message))
  }

  /** The schemes of the peer that there are here, in the peer's order: it decides. */
  protected share(schemes: readonly number[]): void {
    const own = new Set(nodeProvider().verifiers.map(({ scheme }) => scheme))
    this.sharedSigalgs = schemes.filter(scheme => own.has(scheme))
  }

  #passes(event: TraceEvent): void {
    if (event.kind === 'finished') this.finished[event.direction] = event.bytes.slice(4)
    if (this.tracing) process.stderr.write(describeTrace(event, this.isServer))
  }
}
