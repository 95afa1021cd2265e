/**
 * What Node's documentation says of its `tls`, played on `node:tls` (held to TLS 1.3) and on this package, and on each with the other at the far
 * end: whatever is observed has to be the same. What differs on purpose is in `scenarios/differences.ts`.
 */
import { describe, expect, it } from 'vitest'
import { ours, theirs } from './face.ts'
import { misuse } from './scenarios/arguments.ts'
import { certificates } from './scenarios/certificates.ts'
import { connecting } from './scenarios/connecting.ts'
import { data } from './scenarios/data.ts'
import { type Difference, differences } from './scenarios/differences.ts'
import { ending } from './scenarios/ending.ts'
import { secrets } from './scenarios/secrets.ts'
import { servers } from './scenarios/servers.ts'
import { sessions } from './scenarios/sessions.ts'
import type { Pair, Scenario } from './scenarios/stage.ts'

const chapters: Readonly<Record<string, readonly Scenario[]>> = {
  connecting,
  ending,
  data,
  servers,
  certificates,
  sessions,
  secrets,
  misuse,
}

const pairsFor: Record<NonNullable<Scenario['subject']>, readonly (readonly [string, Pair])[]> = {
  both: [
    ['ours and ours', { client: ours, server: ours }],
    ['our client, their server', { client: ours, server: theirs }],
    ['their client, our server', { client: theirs, server: ours }],
  ],
  client: [['our client', { client: ours, server: theirs }]],
  server: [['our server', { client: theirs, server: ours }]],
  one: [['ours', { client: ours, server: ours }]],
}

describe.each(Object.entries(chapters))('%s', (_chapter, scenarios) => {
  it.each(scenarios.map(scenario => [scenario.title, scenario] as const))('%s', async (title, { subject = 'both', play }) => {
    const expected = await play({ client: theirs, server: theirs })
    for (const [name, pair] of pairsFor[subject]) {
      const observed = await play(pair)
      const known = differences.filter(({ scenario, when }) => scenario === title && shows(when, pair))
      for (const { at, node, tassel } of known) {
        expect(valueAt(expected, at), `${at} of Node`).toEqual(node)
        expect(valueAt(observed, at), `${at}, ${name}`).toEqual(tassel)
        expect(tassel, at).not.toEqual(node)
      }
      const places = known.map(({ at }) => at)
      expect(without(observed, places), name).toEqual(without(expected, places))
    }
  })
})

it('There are at least forty, each with a title of its own, and every known difference is of one of them', () => {
  const titles = Object.values(chapters).flatMap(scenarios => scenarios.map(({ title }) => title))
  expect(titles.length).toBeGreaterThanOrEqual(40)
  expect(new Set(titles).size).toBe(titles.length)
  expect(differences.filter(({ scenario, reason }) => !titles.includes(scenario) || reason === '')).toEqual([])
})

function shows(when: Difference['when'], { client, server }: Pair): boolean {
  if (when === 'both') return client === ours && server === ours
  if (when === 'either') return client === ours || server === ours
  return (when === 'client' ? client : server) === ours
}

function valueAt(transcript: unknown, at: string): unknown {
  return at.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], transcript)
}

/** A copy in which nothing stands at the places. */
function without(transcript: unknown, places: readonly string[], at = ''): unknown {
  if (places.includes(at)) return 'a known difference'
  if (typeof transcript !== 'object' || transcript === null) return transcript
  const inside = (name: string | number) => (at === '' ? `${name}` : `${at}.${name}`)
  if (Array.isArray(transcript)) return transcript.map((each, i) => without(each, places, inside(i)))
  return Object.fromEntries(Object.entries(transcript).map(([name, each]) => [name, without(each, places, inside(name))]))
}
