/** Trust stores: how TLS asks for a verdict on a peer's chain. */
import { TlsError } from '../error.ts'
import type { TrustStore, VerifiedPeer, VerifyRequest } from '../types.ts'
import { equal } from '../wire/bytes.ts'
import { type CacheLimits, ChainCache } from './cache/chain-cache.ts'
import { parseCertificate } from './certificate/certificate.ts'
import { type ChainRequest, ChainValidator, type RememberedVerdict, type ValidatorOptions } from './chain.ts'
import { CertificateError } from './error.ts'
import type { TrustAnchor } from './path/anchor.ts'
import { sha256 } from './sha256.ts'
import { firstUsePeer, rawKeyPeer, verifiedPeer } from './verdict.ts'

export interface TrustStoreOptions extends Omit<ValidatorOptions, 'anchors'> {
  /** Each DER, or PEM with one or more certificates, or an anchor by `trustAnchor` or `tassel/roots`. */
  readonly roots: readonly (Uint8Array | string | TrustAnchor)[]
  /** Raw public keys that are believed (RFC 7250), DER SubjectPublicKeyInfo. With them, `roots` may be empty. */
  readonly rawPublicKeys?: readonly Uint8Array[]
  /**
   * Asked where no path leads to a root, and the end entity's own rules (name, dates, usages) are kept: whether it is believed all the same,
   * as SSH does it with a host that it sees for the first time. Default: never. With it, `roots` may be empty. Of what is asked of whole paths
   * only `pins` are asked, of the end entity's key; a policy that requires transparency or a revocation status goes with it not at all.
   */
  readonly firstUse?: (seen: FirstUse) => boolean
  /** What the peer's certificate has to be for, in the place of its role in TLS: anything, or the dotted OID of an extended key usage. */
  readonly purpose?: 'any' | (string & {})
  /**
   * Whether a server's name is left to the application, which then has to compare it, in its own way, before it believes the verdict.
   * Default: false.
   */
  readonly anyName?: boolean
  /** Milliseconds since 1970 at which chains are judged, in the place of the connection's clock. */
  readonly time?: number
  /**
   * How much is remembered of peers that were believed, so that they cost less when they come again: certificates, signatures, verdicts. What is
   * refused is never remembered, and no outcome depends on what is. Default: what `CacheLimits` says; `false`: nothing.
   */
  readonly cache?: false | Partial<CacheLimits>
}

/** A peer that no root vouches for. */
export interface FirstUse {
  readonly name: string | undefined
  readonly chain: readonly Uint8Array[]
  /** The SHA-256 hash of the end entity's SubjectPublicKeyInfo, 32 bytes: what to remember, and to compare next time. */
  readonly keyHash: Uint8Array
}

/**
 * A trust store with these roots. Throws `TypeError` where there is none or one is malformed. `verify` throws a `CertificateError` that
 * names the certificate and the broken rule, and `TypeError` for a request that can't be: no certificate, a name that is no host name, a
 * server without a name, a time that is no number.
 */
export function createTrustStore(options: TrustStoreOptions): TrustStore {
  const { roots, rawPublicKeys = [], firstUse, purpose, anyName = false, time, cache, ...rest } = options
  const memory = cache === false ? undefined : new ChainCache<RememberedVerdict>(cache)
  const validator = new ChainValidator({ ...rest, anchors: roots }, memory)
  if (!validator.hasAnchors && rawPublicKeys.length === 0 && !firstUse) throw new TypeError('a trust store needs at least one root')
  if (firstUse && (rest.transparency?.policy === 'require' || rest.revocation?.mode === 'hard')) {
    throw new TypeError('firstUse believes without a path, which can neither be known to logs nor to be not revoked')
  }
  return {
    verify(chain: readonly Uint8Array[], request: VerifyRequest): VerifiedPeer {
      if (request.certificateType === 'RawPublicKey') return verifyRawKey(chain, rawPublicKeys)
      const asked = chainRequest(anyName ? { ...request, name: undefined } : request, anyName)
      try {
        const validated = validator.validate(chain, { ...asked, purpose: purpose ?? asked.purpose, now: time ?? asked.now }, true)
        return verifiedPeer(chain, validated)
      } catch (error) {
        const unknown = error instanceof CertificateError && error.code === 'issuer-unknown'
        if (!unknown || !firstUse) throw error
        const seen = firstUseOf(chain, request, options)
        if (rest.pins?.every(pin => !equal(pin, seen.keyHash)) || !firstUse(seen)) throw error
        return firstUsePeer(chain)
      }
    },
  }
}

function chainRequest({ name, now, purpose, ocsp, scts, crls, fetchedOcsp }: VerifyRequest, anyName: boolean): ChainRequest {
  if (purpose !== 'server' && purpose !== 'client') throw new TypeError(`the purpose is "server" or "client", not ${purpose}`)
  if (purpose === 'server' && name === undefined && !anyName) throw new TypeError('a server is verified by its name, which is missing')
  return {
    now,
    purpose,
    keyUsage: ['digitalSignature'],
    ...(name !== undefined && { name }),
    ...(ocsp && { ocsp }),
    ...(scts && { scts }),
    ...(crls && { crls }),
    ...(fetchedOcsp && { fetchedOcsp }),
  }
}

function firstUseOf(chain: readonly Uint8Array[], { name }: VerifyRequest, { crypto }: TrustStoreOptions): FirstUse {
  const [leaf] = chain
  if (!leaf) throw new TypeError('a chain has at least one certificate')
  return { name, chain, keyHash: sha256(crypto, parseCertificate(leaf).publicKey.raw) }
}

/** A raw public key has neither name nor dates: it is known, or it is not. */
function verifyRawKey(chain: readonly Uint8Array[], known: readonly Uint8Array[]): VerifiedPeer {
  const [spki] = chain
  if (!spki || !known.some(each => equal(each, spki))) throw new TlsError('raw-key-unknown', 'the raw public key is none that is trusted')
  return rawKeyPeer(chain, true)
}
