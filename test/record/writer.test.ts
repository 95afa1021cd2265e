import { describe, expect, test } from 'vitest'
import { contentType } from '../../src/record/content-type.ts'
import { Protection } from '../../src/record/protection.ts'
import { RecordReader } from '../../src/record/reader.ts'
import { RecordWriter } from '../../src/record/writer.ts'
import { providers } from '../schedule/providers.ts'
import { toHex } from '../schedule/rfc8448.ts'
import { join, keysFor, pattern } from './support.ts'

const { change_cipher_spec, alert, handshake, application_data } = contentType

describe.each(providers)('With $name', provider => {
  describe.each(provider.cipherSuites)('and $name', suite => {
    const protection = () => new Protection(suite, keysFor(suite))
    const writerWith = (options?: ConstructorParameters<typeof RecordWriter>[0]) => {
      const writer = new RecordWriter(options)
      writer.setProtection(protection())
      return writer
    }
    /** What a peer reads of it. */
    const read = (wire: readonly Uint8Array[]) => {
      const reader = new RecordReader()
      reader.setProtection(protection())
      reader.push(join(wire))
      const records: string[] = []
      for (let record = reader.next(); record !== undefined; record = reader.next()) {
        records.push(`${record.type} ${toHex(record.fragment)}`)
      }
      expect(reader.buffered).toBe(0)
      return records
    }

    test('pieces are written as if they were joined, and may be overwritten at once', () => {
      const writer = writerWith()
      const pieces = [pattern(10), pattern(0), pattern(16380, 1), pattern(20, 2)]
      const whole = join(pieces)
      writer.write(application_data, pieces)
      for (const piece of pieces) piece.fill(0)
      expect(read(writer.take())).toEqual([`23 ${toHex(whole.subarray(0, 16384))}`, `23 ${toHex(whole.subarray(16384))}`])
    })

    test('a lower fragment limit holds for content and padding together', () => {
      const writer = writerWith({ padding: () => 1000 })
      writer.fragmentLimit = 64
      writer.write(application_data, pattern(150))
      expect(lengths(writer.take())).toEqual([64, 64, 64].map(size => size + 1 + suite.aead.tagSize))
    })

    test('a key that is replaced is erased', () => {
      const writer = new RecordWriter()
      const first = protection()
      writer.setProtection(first)
      writer.setProtection(protection())
      expect(() => first.seal(new Uint8Array(5), [], [])).toThrow(TypeError)
    })

    test('padding is what the policy says for each record, as far as it fits', () => {
      const asked: number[] = []
      const writer = writerWith({
        padding: length => {
          asked.push(length)
          return length === 16384 ? 5 : 100 - length
        },
      })
      writer.write(application_data, pattern(16384 + 30))
      writer.write(alert, Uint8Array.of(1, 0))
      writer.write(application_data, pattern(200))
      const wire = writer.take()
      expect(lengths(wire)).toEqual([16384, 100, 100, 200].map(size => size + 1 + suite.aead.tagSize))
      expect(asked).toEqual([16384, 30, 2, 200])
      expect(read(wire)).toHaveLength(4)
    })

    test.each([Number.NaN, -5, Number.POSITIVE_INFINITY, 2.9])('a padding policy that says %d does no harm', answer => {
      const writer = writerWith({ padding: () => answer })
      writer.write(application_data, pattern(3))
      expect(read(writer.take())).toEqual([`23 ${toHex(pattern(3))}`])
    })

    test('a flight goes into as few records as it can, before anything else and before the key changes', () => {
      const writer = new RecordWriter()
      writer.queueHandshake(pattern(50))
      writer.setProtection(protection())
      const messages = [pattern(10), pattern(16384, 1), pattern(5, 2)]
      for (const message of messages) writer.queueHandshake(message)
      writer.write(application_data, pattern(1))
      writer.queueHandshake(pattern(4))
      const [first, ...rest] = writer.take()
      expect(first).toEqual(join([Uint8Array.of(handshake, 3, 3, 0, 50), pattern(50)]))
      const flight = join(messages)
      expect(read(rest)).toEqual([
        `22 ${toHex(flight.subarray(0, 16384))}`,
        `22 ${toHex(flight.subarray(16384))}`,
        `23 ${toHex(pattern(1))}`,
        `22 ${toHex(pattern(4))}`,
      ])
    })

    test('an empty record of application data can be written', () => {
      const writer = writerWith()
      writer.write(application_data, [])
      writer.write(application_data, new Uint8Array(0))
      expect(read(writer.take())).toEqual(['23 ', '23 '])
    })

    test('a change_cipher_spec is a plaintext record under any key', () => {
      const writer = writerWith()
      writer.writeChangeCipherSpec()
      expect(join(writer.take())).toEqual(Uint8Array.of(change_cipher_spec, 3, 3, 0, 1, 1))
    })

    test('what is pending is what take gives', () => {
      const writer = writerWith()
      expect(writer.pending).toBe(0)
      writer.queueHandshake(pattern(30))
      expect(writer.pending).toBe(30)
      writer.flushHandshake()
      writer.writeChangeCipherSpec()
      writer.write(application_data, pattern(20_000))
      const { pending } = writer
      expect(join(writer.take())).toHaveLength(pending)
      expect(writer.pending).toBe(0)
      expect(writer.take()).toEqual([])
    })

    test('a key that is used up stops the writer between records, with all that was written intact', () => {
      const limited = { ...suite, aead: { ...suite.aead, sealLimit: 2, key: (raw: Uint8Array) => suite.aead.key(raw) } }
      const writer = new RecordWriter()
      expect(writer.remaining).toBe(Number.POSITIVE_INFINITY)
      writer.setProtection(new Protection(limited, keysFor(suite)))
      expect(writer.remaining).toBe(2)
      expect(() => writer.write(application_data, pattern(3 * 16384))).toThrow(expect.objectContaining({ code: 'key-exhausted' }))
      expect(writer.remaining).toBe(0)
      const { pending } = writer
      const wire = writer.take()
      expect(join(wire)).toHaveLength(pending)
      expect(read(wire)).toHaveLength(2)
    })

    test('a destroyed writer still gives what was written', () => {
      const writer = writerWith()
      writer.write(alert, Uint8Array.of(1, 0))
      writer.queueHandshake(pattern(4))
      writer.destroy()
      expect(read(writer.take())).toEqual(['21 0100'])
    })
  })
})

