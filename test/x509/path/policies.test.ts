import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode, readDer, tags } from '../../../src/wire/der.ts'
import { readExtensions } from '../../../src/x509/certificate/extensions.ts'
import { type Certificate, parseCertificate, trustAnchor, verifyChain } from '../../../src/x509/index.ts'
import { type PolicyInputs, processPolicies } from '../../../src/x509/path/policies.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import { faultOf } from '../judge.ts'
import { chainOf, lettersOf, policyExtensions, policyOid, type Step } from './policy-path.ts'
import { processTree, type TreeInputs, type TreeResult } from './policy-tree.ts'

const [crypto] = providers()
if (!crypto) throw new Error('there is no provider')
const anchor = make.root()

const askNothing: TreeInputs = { initial: '*', requireExplicit: false, inhibitMapping: false, inhibitAny: false }
const explicit: TreeInputs = { ...askNothing, requireExplicit: true }

describe('policies along a path', () => {
  type Case = readonly [name: string, path: readonly Step[], inputs: TreeInputs, expected: string | { readonly failsAt: number }]
  const cases: readonly Case[] = [
    // §6.1.3 (d) (1), (e), (f)
    ['are what all certificates name', [{ policies: 'AB' }, { policies: 'BC' }, { policies: 'B' }], askNothing, 'B'],
    ['are none where the certificates share none, which nobody minds', [{ policies: 'A' }, { policies: 'B' }], askNothing, ''],
    ['have to be shared where one is required', [{ policies: 'A' }, { policies: 'B' }], explicit, { failsAt: 2 }],
    ['are none below a certificate without', [{ policies: 'A' }, {}, { policies: 'A' }], askNothing, ''],
    ['fail at the certificate without, where one is required', [{ policies: 'A' }, {}, { policies: 'A' }], explicit, { failsAt: 2 }],
    ['have to be stated at all where one is required', [{}], explicit, { failsAt: 1 }],
    ['do not come back once none is left', [{ policies: 'A' }, { policies: 'B' }, { policies: '*' }], askNothing, ''],
    // (d) (2)
    ['are named by the CA alone where the end entity says any', [{ policies: 'AB' }, { policies: '*' }], askNothing, 'AB'],
    ['are named by the end entity alone where the CA says any', [{ policies: '*' }, { policies: 'AB' }], askNothing, 'AB'],
    ['are any where all say any', [{ policies: '*' }, { policies: '*' }], explicit, '*'],
    ['are any, beside those that are named', [{ policies: '*' }, { policies: 'A*' }], askNothing, '*A'],
    // §6.1.4 (b) (1)
    ['keep the first CA’s name when they are mapped', [{ policies: 'A', mappings: 'A>B' }, { policies: 'B' }], explicit, 'A'],
    [
      'are no longer known by a name that is mapped away',
      [{ policies: 'A', mappings: 'A>B' }, { policies: 'A' }],
      explicit,
      { failsAt: 2 },
    ],
    [
      'are mapped along the whole path',
      [{ policies: 'A', mappings: 'A>B' }, { policies: 'B', mappings: 'B>C' }, { policies: 'C' }],
      explicit,
      'A',
    ],
    ['may be mapped to several', [{ policies: 'A', mappings: 'A>B A>C' }, { policies: 'C' }], explicit, 'A'],
    ['may be mapped from several to one', [{ policies: 'AB', mappings: 'A>C B>C' }, { policies: 'C' }], explicit, 'AB'],
    ['may be swapped', [{ policies: 'AB', mappings: 'A>B B>A' }, { policies: 'A' }], explicit, 'B'],
    ['are mapped where the CA says any', [{ policies: '*', mappings: 'A>B' }, { policies: 'B' }], explicit, 'A'],
    ['are not mapped twice by any', [{ policies: '*', mappings: 'A>B' }, { policies: 'AB' }], explicit, 'A'],
    ['pass through any when mapped', [{ policies: 'A', mappings: 'A>B' }, { policies: '*' }, { policies: 'B' }], explicit, 'A'],
    ['are not mapped by a CA that does not have them', [{ policies: 'A', mappings: 'B>C' }, { policies: 'C' }], explicit, { failsAt: 2 }],
    // §6.1.4 (a)
    ['are never mapped to any', [{ policies: 'A', mappings: 'A>*' }, { policies: 'A' }], askNothing, { failsAt: 1 }],
    ['are never mapped from any', [{ policies: 'A', mappings: '*>B' }, { policies: 'A' }], askNothing, { failsAt: 1 }],
    ['are not mapped by an end entity', [{ policies: 'A' }, { policies: 'A', mappings: 'A>* *>B' }], explicit, 'A'],
    // §6.1.4 (b) (2), (i)
    [
      'end where they are mapped against the user’s will',
      [{ policies: 'AC', mappings: 'A>B' }, { policies: 'BC' }],
      inhibit('mapping'),
      'C',
    ],
    ['end with all of them mapped', [{ policies: 'A', mappings: 'A>B' }, { policies: 'B' }], inhibit('mapping'), { failsAt: 2 }],
    [
      'end where they are mapped against the will of a CA above',
      [{ policies: 'A', inhibitMapping: 0 }, { policies: 'A', mappings: 'A>B' }, { policies: 'B' }],
      explicit,
      { failsAt: 3 },
    ],
    [
      'are mapped by the CA that inhibits mapping',
      [{ policies: 'A', inhibitMapping: 0, mappings: 'A>B' }, { policies: 'B' }],
      explicit,
      'A',
    ],
    [
      'are mapped for one more certificate, where that is allowed',
      [{ policies: 'A', inhibitMapping: 1 }, { policies: 'A', mappings: 'A>B' }, { policies: 'B', mappings: 'B>C' }, { policies: 'C' }],
      explicit,
      { failsAt: 4 },
    ],
    // §6.1.4 (h), (i) (1), §6.1.5 (a), (b)
    ['are required by a CA from the next certificate on', [{ policies: 'A', requireExplicit: 0 }, {}], askNothing, { failsAt: 2 }],
    ['are required by a CA two certificates below', [{ requireExplicit: 2 }, {}, {}], askNothing, { failsAt: 3 }],
    ['are not required three certificates below', [{ requireExplicit: 3 }, {}, {}], askNothing, ''],
    [
      'are required all the same where a CA below would wait longer',
      [{ requireExplicit: 0 }, { requireExplicit: 9 }],
      askNothing,
      { failsAt: 2 },
    ],
    ['are required by the end entity itself', [{}, { requireExplicit: 0 }], askNothing, { failsAt: 2 }],
    ['are not required by an end entity that would wait', [{}, { requireExplicit: 1 }], askNothing, ''],
    ['are not waited for by self-issued certificates', [{ requireExplicit: 2 }, { selfIssued: true }, {}], askNothing, ''],
    // §6.1.4 (j), §6.1.3 (d) (2) (b)
    ['are not met by any against the user’s will', [{ policies: 'A' }, { policies: '*' }], inhibit('any'), { failsAt: 2 }],
    ['are not met by any against the will of a CA above', [{ policies: 'A', inhibitAny: 0 }, { policies: '*' }], explicit, { failsAt: 2 }],
    [
      'are met by any for one more certificate',
      [{ policies: 'A', inhibitAny: 1 }, { policies: '*' }, { policies: '*' }],
      explicit,
      { failsAt: 3 },
    ],
    [
      'are met by the any of a self-issued certificate',
      [{ policies: 'A', inhibitAny: 0 }, { policies: '*', selfIssued: true }, { policies: 'A' }],
      explicit,
      'A',
    ],
    [
      'are not met by the any of an end entity that bears the name of its issuer',
      [
        { policies: 'A', inhibitAny: 0 },
        { policies: '*', selfIssued: true },
      ],
      explicit,
      { failsAt: 2 },
    ],
    // §6.1.5 (g)
    ['are those that the user wants', [{ policies: 'AB' }, { policies: 'AB' }], { ...explicit, initial: 'BC' }, 'B'],
    ['are none of those that the user wants', [{ policies: 'AB' }, { policies: 'AB' }], { ...explicit, initial: 'C' }, { failsAt: 2 }],
    [
      'need not be those that the user wants, where none is required',
      [{ policies: 'A' }, { policies: 'A' }],
      { ...askNothing, initial: 'C' },
      '',
    ],
    [
      'are all those that the user wants where the path says any',
      [{ policies: '*' }, { policies: '*' }],
      { ...explicit, initial: 'BC' },
      'BC',
    ],
    [
      'are wanted by the names of the first CA',
      [{ policies: 'A', mappings: 'A>B' }, { policies: 'B' }],
      { ...explicit, initial: 'B' },
      { failsAt: 2 },
    ],
    ['are any where any is wanted beside others', [{ policies: 'A' }, { policies: 'A' }], { ...explicit, initial: '*C' }, 'A'],
    ['are never those of a user who wants none', [{ policies: '*' }, { policies: '*' }], { ...explicit, initial: '' }, { failsAt: 2 }],
  ]

  test.each(cases)('%s', (_, path, inputs, expected) => {
    const wanted = typeof expected === 'string' ? { policies: expected } : expected
    expect(processTree(path, inputs)).toEqual(wanted)
    expect(judged(path, inputs)).toEqual(wanted)
  })

  function inhibit(what: 'mapping' | 'any'): TreeInputs {
    return { ...explicit, inhibitMapping: what === 'mapping', inhibitAny: what === 'any' }
  }
})

