import 'reflect-metadata'
import { X509Certificate as NodeCertificate } from 'node:crypto'
import { ExtendedKeyUsageExtension, SubjectAlternativeNameExtension, X509Certificate } from '@peculiar/x509'
import { describe, expect, it } from 'vitest'
import {
  type Authority,
  generateKeyPair,
  type IssueOptions,
  importKeyPair,
  type KeyOrder,
  loadAuthority,
  type Minted,
  type MintedCertificate,
  mintAuthority,
  mintSelfSigned,
} from '../../src/testing/index.ts'
import { describeWith } from '../interop/child.ts'
import { ask, file, openssl } from './openssl.ts'

const read = ({ certificateDer }: MintedCertificate) => new X509Certificate(certificateDer)
const oids = (certificate: MintedCertificate) => read(certificate).extensions.map(({ type }) => type)

describe('A certificate', () => {
  it('has the serial number, the dates and the subject that were ordered', async () => {
    const root = await mintAuthority({ name: 'Root' })
    const notBefore = new Date('2026-01-02T03:04:05.678Z')
    const minted = await root.issue({
      subject: { C: 'XX', OU: ['a', 'b'], CN: 'é' },
      serial: 0x80,
      notBefore,
      notAfter: new Date('2051-01-01T00:00:00Z'),
    })
    const certificate = read(minted)
    expect([certificate.serialNumber, minted.serial]).toEqual(['80', 128n])
    expect(certificate.notBefore.toISOString()).toBe('2026-01-02T03:04:05.000Z')
    expect(certificate.notAfter.toISOString()).toBe('2051-01-01T00:00:00.000Z')
    expect([certificate.subject, certificate.issuer]).toEqual(['C=XX, OU=a, OU=b, CN=é', 'CN=Root'])
    expect(minted.subject).toEqual(new Uint8Array(certificate.subjectName.toArrayBuffer()))
    expect(certificate.getExtension(SubjectAlternativeNameExtension)).toBe(null)
  })

  it('without a name in its subject has critical alternative names', async () => {
    const certificate = read(
      await mintSelfSigned({ subject: {}, names: ['a.example', { email: 'a@b.example' }, { uri: 'https://c.example/' }] }),
    )
    const extension = certificate.getExtension(SubjectAlternativeNameExtension)
    expect([certificate.subject, extension?.critical]).toEqual(['', true])
    expect(extension?.names.toJSON()).toEqual([
      { type: 'dns', value: 'a.example' },
      { type: 'email', value: 'a@b.example' },
      { type: 'url', value: 'https://c.example/' },
    ])
  })

  it('takes an extension of one’s own in the place of the usual one, and leaves out what is not wanted', async () => {
    const usual = await mintSelfSigned({ names: ['a.example'] })
    const [basicConstraints, keyUsage, extendedKeyUsage, ...others] = oids(usual)
    const own = [
      { oid: '2.5.29.37', critical: true, value: Uint8Array.of(0x30, 4, 6, 2, 0x2a, 3) },
      { oid: '1.2.3.4', value: Uint8Array.of(5, 0) },
    ]
    const minted = await mintSelfSigned({ names: ['a.example'], extensions: own, omit: [basicConstraints ?? '', keyUsage ?? ''] })
    expect(oids(minted)).toEqual([extendedKeyUsage, ...others, '1.2.3.4'])
    const extension = read(minted).getExtension(ExtendedKeyUsageExtension)
    expect([extension?.critical, extension?.usages]).toEqual([true, ['1.2.3']])
  })

  it('has neither key usage where the list of them is empty', async () => {
    const minted = await mintSelfSigned({ names: ['a.example'], keyUsage: [], purposes: [] })
    expect(oids(minted)).not.toContain('2.5.29.15')
    expect(oids(minted)).not.toContain('2.5.29.37')
  })

  it('may have the key of another', async () => {
    const keys = await generateKeyPair('P-384')
    const root = await mintAuthority({ key: keys })
    const [one, two] = [await root.issue({ names: ['a.example'], key: keys }), await root.issue({ names: ['a.example'], key: keys })]
    expect([one.publicKeySpki, two.publicKeySpki]).toEqual([keys.publicKeySpki, keys.publicKeySpki])
    expect(one.privateKeyPem).toBe(keys.privateKeyPem)
    expect(one.serial).not.toBe(two.serial)
  })

  it.each<[string, object]>([
    ['a negative serial number', { serial: -1 }],
    ['serial number 0', { serial: 0n }],
    ['a serial number of 21 octets', { serial: 1n << 160n }],
    ['a date that is none', { notAfter: new Date('tomorrow') }],
    ['an attribute that is not known', { subject: { XY: 'z' } }],
    ['a key that is not known', { key: 'P-224' }],
    ['an address that is none', { names: [{ ip: 'localhost' }] }],
    ['a name beyond ASCII', { names: ['münchen.example'] }],
    ['a range without a prefix', { nameConstraints: { permitted: ['192.0.2.0'] } }],
    ['a range with too long a prefix', { nameConstraints: { excluded: ['192.0.2.0/33'] } }],
    ['a key usage that is not known', { keyUsage: ['signing'] }],
    ['a purpose that is not known', { purposes: ['servers'] }],
    ['a policy that is no identifier', { policies: ['gold'] }],
    ['a mapping of no identifiers', { policyMappings: [['1.2.3', '3.4']] }],
    ['a negative count', { policyConstraints: { requireExplicitPolicy: -1 } }],
    ['a fraction of a count', { inhibitAnyPolicy: 0.5 }],
    ['a reason without a bit', { crlDistributionPoints: [{ reasons: ['unspecified'] }] }],
    ['an extension without an identifier', { extensions: [{ oid: '', value: Uint8Array.of(5, 0) }] }],
    ['a URI beyond ASCII', { ocsp: ['http://münchen.example/'] }],
    ['no extension at all', { keyUsage: [], purposes: [], omit: ['2.5.29.14', '2.5.29.17', '2.5.29.19', '2.5.29.35'] }],
    ['a name that is no DER', { subject: Uint8Array.of(0x30, 2, 1) }],
  ])('is not minted for %s', async (_, order) => {
    await expect(mintSelfSigned({ names: ['a.example'], ...order } as IssueOptions)).rejects.toThrow(TypeError)
  })
})

