/** What the commands say about a connection: lines for people, or one JSON object a line. */
import type { Writable } from 'node:stream'
import { TlsError } from '../error.ts'
import { TransportError } from '../node/index.ts'
import type { ConnectionInfo } from '../types.ts'
import { type ExitCode, exitCodes } from './usage.ts'

export interface Reporter {
  listening(at: { host: string; port: number }): void
  connected(info: ConnectionInfo, about: About): void
  closed(about: About & { received: number; sent: number }): void
  failed(error: Error, about: About): void
}

/** Which connection a line is about. */
export interface About {
  /** `HOST:PORT` of the other side. */
  readonly remote: string
  /** The connection's number, where there can be several. */
  readonly connection?: number
  /** Milliseconds since its start. */
  readonly after?: number
}

/** `data` gets what a script waits for (`listening`), `notes` the rest. */
export function createReporter(options: { json: boolean; data: Writable; notes: Writable }): Reporter {
  const line = (to: Writable, text: string) => void to.write(`${text}\n`)
  if (options.json) {
    const event = (to: Writable, name: string, fields: object) => line(to, JSON.stringify({ event: name, ...fields }))
    return {
      listening: at => event(options.data, 'listening', at),
      connected: (info, about) => event(options.notes, 'connected', { ...connectionFields(info), ...about }),
      closed: about => event(options.notes, 'closed', about),
      failed: (error, about) => event(options.notes, 'failed', { ...failureFields(error), ...about }),
    }
  }
  return {
    listening: ({ host, port }) => line(options.data, `listening on ${formatAddress(host, port)}`),
    connected: (info, about) => line(options.notes, describeConnection(info, about)),
    closed: about => line(options.notes, `${label(about)}closed: ${about.received} bytes received, ${about.sent} sent`),
    failed: (error, about) => line(options.notes, `${label(about)}failed: ${describeFailure(error)}`),
  }
}

/** What the process ends with after this error. */
export function exitCodeOf(error: Error): ExitCode {
  return error instanceof TransportError ? exitCodes.transport : exitCodes.tls
}

export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Text that a peer chose, without what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

function connectionFields(info: ConnectionInfo) {
  return {
    protocol: info.protocolVersion,
    cipherSuite: info.cipherSuite,
    group: info.group ?? null,
    signatureScheme: info.signatureScheme ?? null,
    alpn: info.alpn ?? null,
    serverName: info.serverName ?? null,
    resumed: info.resumed,
    retried: info.retried,
    peer: info.peer?.subjects ?? [],
    verified: info.peer?.verified ?? false,
  }
}

function failureFields(error: Error) {
  const { message } = error
  if (error instanceof TlsError) return { alert: error.alert ?? null, origin: error.origin, code: error.code, message }
  if (error instanceof TransportError) return { alert: null, origin: error.origin, code: error.code, message }
  return { alert: null, origin: 'local', code: 'internal', message }
}

/** One line, and where the peer authenticated one for each certificate. */
function describeConnection(info: ConnectionInfo, about: About): string {
  const time = about.after === undefined ? '' : ` in ${about.after.toFixed(1)} ms`
  const agreed = [info.protocolVersion, info.cipherSuite, info.group, info.signatureScheme].filter(item => item !== undefined)
  const extras = [
    info.alpn === undefined ? undefined : `alpn ${info.alpn}`,
    info.serverName === undefined ? undefined : `name ${info.serverName}`,
    info.retried ? 'after a HelloRetryRequest' : undefined,
    info.resumed ? 'resumed' : undefined,
  ].filter(item => item !== undefined)
  const subjects = (info.peer?.subjects ?? []).map((subject, depth) => {
    const trust = depth > 0 ? '' : info.peer?.verified ? ' (verified)' : ' (NOT VERIFIED)'
    return `  certificate ${depth}: ${subject}${trust}`
  })
  return [`${label(about)}connected${time}: ${[agreed.join(' '), ...extras].join(', ')}`, ...subjects].map(printable).join('\n')
}

function describeFailure(error: Error): string {
  if (!(error instanceof TlsError)) return printable(error.message)
  const alert = error.alert === undefined ? '' : error.origin === 'peer' ? `; the peer sent ${error.alert}` : `; sent ${error.alert}`
  return printable(`${error.message} (${error.code}${alert})`)
}

function label({ connection, remote }: About): string {
  return connection === undefined ? `${remote}: ` : `#${connection} ${remote}: `
}
