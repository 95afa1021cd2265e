/** What may be unusual about a chain, right or wrong. Each feature bends a draft; nothing here knows what a judge should say of it. */
import type { AuthorityOptions, DistinguishedNameOrder, GeneralNameOrder, MintedPurpose } from '../../../src/testing/index.ts'
import { encode, tags } from '../../../src/wire/der.ts'
import type { KeyUsage } from '../../../src/x509/index.ts'
import type { Random } from '../../fuzz/random.ts'
import { type CrlOrder, type Draft, lifetime, type Order, yearsAfter } from './draft.ts'

type Feature = (draft: Draft, random: Random) => void

export const features: Readonly<Record<string, Feature>> = {
  names(draft, random) {
    draft.leaf.options = { ...draft.leaf.options, names: some(random, hostNames, 3) }
    draft.name = random.pick(askedNames)
  },
  'no alternative name'(draft, random) {
    const { names: _, ...options } = draft.leaf.options
    const CN = random.pick(['www.example.com', 'WWW.example.com', 'Server', '*.example.com'])
    draft.leaf.options = { ...options, subject: { C: 'AQ', CN } }
    if (random.chance(40)) draft.name = undefined
  },
  'a name in part'(draft, random) {
    draft.leaf.options = { ...draft.leaf.options, names: [random.pick(['w*.example.com', '*w.example.com', 'www.*.com', '*'])] }
  },
  'DNS constraints': (draft, random) =>
    constrain(draft, random, {
      names: ['www.example.com', 'a.b.example.com', 'example.com', 'badexample.com', '*.example.com', 'WWW.EXAMPLE.COM'],
      bases: ['example.com', '.example.com', 'b.example.com', 'www.example.com', 'EXAMPLE.com', 'com', 'example.net', ''].map(dns => ({
        dns,
      })),
    }),
  'IP constraints': (draft, random) =>
    constrain(draft, random, {
      names: ['192.0.2.7', '192.0.3.7', '10.1.2.3', '2001:db8::7', 'www.example.com'],
      bases: ['192.0.2.0/24', '192.0.2.7/32', '0.0.0.0/0', '10.0.0.0/8', '2001:db8::/32', '::/0'].map(ip => ({ ip })),
    }),
  'e-mail constraints': (draft, random) =>
    constrain(draft, random, {
      names: ['a@example.com', 'A@EXAMPLE.com', 'a@mail.example.com', 'b@example.net'].map(email => ({ email })),
      bases: ['example.com', '.example.com', 'a@example.com', 'example.net'].map(email => ({ email })),
    }),
  'e-mail in the subject'(draft, random) {
    const E = random.pick(['a@example.com', 'b@example.net'])
    draft.leaf.options = { ...draft.leaf.options, subject: { C: 'AQ', CN: 'Server', E } }
    const base = { email: random.pick(['example.com', 'a@example.com', '.example.com']) }
    limit(draft, random, random.chance(50) ? { permitted: [base] } : { excluded: [base] })
  },
  'URI constraints': (draft, random) =>
    constrain(draft, random, {
      names: [
        'https://www.example.com/x',
        'https://example.com',
        'ldap://a.b.example.com:389/cn',
        'https://u@www.example.com/',
        'https://example.com@www.example.net/',
        'https://192.0.2.7/',
        'urn:isbn:1',
      ].map(uri => ({ uri })),
      bases: ['example.com', '.example.com', 'www.example.com', 'example.net'].map(uri => ({ uri })),
    }),
  'directory constraints'(draft, random) {
    draft.leaf.options = { ...draft.leaf.options, subject: random.pick(subjects) }
    if (random.chance(30)) draft.leaf.options = { ...draft.leaf.options, names: ['www.example.com', { directory: random.pick(subjects) }] }
    const bases = some(random, directoryBases, 2).map(directory => ({ directory }))
    limit(draft, random, random.chance(60) ? { permitted: bases } : { excluded: bases })
  },
  'constraints on other types'(draft, random) {
    draft.leaf.options = { ...draft.leaf.options, names: ['www.example.com', random.pick(oddNames)] }
    const base = random.pick(oddNames)
    limit(draft, random, random.chance(50) ? { permitted: [base] } : { excluded: [base] })
  },
  'path lengths'(draft, random) {
    for (const order of random.chance(30) ? [draft.root, ...draft.intermediates] : draft.intermediates)
      if (random.chance(60)) order.options = { ...order.options, pathLength: random.below(3) }
  },
  'no authority'(draft, random) {
    const order = random.pick(draft.intermediates)
    if (random.chance(50)) order.options = { ...order.options, omit: ['2.5.29.19'] }
    else order.options = { ...order.options, extensions: [{ oid: '2.5.29.19', critical: true, value: encode(tags.sequence) }] }
  },
  'usages of an authority'(draft, random) {
    const order = random.pick(issuers(draft))
    order.options = {
      ...order.options,
      keyUsage: random.pick<readonly KeyUsage[]>([[], ['cRLSign'], ['keyCertSign'], ['digitalSignature', 'keyCertSign']]),
    }
  },
  'usages of the end entity'(draft, random) {
    const keyUsage = random.pick<readonly KeyUsage[]>([
      [],
      ['digitalSignature'],
      ['digitalSignature', 'keyEncipherment'],
      ['keyEncipherment'],
      ['keyAgreement'],
      ['contentCommitment'],
      ['digitalSignature', 'keyCertSign'],
    ])
    draft.leaf.options = { ...draft.leaf.options, keyUsage }
  },
  'purposes of the end entity'(draft, random) {
    draft.leaf.options = { ...draft.leaf.options, purposes: some(random, purposes, 2) }
    ask(draft, random)
  },
  'purposes of an authority'(draft, random) {
    const order = random.pick(issuers(draft))
    order.options = { ...order.options, purposes: some(random, purposes, 2) }
    ask(draft, random)
  },
  'no purposes'(draft, random) {
    draft.leaf.options = { ...draft.leaf.options, purposes: [] }
    ask(draft, random)
  },
  validity(draft, random) {
    const order = random.pick<Order<AuthorityOptions>>([draft.root, ...draft.intermediates, draft.leaf, draft.leaf])
    const { moment } = draft
    const [second, end] = [1000, { notAfter: new Date(Date.UTC(9999, 11, 31, 23, 59, 59)) }]
    const dates = random.pick([
      lifetime(moment - second, -10, 0),
      lifetime(moment, -10, 0),
      lifetime(moment, 0, 10),
      lifetime(moment + second, 0, 10),
      { ...lifetime(moment, -5, 10), ...end },
    ])
    order.options = { ...order.options, ...dates }
  },
  policies: statePolicies,
  'policies mapped'(draft, random) {
    statePolicies(draft, random)
    const order = random.pick(draft.intermediates)
    order.options = {
      ...order.options,
      policies: [policyA],
      policyMappings: [random.pick([[policyA, policyB] as const, [policyA, policyA] as const, [policyB, policyC] as const])],
    }
    draft.leaf.options = { ...draft.leaf.options, policies: [random.pick([policyA, policyB])] }
  },
  'policies constrained'(draft, random) {
    statePolicies(draft, random)
    const order = random.pick(draft.intermediates)
    const skip = random.below(3)
    const policyConstraints = random.pick([
      { requireExplicitPolicy: skip },
      { inhibitPolicyMapping: skip },
      { requireExplicitPolicy: 0, inhibitPolicyMapping: skip },
    ])
    order.options = { ...order.options, policyConstraints, ...(random.chance(50) && { inhibitAnyPolicy: random.below(2) }) }
  },
  'policies of the root'(draft, random) {
    statePolicies(draft, random)
    const said = random.pick([
      { policyConstraints: { requireExplicitPolicy: 0 } },
      { policies: [policyC] },
      { policies: [policyA] },
      { inhibitAnyPolicy: 0 },
    ])
    draft.root.options = { ...draft.root.options, ...said }
  },
  'an intermediate as the anchor'(draft, random) {
    draft.anchor = 1 + random.below(draft.intermediates.length)
  },
  'self-issued'(draft, random) {
    const at = random.below(draft.intermediates.length)
    const { options } = draft.intermediates[at] ?? draft.root
    draft.intermediates.splice(at + 1, 0, { options, key: 6 })
  },
  decoys(draft, random) {
    const like = random.below(draft.intermediates.length)
    draft.decoys.push({ like, kind: random.pick(['cross-sign', 'namesake', 'expired twin']) })
  },
  'a missing intermediate'(draft, random) {
    draft.missing.push(random.below(draft.intermediates.length))
  },
  CRLs(draft, random) {
    draft.crls = issuers(draft).map((_, of) => ({ of, ...updates(draft.moment, -0.5, 1), revokes: random.chance(20) }))
    if (random.chance(15)) draft.crls.splice(random.below(draft.crls.length), 1)
  },
  'a CRL that is not good'(draft, random) {
    draft.crls = issuers(draft).map((_, of) => ({ of, ...updates(draft.moment, -0.5, 1) }))
    Object.assign(random.pick(draft.crls), random.pick(badCrls(draft)))
  },
  'a CRL in parts'(draft, random) {
    const issuingDistributionPoint = random.pick([
      { onlyContainsUserCerts: true },
      { onlyContainsCACerts: true },
      { onlyContainsAttributeCerts: true },
      { distributionPoint: 'http://crl.example.com/1' },
      { distributionPoint: 'http://crl.example.com/2' },
    ])
    const whole = issuers(draft).map((_, of) => ({ of, ...updates(draft.moment, -0.5, 1) }))
    draft.crls = [
      ...whole.slice(0, -1),
      { of: whole.length - 1, ...updates(draft.moment, -0.5, 1), revokes: random.chance(50), issuingDistributionPoint },
    ]
    draft.leaf.options = { ...draft.leaf.options, crlDistributionPoints: ['http://crl.example.com/1'] }
  },
  'a wrong signature'(draft, random) {
    random.pick<Order<unknown>>([...draft.intermediates, draft.leaf]).forged = true
  },
  'an extension that nobody knows'(draft, random) {
    const order = random.pick<Order<AuthorityOptions>>([draft.root, ...draft.intermediates, draft.leaf])
    const extension = { oid: '1.3.6.1.4.1.55555.9', critical: random.chance(60), value: encode(tags.null) }
    order.options = { ...order.options, extensions: [extension] }
  },
  'other keys'(draft, random) {
    random.pick<Order<unknown>>([draft.root, ...draft.intermediates, draft.leaf]).kind = random.pick([
      'P-384',
      'P-521',
      'Ed25519',
      'RSA-2048',
      'RSA-PSS-2048',
      'RSA-1024',
    ])
  },
  'no key identifiers'(draft, random) {
    const order = random.pick<Order<AuthorityOptions>>([...draft.intermediates, draft.leaf])
    order.options = { ...order.options, omit: random.pick([['2.5.29.14'], ['2.5.29.35'], ['2.5.29.14', '2.5.29.35']]) }
  },
  'the last second'(draft) {
    draft.leaf.options = { ...draft.leaf.options, notAfter: yearsAfter(draft.moment, 0) }
  },
  'a CRL for ever'(draft) {
    draft.crls = issuers(draft).map((_, of) => ({ of, ...updates(draft.moment, -0.5, 1), nextUpdate: null }))
  },
  'any purpose'(draft, random) {
    const order = random.pick<Order<AuthorityOptions>>([...draft.intermediates, draft.leaf])
    order.options = { ...order.options, purposes: ['any'] }
  },
  'a URI with a user'(draft) {
    draft.leaf.options = { ...draft.leaf.options, names: ['www.example.com', { uri: 'https://u@www.example.com/' }] }
    const [first] = draft.intermediates
    if (first) first.options = { ...first.options, nameConstraints: { permitted: [{ uri: 'www.example.com' }] } }
  },
  'a root that wants a policy'(draft) {
    draft.root.options = { ...draft.root.options, policyConstraints: { requireExplicitPolicy: 0 } }
    draft.policies = { initial: [policyA] }
  },
  'twins by a stranger'(draft) {
    draft.decoys.push({ like: 0, kind: 'cross-sign' }, { like: 0, kind: 'cross-sign' }, { like: 0, kind: 'cross-sign' })
  },
  'constraints of the root'(draft) {
    draft.root.options = { ...draft.root.options, nameConstraints: { permitted: [{ dns: 'example.net' }] } }
  },
  'an empty constraint'(draft) {
    const [first] = draft.intermediates
    if (first) first.options = { ...first.options, nameConstraints: { permitted: [{ dns: 'example.net' }, { dns: '' }] } }
  },
  'a wildcard around what is excluded'(draft) {
    draft.leaf.options = { ...draft.leaf.options, names: ['www.example.com', '*.example.com'] }
    const [first] = draft.intermediates
    if (first) first.options = { ...first.options, nameConstraints: { excluded: [{ dns: 'b.example.com' }] } }
  },
  'an address of the other kind'(draft) {
    draft.leaf.options = { ...draft.leaf.options, names: ['www.example.com', '192.0.2.7'] }
    const [first] = draft.intermediates
    if (first) first.options = { ...first.options, nameConstraints: { permitted: [{ ip: '2001:db8::/32' }] } }
  },
  strictness(draft, random) {
    draft.strict = true
    const lack = random.below(3)
    if (lack === 0) draft.leaf.options = { ...draft.leaf.options, omit: ['2.5.29.35'] }
    if (lack === 1) Object.assign(random.pick(draft.intermediates).options, { keyUsage: [] })
  },
}

