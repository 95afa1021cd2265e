import { describe, expect, it } from 'vitest'
import { contextTag, encode, tags } from '../../../src/wire/der.ts'
import { encodePem, parseCertificate } from '../../../src/x509/index.ts'
import { parseCrl } from '../../../src/x509/revocation/crl.ts'
import type { RevocationOptions } from '../../../src/x509/revocation/revocation.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  build,
  extension,
  generalized,
  keyUsage,
  newKeys,
  now,
  subjectKeyIdentifier,
  utc,
} from '../build.ts'
import {
  authority,
  crl,
  crlDistributionPoints,
  crlNumber,
  directory,
  endEntity,
  entry,
  fullName,
  issuingDistributionPoint,
  judge,
  number,
  ocsp,
  type PointOrder,
  relative,
  verdict,
} from './make.ts'

const root = authority()
const leaf = endEntity(root)
const scene = { chain: [leaf], root }
const day = 86_400_000
const of = (...crls: NonNullable<RevocationOptions['crls']>) => verdict(scene, { crls })
const problems = (...crls: NonNullable<RevocationOptions['crls']>) => judge(scene, { crls }).error?.message

describe('A CRL of the issuer', () => {
  it('that does not list the certificate makes it good, whatever form it comes in', () => {
    const list = crl(root, { entries: [entry(8)] })
    const pem = encodePem('X509 CRL', crl(root, { extensions: null, version: null })) + encodePem('X509 CRL', list)
    expect([of(list), of(pem), of(parseCrl(list))]).toEqual(['good', 'good', 'good'])
    expect(judge(scene, { crls: [list] }).statuses).toEqual([
      { depth: 0, status: 'good', source: 'crl', sctList: undefined, problems: [], needed: undefined },
    ])
  })

  it('that lists it refuses it, and says when, why and who', () => {
    const { error } = judge(scene, { crls: [crl(root, { entries: [entry(3), entry(7, { reason: 'keyCompromise' })] })] })
    expect(error).toMatchObject({
      code: 'certificate-revoked',
      depth: 0,
      subject: 'CN=leaf',
      rule: 'RFC 5280 §6.3.3',
      alert: 'certificate_revoked',
    })
    expect(error?.message).toBe(
      'CN=leaf was revoked at 2026-05-01T00:00:00.000Z for keyCompromise, by the CRL of CN=Root of 2026-06-01T00:00:00.000Z',
    )
  })

  it('that lists it outweighs one that does not, in either order and of any age', () => {
    const listed = crl(root, { thisUpdate: utc('260520000000Z'), entries: [entry(7)], extensions: [crlNumber(4)] })
    expect([of(listed, crl(root)), of(crl(root), listed)]).toEqual(['certificate-revoked', 'certificate-revoked'])
  })

  it('puts on hold only until a newer one of the same scope lets go', () => {
    const held = crl(root, {
      thisUpdate: utc('260520000000Z'),
      entries: [entry(7, { reason: 'certificateHold' })],
      extensions: [crlNumber(4)],
    })
    const narrower = crl(root, { extensions: [crlNumber(5), issuingDistributionPoint({ only: 'user' })] })
    expect([of(held), of(held, crl(root)), of(held, narrower)]).toEqual(['certificate-revoked', 'good', 'certificate-revoked'])
    expect(of(crl(root, { thisUpdate: utc('260519000000Z') }), held)).toBe('certificate-revoked')
  })

  it('lets go also where something else says good already', () => {
    const scoped = (point: string) => [crlNumber(7), issuingDistributionPoint({ at: point })]
    const held = crl(root, { thisUpdate: utc('260520000000Z'), entries: [entry(7, { reason: 'certificateHold' })] })
    const released = crl(root, { thisUpdate: utc('260525000000Z'), extensions: [crlNumber(6)] })
    const response = ocsp(root, { answers: [{ issuer: root }] })
    const found = [[held], [held, released]].map(crls => verdict(scene, { crls, ocsp: [response] }))
    expect(found).toEqual(['certificate-revoked', 'good'])
    const end = endEntity(root, 7, [crlDistributionPoints({ at: 'http://a/' })])
    const newest = crl(root, { extensions: scoped('http://a/') })
    const outcome = (...crls: Uint8Array[]) => verdict({ chain: [end], root }, { crls })
    expect([outcome(held, newest), outcome(held, released, newest)]).toEqual(['certificate-revoked', 'good'])
  })

  it('is passed over where its signature is not the issuer’s', () => {
    const other = { ...root, keys: newKeys() }
    expect([of(crl(other)), of(crl(other, { entries: [entry(7)] }))]).toEqual(['revocation-unknown', 'revocation-unknown'])
    expect(problems(crl(other))).toContain('is signed with a key that none of the certificates at hand has')
  })

  it('is passed over where it has another name, though the key is right', () => {
    expect(of(crl(root, { issuer: 'Other' }))).toBe('revocation-unknown')
  })

  it('is found by a name that differs in case and string type', () => {
    const attribute = encode(tags.sequence, Uint8Array.of(6, 3, 0x55, 4, 3), encode(tags.printableString, Buffer.from('ROOT')))
    expect(of(crl(root, { issuer: encode(tags.sequence, encode(tags.set, attribute)) }))).toBe('good')
  })

  it('is passed over where it is malformed, or has a critical extension that nobody knows, in it or in any of its entries', () => {
    const strange = extension('1.2.3.4', encode(tags.null), true)
    expect(problems(crl(root).subarray(1))).toContain('the CRL is malformed')
    expect(problems(crl(root, { extensions: [strange] }))).toContain('an extension not supported: 1.2.3.4')
    expect(of(crl(root, { entries: [entry(7), entry(8, { extensions: [strange] })] }))).toBe('revocation-unknown')
    expect(of(crl(root, { extensions: [extension('1.2.3.4', encode(tags.null))] }))).toBe('good')
  })

  it('revokes for good at any age and of any scope, but not of attributes', () => {
    const old = { thisUpdate: utc('260501000000Z'), nextUpdate: utc('260508000000Z') }
    const elsewhere = { extensions: [crlNumber(5), issuingDistributionPoint({ at: 'http://elsewhere/' })] }
    const attributes = { extensions: [crlNumber(5), issuingDistributionPoint({ only: 'attribute' })] }
    const outcome = (by: typeof root, order: object, listed = entry(7)) =>
      verdict(scene, { mode: 'soft', crls: [crl(by, { ...order, entries: [listed] })] })
    expect([old, elsewhere, attributes].map(order => outcome(root, order))).toEqual(['certificate-revoked', 'certificate-revoked', 'good'])
    expect([old, elsewhere].map(order => outcome(root, order, entry(7, { reason: 'certificateHold' })))).toEqual(['good', 'good'])
    expect([old, elsewhere].map(order => outcome({ ...root, keys: newKeys() }, order))).toEqual(['good', 'good'])
  })

  it('needs a number only where that is asked', () => {
    const bare = crl(root, { extensions: [extension('1.2.3.4', encode(tags.null))] })
    const required = (list: Uint8Array) => verdict(scene, { crls: [list], requireCrlNumber: true })
    expect([of(bare), required(bare), required(crl(root))]).toEqual(['good', 'revocation-unknown', 'good'])
    expect(required(crl(root, { version: null, extensions: null }))).toBe('good')
  })
})

