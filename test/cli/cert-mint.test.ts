import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mintRequest } from '../../src/testing/index.ts'
import { describeWith } from '../interop/child.ts'
import { ask, openssl } from '../testing/openssl.ts'
import { events, killAll, run } from './command.ts'

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tassel-cert-'))
  expect(await mint('--ca', path('ca'), '--common-name', 'A Root')).toMatchObject({ code: 0 })
})
// Not after each: cases run at once.
afterAll(() => {
  killAll()
  rmSync(folder, { recursive: true })
})

const path = (name: string) => join(folder, name)
const mint = (...args: string[]) => run(['cert', 'mint', ...args])
const byRoot = (...args: string[]) => mint('--issuer', path('ca.pem'), '--issuer-key', path('ca.key'), ...args)
const to = (name: string) => ['--out', path(`${name}.pem`), '--key-out', path(`${name}.key`)]
const read = (name: string) => new X509Certificate(readFileSync(path(name)))
const daysLeft = (certificate: X509Certificate) => Math.round((Date.parse(certificate.validTo) - Date.now()) / 86_400_000)

describe('tassel cert mint', () => {
  it('makes an authority whose key only its owner may read', () => {
    const root = read('ca.pem')
    expect([root.subject, root.ca, root.verify(root.publicKey)]).toEqual(['CN=A Root', true, true])
    expect(root.checkPrivateKey(keyOf('ca.key'))).toBe(true)
    expect(statSync(path('ca.key')).mode & 0o777).toBe(0o600)
  })

  it('makes a certificate for every name, and says what was written', async () => {
    const names = ['a.example', '*.b.example', '192.0.2.1', '2001:db8::1', 'me@c.example', 'https://d.example/'].flatMap(name => [
      '--name',
      name,
    ])
    const { code, stderr } = await byRoot(...names, '--key-type', 'p-384', '--days', '3', ...to('all'))
    expect(code).toBe(0)
    const certificate = read('all.pem')
    expect(certificate.subjectAltName).toBe(
      'DNS:a.example, DNS:*.b.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, email:me@c.example, URI:https://d.example/',
    )
    expect([certificate.publicKey.asymmetricKeyDetails?.namedCurve, daysLeft(certificate)]).toEqual(['secp384r1', 3])
    expect([certificate.checkIssued(read('ca.pem')), certificate.checkPrivateKey(keyOf('all.key'))]).toEqual([true, true])
    expect(stderr).toMatch(
      new RegExp(`^${path('all.pem')}: certificate: CN=a.example, serial 0x[0-9a-f]+, until .*\n${path('all.key')}: private key\n$`),
    )
  })

  it('makes certificates for servers or for clients', async () => {
    await byRoot('--name', 'a.example', ...to('server'))
    await byRoot('--name', 'a.example', '--client', ...to('client'))
    expect([read('server.pem').keyUsage, read('client.pem').keyUsage]).toEqual([['1.3.6.1.5.5.7.3.1'], ['1.3.6.1.5.5.7.3.2']])
  })

  it('makes an intermediate, and writes the chain behind what that one issues', async () => {
    await byRoot('--intermediate', '--common-name', 'Between', ...to('between'))
    const issuer = ['--issuer', path('between.pem'), '--issuer-key', path('between.key')]
    await mint(...issuer, '--name', 'a.example', '--chain', ...to('chained'))
    const [leaf = '', between, ...more] = readFileSync(path('chained.pem'), 'utf8').split(/(?<=-----END CERTIFICATE-----\n)/)
    expect([between, more]).toEqual([readFileSync(path('between.pem'), 'utf8'), []])
    expect(new X509Certificate(leaf).verify(read('between.pem').publicKey)).toBe(true)
    expect(read('between.pem').ca).toBe(true)
  })

  it('writes the certificate to standard output where no file is named', async () => {
    const { stdout } = await byRoot('--name', 'a.example', '--key-out', path('lone.key'))
    expect(new X509Certificate(stdout).checkPrivateKey(keyOf('lone.key'))).toBe(true)
  })

  it('issues what a request asks for, or an authority with its key', async () => {
    const request = await mintRequest({ names: ['a.example'], subject: { O: 'Somebody' } })
    writeFileSync(path('request.pem'), request.requestPem)
    writeFileSync(path('request.der'), request.requestDer)
    await byRoot('--csr', path('request.pem'), '--out', path('requested.pem'))
    await byRoot('--csr', path('request.der'), '--intermediate', '--out', path('requested-ca.pem'))
    const [end, authority] = [read('requested.pem'), read('requested-ca.pem')]
    expect([end.subject, end.subjectAltName, end.ca, authority.ca]).toEqual(['O=Somebody', 'DNS:a.example', false, true])
    expect(end.publicKey.export({ type: 'spki', format: 'der' })).toEqual(Buffer.from(request.keys.publicKeySpki))
  })

  it('says the same as JSON', async () => {
    const { stderr } = await byRoot('--name', 'a.example', '--json', ...to('json'))
    const serial = `0x${read('json.pem').serialNumber.toLowerCase()}`
    const notAfter = new Date(read('json.pem').validTo).toISOString()
    expect(events(stderr)).toEqual([
      { event: 'minted', file: path('json.pem'), what: 'certificate', subject: 'CN=a.example', serial, notAfter },
      { event: 'minted', file: path('json.key'), what: 'private key' },
    ])
  })
})

