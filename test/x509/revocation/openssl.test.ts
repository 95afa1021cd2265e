/** CRLs and OCSP responses that OpenSSL made, and requests that it reads. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { parseCertificate } from '../../../src/x509/certificate/certificate.ts'
import { encodePem } from '../../../src/x509/pem.ts'
import { parseCrl } from '../../../src/x509/revocation/crl.ts'
import { parseOcspResponse } from '../../../src/x509/revocation/ocsp.ts'
import { createOcspRequest } from '../../../src/x509/revocation/ocsp-request.ts'
import { build, extendedKeyUsage, extension, leafExtensions, subjectKeyIdentifier, utc } from '../build.ts'
import { authority, number, verdict } from './make.ts'

const absent = (() => {
  try {
    execFileSync('openssl', ['version'])
    return false
  } catch {
    return true
  }
})()

/** Of any time: OpenSSL dates what it makes by the clock. */
const validity = { notBefore: utc('200101000000Z'), notAfter: utc('491231235959Z') }
const root = authority({ ...validity, more: [subjectKeyIdentifier('root')] })
const leaf = (serial: number) =>
  build({ subject: `leaf ${serial}`, serial: number(serial), extensions: leafExtensions(), ...validity }, root)
const [fine, gone] = [leaf(0x11), leaf(0x12)]
const ocspSigning = extension('2.5.29.37', encode(tags.sequence, encodeOid('1.3.6.1.5.5.7.3.9')))
const responder = build({ subject: 'Responder', serial: number(0x13), extensions: [ocspSigning], ...validity }, root)
const impostor = build({ subject: 'Impostor', serial: number(0x14), extensions: [extendedKeyUsage('any')], ...validity }, root)

describe.skipIf(absent)('OpenSSL', () => {
  let folder = ''
  const file = (name: string) => join(folder, name)
  const run = (...args: readonly string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tassel-revocation-'))
    for (const [name, { der, keys }] of Object.entries({ root, fine, gone, responder, impostor })) {
      writeFileSync(file(`${name}.pem`), encodePem('CERTIFICATE', der))
      writeFileSync(file(`${name}.key`), keys.privateKey.export({ type: 'pkcs8', format: 'pem' }))
    }
    writeFileSync(
      file('index.txt'),
      'V\t491231235959Z\t\t11\tunknown\t/CN=leaf 17\nR\t491231235959Z\t260101000000Z,keyCompromise\t12\tunknown\t/CN=leaf 18\n',
    )
    writeFileSync(file('number'), '2A\n')
    writeFileSync(
      file('ca.cnf'),
      '[ca]\ndefault_ca=it\n[it]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=7\ncrl_extensions=crl\n[crl]\nauthorityKeyIdentifier=keyid\n',
    )
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const verdicts = (options: Parameters<typeof verdict>[1]) =>
    [fine, gone].map(end => verdict({ chain: [end], root, now: Date.now() }, options))

  it('makes CRLs that are read and believed', () => {
    run('ca', '-config', 'ca.cnf', '-gencrl', '-cert', 'root.pem', '-keyfile', 'root.key', '-out', 'crl.pem')
    const pem = readFileSync(file('crl.pem'), 'utf8')
    expect(verdicts({ crls: [pem], requireCrlNumber: true })).toEqual(['good', 'certificate-revoked'])
    run('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'crl.der')
    const list = parseCrl(new Uint8Array(readFileSync(file('crl.der'))))
    expect(list.extensions.crlNumber).toBe(0x2an)
    expect([...list.entries]).toMatchObject([{ serial: 0x12n, reason: 'keyCompromise', revocationDate: Date.UTC(2026, 0, 1) }])
  })

  const responseBy = (signer: string, request: string): Uint8Array => {
    const args = ['-index', 'index.txt', '-CA', 'root.pem', '-rsigner', `${signer}.pem`, '-rkey', `${signer}.key`, '-ndays', '7']
    run('ocsp', ...args, '-reqin', request, '-respout', 'response.der')
    return new Uint8Array(readFileSync(file('response.der')))
  }

  it('reads requests, and answers so that the answer is believed', () => {
    const issuer = parseCertificate(root.der)
    const answers = [fine, gone].map(({ der }) => {
      writeFileSync(file('request.der'), createOcspRequest(parseCertificate(der), issuer, { nonce: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }))
      expect(run('ocsp', '-reqin', 'request.der', '-req_text', '-no_nonce')).toContain('04080102030405060708')
      return responseBy('root', 'request.der')
    })
    expect(verdicts({ ocsp: answers })).toEqual(['good', 'certificate-revoked'])
    expect(parseOcspResponse(answers[0] ?? new Uint8Array())).toMatchObject({ nonce: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) })
  })

  it('answers several questions at once, by responders that were appointed and such as were not', () => {
    run('ocsp', '-issuer', 'root.pem', '-cert', 'fine.pem', '-cert', 'gone.pem', '-no_nonce', '-reqout', 'both.der')
    expect(verdicts({ ocsp: [responseBy('responder', 'both.der')] })).toEqual(['good', 'certificate-revoked'])
    expect(verdicts({ ocsp: [responseBy('impostor', 'both.der')] })).toEqual(['revocation-unknown', 'revocation-unknown'])
  })
})
