/** `tassel connect`: one connection, standard input and output its data. */
import { connectTls } from '../node/index.ts'
import type { ClientOptions, Question } from '../types.ts'
import { acceptWithoutVerification, referenceName } from '../x509/index.ts'
import type { Io } from './io.ts'
import { engineOptions, identityOption, sharedOptions, trustOption } from './options.ts'
import { createReporter, formatAddress } from './report.ts'
import { follow, joinStandardStreams } from './session.ts'
import { type ExitCode, exitCodes, orUsageError, parseAddress, parseArguments, UsageError } from './usage.ts'

export const connectHelp = `tassel connect HOST:PORT [options]

Opens a TLS 1.3 connection. Standard input goes to the peer, the peer's data to standard output, the summary to standard error. The end of
the input sends close_notify; the command ends when the peer has closed too. Where the peer ends first, input that pauses ends as well.

  --servername NAME     the name to ask for and to verify (default: HOST)
  --ca FILE             believe the certificates in this PEM file (default: the roots that Node.js ships)
  --insecure            believe any certificate
  --cert FILE --key FILE  the client's certificate chain and its private key, PEM
  --alpn A,B            application protocols, preferred first
  --groups A,B          key exchange groups, preferred first (x25519, P-256, ...)
  --ciphers A,B         cipher suites, preferred first
  --sigalgs A,B         signature schemes, preferred first
  --keylog FILE         append the secrets in the NSS key log format (for Wireshark)
  --provider NAME       node (default) or noble
  --timeout SECONDS     for connecting and the handshake together (default: 30)
  --json                the summary as one JSON object a line
  -h, --help

Exit status: 0 closed in order; 1 TLS failed (handshake, certificate, alert, or the peer's end without close_notify); 2 wrong usage;
3 the transport failed (refused, reset, timed out, no such host); 130 interrupted.
`

/** Runs the command; resolves with the exit status. `UsageError` before anything is connected. */
export async function connect(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, {
    ...sharedOptions,
    insecure: { type: 'boolean' },
    servername: { type: 'string' },
    timeout: { type: 'string' },
  })
  if (values.help) {
    io.stdout.write(connectHelp)
    return exitCodes.ok
  }
  const { host, port } = target(positionals)
  if (values.insecure && values.ca !== undefined) throw new UsageError('--insecure believes any certificate: it does not go with --ca')
  const serverName = values.servername ?? host
  orUsageError(() => referenceName(serverName))
  const common = engineOptions(values)
  const options: ClientOptions = {
    ...common,
    serverName,
    identity: identityOption(values, common.crypto) ?? null,
    ...(values.insecure ? {} : { trust: trustOption(values.ca, common.crypto) }),
  }
  const reporter = createReporter({ json: values.json ?? false, data: io.stderr, notes: io.stderr })
  const stream = orUsageError(() =>
    connectTls({
      ...options,
      host,
      port,
      allowHalfOpen: true,
      handshakeTimeout: milliseconds(values.timeout),
      ...(values.insecure ? { onQuestion: believe } : {}),
    }),
  )
  const result = follow(stream, reporter, { remote: formatAddress(host, port) })
  joinStandardStreams(stream, io)
  io.stop.addEventListener('abort', () => stream.destroy())
  const code = await result
  return io.stop.aborted ? exitCodes.interrupted : code
}

function target(positionals: readonly string[]): { host: string; port: number } {
  const [address, ...more] = positionals
  if (address === undefined) throw new UsageError('HOST:PORT is missing: whom to connect to')
  if (more.length > 0) throw new UsageError(`one HOST:PORT only; "${more[0]}" is too much`)
  return parseAddress(address)
}

/** Answers for `--insecure`. */
function believe(question: Question): void {
  if (question.type === 'peer-certificate') question.answer(acceptWithoutVerification(question.chain))
}

function milliseconds(seconds = '30'): number {
  const value = /^\d+(\.\d+)?$/.test(seconds) ? Number(seconds) : 0
  if (value > 0 && value <= 86_400) return value * 1000
  throw new UsageError(`--timeout "${seconds}": expected seconds, more than 0 and at most 86400`)
}
