import { describe, expect, test } from 'vitest'
import type { CipherSuite } from '../../src/crypto/provider.ts'
import { contentType } from '../../src/record/content-type.ts'
import { Protection } from '../../src/record/protection.ts'
import { RecordReader } from '../../src/record/reader.ts'
import { RecordWriter } from '../../src/record/writer.ts'
import { providers, suiteOf } from '../schedule/providers.ts'
import { field, type Step, sourceOf, type Trace, toHex, traces } from '../schedule/rfc8448.ts'
import { join } from './support.ts'

describe.each(providers)('With $name', provider => {
  const suite = suiteOf(provider, 'TLS_AES_128_GCM_SHA256')

  test.each(traces)('every record of RFC 8448 §$section, $title, opens, and is written octet for octet', trace => {
    const sides = { client: new Side({ initialClientHello: true }), server: new Side({}) }
    let records = 0
    for (const step of trace.steps) {
      const side = sides[step.actor]
      if (step.op.startsWith('derive write traffic keys')) side.changeKeys(trace, step, suite)
      const type = /^send (\w+) record$/.exec(step.op)?.[1]
      if (type === undefined) continue
      side.replay(type as keyof typeof contentType, field(step, 'payload'), field(step, 'complete record'))
      records++
    }
    expect(records).toBe(recordsIn[trace.section])
  })
})

/** How many records each section prints; 41 in all. */
const recordsIn: Readonly<Record<number, number>> = { 3: 9, 4: 10, 5: 8, 6: 6, 7: 8 }

/** What one side sends: written by its writer, read by its peer's reader. */
class Side {
  readonly #writer: RecordWriter
  readonly #reader = new RecordReader()

  constructor(options: ConstructorParameters<typeof RecordWriter>[0]) {
    this.#writer = new RecordWriter(options)
  }

  changeKeys(trace: Trace, step: Step, suite: CipherSuite): void {
    const source = sourceOf(trace, step)
    const keys = { key: field(source, 'key expanded'), iv: field(source, 'iv expanded') }
    this.#writer.setProtection(new Protection(suite, keys))
    this.#reader.setProtection(new Protection(suite, keys))
  }

  replay(type: keyof typeof contentType, payload: Uint8Array, record: Uint8Array): void {
    if (type === 'change_cipher_spec') this.#writer.writeChangeCipherSpec()
    else if (type === 'handshake') this.#writer.queueHandshake(payload)
    else this.#writer.write(contentType[type], payload)
    expect(toHex(join(this.#writer.take()))).toBe(toHex(record))
    this.#reader.push(record.slice())
    const read = this.#reader.next()
    expect([read?.type, read && toHex(read.fragment)]).toEqual([contentType[type], toHex(payload)])
    expect(read?.protected).toBe(record[0] === contentType.application_data)
    expect(this.#reader.next()).toBeUndefined()
  }
}