const hostNames: readonly GeneralNameOrder[] = [
  'www.example.com',
  'example.com',
  '*.example.com',
  'a.b.example.com',
  'WWW.EXAMPLE.COM',
  'other.example',
  '192.0.2.7',
  '2001:db8::7',
  { email: 'a@example.com' },
  { uri: 'https://www.example.com/' },
  { dns: '192.0.2.7' },
]
const askedNames = [
  'www.example.com',
  'WWW.Example.com',
  'example.com',
  'a.b.example.com',
  'b.example.com',
  '192.0.2.7',
  '2001:db8::7',
  'com',
]

const subjects: readonly DistinguishedNameOrder[] = [
  { C: 'AQ', O: 'Example', CN: 'Server' },
  { C: 'AQ', O: 'EXAMPLE ', CN: 'Server' },
  { C: 'AQ', O: 'Exämple', CN: 'Server' },
  { C: 'AQ', O: 'Other', CN: 'Server' },
  { O: 'Example', C: 'AQ' },
  {},
]
const directoryBases: readonly DistinguishedNameOrder[] = [
  { C: 'AQ' },
  { C: 'AQ', O: 'Example' },
  { C: 'AQ', O: 'example' },
  { C: 'AQ', O: 'Other' },
  { O: 'Example' },
]

