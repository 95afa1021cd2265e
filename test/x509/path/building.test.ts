import { describe, expect, test } from 'vitest'
import { encode, tags } from '../../../src/wire/der.ts'
import { createTrustStore, type TrustAnchor, type TrustStoreOptions, type VerifiedPeer, verifiedChain } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import { type Built, caExtensions, intermediate, leaf, leafExtensions, now, root } from '../build.ts'
import { constraints, distinguishedName, dns } from '../constraints.ts'
import { faultOf } from '../judge.ts'

const [base] = providers()
if (!base) throw new Error('there is no provider')
let signatures = 0
/** Counts the signatures that it verifies. */
const crypto = {
  ...base,
  verifiers: base.verifiers.map(one => ({
    ...one,
    verify(...args: Parameters<typeof one.verify>) {
      signatures++
      return one.verify(...args)
    },
  })),
}

const anchor = root()

function verify(chain: readonly Built[], options: Partial<TrustStoreOptions> = {}): VerifiedPeer {
  signatures = 0
  const ders = chain.map(({ der }) => der)
  return createTrustStore({ roots: [anchor.der], crypto, ...options }).verify(ders, { name: 'example.com', now, purpose: 'server' })
}

const fault = (...args: Parameters<typeof verify>) => faultOf(() => verify(...args))
const pathOf = (...args: Parameters<typeof verify>) => verifiedChain(verify(...args))?.path.map(({ raw }) => raw)
const ders = (...built: readonly Built[]) => built.map(({ der }) => der)

/** A certificate with these key identifiers: its own, and its issuer's. */
const identified = (own: string | undefined, issuer?: string): Uint8Array[] => [
  ...(own === undefined ? [] : [make.subjectKeyIdentifier(own)]),
  ...(issuer === undefined ? [] : [make.authorityKeyIdentifier(issuer)]),
]
const serial = (number: number): Uint8Array => encode(tags.integer, Uint8Array.of(number))
/** What never signed anything, and looks as if it might have. */
const decoys = (count: number, order: make.Order = {}): Built[] =>
  Array.from({ length: count }, (_, i) => intermediate(anchor, { serial: serial(i + 10), ...order }))

describe('certificates in any order', () => {
  const a = intermediate(anchor, { subject: 'A' })
  const b = intermediate(a, { subject: 'B' })
  const c = intermediate(b, { subject: 'C' })
  const end = leaf(c)

  test.each([[[a, b, c]], [[a, c, b]], [[b, a, c]], [[b, c, a]], [[c, a, b]], [[c, b, a]]])('make the one path', others => {
    expect(pathOf([end, ...others])).toEqual(ders(end, c, b, a))
    expect(signatures).toBe(4)
  })

  test('may be there several times, the end entity and the root too', () => {
    expect(pathOf([end, c, end, a, anchor, c, b, anchor, a, end, b])).toEqual(ders(end, c, b, a))
    expect(signatures).toBe(4)
  })

  test('may come from peer and store', () => {
    expect(pathOf([end, b], { intermediates: ders(a, b, c) })).toEqual(ders(end, c, b, a))
  })

  test('begin with the end entity, whatever else would be one', () => {
    expect(fault([c, end, b, a]).code).toBe('certificate-name-mismatch')
    const other = leaf(c, { extensions: leafExtensions().with(2, make.subjectAltName(dns('example.org'))) })
    expect(fault([other, end, c, b, a])).toMatchObject({ code: 'certificate-name-mismatch', depth: 0 })
  })

  test('that are malformed do no harm, unless they may be what is missing', () => {
    const broken = { ...b, der: b.der.subarray(0, -1) }
    const empty = { ...b, der: new Uint8Array(0) }
    expect(pathOf([end, broken, c, empty, b, a])).toEqual(ders(end, c, b, a))
    expect(fault([end, c, a, empty, broken])).toMatchObject({ code: 'certificate-malformed', depth: 3 })
    expect(fault([end, c, a]).code).toBe('issuer-unknown')
    // Where a rule is broken, that is told.
    expect(
      fault([end, c, broken, intermediate(a, { subject: 'B', keys: b.keys, extensions: [make.basicConstraints(false)] }), a]),
    ).toMatchObject({
      code: 'certificate-not-a-ca',
    })
  })

  test('are compared by the meaning of their names', () => {
    const issuer = intermediate(anchor, { subject: distinguishedName('O=Example Inc', 'printable') })
    const below = leaf(issuer, { issuer: distinguishedName('O=EXAMPLE  inc') })
    expect(pathOf([below, issuer])).toEqual(ders(below, issuer))
    const other = leaf(issuer, { issuer: distinguishedName('O=Example Ink') })
    expect(fault([other, issuer]).code).toBe('issuer-unknown')
  })
})

