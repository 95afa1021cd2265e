/**
 * Records: what RecordWriter and RecordReader add to the AEAD that they call. For each provider, suite and size the record layer and the
 * provider's bare AEAD do the same work in turns. For node:crypto the bare AEAD is its own calls, with the key imported beforehand.
 */
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import type { AeadKey, CipherSuite } from '../src/crypto/provider.ts'
import { contentType } from '../src/record/content-type.ts'
import { Protection } from '../src/record/protection.ts'
import { RecordReader } from '../src/record/reader.ts'
import { RecordWriter } from '../src/record/writer.ts'
import { allocations } from './harness/allocations.ts'
import { type Contender, race, rate } from './harness/measure.ts'
import type { Bar } from './harness/report.ts'
import type { Session } from './harness/session.ts'
import { benchProviders } from './providers.ts'

const sizes = [16384, 4096, 1024, 64]
/** Records that are sealed, or opened, in one call: noble's AES-GCM takes a millisecond for one of the long ones. */
const batchOf = (size: number): number => (size >= 4096 ? 16 : 64)

/** The least share of the bare AEAD's speed. */
const bars: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  noble: { 16384: 0.97, 1024: 0.9 },
  wasm: { 16384: 0.93, 1024: 0.8 },
  node: { 16384: 0.85, 1024: 0.75 },
}

export async function run(session: Session): Promise<void> {
  for (const provider of benchProviders()) {
    const table = session.table(`Records on ${provider.name}: speed, and its share of the bare AEAD's`, [
      'seal MB/s',
      'seal ÷ bare',
      'open MB/s',
      'open ÷ bare',
      'heap B/record',
      'buffer B/record',
    ])
    for (const suite of provider.cipherSuites.map(unlimited)) {
      for (const size of sizes) {
        session.progress(`${provider.name}, ${suite.name}, ${size} bytes`)
        const least = bars[provider.name]?.[size]
        const bar: Bar | undefined = least === undefined ? undefined : { atLeast: least }
        const bare = provider.name === 'node' ? nodeCryptoKey(suite) : suite.aead.key(keysOf(suite).key)
        const sealing = [sealRecords(suite, size), sealBare(bare, size)]
        const opening = [openRecords(suite, size), openBare(suite, bare, size)]
        const sealed = await race(sealing, session.pace)
        const opened = await race(opening, session.pace)
        const perRecord = allocations(sealing[0]?.run, opening[0]?.run)
        table.row(`${suite.name.replace(/^TLS_|_SHA\d+$/g, '')}, ${size} bytes`, {
          'seal MB/s': { figure: rate(size * batchOf(size), sealed.time('records')) },
          'seal ÷ bare': { figure: sealed.speed('records', 'bare'), digits: 2, ...(bar && { bar }) },
          'open MB/s': { figure: rate(size * batchOf(size), opened.time('records')) },
          'open ÷ bare': { figure: opened.speed('records', 'bare'), digits: 2, ...(bar && { bar }) },
          'heap B/record': { figure: scaledTo(perRecord.heap / batchOf(size)), digits: 0 },
          'buffer B/record': { figure: scaledTo(perRecord.buffers / batchOf(size)), digits: 0 },
        })
      }
    }
  }
}

const scaledTo = (value: number) => ({ median: value, low: value, high: value })

/** How many records a key may protect is not what is measured. */
function unlimited(suite: CipherSuite): CipherSuite {
  return { ...suite, aead: { ...suite.aead, sealLimit: Number.POSITIVE_INFINITY } }
}

function keysOf(suite: CipherSuite): { readonly key: Uint8Array; readonly iv: Uint8Array } {
  return { key: new Uint8Array(suite.aead.keySize).fill(1), iv: new Uint8Array(12).fill(2) }
}

function sealRecords(suite: CipherSuite, size: number): Contender {
  const writer = new RecordWriter()
  writer.setProtection(new Protection(suite, keysOf(suite)))
  const data = new Uint8Array(size).fill(3)
  const batch = batchOf(size)
  return {
    name: 'records',
    run() {
      for (let i = 0; i < batch; i++) writer.write(contentType.application_data, data)
      writer.take()
    },
  }
}