describe('A CRL is of its time', () => {
  const at = (time: number, list: Uint8Array, maximumAge?: number) =>
    verdict({ ...scene, now: time }, { crls: [list], ...(maximumAge === undefined ? {} : { maximumAge }) })

  it('from thisUpdate, by a clock 5 minutes slow, to the second of nextUpdate', () => {
    const [from, to] = [Date.UTC(2026, 5, 1), Date.UTC(2026, 5, 8)]
    expect([from - 300_001, from - 300_000, to + 999, to + 1000].map(time => at(time, crl(root)))).toEqual([
      'revocation-unknown',
      'good',
      'good',
      'revocation-unknown',
    ])
    expect(at(to + 1000, crl(root, { entries: [entry(7, { reason: 'certificateHold' })] }))).toBe('revocation-unknown')
  })

  it('for seven days where there is no nextUpdate, or for as long as the caller says', () => {
    const list = crl(root, { nextUpdate: null })
    const from = Date.UTC(2026, 5, 1)
    expect([at(from + 7 * day, list), at(from + 7 * day + 1000, list), at(from + 9 * day, list, 9 * day)]).toEqual([
      'good',
      'revocation-unknown',
      'good',
    ])
  })

  it('no longer than the caller says, whatever its nextUpdate', () => {
    expect([at(now, crl(root), day), at(now, crl(root), day / 4)]).toEqual(['good', 'revocation-unknown'])
  })
})

