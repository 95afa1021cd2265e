/** What `tassel cert` says: trees of facts as lines for people or as JSON, and what was wrong. */
import { TlsError } from '../../error.ts'
import { CertificateError } from '../../x509/index.ts'
import type { Io } from '../io.ts'
import { printable, printableJson } from '../report.ts'
import { type ExitCode, exitCodes } from '../usage.ts'

/** Facts under their names; what is `undefined` is not there. */
export interface Facts {
  readonly [name: string]: Fact | undefined
}

export type Fact = string | number | boolean | readonly (string | Facts)[] | Facts

/** One fact a line, those within others further in. Lists of texts stand in one line where they are short. */
export function factLines(facts: Facts, indent = '  '): string[] {
  return Object.entries(facts).flatMap(([name, fact]) => (fact === undefined ? [] : lines(name, fact, indent)))
}

/** Says on standard error why it came to nothing; the exit status for it. What is neither is thrown again. */
export function failed(error: unknown, command: string, json: boolean, io: Io): ExitCode {
  if (!(error instanceof TlsError)) throw error
  const { code, message } = error
  const { depth, subject, rule, needed } = error instanceof CertificateError ? error : {}
  if (json) {
    const details = { depth: depth ?? null, subject: subject ?? null, rule: rule ?? null, needed: needed ?? null }
    io.stderr.write(`${printableJson({ event: 'failed', code, message, ...details })}\n`)
    return exitCodes.tls
  }
  // Most messages name the certificate themselves.
  const where = subject === undefined || message.includes(subject) ? [] : [`  certificate ${depth ?? '?'}: ${subject}`]
  const sources = needed ? factLines({ ...needed }) : []
  const said = [`${command}: ${message} (${[code, rule].filter(part => part !== undefined).join('; ')})`, ...where, ...sources]
  io.stderr.write(`${said.map(printable).join('\n')}\n`)
  return exitCodes.tls
}

function lines(name: string, fact: Fact, indent: string): string[] {
  if (typeof fact !== 'object') return [`${indent}${name}: ${fact}`]
  const items: readonly (string | Facts)[] | undefined = Array.isArray(fact) ? fact : undefined
  if (!items) return [`${indent}${name}:`, ...factLines(fact as Facts, `${indent}  `)]
  const line = `${indent}${name}: ${items.length === 0 ? 'none' : items.join(', ')}`
  if (items.every(item => typeof item === 'string') && line.length <= 120) return [line]
  return [`${indent}${name}:`, ...items.flatMap(item => itemLines(item, `${indent}  `))]
}

function itemLines(item: string | Facts, indent: string): string[] {
  if (typeof item === 'string') return [`${indent}${item}`]
  const [first = '', ...rest] = factLines(item, '')
  return [`${indent}- ${first}`, ...rest.map(line => `${indent}  ${line}`)]
}
