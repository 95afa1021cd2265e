import { describe, expect, it } from 'vitest'
import { contextTag, encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { parseCertificate } from '../../../src/x509/certificate/certificate.ts'
import { type RevocationOptions, readRevocation, revocationSources } from '../../../src/x509/revocation/revocation.ts'
import { build, extension } from '../build.ts'
import {
  authority,
  crl,
  crlDistributionPoints,
  endEntity,
  entry,
  judge,
  number,
  ocsp,
  revoked,
  type Scene,
  unknown,
  verdict,
} from './make.ts'

const root = authority()
const at = (uri: string, responder: string) => [
  crlDistributionPoints({ at: uri }),
  extension('1.3.6.1.5.5.7.1.1', encode(tags.sequence, access('48.1', responder), access('48.2', `${responder}/ca`))),
]
const middle = authority({ subject: 'Middle', serial: number(2), more: at('http://root.example/crl', 'http://root.example/ocsp') }, root)
const leaf = endEntity(middle, 7, at('http://middle.example/crl', 'http://middle.example/ocsp'))
const scene: Scene = { chain: [leaf, middle], root }
const both = [crl(middle), crl(root)]

function access(method: string, uri: string): Uint8Array {
  return encode(tags.sequence, encodeOid(`1.3.6.1.5.5.7.${method}`), encode(contextTag(6), Buffer.from(uri)))
}

describe('The mode', () => {
  const in_ = (mode: RevocationOptions['mode'], crls: readonly Uint8Array[]) => verdict(scene, { mode, crls })

  it('off asks for nothing', () => {
    expect(judge(scene, { mode: 'off', crls: [crl(middle, { entries: [entry(7)] })] })).toEqual({
      statuses: [],
      error: undefined,
      signatures: 0,
    })
  })

  it('soft believes what is unknown and refuses what is revoked', () => {
    expect([in_('soft', []), in_('soft', [crl(middle, { entries: [entry(7)] })])]).toEqual(['good', 'certificate-revoked'])
    expect(judge(scene, { mode: 'soft' }).statuses.map(({ status }) => status)).toEqual(['unknown', 'unknown'])
  })

  it('hard refuses what is unknown too', () => {
    expect([in_('hard', both), in_('hard', both.slice(1)), in_('hard', [])]).toEqual(['good', 'revocation-unknown', 'revocation-unknown'])
  })

  it('is one of the three, and the other options are what they can be', () => {
    const refused = (options: object) => expect(() => readRevocation(options as RevocationOptions)).toThrow(TypeError)
    refused({ mode: 'maybe' })
    refused({ mode: 'hard', scope: 'all' })
    refused({ mode: 'hard', maximumAge: -1 })
    refused({ mode: 'hard', maximumAge: Number.NaN })
    refused({ mode: 'hard', crls: ['no PEM at all'] })
    for (const crl of [[1, 2], new Map(), { entries: [] }, undefined, 7]) refused({ mode: 'hard', crls: [crl] })
    for (const response of ['text', [1, 2], undefined]) refused({ mode: 'hard', ocsp: [response] })
  })
})

describe('The scope', () => {
  it('chain asks about every certificate below the root, and says whose fault it was', () => {
    const { error } = judge(scene, { crls: [crl(middle), crl(root, { entries: [entry(2)] })] })
    expect(error).toMatchObject({ code: 'certificate-revoked', depth: 1, subject: 'CN=Middle' })
  })

  it('leaf asks about the end entity alone', () => {
    const options = { scope: 'leaf', crls: [crl(middle), crl(root, { entries: [entry(2)] })] } as const
    expect(judge(scene, options).statuses).toMatchObject([{ depth: 0, status: 'good' }])
  })

  it('never has the root, nor an end entity that is one', () => {
    expect(judge({ chain: [root], root }, {})).toMatchObject({ error: undefined, statuses: [] })
  })
})

describe('Several sources', () => {
  const goodResponse = ocsp(middle, { answers: [{ issuer: middle }] })
  const revokedResponse = ocsp(middle, { answers: [{ issuer: middle, status: revoked }] })
  const listed = crl(middle, { entries: [entry(7)] })

  it('refuse where one of them says revoked', () => {
    const found = [
      { crls: [...both], ocsp: [revokedResponse] },
      { crls: [listed, crl(root)], ocsp: [goodResponse] },
    ].map(options => verdict(scene, options))
    expect(found).toEqual(['certificate-revoked', 'certificate-revoked'])
  })

  it('are good where one of them says so and none says revoked', () => {
    expect(judge(scene, { crls: [crl(root)], ocsp: [goodResponse] }).statuses).toMatchObject([{ source: 'ocsp' }, { source: 'crl' }])
    expect(verdict(scene, { crls: both, ocsp: [ocsp(middle, { answers: [{ issuer: middle, status: unknown }] })] })).toBe('good')
  })

  it('cost no signature more than is needed', () => {
    expect(judge(scene, { scope: 'leaf', crls: [crl(middle)], ocsp: [goodResponse] })).toMatchObject({ error: undefined, signatures: 1 })
  })

  it('let a revoked intermediate outweigh an end entity of which nothing is known', () => {
    expect(judge(scene, { crls: [crl(root, { entries: [entry(2)] })] }).error).toMatchObject({ code: 'certificate-revoked', depth: 1 })
  })
})

describe('What is missing', () => {
  it('is told for every certificate of which nothing is known, in the error', () => {
    expect(judge(scene, {}).error).toMatchObject({
      code: 'revocation-unknown',
      depth: 0,
      alert: 'certificate_unknown',
      needed: {
        crlDistributionPoints: ['http://middle.example/crl', 'http://root.example/crl'],
        ocspResponders: ['http://middle.example/ocsp', 'http://root.example/ocsp'],
        caIssuers: ['http://middle.example/ocsp/ca', 'http://root.example/ocsp/ca'],
      },
    })
    expect(judge(scene, { crls: [crl(middle)] }).error).toMatchObject({
      depth: 1,
      needed: { crlDistributionPoints: ['http://root.example/crl'], ocspResponders: ['http://root.example/ocsp'] },
    })
  })

  it('is told in the status where it is believed', () => {
    expect(judge(scene, { mode: 'soft', crls: [crl(middle)] }).statuses).toMatchObject([
      { status: 'good', needed: undefined },
      { status: 'unknown', source: undefined, needed: { crlDistributionPoints: ['http://root.example/crl'] } },
    ])
  })

  it('is what the certificate states', () => {
    expect(revocationSources(parseCertificate(leaf.der))).toEqual({
      crlDistributionPoints: ['http://middle.example/crl'],
      ocspResponders: ['http://middle.example/ocsp'],
      caIssuers: ['http://middle.example/ocsp/ca'],
    })
    expect(revocationSources(parseCertificate(root.der))).toEqual({ crlDistributionPoints: [], ocspResponders: [], caIssuers: [] })
  })

  it('goes with the reasons why what is there does not count, a few of them', () => {
    const stale = crl(middle, { thisUpdate: encode(tags.utcTime, Buffer.from('260602000000Z')) })
    const { error } = judge(scene, { crls: Array.from({ length: 6 }, () => stale) })
    expect(error?.message).toMatch(/^whether CN=leaf is revoked is unknown: the CRL of CN=Middle .* is of the future .*; and 2 more$/)
  })
})

describe('A stapled response', () => {
  const staple = ocsp(middle, { answers: [{ issuer: middle }] })

  it('counts for the end entity', () => {
    expect(judge({ ...scene, stapled: staple }, { crls: [crl(root)] }).statuses).toMatchObject([{ source: 'ocsp' }, { source: 'crl' }])
    const bad = ocsp(middle, { answers: [{ issuer: middle, status: revoked }] })
    expect(verdict({ ...scene, stapled: bad }, { mode: 'soft' })).toBe('certificate-revoked')
  })

  it('counts for no other certificate', () => {
    const stapled = ocsp(root, { answers: [{ issuer: root, serial: 2 }] })
    expect(verdict({ ...scene, stapled }, { crls: [crl(middle)] })).toBe('revocation-unknown')
  })

  it('that is malformed is as good as none', () => {
    const broken = { ...scene, stapled: staple.subarray(0, 40) }
    expect([verdict(broken, { mode: 'soft' }), verdict(broken, { crls: both })]).toEqual(['good', 'good'])
    expect(judge(broken, {}).error?.message).toContain('the OCSP response is malformed')
  })

  it('gives its timestamps on', () => {
    const scts = extension('1.3.6.1.4.1.11129.2.4.5', encode(tags.octetString, Uint8Array.of(0, 1, 2)))
    const stapled = ocsp(middle, { answers: [{ issuer: middle, extensions: [scts] }] })
    expect(judge({ ...scene, stapled }, { mode: 'soft' }).statuses[0]?.sctList).toEqual(Uint8Array.of(0, 1, 2))
  })
})

describe('An end entity that promises a stapled response', () => {
  const mustStaple = (...features: readonly number[]) => {
    const list = encode(tags.sequence, ...features.map(feature => number(feature)))
    return build({ subject: 'leaf', serial: number(7), extensions: [extension('1.3.6.1.5.5.7.1.24', list)] }, root)
  }
  const promised = mustStaple(5)
  const response = ocsp(root, { answers: [{ issuer: root }] })
  const outcome = (stapled: Uint8Array | undefined, options: Partial<RevocationOptions> = { mode: 'soft' }, end = promised) =>
    verdict({ chain: [end], root, ...(stapled && { stapled }) }, options)

  it('is refused without it, though other sources say good', () => {
    expect([outcome(response), outcome(undefined), outcome(undefined, { crls: [crl(root)], ocsp: [response] })]).toEqual([
      'good',
      'ocsp-missing',
      'ocsp-missing',
    ])
    expect(judge({ chain: [promised], root }, { mode: 'soft' }).error).toMatchObject({
      depth: 0,
      alert: 'bad_certificate_status_response',
      rule: 'RFC 7633 §4.3.3',
    })
  })

  it('is refused where it is another’s, out of its time or unknown, and revoked where it says so', () => {
    const answers = [
      { serial: 8 },
      { nextUpdate: encode(tags.generalizedTime, Buffer.from('20260601000001Z')) },
      { status: unknown },
      { status: revoked },
    ]
    const found = answers.map(answer => outcome(ocsp(root, { answers: [{ issuer: root, ...answer }] })))
    expect(found).toEqual(['ocsp-missing', 'ocsp-missing', 'ocsp-missing', 'certificate-revoked'])
    expect(outcome(response.subarray(1))).toBe('ocsp-missing')
  })

  it('is let pass where nobody asks for revocation, or where it promises something else', () => {
    expect([outcome(undefined, { mode: 'off' }), outcome(undefined, { mode: 'soft' }, mustStaple(17))]).toEqual(['good', 'good'])
  })
})
