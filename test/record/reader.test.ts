import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TlsError } from '../../src/error.ts'
import { contentType } from '../../src/record/content-type.ts'
import { Protection } from '../../src/record/protection.ts'
import { type IncomingRecord, RecordReader } from '../../src/record/reader.ts'
import { RecordWriter } from '../../src/record/writer.ts'
import { providers } from '../schedule/providers.ts'
import { toHex } from '../schedule/rfc8448.ts'
import { join, keysFor, pattern, sealed } from './support.ts'

const { change_cipher_spec, alert, handshake, application_data } = contentType

describe.each(providers)('With $name', provider => {
  describe.each(provider.cipherSuites)('and $name', suite => {
    const protection = () => new Protection(suite, keysFor(suite))
    const reader = (options?: ConstructorParameters<typeof RecordReader>[0]) => {
      const reader = new RecordReader(options)
      reader.setProtection(protection())
      return reader
    }

    test.each([0, 1, 16383, 16384, 16385, 100_000])('%i bytes of data come through, in one chunk and in pieces', size => {
      const writer = new RecordWriter()
      writer.setProtection(protection())
      const data = pattern(size)
      writer.write(application_data, data)
      const wire = join(writer.take())
      const step = size > 20_000 ? 977 : size > 1 ? 61 : 1
      for (const chunks of [[wire.slice()], cut(wire, step)]) {
        const records = readAll(reader(), chunks)
        expect(records).toHaveLength(Math.max(1, Math.ceil(size / 16384)))
        expect(records.every(record => record.type === application_data && record.protected)).toBe(true)
        expect(join(records.map(record => record.fragment))).toEqual(data)
      }
    })

    test('records come through however the stream is cut', () => {
      const types = fc.constantFrom(alert, handshake, application_data)
      const record = fc.record({ type: types, size: fc.integer({ min: 1, max: 600 }), padding: fc.integer({ min: 0, max: 40 }) })
      fc.assert(
        fc.property(fc.array(record, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (records, cuts) => {
          const key = protection()
          const wire = join(records.map(({ type, size, padding }) => sealed(key, [pattern(size), [type], new Uint8Array(padding)])))
          const read = readAll(reader(), cutBy(wire, cuts))
          expect(read.map(({ type, fragment }) => [type, toHex(fragment)])).toEqual(
            records.map(({ type, size }) => [type, toHex(pattern(size))]),
          )
        }),
        { numRuns: 60 },
      )
    })

    test('every flipped bit of a record is bad-record-mac, record-overflow or another clean fault', () => {
      const wire = sealed(protection(), [pattern(20), [application_data]])
      for (let bit = 0; bit < wire.length * 8; bit++) {
        const forged = wire.slice()
        forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const target = reader()
        target.push(forged)
        // A longer length than the truth waits for more: give it more.
        target.push(new Uint8Array(17_000))
        expect(() => target.next()).toThrow(TlsError)
      }
    })

    test('padding is taken off', () => {
      const wire = sealed(protection(), [pattern(5), [handshake], new Uint8Array(16384 - 5)])
      expect(readAll(reader(), [wire])).toEqual([{ type: handshake, fragment: pattern(5), protected: true }])
    })

    test('content and padding together have 2^14 bytes at most', () => {
      const wire = sealed(protection(), [pattern(5), [application_data], new Uint8Array(16384 - 4)])
      expect(faultOf(reader(), wire)).toBe('record-overflow')
    })

    test('a lower plaintext limit holds for content and padding together', () => {
      const limited = () => {
        const target = reader()
        target.plaintextLimit = 63
        return target
      }
      expect(readAll(limited(), [sealed(protection(), [pattern(63), [application_data]])])).toHaveLength(1)
      expect(faultOf(limited(), sealed(protection(), [pattern(64), [application_data]]))).toBe('record-overflow')
      expect(faultOf(limited(), sealed(protection(), [pattern(63), [application_data], [0]]))).toBe('record-overflow')
    })

    test.each([0, 1, 300])('%i bytes of padding and nothing else are an unexpected message', size => {
      expect(faultOf(reader(), sealed(protection(), [new Uint8Array(size)]))).toBe('unexpected-message')
    })

    test.each([1, change_cipher_spec, 24, 255])('protected content of type %i is an unexpected message', type => {
      expect(faultOf(reader(), sealed(protection(), [[1], [type]]))).toBe('unexpected-message')
    })

    test.each([alert, handshake])('protected content of type %i is never empty, not even with padding', type => {
      expect(faultOf(reader(), sealed(protection(), [[type]]))).toBe('empty-record')
      expect(faultOf(reader(), sealed(protection(), [[type], [0, 0]]))).toBe('empty-record')
    })

    test('empty application data passes 32 times in a row, and the count starts again with content', () => {
      const key = protection()
      const empty = () => sealed(key, [[application_data], new Uint8Array(3)])
      const burst = Array.from({ length: 32 }, empty)
      const full = sealed(key, [[1], [application_data]])
      const target = reader()
      expect(readAll(target, [...burst, full, ...Array.from({ length: 32 }, empty)])).toHaveLength(65)
      expect(faultOf(target, empty())).toBe('too-many-empty-records')
    })

    test('the limit of empty records can be set', () => {
      const key = protection()
      const target = reader({ emptyRecords: 1 })
      expect(readAll(target, [sealed(key, [[application_data]])])).toHaveLength(1)
      expect(faultOf(target, sealed(key, [[application_data]]))).toBe('too-many-empty-records')
    })

    test('a record out of order, repeated or cut short is bad-record-mac', () => {
      const key = protection()
      const [first, second] = [sealed(key, [[1], [application_data]]), sealed(key, [[2], [application_data]])]
      expect(faultOf(reader(), second.slice())).toBe('bad-record-mac')
      const target = reader()
      readAll(target, [first.slice()])
      expect(faultOf(target, first.slice())).toBe('bad-record-mac')
      expect(faultOf(reader(), Uint8Array.of(application_data, 3, 3, 0, 0))).toBe('bad-record-mac')
      expect(faultOf(reader(), Uint8Array.of(application_data, 3, 3, 0, 3, 1, 2, 3))).toBe('bad-record-mac')
    })

    test('the version of a protected record is authentic although it means nothing', () => {
      const wire = sealed(protection(), [[1], [application_data]])
      wire[2] = 4
      expect(faultOf(reader(), wire)).toBe('bad-record-mac')
    })

    test('a protected record has 2^14 + 256 bytes at most, and is refused before its body comes', () => {
      expect(faultOf(reader(), Uint8Array.of(application_data, 3, 3, 0x41, 0x01))).toBe('record-overflow')
      const target = reader()
      target.push(Uint8Array.of(application_data, 3, 3, 0x41, 0x00))
      expect(target.next()).toBeUndefined()
    })

    test('under protection a plaintext handshake record is refused, a change_cipher_spec is handed on', () => {
      expect(faultOf(reader(), plain(handshake, [1]))).toBe('record-unprotected')
      const target = reader()
      expect(readAll(target, [plain(change_cipher_spec, [1])])).toEqual([
        { type: change_cipher_spec, fragment: Uint8Array.of(1), protected: false },
      ])
      expect(readAll(target, [sealed(protection(), [[1], [application_data]])])).toHaveLength(1)
      expect(readAll(target, [plain(change_cipher_spec, [1])])).toHaveLength(1)
    })

    test('a plaintext alert is handed on until a record was opened, and refused from then on', () => {
      expect(readAll(reader(), [plain(alert, [2, 40])])).toEqual([{ type: alert, fragment: Uint8Array.of(2, 40), protected: false }])
      expect(faultOf(reader(), plain(alert, [2, 40, 0]))).toBe('record-unprotected')
      const target = reader()
      readAll(target, [sealed(protection(), [[1], [application_data]])])
      target.setProtection(protection())
      expect(faultOf(target, plain(alert, [2, 40]))).toBe('record-unprotected')
    })

    test('the key may change while a record is on its way', () => {
      const wire = sealed(protection(), [pattern(100), [application_data]])
      const target = new RecordReader()
      target.push(wire.slice(0, 3))
      expect(target.next()).toBeUndefined()
      target.setProtection(protection())
      expect(readAll(target, [wire.slice(3)])).toHaveLength(1)
    })

    test('a key that is replaced, and that of a destroyed reader, is erased', () => {
      const target = reader()
      const [first, second] = [protection(), protection()]
      target.setProtection(first)
      target.setProtection(second)
      expect(() => sealed(first, [[1]])).toThrow(TypeError)
      target.push(Uint8Array.of(23))
      target.destroy()
      expect(() => sealed(second, [[1]])).toThrow(TypeError)
      expect([target.buffered, target.midRecord]).toEqual([0, false])
    })

    test('nothing is decrypted ahead: a fault waits for its turn', () => {
      const key = protection()
      const good = sealed(key, [[1], [application_data]])
      const bad = sealed(key, [[2], [application_data]])
      bad[bad.length - 1] = (bad[bad.length - 1] ?? 0) ^ 1
      const target = reader()
      target.push(join([good, bad]))
      expect(target.next()?.fragment).toEqual(Uint8Array.of(1))
      expect(() => target.next()).toThrow(expect.objectContaining({ code: 'bad-record-mac' }))
    })

    test('a fault kills the reader: it repeats itself, keeps nothing and takes nothing', () => {
      const target = reader()
      const wire = sealed(protection(), [[1], [application_data]])
      expect(faultOf(target, join([plain(handshake, [1]), wire]))).toBe('record-unprotected')
      expect(target.buffered).toBe(0)
      target.push(wire)
      expect(target.buffered).toBe(0)
      expect(() => target.next()).toThrow(expect.objectContaining({ code: 'record-unprotected' }))
    })
  })
})

describe('Without protection', () => {
  test('plaintext records come through, whatever their version', () => {
    for (const version of [0x0301, 0x0303, 0x0000, 0xffff]) {
      const wire = plain(handshake, [1, 2, 3], version)
      expect(readAll(new RecordReader(), cut(wire, 1))).toEqual([{ type: handshake, fragment: Uint8Array.of(1, 2, 3), protected: false }])
    }
  })

  test('a fragment has 2^14 bytes at most', () => {
    expect(readAll(new RecordReader(), [plain(handshake, pattern(16384))])).toHaveLength(1)
    expect(faultOf(new RecordReader(), Uint8Array.of(handshake, 3, 3, 0x40, 0x01))).toBe('record-overflow')
  })

  test.each([change_cipher_spec, alert, handshake])('a record of type %i is never empty', type => {
    expect(faultOf(new RecordReader(), plain(type, []))).toBe('empty-record')
  })

  test('application data is refused', () => {
    expect(faultOf(new RecordReader(), plain(application_data, [1]))).toBe('record-unprotected')
    expect(faultOf(new RecordReader(), plain(application_data, []))).toBe('record-unprotected')
  })

  test('what is not TLS is told by its first byte', () => {
    for (let type = 0; type < 256; type++) {
      const known = type >= change_cipher_spec && type <= application_data
      const target = new RecordReader()
      target.push(Uint8Array.of(type))
      if (known) expect(target.next()).toBeUndefined()
      else expect(() => target.next()).toThrow(expect.objectContaining({ code: 'record-type' }))
    }
    expect(faultOf(new RecordReader(), new Uint8Array(Buffer.from('GET / HTTP/1.1\r\n')))).toBe('record-type')
  })
})

describe('The buffers', () => {
  test('a record inside one chunk is a view of it, one across chunks has a buffer of its exact length', () => {
    const chunk = plain(handshake, pattern(10))
    const target = new RecordReader()
    target.push(chunk)
    expect(target.next()?.fragment.buffer).toBe(chunk.buffer)
    target.push(chunk.slice(0, 7))
    expect(target.next()).toBeUndefined()
    target.push(chunk.slice(7))
    expect(target.next()?.fragment.buffer.byteLength).toBe(10)
  })

  test('what is buffered is what is not given out, and a begun record is told', () => {
    const wire = plain(handshake, pattern(10))
    const target = new RecordReader()
    let held = 0
    for (const byte of wire.subarray(0, 14)) {
      target.push(Uint8Array.of(byte))
      expect(target.buffered).toBe(++held)
      expect(target.next()).toBeUndefined()
      expect(target.buffered).toBe(held)
      expect(target.midRecord).toBe(true)
    }
    target.push(wire.slice(14))
    expect(target.next()).toBeDefined()
    expect([target.buffered, target.midRecord]).toEqual([0, false])
  })

  test('chunks that wait are read in order, whatever their sizes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 }), fc.integer({ min: 1, max: 50 }), (sizes, every) => {
        const total = sizes.reduce((sum, size) => sum + size, 0)
        const wire = join(Array.from({ length: Math.ceil((total + 1) / 105) }, (_, i) => plain(handshake, pattern(100, i))))
        const target = new RecordReader()
        const records: string[] = []
        let offset = 0
        for (const [i, size] of [...sizes, wire.length].entries()) {
          target.push(wire.slice(offset, offset + size))
          offset = Math.min(offset + size, wire.length)
          if (i % every === 0) for (let r = target.next(); r !== undefined; r = target.next()) records.push(toHex(r.fragment))
        }
        for (let r = target.next(); r !== undefined; r = target.next()) records.push(toHex(r.fragment))
        expect(records).toEqual(Array.from({ length: wire.length / 105 }, (_, i) => toHex(pattern(100, i))))
      }),
    )
  })

  test('thousands of small chunks that wait between larger ones are read in order', () => {
    const wire = join(Array.from({ length: 120 }, (_, i) => plain(handshake, pattern(100, i))))
    const target = new RecordReader()
    for (let from = 0, i = 0; from < wire.length; i++) {
      const to = from + (i % 700 === 699 ? 300 : 1)
      target.push(wire.slice(from, to))
      from = to
    }
    expect(target.buffered).toBe(wire.length)
    for (let i = 0; i < 120; i++) expect(target.next()?.fragment).toEqual(pattern(100, i))
    expect(target.next()).toBeUndefined()
  })

  test('a chunk that is a Buffer gives fragments that are not', () => {
    const target = new RecordReader()
    target.push(Buffer.from(plain(handshake, [1, 2])))
    expect(target.next()?.fragment.constructor).toBe(Uint8Array)
  })
})

