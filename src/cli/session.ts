/** One connection of a command: reported from its start to its end, and joined to standard input and output. */
import type { Readable } from 'node:stream'
import type { TlsStream } from '../node/index.ts'
import type { ConnectionInfo, Session, VerifiedPeer } from '../types.ts'
import type { EarlySending } from './early.ts'
import type { ExportRequest } from './export.ts'
import type { Io } from './io.ts'
import { type About, exitCodeOf, type Happening, type Reporter } from './report.ts'
import { type ExitCode, exitCodes } from './usage.ts'

/** What to do with a connection, and what to tell of it, beside its start and its end. */
export interface Plan {
  readonly exported?: ExportRequest | undefined
  readonly updateKeys?: boolean | undefined
  /** Servers: whether to ask for a certificate once connected. */
  readonly requestCertificate?: boolean | undefined
  /** Clients: where the newest session goes. */
  readonly keep?: { readonly file: string; write(bytes: Uint8Array): void } | undefined
  readonly early?: EarlySending | undefined
  readonly seen?: Seen | undefined
}

/** What passes by during the handshake. */
export interface Seen {
  ocsp?: Uint8Array
  compressed?: boolean
}

/** Carries the plan out and reports the stream until it has closed. Resolves with the exit status that it is worth; never rejects. */
export function follow(stream: TlsStream, reporter: Reporter, about: About, plan: Plan): Promise<ExitCode> {
  const started = performance.now()
  const now = (): About => ({ ...about, after: Math.round((performance.now() - started) * 10) / 10 })
  const tell = (happening: Happening) => reporter.happened(happening, now())
  let failure: Error | undefined
  stream.once('secureConnect', (info: ConnectionInfo) => {
    const { pskIdentity } = info
    reporter.connected(
      info,
      {
        earlyData: plan.early?.outcome ?? (stream.earlyBytes > 0 ? 'accepted' : 'none'),
        pskIdentity: pskIdentity && Buffer.from(pskIdentity).toString('utf8'),
        ocsp: plan.seen?.ocsp,
        compressed: plan.seen?.compressed ?? false,
      },
      now(),
    )
    carryOut(stream, plan, tell)
  })
  stream.on('session', (session: Session) => attempt(stream, () => tell(keepSession(session, plan))))
  stream.on('keysUpdated', (direction: 'in' | 'out') => tell({ event: 'keys-updated', direction }))
  stream.on('peerAuthenticated', (peer: VerifiedPeer | undefined) => tell(authenticated(true, peer)))
  stream.on('error', error => (failure = error))
  return new Promise(resolve => {
    stream.once('close', () => {
      if (failure === undefined) reporter.closed({ ...now(), received: stream.bytesRead, sent: stream.bytesWritten })
      else reporter.failed(failure, now())
      resolve(failure === undefined ? exitCodes.ok : exitCodeOf(failure))
    })
  })
}

/** What is due once the connection stands. */
function carryOut(
  stream: TlsStream,
  { early, exported, updateKeys, requestCertificate }: Plan,
  tell: (happening: Happening) => void,
): void {
  if (early) tell({ event: 'early-data', accepted: early.outcome === 'accepted', bytes: early.bytes, resent: early.rest.length })
  if (stream.earlyBytes > 0) tell({ event: 'early-data', accepted: true, bytes: stream.earlyBytes, resent: 0 })
  attempt(stream, () => {
    if (exported) tell(exportFrom(stream, exported))
    if (updateKeys) stream.updateKeys({ requestPeer: true })
    if (requestCertificate && !asks(stream)) tell(authenticated(false, undefined))
  })
}

function exportFrom(stream: TlsStream, { label, length }: ExportRequest): Happening {
  const value = Buffer.from(stream.exportKeyingMaterial(label, undefined, length)).toString('hex')
  return { event: 'exported', label, length, value }
}

/** Whether the client lets itself be asked for a certificate; if so, it was. */
function asks(stream: TlsStream): boolean {
  try {
    stream.requestClientCertificate()
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

function authenticated(offered: boolean, peer: VerifiedPeer | undefined): Happening {
  return { event: 'peer-authenticated', offered, peer: peer?.subjects ?? [], verified: peer?.verified ?? false }
}

function keepSession(session: Session, { keep }: Plan): Happening {
  keep?.write(session.toBytes())
  return { event: 'session', expires: session.expires, maxEarlyData: session.maxEarlyData, file: keep?.file ?? null }
}

/** Whatever goes wrong in a listener (a disk that is full) costs the connection, not the command. */
function attempt(stream: TlsStream, act: () => void): void {
  try {
    act()
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

/**
 * Standard input to the peer, the peer's data to standard output; the stream must allow half-open. Each direction ends by itself: a peer
 * that has said all it has to say still gets the rest of the input. But it may be waiting for our end, and input need not have one (a
 * terminal, a pipe that is kept open): once the peer has ended, input that runs dry has ended too.
 */
export function joinStandardStreams(stream: TlsStream, io: Io): void {
  io.stdin.pipe(stream)
  stream.pipe(io.stdout, { end: false })
  let dry: NodeJS.Timeout | undefined
  const leave = () => {
    clearInterval(dry)
    io.stdin.unpipe(stream)
    stream.end()
  }
  stream.once('end', () => {
    let sent = stream.bytesWritten
    dry = setInterval(() => {
      if (stream.writableLength === 0 && stream.bytesWritten === sent) leave()
      sent = stream.bytesWritten
    }, dryAfter)
    if (isTerminal(io.stdin)) leave()
  })
  // A peer that ended its transport too is gone altogether.
  stream.transport.once('end', leave)
  stream.once('close', leave)
  io.stdin.once('error', error => stream.destroy(error))
  // Whoever read the output has gone (EPIPE): what may still come is for nobody.
  io.stdout.once('error', () => stream.destroy())
}

/** Milliseconds without input that count as its end, once the peer has ended. */
const dryAfter = 500

function isTerminal(input: Readable): boolean {
  return 'isTTY' in input && input.isTTY === true
}
