import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Moment } from '../../../src/x509/path/moment.ts'

const time = fc.integer({ min: -50, max: 50 })

test('a moment covers another exactly if all its answers are the same there', () => {
  fc.assert(
    fc.property(time, fc.array(time, { maxLength: 6 }), time, (now, asked, other) => {
      const moment = new Moment(now)
      const answers = asked.map(each => moment.hasReached(each))
      expect(answers).toEqual(asked.map(each => now >= each))
      expect(moment.covers(other)).toBe(asked.every((each, i) => other >= each === answers[i]))
      expect(moment.covers(now)).toBe(true)
    }),
  )
})

test('a moment whose number was taken covers none, whatever it is asked later', () => {
  const moment = new Moment(5)
  expect(moment.now).toBe(5)
  expect([4, 5, 6].map(other => moment.covers(other))).toEqual([false, false, false])
  moment.hasReached(1)
  moment.hasReached(9)
  expect(moment.covers(5)).toBe(false)
})
