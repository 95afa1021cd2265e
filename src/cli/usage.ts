/** The command line's own mistakes: what is wrong with the arguments, before anything is connected. */
import { parseArgs } from 'node:util'

/** Wrong usage: the message names the argument and what was expected. The command ends with `exitCodes.usage`. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const exitCodes = {
  /** The connection was closed in order. */
  ok: 0,
  /** TLS failed: the handshake, a certificate, an alert, a truncation. */
  tls: 1,
  usage: 2,
  /** The transport failed: refused, reset, timed out, no such host. */
  transport: 3,
  /** Ended by the user, as shells count SIGINT. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** What a command takes: each option a switch, or with a value; the last one counts, or all do (`multiple`). */
export type Flags = Readonly<Record<string, Flag>>

interface Flag {
  readonly type: 'boolean' | 'string'
  readonly short?: string
  readonly multiple?: true
}

export type Values<F extends Flags> = { readonly [Name in keyof F]?: Value<F[Name]> | undefined }

type Value<F extends Flag> = F['type'] extends 'boolean' ? boolean : F extends { readonly multiple: true } ? string[] : string

/** `parseArgs`, strict, with errors that name the argument. */
export function parseArguments<const F extends Flags>(args: readonly string[], options: F): { values: Values<F>; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], options: { ...options }, strict: true, allowPositionals: true })
  } catch (error) {
    // Node's advice on how to pass a positional argument that starts with a dash is of no use here.
    throw new UsageError(error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error))
  }
}

/** Runs what takes the arguments' values; what it finds wrong with them (`TypeError`) is wrong usage. */
export function orUsageError<T>(run: () => T, prefix = ''): T {
  try {
    return run()
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(`${prefix}${error.message}`) : error
  }
}

/** `HOST:PORT`, `[::1]:PORT`; the port 1 to 65535. */
export function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):([^:]*)$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (match === null || host === undefined || host === '') {
    const hint =
      text.split(':').length > 2 ? 'an IPv6 address goes into brackets, [::1]:443' : 'expected HOST:PORT, such as example.com:443'
    throw new UsageError(`"${text}" is not an address: ${hint}`)
  }
  return { host, port: parsePort(match[3] ?? '', 1) }
}

/** A decimal port number from `least` to 65535. */
export function parsePort(text: string, least: number): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port >= least && port <= 65_535) return port
  throw new UsageError(`"${text}" is not a port: expected a number from ${least} to 65535`)
}

/** A whole number from `least` to `most`. */
export function parseCount(option: string, text: string, least: number, most: number): number {
  const count = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (count >= least && count <= most) return count
  throw new UsageError(`--${option} "${text}": expected a number from ${least} to ${most}`)
}

/** `a,b`: at least one item, none of them empty. */
export function parseList(option: string, text: string): string[] {
  const items = text.split(',').map(item => item.trim())
  if (items.includes('')) throw new UsageError(`--${option} ${JSON.stringify(text)}: expected names separated by commas`)
  return items
}
