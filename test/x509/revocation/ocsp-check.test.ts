import { describe, expect, it } from 'vitest'
import { encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { build, extendedKeyUsage, extension, generalized, keyUsage, newKeys, type Order, utc } from '../build.ts'
import {
  type AnswerOrder,
  authority,
  byKey,
  byName,
  crl,
  crlNumber,
  endEntity,
  entry,
  issuingDistributionPoint,
  judge,
  number,
  type OcspOrder,
  ocsp,
  revoked,
  unknown,
  verdict,
} from './make.ts'

const root = authority()
const leaf = endEntity(root)
const scene = { chain: [leaf], root }
const response = (answer: Partial<AnswerOrder> = {}, order: Partial<OcspOrder> = {}, by = root) =>
  ocsp(by, { answers: [{ issuer: root, ...answer }], ...order })
const of = (...responses: readonly Uint8Array[]) => verdict(scene, { ocsp: responses })
const why = (...responses: readonly Uint8Array[]) => judge(scene, { ocsp: responses }).error?.message

describe('An OCSP response of the issuer', () => {
  it('that says good is enough', () => {
    expect(judge(scene, { ocsp: [response()] })).toMatchObject({
      error: undefined,
      signatures: 1,
      statuses: [{ status: 'good', source: 'ocsp' }],
    })
  })

  it('that says revoked refuses, and says when, why and who', () => {
    const { error } = judge(scene, { ocsp: [response({ status: revoked })] })
    expect(error).toMatchObject({ code: 'certificate-revoked', depth: 0, rule: 'RFC 6960 §2.2', alert: 'certificate_revoked' })
    expect(error?.message).toBe('CN=leaf was revoked at 2026-05-01T00:00:00.000Z for keyCompromise, by the OCSP response of CN=Root')
  })

  it('that says revoked outweighs another, and another answer in itself', () => {
    expect([of(response(), response({ status: revoked })), of(response({ status: revoked }), response())]).toEqual([
      'certificate-revoked',
      'certificate-revoked',
    ])
    const both = ocsp(root, { answers: [{ issuer: root }, { issuer: root, status: revoked }] })
    expect(of(both)).toBe('certificate-revoked')
  })

  it('that says unknown says nothing', () => {
    expect(why(response({ status: unknown }))).toContain('says that the certificate is unknown')
    expect(of(response({ status: unknown }), response())).toBe('good')
  })

  it('is about the certificate by its number and its issuer, in SHA-1 or SHA-2', () => {
    const hashes = (['sha1', 'sha256', 'sha384', 'sha512'] as const).map(hash => of(response({ hash })))
    expect(hashes).toEqual(['good', 'good', 'good', 'good'])
    expect(of(response({ serial: 8 }))).toBe('revocation-unknown')
    expect(of(response({ issuer: { ...authority(), subject: root.subject } }))).toBe('revocation-unknown')
    expect(of(response({ issuer: { ...root, subject: leaf.subject } }))).toBe('revocation-unknown')
    expect(of(ocsp(root, { answers: [{ issuer: root, serial: 8, status: revoked }, { issuer: root }] }))).toBe('good')
  })

  it('names its responder by name or key', () => {
    expect([
      of(response({}, { responder: byKey(root) })),
      of(response({}, { responder: byKey(leaf) })),
      of(response({}, { responder: byName(leaf) })),
    ]).toEqual(['good', 'revocation-unknown', 'revocation-unknown'])
  })

  it('is passed over where the signature is another’s, or it is malformed, or says only why there is none', () => {
    expect(of(response({}, {}, { ...root, keys: newKeys() }))).toBe('revocation-unknown')
    expect(why(response().subarray(1))).toContain('the OCSP response is malformed')
    expect(why(encode(tags.sequence, number(3, tags.enumerated)))).toContain('an OCSP response says tryLater')
  })

  it('is passed over where something critical is unknown; an answer beside it is not', () => {
    const strange = extension('1.2.3.4', encode(tags.null), true)
    expect(why(response({}, { extensions: [strange] }))).toContain('an extension not supported: 1.2.3.4')
    expect(of(response({ extensions: [strange] }))).toBe('revocation-unknown')
    expect(of(ocsp(root, { answers: [{ issuer: root, serial: 8, extensions: [strange] }, { issuer: root }] }))).toBe('good')
    expect(of(response({ extensions: [extension('1.2.3.4', encode(tags.null))] }))).toBe('good')
  })

  it('may have a nonce that nobody asked for', () => {
    expect(of(response({}, { extensions: [extension('1.3.6.1.5.5.7.48.1.2', encode(tags.octetString, Uint8Array.of(1)), true)] }))).toBe(
      'good',
    )
  })

  it('is of its time, up to seven days where it does not say how long', () => {
    const from = Date.UTC(2026, 5, 1)
    const day = 86_400_000
    const at = (time: number, answer: Partial<AnswerOrder> = {}) =>
      verdict({ ...scene, now: time }, { ocsp: [response(answer, { producedAt: generalized('20260601000000Z') })] })
    expect([from - 300_001, from - 300_000, from + 7 * day + 999, from + 7 * day + 1000].map(time => at(time))).toEqual([
      'revocation-unknown',
      'good',
      'good',
      'revocation-unknown',
    ])
    expect([from + 7 * day, from + 7 * day + 1000].map(time => at(time, { nextUpdate: null }))).toEqual(['good', 'revocation-unknown'])
    expect(at(from + 8 * day, { status: revoked })).toBe('revocation-unknown')
  })

  it('was signed neither before the certificate was there nor later than 5 minutes from now', () => {
    const produced = (time: string) => of(response({ thisUpdate: generalized('20250101000000Z') }, { producedAt: generalized(time) }))
    expect(['20251231235959Z', '20260101000000Z', '20260601120500Z', '20260601120501Z'].map(produced)).toEqual([
      'revocation-unknown',
      'good',
      'good',
      'revocation-unknown',
    ])
  })

  it('is verified once, though it answers twice', () => {
    const both = ocsp(root, { answers: [{ issuer: root }, { issuer: root, hash: 'sha256' }] })
    expect(judge(scene, { ocsp: [both] })).toMatchObject({ error: undefined, signatures: 1 })
  })

  it('speaks for intermediates too', () => {
    const middle = authority({ subject: 'Middle', serial: number(2) }, root)
    const chain = [endEntity(middle), middle]
    const answers = [ocsp(middle, { answers: [{ issuer: middle }] }), ocsp(root, { answers: [{ issuer: root, serial: 2 }] })]
    expect(judge({ chain, root }, { ocsp: answers }).statuses.map(({ status }) => status)).toEqual(['good', 'good'])
    expect(verdict({ chain, root }, { ocsp: answers.slice(0, 1) })).toBe('revocation-unknown')
    expect(verdict({ chain, root }, { ocsp: [ocsp(root, { answers: [{ issuer: root, serial: 2, status: revoked }] })] })).toBe(
      'certificate-revoked',
    )
  })
})

describe('A responder that the issuer appointed', () => {
  const ocspSigning = extension('2.5.29.37', encode(tags.sequence, encodeOid('1.3.6.1.5.5.7.3.9')))
  const appoint = (order: Order = {}, issuer = root) =>
    build({ subject: 'Responder', serial: number(5), extensions: [ocspSigning], ...order }, issuer)
  const by = (responder: ReturnType<typeof appoint>, order: Partial<OcspOrder> = {}) =>
    response({}, { certificates: [responder.der], ...order }, responder)

  it('signs by its own key', () => {
    expect(judge(scene, { ocsp: [by(appoint())] })).toMatchObject({ error: undefined, signatures: 2 })
    expect(of(by(appoint(), { responder: byKey(appoint()) }))).toBe('revocation-unknown')
    expect(of(response({ status: revoked }, { certificates: [appoint().der] }, appoint()))).toBe('revocation-unknown')
    const responder = appoint()
    expect(of(by(responder, { responder: byKey(responder) }))).toBe('good')
    expect(of(response({ status: revoked }, { certificates: [responder.der] }, responder))).toBe('certificate-revoked')
  })

  it('sends its certificate, among others or not', () => {
    const responder = appoint()
    expect(of(response({}, {}, responder))).toBe('revocation-unknown')
    expect(of(by(responder, { certificates: [leaf.der, encode(tags.sequence), appoint().der, responder.der] }))).toBe('good')
  })

  it.each<[string, Order, string]>([
    ['without the purpose', { extensions: [keyUsage('digitalSignature')] }, 'not for signing OCSP responses'],
    ['with any purpose', { extensions: [extendedKeyUsage('any')] }, 'not for signing OCSP responses'],
    ['without the use of its key', { extensions: [ocspSigning, keyUsage('cRLSign')] }, 'not for signatures'],
    ['with an extension that nobody knows', { extensions: [ocspSigning, extension('1.2.3.4', encode(tags.null), true)] }, 'not supported'],
    ['before its time', { notBefore: utc('260602000000Z') }, 'not valid at this time'],
    ['after its time', { notAfter: utc('260601000000Z') }, 'not valid at this time'],
    ['by another name', { issuer: 'Other' }, 'did not appoint'],
  ])('is none %s', (_, order, message) => {
    expect(why(by(appoint(order)))).toContain(message)
  })

  it('is none of anyone else’s, not even one whom the issuer certified', () => {
    expect(why(by(appoint({}, authority())))).toContain('whose certificate is not signed by the issuer')
    const middle = authority({ subject: 'Middle', serial: number(2) }, root)
    expect(of(by(appoint({}, middle), { certificates: [appoint({}, middle).der, middle.der] }))).toBe('revocation-unknown')
  })

  it('is none where a CRL of the issuer has it, unless nobody is to check', () => {
    const nocheck = extension('1.3.6.1.5.5.7.48.1.5', encode(tags.null))
    const outcome = (responder: ReturnType<typeof appoint>, listed: number) => {
      const scope = issuingDistributionPoint({ only: 'user', reasons: [1] })
      const list = crl(root, { entries: [entry(listed, { reason: 'keyCompromise' })], extensions: [crlNumber(5), scope] })
      return judge(scene, { ocsp: [by(responder)], crls: [list] }).error
    }
    expect(outcome(appoint(), 6)).toBeUndefined()
    expect(outcome(appoint(), 5)?.message).toContain('is signed by CN=Responder, whose certificate is revoked')
    expect(outcome(appoint({ extensions: [ocspSigning, nocheck] }), 5)).toBeUndefined()
  })

  it('with the use of its key is one, and needs no nocheck', () => {
    const nocheck = extension('1.3.6.1.5.5.7.48.1.5', encode(tags.null))
    const extensions = [ocspSigning, keyUsage('digitalSignature')]
    expect([of(by(appoint({ extensions }))), of(by(appoint({ extensions: [...extensions, nocheck] })))]).toEqual(['good', 'good'])
  })
})
