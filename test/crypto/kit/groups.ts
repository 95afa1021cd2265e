/** Key exchange beyond the published values. */
import { createECDH } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type MlKem, mlKem768, mlKem1024 } from '../../../src/crypto/ml-kem.ts'
import { type CryptoProvider, type KeyExchange, KeyExchangeError } from '../../../src/crypto/provider.ts'
import { allOf } from './algorithms.ts'
import { diffieHellman } from './vector-files.ts'

const sizes: Readonly<Record<string, { readonly client: number; readonly server: number; readonly secret: number }>> = {
  X25519MLKEM768: { client: 1216, server: 1120, secret: 64 },
  x25519: { client: 32, server: 32, secret: 32 },
  secp256r1: { client: 65, server: 65, secret: 32 },
  secp384r1: { client: 97, server: 97, secret: 48 },
  secp521r1: { client: 133, server: 133, secret: 66 },
  SecP256r1MLKEM768: { client: 1249, server: 1153, secret: 64 },
  SecP384r1MLKEM1024: { client: 1665, server: 1665, secret: 80 },
  x448: { client: 56, server: 56, secret: 56 },
}

/** What the hybrids are made of (draft-ietf-tls-ecdhe-mlkem §3). */
const hybrids: readonly { readonly name: string; readonly curve: string; readonly kem: MlKem; readonly kemFirst: boolean }[] = [
  { name: 'X25519MLKEM768', curve: 'x25519', kem: mlKem768, kemFirst: true },
  { name: 'SecP256r1MLKEM768', curve: 'secp256r1', kem: mlKem768, kemFirst: false },
  { name: 'SecP384r1MLKEM1024', curve: 'secp384r1', kem: mlKem1024, kemFirst: false },
]

