/** SCTs that real logs gave: those in the certificates of x509-limbo's online cases. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { equal } from '../../../src/wire/bytes.ts'
import { evaluateCt } from '../../../src/x509/ct/evaluate.ts'
import type { CtLogSource } from '../../../src/x509/ct/log-list.ts'
import { ctLogs } from '../../../src/x509/ct/logs.ts'
import { type Certificate, decodePem, parseCertificate } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import { sharedVectors } from '../../vectors.ts'

/**
 * Six logs of Google's list, version 59.1 of 2025-07-10 (https://www.gstatic.com/ct/log_list/v3/log_list.json): public keys, ids and the
 * first half of 2026 as interval, but for Nimbus2026, which takes the whole year.
 */
const logs = [
  log(
    'Google',
    'Argon2026h1',
    'DleUvPOuqT4zGyyZB7P3kN+bwj1xMiXdIaklrGHFTiE=',
    'EB/we6GOO/xwxivy4HhkrYFAAPo6e2nc346Wo2o2U+GvoPWSPJz91s/xrEvA3Bk9kWHUUXVZS5morFEzsgdHqPg==',
  ),
  log(
    'Google',
    'Xenon2026h1',
    'lpdkv1VYl633Q4doNwhCd+nwOtX2pPM2bkakPw/KqcY=',
    'EOh/Iu87VkEc0ysoBBCchHOIpPZK7kUXHWj6l1PIS5ujmQ7rze8I4r/wjigVW6wMKMMxjbNk8vvV7lLqU07+ITA==',
  ),
  log(
    'Cloudflare',
    'Nimbus2026',
    'yzj3FYl8hKFEX1vB3fvJbvKaWc1HCmkFhbDLFMMUWOc=',
    'E2FxhT6xq0iCATopC9gStS9SxHHmOKTLeaVNZ661488Aq8tARXQV+6+jB0983v5FkRm4OJxPqu29GJ1iG70Ahow==',
    2027,
  ),
  log(
    'DigiCert',
    'Wyvern2026h1',
    'ZBHEbKQS7KeJHKICLgC8q08oB9QeNSer6v7VA8l9zfA=',
    'E7Lw0OeKajbeZepHxBXJS2pOJXToHi5ntgKUW2nMhIOuGlofFxtkXum65TBNY1dGD+HrfHge8Fc3ASs0qMXEHVQ==',
  ),
  log(
    'DigiCert',
    'Sphinx2026h1',
    'SZybad4dfOz8Nt7Nh2SmuFuvCoeAGdFVUvvp6ynd+MM=',
    'Eq4S++DyHokIlmmacritS51r5IRsZA6UH4kYLH4pefGyu/xl3huh7/O5rNk/yvMOeBQKaCAG1SSM1xNNQK1Hp9A==',
  ),
  log(
    'Sectigo',
    'Tiger2026h1',
    'FoMtq/CpJQ8P8DqlRf/Iv8gj0IdL9gQpJ/jnHzMT9fo=',
    'E73eDJyszDbzsWcgI0nbtU0+y11gQWjNjS/RSO5P4hOSFE+pPrDCtfNPHe6dq7/XQYwOFt9Feb8TwQW+mqXN5xg==',
  ),
]

/** `point` is the key behind the header that all keys on P-256 share. */
function log(operator: string, description: string, id: string, point: string, year?: number): CtLogSource {
  const key = Buffer.from(`MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA${point}`, 'base64')
  const temporalInterval = { start: Date.UTC(2026, 0), end: year ? Date.UTC(year, 0) : Date.UTC(2026, 6) }
  return { id: Buffer.from(id, 'base64'), key, operator, description, state: 'usable', temporalInterval }
}

interface Case {
  readonly id: string
  readonly peer_certificate: string
  readonly untrusted_intermediates: readonly string[]
  readonly trusted_certs: readonly string[]
}

const folder = sharedVectors()
const cases = folder ? onlineCases(`${folder}/x509-limbo/limbo-core.json`) : []

function onlineCases(file: string): readonly Case[] {
  const { testcases }: { testcases: readonly Case[] } = JSON.parse(readFileSync(file, 'utf8'))
  return testcases.filter(({ id }) => id.startsWith('online::'))
}

/** The SCTs are some minutes or hours younger than the certificates say that they are. */
const now = Date.UTC(2026, 3)

describe.skipIf(!folder).each(providers())('with the provider $name, the SCTs of a real certificate', crypto => {
  const list = ctLogs(logs, crypto)

  test('are valid where the log is known, and unknown otherwise', () => {
    const verdicts = cases.flatMap(each => judge(each).scts)
    expect(verdicts.every(({ status, log }) => status === (log ? 'valid' : 'unknown-log'))).toBe(true)
    const counts = logs.map(({ description }) => verdicts.filter(({ log }) => log?.description === description).length)
    expect(counts).toEqual([1, 5, 1, 5, 3, 4])
  })

  test.each(['google.com', 'fastly.com', 'apple.com', 'cloudflare.com', 'storage.googleapis.com'])('satisfy the policy: %s', name => {
    const found = cases.find(({ id }) => id === `online::${name}`)
    expect(found && judge(found)).toMatchObject({ compliant: true, problem: undefined })
  })

  test('are nobody’s under another issuer', () => {
    const other = Buffer.from(logs[0]?.key ?? [])
    const statuses = cases.flatMap(each => judge(each, other).scts.map(({ status }) => status))
    expect(new Set(statuses)).toEqual(new Set(['invalid-signature', 'unknown-log']))
  })

  function judge(each: Case, issuerKey?: Uint8Array) {
    const certificate = read(each.peer_certificate)
    const issuer = [...each.untrusted_intermediates, ...each.trusted_certs].map(read).find(isIssuer(certificate))
    if (!issuer) throw new Error(`${each.id} has no issuer`)
    return evaluateCt({ certificate, issuerKey: issuerKey ?? issuer.publicKey.raw, now, crypto }, { logs: list, policy: 'report' })
  }
})

function read(pem: string): Certificate {
  const [block] = decodePem(pem)
  if (!block) throw new Error('there is no certificate')
  return parseCertificate(block.bytes)
}

function isIssuer({ issuer }: Certificate): (candidate: Certificate) => boolean {
  return ({ subject }) => equal(subject.raw, issuer.raw)
}
