/**
 * The AEADs of the provider `wasm` beside others': noble called the plain way, noble as our provider calls it (which keeps key schedule and
 * GHASH's table), libsodium in WebAssembly, and node:crypto. `scripts/peers libsodium` fetches libsodium; where it is missing so is its column.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { aesGcmKey, chacha20Poly1305Key } from '../src/crypto/noble/aead.ts'
import type { AeadKey } from '../src/crypto/provider.ts'
import { wasmAeads } from '../src/crypto/wasm/aead.ts'
import { kernels } from '../src/crypto/wasm/kernels.ts'
import { type Contender, race, rate } from './harness/measure.ts'
import type { Bar } from './harness/report.ts'
import type { Session } from './harness/session.ts'

const sizes = [16384, 1024, 64]

/** How many times as fast as noble called the plain way, and as libsodium. */
const bars: Readonly<Record<string, Readonly<Record<number, { readonly noble?: number; readonly libsodium?: number }>>>> = {
  'chacha20-poly1305': { 16384: { noble: 4, libsodium: 1.4 }, 1024: { noble: 5 } },
  'aes-128-gcm': { 16384: { noble: 3.6 }, 1024: { noble: 5 } },
}

export async function run(session: Session): Promise<void> {
  const sodium = await libsodium()
  for (const direction of ['seal', 'open'] as const) {
    const table = session.table(`AEADs of wasm: ${direction}, MB/s, and how many times as fast as`, [
      'MB/s',
      'noble',
      'our noble',
      'libsodium',
      'node:crypto',
    ])
    for (const size of sizes) {
      for (const cipher of ciphers()) {
        session.progress(`${direction}, ${cipher.name}, ${size} bytes`)
        const contenders = direction === 'seal' ? sealing(cipher, size, sodium) : opening(cipher, size)
        const result = await race(contenders, session.pace)
        const cells = contenders.slice(1).map(({ name }) => {
          const least = direction === 'seal' ? bars[cipher.name]?.[size]?.[name as 'noble'] : undefined
          const bar: Bar | undefined = least === undefined ? undefined : { atLeast: least }
          return [name, { figure: result.speed('wasm', name), digits: 2, ...(bar && { bar }) }] as const
        })
        table.row(`${cipher.name}, ${size} bytes`, {
          'MB/s': { figure: rate(size, result.time('wasm')) },
          ...Object.fromEntries(cells),
        })
      }
    }
  }
}

interface Cipher {
  readonly name: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'
  readonly keySize: number
  wasm(raw: Uint8Array): AeadKey
  cached(raw: Uint8Array): AeadKey
  plain(raw: Uint8Array, nonce: Uint8Array, aad: Uint8Array): PlainCipher
}

interface PlainCipher {
  encrypt(text: Uint8Array): Uint8Array
  decrypt(sealed: Uint8Array): Uint8Array
}

function ciphers(): readonly Cipher[] {
  const available = kernels()
  if (available === undefined) throw new Error('no WebAssembly with SIMD here')
  const { aesGcm, chacha20Poly1305 } = wasmAeads(available)
  return [
    { name: 'chacha20-poly1305', keySize: 32, wasm: chacha20Poly1305, cached: chacha20Poly1305Key, plain: chacha20poly1305 },
    { name: 'aes-128-gcm', keySize: 16, wasm: aesGcm, cached: aesGcmKey, plain: gcm },
    { name: 'aes-256-gcm', keySize: 32, wasm: aesGcm, cached: aesGcmKey, plain: gcm },
  ]
}

function sealing(cipher: Cipher, size: number, sodium: Sodium | undefined): Contender[] {
  const { raw, nonce, aad, text } = inputs(cipher, size)
  const [wasm, cached] = [cipher.wasm(raw), cipher.cached(raw)]
  const encrypt = sodium?.crypto_aead_chacha20poly1305_ietf_encrypt
  return [
    { name: 'wasm', run: () => wasm.seal(nonce, aad, [text], []) },
    { name: 'noble', run: () => cipher.plain(raw, nonce, aad).encrypt(text) },
    { name: 'our noble', run: () => cached.seal(nonce, aad, [text], []) },
    ...(encrypt && cipher.name === 'chacha20-poly1305' ? [{ name: 'libsodium', run: () => encrypt(text, aad, null, nonce, raw) }] : []),
    {
      name: 'node:crypto',
      run: () => {
        const encryption = createCipheriv(cipher.name as 'aes-128-gcm', raw, nonce, { authTagLength: 16 }).setAAD(aad)
        encryption.update(text)
        encryption.final()
        encryption.getAuthTag()
      },
    },
  ]
}

function opening(cipher: Cipher, size: number): Contender[] {
  const { raw, nonce, aad, text } = inputs(cipher, size)
  const [wasm, cached] = [cipher.wasm(raw), cipher.cached(raw)]
  const sealed = cipher.plain(raw, nonce, aad).encrypt(text)
  const chunk = new Uint8Array(sealed.length)
  const open = (key: AeadKey) => () => {
    chunk.set(sealed)
    if (key.open(nonce, aad, chunk) === undefined) throw new Error('refused')
  }
  return [
    { name: 'wasm', run: open(wasm) },
    { name: 'noble', run: () => cipher.plain(raw, nonce, aad).decrypt(sealed) },
    { name: 'our noble', run: open(cached) },
    {
      name: 'node:crypto',
      run: () => {
        const decryption = createDecipheriv(cipher.name as 'aes-128-gcm', raw, nonce, { authTagLength: 16 }).setAAD(aad)
        decryption.setAuthTag(sealed.subarray(size)).update(sealed.subarray(0, size))
        decryption.final()
      },
    },
  ]
}

function inputs({ keySize }: Cipher, size: number) {
  const bytes = (length: number) => new Uint8Array(randomBytes(length))
  return { raw: bytes(keySize), nonce: bytes(12), aad: bytes(5), text: bytes(size) }
}

interface Sodium {
  readonly ready: Promise<void>
  crypto_aead_chacha20poly1305_ietf_encrypt(text: Uint8Array, aad: Uint8Array, secret: null, nonce: Uint8Array, key: Uint8Array): Uint8Array
}

async function libsodium(): Promise<Sodium | undefined> {
  try {
    const sodium = createRequire(`${process.cwd()}/.peers/libsodium/`)('libsodium-wrappers') as Sodium
    await sodium.ready
    return sodium
  } catch {
    console.log('libsodium is missing: scripts/peers libsodium fetches it')
    return undefined
  }
}
