import { describe, expect, test } from 'vitest'
import { encode, tags } from '../../../src/wire/der.ts'
import { type TrustAnchor, trustAnchor, type VerifiedChain, verifyChain } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import { type Built, caExtensions, intermediate, leaf, root } from '../build.ts'
import { address, constraints, directory, distinguishedName, dns, email, nameConstraints, uri } from '../constraints.ts'
import { faultOf } from '../judge.ts'

const [crypto] = providers()
if (!crypto) throw new Error('there is no provider')
const anchor = root()
const request = { crypto, now: make.now, purpose: 'any' } as const
const noSubject = encode(tags.sequence)

type Anchors = readonly (Uint8Array | TrustAnchor)[]

function verify(
  chain: readonly Built[],
  anchors: Anchors = [anchor.der],
  more: Partial<Parameters<typeof verifyChain>[1]> = {},
): VerifiedChain {
  return verifyChain(
    chain.map(({ der }) => der),
    { ...request, anchors, ...more },
  )
}

function fault(...args: Parameters<typeof verify>): unknown {
  return faultOf(() => verify(...args))
}

/** A CA with these constraints: permitted, excluded. */
function ca(issuer: Built, subject: string | Uint8Array, permitted: readonly Uint8Array[], excluded: readonly Uint8Array[] = []): Built {
  return intermediate(issuer, { subject, extensions: caExtensions([nameConstraints(permitted, excluded)]) })
}

/** An end entity without subject, which has these names. */
function named(issuer: Built, ...names: readonly Uint8Array[]): Built {
  return leaf(issuer, { subject: noSubject, extensions: [make.extension('2.5.29.17', encode(tags.sequence, ...names), true)] })
}

const refused = (depth: number): object => ({ code: 'certificate-name-constraint', depth, rule: 'RFC 5280 §4.2.1.10' })

describe('constraints of several CAs', () => {
  const upper = ca(anchor, 'Upper', [dns('a.test'), dns('b.test')], [dns('x.b.test')])
  const lower = ca(upper, 'Lower', [dns('b.test'), dns('c.test')], [dns('y.b.test')])
  test.each<readonly [string, boolean]>([
    ['b.test', true],
    ['z.b.test', true],
    // Permitted by one of them alone.
    ['a.test', false],
    ['c.test', false],
    // Excluded by one of them alone.
    ['x.b.test', false],
    ['y.b.test', false],
    ['d.test', false],
  ])('permit what all permit and none excludes: %s', (name, allowed) => {
    const chain = [named(lower, dns(name)), lower, upper]
    if (allowed) expect(verify(chain).path).toHaveLength(3)
    else expect(fault(chain)).toMatchObject(refused(0))
  })

  test('may narrow different types, which then all hold', () => {
    const below = ca(upper, 'Below', [email('b.test'), address('10.0.0.0/255.0.0.0')], [uri('.test')])
    const good = [dns('b.test'), email('user@b.test'), address('10.0.0.1'), uri('https://b.example')]
    expect(verify([named(below, ...good), below, upper]).path).toHaveLength(3)
    for (const [i, bad] of [dns('c.test'), email('user@c.test'), address('11.0.0.1'), uri('https://b.test')].entries()) {
      expect(fault([named(below, ...good.with(i, bad)), below, upper])).toMatchObject(refused(0))
    }
  })

  test('can’t widen what a CA above permits', () => {
    const narrow = ca(anchor, 'Narrow', [dns('a.test')])
    const wide = ca(narrow, 'Wide', [dns('')])
    expect(fault([named(wide, dns('b.test')), wide, narrow])).toMatchObject(refused(0))
  })

  test('do not bind the CA itself, nor what is above', () => {
    const outside = ca(anchor, distinguishedName('O=Elsewhere'), [directory('O=Here')])
    expect(verify([leaf(outside, { subject: distinguishedName('O=Here/CN=leaf') }), outside]).path).toHaveLength(2)
  })
})

