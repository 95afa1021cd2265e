/**
 * The path-validation cases of x509-limbo. None that must fail may be accepted, and none that must pass may be refused, but for the lists
 * below, each with its reason; a case that no longer needs its exception fails too.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TlsError } from '../../src/error.ts'
import { createTrustStore, decodePem } from '../../src/x509/index.ts'
import { providers } from '../providers.ts'
import { sharedVectors } from '../vectors.ts'

/** Cases that must fail by the suite's reading, and are accepted here. */
const lenient: Readonly<Record<string, readonly string[]>> = {
  'revocation lists are not read yet': [
    'crl::revoked-certificate-with-crl',
    'crl::crlnumber-missing',
    'crl::crlnumber-critical',
    'crl::issuer-missing-crlsign',
  ],
  'key identifiers order the candidates and decide nothing; Go, OpenSSL and webpki accept their absence': [
    'rfc5280::aki::leaf-missing-aki',
    'rfc5280::aki::intermediate-missing-aki',
    'rfc5280::aki::cross-signed-root-missing-aki',
    'rfc5280::ski::root-missing-ski',
    'rfc5280::ski::intermediate-missing-ski',
    'webpki::aki::root-with-aki-missing-keyidentifier',
    'webpki::aki::root-with-aki-authoritycertissuer',
    'webpki::aki::root-with-aki-authoritycertserialnumber',
    'webpki::aki::root-with-aki-all-fields',
    'webpki::aki::root-with-aki-ski-mismatch',
  ],
  'the common name is never looked at, so what it says does no harm': [
    'webpki::cn::ipv4-hex-mismatch',
    'webpki::cn::ipv4-leading-zeros-mismatch',
    'webpki::cn::ipv6-uppercase-mismatch',
    'webpki::cn::ipv6-uncompressed-mismatch',
    'webpki::cn::ipv6-non-rfc5952-mismatch',
    'webpki::cn::punycode-not-in-san',
    'webpki::cn::utf8-vs-punycode-mismatch',
    'webpki::cn::not-in-san',
    'webpki::cn::case-mismatch',
  ],
  'roots in every trust store have serial number zero': ['rfc5280::serial::zero'],
  'underscores are common in private host names': ['rfc5280::san::underscore-dns'],
  'whether basicConstraints is critical changes nothing for one who processes it': ['rfc5280::root-non-critical-basic-constraints'],
  'the CA/Browser Forum’s profile, not RFC 5280: private CAs are not bound by it': [
    'webpki::eku::ee-anyeku',
    'webpki::eku::ee-critical-eku',
    'webpki::eku::ee-without-eku',
    'webpki::eku::root-has-eku',
    'webpki::san::san-critical-with-nonempty-subject',
    'webpki::ee-basicconstraints-ca',
  ],
  'there is no list of public suffixes here': [
    'webpki::san::public-suffix-wildcard-san',
    'webpki::san::public-suffix-multi-label-wildcard-san',
    'webpki::san::public-suffix-private-namespace-wildcard-san',
  ],
  'sizes of RSA keys are the crypto provider’s: a weak leaf key fails when it signs the handshake': [
    'webpki::forbidden-weak-rsa-in-leaf',
    'webpki::forbidden-rsa-not-divisible-by-8-in-root',
    'webpki::forbidden-rsa-key-not-divisible-by-8-in-leaf',
  ],
}