describe('In plaintext', () => {
  test('only the initial ClientHello of a client carries the version 0x0301, in each of its records', () => {
    const writer = new RecordWriter({ initialClientHello: true })
    writer.queueHandshake(pattern(20_000))
    writer.writeChangeCipherSpec()
    writer.queueHandshake(pattern(10))
    expect(writer.take().map(record => toHex(record.subarray(0, 5)))).toEqual(['1603014000', '1603010e20', '1403030001', '160303000a'])
  })

  test('what a client says before its ClientHello carries the version 0x0303', () => {
    const writer = new RecordWriter({ initialClientHello: true })
    writer.write(alert, Uint8Array.of(2, 90))
    expect(toHex(join(writer.take()))).toBe('1503030002025a')
  })

  test('a lower fragment limit does not hold for plaintext', () => {
    const writer = new RecordWriter()
    writer.fragmentLimit = 64
    writer.queueHandshake(pattern(100))
    expect(writer.take()).toHaveLength(1)
  })

  test('a server writes the version 0x0303', () => {
    const writer = new RecordWriter()
    writer.queueHandshake(pattern(10))
    expect(toHex(join(writer.take()).subarray(0, 5))).toBe('160303000a')
  })

  test('an alert is written as it is, and may be overwritten at once', () => {
    const writer = new RecordWriter({ padding: () => 10 })
    const body = Uint8Array.of(2, 40)
    writer.write(alert, body)
    body.fill(0)
    expect(toHex(join(writer.take()))).toBe('15030300020228')
  })

  test('application data, an empty record and a change_cipher_spec as a message are TypeErrors', () => {
    const writer = new RecordWriter()
    expect(() => writer.write(application_data, pattern(1))).toThrow(TypeError)
    expect(() => writer.write(application_data, [])).toThrow(TypeError)
    expect(() => writer.write(alert, [])).toThrow(TypeError)
    expect(() => writer.write(handshake, [new Uint8Array(0)])).toThrow(TypeError)
    expect(() => writer.write(change_cipher_spec, [Uint8Array.of(1)])).toThrow(TypeError)
    expect(writer.take()).toEqual([])
  })

  test('a fragment limit out of range is a TypeError', () => {
    const writer = new RecordWriter()
    for (const limit of [0, -1, 1.5, 16385, Number.NaN]) {
      expect(() => {
        writer.fragmentLimit = limit
      }).toThrow(TypeError)
    }
  })
})

/** The lengths of the bodies of protected records: each is a header followed by ciphertext. */
function lengths(wire: readonly Uint8Array[]): number[] {
  const bytes = join(wire)
  const found: number[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0)
    found.push(length)
    at += 5 + length
  }
  return found
}
