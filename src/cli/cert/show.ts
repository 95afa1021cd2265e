/** `tassel cert show`: what is in a file. */
import { parseCertificate, parseCrl, parseOcspResponse } from '../../x509/index.ts'
import type { Io } from '../io.ts'
import { printable, printableJson } from '../report.ts'
import { type ExitCode, exitCodes, parseArguments, UsageError } from '../usage.ts'
import { certificateFacts } from './facts.ts'
import { type Item, readItems } from './files.ts'
import { type Facts, factLines, failed } from './report.ts'
import { crlFacts, ocspFacts } from './revocation-facts.ts'

export const showHelp = `tassel cert show FILE [FILE ...] [options]

Shows what certificates, revocation lists and OCSP responses say, PEM or DER. Nothing is checked but their form. Of private keys nothing is
shown but that they are there.

  --json                one JSON object a line for each
  -h, --help

Exit status: 0; 1 where something is malformed; 2 wrong usage.
`

const options = { json: { type: 'boolean' } } as const

/** Runs the verb; resolves with the exit status. What is malformed does not keep the rest from being shown. */
export async function show(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options)
  if (positionals.length === 0) throw new UsageError('a FILE is missing')
  const items = positionals.flatMap(file => readItems(undefined, file).map((item, i) => ({ item, name: `${file} ${i + 1}` })))
  let code: ExitCode = exitCodes.ok
  for (const { item, name } of items) {
    try {
      const facts = factsOf(item)
      io.stdout.write(values.json ? `${printableJson(facts)}\n` : textOf(name, facts))
    } catch (error) {
      code = failed(error, name, values.json ?? false, io)
    }
  }
  return code
}

function factsOf({ kind, bytes, label }: Item): Facts {
  switch (kind) {
    case 'certificate':
      return certificateFacts(parseCertificate(bytes))
    case 'revocation list':
      return crlFacts(parseCrl(bytes))
    case 'OCSP response':
      return ocspFacts(parseOcspResponse(bytes))
    default:
      return { kind: kind === 'unknown' ? label : kind }
  }
}

function textOf(name: string, { kind, ...facts }: Facts): string {
  return [`${name}: ${kind}`, ...factLines(facts), ''].map(printable).join('\n')
}
