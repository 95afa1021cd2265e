/** `tassel connect`: one connection, standard input and output its data. */
import type { CryptoProvider } from '../crypto/provider.ts'
import { connectTls, sessionFromBytes } from '../node/index.ts'
import type { ClientOptions, CommonOptions, Question, Session, TrustStore } from '../types.ts'
import { acceptWithoutVerification, referenceName } from '../x509/index.ts'
import { sendEarly } from './early.ts'
import { parseExport } from './export.ts'
import { readBytes, secretFile } from './files.ts'
import type { Io } from './io.ts'
import { certificateTypes, engineOptions, identityAs, identityOption, type SharedValues, sharedHelp, sharedOptions } from './options.ts'
import { createReporter, formatAddress } from './report.ts'
import { follow, joinStandardStreams, type Plan, type Seen } from './session.ts'
import { anyTrustFlag, revocationOption, trustOption } from './trust.ts'
import { type ExitCode, exitCodes, orUsageError, parseAddress, parseArguments, UsageError, type Values } from './usage.ts'

export const connectHelp = `tassel connect HOST:PORT [options]

Opens a TLS 1.3 connection. Standard input goes to the peer, the peer's data to standard output, the summary to standard error. The end of
the input sends close_notify; the command ends when the peer has closed too. Where the peer ends first, input that pauses ends as well.

  --servername NAME     the name to ask for and to verify (default: HOST)
  --ca FILE             believe the certificates in this PEM file (default: the roots that Node.js ships)
  --insecure            believe any certificate
  --cert FILE --key FILE  the client's certificate chain and its private key, PEM
  --alpn A,B            application protocols, preferred first
  --session-out FILE    keep the newest session in this file, for its owner alone: it holds a secret
  --session-in FILE     resume the session of this file; without --insecure, one whose certificate was verified
  --early-data FILE     send this file before the handshake is done, with a session that allows it. It may be replayed. What the
                        server does not take is sent once more behind the handshake, before standard input
  --request-ocsp        ask for a stapled OCSP response and show it; --revocation checks it, too
  --post-handshake-auth  let the server ask for the certificate after the handshake
${sharedHelp}
  --timeout SECONDS     for connecting and the handshake together (default: 30)
  --json                the summary as one JSON object a line
  -h, --help

Exit status: 0 closed in order; 1 TLS failed (handshake, certificate, alert, or the peer's end without close_notify); 2 wrong usage;
3 the transport failed (refused, reset, timed out, no such host); 130 interrupted.
`

const flags = {
  ...sharedOptions,
  'early-data': { type: 'string' },
  insecure: { type: 'boolean' },
  'request-ocsp': { type: 'boolean' },
  servername: { type: 'string' },
  'session-in': { type: 'string' },
  'session-out': { type: 'string' },
  timeout: { type: 'string' },
} as const

type ConnectValues = Values<typeof flags>

/** Runs the command; resolves with the exit status. `UsageError` before anything is connected. */
export async function connect(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, flags)
  if (values.help) {
    io.stdout.write(connectHelp)
    return exitCodes.ok
  }
  const { host, port } = target(positionals)
  const handshakeTimeout = milliseconds(values.timeout)
  const { options, plan, earlyData } = prepare(values, host)
  const reporter = createReporter({ json: values.json ?? false, data: io.stderr, notes: io.stderr })
  const onQuestion = values.insecure ? believer(plan.seen) : undefined
  const stream = orUsageError(() =>
    connectTls({ ...options, host, port, allowHalfOpen: true, handshakeTimeout, ...(onQuestion && { onQuestion }) }),
  )
  const early = earlyData && sendEarly(stream, earlyData)
  const result = follow(stream, reporter, { remote: formatAddress(host, port) }, { ...plan, early })
  if (early === undefined) {
    joinStandardStreams(stream, io)
  } else {
    stream.once('secureConnect', () => {
      if (early.rest.length > 0) stream.write(early.rest)
      joinStandardStreams(stream, io)
    })
  }
  io.stop.addEventListener('abort', () => stream.destroy())
  const code = await result
  return io.stop.aborted ? exitCodes.interrupted : code
}

interface Prepared {
  readonly options: ClientOptions
  readonly plan: Plan & { readonly seen: Seen }
  readonly earlyData: Uint8Array | undefined
}

