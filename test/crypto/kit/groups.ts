/** Key exchange beyond the published values. */
import { createECDH } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type CryptoProvider, type KeyExchange, KeyExchangeError } from '../../../src/crypto/provider.ts'
import { diffieHellman } from './vector-files.ts'

const sizes: Readonly<Record<string, { readonly client: number; readonly server: number; readonly secret: number }>> = {
  X25519MLKEM768: { client: 1216, server: 1120, secret: 64 },
  x25519: { client: 32, server: 32, secret: 32 },
  secp256r1: { client: 65, server: 65, secret: 32 },
  secp384r1: { client: 97, server: 97, secret: 48 },
  secp521r1: { client: 133, server: 133, secret: 66 },
}

export function groupConformance(provider: CryptoProvider, other: CryptoProvider): void {
  it('offers the groups in the order of preference', () => {
    expect(provider.groups.map(({ name }) => name)).toEqual(Object.keys(sizes))
  })

  describe.each(provider.groups)('$name', group => {
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
    for (const [name, size] of [['secp256r1', 32] as const, ['secp384r1', 48] as const, ['secp521r1', 66] as const]) {
      const group = diffieHellman(provider, name)
      for (const bad of [new Uint8Array(size), new Uint8Array(size).fill(0xff), new Uint8Array(size - 1).fill(1)]) {
        expect(() => group.pairOf(bad)).toThrow(TypeError)
      }
    }
  })

  describe('the hybrid', () => {
    const group = named(provider, 'X25519MLKEM768')

    it('checks the encapsulation key: a coefficient that is not reduced is refused', () => {
      const { share } = group.generate()
      const bad = share.slice()
      bad[0] = 0xff
      bad[1] = (bad[1] ?? 0) | 0x0f
      expect(() => group.respond(bad)).toThrow(KeyExchangeError)
    })

    it('refuses a point whose secret would be zero on either side, however good the ML-KEM half', () => {
      const pair = group.generate()
      const low = pair.share.slice()
      low.fill(0, 1184)
      expect(() => group.respond(low)).toThrow(KeyExchangeError)
      const answer = group.respond(pair.share).share.slice()
      answer.fill(0, 1088)
      expect(() => pair.agree(answer)).toThrow(KeyExchangeError)
    })

    it('gives an unrelated secret for a forged ciphertext, with the X25519 half untouched', () => {
      const pair = group.generate()
      const { share, secret: expected } = group.respond(pair.share)
      share[5] = (share[5] ?? 0) ^ 1
      const agreed = pair.agree(share)
      expect(agreed.subarray(0, 32)).not.toEqual(expected.subarray(0, 32))
      expect(agreed.subarray(32)).toEqual(expected.subarray(32))
    })
  })

  it('gives as many random bytes as were asked for', () => {
    for (const size of [0, 1, 32, 1000]) expect(provider.random(size).length).toBe(size)
    expect(provider.random(32)).not.toEqual(provider.random(32))
  })
}

function named(provider: CryptoProvider, name: string): KeyExchange {
  const group = provider.groups.find(one => one.name === name)
  if (group === undefined) throw new Error(`${provider.name} lacks ${name}`)
  return group
}
