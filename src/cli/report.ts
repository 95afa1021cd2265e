/** What the commands say about a connection: lines for people, or one JSON object a line. */
import type { Writable } from 'node:stream'
import { TlsError } from '../error.ts'
import { TransportError } from '../node/index.ts'
import type { ConnectionInfo } from '../types.ts'
import { type ExitCode, exitCodes } from './usage.ts'

export interface Reporter {
  listening(at: { host: string; port: number }): void
  connected(info: ConnectionInfo, more: ConnectionDetails, about: About): void
  happened(happening: Happening, about: About): void
  closed(about: About & { received: number; sent: number }): void
  failed(error: Error, about: About): void
}

/** What `ConnectionInfo` does not hold. */
export interface ConnectionDetails {
  readonly earlyData: 'accepted' | 'rejected' | 'none'
  /** The name of the PSK that the sides proved themselves with. */
  readonly pskIdentity: string | undefined
  /** The stapled OCSP response, DER. It is shown, not checked. */
  readonly ocsp: Uint8Array | undefined
  /** Whether the peer's certificates came compressed. */
  readonly compressed: boolean
}

/** What may happen between `connected` and `closed`; the fields are those of the JSON object. */
export type Happening =
  | { readonly event: 'session'; readonly expires: number; readonly maxEarlyData: number; readonly file: string | null }
  /** `bytes` came or went early; `resent` went as ordinary data, at a client. */
  | { readonly event: 'early-data'; readonly accepted: boolean; readonly bytes: number; readonly resent: number }
  | { readonly event: 'keys-updated'; readonly direction: 'in' | 'out' }
  /** `offered`: whether the client lets itself be asked. */
  | { readonly event: 'peer-authenticated'; readonly offered: boolean; readonly peer: readonly string[]; readonly verified: boolean }
  /** `value` in hexadecimal. */
  | { readonly event: 'exported'; readonly label: string; readonly length: number; readonly value: string }

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
    const event = (to: Writable, name: string, fields: object) => line(to, printableJson({ event: name, ...fields }))
    return {
      listening: at => event(options.data, 'listening', at),
      connected: (info, more, about) => event(options.notes, 'connected', { ...connectionFields(info, more), ...about }),
      happened: (happening, about) => event(options.notes, happening.event, { ...happening, ...about }),
      closed: about => event(options.notes, 'closed', about),
      failed: (error, about) => event(options.notes, 'failed', { ...failureFields(error), ...about }),
    }
  }
  return {
    listening: ({ host, port }) => line(options.data, `listening on ${formatAddress(host, port)}`),
    connected: (info, more, about) => line(options.notes, describeConnection(info, more, about)),
    happened: (happening, about) => {
      const text = describeHappening(happening)
      if (text !== undefined) line(options.notes, `${label(about)}${printable(text)}`)
    },
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

/** As `JSON.stringify`, and as above: escaped where a terminal would obey, or a reader see another text than there is. */
export function printableJson(value: object): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, character =>
    Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )
}

function connectionFields(info: ConnectionInfo, { earlyData, pskIdentity, ocsp, compressed }: ConnectionDetails) {
  return {
    protocol: info.protocolVersion,
    cipherSuite: info.cipherSuite,
    group: info.group ?? null,
    signatureScheme: info.signatureScheme ?? null,
    alpn: info.alpn ?? null,
    serverName: info.serverName ?? null,
    resumed: info.resumed,
    pskIdentity: pskIdentity ?? null,
    earlyData,
    retried: info.retried,
    peer: info.peer?.subjects ?? [],
    certificateType: info.peer?.certificateType ?? null,
    certificateCompressed: compressed,
    verified: info.peer?.verified ?? false,
    ocsp: ocsp === undefined ? null : Buffer.from(ocsp).toString('base64'),
  }
}

function failureFields(error: Error) {
  const { message } = error
  if (error instanceof TlsError) return { alert: error.alert ?? null, origin: error.origin, code: error.code, message }
  if (error instanceof TransportError) return { alert: null, origin: error.origin, code: error.code, message }
  return { alert: null, origin: 'local', code: 'internal', message }
}

/** One line, and where the peer authenticated one for each certificate. */
function describeConnection(info: ConnectionInfo, more: ConnectionDetails, about: About): string {
  const time = about.after === undefined ? '' : ` in ${about.after.toFixed(1)} ms`
  const agreed = [info.protocolVersion, info.cipherSuite, info.group, info.signatureScheme].filter(item => item !== undefined)
  const extras = [
    info.alpn === undefined ? undefined : `alpn ${info.alpn}`,
    info.serverName === undefined ? undefined : `name ${info.serverName}`,
    info.retried ? 'after a HelloRetryRequest' : undefined,
    info.resumed ? 'resumed' : undefined,
    more.pskIdentity === undefined ? undefined : `psk ${more.pskIdentity}`,
    more.earlyData === 'none' ? undefined : `early data ${more.earlyData}`,
    more.compressed ? 'certificates compressed' : undefined,
  ].filter(item => item !== undefined)
  const subjects = describePeer(info.peer?.subjects ?? [], info.peer?.verified ?? false)
  const staple = more.ocsp === undefined ? [] : [`  OCSP response: ${more.ocsp.length} bytes, not checked`]
  return [`${label(about)}connected${time}: ${[agreed.join(' '), ...extras].join(', ')}`, ...subjects, ...staple].map(printable).join('\n')
}

function describePeer(subjects: readonly string[], verified: boolean): string[] {
  return subjects.map((subject, depth) => {
    const trust = depth > 0 ? '' : verified ? ' (verified)' : ' (NOT VERIFIED)'
    return `  certificate ${depth}: ${subject}${trust}`
  })
}

/** `undefined` where people have no use for it. */
function describeHappening(happening: Happening): string | undefined {
  switch (happening.event) {
    case 'session':
      return happening.file === null ? undefined : `session written to ${happening.file}, good until ${timeOf(happening.expires)}`
    case 'early-data':
      return `early data ${happening.accepted ? 'accepted' : 'rejected'}: ${happening.bytes} bytes, ${happening.resent} sent after the handshake`
    case 'keys-updated':
      return `keys updated: ${happening.direction === 'in' ? 'receiving' : 'sending'}`
    case 'peer-authenticated':
      if (!happening.offered) return 'the client does not offer to authenticate after the handshake'
      if (happening.peer.length === 0) return 'authenticated: the client has no certificate to offer'
      return `authenticated: ${happening.peer.join(' / ')}${happening.verified ? ' (verified)' : ' (NOT VERIFIED)'}`
    case 'exported':
      return `exported ${happening.label}: ${happening.value}`
  }
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

function describeFailure(error: Error): string {
  if (!(error instanceof TlsError)) return printable(error.message)
  const alert = error.alert === undefined ? '' : error.origin === 'peer' ? `; the peer sent ${error.alert}` : `; sent ${error.alert}`
  return printable(`${error.message} (${error.code}${alert})`)
}

function label({ connection, remote }: About): string {
  return connection === undefined ? `${remote}: ` : `#${connection} ${remote}: `
}
