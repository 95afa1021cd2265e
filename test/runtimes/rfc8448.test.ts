import { expect, it } from 'vitest'
import { rfc8448Records, rfc8448Values } from './rfc8448.ts'
import { records, rfc8448 } from './suite/rfc8448.ts'

it('what the suite replays is what the vectors of RFC 8448 say', () => {
  expect(rfc8448).toEqual(rfc8448Values())
  expect(records).toEqual(rfc8448Records())
  expect(records.length).toBe(9)
})
