/** Options with names and defaults become settings: algorithms, bytes and bounds. Whatever is wrong with them is a `TypeError` here. */
import { type CodePointNames, codePointOf, signatureSchemeNames } from '../crypto/code-points.ts'
import type { CipherSuite, CodePoint, CryptoProvider, KeyExchange, SignatureVerifier } from '../crypto/provider.ts'
import type { ClientSettings, CommonSettings, ServerSettings } from '../handshake/settings.ts'
import type { ClientOptions, CommonOptions, Identity, Limits, ServerOptions } from '../types.ts'
import { fromText, toHex } from '../wire/bytes.ts'

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
  return { ...commonSettings(options), identities, clientAuth, certificateAuthorities }
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