describe('The signer of a CRL', () => {
  it('has cRLSign, where it has keyUsage', () => {
    const signer = (...usages: readonly Uint8Array[]) => build({ subject: 'Root', extensions: [basicConstraints(true), ...usages] })
    const outcome = (issuer: ReturnType<typeof signer>) => verdict({ chain: [endEntity(issuer)], root: issuer }, { crls: [crl(issuer)] })
    expect([outcome(signer()), outcome(signer(keyUsage('keyCertSign')))]).toEqual(['good', 'revocation-unknown'])
  })

  it('may be another certificate of the issuer’s name, with cRLSign in so many words', () => {
    const signer = (extensions: readonly Uint8Array[]) => build({ subject: 'Root', serial: number(9), extensions }, root)
    const [named, silent] = [signer([keyUsage('cRLSign')]), signer([subjectKeyIdentifier('x')])]
    const outcome = (by: typeof named) => verdict({ ...scene, others: [by] }, { crls: [crl(by)] })
    expect([outcome(named), outcome(silent), verdict(scene, { crls: [crl(named)] })]).toEqual([
      'good',
      'revocation-unknown',
      'revocation-unknown',
    ])
  })

  it('needs a path to the same root', () => {
    const stranger = authority()
    const signer = build({ subject: 'Root', extensions: [keyUsage('cRLSign')] }, stranger)
    const { error } = judge({ ...scene, others: [signer] }, { crls: [crl(signer)] })
    expect(error?.message).toContain('from whom no valid path leads to the same root')
  })

  it('must not be revoked itself', () => {
    const signer = build({ subject: 'Root', serial: number(9), extensions: [keyUsage('cRLSign')] }, root)
    const crls = (entries: Uint8Array[]) => [
      crl(signer),
      crl(root, { entries, extensions: [crlNumber(5), issuingDistributionPoint({ only: 'ca' })] }),
    ]
    expect(verdict({ ...scene, others: [signer] }, { crls: crls([]) })).toBe('good')
    const user = crl(root, { entries: [entry(9)], extensions: [crlNumber(5), issuingDistributionPoint({ only: 'user', reasons: [1] })] })
    const { error } = judge({ ...scene, others: [signer] }, { crls: [crl(signer), user] })
    expect(error?.message).toContain('whose own certificate is revoked')
  })

  it('can’t vouch for the certificate that it has its right from', () => {
    const middle = authority({ subject: 'Middle', serial: number(2) }, root)
    const impostor = build({ subject: 'Root', serial: number(3), extensions: [keyUsage('cRLSign')] }, middle)
    const chain = [endEntity(middle), middle]
    const { error } = judge({ chain, root, others: [impostor] }, { crls: [crl(middle), crl(impostor)] })
    expect(error).toMatchObject({ code: 'revocation-unknown', depth: 1, subject: 'CN=Middle' })
    expect(error?.message).toContain('by right of the certificate that it would vouch for')
    expect(verdict({ chain, root, others: [impostor] }, { crls: [crl(middle), crl(root)] })).toBe('good')
  })

  it('may be the issuer’s older or newer key', () => {
    const renewed = authority({ subject: 'Middle', serial: number(3) }, root)
    const middle = authority({ subject: 'Middle', serial: number(2), more: [subjectKeyIdentifier('new')] }, root)
    const chain = [endEntity(middle), middle]
    expect(verdict({ chain, root, others: [renewed] }, { crls: [crl(renewed), crl(root)] })).toBe('good')
    expect(verdict({ chain, root }, { crls: [crl(renewed), crl(root)] })).toBe('revocation-unknown')
  })

  it('is tried first where it has the key identifier that the CRL gives', () => {
    const signers = ['one', 'two', 'three'].map((id, i) =>
      build({ subject: 'Root', serial: number(20 + i), extensions: [keyUsage('cRLSign'), subjectKeyIdentifier(id)] }, root),
    )
    const [, , three = root] = signers
    const named = judge(
      { ...scene, others: signers },
      { crls: [crl(three, { extensions: [crlNumber(5), authorityKeyIdentifier('three')] })] },
    )
    const unnamed = judge({ ...scene, others: signers }, { crls: [crl(three)] })
    expect([named.error, unnamed.error]).toEqual([undefined, undefined])
    expect(named.signatures).toBeLessThan(unnamed.signatures)
  })
})