describe('among candidates of one name', () => {
  test('the key identifier leads to the one that signed', () => {
    const right = intermediate(anchor, { extensions: caExtensions(identified('right')) })
    const end = leaf(right, { extensions: leafExtensions(identified(undefined, 'right')) })
    const wrong = decoys(10, { extensions: caExtensions(identified('wrong')) })
    const silent = decoys(10)
    expect(pathOf([end, ...wrong, ...silent, right])).toEqual(ders(end, right))
    expect(signatures).toBe(2)
  })

  test('those without come before those that do not match, and none is left out', () => {
    const silent = intermediate(anchor)
    const end = leaf(silent, { extensions: leafExtensions(identified(undefined, 'right')) })
    const wrong = decoys(10, { extensions: caExtensions(identified('wrong')) })
    expect(pathOf([end, ...wrong, silent])).toEqual(ders(end, silent))
    expect(signatures).toBe(2)
    // The identifier lies: the one that it points to did not sign.
    const liar = intermediate(anchor, { extensions: caExtensions(identified('right')) })
    const last = intermediate(anchor, { extensions: caExtensions(identified('wrong')) })
    const misled = leaf(last, { extensions: leafExtensions(identified(undefined, 'right')) })
    expect(pathOf([misled, last, liar])).toEqual(ders(misled, last))
    expect(signatures).toBe(3)
  })

  test('issuer and serial number lead too', () => {
    const right = intermediate(anchor, { serial: serial(99) })
    const aki = (issuer: string): Uint8Array =>
      make.extension('2.5.29.35', encode(tags.sequence, encode(0xa1, encode(0xa4, make.name(issuer))), encode(0x82, Uint8Array.of(99))))
    const end = leaf(right, { extensions: leafExtensions([aki('ROOT')]) })
    expect(pathOf([end, ...decoys(20), right])).toEqual(ders(end, right))
    expect(signatures).toBe(2)
    const misled = leaf(right, { extensions: leafExtensions([aki('Elsewhere')]) })
    expect(pathOf([misled, ...decoys(3), right])).toEqual(ders(misled, right))
    // A serial number says nothing without its issuer: the others had their turn.
    expect(signatures).toBe(5)
  })

  test('the good one is found beside an expired one, which costs no signature', () => {
    const keys = make.newKeys()
    const old = intermediate(anchor, { keys, notAfter: make.utc('260301000000Z') })
    const good = intermediate(anchor, { keys, notBefore: make.utc('250101000000Z') })
    const end = leaf(good)
    for (const others of [
      [old, good],
      [good, old],
    ]) {
      expect(pathOf([end, ...others])).toEqual(ders(end, good))
      expect(signatures).toBe(2)
    }
  })

  test('the one issued last comes first, and then the one that lasts longest', () => {
    const keys = make.newKeys()
    const [early, late, longer] = [
      { notBefore: make.utc('260101000000Z') },
      { notBefore: make.utc('260201000000Z') },
      { notBefore: make.utc('260201000000Z'), notAfter: make.utc('280101000000Z') },
    ].map(dates => intermediate(anchor, { keys, ...dates })) as [Built, Built, Built]
    const end = leaf(early)
    expect(pathOf([end, early, late])).toEqual(ders(end, late))
    expect(pathOf([end, late, early, longer])).toEqual(ders(end, longer))
  })

  test('each is tried, whatever rule the first ones break', () => {
    const keys = make.newKeys()
    const good = intermediate(anchor, { keys, notBefore: make.utc('250101000000Z') })
    const end = leaf(good)
    const broken = [
      { extensions: [make.basicConstraints(false)] },
      { extensions: undefined },
      { extensions: [make.basicConstraints(true), make.keyUsage('cRLSign')] },
      { extensions: caExtensions([make.extendedKeyUsage('clientAuth')]) },
      { extensions: caExtensions([make.extension('1.2.3', make.v3, true)]) },
      { extensions: caExtensions([make.extension('2.5.29.30', constraints([dns('example.org')]), true)]) },
      { keys: make.newKeys() },
      { notAfter: make.utc('260301000000Z') },
    ].map(order => intermediate(anchor, { keys, ...order }))
    const unsigned = intermediate(root(), { keys })
    expect(pathOf([end, ...broken, unsigned, good])).toEqual(ders(end, good))
  })

  test('an anchor of theirs goes first', () => {
    const ca = intermediate(anchor, { subject: 'Fresh' })
    const fresh = root({ subject: 'Fresh', keys: ca.keys })
    const end = leaf(ca)
    expect(pathOf([end, ca], { roots: [anchor.der, fresh.der] })).toEqual(ders(end))
    expect(signatures).toBe(1)
  })
})

