/** Table D of docs/coverage.md, its first row: the operations of the `ring` crate, each by itself, on every provider. */
import { createHash, createHmac, createPrivateKey, hkdfSync, pbkdf2Sync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type CryptoProvider, codePointOf, constantTimeEqual, hkdfExpand, hkdfExtract, signatureSchemeNames } from '../../src/primitives.ts'
import { mintAuthority } from '../../src/testing/index.ts'
import { recordProviders } from '../providers.ts'

const bytes = (size: number, first = 1): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (first + i) & 0xff)
const issuer = await mintAuthority()
const keys = await Promise.all(
  (['RSA-2048', 'P-256', 'P-384', 'Ed25519'] as const).map(async key => ({ key, ...(await issuer.issue({ names: ['x'], key })) })),
)
const schemes = {
  'RSA-2048': ['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384'],
  'P-256': ['ecdsa_secp256r1_sha256'],
  'P-384': ['ecdsa_secp384r1_sha384'],
  Ed25519: ['ed25519'],
}

describe('D. Cryptography by itself', () => {
  it('AEAD, digest, HKDF, HMAC, PBKDF2, key agreement, sign/verify (RSA PKCS#1/PSS, ECDSA P-256/384, Ed25519), secure random, constant-time compare', () => {
    for (const provider of recordProviders()) {
      sealsAndOpens(provider)
      digests(provider)
      agrees(provider)
      signs(provider)
      const [one, other] = [provider.random(32), provider.random(32)]
      expect([one.length, constantTimeEqual(one, other), constantTimeEqual(one, one.slice())]).toEqual([32, false, true])
    }
  })
})

function sealsAndOpens({ cipherSuites }: CryptoProvider): void {
  for (const { aead } of cipherSuites) {
    const key = aead.key(bytes(aead.keySize))
    const out: Uint8Array[] = []
    key.seal(bytes(12), bytes(5), [bytes(100)], out)
    const sealed = Buffer.concat(out)
    const forged = Uint8Array.from(sealed)
    forged[3] = (forged[3] ?? 0) ^ 1
    expect(key.open(bytes(12), bytes(5), forged)).toBeUndefined()
    expect(key.open(bytes(12), bytes(5), new Uint8Array(sealed))).toEqual(bytes(100))
  }
}

function digests({ cipherSuites, passwords }: CryptoProvider): void {
  for (const { hash } of cipherSuites) {
    const plain = (data: ArrayBuffer | Uint8Array) => new Uint8Array(data)
    expect(hash.create().update(bytes(77)).digest()).toEqual(plain(createHash(hash.name).update(bytes(77)).digest()))
    expect(hash.hmac(bytes(40), bytes(77))).toEqual(plain(createHmac(hash.name, bytes(40)).update(bytes(77)).digest()))
    const derived = hkdfExpand(hash, hkdfExtract(hash, bytes(13), bytes(22)), bytes(10, 0xf0), 42)
    expect(derived).toEqual(plain(hkdfSync(hash.name, bytes(22), bytes(13), bytes(10, 0xf0), 42)))
    expect(passwords?.pbkdf2(hash.name, bytes(9), bytes(16), 1000, 32)).toEqual(plain(pbkdf2Sync(bytes(9), bytes(16), 1000, 32, hash.name)))
  }
}

function agrees({ groups }: CryptoProvider): void {
  for (const group of groups) {
    const pair = group.generate()
    const { share, secret } = group.respond(pair.share)
    expect(pair.agree(share)).toEqual(secret)
    expect(new Set(secret).size).toBeGreaterThan(8)
  }
}

function signs(provider: CryptoProvider): void {
  for (const { key, privateKeyPkcs8, publicKeySpki } of keys) {
    for (const name of schemes[key]) {
      const scheme = codePointOf(signatureSchemeNames, name) ?? 0
      const signature = provider.importPrivateKey(privateKeyPkcs8).sign?.(scheme, bytes(50)) ?? new Uint8Array(0)
      const verifier = provider.verifiers.find(each => each.scheme === scheme)
      expect([name, verifier?.verify(publicKeySpki, bytes(50), signature)]).toEqual([name, true])
      expect([name, verifier?.verify(publicKeySpki, bytes(51), signature)]).toEqual([name, false])
    }
  }
  // PKCS#1 v1.5 is for certificates alone: a provider verifies it, and does not sign so.
  const rsa = keys[0]
  if (!rsa) throw new Error('no RSA key')
  const privateKey = createPrivateKey({ key: Buffer.from(rsa.privateKeyPkcs8), format: 'der', type: 'pkcs8' })
  const signature = new Uint8Array(sign('sha256', bytes(50), privateKey))
  const pkcs1 = provider.verifiers.find(({ scheme }) => scheme === codePointOf(signatureSchemeNames, 'rsa_pkcs1_sha256'))
  expect([pkcs1?.verify(rsa.publicKeySpki, bytes(50), signature), pkcs1?.verify(rsa.publicKeySpki, bytes(51), signature)]).toEqual([
    true,
    false,
  ])
}
