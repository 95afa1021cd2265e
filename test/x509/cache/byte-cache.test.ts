import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteCache } from '../../../src/x509/cache/byte-cache.ts'

const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all)
const wide = { entries: 1000, bytes: 1_000_000 }

test('a value is found by equal bytes under the same label, and by no others', () => {
  const cache = new ByteCache<number>(wide)
  cache.set('a', [bytes(1, 2), bytes(3)], 1)
  expect(cache.get('a', [bytes(1, 2), bytes(3)])).toBe(1)
  for (const [label, parts] of [
    ['b', [bytes(1, 2), bytes(3)]],
    ['', [bytes(1, 2), bytes(3)]],
    ['a', [bytes(1), bytes(2, 3)]],
    ['a', [bytes(1, 2, 3)]],
    ['a', [bytes(1, 2), bytes(4)]],
    ['a', [bytes(1, 2)]],
    ['a', [bytes(1, 2), bytes(3), bytes()]],
    ['a', []],
  ] as const) {
    expect(cache.get(label, parts)).toBeUndefined()
  }
})

test('two keys with one fingerprint drive each other out, and are never taken for each other', () => {
  const cache = new ByteCache<string>(wide)
  // Only the end of a part is looked at for the fingerprint.
  const [one, other] = [1, 2].map(first => Uint8Array.of(first, ...new Uint8Array(40)))
  if (!one || !other) throw new Error('there are two')
  cache.set('', [one], 'one')
  expect(cache.get('', [other])).toBeUndefined()
  cache.set('', [other], 'other')
  expect([cache.get('', [one]), cache.get('', [other]), cache.entries]).toEqual([undefined, 'other', 1])
})

test('what was not asked for the longest goes first', () => {
  const cache = new ByteCache<number>({ entries: 2, bytes: 1_000_000 })
  cache.set('', [bytes(1)], 1)
  cache.set('', [bytes(2)], 2)
  expect(cache.get('', [bytes(1)])).toBe(1)
  cache.set('', [bytes(3)], 3)
  expect([1, 2, 3].map(n => cache.get('', [bytes(n)]))).toEqual([1, undefined, 3])
  cache.set('', [bytes(1)], 4)
  expect([cache.get('', [bytes(1)]), cache.get('', [bytes(3)]), cache.entries]).toEqual([4, 3, 2])
})

test('a key that takes more than an eighth is not kept, nor anything where nothing may be', () => {
  const cache = new ByteCache<number>({ entries: 10, bytes: 8000 })
  cache.set('', [bytes(1)], 1)
  cache.set('', [new Uint8Array(1000)], 2)
  expect([cache.entries, cache.hasRoomFor('', [new Uint8Array(1000)])]).toEqual([1, false])
  // Many empty parts take room as well.
  cache.set('', new Array<Uint8Array>(1000).fill(bytes()), 3)
  expect([cache.entries, cache.get('', [bytes(1)])]).toEqual([1, 1])
  for (const bounds of [
    { entries: 0, bytes: 8000 },
    { entries: 10, bytes: 0 },
  ]) {
    const none = new ByteCache<number>(bounds)
    none.set('', [bytes(1)], 1)
    expect([none.entries, none.bytes, none.get('', [bytes(1)])]).toEqual([0, 0, undefined])
  }
})

test('whatever is kept, the bounds hold and the sizes add up', () => {
  const key = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('', 'a', 'bc'), key), { maxLength: 60 }), keys => {
      const cache = new ByteCache<number>({ entries: 8, bytes: 2000 })
      const model = new Map<string, number>()
      for (const [i, [label, parts]] of keys.entries()) {
        cache.set(label, parts, i)
        model.set(JSON.stringify([label, parts.map(part => [...part])]), i)
        expect(cache.entries).toBeLessThanOrEqual(8)
        expect(cache.bytes).toBeLessThanOrEqual(2000)
      }
      for (const [label, parts] of keys) {
        const found = cache.get(label, parts)
        if (found !== undefined) expect(found).toBe(model.get(JSON.stringify([label, parts.map(part => [...part])])))
      }
      expect(cache.bytes === 0).toBe(cache.entries === 0)
    }),
  )
})