describe('whom constraints bind', () => {
  const bound = ca(anchor, 'Bound', [directory('O=Here')])
  const here = distinguishedName('O=Here/CN=leaf')

  test('intermediates below, by their subjects', () => {
    const away = intermediate(bound, { subject: distinguishedName('O=Away') })
    expect(fault([leaf(away, { subject: here }), away, bound])).toMatchObject(refused(1))
    const inside = intermediate(bound, { subject: distinguishedName('O=Here/CN=CA') })
    expect(verify([leaf(inside, { subject: here }), inside, bound]).path).toHaveLength(3)
  })

  test('intermediates below, by their other names', () => {
    const upper = ca(anchor, 'Upper', [dns('a.test')])
    const [good, bad] = ['a.test', 'b.test'].map(name => {
      const middle = intermediate(upper, { subject: 'Middle', extensions: caExtensions([make.subjectAltName(dns(name))]) })
      return [named(middle, dns('a.test')), middle, upper]
    })
    expect(verify(good ?? []).path).toHaveLength(3)
    expect(fault(bad ?? [])).toMatchObject(refused(1))
  })

  test('not an intermediate that is self-issued, as where a CA changes its key', () => {
    const renewed = intermediate(bound, { subject: 'Bound' })
    expect(verify([leaf(renewed, { subject: here }), renewed, bound]).path).toHaveLength(3)
    // What is below it is bound all the same.
    expect(fault([leaf(renewed, { subject: distinguishedName('O=Away') }), renewed, bound])).toMatchObject(refused(0))
  })

  test('the end entity, also where it bears the name of its issuer', () => {
    const twin = leaf(bound, { subject: 'Bound' })
    expect(fault([twin, bound])).toMatchObject(refused(0))
  })

  test('all of the path below a self-issued certificate that has them', () => {
    const plain = intermediate(anchor, { subject: 'Plain' })
    const renewed = intermediate(plain, {
      subject: 'Plain',
      extensions: caExtensions([nameConstraints([dns('a.test')]), make.subjectKeyIdentifier('new')]),
    })
    const end = (name: string): Built => {
      const names = make.extension('2.5.29.17', encode(tags.sequence, dns(name)), true)
      return leaf(renewed, { subject: noSubject, extensions: [names, make.authorityKeyIdentifier('new')] })
    }
    expect(verify([end('a.test'), renewed, plain]).path).toHaveLength(3)
    expect(fault([end('b.test'), renewed, plain])).toMatchObject(refused(0))
  })

  test('the subject beside subjectAltName, and its e-mail addresses only without one there', () => {
    const strict = ca(anchor, 'Strict', [directory('O=Here'), email('here.test')])
    const subject = distinguishedName('O=Here/E=user@away.test')
    expect(fault([leaf(strict, { subject }), strict])).toMatchObject(refused(0))
    const extensions = [make.subjectAltName(email('user@here.test'))]
    expect(verify([leaf(strict, { subject, extensions }), strict]).path).toHaveLength(2)
    expect(fault([leaf(strict, { subject: distinguishedName('O=Away'), extensions }), strict])).toMatchObject(refused(0))
  })

  test('an end entity asked for under one name by all of its names', () => {
    const upper = ca(anchor, 'Upper', [dns('a.test')])
    const chain = [named(upper, dns('a.test'), dns('b.test')), upper]
    expect(fault(chain, [anchor.der], { name: 'a.test' })).toMatchObject(refused(0))
  })

  test('the end entity also where the extension is not critical', () => {
    const soft = intermediate(anchor, { extensions: caExtensions([make.extension('2.5.29.30', constraints([dns('a.test')]))]) })
    expect(fault([named(soft, dns('b.test')), soft])).toMatchObject(refused(0))
  })
})

