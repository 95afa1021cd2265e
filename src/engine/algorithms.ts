/** Names become algorithms. A name that is not known, or twice there, is a `TypeError`. */
import { type CodePointNames, codePointOf, signatureSchemeNames } from '../crypto/code-points.ts'
import type { CipherSuite, CodePoint, CryptoProvider, KeyExchange, SignatureVerifier } from '../crypto/provider.ts'

/** Those that `names` names, in its order; the defaults where no names are given. What is optional has to be named. */
export function chosen<T extends CipherSuite | KeyExchange>(
  option: string,
  names: readonly string[] | undefined,
  defaults: readonly T[],
  optional: readonly T[] = [],
): readonly T[] {
  if (names === undefined) return defaults
  const available = [...defaults, ...optional]
  if (names.length === 0) throw new TypeError(`${option} is empty`)
  return unique(option, names).map(name => {
    const found = available.find(each => each.name === name)
    if (!found) throw new TypeError(`${option}: ${name} is not among ${available.map(each => each.name).join(', ')}`)
    return found
  })
}

export function signatureVerifiers(crypto: CryptoProvider, names: readonly string[] | undefined): readonly SignatureVerifier[] {
  const defaults = defaultsOf(crypto).verifiers
  if (names === undefined) return defaults
  const available = [...defaults, ...(crypto.optional?.verifiers ?? [])]
  return schemes('signatureSchemes', names).map(scheme => {
    const found = available.find(each => each.scheme === scheme)
    if (found) return found
    const name = signatureSchemeNames.get(scheme)
    throw new TypeError(
      `signatureSchemes: ${name} is ${certificatesOnly(scheme) ? 'for certificates only' : 'not provided'} (RFC 9846 §4.3.3)`,
    )
  })
}

export function certificateSchemes(
  crypto: CryptoProvider,
  names: readonly string[] | undefined,
  verifiers: readonly SignatureVerifier[],
): readonly CodePoint[] {
  if (names !== undefined) return schemes('certificateSignatureSchemes', names)
  return [...verifiers.map(each => each.scheme), ...defaultsOf(crypto).certificatesOnly]
}

/** What a provider's verifiers are for, found once: it is asked for by every connection. */
interface Defaults {
  readonly verifiers: readonly SignatureVerifier[]
  readonly certificatesOnly: readonly CodePoint[]
}

const defaults = new WeakMap<CryptoProvider, Defaults>()

function defaultsOf(crypto: CryptoProvider): Defaults {
  const known = defaults.get(crypto)
  if (known) return known
  const found = {
    verifiers: crypto.verifiers.filter(each => !certificatesOnly(each.scheme)),
    certificatesOnly: crypto.verifiers.map(each => each.scheme).filter(certificatesOnly),
  }
  defaults.set(crypto, found)
  return found
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

export function keyShares(names: readonly string[] | undefined, groups: readonly KeyExchange[]): readonly KeyExchange[] {
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

export function unique(option: string, names: readonly string[]): readonly string[] {
  for (const [i, name] of names.entries()) if (names.indexOf(name) !== i) throw new TypeError(`${option}: ${name} is named twice`)
  return names
}