/** Cases that must pass, and are refused here. */
const strict: Readonly<Record<string, readonly string[]>> = {
  'TLS 1.3 needs a leaf whose keyUsage has digitalSignature (RFC 9846 §4.5.2.2)': [
    'pathlen::validation-ignores-pathlen-in-leaf',
    'rfc5280::ca-as-leaf',
  ],
  'name constraints are not processed yet': [
    'rfc5280::nc::permitted-dns-match',
    'rfc5280::nc::permitted-dns-match-more',
    'rfc5280::nc::permitted-ipv4-match',
    'rfc5280::nc::permitted-ipv6-match',
    'rfc5280::nc::permitted-self-issued',
    'rfc5280::nc::permitted-different-constraint-type',
    'rfc5280::nc::excluded-different-constraint-type',
    'rfc5280::nc::nc-forbids-alternate-chain-ica',
    'rfc5280::nc::nc-permits-email-exact',
    'rfc5280::nc::nc-permits-email-domain',
    'rfc5280::nc::nc-permits-email-literal-asterisk-exact-match',
    'rfc5280::nc::nc-permits-email-literal-double-asterisk',
    'rfc5280::nc::nc-permits-email-literal-mid-asterisk',
    'rfc5280::nc::nc-forbids-othername-noop',
    'webpki::nc::permitted-dns-match-noncritical',
    'webpki::nc::nc-permits-dns-san-pattern',
  ],
  'a server is not verified without a name': ['rfc5280::nc::permitted-dn-match'],
}

interface Case {
  readonly id: string
  readonly validation_kind: 'SERVER' | 'CLIENT'
  readonly trusted_certs: readonly string[]
  readonly untrusted_intermediates: readonly string[]
  readonly peer_certificate: string
  readonly validation_time: string | null
  readonly expected_result: 'SUCCESS' | 'FAILURE'
  readonly expected_peer_name: { readonly value: string } | null
  readonly max_chain_depth: number | null
}

const folder = sharedVectors()
const cases =
  folder === undefined
    ? []
    : (JSON.parse(readFileSync(join(folder, 'x509-limbo/limbo-core.json'), 'utf8')) as { testcases: Case[] }).testcases
if (folder === undefined) test.skip('x509-limbo is absent: set TASSEL_VECTORS', () => {})

describe.skipIf(folder === undefined).each(providers())('x509-limbo with the provider $name', crypto => {
  const verdicts = new Map(cases.map(one => [one.id, verdictOn(one)]))
  const idsOf = (expected: string, accepted: boolean) =>
    cases.filter(one => one.expected_result === expected && (verdicts.get(one.id) === undefined) === accepted).map(({ id }) => id)

  const count = (expected: string, accepted: boolean) =>
    `${idsOf(expected, accepted).length} of ${cases.filter(one => one.expected_result === expected).length}`

  test(`accepts nothing that must fail, but for the reasons listed: refuses ${count('FAILURE', false)}`, () => {
    expect(idsOf('FAILURE', true).sort()).toEqual(Object.values(lenient).flat().sort())
  })

  test(`refuses nothing that must pass, but for the reasons listed: accepts ${count('SUCCESS', true)}`, () => {
    expect(idsOf('SUCCESS', false).sort()).toEqual(Object.values(strict).flat().sort())
  })

  /** `undefined`: accepted. */
  function verdictOn(one: Case): Error | undefined {
    const limits = one.max_chain_depth === null ? {} : { intermediates: one.max_chain_depth }
    try {
      const store = createTrustStore({ roots: one.trusted_certs, crypto, limits })
      store.verify(
        [one.peer_certificate, ...one.untrusted_intermediates].flatMap(pem => decodePem(pem).map(({ bytes }) => bytes)),
        {
          name: one.expected_peer_name?.value,
          now: Date.parse(one.validation_time ?? '2026-06-01T12:00:00Z'),
          purpose: one.validation_kind === 'SERVER' ? 'server' : 'client',
        },
      )
      return undefined
    } catch (error) {
      // TypeError: a root that is malformed is its owner's mistake.
      if (error instanceof TlsError || error instanceof TypeError) return error
      throw error
    }
  }
})

test.skipIf(folder === undefined)('every root of Mozilla’s list can be one here', () => {
  const [crypto] = providers()
  const pem = readFileSync(join(folder ?? '', 'roots/mozilla-roots.pem'), 'utf8')
  expect(decodePem(pem)).toHaveLength(120)
  if (crypto) createTrustStore({ roots: [pem], crypto })
})