const oddNames: readonly GeneralNameOrder[] = [
  { registeredId: '1.3.6.1.4.1.55555.1' },
  { otherName: { oid: '1.3.6.1.4.1.55555.2', value: encode(tags.utf8String, Uint8Array.of(0x68, 0x69)) } },
]

const purposes: readonly MintedPurpose[] = ['server', 'client', 'any', 'codeSigning', 'emailProtection']

const [policyA, policyB, policyC, anyPolicy] = ['1.3.6.1.4.1.55555.1', '1.3.6.1.4.1.55555.2', '1.3.6.1.4.1.55555.3', '2.5.29.32.0']

function badCrls({ moment }: Draft): readonly Partial<CrlOrder>[] {
  return [
    { forged: true },
    updates(moment, -2, -1),
    updates(moment, 1, 2),
    { nextUpdate: null },
    { extensions: [{ oid: '1.3.6.1.4.1.55555.9', critical: true, value: encode(tags.null) }] },
  ]
}

function updates(moment: number, from: number, to: number) {
  return { thisUpdate: yearsAfter(moment, from), nextUpdate: yearsAfter(moment, to) }
}

function statePolicies(draft: Draft, random: Random): void {
  for (const order of [...draft.intermediates, draft.leaf])
    order.options = { ...order.options, policies: random.pick([[policyA], [policyA], [policyA, policyB], [policyB], [anyPolicy], []]) }
  draft.policies = {
    initial: random.pick([[policyA], [policyB], [policyA, policyC], [anyPolicy]]),
    requireExplicit: random.chance(60),
    inhibitMapping: random.chance(20),
    inhibitAny: random.chance(20),
  }
}

