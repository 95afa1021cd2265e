/** Options with names and defaults become settings: algorithms, bytes and bounds. Whatever is wrong with them is a `TypeError` here. */
import { type CodePointNames, codePointOf, signatureSchemeNames } from '../crypto/code-points.ts'
import type { CipherSuite, CodePoint, CryptoProvider, KeyExchange, SignatureVerifier } from '../crypto/provider.ts'
import { externalCandidates, type PskCandidate, type PskMode } from '../handshake/psk.ts'
import { claim, expiryOf, type SessionState, stateOf } from '../handshake/session.ts'
import type { ClientSettings, CommonSettings, ServerSettings } from '../handshake/settings.ts'
import type { ClientOptions, CommonOptions, ExternalPsk, Identity, Limits, ServerOptions } from '../types.ts'
import { fromText, toHex } from '../wire/bytes.ts'
import { parseCertificate } from '../x509/certificate.ts'

/** Options of the portable engine, which has no provider of its own. */
export type WithCrypto<O extends CommonOptions> = O & { readonly crypto: CryptoProvider }

export function clientSettings(options: WithCrypto<ClientOptions>): ClientSettings {
  const common = commonSettings(options)
  const { serverName } = options
  if (typeof serverName !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(serverName)) {
    throw new TypeError('serverName is a DNS name in ASCII (an internationalised one as A-labels) or an IP address')
  }
  checkIdentity(options.identity, 'identity')
  return {
    ...common,
    serverName,
    // RFC 6066 §3: a DNS name without the trailing dot, never an address.
    sentServerName: isAddress(serverName) ? undefined : serverName.replace(/\.$/, ''),
    keyShares: keyShares(options.keyShares, common.groups),
    pskCandidates: pskCandidates(options, common),
    earlyData: options.earlyData ?? false,
  }
}

/** `identity` may still be missing: it comes with the answer to `client-hello`. */
export function serverSettings(options: WithCrypto<ServerOptions>): ServerSettings {
  const { identity, clientAuth, certificateAuthorities = [] } = options
  const identities: readonly Identity[] = identity === undefined ? [] : Array.isArray(identity) ? identity : [identity]
  for (const each of identities) checkIdentity(each, 'identity')
  if (clientAuth !== undefined && clientAuth !== 'request' && clientAuth !== 'require') {
    throw new TypeError(`clientAuth is 'request' or 'require', not ${String(clientAuth)}`)
  }
  checkTickets(options)
  const common = commonSettings(options)
  const psks = (options.psk ?? []).flatMap(psk => externalCandidates(psk, common.cipherSuites))
  return {
    ...common,
    identities,
    clientAuth,
    certificateAuthorities,
    psks,
    now: options.now,
    maxEarlyData: options.maxEarlyData ?? 0,
    earlyDataWindow: options.earlyDataWindow ?? 10_000,
  }
}

/** A session is offered once. Throws `TypeError` where it was offered before. */
export function claimSession({ session }: ClientOptions): void {
  if (session && !claim(session)) throw new TypeError('this session was offered already: a ticket that is used twice shows who comes back')
}

/** Whether it is what an application gives as an external PSK. Throws `TypeError` where it is one that can't be used. */
export function isExternalPsk(value: unknown): value is ExternalPsk {
  if (typeof value !== 'object' || value === null || !('identity' in value) || !('key' in value)) return false
  checkPsk(value as ExternalPsk)
  return true
}

export function limitsOf(options: CommonOptions): Limits {
  const limits = { ...defaultLimits, ...options.limits }
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
  return {
    crypto,
    cipherSuites: chosen('cipherSuites', options.cipherSuites, crypto.cipherSuites),
    groups: chosen('groups', options.groups, crypto.groups),
    verifiers,
    certificateSignatureSchemes: certificateSchemes(crypto, options.certificateSignatureSchemes, verifiers),
    alpn: (options.alpn ?? []).map(protocolName),
    pskModes: pskModesOf(options),
    compatibilityMode: options.compatibilityMode ?? true,
    maxCertificates: limitsOf(options).certificates,
    shapeExtensions: options.shapeExtensions,
    logSecret: (label, clientRandom, secret) => keyLog?.(`${label} ${toHex(clientRandom)} ${toHex(secret)}`),
  }
}

