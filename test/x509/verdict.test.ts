import { describe, expect, test } from 'vitest'
import { TlsError } from '../../src/error.ts'
import { acceptWithoutVerification, createTrustStore, isVerifiedPeer } from '../../src/x509/index.ts'
import { providers } from '../providers.ts'
import { intermediate, leaf, now, root, spkiOf } from './build.ts'

const anchor = root()
const ca = intermediate(anchor)
const end = leaf(ca)

describe('a chain accepted without verification', () => {
  test('says so, and gives key and subjects', () => {
    const peer = acceptWithoutVerification([end.der, ca.der, Uint8Array.of(1)])
    expect(peer).toMatchObject({ verified: false, spki: spkiOf(end.keys), subjects: ['CN=leaf', 'CN=Intermediate', '(not readable)'] })
    expect(isVerifiedPeer(peer)).toBe(true)
  })

  test('needs a readable end entity', () => {
    expect(() => acceptWithoutVerification([Uint8Array.of(1), end.der])).toThrow(TlsError)
    expect(() => acceptWithoutVerification([Uint8Array.of(1)])).toThrow(/certificate 0 is malformed/)
    expect(() => acceptWithoutVerification([])).toThrow(TypeError)
  })
})

describe('a verdict', () => {
  const [crypto] = providers()
  if (!crypto) throw new Error('there is no provider')
  const peer = createTrustStore({ roots: [anchor.der], crypto }).verify([end.der, ca.der], { name: 'example.com', now, purpose: 'server' })

  test('is told from a look-alike', () => {
    expect(isVerifiedPeer(peer)).toBe(true)
    const prototype: unknown = Object.getPrototypeOf(peer)
    for (const other of [
      { ...peer },
      structuredClone(peer),
      Object.create(prototype as object),
      new Proxy(peer, {}),
      null,
      undefined,
      'peer',
      1,
    ]) {
      expect(isVerifiedPeer(other)).toBe(false)
    }
  })

  test('can’t be changed', () => {
    expect(Object.isFrozen(peer) && Object.isFrozen(peer.chain) && Object.isFrozen(peer.subjects)).toBe(true)
  })

  test('lends nothing to make another with', () => {
    expect(Object.getPrototypeOf(peer)).toBe(Object.prototype)
  })
})
