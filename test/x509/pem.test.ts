import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodePem, encodePem } from '../../src/x509/index.ts'

const block = '-----BEGIN A-----\nAQID\n-----END A-----\n'

test('several blocks are read in order, with their labels, whatever stands between them', () => {
  const text = `one\n${block}two ----- three\r\n${block.replaceAll('BEGIN A', 'BEGIN B C-D').replaceAll('END A', 'END B C-D')}four`
  expect(decodePem(text)).toEqual([
    { label: 'A', headers: [], bytes: Uint8Array.of(1, 2, 3) },
    { label: 'B C-D', headers: [], bytes: Uint8Array.of(1, 2, 3) },
  ])
  expect(decodePem('no block at all')).toEqual([])
})

test('CRLF, CR, spaces and any length of line are read', () => {
  for (const text of [
    block.replaceAll('\n', '\r\n'),
    block.replaceAll('\n', '\r'),
    block.replace('AQID', ' AQ\n\n\tID '),
    block.replace('A-----\n', 'A-----  \n'),
    block.trimEnd(),
  ]) {
    expect(decodePem(text).map(({ bytes }) => bytes)).toEqual([Uint8Array.of(1, 2, 3)])
  }
})

test('a byte order mark before the first block is skipped, and is no part of one', () => {
  expect(decodePem(`\uFEFF${block}`)).toEqual(decodePem(block))
  expect(() => decodePem(block.replace('AQID', '\uFEFFAQID'))).toThrow(/which is not base64/)
})

test('headers of the old form are set apart', () => {
  const text = block.replace('AQID', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAQID')
  expect(decodePem(text)).toEqual([
    { label: 'A', headers: ['Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-128-CBC,00'], bytes: Uint8Array.of(1, 2, 3) },
  ])
})

test('what is written is read again, and Buffer agrees with the base64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), bytes => {
      const text = encodePem('ANY THING', bytes)
      expect(decodePem(text)).toEqual([{ label: 'ANY THING', headers: [], bytes }])
      const lines = text.trimEnd().split('\n')
      expect(lines.slice(1, -1).join('')).toBe(Buffer.from(bytes).toString('base64'))
      expect(lines.every(line => line.length <= 64)).toBe(true)
    }),
  )
})

test.each([
  ['is not closed', '-----BEGIN A-----\nAQID\n', /PEM block 0 \(A\) has no end/],
  ['is followed by another before its end', `-----BEGIN A-----\n${block}`, /PEM block 0 \(A\) is not closed before the next/],
  ['ends as another', `${block}${block.replace('END A', 'END B')}`, /PEM block 1 \(A\) ends as B/],
  ['ends without a beginning', '-----END A-----', /END A without its BEGIN/],
  ['is empty', block.replace('AQID', ''), /PEM block 0 \(A\) is empty/],
  ['has a character that is not base64', block.replace('AQID', 'AQI*'), /PEM block 0 \(A\) has "\*", which is not base64/],
  ['has the alphabet of URLs', block.replace('AQID', 'AQI_'), /which is not base64/],
  ['is cut off', block.replace('AQID', 'AQIDB'), /is cut off: 5 characters/],
  ['lacks its padding', block.replace('AQID', 'AQIDBA'), /is cut off: 6 characters/],
  ['is all padding', block.replace('AQID', '===='), /which is not base64/],
  ['has padding in the middle', block.replace('AQID', 'AQ==AQID'), /has "=", which is not base64/],
  ['has bits behind the last octet', block.replace('AQID', 'AQJ='), /bits that belong to no octet/],
])('a block that %s is refused', (_, text, message) => {
  expect(() => decodePem(text)).toThrow(message)
  expect(() => decodePem(text)).toThrow(TypeError)
})

test('no text makes anything but a TypeError', () => {
  const line = fc.oneof(
    fc.constantFrom('-----BEGIN A-----', '-----END A-----', 'AQID', 'AQ==', '', 'A: b'),
    fc.string({ unit: 'binary-ascii' }),
  )
  fc.assert(
    fc.property(fc.array(line), lines => {
      try {
        decodePem(lines.join('\n'))
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError)
        expect(String(error)).toContain('PEM')
      }
    }),
  )
})
