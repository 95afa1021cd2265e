/** `tassel cert`: certificates, without a connection. */

import type { Io } from '../io.ts'
import { type ExitCode, exitCodes, UsageError } from '../usage.ts'
import { mint } from './mint.ts'
import { mintHelp } from './mint-options.ts'
import { failed } from './report.ts'
import { show, showHelp } from './show.ts'
import { verify, verifyHelp } from './verify.ts'

export const certHelp = `tassel cert: certificates, without a connection

  tassel cert show FILE       what certificates, revocation lists and OCSP responses say
  tassel cert verify FILE     whether a chain is to be believed
  tassel cert mint            make authorities, certificates, revocation lists and OCSP responses
  tassel cert VERB --help     what a verb takes
`

const verbs = new Map([
  ['show', { run: show, help: showHelp }],
  ['verify', { run: verify, help: verifyHelp }],
  ['mint', { run: mint, help: mintHelp }],
])

/** Runs the command; resolves with the exit status. */
export async function cert(args: readonly string[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = args
  const verb = verbs.get(name ?? '')
  const help = verb ? rest.includes('--help') || rest.includes('-h') : name === '--help' || name === '-h'
  if (help) {
    io.stdout.write(verb?.help ?? certHelp)
    return exitCodes.ok
  }
  if (verb) return verb.run(rest, io).catch(error => failed(error, `tassel cert ${name}`, rest.includes('--json'), io))
  throw new UsageError(name === undefined ? 'a verb is missing: show, verify or mint' : `"${name}" is no verb: show, verify or mint`)
}
