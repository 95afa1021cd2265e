/** Trust stores side by side, with a cache and without, and what comes of one question in words. */
import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import { TlsError } from '../../../src/error.ts'
import type { TrustStore, VerifiedPeer } from '../../../src/types.ts'
import { toHex } from '../../../src/wire/bytes.ts'
import { CertificateError, verifiedChain } from '../../../src/x509/index.ts'

export type Ask = (store: TrustStore) => VerifiedPeer

/** All that can be told of a verdict or an error. */
export function outcome(store: TrustStore, ask: Ask): unknown {
  try {
    return describe(ask(store))
  } catch (error) {
    if (error instanceof CertificateError) {
      const { code, message, depth, subject, rule, needed } = error
      return { code, message, depth, subject, rule, needed }
    }
    if (error instanceof TlsError || error instanceof TypeError) return { name: error.name, message: error.message }
    throw error
  }
}

function describe(peer: VerifiedPeer): unknown {
  const { chain, spki, subjects, verified } = peer
  const found = verifiedChain(peer)
  return {
    chain: chain.map(toHex),
    spki: toHex(spki),
    subjects,
    verified,
    path: found?.path.map(({ raw }) => toHex(raw)),
    anchor: found && toHex(found.anchor.subject),
    policies: found && [...found.policies],
    revocation: found?.revocation,
    transparency: found?.transparency?.scts.map(({ status, source }) => [status, source]),
  }
}

/** The provider, and how many signatures were verified by it. */
export function counting(crypto: CryptoProvider): { readonly crypto: CryptoProvider; readonly count: () => number } {
  let count = 0
  const verifiers = crypto.verifiers.map(({ scheme, ...verifier }) => ({
    scheme,
    verify: (...args: Parameters<typeof verifier.verify>) => {
      count++
      return verifier.verify(...args)
    },
  }))
  return { crypto: { ...crypto, verifiers }, count: () => count }
}