describe('Distribution points', () => {
  const at = (...points: readonly PointOrder[]) => endEntity(root, 7, [crlDistributionPoints(...points)])
  const scoped = (scope: Parameters<typeof issuingDistributionPoint>[0], entries: Uint8Array[] = []) =>
    crl(root, { entries, extensions: [crlNumber(5), issuingDistributionPoint(scope)] })
  const outcome = (chain: readonly ReturnType<typeof at>[], ...crls: Uint8Array[]) => verdict({ chain, root }, { crls })

  it('and CRLs fit by any of their names; scheme and host know no case', () => {
    const certificate = at({ at: 'http://a.example/1.crl' }, { at: 'HTTP://B.example/2.crl' })
    const points = ['http://b.example/2.crl', 'http://a.example/1.crl', 'http://a.example/3.crl', 'http://b.example/2.CRL']
    expect(points.map(point => outcome([certificate], scoped({ at: point })))).toEqual([
      'good',
      'good',
      'revocation-unknown',
      'revocation-unknown',
    ])
  })

  it('are compared with however many names of a CRL that nobody need have signed', () => {
    const certificate = at(...Array.from({ length: 2000 }, () => ({ at: 'http://a/' })))
    const uris = Array.from({ length: 20_000 }, () => encode(contextTag(6), Buffer.from('http://b/')))
    expect(outcome([certificate], scoped({ at: fullName(...uris) }))).toBe('revocation-unknown')
  })

  it('have no say where the CRL is for all', () => {
    expect(outcome([at({ at: 'http://a.example/1.crl' })], crl(root))).toBe('good')
  })

  it('of a certificate without any are the issuer’s name', () => {
    expect([outcome([leaf], scoped({ at: fullName(directory('Root')) })), outcome([leaf], scoped({ at: 'http://a/' }))]).toEqual([
      'good',
      'revocation-unknown',
    ])
  })

  it('may be named relative to the issuer, or in full', () => {
    const steps = [...['Root', 'first'].map(text => parseCertificate(authority({ subject: text }).der).subject.raw.subarray(2))]
    const whole = fullName(directory(encode(tags.sequence, ...steps)))
    const other = fullName(directory('first'))
    for (const point of [relative('first'), whole]) {
      const found = [relative('first'), whole, other, relative('second')].map(scope => outcome([at({ at: point })], scoped({ at: scope })))
      expect(found).toEqual(['good', 'good', 'revocation-unknown', 'revocation-unknown'])
    }
  })

  it('divide certificates into those of users, of CAs and of attributes', () => {
    const middle = authority({ subject: 'Middle', serial: number(2) }, root)
    const below = [endEntity(middle), middle]
    const user = scoped({ only: 'user' })
    const ca = scoped({ only: 'ca' })
    expect([outcome([leaf], user), outcome([leaf], ca), outcome([leaf], scoped({ only: 'attribute' }))]).toEqual([
      'good',
      'revocation-unknown',
      'revocation-unknown',
    ])
    expect([outcome(below, crl(middle), ca), outcome(below, crl(middle), user)]).toEqual(['good', 'revocation-unknown'])
  })

  it('for one kind of certificates are for none of version 1', () => {
    const old = build({ subject: 'old', version: new Uint8Array(0), extensions: undefined }, root)
    expect([outcome([old], crl(root)), outcome([old], scoped({ only: 'user' })), outcome([old], scoped({ only: 'ca' }))]).toEqual([
      'good',
      'revocation-unknown',
      'revocation-unknown',
    ])
  })

  it('may cover some reasons, and only all of them together make a certificate good', () => {
    const [some, rest, most] = [
      [1, 2],
      [3, 4, 5, 6, 7, 8],
      [3, 4, 5, 6, 7],
    ].map(reasons => scoped({ reasons })) as [Uint8Array, Uint8Array, Uint8Array]
    expect([outcome([leaf], some), outcome([leaf], some, rest), outcome([leaf], some, most)]).toEqual([
      'revocation-unknown',
      'good',
      'revocation-unknown',
    ])
    expect(problems(some, most)).toContain('no CRL covers revocations for aACompromise')
    expect(outcome([leaf], some, scoped({ reasons: [3, 4, 5, 6, 7, 8] }, [entry(7)]))).toBe('certificate-revoked')
  })

  it('of the certificate limit the reasons too', () => {
    const halves = at({ at: 'http://a/', reasons: [1, 2] }, { at: 'http://b/', reasons: [3, 4, 5, 6, 7, 8] })
    expect([
      outcome([halves], scoped({ at: 'http://a/' })),
      outcome([halves], scoped({ at: 'http://a/' }), scoped({ at: 'http://b/' })),
    ]).toEqual(['revocation-unknown', 'good'])
  })
})

