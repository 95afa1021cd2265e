/** Trust stores: roots that a peer's chain must lead to. */
import type { CryptoProvider } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import type { TrustStore, VerifiedPeer, VerifyRequest } from '../types.ts'
import { equal, toHex } from '../wire/bytes.ts'
import { readCertificate } from './certificate.ts'
import { certificateList, parseOwn } from './keys.ts'
import { referenceName } from './names.ts'
import { findPath, type PathLimits } from './path.ts'
import { type Link, rootLink, sentLink } from './rules.ts'
import { rawKeyPeer, verifiedPeer } from './verdict.ts'

export interface TrustStoreOptions {
  /** Each DER, or PEM with one or more certificates. */
  readonly roots: readonly (Uint8Array | string)[]
  /** Raw public keys that are believed (RFC 7250), DER SubjectPublicKeyInfo. With them, `roots` may be empty. */
  readonly rawPublicKeys?: readonly Uint8Array[]
  /** Its `verifiers` decide which signatures, and which sizes of keys, count. */
  readonly crypto: CryptoProvider
  /** Whether signatures by the provider's optional schemes count too: Ed448, ML-DSA. Default: false. */
  readonly optionalSchemes?: boolean
  readonly limits?: Partial<PathLimits>
}

/**
 * A trust store with these roots. Throws `TypeError` where there is none or one is malformed. `verify` throws a `TlsError` that names the
 * certificate and the broken rule, and `TypeError` for a request that can't be: no certificate, a name that is no host name, a server
 * without a name, a time that is no number.
 */
export function createTrustStore(options: TrustStoreOptions): TrustStore {
  const { crypto, optionalSchemes = false } = options
  const verifiers = optionalSchemes ? [...crypto.verifiers, ...(crypto.optional?.verifiers ?? [])] : crypto.verifiers
  const limits = { signatures: 32, intermediates: 8, ...options.limits }
  const { rawPublicKeys = [] } = options
  const roots = indexRoots(options.roots, rawPublicKeys.length > 0)
  const rootsNamed = (name: Uint8Array): readonly Link[] => roots.get(toHex(name)) ?? []
  return {
    verify(chain: readonly Uint8Array[], request: VerifyRequest): VerifiedPeer {
      if (request.certificateType === 'RawPublicKey') return verifyRawKey(chain, rawPublicKeys)
      const circumstances = checkRequest(request)
      const [first, ...rest] = chain
      if (!first) throw new TypeError('a chain has at least one certificate')
      const leaf = readLink(first, 0)
      const intermediates = rest.map((der, i) => readLink(der, i + 1))
      findPath({ ...circumstances, leaf, intermediates, rootsNamed, verifiers, limits })
      return verifiedPeer(chain, [leaf.certificate, ...intermediates.map(({ certificate }) => certificate)])
    },
  }
}

/** A raw public key has neither name nor dates: it is known, or it is not. */
function verifyRawKey(chain: readonly Uint8Array[], known: readonly Uint8Array[]): VerifiedPeer {
  const [spki] = chain
  if (!spki || !known.some(each => equal(each, spki))) throw new TlsError('raw-key-unknown', 'the raw public key is none that is trusted')
  return rawKeyPeer(chain, true)
}

function readLink(der: Uint8Array, position: number): Link {
  return sentLink(readCertificate(der, `certificate ${position}`), position)
}

/** By subject. */
function indexRoots(sources: readonly (Uint8Array | string)[], mayBeEmpty: boolean): Map<string, Link[]> {
  const index = new Map<string, Link[]>()
  for (const [i, der] of sources.flatMap(certificateList).entries()) {
    const root = rootLink(parseOwn(der, `root ${i}`))
    const key = toHex(root.certificate.subject.raw)
    index.set(key, [...(index.get(key) ?? []), root])
  }
  if (index.size === 0 && !mayBeEmpty) throw new TypeError('a trust store needs at least one root')
  return index
}

function checkRequest({ name, now, purpose }: VerifyRequest) {
  if (!Number.isFinite(now)) throw new TypeError(`the time is a number of milliseconds since 1970, not ${now}`)
  if (purpose !== 'server' && purpose !== 'client') throw new TypeError(`the purpose is "server" or "client", not ${purpose}`)
  if (purpose === 'server' && name === undefined) throw new TypeError('a server is verified by its name, which is missing')
  return { name: name === undefined ? undefined : referenceName(name), now, purpose }
}