export function groupConformance(provider: CryptoProvider, other: CryptoProvider): void {
  it('offers the groups in the order of preference', () => {
    const [defaults, optional] = [provider.groups, provider.optional?.groups ?? []].map(groups => groups.map(({ name }) => name))
    expect(defaults).toEqual(Object.keys(sizes).slice(0, 5))
    expect(optional).toEqual(Object.keys(sizes).slice(5))
  })

  describe.each(allOf(provider).groups)('$name', group => {
    const { client, server, secret } = sizes[group.name] ?? { client: 0, server: 0, secret: 0 }
    const twin = named(other, group.name)

    it('has shares and secrets of the right length, which differ from time to time', () => {
      const [one, two] = [group.generate(), group.generate()]
      const [first, second] = [group.respond(one.share), group.respond(one.share)]
      expect([one.share.length, first.share.length, first.secret.length]).toEqual([client, server, secret])
      expect(one.share).not.toEqual(two.share)
      expect(first.share).not.toEqual(second.share)
      expect(first.secret).not.toEqual(second.secret)
    })

    it('agrees with the other provider, as client and as server', () => {
      for (let i = 0; i < 4; i++) {
        const asClient = group.generate()
        const theirAnswer = twin.respond(asClient.share)
        expect(asClient.agree(theirAnswer.share)).toEqual(theirAnswer.secret)
        const theirs = twin.generate()
        const ourAnswer = group.respond(theirs.share)
        expect(theirs.agree(ourAnswer.share)).toEqual(ourAnswer.secret)
      }
    })

    it('refuses shares of another length on both sides', () => {
      for (const wrong of [0, 1, client - 1, client + 1]) {
        expect(() => group.respond(new Uint8Array(wrong).fill(4))).toThrow(KeyExchangeError)
      }
      for (const wrong of [0, 1, server - 1, server + 1]) {
        expect(() => group.generate().agree(new Uint8Array(wrong).fill(4))).toThrow(KeyExchangeError)
      }
    })

    it('lets a key pair agree only once', () => {
      const pair = group.generate()
      const { share } = group.respond(pair.share)
      pair.agree(share.slice())
      expect(() => pair.agree(share)).toThrow(TypeError)
    })

    it('keeps no reference to a share', () => {
      const pair = group.generate()
      const answer = group.respond(pair.share.slice())
      const share = answer.share.slice()
      const agreed = pair.agree(share)
      share.fill(0)
      expect(agreed).toEqual(answer.secret)
    })

    it('answers with plain Uint8Arrays', () => {
      const pair = group.generate()
      const answer = group.respond(pair.share)
      for (const value of [pair.share, answer.share, answer.secret, pair.agree(answer.share)]) expect(value.constructor).toBe(Uint8Array)
    })
  })

  it.each([
    ['secp256r1', 'prime256v1'],
    ['secp384r1', 'secp384r1'],
    ['secp521r1', 'secp521r1'],
  ])('%s takes uncompressed points of the curve alone', (name, curve) => {
    const group = named(provider, name)
    const pair = createECDH(curve)
    const point = new Uint8Array(pair.generateKeys())
    const hybrid = new Uint8Array(pair.getPublicKey(null, 'hybrid'))
    const off = point.slice()
    off[off.length - 1] = (off.at(-1) ?? 0) ^ 1
    const outside = new Uint8Array(point.length).fill(0xff)
    outside[0] = 4
    const origin = new Uint8Array(point.length)
    origin[0] = 4
    expect(group.respond(point).secret.length).toBe((point.length - 1) / 2)
    for (const bad of [hybrid, off, outside, origin, new Uint8Array(pair.getPublicKey(null, 'compressed')), Uint8Array.of(0)]) {
      expect(() => group.respond(bad)).toThrow(KeyExchangeError)
      expect(() => group.generate().agree(bad)).toThrow(KeyExchangeError)
    }
  })

  it('refuses private keys that the group does not have', () => {
    expect(() => diffieHellman(provider, 'x25519').pairOf(new Uint8Array(31))).toThrow('x25519')
    expect(() => diffieHellman(provider, 'x448').pairOf(new Uint8Array(57))).toThrow('x448')
    for (const [name, size] of [['secp256r1', 32] as const, ['secp384r1', 48] as const, ['secp521r1', 66] as const]) {
      const group = diffieHellman(provider, name)
      for (const bad of [new Uint8Array(size), new Uint8Array(size).fill(0xff), new Uint8Array(size - 1).fill(1)]) {
        expect(() => group.pairOf(bad)).toThrow(TypeError)
      }
    }
  })

  describe.each(hybrids)('the hybrid $name', ({ name, curve, kem, kemFirst }) => {
    const group = named(provider, name)
    const curveGroup = named(provider, curve)
    const secretSize = sizes[curve]?.secret ?? 0
    const join = (ofKem: Uint8Array, ofCurve: Uint8Array) => new Uint8Array(kemFirst ? [...ofKem, ...ofCurve] : [...ofCurve, ...ofKem])
    /** The ML-KEM part, of `kemSize` bytes, and the curve's; both are views. */
    const split = (whole: Uint8Array, kemSize: number): [Uint8Array, Uint8Array] =>
      kemFirst
        ? [whole.subarray(0, kemSize), whole.subarray(kemSize)]
        : [whole.subarray(whole.length - kemSize), whole.subarray(0, whole.length - kemSize)]

    it('is its two parts in the order of the draft, as client and as server', () => {
      const client = group.generate()
      const [encapsulationKey, point] = split(client.share, kem.encapsulationKeySize)
      const byKem = kem.encapsulate(encapsulationKey, provider.random(32))
      const byCurve = curveGroup.respond(point)
      expect(client.agree(join(byKem.ciphertext, byCurve.share))).toEqual(join(byKem.secret, byCurve.secret))

      const [kemPair, curvePair] = [kem.pairOf(provider.random(64)), curveGroup.generate()]
      const answer = group.respond(join(kemPair.encapsulationKey, curvePair.share))
      const [ciphertext, share] = split(answer.share, kem.ciphertextSize)
      expect(join(kemPair.decapsulate(ciphertext), curvePair.agree(share))).toEqual(answer.secret)
    })

    it('refuses the parts the other way round', () => {
      const [encapsulationKey, point] = split(group.generate().share, kem.encapsulationKeySize)
      const swapped = new Uint8Array(kemFirst ? [...point, ...encapsulationKey] : [...encapsulationKey, ...point])
      // Bytes of a point are no reduced coefficients, and bytes of a key no point, but for a chance too small to be seen.
      expect(() => group.respond(swapped)).toThrow(KeyExchangeError)
    })

    it('checks the encapsulation key: a coefficient that is not reduced is refused', () => {
      const bad = group.generate().share.slice()
      const [encapsulationKey] = split(bad, kem.encapsulationKeySize)
      encapsulationKey[0] = 0xff
      encapsulationKey[1] = (encapsulationKey[1] ?? 0) | 0x0f
      expect(() => group.respond(bad)).toThrow(KeyExchangeError)
    })

    it('refuses zeros for the curve’s part on either side, however good the ML-KEM half', () => {
      const pair = group.generate()
      const low = pair.share.slice()
      split(low, kem.encapsulationKeySize)[1].fill(0)
      expect(() => group.respond(low)).toThrow(KeyExchangeError)
      const answer = group.respond(pair.share).share.slice()
      split(answer, kem.ciphertextSize)[1].fill(0)
      expect(() => pair.agree(answer)).toThrow(KeyExchangeError)
    })

    it('gives an unrelated secret for a forged ciphertext, with the curve’s half untouched', () => {
      const pair = group.generate()
      const { share, secret: expected } = group.respond(pair.share)
      const [ciphertext] = split(share, kem.ciphertextSize)
      ciphertext[5] = (ciphertext[5] ?? 0) ^ 1
      const agreed = pair.agree(share)
      expect(agreed.length).toBe(32 + secretSize)
      const [[forged, ours], [good, theirs]] = [split(agreed, 32), split(expected, 32)]
      expect(forged).not.toEqual(good)
      expect(ours).toEqual(theirs)
    })
  })

  it('gives as many random bytes as were asked for', () => {
    for (const size of [0, 1, 32, 1000]) expect(provider.random(size).length).toBe(size)
    expect(provider.random(32)).not.toEqual(provider.random(32))
  })
}

function named(provider: CryptoProvider, name: string): KeyExchange {
  const group = allOf(provider).groups.find(one => one.name === name)
  if (group === undefined) throw new Error(`${provider.name} lacks ${name}`)
  return group
}
