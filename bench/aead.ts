/**
 * What the provider `wasm` takes to seal and open, as a multiple of others in the same run: noble's AEADs called the plain way, noble's as our
 * provider calls them (which keeps the key schedule and GHASH's table), libsodium in WebAssembly, and OpenSSL through node:crypto. Each figure is
 * the median over rounds of the other's time by that of wasm, and the quartiles beside it; within a round they alternate.
 *
 *     tsc -p bench && node .bench/bench/aead.js
 *
 * libsodium is measured where it is: npm install --no-save --prefix .peers/libsodium libsodium-wrappers@0.8.4
 */
import { createCipheriv, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { aesGcmKey, chacha20Poly1305Key } from '../src/crypto/noble/aead.ts'
import type { AeadKey } from '../src/crypto/provider.ts'
import { wasmAeads } from '../src/crypto/wasm/aead.ts'
import { kernels } from '../src/crypto/wasm/kernels.ts'

const sizes = [16384, 1024, 64]
const rounds = 25
const millisecondsPerTurn = 12

interface Sodium {
  readonly ready: Promise<void>
  crypto_aead_chacha20poly1305_ietf_encrypt(text: Uint8Array, aad: Uint8Array, secret: null, nonce: Uint8Array, key: Uint8Array): Uint8Array
}

interface Cipher {
  readonly name: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'
  readonly keySize: number
  wasm(raw: Uint8Array): AeadKey
  cached(raw: Uint8Array): AeadKey
  plain(
    raw: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
  ): { encrypt(text: Uint8Array): Uint8Array; decrypt(sealed: Uint8Array): Uint8Array }
}

async function main(): Promise<void> {
  const available = kernels()
  if (available === undefined) throw new Error('no WebAssembly with SIMD here')
  const { aesGcm, chacha20Poly1305 } = wasmAeads(available)
  const ciphers: readonly Cipher[] = [
    { name: 'chacha20-poly1305', keySize: 32, wasm: chacha20Poly1305, cached: chacha20Poly1305Key, plain: chacha20poly1305 },
    { name: 'aes-128-gcm', keySize: 16, wasm: aesGcm, cached: aesGcmKey, plain: gcm },
    { name: 'aes-256-gcm', keySize: 32, wasm: aesGcm, cached: aesGcmKey, plain: gcm },
  ]
  const sodium = await libsodium()
  console.log(`${process.version}\nbytes  what                      MB/s  others ÷ wasm: median (quartiles)`)
  for (const size of sizes) {
    for (const cipher of ciphers) {
      report(`${cipher.name} seal`, size, sealing(cipher, size, sodium))
      report(`${cipher.name} open`, size, opening(cipher, size))
    }
  }
}

type Runs = { readonly wasm: () => void } & Readonly<Record<string, () => void>>

function sealing(cipher: Cipher, size: number, sodium: Sodium | undefined): Runs {
  const { raw, nonce, aad, text } = inputs(cipher, size)
  const [wasm, cached] = [cipher.wasm(raw), cipher.cached(raw)]
  const options = { authTagLength: 16 }
  const openssl = () =>
    cipher.name === 'chacha20-poly1305'
      ? createCipheriv(cipher.name, raw, nonce, options)
      : createCipheriv(cipher.name, raw, nonce, options)
  const isChacha = cipher.name === 'chacha20-poly1305'
  return {
    wasm: () => wasm.seal(nonce, aad, [text], []),
    noble: () => cipher.plain(raw, nonce, aad).encrypt(text),
    'our noble': () => cached.seal(nonce, aad, [text], []),
    ...(isChacha && sodium ? { libsodium: () => sodium.crypto_aead_chacha20poly1305_ietf_encrypt(text, aad, null, nonce, raw) } : {}),
    openssl: () => {
      const run = openssl().setAAD(aad, { plaintextLength: size })
      run.update(text)
      run.final()
      run.getAuthTag()
    },
  }
}

function opening(cipher: Cipher, size: number): Runs {
  const { raw, nonce, aad, text } = inputs(cipher, size)
  const [wasm, cached] = [cipher.wasm(raw), cipher.cached(raw)]
  const sealed = cipher.plain(raw, nonce, aad).encrypt(text)
  const scratch = new Uint8Array(sealed.length)
  const open = (key: AeadKey) => () => {
    scratch.set(sealed)
    if (key.open(nonce, aad, scratch) === undefined) throw new Error('refused')
  }
  return { wasm: open(wasm), noble: () => cipher.plain(raw, nonce, aad).decrypt(sealed), 'our noble': open(cached) }
}

function inputs({ keySize }: Cipher, size: number) {
  const bytes = (length: number) => new Uint8Array(randomBytes(length))
  return { raw: bytes(keySize), nonce: bytes(12), aad: bytes(5), text: bytes(size) }
}

function report(what: string, size: number, runs: Runs): void {
  const names = Object.keys(runs)
  const times = new Map<string, number[]>(names.map(name => [name, []]))
  for (let round = -5; round < rounds; round++) {
    for (const name of names) {
      const time = timePerCall(runs[name]!)
      if (round >= 0) times.get(name)?.push(time)
    }
  }
  const own = times.get('wasm') ?? []
  const columns = names.slice(1).map(name => {
    const ratios = (times.get(name) ?? []).map((time, i) => time / own[i]!).sort((a, b) => a - b)
    const [low, middle, high] = [0.25, 0.5, 0.75].map(part => ratios[Math.floor(part * ratios.length)]!.toFixed(2))
    return `${name} ${middle} (${low} to ${high})`
  })
  const speed = size / (own.sort((a, b) => a - b)[own.length >> 1] ?? Number.NaN)
  console.log(String(size).padStart(5), what.padEnd(23), speed.toFixed(0).padStart(6), '', columns.join('; '))
}

/** Microseconds. */
function timePerCall(run: () => void): number {
  const start = performance.now()
  let calls = 0
  let elapsed = 0
  do {
    for (let i = 0; i < 8; i++) run()
    calls += 8
    elapsed = performance.now() - start
  } while (elapsed < millisecondsPerTurn)
  return (elapsed * 1000) / calls
}

async function libsodium(): Promise<Sodium | undefined> {
  try {
    const sodium = createRequire(`${process.cwd()}/.peers/libsodium/`)('libsodium-wrappers') as Sodium
    await sodium.ready
    return sodium
  } catch {
    return undefined
  }
}

await main()