describe('An authority', () => {
  it('is not minted for less than nothing below it', async () => {
    await expect(mintAuthority({ pathLength: -1 })).rejects.toThrow(TypeError)
  })

  it('is the same one when it is loaded from its files', async () => {
    const root = await mintAuthority({ name: 'Root' })
    for (const files of [
      { certificate: root.certificatePem, key: root.privateKeyPem },
      { certificate: root.certificateDer, key: root.privateKeyPkcs8 },
    ]) {
      const minted = await (await loadAuthority(files)).issue({ names: ['a.example'] })
      const [theirs, issuer] = [new NodeCertificate(minted.certificatePem), new NodeCertificate(root.certificatePem)]
      expect([theirs.checkIssued(issuer), theirs.verify(issuer.publicKey)]).toEqual([true, true])
    }
  })

  it('is not loaded from files of two, or of none', async () => {
    const [one, other] = [await mintAuthority(), await mintAuthority()]
    const certificate = one.certificatePem
    for (const files of [
      { certificate, key: other.privateKeyPem },
      { certificate, key: certificate },
      { certificate, key: one.certificateDer },
      { certificate: one.privateKeyPem, key: one.privateKeyPem },
      { certificate: one.privateKeyPkcs8, key: one.privateKeyPem },
    ]) {
      await expect(loadAuthority(files)).rejects.toThrow(TypeError)
    }
  })

  it.each<KeyOrder>(['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048'])('has a key of %s that survives its file', async key => {
    const keys = await generateKeyPair(key)
    const { publicKeySpki, privateKeyPkcs8 } = await importKeyPair(keys.privateKeyPkcs8)
    expect([publicKeySpki, privateKeyPkcs8]).toEqual([keys.publicKeySpki, keys.privateKeyPkcs8])
  })

  it('names its key by the identifier that its own certificate has', async () => {
    const subjectKeyIdentifier = { oid: '2.5.29.14', value: Uint8Array.of(4, 2, 0xab, 0xcd) }
    const root = await mintAuthority({ extensions: [subjectKeyIdentifier] })
    const extension = read(await root.issue({ names: ['a.example'] })).getExtension('2.5.29.35')
    expect(new Uint8Array(extension?.value ?? [])).toEqual(Uint8Array.of(0x30, 4, 0x80, 2, 0xab, 0xcd))
  })

  it('certifies a key that is elsewhere', async () => {
    const [old, next] = [await mintAuthority({ name: 'Old' }), await mintAuthority({ name: 'New' })]
    const cross = await old.certify(next, { pathLength: 0 })
    expect([read(cross).subject, read(cross).issuer, cross.publicKeySpki]).toEqual(['CN=New', 'CN=Old', next.publicKeySpki])
    const bare = await old.certify(next.publicKeySpki, { name: 'Another' })
    expect([read(bare).subject, bare.publicKeySpki]).toEqual(['CN=Another', next.publicKeySpki])
    await expect(old.certify(Uint8Array.of(0x30, 0))).rejects.toThrow(TypeError)
  })
})