describeWith(openssl, 'OpenSSL', () => {
  it('believes the lists and the responses about a certificate', async () => {
    await byRoot(
      '--name',
      'a.example',
      '--must-staple',
      '--ocsp-url',
      'http://ocsp.example/',
      '--crl-url',
      'http://crl.example/',
      ...to('judged'),
    )
    const text = ask('x509', '-in', path('judged.pem'), '-noout', '-text').text
    for (const part of ['status_request', 'OCSP - URI:http://ocsp.example/', 'URI:http://crl.example/']) expect(text).toContain(part)

    await byRoot('--crl', '--revoke', path('judged.pem'), '--revoke', '0x10', '--revoke', '17', '--number', '9', '--out', path('list.pem'))
    await byRoot('--crl', '--out', path('empty.pem'))
    const list = ask('crl', '-in', path('list.pem'), '-CAfile', path('ca.pem'), '-noout', '-text').text.replace(/\s+/g, ' ')
    for (const part of ['verify OK', 'CRL Number: 9', 'Serial Number: 10', 'Serial Number: 11']) expect(list).toContain(part)
    const check = (crl: string) => ask('verify', '-crl_check', '-CRLfile', path(crl), '-CAfile', path('ca.pem'), path('judged.pem'))
    expect(check('empty.pem')).toMatchObject({ status: 0 })
    expect(check('list.pem').text).toContain('certificate revoked')

    await byRoot('--ocsp', path('judged.pem'), '--out', path('good.der'))
    await byRoot('--ocsp', path('judged.pem'), '--status', 'revoked', '--out', path('revoked.der'))
    const response = (file: string) =>
      ask('ocsp', '-respin', path(file), '-issuer', path('ca.pem'), '-cert', path('judged.pem'), '-CAfile', path('ca.pem')).text
    expect(response('good.der')).toMatch(/judged.pem: good(.|\n)*Response verify OK/)
    expect(response('revoked.der')).toMatch(/judged.pem: revoked(.|\n)*Response verify OK/)
  })
})

describe('tassel cert mint ends with status 2, says what was wrong, and writes nothing, for', () => {
  const issuer = () => ['--issuer', path('ca.pem'), '--issuer-key', path('ca.key')]
  const leaf = () => [...issuer(), '--name', 'a.example', '--out', path('nothing.pem'), '--key-out', path('nothing.key')]
  const cases: [what: string, args: () => string[], message: RegExp][] = [
    ['nothing', () => [], /a certificate needs --issuer/],
    ['no name', () => [...issuer(), '--key-out', path('nothing.key')], /a certificate needs --name/],
    ['no file for the key', () => [...issuer(), '--name', 'a.example'], /a certificate needs --key-out/],
    ['two things at once', () => ['--ca', path('nothing'), '--crl'], /--crl does not go with --ca/],
    [
      'a key for a request',
      () => [...issuer(), '--csr', path('ca.pem'), '--key-out', path('nothing.key')],
      /--key-out does not go with --csr/,
    ],
    ['a response to the terminal', () => [...issuer(), '--ocsp', path('ca.pem')], /--ocsp needs --out/],
    ['an argument', () => [...leaf(), 'a.example'], /"a.example" is too much/],
    ['a name that cannot be', () => [...leaf(), '--name', 'two words'], /--name: "two words" is no host name/],
    ['a key type that is unknown', () => [...leaf(), '--key-type', 'P-224'], /--key-type: "P-224" is unknown; known: P-256/],
    ['no days', () => [...leaf(), '--days', '0'], /--days "0": expected a number from 1 to 36500/],
    [
      'a status that is unknown',
      () => [...issuer(), '--ocsp', path('ca.pem'), '--status', 'fine', '--out', path('nothing.pem')],
      /--status: "fine"/,
    ],
    ['an issuer that is not there', () => [...leaf(), '--issuer', 'missing.pem'], /--issuer missing.pem: .*ENOENT/],
    ['an issuer that is a key', () => [...leaf(), '--issuer', path('ca.key')], /--issuer .*: there is no certificate in it/],
    ['a key that is a certificate', () => [...leaf(), '--issuer-key', path('ca.pem')], /--issuer-key .*: there is no private key/],
    [
      'a request that is none',
      () => [...issuer(), '--csr', path('ca.pem'), '--out', path('nothing.pem')],
      /--csr .*: there is no request in it/,
    ],
    [
      'a revoked thing that is none',
      () => [...issuer(), '--crl', '--revoke', path('ca.key')],
      /--revoke .*: there is no certificate in it/,
    ],
  ]

  it.concurrent.each(cases)('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await mint(...args())
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect({ code, stdout: String(stdout) }).toEqual({ code: 2, stdout: '' })
    for (const name of ['nothing.pem', 'nothing.key']) expect(() => statSync(path(name))).toThrow('ENOENT')
  })

  it('a key of another authority', async () => {
    await mint('--ca', path('other'))
    const { code, stderr } = await mint(...leaf(), '--issuer-key', path('other.key'))
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('does not belong to the certificate') })
  })
})

function keyOf(name: string) {
  return createPrivateKey(readFileSync(path(name)))
}
