import { createHmac, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { shortHmacSha256 } from '../../src/crypto/wasm/hmac.ts'
import { kernels } from '../../src/crypto/wasm/kernels.ts'

const module = kernels()
if (module === undefined) throw new Error('This runtime has no WebAssembly with SIMD')
const { memory } = module

const other = new Uint8Array(32).fill(7)
const hmac = shortHmacSha256(module, () => other)

it('agrees with OpenSSL under keys and with messages of every length', () => {
  const wrong: string[] = []
  for (let keySize = 0; keySize <= 64; keySize++) {
    for (let size = keySize % 5; size <= 512; size += 5) {
      const [key, data] = [randomBytes(keySize), randomBytes(size)]
      const expected = createHmac('sha256', key).update(data).digest()
      if (!expected.equals(hmac(key, data))) wrong.push(`${keySize}, ${size}`)
    }
  }
  expect(wrong).toEqual([])
})

it('leaves what is longer to another', () => {
  expect(hmac(new Uint8Array(65), new Uint8Array(1))).toBe(other)
  expect(hmac(new Uint8Array(1), new Uint8Array(513))).toBe(other)
})

it('leaves nothing in the memory, whatever was there', () => {
  for (const size of [0, 54, 55, 56, 63, 64, 119, 300, 512]) {
    memory.fill(0, module.layout.text, module.layout.text + module.layout.textCapacity)
    const before = memory.slice()
    hmac(randomBytes(64), randomBytes(size))
    expect(Buffer.compare(memory, before), `${size} bytes`).toBe(0)
  }
})

it('gives a copy, and leaves key and message as they are', () => {
  const [key, data] = [new Uint8Array(32).fill(1), new Uint8Array(54).fill(2)]
  const mac = hmac(key, data)
  const kept = mac.slice()
  hmac(data, key)
  expect(mac).toEqual(kept)
  expect([key, data]).toEqual([new Uint8Array(32).fill(1), new Uint8Array(54).fill(2)])
})
