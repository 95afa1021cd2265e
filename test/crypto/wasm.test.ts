import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { aesGcmKey, chacha20Poly1305Key } from '../../src/crypto/noble/aead.ts'
import { createNobleProvider } from '../../src/crypto/noble.ts'
import { createNodeProvider } from '../../src/crypto/node.ts'
import type { AeadKey, CryptoProvider } from '../../src/crypto/provider.ts'
import { wasmAeads } from '../../src/crypto/wasm/aead.ts'
import { type Kernels, kernels } from '../../src/crypto/wasm/kernels.ts'
import { createWasmProvider } from '../../src/crypto/wasm.ts'
import { cipherConformance } from './conformance.ts'

const bytes = (size: number): Uint8Array => new Uint8Array(randomBytes(size))

cipherConformance({ create: limits => createWasmProvider({ random: bytes, ...limits }), other: createNodeProvider() })

const available = kernels()
if (available === undefined) throw new Error('This runtime has no WebAssembly with SIMD')
const module: Kernels = available
const aeads = wasmAeads(module)

type Aeads = ReturnType<typeof wasmAeads>
const aesGcm = { create: aeads.aesGcm, again: (others: Aeads) => others.aesGcm, reference: aesGcmKey }
const chacha = { create: aeads.chacha20Poly1305, again: (others: Aeads) => others.chacha20Poly1305, reference: chacha20Poly1305Key }
const ciphers = [
  { name: 'AES-128-GCM', keySize: 16, ...aesGcm },
  { name: 'AES-256-GCM', keySize: 32, ...aesGcm },
  { name: 'ChaCha20-Poly1305', keySize: 32, ...chacha },
]

it('is the one that wasm serves', () => {
  const { name, cipherSuites } = createWasmProvider({ random: bytes })
  expect([name, cipherSuites[0]?.name]).toEqual(['wasm', 'TLS_CHACHA20_POLY1305_SHA256'])
})

it('has all but its ciphers from noble', () => {
  const outline = ({ groups, verifiers, optional, certificateVerifiers, passwords }: CryptoProvider) => ({
    groups: [groups, optional?.groups].map(list => list?.map(({ name }) => name)),
    verifiers: [verifiers, optional?.verifiers].map(list => list?.map(({ scheme }) => scheme)),
    certificates: certificateVerifiers?.map(({ algorithm }) => algorithm),
    passwords,
  })
  expect(outline(createWasmProvider({ random: bytes }))).toEqual(outline(createNobleProvider({ random: bytes })))
  expect(() => createWasmProvider({ random: undefined as never })).toThrow(TypeError)
})