test('a graph of policies and the tree of RFC 5280 say the same of 3,000 paths', () => {
  const seen = { accepted: 0, refused: 0, mapped: 0, limited: 0 }
  fc.assert(
    fc.property(arbitraryPath(), arbitraryInputs(), (path, inputs) => {
      const wanted = processTree(path, inputs)
      expect(processed(path, inputs)).toEqual(wanted)
      if ('failsAt' in wanted) seen.refused++
      else seen.accepted++
      if ('policies' in wanted && wanted.policies !== '') seen.limited++
      if ('policies' in wanted && wanted.policies !== '' && path.slice(0, -1).some(({ mappings }) => mappings)) seen.mapped++
    }),
    { numRuns: 3000, seed: 5280 },
  )
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(250)
})

test('mappings that would double the tree with each certificate cost no more than they are long', () => {
  const letters = [...'ABCDEFGHIJ']
  const mappings = letters.flatMap(from => letters.map(to => `${from}>${to}`)).join(' ')
  const path = [...Array.from({ length: 8 }, () => ({ policies: letters.join(''), mappings })), { policies: 'A' }]
  expect(judged(path, explicit)).toEqual({ policies: letters.join('') })
})

describe('an anchor that came as certificate', () => {
  const policies = policyExtensions({ policies: 'A', mappings: 'A>B', requireExplicit: 0 })
  const top = make.root({ extensions: make.caExtensions(policies) })
  const chain = (letters: string): Uint8Array[] => chainOf([{ policies: letters }], top)

  test('says what policies there are, and what they are called below', () => {
    const verified = verifyChain(chain('B'), { ...request, anchors: [top.der] })
    expect(lettersOf(verified.policies)).toBe('A')
    const error = faultOf(() => verifyChain(chain('A'), { ...request, anchors: [top.der] }))
    expect(error).toMatchObject({ code: 'certificate-policy', depth: 0, rule: 'RFC 5280 §6.1.5' })
  })

  test('says nothing where its extensions do not count', () => {
    const verified = verifyChain(chain('A'), { ...request, anchors: [trustAnchor(top.der, { constraints: false })] })
    expect(lettersOf(verified.policies)).toBe('A')
  })

  test('is the one that is named where it maps anyPolicy', () => {
    const odd = make.root({ extensions: make.caExtensions(policyExtensions({ policies: 'A', mappings: 'A>*' })) })
    const error = faultOf(() => verifyChain(chainOf([{ policies: 'A' }], odd), { ...request, anchors: [odd.der] }))
    expect(error).toMatchObject({ code: 'certificate-policy', depth: 1, subject: 'CN=Root' })
    expect(error.message).toMatch(/^root \(CN=Root\) maps a policy from or to anyPolicy/)
  })
})