describeWith(openssl, 'OpenSSL', () => {
  const text = ({ certificatePem }: MintedCertificate) =>
    ask('x509', '-in', file(certificatePem), '-noout', '-text').text.replace(/ +$/gm, '')

  it('reads every extension that an authority was ordered with', async () => {
    const root = await mintAuthority({ name: 'Root' })
    const minted = await root.issueAuthority({
      pathLength: 1,
      keyUsage: ['digitalSignature', 'keyCertSign', 'decipherOnly'],
      purposes: ['server', 'ocspSigning', '1.2.3.4'],
      names: ['example.com', '2001:db8::1', { directory: { CN: 'dir' } }, { registeredId: '1.2.3' }, otherName],
      nameConstraints: {
        permitted: ['example.com', '10.0.0.0/9', '2001:db8::/33', { email: 'y.example' }, { uri: '.example' }, { directory: { C: 'XX' } }],
        excluded: [{ ip: '0.0.0.0/0' }],
      },
      policies: ['1.2.3.4', '2.5.29.32.0'],
      policyMappings: [['1.2.3.4', '1.2.3.5']],
      policyConstraints: { requireExplicitPolicy: 0, inhibitPolicyMapping: 300 },
      inhibitAnyPolicy: 2,
      crlDistributionPoints: [
        'http://crl.example/',
        { fullName: [{ directory: { CN: 'x' } }], reasons: ['keyCompromise', 'aACompromise'], crlIssuer: root.subject },
      ],
      freshestCrl: ['http://delta.example/'],
      ocsp: ['http://ocsp.example/'],
      caIssuers: ['http://ca.example/'],
      tlsFeatures: [5, 17],
      ocspNoCheck: true,
      extensions: [{ oid: '1.2.3.4.5', critical: true, value: Uint8Array.of(5, 0) }],
    })
    const said = text(minted)
    for (const part of everyExtension) expect(said).toContain(part.replace(/^/gm, ' '.repeat(12)))
  })

  const issuers: readonly KeyOrder[] = ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048', 'RSA-PSS-2048', 'RSA-3072']
  it.each(issuers)('believes what an authority with %s issued', async key => {
    const root = await mintAuthority({ key })
    const end = await root.issue({ names: ['a.example'] })
    expect(verify(end, [root])).toMatchObject({ status: 0 })
  })

  it('follows a cross-certificate from one key of an authority to its next', async () => {
    const [old, next] = [await mintAuthority({ name: 'Root' }), await mintAuthority({ name: 'Root' })]
    const end = await next.issue({ names: ['a.example'] })
    const cross = await old.certify(next)
    expect(verify(end, [old])).not.toMatchObject({ status: 0 })
    expect(verify(end, [old], [cross])).toMatchObject({ status: 0 })
  })

  it('applies the name constraints', async () => {
    const root = await mintAuthority()
    const intermediate = await root.issueAuthority({ nameConstraints: { permitted: ['example.com'], excluded: ['b.example.com'] } })
    const judge = async (name: string) => verify(await intermediate.issue({ names: [name] }), [root], [intermediate]).text
    expect(await judge('a.example.com')).toContain('OK')
    expect(await judge('b.example.com')).toContain('excluded subtree violation')
    expect(await judge('example.org')).toContain('permitted subtree violation')
  })

  it('applies the policies and their mappings', async () => {
    const root = await mintAuthority()
    const intermediate = await root.issueAuthority({ policies: ['1.2.3'], policyMappings: [['1.2.3', '1.2.4']] })
    const judge = async (policy: string) =>
      verify(
        await intermediate.issue({ names: ['a.example'], policies: [policy] }),
        [root],
        [intermediate],
        '-policy',
        '1.2.3',
        '-explicit_policy',
      )
    expect(await judge('1.2.4')).toMatchObject({ status: 0 })
    expect((await judge('1.2.3')).text).toContain('no explicit policy')
  })
})