/** The flags as options, and as what to do besides. */
function prepare(values: ConnectValues, host: string): Prepared {
  const trustFlag = anyTrustFlag(values)
  if (values.insecure && trustFlag) throw new UsageError(`--insecure believes any certificate: it does not go with ${trustFlag}`)
  const serverName = values.servername ?? host
  orUsageError(() => referenceName(serverName))
  const common = engineOptions(values)
  const { crypto } = common
  const seen: Seen = {}
  const { session, earlyData } = resumption(values, serverName)
  const options: ClientOptions = {
    ...common,
    ...identityOptions(values, crypto),
    ...watching(values, seen),
    serverName,
    postHandshakeAuth: values['post-handshake-auth'] ?? false,
    ...(values.insecure ? {} : { trust: noting(trustOption(values, crypto), seen) }),
    ...(session && { session, earlyData: earlyData !== undefined }),
  }
  const exported = parseExport(values.export)
  const out = values['session-out']
  const keep = out === undefined ? undefined : { file: out, write: secretFile('session-out', out) }
  return { options, earlyData, plan: { exported, updateKeys: values['key-update'], keep, seen } }
}

function target(positionals: readonly string[]): { host: string; port: number } {
  const [address, ...more] = positionals
  if (address === undefined) throw new UsageError('HOST:PORT is missing: whom to connect to')
  if (more.length > 0) throw new UsageError(`one HOST:PORT only; "${more[0]}" is too much`)
  return parseAddress(address)
}

function resumption(values: ConnectValues, serverName: string): { session?: Session; earlyData?: Uint8Array } {
  const { 'session-in': file, 'early-data': early } = values
  if (file === undefined) {
    if (early !== undefined) throw new UsageError('--early-data needs --session-in FILE: early data goes under the keys of a session')
    return {}
  }
  const bytes = readBytes('session-in', file)
  const session = orUsageError(() => sessionFromBytes(bytes), `--session-in ${file}: `)
  if (session.serverName !== serverName)
    throw new UsageError(`--session-in ${file}: it is a session with ${session.serverName}, not with ${serverName} (see --servername)`)
  return { session, ...(early !== undefined && { earlyData: readBytes('early-data', early) }) }
}

/** A client has one identity: of the type that it prefers. */
function identityOptions(values: SharedValues, crypto: CryptoProvider): Pick<ClientOptions, 'identity' | 'clientCertificateTypes'> {
  const identity = identityOption(values, crypto)
  const [type = 'X509', ...others] = certificateTypes(values)
  const types = { serverCertificateTypes: [type, ...others] }
  if (identity === undefined) return { ...types, identity: null }
  return { ...types, identity: identityAs(type, identity), clientCertificateTypes: [type] }
}

function watching(values: ConnectValues, seen: Seen): Pick<CommonOptions, 'requestOcsp' | 'trace'> {
  // What judges revocation wants the answer that the server has.
  const requestOcsp = values['request-ocsp'] ?? revocationOption(values).mode !== 'off'
  if (!values['compress-certificates']) return { requestOcsp }
  return {
    requestOcsp,
    trace: ({ direction, kind }) => {
      if (direction === 'in' && kind === 'compressed_certificate') seen.compressed = true
    },
  }
}

/** The same verdicts; what was stapled is noted. */
function noting(trust: TrustStore, seen: Seen): TrustStore {
  return {
    verify: (chain, request) => {
      if (request.ocsp) seen.ocsp = request.ocsp
      return trust.verify(chain, request)
    },
  }
}

/** Answers for `--insecure`. A certificate that can't even be read throws a `TlsError`, which ends the stream with its alert. */
function believer(seen: Seen): (question: Question) => void {
  return question => {
    if (question.type !== 'peer-certificate') return
    if (question.ocsp) seen.ocsp = question.ocsp
    question.answer(acceptWithoutVerification(question.chain, question.certificateType))
  }
}

function milliseconds(seconds = '30'): number {
  const value = /^\d+(\.\d+)?$/.test(seconds) ? Number(seconds) : 0
  if (value > 0 && value <= 86_400) return value * 1000
  throw new UsageError(`--timeout "${seconds}": expected seconds, more than 0 and at most 86400`)
}
