import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, toHex } from '../../src/wire/bytes.ts'
import { DecodeError } from '../../src/wire/error.ts'
import {
  annotateMessage,
  type ClientHello,
  decodeMessage,
  encodeMessage,
  headerSize,
  type MessageName,
  messageTable,
  nameOfMessage,
  retryRandom,
} from '../../src/wire/messages.ts'
import { arbitraryOf } from './arbitrary.ts'

const names = Object.keys(messageTable) as MessageName[]

/** A value of any message, with the random by which a HelloRetryRequest is known, and others are not. */
function messages(name: MessageName) {
  return arbitraryOf(messageTable[name].codec).map(body => {
    const fixed = name === 'hello_retry_request' ? { ...(body as object), random: retryRandom } : body
    return encodeMessage(name, fixed as never)
  })
}

describe('every handshake message', () => {
  it.each(names)('%s decodes to what was encoded', name => {
    fc.assert(
      fc.property(messages(name), ({ body, bytes }) => {
        expect(nameOfMessage(bytes)).toBe(name)
        expect(decodeMessage(name, bytes).body).toEqual(body)
      }),
      { numRuns: 200 },
    )
  })

  it.each(names)('%s has a place for every byte in its annotation', name => {
    fc.assert(
      fc.property(messages(name), ({ bytes }) => {
        const fields = annotateMessage(bytes)
        expect(fields[0]).toMatchObject({ path: 'msg_type', from: 0, to: 1, value: bytes[0] })
        expect(fields[1]).toMatchObject({ path: 'length', from: 1, to: 4, value: bytes.length - headerSize })
        const leaves = fields.filter(field => 'value' in field)
        for (const [i, leaf] of leaves.entries()) {
          expect(leaf.to).toBeGreaterThanOrEqual(leaf.from)
          if (i > 0) expect(leaf.from).toBeGreaterThanOrEqual((leaves[i - 1] as { to: number }).to)
        }
        expect(Math.max(...fields.map(field => field.to))).toBeLessThanOrEqual(bytes.length)
      }),
      { numRuns: 100 },
    )
  })

  it.each(names)('%s refuses a byte too many and a byte too few with DecodeError', name => {
    fc.assert(
      fc.property(messages(name), ({ bytes }) => {
        expect(() => decodeMessage(name, concat(bytes, Uint8Array.of(0)))).toThrow(DecodeError)
        expect(() => decodeMessage(name, bytes.subarray(0, bytes.length - 1))).toThrow(DecodeError)
      }),
      { numRuns: 100 },
    )
  })

  it.each(names)('%s throws nothing but DecodeError for bytes that were changed anywhere', name => {
    fc.assert(
      fc.property(messages(name), fc.nat(), fc.integer({ min: 1, max: 255 }), ({ bytes }, at, flip) => {
        const changed = bytes.slice()
        const i = at % changed.length
        changed[i] = (changed[i] as number) ^ flip
        try {
          const { body } = decodeMessage(name, changed)
          // A ClientHello may end before its extensions, as old ones do; it is then encoded with none.
          if (name === 'client_hello' && (body as ClientHello).extensions.length === 0) return
          // What is accepted is canonical: it encodes to the same bytes.
          expect(toHex(encodeMessage(name, body as never).bytes.subarray(1))).toBe(toHex(changed.subarray(1)))
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('rules of the wire', () => {
  const hello = (extensions: string) => {
    const fixed = `0303${'11'.repeat(32)}00000213010100`
    const block = (extensions.length / 2).toString(16).padStart(4, '0') + extensions
    const body = fixed + block
    return Uint8Array.from(`01${(body.length / 2).toString(16).padStart(6, '0')}${body}`.match(/../g) ?? [], pair =>
      Number.parseInt(pair, 16),
    )
  }
  const codeOf = (bytes: Uint8Array) => {
    try {
      decodeMessage('client_hello', bytes)
    } catch (error) {
      return (error as DecodeError).code
    }
    return 'accepted'
  }

  it('a ClientHello without extensions is read as having none', () => {
    const bytes = hello('').slice(0, -2)
    bytes[3] = bytes.length - 4
    expect(decodeMessage('client_hello', bytes).body.extensions).toEqual([])
  })

  it('a repeated extension is refused', () => {
    expect(codeOf(hello('002b0003020304002b0003020304'))).toBe('repeated-extension')
    expect(codeOf(hello('fafa0000fafa0000'))).toBe('repeated-extension')
  })

  it('an extension in a message where it does not belong is refused', () => {
    expect(codeOf(hello('00300000'))).toBe('misplaced-extension')
  })

  it('pre_shared_key has to be the last extension of a ClientHello', () => {
    const psk = `0029002d000800026162000000000021${'20'}${'00'.repeat(32)}`
    const fixed = psk.replace('0029002d', `0029${((psk.length - 8) / 2).toString(16).padStart(4, '0')}`)
    expect(codeOf(hello(fixed))).toBe('accepted')
    expect(codeOf(hello(`${fixed}002b0003020304`))).toBe('illegal-value')
  })

  it('bytes behind the contents of an extension are refused', () => {
    expect(codeOf(hello('002b000402030400'))).toBe('decode-error')
  })

  it('a vector whose length is no multiple of its item is refused', () => {
    expect(codeOf(hello('000a0005000300170a'))).toBe('decode-error')
  })
})