describe('constraints of an anchor', () => {
  const subject = distinguishedName('CN=Root')
  const bare: TrustAnchor = { subject: make.name('Root'), publicKey: make.spkiOf(anchor.keys) }
  const good = [named(anchor, dns('a.test'))]
  const bad = [named(anchor, dns('b.test'))]

  test('hold where it is a name and a key', () => {
    const bound = { ...bare, nameConstraints: constraints([dns('a.test')], [dns('x.a.test')]) }
    expect(verify(good, [bound]).anchor.nameConstraints).toEqual(bound.nameConstraints)
    expect(fault(bad, [bound])).toMatchObject({
      ...refused(0),
      message: expect.stringMatching(/"b.test".* by the root \(nameConstraints\)$/),
    })
    expect(fault([named(anchor, dns('x.a.test'))], [bound])).toMatchObject(refused(0))
    const ca = intermediate(anchor)
    expect(fault([named(ca, dns('b.test')), ca], [bound])).toMatchObject(refused(0))
    expect(verify(bad, [bare]).path).toHaveLength(1)
  })

  test('hold beside those of CAs below', () => {
    const bound = { ...bare, nameConstraints: constraints([dns('a.test'), dns('b.test')]) }
    const below = ca(anchor, 'Below', [dns('b.test'), dns('c.test')])
    expect(verify([named(below, dns('b.test')), below], [bound]).path).toHaveLength(2)
    for (const name of ['a.test', 'c.test']) expect(fault([named(below, dns(name)), below], [bound])).toMatchObject(refused(0))
  })

  test('are those of its certificate, or those that the user sets in their place', () => {
    const top = root({ subject, extensions: caExtensions([nameConstraints([dns('a.test')])]) })
    const ends = ['a.test', 'b.test'].map(name => [named(top, dns(name))])
    const [a = [], b = []] = ends
    expect(verify(a, [top.der]).path).toHaveLength(1)
    expect(fault(b, [top.der])).toMatchObject(refused(0))
    expect(verify(b, [trustAnchor(top.der, { constraints: false })]).path).toHaveLength(1)
    const instead = { ...trustAnchor(top.der, { constraints: false }), nameConstraints: constraints([dns('b.test')]) }
    expect(verify(b, [instead]).path).toHaveLength(1)
    expect(fault(a, [instead])).toMatchObject(refused(0))
  })

  test('that are malformed are the user’s mistake', () => {
    for (const nameConstraints of [Uint8Array.of(0x30, 0), Uint8Array.of(1), constraints([dns('*.a.test')])]) {
      expect(() => verify(good, [{ ...bare, nameConstraints }])).toThrow(TypeError)
      expect(() => verify(good, [{ ...bare, nameConstraints }])).toThrow(/^root 0 is malformed/)
    }
  })

  test('lead on to another anchor of that name and key without them', () => {
    const bound = { ...bare, nameConstraints: constraints([dns('a.test')]) }
    expect(verify(bad, [bound, bare]).anchor).toEqual(bare)
    expect(verify(bad, [bare, bound]).anchor).toEqual(bare)
  })
})

test('a CA whose constraints can’t be read issues nothing, and is named', () => {
  for (const value of [constraints([dns('*.a.test')]), encode(tags.sequence), constraints([address('10.0.0.0/0.255.0.0')])]) {
    const odd = intermediate(anchor, { extensions: caExtensions([make.extension('2.5.29.30', value)]) })
    expect(fault([named(odd, dns('a.test')), odd])).toMatchObject({ code: 'certificate-malformed', depth: 1 })
  }
})

test('constraints that refuse one CA leave the way to another', () => {
  const keys = make.newKeys()
  const [narrow, wide] = [[dns('a.test')], [dns('b.test')]].map(permitted =>
    intermediate(anchor, { keys, extensions: caExtensions([nameConstraints(permitted)]) }),
  )
  if (!narrow || !wide) throw new Error('there are two')
  const end = named(wide, dns('b.test'))
  expect(verify([end, narrow, wide]).path[1]?.raw).toEqual(wide.der)
  expect(verify([end, wide, narrow]).path[1]?.raw).toEqual(wide.der)
})

describe('comparisons of names', () => {
  const names = Array.from({ length: 20 }, (_, i) => dns(`${i}.a.test`))
  const others = Array.from({ length: 9 }, (_, i) => dns(`${i}.b.test`))

  test('are as many as names and subtrees, up to the budget', () => {
    const excluding = ca(anchor, 'Excluding', [], others)
    const chain = [named(excluding, ...names), excluding]
    expect(verify(chain, [anchor.der], { limits: { nameComparisons: 180 } }).path).toHaveLength(2)
    expect(fault(chain, [anchor.der], { limits: { nameComparisons: 179 } })).toMatchObject({
      code: 'certificate-budget',
      message: expect.stringMatching(/^179 names were compared with name constraints/),
    })
  })

  test('end with the subtree that permits the name', () => {
    const permitting = ca(anchor, 'Permitting', [dns('a.test'), ...others])
    const chain = [named(permitting, ...names), permitting]
    expect(verify(chain, [anchor.der], { limits: { nameComparisons: 20 } }).path).toHaveLength(2)
    expect(fault(chain, [anchor.der], { limits: { nameComparisons: 19 } })).toMatchObject({ code: 'certificate-budget' })
  })

  test('of all candidates together are bounded, whatever their number', () => {
    const many = Array.from({ length: 200 }, (_, i) => dns(`${i}.a.test`))
    const bases = Array.from({ length: 200 }, (_, i) => dns(`${i}.b.test`))
    // Each costs 40,000 comparisons, and did not sign.
    const candidates = Array.from({ length: 8 }, () => ca(anchor, 'One of many', [], bases))
    const end = named({ ...anchor, subject: make.name('One of many') }, ...many)
    expect(fault([end, ...candidates])).toMatchObject({ code: 'certificate-budget', message: expect.stringMatching(/^250000 names/) })
    expect(fault([end, ...candidates.slice(2)])).toMatchObject({ code: 'certificate-signature' })
  })
})
