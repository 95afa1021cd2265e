import 'reflect-metadata'
import { X509Certificate, X509Crl, X509CrlReason } from '@peculiar/x509'
import { describe, expect, it } from 'vitest'
import { type Authority, type CrlOptions, type KeyOrder, type MintedCertificate, mintAuthority, mintCrl } from '../../src/testing/index.ts'
import { parseCertificate, parseCrl } from '../../src/x509/index.ts'
import { describeWith } from '../interop/child.ts'
import { ask, file, openssl } from './openssl.ts'

const when = { thisUpdate: new Date('2026-01-01T00:00:00Z'), nextUpdate: new Date('2026-02-01T00:00:00Z') }

describe('A revocation list', () => {
  it('says who is revoked, since when and why', async () => {
    const root = await mintAuthority({ name: 'Root' })
    const minted = await root.issue({ names: ['a.example'] })
    const [date, invalidityDate] = [new Date('2025-12-01T00:00:00Z'), new Date('2025-11-01T00:00:00Z')]
    const { crlDer } = await root.crl({ ...when, revoked: [minted, { revoked: 0x80, date, reason: 'keyCompromise', invalidityDate }] })
    const crl = new X509Crl(crlDer)
    expect([crl.issuer, crl.thisUpdate, crl.nextUpdate]).toEqual(['CN=Root', when.thisUpdate, when.nextUpdate])
    expect(await crl.verify({ publicKey: new X509Certificate(root.certificateDer) })).toBe(true)
    const [first, second] = crl.entries
    expect([BigInt(`0x${first?.serialNumber}`), first?.extensions]).toEqual([minted.serial, []])
    expect([second?.serialNumber, second?.revocationDate]).toEqual(['80', date])
    expect([second?.reason, second?.invalidity]).toEqual([X509CrlReason.keyCompromise, invalidityDate])
  })

  it('of nothing says so for a week, and its number is 1', async () => {
    const { crlDer } = await (await mintAuthority()).crl()
    const crl = new X509Crl(crlDer)
    expect(crl.entries).toEqual([])
    expect(Number(crl.nextUpdate) - Number(crl.thisUpdate)).toBe(7 * 86_400_000)
    expect(new Uint8Array(crl.getExtension('2.5.29.20')?.value ?? [])).toEqual(Uint8Array.of(2, 1, 1))
  })

  it('has no list where a list would be empty', async () => {
    const root = await mintAuthority()
    for (const options of [{}, { revoked: [5] }, { revoked: [5], omit: ['2.5.29.20', '2.5.29.35'] }]) {
      const { crlDer } = await root.crl(options)
      expect(() => parseCrl(crlDer)).not.toThrow()
    }
  })

  it('may have one number of two issuers', async () => {
    const root = await mintAuthority({ name: 'Root' })
    const { crlDer } = await root.crl({
      issuingDistributionPoint: { indirectCRL: true },
      revoked: [
        { revoked: 5, reason: 'superseded' },
        { revoked: 5, certificateIssuer: { CN: 'Other' } },
      ],
    })
    const { entries, issuer } = parseCrl(crlDer)
    const other = parseCertificate((await mintAuthority({ name: 'Other' })).certificateDer).subject
    expect([entries.find(issuer, 5n)?.reason, entries.find(other, 5n)?.reason]).toEqual(['superseded', 'unspecified'])
  })

  it('may be as long as those of large authorities, and has no number twice', async () => {
    const root = await mintAuthority()
    const revoked = Array.from({ length: 130_000 }, (_, i) => i + 1)
    const { entries } = parseCrl((await root.crl({ revoked })).crlDer)
    expect(entries.find(parseCertificate(root.certificateDer).subject, 130_000n)?.serial).toBe(130_000n)
    await expect(root.crl({ revoked: [...revoked, 65_000n] })).rejects.toThrow('the serial number 65000 is there twice')
  })

  it('may leave out when the next one comes, and its number', async () => {
    const { crlDer } = await (await mintAuthority()).crl({ nextUpdate: null, omit: ['2.5.29.20'], revoked: [5] })
    const crl = new X509Crl(crlDer)
    expect([crl.nextUpdate, crl.extensions.map(({ type }) => type)]).toEqual([undefined, ['2.5.29.35']])
  })

  it.each<[string, CrlOptions]>([
    ['a certificate that is there twice', { revoked: [1, { revoked: 1n }] }],
    ['a negative serial number', { revoked: [-1] }],
    ['a fraction', { revoked: [1.5] }],
    ['a reason that is none', { revoked: [{ revoked: 1, reason: 'dislike' as 'superseded' }] }],
    ['a date that is none', { thisUpdate: new Date('yesterday') }],
    ['a negative number', { number: -1 }],
    ['a scope of reasons that have no bit', { issuingDistributionPoint: { onlySomeReasons: ['removeFromCRL' as 'superseded'] } }],
  ])('is not minted with %s', async (_, options) => {
    await expect(mintCrl(await mintAuthority(), options)).rejects.toThrow(TypeError)
  })
})

