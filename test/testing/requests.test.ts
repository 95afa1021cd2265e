import 'reflect-metadata'
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension, X509Certificate } from '@peculiar/x509'
import { describe, expect, it } from 'vitest'
import { generateKeyPair, type KeyOrder, mintAuthority, mintRequest } from '../../src/testing/index.ts'
import { describeWith } from '../interop/child.ts'
import { ask, file, openssl } from './openssl.ts'

describe('A request', () => {
  it('is about the key that signed it, and for the names that were ordered', async () => {
    const keys = await generateKeyPair('P-256')
    const { requestDer, privateKeyPem } = await mintRequest({ names: ['a.example', '192.0.2.1'], key: keys })
    const request = new Pkcs10CertificateRequest(requestDer)
    expect([request.subject, await request.verify(), privateKeyPem]).toEqual(['CN=a.example', true, keys.privateKeyPem])
    expect(new Uint8Array(request.publicKey.rawData)).toEqual(keys.publicKeySpki)
  })

  it('becomes a certificate with its key, its subject and its names', async () => {
    const root = await mintAuthority()
    const request = await mintRequest({ names: ['a.example', { email: 'a@b.example' }], subject: { O: 'Somebody' } })
    for (const source of [request.requestDer, request.requestPem]) {
      const { certificateDer, publicKeySpki } = await root.issueFromRequest(source)
      const certificate = new X509Certificate(certificateDer)
      expect([certificate.subject, publicKeySpki]).toEqual(['O=Somebody', request.keys.publicKeySpki])
      expect(certificate.getExtension(SubjectAlternativeNameExtension)?.names.toJSON()).toEqual([
        { type: 'dns', value: 'a.example' },
        { type: 'email', value: 'a@b.example' },
      ])
    }
  })

  it('gets other names, and becomes an authority, only where the issuer says so', async () => {
    const root = await mintAuthority()
    const basicConstraints = { oid: '2.5.29.19', critical: true, value: Uint8Array.of(0x30, 3, 1, 1, 0xff) }
    const request = await mintRequest({ names: ['a.example'], extensions: [basicConstraints] })
    const said = async (options: object) => {
      const { certificateDer } = await root.issueFromRequest(request.requestDer, options)
      const certificate = new X509Certificate(certificateDer)
      const constraints = certificate.getExtension('2.5.29.19')
      return [
        certificate.subject,
        certificate.getExtension(SubjectAlternativeNameExtension)?.names.toJSON()[0]?.value,
        constraints?.value.byteLength,
      ]
    }
    expect(await said({})).toEqual(['CN=a.example', 'a.example', 2])
    expect(await said({ names: ['b.example'], name: 'b' })).toEqual(['CN=b', 'b.example', 2])
    expect(await said({ ca: true, pathLength: 3 })).toEqual(['CN=a.example', 'a.example', 8])
  })

  it('is refused where its signature is another’s, or it is none', async () => {
    const root = await mintAuthority()
    const { requestDer, requestPem } = await mintRequest({ names: ['a.example'] })
    const changed = Uint8Array.from(requestDer)
    const at = changed.findIndex((_, i) => changed.subarray(i, i + 9).every((octet, k) => octet === 'a.example'.charCodeAt(k)))
    changed[at] = 'b'.charCodeAt(0)
    for (const source of [changed, requestDer.subarray(1), root.certificatePem, requestPem.replace('REQUEST', 'WISH')]) {
      await expect(root.issueFromRequest(source)).rejects.toThrow(TypeError)
    }
  })

  it('is not made for nobody', async () => {
    await expect(mintRequest({})).rejects.toThrow(TypeError)
    await expect(mintRequest({ names: [{ directory: { CN: 'x' } }] })).rejects.toThrow(TypeError)
  })
})

describeWith(openssl, 'OpenSSL', () => {
  it.each<KeyOrder>(['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048', 'RSA-PSS-2048'])('verifies a request with %s', async key => {
    const { requestPem } = await mintRequest({ names: ['a.example', '::1'], subject: { CN: 'x' }, key })
    const { status, text } = ask('req', '-in', file(requestPem), '-verify', '-noout', '-text')
    expect({ status, text }).toEqual({ status: 0, text: expect.stringContaining('DNS:a.example, IP Address:0:0:0:0:0:0:0:1') })
    expect(text).toContain('verify OK')
  })

  it('makes requests that are taken, and believes what comes of them', async () => {
    const root = await mintAuthority()
    const { privateKeyPem } = await generateKeyPair('P-384')
    const names = ['-subj', '/CN=theirs', '-addext', 'subjectAltName=DNS:a.example']
    const { text } = ask('req', '-new', '-key', file(privateKeyPem), ...names)
    const { certificatePem } = await root.issueFromRequest(text)
    expect(ask('verify', '-CAfile', file(root.certificatePem), '-verify_hostname', 'a.example', file(certificatePem))).toMatchObject({
      status: 0,
    })
  })
})
