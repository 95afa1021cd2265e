/** PKITS: all 249 cases, each verdict, and the reason of each refusal. */
import { describe, expect, test } from 'vitest'
import { verifyChain } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import { absent, readBytes, tellIfAbsent } from './data.ts'
import { dsaVerifier } from './dsa.ts'
import { type PkitsCase, pkitsCases, pkitsTime, policiesOf, policyOid, refusalOf } from './pkits.ts'
import { outcome, verdictOf } from './verdict.ts'

tellIfAbsent('PKITS')

test.skipIf(absent)('PKITS has its 249 cases, each with a name of its own', () => {
  expect(new Set(pkitsCases.map(({ Name }) => Name)).size).toBe(249)
})

describe.skipIf(absent).each(providers())('PKITS with the provider $name', crypto => {
  test.each(pkitsCases.filter(one => one.ShouldValidate))('accepts $Name', one => {
    const verdict = judge(one)
    expect(verdict.accepted ? 'accepted' : `${verdict.code}: ${verdict.message}`).toBe('accepted')
    if (verdict.accepted) expect([...verdict.chain.policies].sort()).toEqual(policiesOf(one))
  })

  test.each(pkitsCases.filter(one => !one.ShouldValidate))('refuses $Name', one => {
    const verdict = judge(one)
    const refusal = refusalOf(one)
    expect(outcome(verdict)).toBe(refusal?.code)
    if (!verdict.accepted && refusal?.depth !== undefined) expect(verdict.depth).toBe(refusal.depth)
  })

  function judge(one: PkitsCase) {
    const path = one.CertPath.map(name => readBytes('pkits/go-nist-pkits/certs', name))
    const [anchor, ...rest] = path
    if (!anchor) throw new Error(`${one.Name} has no certificate`)
    return verdictOf(() =>
      verifyChain(rest.reverse(), {
        crypto,
        anchors: [anchor],
        now: pkitsTime,
        purpose: 'any',
        policies: {
          initial: one.InitialPolicySet.map(policyOid),
          requireExplicit: one.InitialExplicitPolicy,
          inhibitMapping: one.InitialPolicyMappingInhibit,
          inhibitAny: one.InitialAnyPolicyInhibit,
        },
        revocation: { mode: 'hard' },
        crls: one.CRLPath.map(name => readBytes('pkits/crls', name)),
        signatures: [dsaVerifier(path)],
      }),
    )
  }
})