describe('An indirect CRL', () => {
  const clearing = build({ subject: 'Clearing', serial: number(4), extensions: [keyUsage('cRLSign')] }, root)
  const certificate = endEntity(root, 7, [crlDistributionPoints({ crlIssuer: 'Clearing' })])
  const indirect = { extensions: [crlNumber(5), issuingDistributionPoint({ indirect: true })] }
  const outcome = (list: Uint8Array, end = certificate) => verdict({ chain: [end], root, others: [clearing] }, { crls: [list] })

  it('counts by whom the certificate names as its issuer', () => {
    expect(outcome(crl(clearing, indirect))).toBe('good')
    expect(outcome(crl(clearing, indirect), leaf)).toBe('revocation-unknown')
  })

  it('must say that it is one', () => {
    expect(outcome(crl(clearing))).toBe('revocation-unknown')
  })

  it('lists numbers of several issuers, which are not mixed up', () => {
    const list = (...entries: Uint8Array[]) => outcome(crl(clearing, { ...indirect, entries }))
    expect(list(entry(7))).toBe('good')
    expect(list(entry(1, { issuer: 'Root' }), entry(7))).toBe('certificate-revoked')
    expect(list(entry(1, { issuer: 'Root' }), entry(7, { issuer: 'Other' }))).toBe('good')
  })

  it('is found by the name of its issuer where the point has no other', () => {
    const scope = issuingDistributionPoint({ indirect: true, at: fullName(directory('Clearing')) })
    expect(outcome(crl(clearing, { extensions: [crlNumber(5), scope] }))).toBe('good')
    const elsewhere = issuingDistributionPoint({ indirect: true, at: 'http://a/' })
    expect(outcome(crl(clearing, { extensions: [crlNumber(5), elsewhere] }))).toBe('revocation-unknown')
  })

  it('has relative names below its own issuer', () => {
    const end = endEntity(root, 7, [crlDistributionPoints({ at: relative('first'), crlIssuer: 'Clearing' })])
    const scope = (at: Uint8Array) => crl(clearing, { extensions: [crlNumber(5), issuingDistributionPoint({ indirect: true, at })] })
    expect([outcome(scope(relative('first')), end), outcome(scope(relative('second')), end)]).toEqual(['good', 'revocation-unknown'])
  })
})

describe('No signature is verified', () => {
  it('twice, for however many certificates a CRL speaks', () => {
    const middle = authority({ subject: 'Root', serial: number(2) }, root)
    const chain = [endEntity(middle), middle]
    expect(judge({ chain, root }, { crls: [crl(root)] })).toMatchObject({ error: undefined, signatures: 2 })
  })

  it('of a CRL that can’t matter', () => {
    const old = crl(root, { thisUpdate: utc('260520000000Z') })
    const others = [old, crl(root, { issuer: 'Other' }), crl(root, { nextUpdate: generalized('20260601000001Z') })]
    expect(judge(scene, { crls: [...others, crl(root)] })).toMatchObject({ error: undefined, signatures: 1 })
  })
})