function sealBare(key: AeadKey, size: number): Contender {
  const { nonce, header } = fixed(size)
  const plain = [new Uint8Array(size + 1).fill(3)]
  const batch = batchOf(size)
  return {
    name: 'bare',
    run() {
      const out: Uint8Array[] = []
      for (let i = 0; i < batch; i++) {
        count(nonce)
        key.seal(nonce, header, plain, out)
      }
    },
  }
}

/** Every record has a nonce of its own here too: with one for all, tables would be read at the same places again and again. */
function count(nonce: Uint8Array): void {
  for (let i = nonce.length - 1; i >= 0; i--) {
    nonce[i] = (nonce[i] ?? 0) + 1
    if (nonce[i] !== 0) return
  }
}

/** Records that came in one chunk each. They are copied first, since they are opened in place, and the bare AEAD's are too. */
function openRecords(suite: CipherSuite, size: number): Contender {
  const writer = new RecordWriter()
  writer.setProtection(new Protection(suite, keysOf(suite)))
  const records = Array.from({ length: batchOf(size) }, () => {
    writer.write(contentType.application_data, new Uint8Array(size).fill(3))
    return joined(writer.take())
  })
  const chunks = records.map(record => record.slice())
  return {
    name: 'records',
    run() {
      const reader = new RecordReader()
      reader.setProtection(new Protection(suite, keysOf(suite)))
      for (const [i, chunk] of chunks.entries()) {
        chunk.set(records[i] ?? chunk)
        reader.push(chunk)
        if (reader.next()?.fragment.length !== size) throw new Error('a record did not come through')
      }
    },
  }
}

function openBare(suite: CipherSuite, key: AeadKey, size: number): Contender {
  const { nonce, header } = fixed(size)
  const records = Array.from({ length: batchOf(size) }, () => {
    const out: Uint8Array[] = []
    count(nonce)
    key.seal(nonce, header, [new Uint8Array(size + 1).fill(3)], out)
    return joined(out)
  })
  const chunks = records.map(record => record.slice())
  return {
    name: 'bare',
    run() {
      // The other opens a batch under a key of its own, too.
      suite.aead.key(keysOf(suite).key).destroy()
      nonce.set(fixed(size).nonce)
      for (const [i, chunk] of chunks.entries()) {
        chunk.set(records[i] ?? chunk)
        count(nonce)
        if (key.open(nonce, header, chunk)?.length !== size + 1) throw new Error('the bytes did not come through')
      }
    },
  }
}

function fixed(size: number): { readonly nonce: Uint8Array; readonly header: Uint8Array } {
  const length = size + 17
  return { nonce: new Uint8Array(12).fill(2), header: Uint8Array.of(contentType.application_data, 3, 3, length >>> 8, length) }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks))
}

/** The calls of node:crypto that a record needs, and nothing else. */
function nodeCryptoKey(suite: CipherSuite): AeadKey {
  const algorithm = nodeNames[suite.name] as 'aes-128-gcm'
  const key = createSecretKey(keysOf(suite).key)
  const options = { authTagLength: 16 }
  return {
    seal(nonce, aad, [text = aad], out) {
      const cipher = createCipheriv(algorithm, key, nonce, options)
      cipher.setAAD(aad)
      out.push(cipher.update(text))
      cipher.final()
      out.push(cipher.getAuthTag())
    },
    open(nonce, aad, sealed) {
      const decipher = createDecipheriv(algorithm, key, nonce, options)
      decipher.setAuthTag(sealed.subarray(-16))
      decipher.setAAD(aad)
      const text = decipher.update(sealed.subarray(0, -16))
      decipher.final()
      return text
    },
    destroy: () => {},
  }
}

const nodeNames: Readonly<Record<string, string>> = {
  TLS_AES_128_GCM_SHA256: 'aes-128-gcm',
  TLS_AES_256_GCM_SHA384: 'aes-256-gcm',
  TLS_CHACHA20_POLY1305_SHA256: 'chacha20-poly1305',
}
