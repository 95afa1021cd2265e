/**
 * The 197 chain cases of BoringSSL: verdict, reason, the certificate at fault and the policy set. What is judged differently stands in the
 * tables below with its reason; a case that no longer needs its exception fails too.
 */
import { describe, expect, test } from 'vitest'
import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import { verifyChain } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import { anchorAsEndEntity, anchorsOf, type ChainCase, type ChainFault, codesOf, purposes, readChainCases } from './boringssl-chains.ts'
import { absent, tellIfAbsent } from './data.ts'
import { type Exceptions, namesIn } from './exceptions.ts'
import { sha1Verifiers } from './legacy-signatures.ts'
import { type Accepted, outcome, type Refused, verdictOf } from './verdict.ts'

/** Refused by BoringSSL, accepted here. */
const lenient: Exceptions = {
  'a CA without extendedKeyUsage, or with anyExtendedKeyUsage, allows everything (RFC 5280 §4.2.1.12); STRICT wants the purpose itself': [
    'intermediate-eku-any-and-clientauth/serverauth-strict',
    'target-eku-clientauth/clientauth-strict',
    'target-eku-none/clientauth-strict',
  ],
  'the Baseline Requirements are about servers: clients need not say what they are for': ['target-eku-none/clientauth-strict-leaf'],
  'that the purpose must be named is a rule of RCS messaging': ['target-eku-none/mlsclientauth'],
}

/** Accepted by BoringSSL, refused here. */
const strict: Exceptions = {
  'anyExtendedKeyUsage is not enough for an end entity, which RFC 5280 §4.2.1.12 leaves open': [
    'target-eku-any/clientauth',
    'target-eku-any/serverauth',
  ],
  'extendedKeyUsage of a CA limits what is below it; for C2PA only that of the end entity counts there': [
    'intermediate-eku-c2pamanifest/c2pamanifest',
    'intermediate-eku-c2patimestamping/c2patimestamp',
  ],
  'critical extensions of RCS messaging, and of Microsoft’s': [
    'intermediate-eku-mlsclientauth/mlsclientauth',
    'target-msapplicationpolicies-and-eku/main',
  ],
  'a URI constraint is a host or a domain (RFC 5280 §4.2.1.10), not a URI': ['many-names/ok-all-types'],
  'a root whose extensions count has to be a CA by them': ['root-lacks-basic-constraints/ta-with-constraints'],
  'the profile is asked of a trusted end entity too': ['target-has-ca-basic-constraints/target_only-trusted_leaf-strict'],
}

/** Refused by both, for another reason or because of another certificate. */
const otherReason: Exceptions = {
  'BoringSSL looks at the chain that it was given, where here an issuer is looked for by its name': ['incorrect-trust-anchor/main'],
  'both signatures are wrong, and the search begins at the end entity': ['intermediate-and-target-wrong-signature/main'],
  'the end entity is not valid at the time of the test, and is looked at first': [
    'intermediate-invalid-spki/main',
    'target-and-intermediate/distrusted-root-expired',
  ],
  'critical extensions of RCS messaging': ['intermediate-eku-mlsclientauth-extra/mlsclientauth'],
  'a name that is not permitted comes before the budget is spent': ['many-names/toomany-all-types'],
  'the fault is laid on the CA that allows fewer intermediates, not on the one that is too much': [
    'violates-basic-constraints-pathlen-0/main',
    'violates-pathlen-1-from-root/ta-with-constraints',
  ],
}

tellIfAbsent('boringssl-pki')

const cases = readChainCases()

test.skipIf(absent)('there are 197 chain cases', () => {
  expect(cases).toHaveLength(197)
})

describe.skipIf(absent).each(providers({ minimumRsaBits: 1024 }))('the chains of BoringSSL with the provider $name', crypto => {
  const judged = cases.map(one => ({ one, verdict: judge(one, crypto) }))
  const valid = judged.filter(({ one }) => one.errors.length === 0)
  const invalid = judged.filter(({ one }) => one.errors.length > 0)
  const names = (some: typeof judged) => some.map(({ one }) => one.name).sort()

  test(`accepts nothing that must be refused, but for the reasons listed: refuses ${count(invalid, false)}`, () => {
    expect(names(invalid.filter(({ verdict }) => verdict.accepted))).toEqual(namesIn(lenient))
  })

  test(`refuses nothing that must be accepted, but for the reasons listed: accepts ${count(valid, true)}`, () => {
    expect(names(valid.filter(({ verdict }) => !verdict.accepted))).toEqual(namesIn(strict))
  })

  test('refuses for the reason and because of the certificate that BoringSSL names, but for the reasons listed', () => {
    const other = invalid.filter(({ one, verdict }) => !verdict.accepted && !one.errors.some(error => fits(verdict, error)))
    expect(names(other)).toEqual(namesIn(otherReason))
  })

  test.each(valid.filter(({ verdict }) => verdict.accepted))('gives $one.name its policies', ({ one, verdict }) => {
    expect(verdict.accepted && [...verdict.chain.policies].sort()).toEqual(one.policies)
  })

  test('refuses what a key of an unknown kind signed, at a time when all certificates are valid', () => {
    const one = cases.find(({ name }) => name === 'intermediate-invalid-spki/main')
    const verdict = one && judge({ ...one, now: Date.UTC(2015, 5, 1) }, crypto)
    expect(verdict && outcome(verdict)).toBe('certificate-algorithm')
    expect(verdict?.accepted === false && verdict.depth).toBe(0)
  })
})

function judge(one: ChainCase, crypto: CryptoProvider): Accepted | Refused {
  const purpose = purposes[one.purpose]
  if (!purpose) throw new Error(`${one.name}: unknown purpose ${one.purpose}`)
  return verdictOf(() => {
    const anchors = anchorsOf(one)
    return verifyChain(anchors.length > 0 && one.chain.length > 1 ? one.chain.slice(0, -1) : one.chain, {
      crypto,
      anchors,
      anchorAsEndEntity: anchorAsEndEntity(one.trust),
      now: one.now,
      minimumRsaBits: 1024,
      signatures: one.allowSha1 ? sha1Verifiers : [],
      ...purpose,
    })
  })
}

/** A budget that is spent is no certificate's fault. */
function fits(verdict: Refused, error: ChainFault): boolean {
  if (verdict.code !== 'certificate-budget' && verdict.depth !== error.depth) return false
  return codesOf(error).some(code => code === verdict.code)
}

function count(judged: readonly { readonly verdict: Accepted | Refused }[], accepted: boolean): string {
  return `${judged.filter(({ verdict }) => verdict.accepted === accepted).length} of ${judged.length}`
}