describeWith(openssl, 'OpenSSL', () => {
  it.each<KeyOrder>(['P-256', 'P-521', 'Ed25519', 'RSA-2048', 'RSA-PSS-2048'])('verifies a list signed with %s', async key => {
    const root = await mintAuthority({ key })
    const { crlPem } = await root.crl({ revoked: [5] })
    const { status, text } = ask('crl', '-in', file(crlPem), '-CAfile', file(root.certificatePem), '-noout')
    expect({ status, text }).toEqual({ status: 0, text: expect.stringContaining('verify OK') })
  })

  it('reads the scope, the numbers and the entries', async () => {
    const root = await mintAuthority({ name: 'Root' })
    const { crlPem } = await root.crl({
      number: 300,
      delta: 7,
      issuingDistributionPoint: {
        distributionPoint: 'http://crl.example/',
        onlyContainsUserCerts: true,
        onlySomeReasons: ['keyCompromise', 'aACompromise'],
        indirectCRL: true,
      },
      freshestCrl: ['http://delta.example/'],
      revoked: [{ revoked: 5, reason: 'removeFromCRL', certificateIssuer: { O: 'Other' } }],
    })
    const said = ask('crl', '-in', file(crlPem), '-noout', '-text').text.replace(/\s+/g, ' ')
    for (const part of [
      'X509v3 CRL Number: 300',
      'X509v3 Delta CRL Indicator: critical 7',
      'X509v3 Issuing Distribution Point: critical Full Name: URI:http://crl.example/ Only User Certificates Indirect CRL Only Some Reasons: Key Compromise, AA Compromise',
      'X509v3 Freshest CRL: Full Name: URI:http://delta.example/',
      'Serial Number: 05',
      'X509v3 CRL Reason Code: Remove From CRL X509v3 Certificate Issuer: critical DirName:/O=Other',
    ])
      expect(said).toContain(part)
  })

  it('finds revoked what is revoked, and nothing else', async () => {
    const root = await mintAuthority()
    const [good, bad] = [await root.issue({ names: ['a.example'] }), await root.issue({ names: ['b.example'] })]
    const { crlPem } = await root.crl({ revoked: [bad] })
    expect(check(root, good, [crlPem])).toMatchObject({ status: 0 })
    expect(check(root, bad, [crlPem]).text).toContain('certificate revoked')
    expect(check(root, good, []).text).toContain('unable to get certificate CRL')
  })

  it('applies a delta', async () => {
    const root = await mintAuthority()
    const end = await root.issue({ names: ['a.example'], freshestCrl: ['http://delta.example/'] })
    const base = await root.crl({ number: 1, freshestCrl: ['http://delta.example/'] })
    const delta = await root.crl({ number: 2, delta: 1, revoked: [end] })
    expect(check(root, end, [base.crlPem], '-use_deltas')).toMatchObject({ status: 0 })
    expect(check(root, end, [base.crlPem, delta.crlPem], '-use_deltas').text).toContain('certificate revoked')
  })

  it('believes the list of another, where the certificate names that one', async () => {
    const root = await mintAuthority({ name: 'Root' })
    const other = await root.issueAuthority({ name: 'Lists', keyUsage: ['cRLSign'] })
    const fullName = [{ uri: 'http://crl.example/' }]
    const end = await root.issue({ names: ['a.example'], crlDistributionPoints: [{ fullName, crlIssuer: other.subject }] })
    const scope = { issuingDistributionPoint: { distributionPoint: fullName, indirectCRL: true } }
    const [none, listed] = [
      await other.crl(scope),
      await other.crl({ ...scope, revoked: [{ revoked: end, certificateIssuer: root.subject }] }),
    ]
    const judge = (crl: string) => check(root, end, [crl], '-extended_crl', '-untrusted', file(other.certificatePem))
    expect(judge(none.crlPem)).toMatchObject({ status: 0 })
    expect(judge(listed.crlPem).text).toContain('certificate revoked')
  })
})

function check(root: Authority, end: MintedCertificate, crls: readonly string[], ...more: readonly string[]) {
  const lists = crls.flatMap(crl => ['-CRLfile', file(crl)])
  return ask('verify', '-crl_check', ...more, '-CAfile', file(root.certificatePem), ...lists, file(end.certificatePem))
}