/** Names from a pool in the end entity, and bases from another at an authority. */
function constrain(draft: Draft, random: Random, from: { names: readonly GeneralNameOrder[]; bases: readonly GeneralNameOrder[] }): void {
  const own = some(random, from.names, 2)
  draft.leaf.options = { ...draft.leaf.options, names: own.includes('www.example.com') ? own : ['www.example.com', ...own] }
  const [permitted, excluded] = [some(random, from.bases, 2), some(random, from.bases, 1)]
  limit(draft, random, random.pick([{ permitted }, { permitted }, { excluded }, { permitted, excluded }]))
}

function limit(draft: Draft, random: Random, nameConstraints: NonNullable<AuthorityOptions['nameConstraints']>): void {
  const order = random.chance(15) ? draft.root : random.pick(draft.intermediates)
  order.options = { ...order.options, nameConstraints }
}

function ask(draft: Draft, random: Random): void {
  draft.purpose = random.pick(['server', 'server', 'client'])
  if (draft.purpose === 'client') draft.name = undefined
}

function issuers(draft: Draft): Order<AuthorityOptions>[] {
  return [draft.root, ...draft.intermediates]
}

/** One to `most` of them, each once. */
function some<T>(random: Random, from: readonly T[], most: number): T[] {
  return [...new Set(Array.from({ length: 1 + random.below(most) }, () => random.pick(from)))]
}
