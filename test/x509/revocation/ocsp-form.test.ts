import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { constructedTag, encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { parseCertificate } from '../../../src/x509/certificate/certificate.ts'
import { parseOcspResponse } from '../../../src/x509/revocation/ocsp.ts'
import { createOcspRequest } from '../../../src/x509/revocation/ocsp-request.ts'
import { sha1 } from '../../../src/x509/revocation/sha1.ts'
import { ecdsaSha256, extension, generalized, utc } from '../build.ts'
import { faultOf } from '../judge.ts'
import { type AnswerOrder, authority, byKey, byName, endEntity, number, type OcspOrder, ocsp, revoked, signature, unknown } from './make.ts'

const root = authority()
const answer: AnswerOrder = { issuer: root }
const read = (order: Partial<OcspOrder> = {}) => parseOcspResponse(ocsp(root, { answers: [answer], ...order }))
const malformed = (message: RegExp) => expect.objectContaining({ code: 'ocsp-malformed', message: expect.stringMatching(message) })

describe('An OCSP response is read', () => {
  it('with its fields', () => {
    const scts = extension('1.3.6.1.4.1.11129.2.4.5', encode(tags.octetString, Uint8Array.of(0, 1, 2)))
    const nonce = extension('1.3.6.1.5.5.7.48.1.2', encode(tags.octetString, Uint8Array.of(9)))
    const answers = [
      { ...answer, extensions: [scts] },
      { ...answer, serial: 8, status: revoked, nextUpdate: null },
      { ...answer, status: unknown },
    ]
    expect(read({ answers, extensions: [nonce], certificates: [root.der] })).toMatchObject({
      status: 'successful',
      responder: { type: 'name' },
      producedAt: Date.UTC(2026, 5, 1, 6),
      nonce: Uint8Array.of(9),
      certificates: [root.der],
      responses: [
        {
          status: { type: 'good' },
          nextUpdate: Date.UTC(2026, 5, 8),
          sctList: Uint8Array.of(0, 1, 2),
          certId: { serial: 7n, hashAlgorithm: '1.3.14.3.2.26' },
        },
        {
          status: { type: 'revoked', revocationTime: Date.UTC(2026, 4, 1), reason: 'keyCompromise' },
          nextUpdate: undefined,
          sctList: undefined,
        },
        { status: { type: 'unknown' } },
      ],
    })
  })

  it('with a responder by its key, and a version 1 that is spelt out', () => {
    const version = encode(constructedTag(0), number(0))
    expect(read({ responder: byKey(root) })).toMatchObject({ responder: { type: 'key' } })
    expect(read({ responder: Buffer.concat([version, byName(root)]) })).toMatchObject({ responder: { type: 'name' } })
  })

  it('where it says why there is none', () => {
    const failure = (status: number) => parseOcspResponse(encode(tags.sequence, number(status, tags.enumerated))).status
    expect([1, 2, 3, 5, 6].map(failure)).toEqual(['malformedRequest', 'internalError', 'tryLater', 'sigRequired', 'unauthorized'])
  })

  it('with what is critical and unknown named, in it or in an answer', () => {
    const strange = extension('1.2.3.4', encode(tags.null), true)
    const response = read({ extensions: [strange], answers: [{ ...answer, extensions: [strange] }] })
    expect(response).toMatchObject({ unknownCritical: ['1.2.3.4'], responses: [{ unknownCritical: ['1.2.3.4'] }] })
  })
})

describe('An OCSP response is malformed', () => {
  const cases: readonly [string, Partial<OcspOrder>, RegExp][] = [
    ['of version 2', { responder: Buffer.concat([encode(constructedTag(0), number(1)), byName(root)]) }, /version 2/],
    ['of another type', { type: '1.2.3' }, /type 1\.2\.3/],
    ['with a responder that is none', { responder: encode(constructedTag(3)) }, /no kind of ResponderID/],
    ['with a UTCTime', { producedAt: utc('260601000000Z') }, /generalizedTime wanted/],
    ['with a status that is none', { answers: [{ ...answer, status: encode(constructedTag(4)) }] }, /no kind of CertStatus/],
    ['with a good that says more', { answers: [{ ...answer, status: encode(0x80, Uint8Array.of(1)) }] }, /no kind of CertStatus/],
    ['with a reason that is none', { answers: [{ ...answer, status: withReason(7) }] }, /no CRLReason/],
    ['with an extension twice', { extensions: [extension('1.2.3', encode(tags.null)), extension('1.2.3', encode(tags.null))] }, /repeated/],
    [
      'with a list of timestamps that is none',
      { answers: [{ ...answer, extensions: [extension('1.3.6.1.4.1.11129.2.4.5', encode(tags.null))] }] },
      /octetString/,
    ],
  ]
  it.each(cases)('%s', (_, order, message) => {
    expect(faultOf(() => read(order))).toEqual(malformed(message))
  })

  it('with a status that is not defined, or that does not fit to what follows', () => {
    const frame = (...parts: readonly Uint8Array[]) => faultOf(() => parseOcspResponse(encode(tags.sequence, ...parts)))
    expect(frame(number(4, tags.enumerated))).toEqual(malformed(/no OCSPResponseStatus/))
    expect(frame(number(0, tags.enumerated))).toEqual(malformed(/successful without a response/))
    expect(frame(number(3, tags.enumerated), encode(constructedTag(0), encode(tags.null)))).toEqual(malformed(/tryLater with a response/))
    expect(faultOf(() => parseOcspResponse(new Uint8Array(0)))).toEqual(malformed(/a value is missing/))
  })

  it('with a number of more than 20 octets', () => {
    const certId = encode(
      tags.sequence,
      ecdsaSha256,
      encode(tags.octetString),
      encode(tags.octetString),
      number(new Uint8Array(21).fill(1)),
    )
    const single = encode(tags.sequence, certId, encode(0x80), generalized('20260601000000Z'))
    const signed = encode(tags.sequence, byName(root), generalized('20260601000000Z'), encode(tags.sequence, single))
    const basic = encode(tags.sequence, signed, ecdsaSha256, signature(root, signed))
    const bytes = encode(tags.sequence, encodeOid('1.3.6.1.5.5.7.48.1.1'), encode(tags.octetString, basic))
    const whole = encode(tags.sequence, number(0, tags.enumerated), encode(constructedTag(0), bytes))
    expect(faultOf(() => parseOcspResponse(whole))).toEqual(malformed(/more than 20 octets/))
  })
})

function withReason(reason: number): Uint8Array {
  return encode(constructedTag(1), generalized('20260501000000Z'), encode(constructedTag(0), number(reason, tags.enumerated)))
}

describe('An OCSP request', () => {
  const certificate = parseCertificate(endEntity(root, 0xc8, [], { serial: number(Uint8Array.of(0, 0xc8)) }).der)
  const issuer = parseCertificate(root.der)

  it('names the certificate as a response does', () => {
    const request = createOcspRequest(certificate, issuer)
    const response = parseOcspResponse(ocsp(root, { answers: [{ issuer: root, serial: 1 }] }))
    if (response.status !== 'successful') throw new Error('it has no answer')
    const [single] = response.responses
    const text = Buffer.from(request).toString('hex')
    for (const hash of [single?.certId.issuerNameHash, single?.certId.issuerKeyHash])
      expect(text).toContain(Buffer.from(hash ?? []).toString('hex'))
    expect(text.endsWith('020200c8')).toBe(true)
  })

  it('has a nonce only if there is one, of 1 to 128 octets', () => {
    const nonce = Uint8Array.of(1, 2, 3, 4)
    const [bare, fresh] = [createOcspRequest(certificate, issuer), createOcspRequest(certificate, issuer, { nonce })]
    const extension = '06092b06010505073001020406040401020304'
    expect([bare, fresh].map(request => Buffer.from(request).toString('hex').includes(extension))).toEqual([false, true])
    expect(() => createOcspRequest(certificate, issuer, { nonce: new Uint8Array(0) })).toThrow(TypeError)
    expect(() => createOcspRequest(certificate, issuer, { nonce: new Uint8Array(129) })).toThrow(TypeError)
  })
})

it('SHA-1 is that of FIPS 180-4, at every length around a block', () => {
  for (const length of [0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000]) {
    const message = Uint8Array.from({ length }, (_, i) => (i * 131) & 0xff)
    expect(Buffer.from(sha1(message)).toString('hex')).toBe(createHash('sha1').update(message).digest('hex'))
  }
})
