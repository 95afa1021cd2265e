/**
 * The path-validation cases of x509-limbo, all under the one profile `web`: each verdict is as expected, but for the list below, each with its
 * reason; a case that no longer needs its exception fails too. docs/x509.md shows the list to users.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CertificateError, type ChainOptions, decodePem, verifyChain } from '../../src/x509/index.ts'
import { providers } from '../providers.ts'
import { sharedVectors } from '../vectors.ts'

const exceptions: Readonly<Record<string, readonly string[]>> = {
  'the suite has the opposite too (`conflicts_with`), by the rules of the web': [
    'rfc5280::eku::ee-without-eku',
    'rfc5280::nc::permitted-dns-match-noncritical',
    'rfc5280::ca-as-leaf',
  ],
  'a CA as end entity, which webpki::ca-as-leaf forbids': ['pathlen::validation-ignores-pathlen-in-leaf'],
  'cve::cve-2024-0567 wants a root of the same form believed': ['rfc5280::aki::cross-signed-root-missing-aki'],
  'twelve cases that must pass have a common name that is not in subjectAltName': ['webpki::cn::not-in-san'],
  'there is no list of public suffixes here': [
    'webpki::san::public-suffix-multi-label-wildcard-san',
    'webpki::san::public-suffix-private-namespace-wildcard-san',
  ],
}

interface Case {
  readonly id: string
  readonly features: readonly string[]
  readonly validation_kind: 'SERVER' | 'CLIENT'
  readonly trusted_certs: readonly string[]
  readonly untrusted_intermediates: readonly string[]
  readonly peer_certificate: string
  readonly validation_time: string | null
  readonly expected_result: 'SUCCESS' | 'FAILURE'
  readonly expected_peer_name: { readonly value: string } | null
  readonly max_chain_depth: number | null
  readonly crls: readonly string[]
}

const folder = sharedVectors()
const cases =
  folder === undefined
    ? []
    : (JSON.parse(readFileSync(join(folder, 'x509-limbo/limbo-core.json'), 'utf8')) as { testcases: Case[] }).testcases
if (folder === undefined) test.skip('x509-limbo is absent: set TASSEL_VECTORS', () => {})

const listed = new Set(Object.values(exceptions).flat())

describe.skipIf(folder === undefined).each(providers())('x509-limbo with the provider $name', crypto => {
  test.each(cases)('$id', one => {
    const error = refusal(one, {})
    const agrees = (error === undefined ? 'SUCCESS' : 'FAILURE') === one.expected_result
    expect(agrees, error?.message ?? 'accepted').toBe(!listed.has(one.id))
  })

  const hostile = cases.filter(({ features }) => features.includes('denial-of-service'))
  test.each(hostile)('$id ends within the budget under the default profile too', one => {
    const codes = ['certificate-budget', 'certificate-path-length', 'certificate-name-mismatch']
    const error = refusal(one, { profile: 'rfc5280' })
    expect(codes).toContain(error instanceof CertificateError ? error.code : String(error))
  })

  test('a CA may be an end entity under the default profile', () => {
    const ids = ['rfc5280::eku::ee-without-eku', 'rfc5280::ca-as-leaf', 'pathlen::validation-ignores-pathlen-in-leaf']
    for (const one of cases.filter(({ id }) => ids.includes(id))) expect(refusal(one, { profile: 'rfc5280' })).toBeUndefined()
  })

  /** `undefined`: accepted. */
  function refusal(one: Case, more: Partial<ChainOptions>): Error | undefined {
    const ders = [one.peer_certificate, ...one.untrusted_intermediates].flatMap(pem => decodePem(pem).map(({ bytes }) => bytes))
    try {
      verifyChain(ders, {
        crypto,
        anchors: one.trusted_certs,
        profile: 'web',
        now: Date.parse(one.validation_time ?? '2026-06-01T12:00:00Z'),
        purpose: one.validation_kind === 'SERVER' ? 'server' : 'client',
        ...(one.expected_peer_name && { name: one.expected_peer_name.value }),
        ...(one.crls.length > 0 && { revocation: { mode: 'hard', crls: one.crls } }),
        ...(one.max_chain_depth !== null && { limits: { intermediates: one.max_chain_depth } }),
        ...more,
      })
      return undefined
    } catch (error) {
      // TypeError: a root that is malformed is its owner's mistake.
      if (error instanceof CertificateError || error instanceof TypeError) return error
      throw error
    }
  }
})

test.skipIf(folder === undefined)('all 208 cases are there, and at most 8 need an exception, which docs/x509.md names', () => {
  expect(cases).toHaveLength(208)
  expect(listed.size).toBeLessThanOrEqual(8)
  const page = readFileSync(join(import.meta.dirname, '../../docs/x509.md'), 'utf8')
  for (const id of listed) expect(page).toContain(`\`${id}\``)
})
