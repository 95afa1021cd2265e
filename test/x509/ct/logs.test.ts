import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { CtLogSource } from '../../../src/x509/ct/log-list.ts'
import { ctLogs, isApproved, operatorAt } from '../../../src/x509/ct/logs.ts'
import { providers } from '../../providers.ts'
import { spkiOf } from '../build.ts'
import { flipBit, hash, newLog, rsaLog } from './mint.ts'

const [crypto] = providers()
if (!crypto) throw new Error('there is no provider')
const read = (source: Parameters<typeof ctLogs>[0]) => ctLogs(source, crypto)

const { source, id } = newLog('Operator', { description: 'First log' })
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const entry = {
  description: "Operator's first",
  log_id: base64(id),
  key: base64(source.key),
  url: 'https://ct.example.com/first/',
  mmd: 86400,
  state: { usable: { timestamp: '2024-11-08T00:00:00Z' } },
  temporal_interval: { start_inclusive: '2026-01-01T00:00:00Z', end_exclusive: '2027-01-01T00:00:00Z' },
}

describe('a list of plain logs', () => {
  test('finds each by the SHA-256 of its key', () => {
    const other = rsaLog('Other')
    const list = read([source, other.source])
    expect(list.find(id)?.description).toBe('First log')
    expect(list.find(other.id)?.description).toBe('Other')
    expect(list.find(hash(id))).toBeUndefined()
    expect(list.timestamp).toBeUndefined()
  })

  test.each<readonly [string, readonly CtLogSource[], RegExp]>([
    ['no log', [], /at least one log/],
    ['one log twice', [source, { ...source, operator: 'Other' }], /the same log twice/],
    ['an id that is another’s', [{ ...source, id: hash(id) }], /log 0 \(First log\): its id is not the SHA-256/],
    ['a key that is no DER', [{ ...source, key: id }], /its key is malformed/],
    ['a key of no octets', [{ ...source, key: new Uint8Array(0) }], /its key is malformed/],
    ['a key as text', [{ ...source, key: entry.key as unknown as Uint8Array }], /its key is the DER/],
    ['a key on P-384', [newLog('Operator', {}, generateKeyPairSync('ec', { namedCurve: 'P-384' })).source], /neither of ECDSA on P-256/],
    [
      'a key of RSA with 2040 bits',
      [newLog('Operator', {}, generateKeyPairSync('rsa', { modulusLength: 2040 })).source],
      /RSA with 2048 bits/,
    ],
    ['no operator', [{ ...source, operator: '' }], /has no operator/],
    ['a state that is none', [{ ...source, state: 'frozen' as 'usable' }], /not frozen/],
    ['a retired log without its day', [{ ...source, state: 'retired' }], /since when/],
    ['a time that is no number', [{ ...source, since: Number.NaN }], /a time that is no number/],
    ['an empty interval', [{ ...source, temporalInterval: { start: 5, end: 5 } }], /its interval is empty/],
    [
      'previous operators out of order',
      [
        {
          ...source,
          previousOperators: [
            { name: 'A', until: 9 },
            { name: 'B', until: 8 },
          ],
        },
      ],
      /order of time/,
    ],
  ])('refuses %s', (_, logs, message) => {
    expect(() => read(logs)).toThrow(TypeError)
    expect(() => read(logs)).toThrow(message)
  })
})

