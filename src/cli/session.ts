/** One connection of a command: reported from its start to its end, and joined to standard input and output. */
import type { Readable } from 'node:stream'
import type { TlsStream } from '../node/index.ts'
import type { Io } from './io.ts'
import { type About, exitCodeOf, type Reporter } from './report.ts'
import { type ExitCode, exitCodes } from './usage.ts'

/** Reports the stream until it has closed. Resolves with the exit status that it is worth; never rejects. */
export function follow(stream: TlsStream, reporter: Reporter, about: About): Promise<ExitCode> {
  const started = performance.now()
  const now = (): About => ({ ...about, after: Math.round((performance.now() - started) * 10) / 10 })
  let failure: Error | undefined
  stream.once('secureConnect', info => reporter.connected(info, now()))
  stream.on('error', error => (failure = error))
  return new Promise(resolve => {
    stream.once('close', () => {
      if (failure === undefined) reporter.closed({ ...now(), received: stream.bytesRead, sent: stream.bytesWritten })
      else reporter.failed(failure, now())
      resolve(failure === undefined ? exitCodes.ok : exitCodeOf(failure))
    })
  })
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