/** The code that the reader faults `wire` with. */
function faultOf(reader: RecordReader, wire: Uint8Array): string | undefined {
  reader.push(wire)
  try {
    while (reader.next() !== undefined);
  } catch (error) {
    if (error instanceof TlsError) return error.code
    throw error
  }
  return undefined
}

/** Pushes chunk by chunk, and reads what there is each time. Fragments are copied: they are views. */
function readAll(reader: RecordReader, chunks: readonly Uint8Array[]): IncomingRecord[] {
  const records: IncomingRecord[] = []
  for (const chunk of chunks) {
    reader.push(chunk)
    for (let record = reader.next(); record !== undefined; record = reader.next()) {
      records.push({ ...record, fragment: record.fragment.slice() })
    }
  }
  return records
}

function plain(type: number, body: ArrayLike<number>, version = 0x0303): Uint8Array {
  const header = [type, version >> 8, version & 0xff, body.length >> 8, body.length & 0xff]
  return join([Uint8Array.from(header), Uint8Array.from(body)])
}

function cut(bytes: Uint8Array, step: number): Uint8Array[] {
  return cutBy(bytes, [step])
}

/** Cuts into chunks of the given sizes, again and again. */
function cutBy(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let from = 0, i = 0; from < bytes.length; i++) {
    const to = from + (sizes[i % sizes.length] ?? 1)
    chunks.push(bytes.slice(from, to))
    from = to
  }
  return chunks
}