describe('the JSON of Google’s list', () => {
  const tiled = newLog('Operator')
  const json = {
    version: '59.1',
    log_list_timestamp: '2025-07-10T12:53:11Z',
    operators: [
      { name: 'Operator', email: ['ct@example.com'], logs: [entry] },
      {
        name: 'Second',
        logs: [],
        tiled_logs: [
          {
            log_id: base64(tiled.id),
            key: base64(tiled.source.key),
            state: { retired: { timestamp: '2025-07-24T00:00:00Z' } },
            previous_operators: [
              { name: 'Middle', end_time: '2022-01-01T00:00:00Z' },
              { name: 'Oldest', end_time: '2020-01-01T00:00:00Z' },
            ],
          },
        ],
      },
    ],
  }

  test.each([
    ['as text', JSON.stringify(json)],
    ['parsed', json],
  ])('is read %s', (_, list) => {
    const { logs, timestamp } = read(list)
    expect(timestamp).toBe(Date.UTC(2025, 6, 10, 12, 53, 11))
    expect(logs).toEqual([
      {
        id,
        key: source.key,
        operator: 'Operator',
        previousOperators: [],
        description: "Operator's first",
        state: 'usable',
        since: Date.UTC(2024, 10, 8),
        temporalInterval: { start: Date.UTC(2026, 0), end: Date.UTC(2027, 0) },
      },
      {
        id: tiled.id,
        key: tiled.source.key,
        operator: 'Second',
        previousOperators: [
          { name: 'Oldest', until: Date.UTC(2020, 0) },
          { name: 'Middle', until: Date.UTC(2022, 0) },
        ],
        description: 'Second',
        state: 'retired',
        since: Date.UTC(2025, 6, 24),
      },
    ])
  })

  test('takes a log without a state for a pending one', () => {
    expect(read(listOf({ state: undefined })).logs[0]?.state).toBe('pending')
  })

  test.each<readonly [string, string | object, RegExp]>([
    ['text that is no JSON', '{', /not JSON/],
    ['a number', '5', /the log list is not an object/],
    ['no operators', {}, /operators is not an array/],
    ['an operator that is none', { operators: [null] }, /operators\[0\] is not an object/],
    ['an operator without a name', { operators: [{ logs: [] }] }, /operators\[0\]\.name is not a text/],
    ['logs that are no array', { operators: [{ name: 'A', logs: {} }] }, /operators\[0\]\.logs is not an array/],
    ['no log', { operators: [] }, /at least one log/],
    ['a date that is none', { operators: [], log_list_timestamp: 'yesterday' }, /log_list_timestamp is not a time/],
    ['a log without a key', listOf({ key: undefined }), /operators\[0\]\.logs\[0\]\.key is not a text/],
    ['a key with a blank', listOf({ key: entry.key.replace('g', ' ') }), /key has " ", which is not base64/],
    ['a key that is cut off', listOf({ key: entry.key.slice(0, -3) }), /logs\[0\]\.key.* is cut off/],
    ['an id of another key', listOf({ log_id: base64(flipBit(id, 100)) }), /its id is not the SHA-256/],
    ['no id', listOf({ log_id: null }), /log_id is not a text/],
    ['two states', listOf({ state: { ...entry.state, pending: entry.state.usable } }), /state is not one of/],
    ['an unknown state', listOf({ state: { frozen: entry.state.usable } }), /state is not one of/],
    ['a state as text', listOf({ state: 'usable' }), /state is not an object/],
    ['a state without a time', listOf({ state: { usable: {} } }), /state\.usable\.timestamp is not a time/],
    ['a month that is none', listOf({ state: { usable: { timestamp: '2024-13-08T00:00:00Z' } } }), /timestamp is not a time/],
    [
      'a time of a local clock',
      listOf({ temporal_interval: { ...entry.temporal_interval, end_exclusive: '2027-01-01T00:00:00' } }),
      /end_exclusive/,
    ],
    ['a description that is no text', listOf({ description: 5 }), /description is not a text/],
    ['a previous operator without an end', listOf({ previous_operators: [{ name: 'A' }] }), /previous_operators\[0\]\.end_time/],
  ])('is refused: %s', (_, list, message) => {
    expect(() => read(list)).toThrow(TypeError)
    expect(() => read(list)).toThrow(message)
  })

  function listOf(change: object): object {
    return { operators: [{ name: 'Operator', logs: [{ ...entry, ...change }] }] }
  }
})

test('qualified, usable and read-only logs are approved, and a retired one until it retires', () => {
  const approved = (state: CtLogSource['state'], now: number): boolean | undefined => {
    const log = read([{ ...source, state, since: 100 }]).find(id)
    return log && isApproved(log, now)
  }
  for (const state of ['qualified', 'usable', 'readonly'] as const) expect(approved(state, 200)).toBe(true)
  for (const state of ['pending', 'rejected', 'retired'] as const) expect(approved(state, 200)).toBe(false)
  expect(approved('retired', 99)).toBe(true)
  expect(approved('retired', 100)).toBe(false)
})

test('a log is its previous operators’ until their last moment', () => {
  const previousOperators = [
    { name: 'Oldest', until: 100 },
    { name: 'Middle', until: 200 },
  ]
  const log = read([{ ...source, previousOperators }]).find(id)
  expect(log && [50, 100, 101, 200, 201].map(time => operatorAt(log, time))).toEqual(['Oldest', 'Oldest', 'Middle', 'Middle', 'Operator'])
})

test('a log may sign with RSA of more than 2048 bits', () => {
  const key = spkiOf(generateKeyPairSync('rsa', { modulusLength: 3072 }))
  expect(read([{ ...source, key }]).find(hash(key))?.operator).toBe('Operator')
})