/** Those of `available` that `names` names, in the order of `names`; all of them where no names are given. */
function chosen<T extends CipherSuite | KeyExchange>(
  option: string,
  names: readonly string[] | undefined,
  available: readonly T[],
): readonly T[] {
  if (names === undefined) return available
  if (names.length === 0) throw new TypeError(`${option} is empty`)
  return unique(option, names).map(name => {
    const found = available.find(each => each.name === name)
    if (!found) throw new TypeError(`${option}: ${name} is not among ${available.map(each => each.name).join(', ')}`)
    return found
  })
}

function signatureVerifiers(crypto: CryptoProvider, names: readonly string[] | undefined): readonly SignatureVerifier[] {
  const available = crypto.verifiers.filter(each => !certificatesOnly(each.scheme))
  if (names === undefined) return available
  return schemes('signatureSchemes', names).map(scheme => {
    const found = available.find(each => each.scheme === scheme)
    if (found) return found
    const name = signatureSchemeNames.get(scheme)
    throw new TypeError(
      `signatureSchemes: ${name} is ${certificatesOnly(scheme) ? 'for certificates only' : 'not provided'} (RFC 9846 §4.3.3)`,
    )
  })
}

function certificateSchemes(
  crypto: CryptoProvider,
  names: readonly string[] | undefined,
  verifiers: readonly SignatureVerifier[],
): readonly CodePoint[] {
  if (names !== undefined) return schemes('certificateSignatureSchemes', names)
  const extra = crypto.verifiers.filter(each => certificatesOnly(each.scheme))
  return [...verifiers, ...extra].map(each => each.scheme)
}

function schemes(option: string, names: readonly string[]): readonly CodePoint[] {
  if (names.length === 0) throw new TypeError(`${option} is empty`)
  return unique(option, names).map(name => known(option, signatureSchemeNames, name))
}

function known(option: string, registry: CodePointNames, name: string): CodePoint {
  const code = codePointOf(registry, name)
  if (code === undefined) throw new TypeError(`${option}: ${name} is not among ${[...registry.values()].join(', ')}`)
  return code
}

function certificatesOnly(scheme: CodePoint): boolean {
  return signatureSchemeNames.get(scheme)?.startsWith('rsa_pkcs1_') ?? false
}

function keyShares(names: readonly string[] | undefined, groups: readonly KeyExchange[]): readonly KeyExchange[] {
  if (names === undefined) return defaultKeyShares(groups)
  const wanted = new Set(names.length === 0 ? [] : chosen('keyShares', names, groups))
  // Shares go in the order of the groups (RFC 9846 §4.3.8).
  return groups.filter(group => wanted.has(group))
}

/** The preferred group; beside a hybrid, which an older server does not know, X25519 too, so that it needs no retry. */
function defaultKeyShares(groups: readonly KeyExchange[]): readonly KeyExchange[] {
  const [first] = groups
  if (!first?.name.includes('MLKEM')) return groups.slice(0, 1)
  return groups.filter(group => group === first || group.name === 'x25519')
}

function pskModesOf({ pskModes = ['psk_dhe_ke'], psk = [] }: CommonOptions): readonly PskMode[] {
  for (const each of psk) checkPsk(each)
  for (const mode of unique('pskModes', pskModes)) {
    if (mode !== 'psk_ke' && mode !== 'psk_dhe_ke') throw new TypeError(`pskModes: ${String(mode)} is neither psk_dhe_ke nor psk_ke`)
  }
  return pskModes
}

function checkPsk({ identity, key, hash, context }: ExternalPsk): void {
  if (!(identity instanceof Uint8Array) || identity.length === 0 || identity.length > 0xff00) {
    throw new TypeError('psk.identity has 1 to 65,280 bytes')
  }
  if (!(key instanceof Uint8Array) || key.length < 16) throw new TypeError('psk.key has at least 16 bytes (RFC 9257)')
  if (hash !== undefined && hash !== 'sha256' && hash !== 'sha384') throw new TypeError(`psk.hash is sha256 or sha384, not ${String(hash)}`)
  if (context !== undefined && !(context instanceof Uint8Array)) throw new TypeError('psk.context is a Uint8Array')
}