describe('cross-signed CAs', () => {
  const [x, y] = [root({ subject: 'X' }), root({ subject: 'Y' })]
  const old = intermediate(x, { subject: 'CA' })
  const young = intermediate(y, { subject: 'CA', keys: old.keys })
  const end = leaf(old)

  test.each<readonly [string, readonly Built[], readonly TrustAnchor[] | readonly Uint8Array[], Built]>([
    ['to the one root', [old, young, x, y], [x.der], old],
    ['to the other', [old, young, x, y], [y.der], young],
  ])('lead %s', (_, others, roots, by) => {
    expect(pathOf([end, ...others], { roots })).toEqual(ders(end, by))
    expect(pathOf([end, ...others.toReversed()], { roots })).toEqual(ders(end, by))
  })

  test('lead back from a dead end three certificates up', () => {
    const dead = root({ subject: 'Dead' })
    const keys = { one: make.newKeys(), two: make.newKeys() }
    const deadTwo = intermediate(dead, { subject: 'Two', keys: keys.two, notBefore: make.utc('260501000000Z') })
    const two = intermediate(anchor, { subject: 'Two', keys: keys.two })
    const one = intermediate(two, { subject: 'One', keys: keys.one })
    const below = leaf(one)
    expect(pathOf([below, deadTwo, one, dead, two])).toEqual(ders(below, one, two))
  })

  test('that vouch for each other and for themselves make no path, and no end of signatures', () => {
    const parts = ['P', 'Q', 'R'].map(subject => ({ der: new Uint8Array(0), subject: make.name(subject), keys: make.newKeys() }))
    const web = parts.flatMap(subject => parts.map(issuer => intermediate(issuer, { subject: subject.subject, keys: subject.keys })))
    const lost = leaf(parts[0] as Built)
    expect(fault([lost, ...web])).toMatchObject({ code: 'issuer-unknown' })
    // P, then Q and R or R and Q: each once in a path, whichever certificate of it.
    expect(signatures).toBeLessThan(20)
    const way = intermediate(anchor, { subject: 'R', keys: (parts[2] as Built).keys })
    expect(verify([lost, ...web, way]).verified).toBe(true)
  })
})

describe('an end entity', () => {
  test('issues nothing in its own path', () => {
    const keys = make.newKeys()
    const own = make.build({
      subject: 'own',
      keys,
      extensions: [...caExtensions(), make.subjectAltName(dns('example.com'))].with(1, make.keyUsage('digitalSignature', 'keyCertSign')),
    })
    expect(fault([own, own])).toMatchObject({ code: 'issuer-unknown', depth: 0, message: expect.stringMatching(/is self-signed/) })
    expect(signatures).toBe(0)
  })
})

