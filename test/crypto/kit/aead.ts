/** AEADs and hashes beyond the published values. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { AeadKey, CipherSuite, CryptoProvider } from '../../../src/crypto/provider.ts'
import { allOf } from './algorithms.ts'

const bytes = (size: number): Uint8Array => new Uint8Array(randomBytes(size))

export function aeadConformance(provider: CryptoProvider, other: CryptoProvider): void {
  it('has AES-CCM on request alone', () => {
    const names = ({ cipherSuites }: Pick<CryptoProvider, 'cipherSuites'>) => cipherSuites.map(({ name }) => name)
    const [aes128, aes256, chacha] = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
    expect(names(provider).sort()).toEqual([aes128, aes256, chacha])
    expect(names(provider.optional ?? { cipherSuites: [] })).toEqual(['TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_8_SHA256'])
  })

  it('keeps the limits of RFC 9846 §5.5 and RFC 9147 §4.5.3', () => {
    const limits = allOf(provider).cipherSuites.map(({ id, aead }) => [id, aead.tagSize, Math.log2(aead.sealLimit)])
    const wanted: Readonly<Record<number, readonly [number, number]>> = {
      4865: [16, 24.5],
      4866: [16, 24.5],
      4867: [16, Number.POSITIVE_INFINITY],
      4868: [16, 23],
      4869: [8, 23],
    }
    for (const [id = 0, tagSize, limit] of limits) {
      expect(tagSize).toBe(wanted[id]?.[0])
      expect(limit).toBeCloseTo(wanted[id]?.[1] ?? 0)
      expect(limit).toBeLessThanOrEqual(wanted[id]?.[1] ?? 0)
    }
  })

  describe.each(allOf(provider).cipherSuites)('$name', suite => {
    const raw = bytes(suite.aead.keySize)
    const key = suite.aead.key(raw)
    const nonce = bytes(12)
    const aad = bytes(5)

    it('is known to the other provider under the same name and sizes', () => {
      const twin = twinOf(suite, other)
      expect([twin.name, twin.hash.name, twin.aead.keySize, twin.aead.tagSize, twin.aead.sealLimit]).toEqual([
        suite.name,
        suite.hash.name,
        suite.aead.keySize,
        suite.aead.tagSize,
        suite.aead.sealLimit,
      ])
    })

    it('seals what the other provider opens, whatever the length and wherever the bytes lie', () => {
      const peer = twinOf(suite, other).aead.key(raw)
      for (const size of [...Array(70).keys(), 255, 256, 1023, 16384, 16385]) {
        const text = bytes(size)
        const sealed = seal(key, nonce, aad, [text])
        expect(sealed.length).toBe(size + suite.aead.tagSize)
        for (const offset of [0, 1, 2, 3, 5]) expect(peer.open(nonce, aad, shifted(sealed, offset))).toEqual(text)
      }
    })

    it('authenticates data of any length beside the text', () => {
      const peer = twinOf(suite, other).aead.key(raw)
      const text = bytes(20)
      for (const size of [0, 1, 13, 14, 15, 16, 29, 30, 31, 300, 0xfeff]) {
        const beside = bytes(size)
        expect(peer.open(nonce, beside, seal(key, nonce, beside, [text]))).toEqual(text)
      }
    })

    it('seals pieces as it seals them joined', () => {
      const text = bytes(100)
      const whole = seal(key, nonce, aad, [text])
      for (const cuts of [[0], [1], [16], [99], [100], [16, 32], [1, 1, 17, 99], [0, 100]]) {
        const edges = [0, ...cuts, 100]
        const pieces = edges.slice(1).map((end, i) => text.subarray(edges[i], end))
        expect(seal(key, nonce, aad, pieces)).toEqual(whole)
      }
      expect(seal(key, nonce, aad, [])).toEqual(seal(key, nonce, aad, [new Uint8Array(0)]))
    })

    it('refuses a record with any bit flipped, in its body, its header or its nonce', () => {
      for (const size of [0, 1, 16, 37]) {
        const sealed = seal(key, nonce, aad, [bytes(size)])
        let refused = 0
        for (const [which, part] of [sealed, aad, nonce].entries()) {
          for (let bit = 0; bit < part.length * 8; bit++) {
            const flipped = part.slice()
            flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
            const parts = [sealed.slice(), aad, nonce]
            parts[which] = flipped
            const [body = sealed, header = aad, number = nonce] = parts
            if (key.open(number, header, body) === undefined) refused++
          }
        }
        expect(refused).toBe((sealed.length + aad.length + nonce.length) * 8)
      }
    })

    it('refuses what is shorter than a tag, and every shortened record', () => {
      const sealed = seal(key, nonce, aad, [bytes(20)])
      for (let size = 0; size < sealed.length; size++) expect(key.open(nonce, aad, sealed.slice(0, size))).toBeUndefined()
    })

    it('leaves nothing of the text behind where it refuses a record', () => {
      const text = bytes(48)
      const forged = seal(key, nonce, aad, [text])
      forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
      expect(key.open(nonce, aad, forged)).toBeUndefined()
      expect(Buffer.from(forged).includes(Buffer.from(text.subarray(0, 8)))).toBe(false)
    })

    it('opens further records after a forgery', () => {
      const text = bytes(50)
      const sealed = seal(key, nonce, aad, [text])
      expect(key.open(nonce, aad, bytes(66))).toBeUndefined()
      expect(key.open(nonce, aad, sealed.slice())).toEqual(text)
    })

    it('keeps no reference to what it was given', () => {
      const [ownRaw, ownNonce, ownAad, text] = [raw.slice(), nonce.slice(), aad.slice(), bytes(40)]
      const expected = seal(key, nonce, aad, [text])
      const own = suite.aead.key(ownRaw)
      ownRaw.fill(0)
      const out: Uint8Array[] = []
      own.seal(ownNonce, ownAad, [text], out)
      for (const argument of [ownNonce, ownAad, text]) argument.fill(0)
      expect(joined(out)).toEqual(expected)
    })

    it('keeps what it opened when it opens and seals more', () => {
      const [first, second] = [bytes(64), bytes(64)]
      const opened = key.open(nonce, aad, seal(key, nonce, aad, [first]))
      key.open(nonce, aad, seal(key, nonce, aad, [second]))
      expect(opened).toEqual(first)
    })

    it('refuses keys and nonces of another length, and a destroyed key', () => {
      expect(() => suite.aead.key(bytes(suite.aead.keySize - 1))).toThrow(TypeError)
      expect(() => key.open(bytes(11), aad, bytes(40))).toThrow(TypeError)
      expect(() => key.seal(bytes(13), aad, [], [])).toThrow(TypeError)
      const spent = suite.aead.key(raw)
      spent.destroy()
      expect(() => spent.open(nonce, aad, bytes(40))).toThrow(TypeError)
      expect(() => spent.seal(nonce, aad, [], [])).toThrow(TypeError)
    })

    it('answers with plain Uint8Arrays', () => {
      const out: Uint8Array[] = []
      key.seal(nonce, aad, [bytes(3)], out)
      const opened = key.open(nonce, aad, joined(out))
      expect([...out, opened].map(one => one?.constructor)).toEqual([...out, opened].map(() => Uint8Array))
    })
  })
}

export function hashConformance(provider: CryptoProvider): void {
  const hashes = new Map(provider.cipherSuites.map(({ hash }) => [hash.name, hash]))
  describe.each([...hashes.values()])('$name', hash => {
    it('agrees with OpenSSL at every length up to two blocks, in one piece and in two', () => {
      for (let size = 0; size <= 256; size++) {
        const data = bytes(size)
        const expected = new Uint8Array(createHash(hash.name).update(data).digest())
        expect(hash.create().update(data).digest()).toEqual(expected)
        const cut = size >> 1
        expect(hash.create().update(data.subarray(0, cut)).update(data.subarray(cut)).digest()).toEqual(expected)
      }
    })

    it('computes HMAC under keys of any length', () => {
      for (const size of [0, 1, 32, 63, 64, 65, 127, 128, 129, 300]) {
        const [key, data] = [bytes(size), bytes(size)]
        expect(hash.hmac(key, data)).toEqual(new Uint8Array(createHmac(hash.name, key).update(data).digest()))
      }
    })

    it('clones a state that goes its own way', () => {
      const data = bytes(100)
      const running = hash.create().update(data)
      const copy = running.clone()
      running.update(bytes(7))
      const copyOfCopy = copy.clone()
      expect(copy.digest()).toEqual(hash.create().update(data).digest())
      expect(copyOfCopy.update(data).digest()).toEqual(hash.create().update(data).update(data).digest())
    })

    it('keeps no reference to what it was given', () => {
      const [data, key] = [bytes(10), bytes(10)]
      const expected = hash.create().update(data).digest()
      const running = hash.create().update(data)
      const mac = hash.hmac(key, data)
      const before = mac.slice()
      data.fill(0)
      key.fill(0)
      expect(running.digest()).toEqual(expected)
      expect(mac).toEqual(before)
    })
  })
}

function twinOf(suite: CipherSuite, provider: CryptoProvider): CipherSuite {
  const twin = allOf(provider).cipherSuites.find(({ id }) => id === suite.id)
  if (twin === undefined) throw new Error(`${provider.name} lacks ${suite.name}`)
  return twin
}

function seal(key: AeadKey, nonce: Uint8Array, aad: Uint8Array, plain: readonly Uint8Array[]): Uint8Array {
  const out: Uint8Array[] = []
  key.seal(nonce, aad, plain, out)
  return joined(out)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** A copy that begins at an offset of its buffer, as a record does in a chunk. */
function shifted(data: Uint8Array, offset: number): Uint8Array {
  const buffer = new Uint8Array(offset + data.length)
  buffer.set(data, offset)
  return buffer.subarray(offset)
}