/** The session, where it can still be resumed, and the external PSKs; asked for at each hello, since the age of a ticket counts on. */
function pskCandidates(options: WithCrypto<ClientOptions>, { cipherSuites }: CommonSettings): () => readonly PskCandidate[] {
  const { session, serverName, now, psk = [], trust } = options
  const external = psk.flatMap(each => externalCandidates(each, cipherSuites))
  if (!session) return () => external
  const state = stateOf(session)
  if (!state) throw new TypeError('session is not a Session: the fact session gives one, and sessionFromBytes')
  if (!now) throw new TypeError('session needs a clock: give now, milliseconds since 1970')
  if (session.serverName !== serverName) throw new TypeError(`session is one with ${session.serverName}, not with ${serverName}`)
  return () => [...resumable(state, now(), cipherSuites, trust !== undefined), ...external]
}

/** None once the session has expired, its suite is disabled, or its peer's certificate is none that would be believed now. */
function resumable(state: SessionState, now: number, suites: readonly CipherSuite[], believing: boolean): readonly PskCandidate[] {
  const suite = suites.find(each => each.id === state.cipher_suite)
  if (!suite || now >= expiryOf(state)) return []
  const [leaf] = state.peer_chain
  if (believing && (!leaf || state.peer_verified !== 1 || parseCertificate(leaf).notAfter < now)) return []
  const age = Math.max(0, Math.floor(now - state.issued_at))
  const obfuscatedAge = (age + state.ticket_age_add) % 2 ** 32
  return [{ identity: state.ticket, secret: state.psk, hash: suite.hash, origin: 'res', session: state, obfuscatedAge }]
}

function checkTickets({
  tickets = 'none',
  ticketCount = 2,
  ticketLifetime = 0,
  maxEarlyData = 0,
  earlyDataGuard,
  now,
}: ServerOptions): void {
  const isKeys = typeof tickets === 'object' && typeof tickets.keys === 'function'
  if (tickets !== 'none' && tickets !== 'ask' && !isKeys) throw new TypeError("tickets are TicketKeys, 'ask' or 'none'")
  if (tickets !== 'none' && !now) throw new TypeError('tickets need a clock: give now, milliseconds since 1970')
  if (!Number.isInteger(ticketCount) || ticketCount < 0 || ticketCount > 255)
    throw new TypeError('ticketCount is a whole number from 0 to 255')
  if (!Number.isInteger(maxEarlyData) || maxEarlyData < 0 || maxEarlyData >= 2 ** 32)
    throw new TypeError('maxEarlyData is a number of bytes below 2^32')
  if (maxEarlyData > 0 && tickets === 'none') throw new TypeError('maxEarlyData needs tickets: early data comes with a session')
  const canGuard = earlyDataGuard === undefined || earlyDataGuard === 'ask' || typeof earlyDataGuard.claim === 'function'
  if (!canGuard) throw new TypeError("earlyDataGuard is a ReplayGuard or 'ask'")
  if (maxEarlyData > 0 && tickets === 'ask' && !earlyDataGuard)
    throw new TypeError('maxEarlyData needs earlyDataGuard where the application keeps the sessions')
  if (!(ticketLifetime >= 0 && ticketLifetime <= 604_800)) throw new TypeError('ticketLifetime is 0 to 604,800 seconds (RFC 9846 §4.7.1)')
}

function protocolName(name: string): Uint8Array {
  const bytes = fromText(name)
  if (bytes.length === 0 || bytes.length > 255) throw new TypeError(`alpn: a protocol name has 1 to 255 bytes, not ${bytes.length}`)
  return bytes
}

function checkIdentity(identity: Identity | null | undefined, option: string): void {
  if (identity === undefined || identity === null) return
  if (!Array.isArray(identity.chain) || identity.chain.length === 0) throw new TypeError(`${option}.chain holds at least one certificate`)
  if (!identity.chain.every(each => each instanceof Uint8Array && each.length > 0))
    throw new TypeError(`${option}.chain holds DER certificates`)
  if (!Array.isArray(identity.key?.schemes)) throw new TypeError(`${option}.key is a PrivateKey with its signature schemes`)
}

function unique(option: string, names: readonly string[]): readonly string[] {
  for (const [i, name] of names.entries()) if (names.indexOf(name) !== i) throw new TypeError(`${option}: ${name} is named twice`)
  return names
}

function isAddress(name: string): boolean {
  return name.includes(':') || /^\d+(\.\d+){3}$/.test(name)
}
