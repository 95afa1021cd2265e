/** Trust stores: how TLS asks for a verdict on a peer's chain. */
import { TlsError } from '../error.ts'
import type { TrustStore, VerifiedPeer, VerifyRequest } from '../types.ts'
import { equal } from '../wire/bytes.ts'
import type { TrustAnchor } from './anchor.ts'
import { ChainValidator, type ValidatorOptions } from './chain.ts'
import { rawKeyPeer, verifiedPeer } from './verdict.ts'

export interface TrustStoreOptions extends Omit<ValidatorOptions, 'anchors'> {
  /** Each DER, or PEM with one or more certificates, or an anchor by `trustAnchor` or `tassel/roots`. */
  readonly roots: readonly (Uint8Array | string | TrustAnchor)[]
  /** Raw public keys that are believed (RFC 7250), DER SubjectPublicKeyInfo. With them, `roots` may be empty. */
  readonly rawPublicKeys?: readonly Uint8Array[]
}

/**
 * A trust store with these roots. Throws `TypeError` where there is none or one is malformed. `verify` throws a `CertificateError` that
 * names the certificate and the broken rule, and `TypeError` for a request that can't be: no certificate, a name that is no host name, a
 * server without a name, a time that is no number.
 */
export function createTrustStore(options: TrustStoreOptions): TrustStore {
  const { roots, rawPublicKeys = [], ...rest } = options
  const validator = new ChainValidator({ ...rest, anchors: roots })
  if (!validator.hasAnchors && rawPublicKeys.length === 0) throw new TypeError('a trust store needs at least one root')
  return {
    verify(chain: readonly Uint8Array[], request: VerifyRequest): VerifiedPeer {
      if (request.certificateType === 'RawPublicKey') return verifyRawKey(chain, rawPublicKeys)
      const { name, now, purpose } = request
      if (purpose !== 'server' && purpose !== 'client') throw new TypeError(`the purpose is "server" or "client", not ${purpose}`)
      if (purpose === 'server' && name === undefined) throw new TypeError('a server is verified by its name, which is missing')
      const named = name === undefined ? {} : { name }
      const verified = validator.validate(chain, { ...named, now, purpose, keyUsage: ['digitalSignature'] }, true)
      return verifiedPeer(chain, verified)
    },
  }
}

/** A raw public key has neither name nor dates: it is known, or it is not. */
function verifyRawKey(chain: readonly Uint8Array[], known: readonly Uint8Array[]): VerifiedPeer {
  const [spki] = chain
  if (!spki || !known.some(each => equal(each, spki))) throw new TlsError('raw-key-unknown', 'the raw public key is none that is trusted')
  return rawKeyPeer(chain, true)
}
