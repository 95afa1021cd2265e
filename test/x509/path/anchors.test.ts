import { describe, expect, test } from 'vitest'
import { type TrustAnchor, type TrustStoreOptions, trustAnchor, verifiedChain } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import { type Built, caExtensions, intermediate, leaf, leafExtensions, now, root } from '../build.ts'
import { constraints, dns } from '../constraints.ts'
import { judge } from '../judge.ts'

const [crypto] = providers()
if (!crypto) throw new Error('there is no provider')
const anchor = root()
const { verify, fault } = judge(crypto, anchor)
const day = 86_400_000
const bareOf = ({ subject, keys }: Built): TrustAnchor => ({ subject, publicKey: make.spkiOf(keys) })

describe('an anchor without certificate', () => {
  const ca = intermediate(anchor)
  const bare = bareOf(anchor)

  test('vouches by name and key', () => {
    const peer = verify([leaf(ca), ca], {}, { roots: [bare] })
    expect(verifiedChain(peer)).toMatchObject({ anchor: bare, path: [{}, {}] })
    expect(verify([leaf(anchor)], {}, { roots: [bare] }).verified).toBe(true)
    expect(verify([leaf(ca)], {}, { roots: [bareOf(ca)] }).verified).toBe(true)
  })

  test('vouches by both, not by one of them', () => {
    expect(fault([leaf(ca), ca], {}, { roots: [{ ...bare, publicKey: make.spkiOf(ca.keys) }] }).code).toBe('certificate-signature')
    expect(fault([leaf(ca), ca], {}, { roots: [{ ...bare, subject: make.name('Toor') }] }).code).toBe('issuer-unknown')
  })

  test('has its name compared as names are, and says so in errors', () => {
    expect(verify([leaf(ca), ca], {}, { roots: [{ ...bare, subject: make.name(' ROOT ') }] }).verified).toBe(true)
    const error = fault([leaf(root())], {}, { roots: [bare] })
    expect(error.message).toMatch(/a signature that is not that of root \(CN=Root\)$/)
  })

  test('is the caller’s mistake where it can’t be read', () => {
    for (const bad of [{ subject: Uint8Array.of(1) }, { publicKey: Uint8Array.of(0x30, 0) }, { certificate: Uint8Array.of(1) }]) {
      expect(() => verify([leaf(anchor)], {}, { roots: [anchor.der, { ...bare, ...bad }] })).toThrow(/^root 1 is malformed/)
      expect(() => verify([leaf(anchor)], {}, { roots: [{ ...bare, ...bad }] })).toThrow(TypeError)
    }
    expect(() => trustAnchor(anchor.der.subarray(1))).toThrow(TypeError)
  })
})

test('a name and a key beside a certificate say nothing', () => {
  const other = root({ subject: 'Other' })
  const mixed: TrustAnchor = { ...bareOf(other), certificate: anchor.der }
  expect(verify([leaf(anchor)], {}, { roots: [mixed] }).verified).toBe(true)
  expect(fault([leaf(other)], {}, { roots: [mixed] }).code).toBe('issuer-unknown')
})

describe('dates of an anchor', () => {
  const old = root({ notAfter: make.utc('260301000000Z') })
  const young = root({ notBefore: make.utc('260701000000Z') })

  test('count, unless they are not to', () => {
    for (const [top, code] of [
      [old, 'certificate-expired'],
      [young, 'certificate-not-yet-valid'],
    ] as const) {
      expect(fault([leaf(top)], {}, { roots: [top.der] })).toMatchObject({ code, depth: 1 })
      expect(fault([leaf(top)], {}, { roots: [trustAnchor(top.der, { constraints: false })] })).toMatchObject({ code, depth: 1 })
      expect(verify([leaf(top)], {}, { roots: [trustAnchor(top.der, { validity: false })] }).verified).toBe(true)
    }
  })

  test('do not make good those of what is below', () => {
    const expired = leaf(anchor, { notAfter: make.utc('260301000000Z') })
    expect(fault([expired], {}, { roots: [trustAnchor(anchor.der, { validity: false })] })).toMatchObject({
      code: 'certificate-expired',
      depth: 0,
    })
  })
})

test.each<readonly [string, make.Order, string]>([
  ['that it is no CA', { extensions: undefined }, 'certificate-not-a-ca'],
  ['that it signs no certificates', { extensions: [make.basicConstraints(true), make.keyUsage('cRLSign')] }, 'certificate-key-usage'],
  ['that it is for clients', { extensions: caExtensions([make.extendedKeyUsage('clientAuth')]) }, 'certificate-purpose'],
  ['a path length', { extensions: caExtensions([], 0) }, 'certificate-path-length'],
  [
    'a critical extension that is unknown',
    { extensions: caExtensions([make.extension('1.2.3', make.v3, true)]) },
    'certificate-critical-extension',
  ],
])('the certificate of an anchor says %s, which counts, unless it is not to', (_, order, code) => {
  const top = root(order)
  const ca = intermediate(top)
  const chain = [leaf(ca), ca]
  expect(fault(chain, {}, { roots: [top.der] })).toMatchObject({ code, depth: 2 })
  expect(fault(chain, {}, { roots: [trustAnchor(top.der)] }).message).toMatch(/^root \(CN=Root\)/)
  expect(fault(chain, {}, { roots: [trustAnchor(top.der, { validity: false })] })).toMatchObject({ code, depth: 2 })
  expect(verify(chain, {}, { roots: [trustAnchor(top.der, { constraints: false })] }).verified).toBe(true)
})

