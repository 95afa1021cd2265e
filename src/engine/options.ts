/** Options with names and defaults become settings: algorithms, bytes and bounds. Whatever is wrong with them is a `TypeError` here. */
import type { CryptoProvider } from '../crypto/provider.ts'
import { externalCandidates } from '../handshake/psk.ts'
import { leastRecordSize, maxRecordSize } from '../handshake/record-size.ts'
import type { ClientSettings, CommonSettings, ServerSettings } from '../handshake/settings.ts'
import type { ClientOptions, CommonOptions, Identity, Limits, ServerOptions } from '../types.ts'
import { fromText, toHex } from '../wire/bytes.ts'
import { certificateSchemes, chosen, keyShares, signatureVerifiers } from './algorithms.ts'
import { certificateCodecs, certificateTypes, checkIdentity } from './certificate-options.ts'
import { checkTickets, pskCandidates, pskModesOf } from './psk-options.ts'

/** Options of the portable engine, which has no provider of its own. */
export type WithCrypto<O extends CommonOptions> = O & { readonly crypto: CryptoProvider }

export function clientSettings(options: WithCrypto<ClientOptions>): ClientSettings {
  const common = commonSettings(options)
  const { serverName } = options
  if (typeof serverName !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(serverName)) {
    throw new TypeError('serverName is a DNS name in ASCII (an internationalised one as A-labels) or an IP address')
  }
  checkIdentity(options.identity, 'identity')
  // What is shared comes last: V8, in Node 20, takes a microsecond for each field that is new after a spread.
  return {
    serverName,
    // RFC 6066 §3: a DNS name without the trailing dot, never an address.
    sentServerName: isAddress(serverName) || options.sendServerName === false ? undefined : serverName.replace(/\.$/, ''),
    keyShares: keyShares(options.keyShares, common.groups),
    pskCandidates: pskCandidates(options, common),
    earlyData: options.earlyData ?? false,
    postHandshakeAuth: options.postHandshakeAuth ?? false,
    grease: options.grease ?? false,
    ...common,
  }
}

/** `identity` may still be missing: it comes with the answer to `client-hello`. */
export function serverSettings(options: WithCrypto<ServerOptions>): ServerSettings {
  const { identity, clientAuth, certificateAuthorities = [], oidFilters = [] } = options
  const identities: readonly Identity[] = identity === undefined ? [] : Array.isArray(identity) ? identity : [identity]
  for (const each of identities) checkIdentity(each, 'identity')
  if (clientAuth !== undefined && clientAuth !== 'request' && clientAuth !== 'require') {
    throw new TypeError(`clientAuth is 'request' or 'require', not ${String(clientAuth)}`)
  }
  checkTickets(options)
  const common = commonSettings(options)
  const psks = (options.psk ?? []).flatMap(psk => externalCandidates(psk, common.cipherSuites))
  return {
    identities,
    clientAuth,
    clientVerifiers: signatureVerifiers(options.crypto, options.clientSignatureSchemes ?? options.signatureSchemes),
    certificateAuthorities,
    oidFilters,
    cookie: checkCookie(options),
    psks,
    now: options.now,
    maxEarlyData: options.maxEarlyData ?? 0,
    earlyDataWindow: options.earlyDataWindow ?? 10_000,
    ...common,
  }
}

/** `maxEarlyData`: what a server's tickets allow; rejected, it has to be passed over, padding and all. */
export function limitsOf(options: CommonOptions, maxEarlyData = 0): Limits {
  // The same object for most connections, which may be many.
  if (!options.limits && 2 * maxEarlyData <= defaultLimits.skippedEarlyData) return defaultLimits
  const skippedEarlyData = Math.max(defaultLimits.skippedEarlyData, 2 * maxEarlyData)
  const limits = { ...defaultLimits, skippedEarlyData, ...options.limits }
  for (const [name, value] of Object.entries(limits)) {
    if (typeof value !== 'number' || !(value >= 0)) throw new TypeError(`limits.${name} is a number that is not negative, not ${value}`)
  }
  return limits
}

const defaultLimits: Limits = {
  inputBytes: 2 ** 20,
  outputBytes: 2 ** 20,
  handshakeMessage: 2 ** 17,
  certificates: 16,
  emptyRecords: 32,
  changeCipherSpecs: 8,
  keyUpdates: 32,
  certificateRequests: 16,
  tickets: 64,
  skippedEarlyData: 2 ** 16,
  warningAlerts: 4,
}

function commonSettings(options: WithCrypto<CommonOptions>): CommonSettings {
  const { crypto, keyLog } = options
  if (typeof crypto?.random !== 'function')
    throw new TypeError('crypto is a CryptoProvider: createNobleProvider or createNodeProvider makes one')
  if (options.trust && !options.now) throw new TypeError('trust needs a clock: give now, milliseconds since 1970')
  const verifiers = signatureVerifiers(crypto, options.signatureSchemes)
  const limits = limitsOf(options)
  const { compressors, decompressors } = certificateCodecs(options)
  return {
    crypto,
    cipherSuites: chosen('cipherSuites', options.cipherSuites, crypto.cipherSuites, crypto.optional?.cipherSuites),
    groups: chosen('groups', options.groups, crypto.groups, crypto.optional?.groups),
    verifiers,
    certificateSignatureSchemes: certificateSchemes(crypto, options.certificateSignatureSchemes, verifiers),
    alpn: (options.alpn ?? []).map(protocolName),
    pskModes: pskModesOf(options),
    compatibilityMode: options.compatibilityMode ?? true,
    maxCertificates: limits.certificates,
    maxHandshakeMessage: limits.handshakeMessage,
    requestOcsp: options.requestOcsp ?? false,
    requestScts: options.requestScts ?? false,
    compressors,
    decompressors,
    serverCertificateTypes: certificateTypes('serverCertificateTypes', options.serverCertificateTypes),
    clientCertificateTypes: certificateTypes('clientCertificateTypes', options.clientCertificateTypes),
    recordSizeLimit: checkRecordSizeLimit(options),
    shapeExtensions: options.shapeExtensions,
    logSecret: (label, clientRandom, secret) => keyLog?.(`${label} ${toHex(clientRandom)} ${toHex(secret)}`),
  }
}

function checkCookie({ cookie, now }: ServerOptions): ServerSettings['cookie'] {
  if (!cookie) return undefined
  if (!(cookie.key instanceof Uint8Array) || cookie.key.length < 32) throw new TypeError('cookie.key has at least 32 bytes')
  if (!now) throw new TypeError('cookie needs a clock: give now, milliseconds since 1970')
  return cookie
}

function checkRecordSizeLimit({ recordSizeLimit: limit }: CommonOptions): number | undefined {
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= leastRecordSize && limit <= maxRecordSize)) {
    throw new TypeError(`recordSizeLimit is ${leastRecordSize} to ${maxRecordSize} bytes (RFC 8449), not ${limit}`)
  }
  return limit
}

function protocolName(name: string): Uint8Array {
  const bytes = fromText(name)
  if (bytes.length === 0 || bytes.length > 255) throw new TypeError(`alpn: a protocol name has 1 to 255 bytes, not ${bytes.length}`)
  return bytes
}

function isAddress(name: string): boolean {
  return name.includes(':') || /^\d+(\.\d+){3}$/.test(name)
}
