/** Values of any description of the wire, for property tests: made by walking the description's shape. */
import * as fc from 'fast-check'
import type { Codec } from '../../src/wire/codec.ts'
import { type Carrier, extensionTable } from '../../src/wire/extensions.ts'

export function arbitraryOf(codec: Codec<unknown>): fc.Arbitrary<unknown> {
  const { shape } = codec
  switch (shape.kind) {
    case 'uint':
      return fc.integer({ min: 0, max: 256 ** shape.size - 1 })
    case 'fixed':
      return fc.uint8Array({ minLength: shape.size, maxLength: shape.size })
    case 'opaque':
      return fc.uint8Array({ minLength: shape.min, maxLength: Math.min(shape.max, shape.min + 40) })
    case 'remaining':
      return fc.uint8Array({ maxLength: 40 })
    case 'vector': {
      const size = leastSize(shape.item)
      const minLength = Math.ceil(shape.min / size)
      return fc.array(arbitraryOf(shape.item), { minLength, maxLength: minLength + 4 })
    }
    case 'struct':
      return fc.record(Object.fromEntries(shape.fields.map(([name, field]) => [name, arbitraryOf(field)])))
    case 'select':
      return fc.oneof(
        ...[...shape.cases].map(([code, [name, arm]]) => fc.record({ [shape.tag]: fc.constant(code), [name]: arbitraryOf(arm) })),
      )
    case 'extensions':
      return arbitraryExtensions(shape.message as Carrier)
  }
}

function arbitraryExtensions(message: Carrier): fc.Arbitrary<unknown> {
  const known = Object.entries(extensionTable).flatMap(([name, { type, in: codecs }]) => {
    const codec = (codecs as Partial<Record<Carrier, Codec<unknown>>>)[message]
    return codec ? [arbitraryOf(codec).map(value => ({ name, type: type as number, value }))] : []
  })
  const unknown = fc.record({
    name: fc.constant(undefined),
    type: fc.integer({ min: 0x0a0a, max: 0xfafa }),
    value: fc.uint8Array({ maxLength: 20 }),
  })
  return fc
    .uniqueArray(fc.oneof(unknown, ...known), { selector: each => each.type, maxLength: 8 })
    .map(list => list.sort((a, b) => Number(a.name === 'pre_shared_key') - Number(b.name === 'pre_shared_key')))
    .map(list => (message === 'server_hello' || message === 'hello_retry_request' ? ofTls13(list) : list))
}

/** A server's hello without supported_versions is of an older version, and its extensions are not read. */
function ofTls13(list: readonly { readonly name: string | undefined }[]): unknown {
  const { type } = extensionTable.supported_versions
  return list.some(each => each.name === 'supported_versions') ? list : [...list, { name: 'supported_versions', type, value: 0x0304 }]
}

/** The least number of bytes that a value takes. */
function leastSize(codec: Codec<unknown>): number {
  const { shape } = codec
  switch (shape.kind) {
    case 'uint':
    case 'fixed':
      return shape.size
    case 'opaque':
    case 'vector':
      return shape.min + 1
    case 'struct':
      return Math.max(
        1,
        shape.fields.reduce((sum, [, field]) => sum + leastSize(field), 0),
      )
    default:
      return 1
  }
}