function verify(end: Minted, roots: readonly Authority[], untrusted: readonly MintedCertificate[] = [], ...more: readonly string[]) {
  const pem = (certificates: readonly MintedCertificate[]) => file(certificates.map(({ certificatePem }) => certificatePem).join(''))
  const between = untrusted.length > 0 ? ['-untrusted', pem(untrusted)] : []
  return ask('verify', ...more, '-CAfile', pem(roots), ...between, file(end.certificatePem))
}

const otherName = { otherName: { oid: '1.2.3.5', value: Uint8Array.of(0x0c, 1, 0x41) } }

const everyExtension = [
  `X509v3 Basic Constraints: critical
    CA:TRUE, pathlen:1`,
  `X509v3 Key Usage: critical
    Digital Signature, Certificate Sign, Decipher Only`,
  `X509v3 Extended Key Usage:
    TLS Web Server Authentication, OCSP Signing, 1.2.3.4`,
  `X509v3 Subject Alternative Name:
    DNS:example.com, IP Address:2001:DB8:0:0:0:0:0:1, DirName:/CN=dir, Registered ID:1.2.3, othername: 1.2.3.5::A`,
  `X509v3 Name Constraints: critical
    Permitted:
      DNS:example.com
      IP:10.0.0.0/255.128.0.0
      IP:2001:DB8:0:0:0:0:0:0/FFFF:FFFF:8000:0:0:0:0:0
      email:y.example
      URI:.example
      DirName:C = XX
    Excluded:
      IP:0.0.0.0/0.0.0.0`,
  `X509v3 Certificate Policies:
    Policy: 1.2.3.4
    Policy: X509v3 Any Policy`,
  `X509v3 Policy Mappings: critical
    1.2.3.4:1.2.3.5`,
  `X509v3 Policy Constraints: critical
    Require Explicit Policy:0, Inhibit Policy Mapping:300`,
  `X509v3 Inhibit Any Policy: critical
    2`,
  `X509v3 CRL Distribution Points:
    Full Name:
      URI:http://crl.example/
    Full Name:
      DirName:CN = x                Reasons:
      Key Compromise, AA Compromise
    CRL Issuer:
      DirName:CN = Root`,
  `X509v3 Freshest CRL:
    Full Name:
      URI:http://delta.example/`,
  `Authority Information Access:
    OCSP - URI:http://ocsp.example/
    CA Issuers - URI:http://ca.example/`,
  `TLS Feature:
    status_request, status_request_v2`,
  'OCSP No Check:',
  `1.2.3.4.5: critical
    ..`,
]
