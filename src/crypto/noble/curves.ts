/**
 * The curves of @noble/curves, bound to the provider's randomness. noble blinds secret scalars with random bytes; its ready-made
 * curves look for them in a global, and do without where there is none. X25519 is taken ready-made: its keys here serve once.
 */
import { type EdDSA, eddsa, edwards } from '@noble/curves/abstract/edwards.js'
import { type ECDSA, ecdsa, weierstrass } from '@noble/curves/abstract/weierstrass.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'

export interface Curves {
  /** ECDSA with the hash that TLS 1.3 pairs with the curve, and ECDH. */
  readonly secp256r1: ECDSA
  readonly secp384r1: ECDSA
  readonly secp521r1: ECDSA
  readonly ed25519: EdDSA
}

export function createCurves(random: (size: number) => Uint8Array): Curves {
  const randomBytes = (size = 32) => new Uint8Array(random(size))
  // Low s is Bitcoin's rule: TLS knows none, and half of what the world signs would fail it.
  const options = { lowS: false, randomBytes }
  return {
    secp256r1: ecdsa(weierstrass(p256.Point.CURVE(), { randomBytes }), sha256, options),
    secp384r1: ecdsa(weierstrass(p384.Point.CURVE(), { randomBytes }), sha384, options),
    secp521r1: ecdsa(weierstrass(p521.Point.CURVE(), { randomBytes }), sha512, options),
    ed25519: eddsa(edwards(ed25519.Point.CURVE(), { randomBytes }), sha512, { adjustScalarBytes, zip215: false }),
  }
}

/** RFC 8032 §5.1.5, step 2. */
function adjustScalarBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const scalar = new Uint8Array(bytes)
  scalar[0] = (scalar[0] ?? 0) & 248
  scalar[31] = ((scalar[31] ?? 0) & 127) | 64
  return scalar
}