describe('an anchor that is distrusted after a day', () => {
  const issued = Date.parse('2026-05-01T00:00:00Z')
  const ca = intermediate(anchor)
  const chain = [leaf(ca, { notBefore: make.utc('260501000000Z') }), ca]
  const until = (distrustAfter: number): Partial<TrustStoreOptions> => ({ roots: [trustAnchor(anchor.der, { distrustAfter })] })

  test('vouches for what was issued until then, to the millisecond', () => {
    expect(verify(chain, {}, until(issued)).verified).toBe(true)
    const error = fault(chain, {}, until(issued - 1))
    expect(error).toMatchObject({ code: 'certificate-distrusted', depth: 0, alert: 'certificate_unknown' })
    expect(error.message).toMatch(/was issued after 2026-04-30T23:59:59.999Z/)
    expect(fault(chain, {}, { roots: [{ ...bareOf(anchor), distrustAfter: issued - 1 }] }).code).toBe('certificate-distrusted')
    expect(fault(chain, {}, until(0)).code).toBe('certificate-distrusted')
  })

  test('is asked about the end entity alone, and not about the time', () => {
    const late = intermediate(anchor, { notBefore: make.utc('260520000000Z') })
    const end = leaf(late, { notBefore: make.utc('260501000000Z') })
    expect(verify([end, late], { now: now + day }, until(issued)).verified).toBe(true)
  })

  test('leaves the way to another', () => {
    const other = root({ subject: 'Other' })
    const crossed = intermediate(other, { keys: ca.keys })
    const roots = [trustAnchor(anchor.der, { distrustAfter: 0 }), other.der]
    for (const others of [
      [ca, crossed],
      [crossed, ca],
    ]) {
      const peer = verify([...chain.slice(0, 1), ...others], {}, { roots })
      expect(verifiedChain(peer)?.anchor.subject).toEqual(other.subject)
    }
  })
})

describe('an end entity among the anchors', () => {
  const self = make.build({ subject: 'self', extensions: leafExtensions() })
  const issued = leaf(anchor)
  /** Its issuer bears its name, and is another. */
  const imitation = make.build({ subject: 'self', extensions: leafExtensions() }, self)
  const believed = (end: Built, anchorAsEndEntity?: 'accept' | 'self-signed' | 'refuse'): boolean => {
    try {
      return verify([end], {}, { roots: [end.der], ...(anchorAsEndEntity && { anchorAsEndEntity }) }).verified
    } catch {
      return false
    }
  }

  test('is believed, unless the store wants otherwise', () => {
    expect([self, issued, imitation].map(end => believed(end))).toEqual([true, true, true])
    expect([self, issued, imitation].map(end => believed(end, 'accept'))).toEqual([true, true, true])
    expect([self, issued, imitation].map(end => believed(end, 'self-signed'))).toEqual([true, false, false])
    expect([self, issued, imitation].map(end => believed(end, 'refuse'))).toEqual([false, false, false])
  })

  test('is the whole path, and the anchor too', () => {
    const peer = verify([self], {}, { roots: [anchor.der, self.der] })
    expect(verifiedChain(peer)).toMatchObject({ path: [{ raw: self.der }], anchor: { certificate: self.der } })
  })

  test('is no other certificate of its name, nor of its name and key', () => {
    const renewed = make.build({ subject: 'self', keys: self.keys, extensions: leafExtensions() })
    expect(fault([renewed], {}, { roots: [self.der] }).code).toBe('certificate-not-a-ca')
    expect(fault([imitation], {}, { roots: [self.der] }).code).toBe('certificate-not-a-ca')
  })

  test('is bound by what is set beside its certificate', () => {
    const only = (name: string): Uint8Array => constraints([dns(name)])
    const beside = (more: Partial<TrustAnchor>): Partial<TrustStoreOptions> => ({ roots: [{ ...trustAnchor(self.der), ...more }] })
    expect(verify([self], {}, beside({ nameConstraints: only('example.com'), distrustAfter: now })).verified).toBe(true)
    expect(fault([self], {}, beside({ nameConstraints: only('example.org') }))).toMatchObject({
      code: 'certificate-name-constraint',
      depth: 0,
    })
    expect(fault([self], {}, beside({ distrustAfter: 0 }))).toMatchObject({ code: 'certificate-distrusted', depth: 0 })
  })

  test('may have an issuer among the anchors, whatever is made of itself', () => {
    for (const anchorAsEndEntity of ['accept', 'self-signed', 'refuse'] as const) {
      expect(verify([issued], {}, { roots: [issued.der, anchor.der], anchorAsEndEntity }).verified).toBe(true)
    }
  })

  test('has to keep the rules of end entities all the same', () => {
    const roots = [trustAnchor(self.der, { validity: false, constraints: false })]
    expect(fault([self], { now: Date.parse('2030-01-01') }, { roots }).code).toBe('certificate-expired')
    expect(fault([self], { name: 'example.org' }, { roots }).code).toBe('certificate-name-mismatch')
    expect(fault([self], { purpose: 'client' }, { roots }).code).toBe('certificate-purpose')
    expect(fault([self], {}, { roots, pins: [] }).code).toBe('certificate-pin')
    expect(fault([self], {}, { roots, policies: { requireExplicit: true } }).code).toBe('certificate-policy')
  })
})