test('a path that no policy allows is left for another', () => {
  const keys = make.newKeys()
  const [narrow, wide] = ['A', 'AB'].map(policies =>
    make.intermediate(anchor, { keys, extensions: make.caExtensions(policyExtensions({ policies })) }),
  )
  if (!narrow || !wide) throw new Error('there are two')
  const end = make.leaf(wide, { extensions: make.leafExtensions(policyExtensions({ policies: 'B' })) })
  for (const others of [
    [narrow, wide],
    [wide, narrow],
  ]) {
    const chain = [end, ...others].map(({ der }) => der)
    const verified = verifyChain(chain, { ...request, anchors: [anchor.der], policies: { requireExplicit: true } })
    expect(verified.path[1]?.raw).toEqual(wide.der)
  }
})

const request = { crypto, now: make.now, purpose: 'server', name: 'example.com' } as const

/** The whole way: certificates, signatures, path. */
function judged(path: readonly Step[], inputs: TreeInputs): TreeResult {
  try {
    const verified = verifyChain(chainOf(path, anchor), { ...request, anchors: [anchor.der], policies: policyInputs(inputs) })
    return { policies: lettersOf(verified.policies) }
  } catch (error) {
    expect(error).toMatchObject({ code: 'certificate-policy' })
    return { failsAt: path.length - (error as { depth: number }).depth }
  }
}

