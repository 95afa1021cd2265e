/**
 * How long a record takes: written by RecordWriter, read by RecordReader, for each provider and cipher suite, and as a multiple of what
 * node:crypto alone needs to seal and open the same bytes in the same run. The row `null` has no cryptography: it is what the record
 * layer itself costs. Numbers of one run compare with each other, not with those of another run.
 *
 *     tsc -p bench && node .bench/bench/record.js
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createNobleProvider } from '../src/crypto/noble.ts'
import { createNodeProvider } from '../src/crypto/node.ts'
import type { AeadKey, CipherSuite, CryptoProvider } from '../src/crypto/provider.ts'
import { contentType } from '../src/record/content-type.ts'
import { Protection } from '../src/record/protection.ts'
import { RecordReader } from '../src/record/reader.ts'
import { RecordWriter } from '../src/record/writer.ts'

const providers: readonly CryptoProvider[] = [
  createNobleProvider({ random: size => new Uint8Array(randomBytes(size)) }),
  createNodeProvider(),
]
const sizes = [16384, 100]
const rounds = 15
const millisecondsPerRound = 30

function main(): void {
  console.log('provider  suite                          bytes    µs/record      MB/s   × node:crypto')
  for (const provider of providers) {
    for (const suite of provider.cipherSuites) for (const size of sizes) report(provider.name, suite, size)
  }
  const [suite] = providers.flatMap(provider => provider.cipherSuites)
  if (suite !== undefined) for (const size of sizes) report('null', withoutCryptography(suite), size)
}

function report(provider: string, suite: CipherSuite, size: number): void {
  const [subject, reference] = compare(throughRecords(suite, size), throughNodeCrypto(suite, size))
  const columns = [
    provider.padEnd(9),
    suite.name.padEnd(29),
    String(size).padStart(6),
    subject.toFixed(2).padStart(12),
    (size / subject).toFixed(1).padStart(9),
    (subject / reference).toFixed(2).padStart(15),
  ]
  console.log(columns.join(' '))
}

/** Microseconds a call of each, the median over rounds that alternate, so that both meet the same disturbances. */
function compare(subject: () => void, reference: () => void): [number, number] {
  const times: [number[], number[]] = [[], []]
  for (let round = -2; round < rounds; round++) {
    for (const [i, run] of [subject, reference].entries()) {
      const time = timePerCall(run)
      if (round >= 0) times[i]?.push(time)
    }
  }
  return [median(times[0]), median(times[1])]
}

function timePerCall(run: () => void): number {
  const start = performance.now()
  let calls = 0
  let elapsed = 0
  do {
    for (let i = 0; i < 16; i++) run()
    calls += 16
    elapsed = performance.now() - start
  } while (elapsed < millisecondsPerRound)
  return (elapsed * 1000) / calls
}

function median(values: number[]): number {
  values.sort((a, b) => a - b)
  return values[values.length >> 1] ?? Number.NaN
}

/** Seals `size` bytes, carries them over as one chunk, and opens them. */
function throughRecords(suite: CipherSuite, size: number): () => void {
  const keys = { key: new Uint8Array(suite.aead.keySize).fill(1), iv: new Uint8Array(12).fill(2) }
  const writer = new RecordWriter()
  const reader = new RecordReader()
  // The limit of the key is not what is measured here.
  const unlimited = { ...suite, aead: { ...suite.aead, sealLimit: Number.POSITIVE_INFINITY } }
  writer.setProtection(new Protection(unlimited, keys))
  reader.setProtection(new Protection(unlimited, keys))
  const data = new Uint8Array(size).fill(3)
  const wire = new Uint8Array(size + 100)
  return () => {
    writer.write(contentType.application_data, data)
    reader.push(wire.subarray(0, copy(writer.take(), wire)))
    if (reader.next()?.fragment.length !== size) throw new Error('the record did not come through')
  }
}

/** Copies the chunks in a row; returns their length. */
function copy(chunks: readonly Uint8Array[], target: Uint8Array): number {
  let length = 0
  for (const chunk of chunks) {
    target.set(chunk, length)
    length += chunk.length
  }
  return length
}

function throughNodeCrypto(suite: CipherSuite, size: number): () => void {
  const name = nodeNames[suite.name]
  if (name === undefined) throw new Error(`node:crypto has no name for ${suite.name}`)
  const options = { authTagLength: 16 }
  const key = new Uint8Array(suite.aead.keySize).fill(1)
  const nonce = new Uint8Array(12).fill(2)
  const header = new Uint8Array(5)
  const data = new Uint8Array(size + 1).fill(3)
  // The types know the two kinds of cipher apart.
  const createCipher = () => (name === chacha ? createCipheriv(name, key, nonce, options) : createCipheriv(name, key, nonce, options))
  const createDecipher = () => (name === chacha ? createDecipheriv(name, key, nonce, options) : createDecipheriv(name, key, nonce, options))
  return () => {
    const cipher = createCipher().setAAD(header, { plaintextLength: data.length })
    const sealed = cipher.update(data)
    cipher.final()
    const decipher = createDecipher().setAAD(header, { plaintextLength: data.length }).setAuthTag(cipher.getAuthTag())
    const opened = decipher.update(sealed)
    decipher.final()
    if (opened.length !== data.length) throw new Error('the bytes did not come through')
  }
}

const chacha = 'chacha20-poly1305'
const nodeNames: Readonly<Record<string, 'aes-128-gcm' | 'aes-256-gcm' | typeof chacha>> = {
  TLS_AES_128_GCM_SHA256: 'aes-128-gcm',
  TLS_AES_256_GCM_SHA384: 'aes-256-gcm',
  TLS_CHACHA20_POLY1305_SHA256: chacha,
}

/** The suite with an AEAD that only copies, once to seal. */
function withoutCryptography(suite: CipherSuite): CipherSuite {
  const { tagSize } = suite.aead
  const key: AeadKey = {
    seal(_nonce, _aad, plain, out) {
      const sealed = new Uint8Array(plain.reduce((sum, piece) => sum + piece.length, tagSize))
      copy(plain, sealed)
      out.push(sealed)
    },
    open: (_nonce, _aad, sealed) => sealed.subarray(0, -tagSize),
    destroy: () => {},
  }
  return { ...suite, aead: { ...suite.aead, key: () => key } }
}

main()
