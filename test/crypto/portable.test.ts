/** The portable providers need nothing of the runtime but the language. They must not be imported here before the globals are gone. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

const absent = ['crypto', 'TextEncoder', 'TextDecoder', 'atob', 'btoa', 'console']

/** Bytes that differ from call to call; nothing here is secret. */
let count = 0
const random = (size: number): Uint8Array => new Uint8Array(size).map((_, i) => (i * 37 + count++ * 101 + 1) & 0xff)

beforeEach(() => {
  for (const name of absent) vi.stubGlobal(name, undefined)
})
afterEach(() => {
  vi.unstubAllGlobals()
})

it('loads and works where there is no global but the language’s own', async () => {
  const { createNobleProvider } = await import('../../src/crypto/noble.ts')
  const { allOf } = await import('./kit/algorithms.ts')
  const { groups, cipherSuites } = allOf(createNobleProvider({ random }))
  for (const group of groups) {
    const pair = group.generate()
    const { share, secret } = group.respond(pair.share)
    expect(pair.agree(share)).toEqual(secret)
  }
  for (const { hash, aead } of cipherSuites) {
    const key = aead.key(random(aead.keySize))
    const [nonce, aad, text] = [random(12), hash.create().update(random(3)).digest(), random(20)]
    const out: Uint8Array[] = []
    key.seal(nonce, aad, [text], out)
    expect(key.open(nonce, aad, out[0] ?? new Uint8Array(0))).toEqual(text)
  }
  expect(globalThis.crypto).toBeUndefined()
})

it('has AEADs from WebAssembly there too', async () => {
  const { createWasmProvider } = await import('../../src/crypto/wasm.ts')
  const { name, cipherSuites } = createWasmProvider({ random })
  for (const { aead } of cipherSuites) {
    const key = aead.key(random(aead.keySize))
    const [nonce, text, out] = [random(12), random(20), [] as Uint8Array[]]
    key.seal(nonce, text, [text], out)
    expect(key.open(nonce, text, out[0] ?? new Uint8Array(0))).toEqual(text)
  }
  expect([name, cipherSuites.length]).toEqual(['wasm', 3])
})

it('signs and verifies there', async () => {
  const { createNobleProvider } = await import('../../src/crypto/noble.ts')
  const { allOf } = await import('./kit/algorithms.ts')
  const { p256, pkcs8Of, ed25519, ed448, implicit, mlDsaSets, octets, sequenceOf, number } = await import('./kit/keys.ts')
  const provider = createNobleProvider({ random })
  const scalar = octets(new Uint8Array(32).fill(7))
  const files = [
    pkcs8Of(p256, sequenceOf(number(1), scalar)),
    pkcs8Of(ed25519, scalar),
    pkcs8Of(ed448, octets(new Uint8Array(57).fill(7))),
    ...mlDsaSets.map(({ algorithm }) => pkcs8Of(algorithm, implicit(0, random(32)))),
  ]
  for (const file of files) {
    const { schemes, spki, sign } = provider.importPrivateKey(file)
    const message = random(50)
    const verifier = allOf(provider).verifiers.find(({ scheme }) => scheme === schemes[0])
    const signature = sign?.(verifier?.scheme ?? 0, message)
    expect(verifier?.verify(spki ?? message, message, signature ?? message)).toBe(true)
  }
})