/** Policies alone, of certificates that nobody signed. */
function processed(path: readonly Step[], inputs: TreeInputs): TreeResult {
  const certificates = path.map(certificateOf)
  const result = processPolicies(certificates, policyInputs(inputs))
  if ('policies' in result) return { policies: lettersOf(result.policies) }
  return { failsAt: certificates.indexOf(result.certificate) + 1 }
}

function policyInputs({ initial, ...flags }: TreeInputs): PolicyInputs {
  return { ...flags, initial: [...initial].map(policyOid) }
}

function certificateOf(step: Step): Certificate {
  const extensions = policyExtensions(step)
  return {
    ...(step.selfIssued ? selfIssued : issued),
    extensions: readExtensions(extensions.length > 0 ? readDer(encode(tags.sequence, ...extensions)) : undefined),
  }
}

const selfIssued = parseCertificate(anchor.der)
const issued = parseCertificate(make.intermediate(anchor).der)

function arbitraryPath(): fc.Arbitrary<readonly Step[]> {
  const some = <T>(value: fc.Arbitrary<T>, weight = 1): fc.Arbitrary<T | undefined> =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight, arbitrary: value })
  const policies = fc.subarray([...'ABC*'], { minLength: 1 }).map(letters => letters.join(''))
  // Seldom anyPolicy, which ends the path at once.
  const mapped = fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...'ABC') }, { weight: 1, arbitrary: fc.constant('*') })
  const mappings = fc.array(fc.tuple(mapped, mapped), { minLength: 1, maxLength: 4 })
  const skip = fc.nat(3)
  const step = fc.record({
    policies: fc.oneof({ weight: 12, arbitrary: policies }, { weight: 1, arbitrary: fc.constant(undefined) }),
    mappings: some(
      mappings.map(pairs => pairs.map(pair => pair.join('>')).join(' ')),
      3,
    ),
    requireExplicit: some(skip),
    inhibitMapping: some(skip),
    inhibitAny: some(skip),
    selfIssued: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  })
  return fc.array(step.map(withoutUndefined), { minLength: 1, maxLength: 5 })
}

function arbitraryInputs(): fc.Arbitrary<TreeInputs> {
  const initial = fc.oneof(
    fc.constant('*'),
    fc.subarray([...'*ABC']).map(letters => letters.join('')),
  )
  const seldom = fc.nat(3).map(number => number === 0)
  return fc.record({ initial, requireExplicit: fc.boolean(), inhibitMapping: seldom, inhibitAny: seldom })
}

function withoutUndefined(step: { readonly [K in keyof Step]?: Step[K] | undefined }): Step {
  return Object.fromEntries(Object.entries(step).filter(([, value]) => value !== undefined))
}
