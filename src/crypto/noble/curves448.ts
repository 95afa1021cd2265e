/** The curves of 448 bits, in a file of their own: who does without them need not load them. As those of `curves.ts` by the arithmetic alone. */
import { type EdDSA, eddsa, edwards } from '@noble/curves/abstract/edwards.js'
import { Field } from '@noble/curves/abstract/modular.js'
import { type MontgomeryECDH, montgomery } from '@noble/curves/abstract/montgomery.js'
import { shake256 } from '@noble/hashes/sha3.js'
import { createHasher } from '@noble/hashes/utils.js'
import { concat } from '../../wire/bytes.ts'

export interface Curves448 {
  readonly ed448: EdDSA
  readonly x448: MontgomeryECDH
}

export function createCurves448(random: (size: number) => Uint8Array): Curves448 {
  return { ed448: createEd448((size = 57) => new Uint8Array(random(size))), x448: createX448() }
}

/** RFC 8032 §5.2. Coordinates and scalars take 57 bytes: 448 bits, and one for the sign of x. */
function createEd448(randomBytes: (size?: number) => Uint8Array<ArrayBuffer>): EdDSA {
  const { p, n } = edwards448Parameters
  const inFull = { BITS: 456, isLE: true }
  const curve = edwards(edwards448Parameters, { Fp: Field(p, inFull), Fn: Field(n, inFull), randomBytes })
  const shake256x114 = createHasher(() => shake256.create({ dkLen: 114 }))
  return eddsa(curve, shake256x114, {
    adjustScalarBytes: adjustScalarBytes448,
    domain: (data: Uint8Array) => concat(dom4, data),
    randomBytes,
    zip215: false,
  })
}

/** dom4(0, "") of RFC 8032 §2: "SigEd448", and an empty context. */
const dom4 = Uint8Array.of(0x53, 0x69, 0x67, 0x45, 0x64, 0x34, 0x34, 0x38, 0, 0)

/** RFC 7748 §5, by the ladder alone. */
function createX448(): MontgomeryECDH {
  const { p } = edwards448Parameters
  const field = Field(p)
  return montgomery({ P: p, type: 'x448', adjustScalarBytes: adjustScalarBytes448, powPminus2: value => field.pow(value, p - 2n) })
}

/** RFC 8032 §5.2.5, step 2, of 57 bytes, and decodeScalar448 of RFC 7748 §5, of 56. */
function adjustScalarBytes448(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const scalar = new Uint8Array(bytes)
  scalar[0] = (scalar[0] ?? 0) & 252
  scalar[55] = (scalar[55] ?? 0) | 128
  scalar.fill(0, 56)
  return scalar
}

/** RFC 8032 §5.2: `p` is the field, `n` the order of the point (Gx, Gy), `h` the cofactor. */
const edwards448Parameters = {
  p: 2n ** 448n - 2n ** 224n - 1n,
  n: 2n ** 446n - 13818066809895115352007386748515426880336692474882178609894547503885n,
  h: 4n,
  a: 1n,
  d: 2n ** 448n - 2n ** 224n - 39082n,
  Gx: 0x4f1970c66bed0ded221d15a622bf36da9e146570470f1767ea6de324a3d3a46412ae1af72ab66511433b80e18b00938e2626a82bc70cc05en,
  Gy: 0x693f46716eb6bc248876203756c9c7624bea73736ca3984087789c1e05a0c2d73ad3ff1ce67c39c4fdbd132c4ed7c8ad9808795bf230fa14n,
}
