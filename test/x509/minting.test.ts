import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type MintedKey, mintAuthority, mintSelfSigned } from '../../src/testing/certificates.ts'
import { createTrustStore, loadIdentity } from '../../src/x509/index.ts'
import { providers } from '../providers.ts'
import { faultOf } from './judge.ts'

const keys: readonly MintedKey[] = ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048', 'RSA-PSS-2048']

describe.each(keys)('certificates with %s', key => {
  test('lead from the end entity by an intermediate to the root', async () => {
    const root = await mintAuthority({ key })
    const intermediate = await root.issueAuthority({ key, pathLength: 0 })
    const names = ['localhost', '*.example.com', '127.0.0.1', '::1']
    const end = await intermediate.issue({ names, key })
    for (const crypto of providers()) {
      const store = createTrustStore({ roots: [root.certificatePem], crypto })
      for (const name of ['localhost', 'www.example.com', '127.0.0.1', '::1']) {
        for (const purpose of ['server', 'client'] as const) {
          const peer = store.verify([end.certificateDer, intermediate.certificateDer], { name, now: Date.now(), purpose })
          expect(peer.subjects).toEqual(['CN=localhost', 'CN=Tassel Test Intermediate'])
        }
      }
      const identity = loadIdentity({ cert: end.certificatePem + intermediate.certificatePem, key: end.privateKeyPem, crypto })
      expect(identity.chain).toEqual([end.certificateDer, intermediate.certificateDer])
    }
    const [theirs, issuer] = [new X509Certificate(end.certificatePem), new X509Certificate(intermediate.certificatePem)]
    expect(theirs.checkIssued(issuer) && theirs.verify(issuer.publicKey)).toBe(true)
    expect(theirs.checkHost('www.example.com')).toBe('*.example.com')
  })

  test('vouch for themselves where they are trusted', async () => {
    const own = await mintSelfSigned({ names: ['localhost'], key })
    for (const crypto of providers()) {
      const store = createTrustStore({ roots: [own.certificateDer], crypto })
      expect(store.verify([own.certificateDer], { name: 'localhost', now: Date.now(), purpose: 'server' }).verified).toBe(true)
    }
  })
})

test('purpose and validity are as ordered', async () => {
  const [crypto] = providers()
  if (!crypto) throw new Error('there is no provider')
  const root = await mintAuthority({ notBefore: new Date('2020-01-01T00:00:00Z') })
  const order = { names: ['a.example'], notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2026-01-31T00:00:00Z') }
  const client = await root.issue({ ...order, purposes: ['client'] })
  const store = createTrustStore({ roots: [root.certificateDer], crypto })
  const judge = (purpose: 'server' | 'client', time: string) =>
    store.verify([client.certificateDer], { name: 'a.example', now: Date.parse(time), purpose })
  expect(judge('client', '2026-01-31T00:00:00Z').verified).toBe(true)
  expect(faultOf(() => judge('server', '2026-01-15T00:00:00Z')).code).toBe('certificate-purpose')
  expect(faultOf(() => judge('client', '2026-02-01T00:00:00Z')).code).toBe('certificate-expired')
})

test('nobody is issued a certificate for no name', async () => {
  await expect(mintSelfSigned({ names: [] })).rejects.toThrow(TypeError)
})
