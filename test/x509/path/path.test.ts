import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { VerifyRequest } from '../../../src/types.ts'
import { encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { createTrustStore } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import { type Built, caExtensions, intermediate, leaf, leafExtensions, now, root } from '../build.ts'
import { faultOf, judge } from '../judge.ts'

describe.each(providers())('with the provider $name', crypto => {
  const anchor = root()
  const ca = intermediate(anchor)
  const { verify, fault } = judge(crypto, anchor)

  describe('a good chain gives a verdict', () => {
    test('with one intermediate', () => {
      const end = leaf(ca)
      const peer = verify([end, ca])
      expect(peer.verified).toBe(true)
      expect(peer.chain).toEqual([end.der, ca.der])
      expect(peer.subjects).toEqual(['CN=leaf', 'CN=Intermediate'])
      expect(peer.spki).toEqual(make.spkiOf(end.keys))
    })

    test('with none, and with the root sent along', () => {
      expect(verify([leaf(anchor)]).verified).toBe(true)
      expect(verify([leaf(anchor), anchor]).verified).toBe(true)
    })

    test('with intermediates out of order, and others that lead nowhere', () => {
      const second = intermediate(ca, { subject: 'Second' })
      const stranger = root({ subject: 'Stranger' })
      expect(verify([leaf(second), stranger, ca, anchor, second]).verified).toBe(true)
    })

    test('for a client, which needs no name', () => {
      const client = leaf(ca, { extensions: [make.keyUsage('digitalSignature'), make.extendedKeyUsage('clientAuth')] })
      expect(verify([client, ca], { purpose: 'client', name: undefined }).verified).toBe(true)
    })

    test('without key usages, which then are not limited', () => {
      const bare = intermediate(anchor, { extensions: [make.basicConstraints(true)] })
      expect(verify([leaf(bare, { extensions: [make.subjectAltName(make.dns('example.com'))] }), bare]).verified).toBe(true)
    })

    test('when the server’s own certificate is the root', () => {
      const own = make.build({ subject: 'own', extensions: leafExtensions() })
      expect(verify([own], {}, { roots: [own.der] }).verified).toBe(true)
      const issued = leaf(ca)
      expect(verify([issued], {}, { roots: [issued.der] }).verified).toBe(true)
    })

    test('when an intermediate is the root', () => {
      expect(verify([leaf(ca)], {}, { roots: [ca.der], limits: { intermediates: 0 } }).verified).toBe(true)
    })

    test('where one of several roots of one name fits', () => {
      expect(verify([leaf(ca), ca], {}, { roots: [root().der, anchor.der, root().der] }).verified).toBe(true)
    })

    test.each([
      ['P-384', 'sha384', '1.2.840.10045.4.3.3'],
      ['P-521', 'sha512', '1.2.840.10045.4.3.4'],
    ])('signed with %s and %s', (curve, digest, id) => {
      const top = root({ keys: make.newKeys(curve), digest, algorithm: encode(tags.sequence, encodeOid(id)) })
      const end = leaf(top, { digest, algorithm: encode(tags.sequence, encodeOid(id)) })
      expect(verify([end], {}, { roots: [top.der] }).verified).toBe(true)
    })

    test('signed by Ed25519', () => {
      const algorithm = encode(tags.sequence, encodeOid('1.3.101.112'))
      const top = root({ keys: generateKeyPairSync('ed25519'), algorithm })
      expect(verify([leaf(top, { algorithm })], {}, { roots: [top.der] }).verified).toBe(true)
    })

    test('signed by RSA, the parameters NULL or absent', () => {
      const id = encodeOid('1.2.840.113549.1.1.11')
      const top = root({
        keys: generateKeyPairSync('rsa', { modulusLength: 2048 }),
        algorithm: encode(tags.sequence, id, encode(tags.null)),
      })
      for (const algorithm of [encode(tags.sequence, id, encode(tags.null)), encode(tags.sequence, id)]) {
        expect(verify([leaf(top, { algorithm })], {}, { roots: [top.der] }).verified).toBe(true)
      }
    })
  })

  describe('path building', () => {
    test('a dead end is left for another way', () => {
      const keys = make.newKeys()
      const old = intermediate(anchor, { keys, notAfter: make.utc('260301000000Z') })
      const good = intermediate(anchor, { keys })
      const away = intermediate(root({ subject: 'Elsewhere' }), { keys })
      const end = leaf(good)
      for (const order of [
        [old, away, good],
        [away, good, old],
        [good, old, away],
      ])
        expect(verify([end, ...order]).verified).toBe(true)
    })

    test('a cross-signed root serves whether its own root is trusted or the other', () => {
      const fresh = root({ subject: 'Fresh' })
      const crossed = intermediate(anchor, { subject: 'Fresh', keys: fresh.keys })
      const end = leaf(fresh)
      expect(verify([end, crossed]).verified).toBe(true)
      expect(verify([end, crossed], {}, { roots: [fresh.der] }).verified).toBe(true)
    })

    test('key identifiers decide between candidates of one name, and their mismatch rules none out', () => {
      const twins = Array.from({ length: 20 }, (_, i) =>
        intermediate(anchor, { extensions: caExtensions([make.subjectKeyIdentifier(`key ${i}`)]) }),
      )
      const issuer = twins[13] as Built
      const hinted = leaf(issuer, { extensions: leafExtensions([make.authorityKeyIdentifier('key 13')]) })
      expect(verify([hinted, ...twins], {}, { limits: { signatures: 2 } }).verified).toBe(true)
      const misled = leaf(issuer, { extensions: leafExtensions([make.authorityKeyIdentifier('key 99')]) })
      expect(verify([misled, issuer]).verified).toBe(true)
      const silent = intermediate(anchor)
      const unclear = leaf(silent, { extensions: leafExtensions([make.authorityKeyIdentifier('key 99')]) })
      expect(verify([unclear, ...twins, silent], {}, { limits: { signatures: 2 } }).verified).toBe(true)
    })

    test('two CAs that vouch for each other make no path', () => {
      const [a, b] = [make.newKeys(), make.newKeys()]
      const first = intermediate({ ...anchor, subject: make.name('B'), keys: b }, { subject: 'A', keys: a })
      const second = intermediate({ ...anchor, subject: make.name('A'), keys: a }, { subject: 'B', keys: b })
      expect(fault([leaf(first), first, second]).code).toBe('issuer-unknown')
    })
  })
})

test('a hostile chain costs no more than the budget', () => {
  let verified = 0
  const [base] = providers()
  if (!base) throw new Error('there is no provider')
  const counting = {
    ...base,
    verifiers: base.verifiers.map(one => ({
      ...one,
      verify(...args: Parameters<typeof one.verify>) {
        verified++
        return one.verify(...args)
      },
    })),
  }
  const keys = Array.from({ length: 6 }, () => make.newKeys())
  const levels = Array.from({ length: 6 }, (_, level) => `Level ${level}`)
  // Each level has six keys of one name, each certified by all six keys of the level above: 6^6 paths, none of which ends at a root.
  const intermediates = levels
    .slice(0, 5)
    .flatMap((subject, level) =>
      keys.flatMap(own =>
        keys.map(other =>
          intermediate({ der: new Uint8Array(0), subject: make.name(levels[level + 1] ?? ''), keys: other }, { subject, keys: own }),
        ),
      ),
    )
  const end = leaf({ der: new Uint8Array(0), subject: make.name('Level 0'), keys: keys[0] as make.Keys })
  const store = createTrustStore({ roots: [root({ subject: 'Level 9' }).der], crypto: counting })
  const chain = [end, ...intermediates].map(({ der }) => der)
  expect(faultOf(() => store.verify(chain, { name: 'example.com', now, purpose: 'server' })).code).toBe('certificate-budget')
  expect(verified).toBe(64)
})

describe('the caller’s mistakes are TypeErrors', () => {
  const anchor = root()
  const [crypto] = providers()
  if (!crypto) throw new Error('there is no provider')
  const store = createTrustStore({ roots: [anchor.der], crypto })
  const chain = [leaf(anchor).der]
  const good: VerifyRequest = { name: 'example.com', now, purpose: 'server' }

  test.each<readonly [string, () => unknown, RegExp]>([
    ['no certificate', () => store.verify([], good), /at least one certificate/],
    ['a server without a name', () => store.verify(chain, { ...good, name: undefined }), /by its name, which is missing/],
    ['a name that is none', () => store.verify(chain, { ...good, name: 'bücher.example' }), /A-labels/],
    ['a time that is no number', () => store.verify(chain, { ...good, now: Number.NaN }), /milliseconds/],
    ['no root', () => createTrustStore({ roots: [], crypto }), /at least one root/],
    ['a root that is no certificate', () => createTrustStore({ roots: [anchor.der, Uint8Array.of(1)], crypto }), /root 1 is malformed/],
    ['PEM without a certificate', () => createTrustStore({ roots: ['nothing'], crypto }), /there is no certificate/],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(TypeError)
    expect(act).toThrow(message)
  })
})