describe('budgets', () => {
  test('of signatures count those that fail', () => {
    const ca = intermediate(anchor)
    const end = leaf(ca)
    const chain = [end, ...decoys(5, { notBefore: make.utc('260501000000Z') }), ca]
    expect(pathOf(chain, { limits: { signatures: 7 } })).toEqual(ders(end, ca))
    expect(signatures).toBe(7)
    expect(fault(chain, { limits: { signatures: 6 } })).toMatchObject({ code: 'certificate-budget', depth: undefined })
    expect(signatures).toBe(6)
    expect(fault(chain, { limits: { signatures: 0 } }).message).toMatch(/^0 signatures were verified, which is all/)
  })

  test('of candidates count those that are never verified', () => {
    const ca = intermediate(anchor)
    const end = leaf(ca)
    const useless = decoys(20, { notAfter: make.utc('260301000000Z') })
    expect(pathOf([end, ...useless, ca], { limits: { candidates: 21 } })).toEqual(ders(end, ca))
    expect(fault([end, ...useless, ca], { limits: { candidates: 20 } })).toMatchObject({
      code: 'certificate-budget',
      message: expect.stringMatching(/^20 candidates for an issuer were looked at/),
    })
    // Those of other names are none.
    const others = decoys(20, { subject: 'Another' })
    expect(pathOf([end, ...others, ca], { limits: { candidates: 1 } })).toEqual(ders(end, ca))
  })

  test('end a ladder of self-issued certificates, which no limit of intermediates does', () => {
    // They count neither for path lengths nor for the limit: 100 keys of one CA.
    const steps: Built[] = [anchor]
    for (let i = 0; i < 100; i++) steps.push(intermediate(steps[i] as Built, { subject: 'Root', extensions: caExtensions([], 0) }))
    const chain = [leaf(steps[100] as Built), ...steps.slice(1).reverse()]
    expect(fault(chain, { limits: { candidates: 10_000 } }).message).toMatch(/^64 signatures/)
    expect(signatures).toBe(64)
    // All of one name, they are soon too many to look at, too.
    expect(fault(chain).message).toMatch(/^1024 candidates/)
  })

  test('are the whole search’s, not each candidate’s', () => {
    // Two levels of 12 keys each, all of which signed all below, and lead nowhere.
    const keys = Array.from({ length: 12 }, () => make.newKeys())
    const nowhere = (name: string) => ({ der: new Uint8Array(0), subject: make.name(name), keys: keys[0] as make.Keys })
    const lower = keys.map(own => intermediate(nowhere('Upper'), { subject: 'Lower', keys: own }))
    const upper = keys.map(own => intermediate(nowhere('Top'), { subject: 'Upper', keys: own }))
    const end = leaf(nowhere('Lower'))
    expect(fault([end, ...lower, ...upper], { limits: { signatures: 20 } }).code).toBe('certificate-budget')
    expect(signatures).toBe(20)
    expect(fault([end, ...lower, ...upper]).code).toMatch(/^certificate-signature$/)
    expect(signatures).toBeLessThan(64)
  })

  test('that are spent are told, though a broken rule was found before', () => {
    const old = intermediate(anchor, { extensions: caExtensions(identified('hint')), notAfter: make.utc('260301000000Z') })
    const end = leaf(old, { extensions: leafExtensions(identified(undefined, 'hint')) })
    expect(fault([end, old], { limits: { signatures: 0 } }).code).toBe('certificate-expired')
    expect(fault([end, old, ...decoys(1)], { limits: { signatures: 0 } }).code).toBe('certificate-budget')
  })
})

describe('the error is that of the candidate that looked best', () => {
  test('by its key identifier, whatever is wrong with others', () => {
    const best = intermediate(anchor, { extensions: caExtensions([...identified('best'), make.extendedKeyUsage('clientAuth')]) })
    const end = leaf(best, { extensions: leafExtensions(identified(undefined, 'best')) })
    for (const others of [
      [best, ...decoys(2)],
      [...decoys(2), best],
    ]) {
      expect(fault([end, ...others])).toMatchObject({ code: 'certificate-purpose', depth: 1, subject: 'CN=Intermediate' })
    }
  })

  test('by its dates, however new another is', () => {
    const expired = { notBefore: make.utc('260401000000Z'), notAfter: make.utc('260501000000Z') }
    const end = leaf(intermediate(anchor))
    const best = intermediate(anchor, { extensions: caExtensions([make.extendedKeyUsage('clientAuth')]) })
    expect(fault([end, ...decoys(2, expired), best])).toMatchObject({ code: 'certificate-purpose', depth: 1 })
  })

  test('further up the path, not of a worse one further down', () => {
    const upper = intermediate(anchor, { subject: 'Upper', notAfter: make.utc('260301000000Z') })
    const best = intermediate(upper, { extensions: caExtensions(identified('best')) })
    const end = leaf(best, { extensions: leafExtensions(identified(undefined, 'best')) })
    const error = fault([end, ...decoys(3), best, upper])
    expect(error).toMatchObject({ code: 'certificate-expired', depth: 2, subject: 'CN=Upper' })
    expect(error.message).toMatch(/^certificate 5 \(CN=Upper\) expired/)
  })

  test('or says who is missing, where nothing else was wrong', () => {
    const stray = intermediate(root({ subject: 'Nobody' }), { subject: 'Stray' })
    const error = fault([leaf(stray), stray])
    expect(error).toMatchObject({ code: 'issuer-unknown', depth: 1, subject: 'CN=Stray' })
    expect(error.message).toBe('certificate 1 (CN=Stray) was issued by CN=Nobody, which is not a trusted root')
  })
})