describe.each(ciphers)('wasm: $name', ({ keySize, create, again, reference }) => {
  const raw = bytes(keySize)
  const nonce = bytes(12)
  let [key, other] = [create(raw), reference(raw)]
  beforeEach(() => {
    key = create(raw)
    other = reference(raw)
  })

  /** Both agree on the sealed text, and the one opens it where it stands at `offset`. */
  function agrees(text: Uint8Array, aad: Uint8Array, offset: number, number = nonce): boolean {
    const sealed = seal(key, number, aad, [text])
    const opened = key.open(number, aad, shifted(sealed, offset))
    return equal(sealed, seal(other, number, aad, [text])) && opened !== undefined && equal(opened, text)
  }

  it('agrees with noble at every length to 1,100 and wherever the bytes lie', () => {
    const all = bytes(1_120)
    const wrong: number[] = []
    for (let length = 0; length <= 1_100; length++) {
      const start = length % 16
      const text = all.subarray(start, start + length)
      if (!agrees(text, all.subarray(length % 20, (length % 20) + (length % 21)), (length * 7) % 16)) wrong.push(length)
    }
    expect(wrong).toEqual([])
  })

  it('agrees with noble at every alignment of each input', () => {
    const all = bytes(400)
    for (let offset = 0; offset < 16; offset++) {
      for (const length of [0, 1, 15, 16, 33, 200]) {
        const [text, aad] = [all.subarray(offset, offset + length), all.subarray(offset + 1, offset + 14)]
        expect(agrees(text, aad, offset, shifted(nonce, offset))).toBe(true)
      }
    }
  })

  it('agrees with noble about data of any length beside the text', () => {
    const text = bytes(50)
    for (const size of [...Array(21).keys(), 511, 512, 513, 2_000, 17_000, 40_001]) expect(agrees(text, bytes(size), 3)).toBe(true)
  })

  it('agrees with noble about texts as long as the longest records, and longer', () => {
    const { textCapacity } = module.layout
    const around = [textCapacity - 1, textCapacity, textCapacity + 1, 2 * textCapacity, 2 * textCapacity + 1]
    for (const size of [1_519, 1_520, 1_521, 1_535, 1_536, 1_537, 1_792, 4_096, 2 ** 14, 2 ** 14 + 1, 2 ** 14 + 256, ...around, 70_000]) {
      expect(agrees(bytes(size), bytes(5), 1)).toBe(true)
    }
    expect(agrees(bytes(70_000), bytes(3_000), 1)).toBe(true)
  })

  it('seals a long text in pieces as it seals it joined', () => {
    const text = bytes(40_000)
    const whole = seal(key, nonce, raw, [text])
    for (const cuts of [[1], [16_768], [17, 16_000, 33_000]]) {
      const edges = [0, ...cuts, text.length]
      const pieces = edges.slice(1).map((end, i) => text.subarray(edges[i], end))
      expect(equal(seal(key, nonce, raw, pieces), whole)).toBe(true)
    }
  })

  it('refuses a long text with a bit flipped, and leaves it as it was', () => {
    const sealed = seal(key, nonce, raw, [bytes(40_000)])
    for (const at of [0, 17_000, 39_999, 40_000, 40_015]) {
      const forged = sealed.slice()
      forged[at] = (forged[at] ?? 0) ^ 0x10
      const before = forged.slice()
      expect(key.open(nonce, raw, forged)).toBeUndefined()
      expect(equal(forged, before)).toBe(true)
    }
  })

  it('leaves neither text nor key in the memory', () => {
    const [text, long] = [bytes(2_000), bytes(30_000)]
    for (const plain of [text, long]) {
      const sealed = seal(key, nonce, raw, [plain])
      expect(holds(plain.subarray(0, 16)) || holds(plain.subarray(-16))).toBe(false)
      expect(key.open(nonce, raw, sealed)).toEqual(plain)
      expect(holds(plain.subarray(0, 16)) || holds(plain.subarray(-16))).toBe(false)
      expect(holdsKey()).toBe(false)
    }
    expect(key.open(nonce, bytes(5), seal(key, nonce, raw, [text]))).toBeUndefined()
    expect(holdsKey()).toBe(false)

    // The additional data is the key here, and stays.
    function holdsKey(): boolean {
      module.memory.fill(0, module.layout.aad, module.layout.aad + module.layout.aadCapacity)
      return holds(raw)
    }
  })

  it('leaves nothing in the memory but what it was sealed or opened to, the layout’s constants and expanded keys', () => {
    const { layout, memory } = module
    key.open(nonce, raw, seal(key, nonce, raw, [bytes(5_000)]))
    const before = memory.slice()
    key.open(bytes(12), bytes(30), seal(key, bytes(12), raw, [bytes(3_000)]))
    key.open(nonce, raw, seal(key, nonce, raw, [bytes(5_000)]))
    const known = [
      [layout.text, layout.textCapacity + 32],
      [layout.aad, layout.aadCapacity + 16],
      [layout.nonce, 16],
    ] as const
    for (const [from, size] of known) for (const array of [before, memory]) array.fill(0, from, from + size)
    expect(equal(before, memory)).toBe(true)
  })

  it('wipes what it was expanded to when it is destroyed', () => {
    const { layout, memory } = module
    const before = memory.slice(layout.contexts)
    const own = create(bytes(keySize))
    seal(own, nonce, raw, [bytes(3_000)])
    own.destroy()
    own.destroy()
    expect(() => own.seal(nonce, raw, [], [])).toThrow(TypeError)
    const after = memory.slice(layout.contexts)
    let strange = 0
    for (let i = 0; i < after.length; i++) if (after[i] !== 0 && after[i] !== before[i]) strange++
    expect(strange).toBe(0)
  })

  it('keeps many keys apart, more than there are contexts, in any order', () => {
    const count = 3 * module.layout.contextCount + 5
    const text = bytes(40)
    const all = Array.from({ length: count }, () => {
      const own = bytes(keySize)
      return { key: create(own), sealed: seal(reference(own), nonce, raw, [text]) }
    })
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < count; i++) {
        const { key, sealed } = all[(i * [1, 7, 64][round]!) % count]!
        if ((i + round) % 5 === 0) expect(equal(seal(key, nonce, raw, [text]), sealed)).toBe(true)
        else expect(key.open(nonce, raw, sealed.slice())).toEqual(text)
      }
    }
    for (const [i, { key }] of all.entries()) if (i % 3 === 0) key.destroy()
    for (const [i, { key, sealed }] of all.entries()) if (i % 3 !== 0) expect(key.open(nonce, raw, sealed)).toEqual(text)
  })

  it('serves several providers that share the memory', () => {
    const [one, two] = [bytes(keySize), bytes(keySize)]
    const [a, b] = [create(one), again(wasmAeads(module))(two)]
    const text = bytes(100)
    for (let i = 0; i < 3; i++) {
      expect(equal(seal(a, nonce, raw, [text]), seal(reference(one), nonce, raw, [text]))).toBe(true)
      expect(equal(seal(b, nonce, raw, [text]), seal(reference(two), nonce, raw, [text]))).toBe(true)
    }
  })
})

function seal(key: AeadKey, nonce: Uint8Array, aad: Uint8Array, plain: readonly Uint8Array[]): Uint8Array {
  const out: Uint8Array[] = []
  key.seal(nonce, aad, plain, out)
  return new Uint8Array(Buffer.concat(out))
}

/** A copy that begins at an offset of its buffer. */
function shifted(data: Uint8Array, offset: number): Uint8Array {
  const buffer = new Uint8Array(offset + data.length)
  buffer.set(data, offset)
  return buffer.subarray(offset)
}

/** Much faster than `toEqual` on long arrays. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function holds(needle: Uint8Array): boolean {
  return Buffer.from(module.memory.buffer).includes(Buffer.from(needle))
}
