import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { printableJson } from '../../src/cli/report.ts'
import { type Authority, mintAuthority, mintCtLog, mintOcspFailure } from '../../src/testing/index.ts'
import { events, killAll, run } from './command.ts'

let folder: string
let root: Authority
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tassel-show-'))
  root = await mintAuthority({ name: 'A Root' })
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(killAll)

const file = (name: string, contents: string | Uint8Array) => {
  writeFileSync(join(folder, name), contents)
  return join(folder, name)
}
const show = (...args: string[]) => run(['cert', 'show', ...args])
const json = async (...args: string[]) => events(String((await show('--json', ...args)).stdout))

describe('tassel cert show', () => {
  it('says what a certificate says, for people', async () => {
    const minted = await root.issue({
      subject: { C: 'XX', CN: 'a.example' },
      serial: 0xabc,
      names: ['a.example', '2001:db8::5:0:0:1', { email: 'me@a.example' }],
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2026-02-01T00:00:00Z'),
    })
    const path = file('leaf.pem', minted.certificatePem)
    const { code, stdout } = await show(path)
    expect(code).toBe(0)
    const said = String(stdout)
    expect(said.split('\n')[0]).toBe(`${path} 1: certificate`)
    for (const line of [
      '  subject: CN=a.example,C=XX',
      '  issuer: CN=A Root',
      '  serial: 0xabc',
      '  notBefore: 2026-01-01T00:00:00Z',
      '  notAfter: 2026-02-01T00:00:00Z',
      '  publicKey: P-256',
      '  signatureAlgorithm: ecdsa-with-SHA256',
      '    keyUsage: digitalSignature',
      '    extendedKeyUsage: serverAuth, clientAuth',
      '    subjectAltName: DNS:a.example, IP:2001:db8::5:0:0:1, email:me@a.example',
      '    critical: basicConstraints, keyUsage',
    ])
      expect(said.split('\n')).toContain(line)
  })

  it('says all of it as JSON', async () => {
    const log = await mintCtLog()
    const minted = await root.issueAuthority({
      key: 'RSA-2048',
      pathLength: 0,
      nameConstraints: { permitted: ['example.com', '192.0.2.0/24'], excluded: [{ directory: { C: 'XX' } }] },
      policies: ['2.5.29.32.0', '1.2.3'],
      policyMappings: [['1.2.3', '1.2.4']],
      policyConstraints: { requireExplicitPolicy: 1 },
      inhibitAnyPolicy: 2,
      crlDistributionPoints: [{ fullName: [{ uri: 'http://crl.example/' }], reasons: ['superseded'], crlIssuer: root.subject }],
      ocsp: ['http://ocsp.example/'],
      caIssuers: ['http://ca.example/'],
      tlsFeatures: [5, 99],
      ocspNoCheck: true,
      extensions: [{ oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }],
      scts: async entry => [await log.sign(entry, { timestamp: new Date('2026-01-01T00:00:00Z') })],
    })
    const [said] = await json(file('ca.der', minted.certificateDer))
    expect(said).toMatchObject({ kind: 'certificate', publicKey: 'RSA, 2048 bits', serial: `0x${minted.serial.toString(16)}` })
    expect(said?.extensions).toMatchObject({
      basicConstraints: { ca: true, pathLength: 0 },
      nameConstraints: { permitted: ['DNS:example.com', 'IP:192.0.2.0/255.255.255.0'], excluded: ['directory:C=XX'] },
      certificatePolicies: ['anyPolicy', '1.2.3'],
      policyMappings: ['1.2.3 = 1.2.4'],
      policyConstraints: { requireExplicitPolicy: 1 },
      inhibitAnyPolicy: 2,
      crlDistributionPoints: [{ name: ['URI:http://crl.example/'], reasons: ['superseded'], crlIssuer: ['directory:CN=A Root'] }],
      ocsp: ['http://ocsp.example/'],
      caIssuers: ['http://ca.example/'],
      tlsFeatures: ['status_request', '99'],
      timestamps: [{ log: Buffer.from(log.id).toString('base64'), time: '2026-01-01T00:00:00.000Z', signature: 'ecdsa_secp256r1_sha256' }],
      ocspNoCheck: true,
      others: ['1.2.3.4'],
      critical: expect.arrayContaining(['basicConstraints', 'nameConstraints', '1.2.3.4']),
    })
  })

  it('lists what is revoked, and what a list covers', async () => {
    const { crlPem, crlDer } = await root.crl({
      thisUpdate: new Date('2026-01-01T00:00:00Z'),
      nextUpdate: null,
      number: 12,
      issuingDistributionPoint: { distributionPoint: 'http://crl.example/', onlyContainsUserCerts: true },
      revoked: [
        { revoked: 0xabc, date: new Date('2025-12-01T00:00:00Z'), reason: 'keyCompromise' },
        { revoked: 1, date: new Date('2025-12-02T00:00:00Z') },
      ],
    })
    const path = file('list.pem', crlPem)
    expect(await json(path)).toEqual(await json(file('list.der', crlDer)))
    expect(await json(path)).toMatchObject([
      {
        kind: 'revocation list',
        issuer: 'CN=A Root',
        thisUpdate: '2026-01-01T00:00:00Z',
        extensions: { crlNumber: '12', issuingDistributionPoint: { name: ['URI:http://crl.example/'], onlyUserCertificates: true } },
        revoked: [
          { serial: '0xabc', date: '2025-12-01T00:00:00Z', reason: 'keyCompromise' },
          { serial: '0x1', date: '2025-12-02T00:00:00Z' },
        ],
      },
    ])
    expect(String((await show(path)).stdout)).toContain(
      '  revoked:\n    - serial: 0xabc\n      date: 2025-12-01T00:00:00Z\n      reason: keyCompromise\n    - serial: 0x1\n',
    )
    expect(String((await show(file('none.pem', (await root.crl()).crlPem))).stdout)).toContain('  revoked: none\n')
  })

  it('says what an OCSP response answers', async () => {
    const responder = await root.issueOcspResponder()
    const response = await root.ocsp({
      certificates: [{ certificate: 0xabc, status: 'revoked', reason: 'superseded', date: new Date('2025-12-01T00:00:00Z') }, 5],
      thisUpdate: new Date('2026-01-01T00:00:00Z'),
      nextUpdate: new Date('2026-01-02T00:00:00Z'),
      responder,
      nonce: Uint8Array.of(1, 2),
    })
    expect(await json(file('response.der', response), file('failure.der', mintOcspFailure('tryLater')))).toMatchObject([
      {
        kind: 'OCSP response',
        status: 'successful',
        responder: 'CN=Tassel Test OCSP Responder',
        producedAt: '2026-01-01T00:00:00Z',
        nonce: '0102',
        responses: [
          {
            serial: '0xabc',
            status: 'revoked',
            revocationTime: '2025-12-01T00:00:00Z',
            reason: 'superseded',
            nextUpdate: '2026-01-02T00:00:00Z',
          },
          { serial: '0x5', status: 'good', thisUpdate: '2026-01-01T00:00:00Z' },
        ],
        certificates: ['CN=Tassel Test OCSP Responder'],
      },
      { kind: 'OCSP response', status: 'tryLater' },
    ])
  })

  it('shows a timestamp that is no date as the number that it is', async () => {
    const log = await mintCtLog()
    const beyond = (sct: Uint8Array) => Uint8Array.from(sct, (octet, i) => (i >= 33 && i < 41 ? 0xff : octet))
    const minted = await root.issue({ names: ['a.example'], scts: async entry => [beyond(await log.sign(entry))] })
    const [said] = await json(file('late.pem', minted.certificatePem))
    expect(said?.extensions).toMatchObject({ timestamps: [{ time: '18446744073709552000' }] })
  })

  it('shows what an OCSP response answers also where an attached certificate can’t be read', async () => {
    const attached = [Uint8Array.of(0x30, 0), root.certificateDer]
    const response = await root.ocsp({ certificates: [5], attached })
    expect(await json(file('attached.der', response))).toMatchObject([
      { responses: [{ serial: '0x5', status: 'good' }], certificates: [expect.stringMatching(/^malformed: /), 'CN=A Root'] },
    ])
  })

  it('reads PEM that begins with the character 0, or with a byte order mark', async () => {
    for (const text of [`0 s:CN = A Root\n${root.certificatePem}`, `\uFEFF${root.certificatePem}`])
      expect(await json(file('verbose.pem', text))).toMatchObject([{ kind: 'certificate', subject: 'CN=A Root' }])
  })

  it('goes through all that a file holds, and shows nothing of a key', async () => {
    const path = file('all.pem', root.certificatePem + root.privateKeyPem + root.certificatePem.replaceAll('CERTIFICATE', 'ATTRIBUTE'))
    const { stdout } = await show(path)
    expect(String(stdout).match(/^\S.*$/gm)).toEqual([`${path} 1: certificate`, `${path} 2: private key`, `${path} 3: ATTRIBUTE`])
    expect(await json(file('key.der', root.privateKeyPkcs8), file('public.der', root.publicKeySpki))).toEqual([
      { kind: 'private key' },
      { kind: 'public key' },
    ])
  })

  it('names what is malformed, shows the rest, and ends with status 1', async () => {
    const broken = root.certificateDer.slice(0, -1)
    const { code, stdout, stderr } = await show(file('broken.der', broken), file('good.pem', root.certificatePem))
    expect(code).toBe(1)
    expect(stderr).toMatch(/broken.der 1: the certificate is malformed: .* \(certificate-malformed\)/)
    expect(String(stdout)).toMatch(/good.pem 1: certificate/)
  })

  it('does not let a certificate write to the terminal as it likes', async () => {
    const { stdout } = await show(file('evil.pem', (await mintAuthority({ name: 'a\x1b[31m\nb' })).certificatePem))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(String(stdout)).not.toMatch(/\x1b/)
    expect(String(stdout)).toContain('subject: CN=a\\u{1b}[31m\\u{a}b')
  })

  it('nor in JSON, which is the same value all the same', () => {
    const value = { 'n\x9bame': 'a\x1b\x9b31m\u202e\u2028\u{e0001}\x7fbé' }
    expect(printableJson(value)).toBe('{"n\\u009bame":"a\\u001b\\u009b31m\\u202e\\u2028\\udb40\\udc01\\u007fbé"}')
    expect(JSON.parse(printableJson(value))).toEqual(value)
  })

  it.each([
    ['no file', [], /a FILE is missing/],
    ['a file that is not there', ['missing.pem'], /missing.pem: .*ENOENT/],
    ['a file of something else', [new URL(import.meta.url).pathname], /there is nothing in PEM/],
    ['an option that it does not take', ['--ca', 'x'], /Unknown option '--ca'/],
  ])('ends with status 2 for %s', async (_, args, message) => {
    const { code, stderr } = await show(...args)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) })
  })
})
