/**
 * The curves of the defaults, by the arithmetic of @noble/curves. Its ready-made ones are passed by: their files want a TextEncoder to load, and they
 * look for the random bytes that blind secret scalars in a global, doing without where there is none.
 */
import { type EdDSA, eddsa, edwards } from '@noble/curves/abstract/edwards.js'
import { type MontgomeryECDH, montgomery } from '@noble/curves/abstract/montgomery.js'
import { type ECDSA, ecdsa, weierstrass } from '@noble/curves/abstract/weierstrass.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'

export interface Curves {
  /** ECDSA with the hash that TLS 1.3 pairs with the curve, and ECDH. */
  readonly secp256r1: ECDSA
  readonly secp384r1: ECDSA
  readonly secp521r1: ECDSA
  readonly ed25519: EdDSA
  readonly x25519: MontgomeryECDH
}

export function createCurves(random: (size: number) => Uint8Array): Curves {
  const randomBytes = (size = 32) => new Uint8Array(random(size))
  // Low s is Bitcoin's rule: TLS knows none, and half of what the world signs would fail it.
  const options = { lowS: false, randomBytes }
  const edwards25519 = edwards(edwards25519Parameters, { randomBytes })
  return {
    secp256r1: ecdsa(weierstrass(p256, { randomBytes }), sha256, options),
    secp384r1: ecdsa(weierstrass(p384, { randomBytes }), sha384, options),
    secp521r1: ecdsa(weierstrass(p521, { randomBytes }), sha512, options),
    ed25519: eddsa(edwards25519, sha512, { adjustScalarBytes, randomBytes, zip215: false }),
    x25519: createX25519(edwards25519),
  }
}

/** RFC 7748 §5; public keys by the tables of the equivalent Edwards curve (§4.1), which takes a third of the ladder's time. */
function createX25519({ BASE, Fp, Fn }: ReturnType<typeof edwards>): MontgomeryECDH {
  const inverse = (value: bigint): bigint => Fp.pow(value, Fp.ORDER - 2n)
  return montgomery({
    P: Fp.ORDER,
    type: 'x25519',
    adjustScalarBytes,
    powPminus2: inverse,
    scalarMultBase(scalar) {
      const { Y, Z } = BASE.multiply(Fn.create(scalar))
      return Fp.mul(Fp.add(Z, Y), inverse(Fp.sub(Z, Y)))
    },
  })
}

/** RFC 8032 §5.1.5, step 2, and decodeScalar25519 of RFC 7748 §5. */
function adjustScalarBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const scalar = new Uint8Array(bytes)
  scalar[0] = (scalar[0] ?? 0) & 248
  scalar[31] = ((scalar[31] ?? 0) & 127) | 64
  return scalar
}

// ── Parameters: SP 800-186 §3.2.1, RFC 8032 §5.1. `p` is the field, `n` the order of the point (Gx, Gy), `h` the cofactor ──

const p256 = {
  p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  h: 1n,
  a: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 4n,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  Gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  Gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
}

const p384 = {
  p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
  n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  h: 1n,
  a: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 4n,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  Gx: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
  Gy: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
}

const p521 = {
  p: 2n ** 521n - 1n,
  n: 0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  h: 1n,
  a: 2n ** 521n - 4n,
  b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  Gx: 0x00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66n,
  Gy: 0x011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650n,
}

const edwards25519Parameters = {
  p: 2n ** 255n - 19n,
  n: 2n ** 252n + 27742317777372353535851937790883648493n,
  h: 8n,
  a: 2n ** 255n - 20n,
  d: 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n,
  Gx: 0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an,
  Gy: 0x6666666666666666666666666666666666666666666666666666666666666658n,
}
