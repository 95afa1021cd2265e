/** JA4: a name for what a ClientHello looks like, the same for all connections of one kind of client (FoxIO's technical details of JA4, version 1). */
import { sha256 } from '@noble/hashes/sha2.js'
import { fromText, toHex, toText } from '../wire/bytes.ts'
import { find } from '../wire/extensions.ts'
import { decodeMessage } from '../wire/messages.ts'

/** Of a ClientHello over TCP, the handshake message with its header. Throws `DecodeError` for one that is malformed. */
export function fingerprint(message: Uint8Array): string {
  const { cipher_suites, extensions } = decodeMessage('client_hello', message).body
  const suites = cipher_suites.filter(isReal)
  const types = extensions.map(({ type }) => type).filter(isReal)
  const schemes = (find(extensions, 'signature_algorithms') ?? []).filter(isReal)
  const protocols = find(extensions, 'application_layer_protocol_negotiation') ?? []
  const head = [
    't',
    versionText(find(extensions, 'supported_versions') ?? []),
    types.includes(serverName) ? 'd' : 'i',
    countText(suites.length),
    countText(types.length),
    protocolText(protocols[0]),
  ]
  const kinds = sortedText(types.filter(type => type !== serverName && type !== alpn))
  return `${head.join('')}_${digest(sortedText(suites))}_${digest(schemes.length > 0 ? `${kinds}_${schemes.map(hex).join(',')}` : kinds)}`
}

const serverName = 0
const alpn = 16

/** Reserved values (RFC 8701) differ from hello to hello. */
function isReal(codePoint: number): boolean {
  return (codePoint & 0x0f0f) !== 0x0a0a || codePoint >> 8 !== (codePoint & 0xff)
}

function versionText(versions: readonly number[]): string {
  const highest = Math.max(0x0303, ...versions.filter(isReal))
  return highest === 0x0304 ? '13' : '12'
}

function countText(count: number): string {
  return String(Math.min(count, 99)).padStart(2, '0')
}

/** First and last character of the first protocol; where one is no letter or digit, of its hexadecimal form. */
function protocolText(protocol: Uint8Array | undefined): string {
  if (protocol === undefined || protocol.length === 0) return '00'
  const text = toText(protocol)
  const isPlain = /^[0-9A-Za-z]$/
  const [first, last] = [text.charAt(0), text.charAt(text.length - 1)]
  if (isPlain.test(first) && isPlain.test(last)) return first + last
  const digits = toHex(protocol)
  return digits.charAt(0) + digits.charAt(digits.length - 1)
}

function sortedText(codePoints: readonly number[]): string {
  return codePoints.map(hex).sort().join(',')
}

function hex(codePoint: number): string {
  return codePoint.toString(16).padStart(4, '0')
}

function digest(list: string): string {
  return list === '' ? '000000000000' : toHex(sha256(fromText(list))).slice(0, 12)
}
